"""Columns of a sample sheet as words, however they are held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def words_of(column: pd.Series) -> pd.Series:
    """A column as words; what is missing stays missing.

    Parameters
    ----------
    column
        Numbers, text, truth values or categories. A column of 0 and 1 with a gap is held as 0.0 and 1.0, and its words
        are 0 and 1.

    Returns
    -------
    pandas.Series
        Objects, index as `column`.

    Examples
    --------
    >>> words_of(pd.Series([1.0, None, 0.5])).tolist(), words_of(pd.Series([True, False])).tolist()
    (['1', nan, '0.5'], ['True', 'False'])
    """
    return column.astype(object).map(word_of, na_action="ignore")


def word_of(value: Any) -> str:
    """Text of one value; a whole number, however it is held, without its point."""
    return str(int(value)) if isinstance(value, float | np.floating) and float(value).is_integer() else str(value)
