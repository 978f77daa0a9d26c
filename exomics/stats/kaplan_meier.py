"""Kaplan-Meier estimate of a survival curve."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._follow_up import checked_follow_up

__all__ = ["KaplanMeier", "kaplan_meier"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Interval = Literal["log", "log-log", "plain"]


class KaplanMeier(NamedTuple):
    """Survival at the distinct times, ascending; every field has shape (n_times,).

    ``standard_error`` is Greenwood's, on the scale of the survival.
    """

    time: FloatArray
    n_at_risk: IntArray
    n_events: IntArray
    n_censored: IntArray
    survival: FloatArray
    standard_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, level: float = 0.95, interval: Interval = "log") -> KaplanMeier:
    """Estimate the survival curve ``S(t) = product over times up to t of (1 - d / n)``.

    Parameters
    ----------
    time, event
        Follow-up times and event indicators (1 event, 0 censored), shape (n_samples,); samples with NaN are left out.
    level
        Coverage of the pointwise interval.
    interval
        Scale on which it is symmetric: ``"log"`` (log S), ``"log-log"`` (log(-log S)) or ``"plain"`` (S).

    Returns
    -------
    KaplanMeier
        Limits are cut to [0, 1], and NaN where the survival or its error is not defined.

    Raises
    ------
    InputError
        If the follow-up is malformed or an option is unknown.

    Notes
    -----
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; Greenwood (1926): ``var(log S) = sum of
    d / (n (n - d))``.  Numbers agree with ``survfit`` of R's survival.

    Examples
    --------
    >>> curve = kaplan_meier([1.0, 2.0, 2.0, 4.0], [1, 1, 0, 1])
    >>> curve.survival.tolist()
    [0.75, 0.5, 0.0]
    """
    if interval not in get_args(Interval) or not 0.0 < level < 1.0:
        raise InputError(
            f"interval must be one of {', '.join(get_args(Interval))} and level between 0 and 1; "
            f"got {interval!r} and {level}."
        )
    times, events = checked_follow_up(time, event)
    known = np.isfinite(times) & np.isfinite(events)
    distinct, index = np.unique(times[known], return_inverse=True)
    deaths = np.bincount(index, weights=events[known], minlength=distinct.size)
    leaving = np.bincount(index, minlength=distinct.size)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    survival = np.asarray(np.cumprod(1.0 - deaths / at_risk), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_error = np.asarray(np.sqrt(np.cumsum(deaths / (at_risk * (at_risk - deaths)))), dtype=np.float64)
        low, high = _limits(survival, log_error, float(special.ndtri(0.5 + level / 2.0)), interval)
        error = survival * log_error
    return KaplanMeier(
        time=distinct,
        n_at_risk=at_risk.astype(np.int64),
        n_events=deaths.astype(np.int64),
        n_censored=(leaving - deaths).astype(np.int64),
        survival=survival,
        standard_error=error,
        ci_low=low,
        ci_high=high,
    )


def _limits(
    survival: FloatArray, log_error: FloatArray, quantile: float, interval: Interval
) -> tuple[FloatArray, FloatArray]:
    margin = quantile * log_error
    if interval == "plain":
        low, high = survival - margin * survival, survival + margin * survival
    elif interval == "log":
        low, high = survival * np.exp(-margin), survival * np.exp(margin)
    else:
        hazard = -np.log(survival)
        shift = np.exp(margin / hazard)
        low, high = np.exp(-hazard * shift), np.exp(-hazard / shift)
        certain = survival == 1.0
        low[certain] = high[certain] = 1.0
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
