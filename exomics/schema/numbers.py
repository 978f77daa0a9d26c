"""Columns of a sample sheet as numbers, whatever stands in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def numbers_of(column: pd.Series) -> pd.Series:
    """A column as floats; NaN for what is no number.

    Parameters
    ----------
    column
        Numbers, text or both. Text of any length is read: ``pandas.to_numeric`` raises on integers beyond 64 bits.

    Returns
    -------
    pandas.Series
        float64, index as `column`.

    Examples
    --------
    >>> numbers_of(pd.Series(["1.5", "", None, "soon", 10**30])).tolist()
    [1.5, nan, nan, nan, 1e+30]
    """
    if pd.api.types.is_float_dtype(column.dtype):
        return column.astype(np.float64)
    return pd.Series([_number(value) for value in column.astype(object)], index=column.index, dtype=np.float64)


def _number(value: Any) -> float:
    if isinstance(value, bool) or value is None or value is pd.NA:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
