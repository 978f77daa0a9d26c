"""Does a score rank subjects by what training does for them? Rank-weighted average effects and uplift curves."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = [
    "RankedEffect",
    "UpliftCurve",
    "rank_average_effect",
    "uplift_curve",
]

FloatArray = NDArray[np.float64]
Weighting = Literal["autoc", "qini"]

_WALD = 1.959963984540054


class RankedEffect(NamedTuple):
    """Estimate with its bootstrap standard error and 95 % interval; one value of each."""

    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float


class UpliftCurve(NamedTuple):
    """Gain per subject of the population when a share of it is trained; every field has shape (n_shares,).

    ``gain`` trains those of the highest scores, with a 95 % interval at each share alone; ``at_random`` anybody.
    """

    share: FloatArray
    gain: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    at_random: FloatArray


def rank_average_effect(
    priority: ArrayLike,
    effect: ArrayLike,
    *,
    weighting: Weighting = "autoc",
    n_resamples: int = 500,
    seed: int = 0,
) -> RankedEffect:
    """Rank-weighted average treatment effect: how much more the first in rank gain than everybody.

    ``TOC(q) = mean effect of the share q of highest priority - mean effect``; ``AUTOC`` is its mean over q,
    ``Qini`` the mean of ``q TOC(q)``.

    Parameters
    ----------
    priority
        (n_samples,) score by a model that did not see the sample; highest first. Ties share their effects.
    effect
        (n_samples,) of `exomics.stats.treatment_effects.effect_scores`.
    weighting
        ``autoc`` where few gain much, ``qini`` where many gain somewhat.
    n_resamples, seed
        Bootstrap of the samples, scores as they are.

    Returns
    -------
    RankedEffect
        In units of the effect; 0 if the score says nothing of benefit, whatever it says of prognosis. NaN limits if all
        priorities are equal.

    Raises
    ------
    InputError
        If shapes differ, values are missing, or an option is unknown.

    Notes
    -----
    Yadlowsky, Fleming, Shah, Brunskill and Wager (2025), doi:10.1080/01621459.2024.2393466. Normal interval with the
    standard deviation over resamples.

    Examples
    --------
    >>> rank_average_effect([3.0, 2.0, 1.0], [6.0, 3.0, 0.0], n_resamples=10).estimate
    1.5
    """
    if weighting not in get_args(Weighting):
        raise InputError(f"weighting must be one of {', '.join(get_args(Weighting))}; got {weighting!r}.")
    score, gain = checked_scores(priority, effect)
    ordered, groups = _ordered(score, gain)
    estimate = float(_rate(np.ones((1, len(gain))), ordered, groups, weighting)[0])
    drawn = (
        np.zeros(2) if len(groups) == 1 else _rate(_weights(len(gain), n_resamples, seed), ordered, groups, weighting)
    )
    return with_normal_interval(estimate, float(drawn.std(ddof=1)))


def uplift_curve(
    priority: ArrayLike, effect: ArrayLike, *, n_shares: int = 21, n_resamples: int = 500, seed: int = 0
) -> UpliftCurve:
    """Qini curve: the gain when the share q of highest priority is trained, per subject of the population.

    ``gain(q) = q x mean effect of the share q of highest priority``; at random it is ``q x mean effect``.

    Parameters
    ----------
    priority, effect
        As `rank_average_effect`.
    n_shares
        Points from 0 to 1.
    n_resamples, seed
        Bootstrap of the samples.

    Returns
    -------
    UpliftCurve
        Starts at 0 and ends at the mean effect.

    Raises
    ------
    InputError
        As `rank_average_effect`.

    Notes
    -----
    Radcliffe (2007); the area between the curves is Qini of Yadlowsky et al. (2025),
    doi:10.1080/01621459.2024.2393466.

    Examples
    --------
    >>> curve = uplift_curve([2.0, 1.0], [4.0, 0.0], n_shares=3, n_resamples=10)
    >>> curve.gain.tolist(), curve.at_random.tolist()
    ([0.0, 2.0, 2.0], [0.0, 1.0, 2.0])
    """
    score, gain = checked_scores(priority, effect)
    ordered, groups = _ordered(score, gain)
    share = np.linspace(0.0, 1.0, n_shares)
    whole = _gains(np.ones((1, len(gain))), ordered, groups, share)[0]
    error = _gains(_weights(len(gain), n_resamples, seed), ordered, groups, share).std(axis=0, ddof=1)
    return UpliftCurve(share, whole, whole - _WALD * error, whole + _WALD * error, share * gain.mean())


def checked_scores(priority: ArrayLike, effect: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Both as arrays (n_samples,), or one line that says what is wrong."""
    score, gain = np.asarray(priority, dtype=np.float64), np.asarray(effect, dtype=np.float64)
    if score.ndim != 1 or score.shape != gain.shape or score.size < 2:
        raise InputError(f"one effect is needed for each score, and two samples; got {score.shape} and {gain.shape}.")
    if not (np.isfinite(score) & np.isfinite(gain)).all():
        raise InputError("scores and effects must be known for every sample; leave out those without.")
    return score, gain


def _ordered(score: FloatArray, gain: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Effects by falling score, and where each group of equal scores begins."""
    order = np.argsort(-score, kind="stable")
    falling = score[order]
    return gain[order], np.flatnonzero(np.append(True, falling[1:] != falling[:-1]))


def _weights(n: int, n_resamples: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1.0 / n), size=n_resamples).astype(np.float64)


def _sums(weights: FloatArray, gain: FloatArray, groups: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Running weight and running effect of each resample (n_resamples, n), equal scores sharing their effects."""
    sizes = np.diff(np.append(groups, len(gain)))
    weight = np.add.reduceat(weights, groups, axis=1)
    effect = np.add.reduceat(weights * gain, groups, axis=1)
    shared = np.repeat(effect / np.where(weight > 0.0, weight, 1.0), sizes, axis=1)
    return np.cumsum(weights, axis=1), np.cumsum(weights * shared, axis=1)


def _rate(weights: FloatArray, gain: FloatArray, groups: NDArray[np.int64], weighting: str) -> FloatArray:
    running, effect = _sums(weights, gain, groups)
    total = running[:, -1:]
    above = effect / np.where(running > 0.0, running, 1.0) - effect[:, -1:] / total
    share = running / total if weighting == "qini" else 1.0
    return np.asarray((weights * share * np.where(running > 0.0, above, 0.0)).sum(axis=1) / total[:, 0])


def _gains(weights: FloatArray, gain: FloatArray, groups: NDArray[np.int64], share: FloatArray) -> FloatArray:
    running, effect = (np.pad(part, ((0, 0), (1, 0))) for part in _sums(weights, gain, groups))
    n = len(gain)
    return np.array([np.interp(share * n, w, e) / n for w, e in zip(running, effect, strict=True)])


def with_normal_interval(estimate: float, error: float) -> RankedEffect:
    """The estimate with its normal 95 % interval; without one where nothing varies, as of a score that is constant."""
    half = _WALD * error if error > 0.0 else float("nan")
    return RankedEffect(estimate, error if error > 0.0 else float("nan"), estimate - half, estimate + half)
