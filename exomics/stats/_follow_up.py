"""Checks and orderings of follow-up times that the survival estimators share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TIE_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


def checked_follow_up(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Times and indicators as float vectors, times that differ by rounding only made equal."""
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    if times.ndim != 1 or times.shape != events.shape:
        raise InputError(
            f"Follow-up times and event indicators must be vectors of one length; got {times.shape} and {events.shape}."
        )
    if bool((times < 0.0).any()):
        raise InputError(f"Follow-up times must not be negative; the smallest is {np.nanmin(times)}.")
    if not bool((np.isnan(events) | (events == 0.0) | (events == 1.0)).all()):
        raise InputError("Event indicators must be 1 (event), 0 (censored) or NaN; recode them first.")
    return _merge_near_ties(times), events


def _merge_near_ties(times: FloatArray) -> FloatArray:
    distinct = np.unique(times[np.isfinite(times)])
    if distinct.size < 2:
        return times
    gaps = np.diff(distinct)
    tied = (gaps <= _TIE_TOLERANCE) | (gaps <= _TIE_TOLERANCE * distinct.mean())
    if not tied.any():
        return times
    first = distinct[np.concatenate([[True], ~tied])]
    merged = times.copy()
    finite = np.isfinite(times)
    merged[finite] = first[np.searchsorted(first, times[finite], side="right") - 1]
    return merged


def descending_order(times: FloatArray, events: FloatArray) -> IntArray:
    """Indices of the samples with known follow-up, latest first."""
    known = np.flatnonzero(np.isfinite(times) & np.isfinite(events))
    return known[np.argsort(-times[known], kind="stable")]


def tie_borders(sorted_times: FloatArray) -> IntArray:
    """Borders of the runs of equal times."""
    changes = np.flatnonzero(sorted_times[1:] != sorted_times[:-1]) + 1
    return np.concatenate([[0], changes, [sorted_times.size]]).astype(np.int64)
