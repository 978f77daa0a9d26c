"""Columns of a text table as numbers: exact, decimal commas mended and stated, anything else named by its column."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from exomics.errors import InputError

_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
_COMMA: Final = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*", re.ASCII)
_THOUSANDS: Final = re.compile(r"\s*[+-]?[1-9]\d{0,2},\d{3}\s*", re.ASCII)
_MISSING: Final = frozenset(["NaN", "nan", "NA", "N/A", "#N/A", "null", "NULL", "None", ""])


def number_columns(
    frame: pd.DataFrame, columns: Sequence[str], path: Path, *, missing: Collection[str] = ()
) -> tuple[np.ndarray, list[str]]:
    """`columns` of a frame of text as floats.

    Parameters
    ----------
    frame
        Text, missing as NaN; columns of floats are taken as they are.
    columns
        Their names.
    path
        The file, for messages.
    missing
        Further words for missing, such as ``Filtered``.

    Returns
    -------
    tuple
        Values (n_rows, n_columns), missing as NaN, and what was mended: decimal commas are read as points when no
        number has a point and not all of them look like thousands.

    Raises
    ------
    InputError
        If a field is no number. Names the column and the field.
    """
    words = {*_MISSING, *missing}
    parts = [_floats(frame[name], words) for name in columns]
    odd = [(name, field) for name, (_, fields) in zip(columns, parts, strict=True) for field in fields]
    values = np.column_stack([floats for floats, _ in parts]) if parts else np.empty((len(frame), 0))
    if not odd:
        return values, []
    bad = next(((name, field) for name, field in odd if not _COMMA.fullmatch(field)), None)
    if bad is not None:
        raise InputError(f"{path}: column {bad[0]} holds {bad[1]!r}; expected numbers, or NA for missing.")
    has_point = any("." in str(field) for name in columns for field in frame[name].dropna())
    if has_point or all(_THOUSANDS.fullmatch(field) for _, field in odd):
        raise InputError(
            f"{path}: column {odd[0][0]} holds {odd[0][1]!r}, whose comma may be a decimal mark or a thousands mark; "
            "write numbers with a decimal point and without thousands marks."
        )
    mended = frame[list(columns)].map(lambda field: field.replace(",", ".") if isinstance(field, str) else field)
    again, _ = number_columns(mended, columns, path, missing=missing)
    return again, ["decimal commas were read as points"]


def _floats(column: pd.Series, missing: Collection[str]) -> tuple[np.ndarray, list[str]]:
    """The column as floats, and the fields that are no number."""
    if column.dtype == np.float64:
        return column.to_numpy(), []
    odd: list[str] = []
    made = np.full(len(column), np.nan)
    for place, field in enumerate(column):
        if isinstance(field, str) and field not in missing:
            if _NUMBER.fullmatch(field):
                made[place] = float(field)
            else:
                odd.append(field)
    return made, odd


def whole_numbers(values: np.ndarray) -> bool:
    """Whether every value is a finite, whole, non-negative number."""
    return bool(np.isfinite(values).all() and (values >= 0).all() and (values == np.floor(values)).all())
