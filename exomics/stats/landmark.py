"""Exposures that begin during follow-up, such as adherence: landmarks, and intervals before and after."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._follow_up import checked_follow_up

__all__ = ["Intervals", "Landmark", "landmark", "split_at_exposure"]

FloatArray = NDArray[np.float64]


class Landmark(NamedTuple):
    """Those still followed at the landmark, shape (n_kept,): follow-up from it on, and exposure known by then."""

    sample: NDArray[np.int64]
    time: FloatArray
    event: FloatArray
    exposed: FloatArray


class Intervals(NamedTuple):
    """Follow-up cut at the start of exposure; one entry per interval, shape (n_intervals,)."""

    sample: NDArray[np.int64]
    start: FloatArray
    stop: FloatArray
    event: FloatArray
    exposed: FloatArray


def landmark(time: ArrayLike, event: ArrayLike, exposed_from: ArrayLike, *, at: float) -> Landmark:
    """Follow-up from a landmark on, by exposure at the landmark.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,).
    exposed_from
        When exposure began, (n_samples,); NaN: never.
    at
        The landmark; who had the event or was lost by then is left out.

    Returns
    -------
    Landmark
        ``exposed`` is 1 where exposure began by the landmark. ``sample`` are indices into the input.

    Raises
    ------
    InputError
        If the follow-up is malformed, or nobody is followed beyond the landmark.

    Notes
    -----
    Anderson, Cain and Gelber (1983), doi:10.1200/JCO.1983.1.11.710.

    Examples
    --------
    >>> found = landmark([2.0, 8.0, 9.0], [1, 1, 0], [1.0, 2.0, 7.0], at=3.0)
    >>> found.time.tolist(), found.exposed.tolist()
    ([5.0, 6.0], [1.0, 0.0])
    """
    times, events, begun = _checked(time, event, exposed_from)
    kept = np.flatnonzero((times > at) & np.isfinite(events))
    if not kept.size:
        raise InputError(f"nobody is followed beyond the landmark {at:g}; choose an earlier one.")
    exposed = (begun[kept] <= at).astype(np.float64)
    return Landmark(kept, times[kept] - at, events[kept], exposed)


def split_at_exposure(time: ArrayLike, event: ArrayLike, exposed_from: ArrayLike) -> Intervals:
    """Follow-up of each sample in one interval, or two if exposure began during it.

    Parameters
    ----------
    time, event
        Follow-up, (n_samples,).
    exposed_from
        When exposure began, (n_samples,); NaN: never.

    Returns
    -------
    Intervals
        For `exomics.stats.cox_process.cox_process`: nobody counts as exposed before he is.

    Raises
    ------
    InputError
        If the follow-up is malformed.

    Notes
    -----
    Suissa (2008), doi:10.1093/aje/kwm324, on the immortal time that is gained otherwise.

    Examples
    --------
    >>> found = split_at_exposure([2.0, 8.0], [1, 1], [np.nan, 3.0])
    >>> list(zip(found.start.tolist(), found.stop.tolist(), found.exposed.tolist(), found.event.tolist()))
    [(0.0, 2.0, 0.0, 1.0), (0.0, 3.0, 0.0, 0.0), (3.0, 8.0, 1.0, 1.0)]
    """
    times, events, begun = _checked(time, event, exposed_from)
    known = np.isfinite(times) & np.isfinite(events)
    rows = []
    for sample in np.flatnonzero(known):
        end, happened, start = times[sample], events[sample], begun[sample]
        if start > 0.0 and start < end:
            rows += [(sample, 0.0, start, 0.0, 0.0), (sample, start, end, happened, 1.0)]
        else:
            rows.append((sample, 0.0, end, happened, float(start <= 0.0)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return Intervals(table[:, 0].astype(np.int64), *table[:, 1:].T)


def _checked(time: ArrayLike, event: ArrayLike, exposed_from: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    times, events = checked_follow_up(time, event)
    begun = np.asarray(exposed_from, dtype=np.float64)
    if begun.shape != times.shape:
        raise InputError(f"one start of exposure is needed for each of {times.size} samples; got shape {begun.shape}.")
    return times, events, begun
