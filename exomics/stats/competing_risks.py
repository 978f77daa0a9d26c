"""Cumulative incidence where a patient can have one of several first events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._follow_up import checked_follow_up

__all__ = ["CumulativeIncidence", "cumulative_incidence"]

FloatArray = NDArray[np.float64]


class CumulativeIncidence(NamedTuple):
    """Aalen-Johansen estimate at the distinct times, shape (n_times,); per cause (n_times, n_causes).

    ``causes`` holds the codes of the columns.
    """

    time: FloatArray
    causes: NDArray[np.int64]
    n_at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]
    incidence: FloatArray
    standard_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, *, level: float = 0.95) -> CumulativeIncidence:
    """``F_k(t) = sum over times s up to t of S(s-) d_k(s) / n(s)`` with S the survival free of every event.

    Parameters
    ----------
    time
        Follow-up, (n_samples,); samples with NaN are left out.
    cause
        0 censored, 1, 2, ... the first event, (n_samples,).
    level
        Coverage of the pointwise interval, symmetric in F and cut to [0, 1].

    Returns
    -------
    CumulativeIncidence
        One minus a Kaplan-Meier curve that censors the other causes is larger: it describes a world without them.

    Raises
    ------
    InputError
        If the follow-up is malformed, a cause is no whole number of 0 or more, or there is no event.

    Notes
    -----
    Aalen and Johansen (1978), Scand. J. Statist. 5, 141; the standard error is the infinitesimal jackknife over
    samples, as ``survfit`` of R's survival has it for several states.

    Examples
    --------
    >>> found = cumulative_incidence([1.0, 2.0, 3.0, 4.0], [1, 2, 0, 1])
    >>> found.incidence[-1].tolist()
    [0.75, 0.25]
    """
    codes = np.asarray(cause, dtype=np.float64)
    known_codes = codes[np.isfinite(codes)]
    if not bool((known_codes == np.floor(known_codes)).all()) or bool((known_codes < 0.0).any()):
        raise InputError("causes must be 0 (censored), 1, 2, ...; recode them first.")
    times, events = checked_follow_up(time, np.where(np.isnan(codes), np.nan, codes > 0.0))
    known = np.isfinite(times) & np.isfinite(events)
    times, codes = times[known], codes[known]
    causes = np.unique(codes[codes > 0.0])
    if causes.size == 0:
        raise InputError("no sample has an event; cumulative incidence is 0 throughout.")
    distinct, index = np.unique(times, return_inverse=True)
    at_risk = (times[:, None] >= distinct).sum(axis=0)
    happened = np.stack([(codes == code)[:, None] & (index[:, None] == np.arange(distinct.size)) for code in causes])
    deaths = happened.sum(axis=1)
    hazard = deaths / at_risk
    survival = np.cumprod(1.0 - hazard.sum(axis=0))
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * hazard, axis=1)
    error = _jackknife(happened, times[:, None] >= distinct, hazard, before)
    half = float(special.ndtri(0.5 + level / 2.0)) * error
    low, high = np.clip(incidence - half, 0.0, 1.0), np.clip(incidence + half, 0.0, 1.0)
    return CumulativeIncidence(
        distinct,
        causes.astype(np.int64),
        at_risk.astype(np.int64),
        deaths.T.astype(np.int64),
        incidence.T,
        error.T,
        low.T,
        high.T,
    )


def _jackknife(
    happened: NDArray[np.bool_], at_risk: NDArray[np.bool_], hazard: FloatArray, before: FloatArray
) -> FloatArray:
    """Root of the summed squares of each sample's influence on each incidence, (n_causes, n_times)."""
    moved = (happened - at_risk * hazard[:, None, :]) / at_risk.sum(axis=0)  # of each hazard, cause x sample x time
    left = 1.0 - hazard.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(left > 0.0, -moved.sum(axis=0) / left, 0.0)
    on_survival = np.cumsum(relative, axis=1) - relative  # of log S just before each time
    influence = np.cumsum(before * (moved + on_survival * hazard[:, None, :]), axis=2)
    return np.sqrt((influence**2).sum(axis=1))
