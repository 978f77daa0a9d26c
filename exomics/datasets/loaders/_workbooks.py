"""Cells of workbooks, of columnar files and of text that is no plain table, all as text."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import pandas as pd

from exomics.datasets.loaders._lines import lines_of
from exomics.errors import InputError

WORKBOOKS: Final = (".xlsx", ".xlsm")
_DAMAGED: Final = (ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile)


def read_sheet_rows(path: Path, sheet: str | None = None) -> list[list[str]]:
    """The cells of one sheet of a workbook, as text; numbers as the shortest decimals that restore them.

    Parameters
    ----------
    path
        ``.xlsx``.
    sheet
        Its name; the first sheet otherwise.

    Returns
    -------
    list of list of str
        Rows of one length; an empty cell is "".

    Raises
    ------
    InputError
        If the file is no workbook, or has no such sheet.
    """
    try:
        frame = pd.read_excel(path, sheet_name=sheet or 0, header=None, dtype=object, engine="openpyxl")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an existing workbook.") from error
    except _DAMAGED as error:
        raise InputError(
            f"{path} is not a whole workbook, or has no sheet {sheet!r} ({error}); save it again."
        ) from error
    return [[_word(cell) for cell in row] for row in frame.itertuples(index=False)]


def grid_of(path: Path) -> list[list[str]]:
    """All cells of a file as text, row by row: the first sheet of a workbook, or text of any usual delimiter."""
    if path.suffix.lower() in WORKBOOKS:
        return read_sheet_rows(path)
    lines, _ = lines_of(path)
    delimiter = max(";\t,", key=lambda mark: sum(line.count(mark) for line in lines[:20]))
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise InputError(f"{path} is no table of text: {error}; write it again.") from error
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def read_columnar(path: Path, wanted: Collection[str] | None = None) -> dict[str, pd.Series]:
    """The columns of a parquet or feather file: numbers as floats, anything else as text, missing as NaN.

    Parameters
    ----------
    path
        ``.parquet`` or ``.feather``.
    wanted
        Read only these, where they are there; all otherwise.

    Returns
    -------
    dict
        Name to column.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    names = columnar_names(path)
    chosen = names if wanted is None else [name for name in names if name in wanted]
    found = _columnar(path, lambda polars, stream, kind: getattr(polars, f"read_{kind}")(stream, columns=chosen))
    return {column.name: _plain(column) for column in found.get_columns()}


def columnar_names(path: Path) -> list[str]:
    """The names of the columns of a parquet or feather file; an `InputError` when it is none."""
    return list(_columnar(path, lambda polars, stream, kind: getattr(polars, f"read_{kind}_schema")(stream)))


def _columnar(path: Path, read: Callable[[Any, Any, str], Any]) -> Any:
    """What `read` makes of polars, the open file and its kind."""
    import polars

    try:
        with path.open("rb") as stream:
            return read(polars, stream, "ipc" if path.suffix.lower() == ".feather" else "parquet")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an existing file.") from error
    except (*_DAMAGED, polars.exceptions.PolarsError) as error:
        raise InputError(f"{path} is not a whole {path.suffix[1:]} file ({error}); write it again.") from error


def _plain(column: Any) -> pd.Series:
    if column.dtype.is_numeric():
        return pd.Series(column.cast(float).to_numpy())
    return pd.Series([_text_or_missing(cell) for cell in column.to_list()], dtype=object)


def read_columns(path: Path) -> pd.DataFrame:
    """A parquet or feather file as a frame of text, missing as NaN; as `read_columnar`."""
    return pd.DataFrame(
        {name: [_text_or_missing(cell) for cell in column] for name, column in read_columnar(path).items()},
        dtype=object,
    )


def _text_or_missing(cell: Any) -> Any:
    return float("nan") if _is_missing(cell) else _word(cell)


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell)


def _word(cell: Any) -> str:
    """A cell as text: 3.0 as 3, a missing one as ""."""
    if _is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)
