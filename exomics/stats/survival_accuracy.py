"""How well a risk score or predicted survival does under censoring: Uno's C, AUC(t), Brier score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._follow_up import checked_follow_up

__all__ = ["BrierScores", "auc_at", "brier_scores", "censoring_survival", "uno_concordance"]

FloatArray = NDArray[np.float64]


class BrierScores(NamedTuple):
    """Brier score at each horizon, beside that of the Kaplan-Meier curve alone; arrays have shape (n_times,).

    ``integrated`` is the mean over the range of the horizons (trapezoids); ``scaled`` is 1 - integrated / reference.
    """

    time: FloatArray
    score: FloatArray
    reference: FloatArray
    integrated: float
    integrated_reference: float
    scaled: float


class _FollowUp(NamedTuple):
    """Known samples: times, indicators, and G(t-) at each own time; shape (n_samples,)."""

    time: FloatArray
    event: FloatArray
    uncensored: FloatArray
    kept: NDArray[np.bool_]


def censoring_survival(time: ArrayLike, event: ArrayLike, at: ArrayLike, *, before: bool = False) -> FloatArray:
    """Kaplan-Meier estimate G(t) of remaining uncensored; events come before censorings at the same time.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,).
    at
        Times, of any shape.
    before
        G(t-) instead of G(t).

    Returns
    -------
    ndarray
        In the shape of `at`.

    Raises
    ------
    InputError
        If the follow-up is malformed.

    Examples
    --------
    >>> censoring_survival([1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0], [1.0, 2.0, 3.0]).round(3).tolist()
    [1.0, 0.667, 0.667]
    """
    times, events = checked_follow_up(time, event)
    known = np.isfinite(times) & np.isfinite(events)
    distinct, index = np.unique(times[known], return_inverse=True)
    events = events[known]
    happened = np.bincount(index, weights=events, minlength=distinct.size)
    lost = np.bincount(index, weights=1.0 - events, minlength=distinct.size)
    left = np.cumsum((happened + lost)[::-1])[::-1] - happened
    with np.errstate(invalid="ignore"):
        curve = np.cumprod(np.where(lost > 0.0, 1.0 - lost / left, 1.0))
    steps = np.concatenate([[1.0], curve])
    return steps[np.searchsorted(distinct, np.asarray(at, dtype=np.float64), side="left" if before else "right")]


def uno_concordance(risk: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float | None = None) -> float:
    """Concordance with each event weighted by ``1 / G(t-)^2``, so that it does not depend on who was censored.

    Parameters
    ----------
    risk
        Higher is worse, (n_samples,); ties count one half.
    time, event
        Follow-up, (n_samples,); NaN is left out.
    horizon
        Only events before or at it count; needed where the censoring leaves nobody at the end.

    Returns
    -------
    float
        NaN without a comparable pair.

    Raises
    ------
    InputError
        If the follow-up is malformed or the lengths differ.

    Notes
    -----
    Uno et al. (2011), doi:10.1002/sim.4154. Equals ``concordance(..., timewt = "n/G2", ymax = horizon)`` of R's
    survival.

    Examples
    --------
    >>> uno_concordance([4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], [1, 0, 1, 1])
    1.0
    """
    followed = _known(time, event, risk)
    score = np.asarray(risk, dtype=np.float64)[followed.kept]
    counted = (followed.event == 1.0) & (followed.time <= (np.inf if horizon is None else horizon))
    later = (followed.time > followed.time[counted, None]) | (
        (followed.time == followed.time[counted, None]) & (followed.event == 0.0)
    )
    weight = followed.uncensored[counted] ** -2.0
    pairs = weight @ later.sum(axis=1)
    if not pairs > 0.0:
        return float("nan")
    own = score[counted, None]
    agreeing = (later & (score < own)).sum(axis=1) + 0.5 * (later & (score == own)).sum(axis=1)
    return float(weight @ agreeing / pairs)


def auc_at(risk: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float) -> float:
    """AUC of having the event by `horizon` (cases, weighted by ``1 / G(t-)``) or not (event-free at it).

    Parameters
    ----------
    risk
        Higher is worse, (n_samples,).
    time, event
        Follow-up, (n_samples,); NaN is left out.
    horizon
        In the units of `time`.

    Returns
    -------
    float
        NaN without cases or without controls.

    Raises
    ------
    InputError
        If the follow-up is malformed or the lengths differ.

    Notes
    -----
    Cumulative cases and dynamic controls: Uno et al. (2007), doi:10.1198/016214507000000149; Blanche et al. (2013),
    doi:10.1002/sim.5958.

    Examples
    --------
    >>> auc_at([4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0], [1, 1, 0, 1], horizon=2.5)
    1.0
    """
    followed = _known(time, event, risk)
    score = np.asarray(risk, dtype=np.float64)[followed.kept]
    case = (followed.time <= horizon) & (followed.event == 1.0)
    control = score[followed.time > horizon]
    if not case.any() or not control.size:
        return float("nan")
    weight = 1.0 / followed.uncensored[case]
    own = score[case, None]
    above = (own > control).mean(axis=1) + 0.5 * (own == control).mean(axis=1)
    return float(weight @ above / weight.sum())


def brier_scores(survival: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizons: ArrayLike) -> BrierScores:
    """Mean squared error of predicted survival under censoring.

    ``BS(t) = mean of S_i(t)^2 1(T_i <= t, event) / G(T_i-) + (1 - S_i(t))^2 1(T_i > t) / G(t)``.

    Parameters
    ----------
    survival
        Predicted probability of no event by each horizon, (n_samples, n_times).
    time, event
        Follow-up, (n_samples,); NaN is left out.
    horizons
        Ascending, (n_times,); within the follow-up.

    Returns
    -------
    BrierScores
        With the Kaplan-Meier curve of the same samples as reference. One horizon gives its own score as integral.

    Raises
    ------
    InputError
        If shapes differ, a prediction is no probability, or nobody is followed as long as a horizon.

    Notes
    -----
    Graf et al. (1999), doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5.

    Examples
    --------
    >>> brier_scores([[0.1], [0.9], [0.8]], [1.0, 3.0, 4.0], [1, 1, 0], horizons=[2.0]).score.round(3).tolist()
    [0.02]
    """
    predicted, at = np.asarray(survival, dtype=np.float64), np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    if predicted.ndim != 2 or predicted.shape[1] != at.size or bool((np.diff(at) <= 0.0).any()):
        raise InputError(f"predictions must be samples x {at.size} ascending horizons; got shape {predicted.shape}.")
    followed = _known(time, event, predicted.sum(axis=1))
    predicted = predicted[followed.kept]
    if bool(((predicted < 0.0) | (predicted > 1.0)).any()):
        raise InputError("predicted survival must be probabilities in [0, 1].")
    if followed.time.size == 0 or at[-1] >= followed.time.max():
        raise InputError(f"nobody is followed beyond {at[-1]:g}; choose earlier horizons.")
    weights = _brier_weights(followed, at)
    gone = followed.time[:, None] <= at
    score = (weights * np.where(gone, predicted, 1.0 - predicted) ** 2).sum(axis=0) / followed.time.size
    curve = _event_free(followed, at)
    reference = (weights * np.where(gone, curve, 1.0 - curve) ** 2).sum(axis=0) / followed.time.size
    integrated, of_reference = (_mean_over(at, values) for values in (score, reference))
    return BrierScores(at, score, reference, integrated, of_reference, 1.0 - integrated / of_reference)


def _known(time: ArrayLike, event: ArrayLike, risk: ArrayLike) -> _FollowUp:
    times, events = checked_follow_up(time, event)
    score = np.asarray(risk, dtype=np.float64)
    if score.shape != times.shape:
        raise InputError(f"the score must have {times.size} entries, one per follow-up time; got shape {score.shape}.")
    kept = np.isfinite(times) & np.isfinite(events) & np.isfinite(score)
    times, events = times[kept], events[kept]
    return _FollowUp(times, events, censoring_survival(times, events, times, before=True), kept)


def _brier_weights(followed: _FollowUp, at: FloatArray) -> FloatArray:
    gone = followed.time[:, None] <= at
    later = 1.0 / censoring_survival(followed.time, followed.event, at)
    earlier = np.where(followed.event == 1.0, 1.0 / followed.uncensored, 0.0)
    return np.where(gone, earlier[:, None], later)


def _event_free(followed: _FollowUp, at: FloatArray) -> FloatArray:
    """Kaplan-Meier survival at the horizons."""
    distinct, index = np.unique(followed.time, return_inverse=True)
    deaths = np.bincount(index, weights=followed.event, minlength=distinct.size)
    at_risk = np.cumsum(np.bincount(index, minlength=distinct.size)[::-1])[::-1]
    curve = np.concatenate([[1.0], np.cumprod(1.0 - deaths / at_risk)])
    return curve[np.searchsorted(distinct, at, side="right")]


def _mean_over(at: FloatArray, values: FloatArray) -> float:
    if at.size == 1:
        return float(values[0])
    return float((0.5 * (values[1:] + values[:-1]) * np.diff(at)).sum() / (at[-1] - at[0]))
