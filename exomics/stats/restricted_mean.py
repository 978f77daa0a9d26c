"""Mean survival up to a horizon: a contrast of arms that needs no proportional hazards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from exomics.errors import InputError
from exomics.stats.kaplan_meier import kaplan_meier
from exomics.stats.survival import censor_at

__all__ = ["RestrictedMean", "restricted_mean", "restricted_mean_difference"]


class RestrictedMean(NamedTuple):
    """Mean time without an event up to the horizon, or a difference of two; one value of each."""

    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float
    p_value: float


def restricted_mean(time: ArrayLike, event: ArrayLike, *, horizon: float, level: float = 0.95) -> RestrictedMean:
    """Area under the Kaplan-Meier curve up to `horizon`.

    ``SE^2 = sum over event times of A(t)^2 d / (n (n - d))`` with A(t) the area from t to the horizon.

    Parameters
    ----------
    time, event
        Follow-up times and event indicators, (n_samples,); NaN is left out.
    horizon
        In the units of `time`; within the follow-up.
    level
        Coverage.

    Returns
    -------
    RestrictedMean
        The P value is NaN: a mean is not tested against 0.

    Raises
    ------
    InputError
        If the follow-up ends before the horizon while patients survive, or is malformed.

    Notes
    -----
    Royston and Parmar (2013), doi:10.1186/1471-2288-13-152; numbers as ``print(survfit(...), rmean = horizon)`` of
    R's survival.

    Examples
    --------
    >>> restricted_mean([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 0], horizon=4.0).estimate
    2.5
    """
    curve = kaplan_meier(*censor_at(time, event, horizon))
    if curve.time.size == 0 or (curve.time[-1] < horizon and curve.survival[-1] > 0.0):
        last = f"{curve.time[-1]:g}" if curve.time.size else "none"
        raise InputError(f"the follow-up ends at {last}, before the horizon {horizon:g}; choose an earlier one.")
    knots = np.concatenate([[0.0], curve.time, [horizon]])
    heights = np.concatenate([[1.0], curve.survival])
    areas = heights * np.diff(knots)
    after = np.cumsum(areas[::-1])[::-1][1:]  # from each time on
    left = curve.n_at_risk * (curve.n_at_risk - curve.n_events)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(after > 0.0, after**2 * curve.n_events / left, 0.0)
    error = float(np.sqrt(parts.sum()))
    half = float(special.ndtri(0.5 + level / 2.0)) * error
    estimate = float(areas.sum())
    return RestrictedMean(estimate, error, estimate - half, estimate + half, float("nan"))


def restricted_mean_difference(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, *, horizon: float, level: float = 0.95
) -> RestrictedMean:
    """Restricted mean of arm 1 minus that of arm 0, with a Wald interval.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,).
    arm
        1 or 0, (n_samples,).
    horizon, level
        As `restricted_mean`.

    Returns
    -------
    RestrictedMean
        In the units of `time`: months gained up to the horizon.

    Raises
    ------
    InputError
        If there is one arm only, or as `restricted_mean`.

    Examples
    --------
    >>> found = restricted_mean_difference([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0], [0, 0, 1, 1], horizon=3.0)
    >>> found.estimate
    1.5
    """
    times, events, group = (np.asarray(values, dtype=np.float64) for values in (time, event, arm))
    if times.shape != group.shape or not {0.0, 1.0} == set(np.unique(group[np.isfinite(group)])):
        raise InputError("two arms, 0 and 1, with one entry per sample are needed for a difference.")
    means = [
        restricted_mean(times[group == code], events[group == code], horizon=horizon, level=level)
        for code in (1.0, 0.0)
    ]
    estimate = means[0].estimate - means[1].estimate
    error = float(np.hypot(means[0].standard_error, means[1].standard_error))
    half = float(special.ndtri(0.5 + level / 2.0)) * error
    p_value = float(2.0 * special.ndtr(-abs(estimate) / error)) if error > 0.0 else float("nan")
    return RestrictedMean(estimate, error, estimate - half, estimate + half, p_value)
