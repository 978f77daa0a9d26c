"""A table in whatever file: text, workbook (xlsx), parquet or feather. Ids stay text."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._matrix_file import MatrixFile, read_matrix
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._text_file import TextFormat
from exomics.datasets.loaders._text_table import TextTable, read_text_table, require_labels
from exomics.datasets.loaders._workbooks import WORKBOOKS, read_columnar, read_columns, read_sheet_rows
from exomics.errors import InputError

COLUMNAR: Final = (".parquet", ".feather")


def read_any_sheet(path: Path, *, delimiter: str | None = None, missing: Collection[str] = ("NA", "")) -> TextTable:
    """A table as text, by the file's suffix; an `InputError` when it is none, or a column has no name of its own."""
    suffix = path.suffix.lower()
    if suffix in COLUMNAR:
        return TextTable(path, read_columns(path), (), TextFormat("", "", suffix[1:]))
    if suffix not in WORKBOOKS:
        return read_text_table(path, delimiter=delimiter, missing=missing)
    rows = [row for row in read_sheet_rows(path) if any(word.strip() for word in row)]
    if not rows:
        raise InputError(f"{path} is empty; expected a header and rows in the first sheet.")
    named = [place for place in range(len(rows[0])) if any(row[place] for row in rows)]
    header = [rows[0][place] for place in named]
    require_labels(header[1:], "columns", path)
    cells = [[np.nan if row[place] in missing else row[place] for place in named] for row in rows[1:]]
    return TextTable(path, pd.DataFrame(cells, columns=header, dtype=object), (), TextFormat("", "", suffix[1:]))


def read_any_matrix(path: Path) -> MatrixFile:
    """A matrix whose first column names the rows, by the file's suffix; as `read_matrix`."""
    suffix = path.suffix.lower()
    if suffix not in (*COLUMNAR, *WORKBOOKS):
        return read_matrix(path)
    columns = read_columnar(path) if suffix in COLUMNAR else _numbers_where_all(read_any_sheet(path))
    names = list(columns)
    if len(names) < 2:
        raise InputError(f"{path}: expected a column of row labels and columns of values; it has {len(names)} columns.")
    labels = ["" if pd.isna(label) else _label(label) for label in columns.pop(names[0])]
    require_labels(labels, "rows", path)
    numeric = [name for name, column in columns.items() if column.dtype.kind == "f"]
    values = np.array([columns[name].to_numpy() for name in numeric]).reshape(len(numeric), len(labels))
    words = pd.DataFrame({name: column for name, column in columns.items() if name not in set(numeric)})
    return MatrixFile(path, labels, names[1:], numeric, values, words, TextFormat("", "", suffix[1:]))


def _numbers_where_all(table: TextTable) -> dict[str, pd.Series]:
    first, *rest = table.frame.columns
    made = {str(first): table.frame[first]}
    for name in rest:
        try:
            made[str(name)] = pd.Series(number_columns(table.frame, [name], table.path)[0][:, 0])
        except InputError:
            made[str(name)] = table.frame[name]
    return made


def _label(label: object) -> str:
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
