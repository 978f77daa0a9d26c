"""Time after a bout: the timing class of each sample, and whether it shows an acute response or the resting state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.schema import keys
from exomics.schema.numbers import numbers_of
from exomics.schema.study import number_of

ACUTE, RESTING = "acute", "resting"
TIMING_CLASSES: Final = ("pre", "0-2 h", "2-24 h", ">=24 h rest", ">=48 h rest")
"""The words of a signature's ``timing_class``, but for ``any``."""

_UPPER_MINUTES: Final = (0.0, 120.0, 1440.0, 2880.0)  # of the first four classes, exclusive


def timing_class(minutes_post_bout: float) -> str:
    """The timing class of a sample by the minutes from the end of the last bout.

    Parameters
    ----------
    minutes_post_bout
        Minutes from the end of the bout to sampling; negative before the bout, NaN where unknown.

    Returns
    -------
    str
        A word of `TIMING_CLASSES`; "" for NaN.

    Notes
    -----
    ``pre < 0 <= 0-2 h < 120 <= 2-24 h < 1440 <= >=24 h rest < 2880 <= >=48 h rest`` minutes. An acute response fades
    within a day for most transcripts (doi:10.1038/s41467-019-13869-w); MoTrPAC's training study sampled 48 h after the
    last bout, to see the trained state (doi:10.1038/s41586-023-06877-w).

    Examples
    --------
    >>> timing_class(-5), timing_class(30), timing_class(48 * 60)
    ('pre', '0-2 h', '>=48 h rest')
    """
    if np.isnan(minutes_post_bout):
        return ""
    return TIMING_CLASSES[int(np.searchsorted(_UPPER_MINUTES, minutes_post_bout, side="right"))]


def exposure_of(word: str) -> str:
    """``acute`` within a day after a bout, ``resting`` before it or later, "" where the timing is unknown.

    Parameters
    ----------
    word
        A word of `TIMING_CLASSES`, or "".

    Returns
    -------
    str
        ``acute``, ``resting`` or "".

    Examples
    --------
    >>> exposure_of("0-2 h"), exposure_of(">=48 h rest")
    ('acute', 'resting')
    """
    if not word:
        return ""
    return ACUTE if word in ("0-2 h", "2-24 h") else RESTING


def derive_timing(obs: pd.DataFrame, study: Mapping[str, Mapping[str, Any]] | None = None) -> pd.DataFrame:
    """Minutes after the bout, timing class, and acute or resting, of each sample.

    Parameters
    ----------
    obs
        Sample sheet. Used in this order: ``minutes_post_bout``; ``sample_time`` minus ``bout_end_time``;
        ``last_bout_hours``.
    study
        A checked study whose ``timing.last_bout_hours`` fills the samples that are still without a time.

    Returns
    -------
    pandas.DataFrame
        ``minutes_post_bout`` (min, NaN where unknown), ``timing_class``, ``exposure``; index as `obs`.

    Raises
    ------
    InputError
        If a column holds what is no number or no ISO 8601 time.

    Examples
    --------
    >>> sheet = pd.DataFrame({"bout_end_time": ["2024-03-01T09:00"], "sample_time": ["2024-03-01T09:45"]}, index=["a"])
    >>> derive_timing(sheet).loc["a", ["timing_class", "exposure"]].tolist()
    ['0-2 h', 'acute']
    """
    minutes = pd.Series(np.nan, index=obs.index)
    if keys.MINUTES_POST_BOUT in obs.columns:
        minutes = _numbers(obs, keys.MINUTES_POST_BOUT)
    if {"bout_end_time", "sample_time"} <= set(obs.columns):
        elapsed = _times(obs, "sample_time") - _times(obs, "bout_end_time")
        minutes = minutes.fillna(elapsed.dt.total_seconds() / 60.0)
    if "last_bout_hours" in obs.columns:
        minutes = minutes.fillna(60.0 * _numbers(obs, "last_bout_hours"))
    hours = None if study is None else number_of(study, "timing", "last_bout_hours")
    if hours is not None:
        minutes = minutes.fillna(60.0 * hours)
    classes = [timing_class(value) for value in minutes]
    return pd.DataFrame(
        {
            keys.MINUTES_POST_BOUT: minutes,
            keys.TIMING_CLASS: classes,
            keys.EXPOSURE: [exposure_of(word) for word in classes],
        },
        index=obs.index,
    )


def _numbers(obs: pd.DataFrame, column: str) -> pd.Series:
    return _all_read(obs, column, numbers_of(obs[column]), "a number")


def _times(obs: pd.DataFrame, column: str) -> pd.Series:
    read = pd.to_datetime(obs[column], errors="coerce", utc=True, format="ISO8601")
    return _all_read(obs, column, read, "an ISO 8601 time")


def _all_read(obs: pd.DataFrame, column: str, read: pd.Series, expected: str) -> pd.Series:
    held = obs[column].astype(object)
    bad = held[read.isna() & held.notna() & (held != "")]
    if len(bad):
        raise InputError(f"{column} of sample {bad.index[0]} must be {expected}; got {bad.iloc[0]!r}.")
    return read
