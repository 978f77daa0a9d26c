"""Does the predicted benefit come true? Concordance of matched pairs, and calibration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.ranked_benefit import RankedEffect, checked_scores, with_normal_interval

__all__ = ["BenefitCalibration", "calibrate_benefit", "concordance_for_benefit"]

FloatArray = NDArray[np.float64]


class BenefitCalibration(NamedTuple):
    """Predicted beside estimated benefit in groups of rising prediction, fields of shape (n_groups,), and the slope."""

    predicted: FloatArray
    observed: FloatArray
    standard_error: FloatArray
    n_subjects: NDArray[np.int64]
    slope: RankedEffect


def concordance_for_benefit(
    priority: ArrayLike, outcome: ArrayLike, arm: ArrayLike, *, n_resamples: int = 300, seed: int = 0
) -> RankedEffect:
    """Share of pairs of matched pairs in which the pair of higher score had the larger difference between the arms.

    Trained and controls are matched by the rank of their scores in their arm, at random where one arm is larger; the
    observed benefit of a pair is the outcome of the trained minus that of the control.

    Parameters
    ----------
    priority
        As `rank_average_effect`.
    outcome
        (n_samples,) more is better.
    arm
        (n_samples,) 1 trained, 0 control.
    n_resamples, seed
        Bootstrap of the samples of either arm, matched anew.

    Returns
    -------
    RankedEffect
        0.5 if the score says nothing of benefit; mean over 20 random matchings where arms differ in size.

    Raises
    ------
    InputError
        If shapes differ, values are missing, or an arm has fewer than four samples.

    Notes
    -----
    van Klaveren, Steyerberg, Serruys and Kent (2018), doi:10.1016/j.jclinepi.2017.10.021. Equal observed benefits are
    left out, equal scores count one half. A matched pair are not one person: even a perfect score stays far below 1.

    Examples
    --------
    >>> concordance_for_benefit([1, 2, 3, 4] * 2, [0, 0, 1, 1, 0, 0, 0, 0], [1] * 4 + [0] * 4, n_resamples=20).estimate
    1.0
    """
    score, gain = checked_scores(priority, outcome)
    arms = np.asarray(arm, dtype=np.float64)
    if arms.shape != score.shape or min((arms == 1.0).sum(), (arms == 0.0).sum()) < 4:
        raise InputError("matching needs an arm, 1 or 0, for each score, and four samples in each arm.")
    rng = np.random.default_rng(seed)
    parts = [(score[arms == code], gain[arms == code]) for code in (1.0, 0.0)]
    once = len(parts[0][0]) == len(parts[1][0])
    estimate = float(np.mean([_matched(parts, rng) for _ in range(1 if once else 20)]))
    drawn = []
    for _ in range(n_resamples):
        chosen = [rng.integers(0, len(one), len(one)) for one, _ in parts]
        drawn.append(_matched([(s[at], y[at]) for (s, y), at in zip(parts, chosen, strict=True)], rng))
    return with_normal_interval(estimate, float(np.nanstd(drawn, ddof=1)))


def calibrate_benefit(predicted: ArrayLike, effect: ArrayLike, *, n_groups: int = 5) -> BenefitCalibration:
    """Is the predicted benefit the benefit? ``effect = a + slope (predicted - mean predicted) + error``.

    Parameters
    ----------
    predicted
        (n_samples,) benefit in units of the outcome, by models that did not see the sample.
    effect
        As `rank_average_effect`.
    n_groups
        Groups of equal size, by rising prediction.

    Returns
    -------
    BenefitCalibration
        Slope 1 if right, below 1 if exaggerated, 0 if it says nothing; NaN if all predictions are equal.

    Raises
    ------
    InputError
        If shapes differ or values are missing.

    Notes
    -----
    Best linear predictor of Chernozhukov, Demirer, Duflo and Fernandez-Val (2025), doi:10.3982/ECTA19303; robust
    standard error (HC2).

    Examples
    --------
    >>> found = calibrate_benefit([0.0, 1.0, 2.0, 3.0], [0.0, 2.0, 4.0, 6.0], n_groups=2)
    >>> found.slope.estimate, found.observed.tolist()
    (2.0, [1.0, 5.0])
    """
    score, gain = checked_scores(predicted, effect)
    parts = [part for part in np.array_split(np.argsort(score, kind="stable"), n_groups) if len(part)]
    means, observed = (np.array([values[part].mean() for part in parts]) for values in (score, gain))
    sizes = np.array([len(part) for part in parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = np.array([np.sqrt(((gain[part] - gain[part].mean()) ** 2).sum()) for part in parts])
        errors = errors / np.sqrt(sizes * (sizes - 1.0))
    return BenefitCalibration(means, observed, errors, sizes, _slope(score, gain))


def _slope(score: FloatArray, gain: FloatArray) -> RankedEffect:
    centered = score - score.mean()
    squares = float(centered @ centered)
    if squares <= 1e-20 * max(float(score @ score), 1e-300):
        return RankedEffect(*[float("nan")] * 4)
    slope = float(centered @ gain) / squares
    leverage = 1.0 / len(score) + centered**2 / squares
    residual = (gain - gain.mean() - slope * centered) ** 2 / np.maximum(1.0 - leverage, 1e-8)
    return with_normal_interval(slope, float(np.sqrt(centered**2 @ residual)) / squares)


def _matched(parts: list[tuple[FloatArray, FloatArray]], rng: np.random.Generator) -> float:
    """Concordance of pairs matched by rank; NaN if no two pairs differ in benefit."""
    size = min(len(score) for score, _ in parts)
    kept = [rng.permutation(len(score))[:size] for score, _ in parts]
    trained, control = ((s[at], y[at]) for (s, y), at in zip(parts, kept, strict=True))
    first, second = np.argsort(trained[0], kind="stable"), np.argsort(control[0], kind="stable")
    score = trained[0][first] + control[0][second]
    benefit = trained[1][first] - control[1][second]
    order = np.sign(score[:, np.newaxis] - score)
    larger = np.sign(benefit[:, np.newaxis] - benefit)
    compared = np.count_nonzero(larger)
    return float("nan") if compared == 0 else 0.5 + 0.5 * float((order * larger).sum()) / compared
