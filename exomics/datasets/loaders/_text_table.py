"""A delimited text table as text, whatever wrote it: what had to be mended is stated, what cannot be is named."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._text_file import TextFile, TextFormat, default_delimiter, find_delimiter
from exomics.errors import InputError

_STRAY_QUOTE: Final = re.compile(r'(?:^|\t)"[^"\t\n]*"[^"\t\r\n]', re.MULTILINE)
_SAMPLED_LINES: Final = 50


@dataclass(frozen=True)
class TextTable:
    """A table of text (missing as NaN), the comment lines above it, and how the file is written."""

    path: Path
    frame: pd.DataFrame
    comments: tuple[str, ...]
    format: TextFormat


def read_text_table(
    path: Path,
    *,
    delimiter: str | None = None,
    quoted: bool = True,
    comment: str = "",
    missing: Collection[str] = ("NA", ""),
    needs: Sequence[str] = (),
    mend: Collection[str] = (),
) -> TextTable:
    """Read a delimited table with a header, every field as text.

    Parameters
    ----------
    path
        Plain or gzipped; UTF-8, UTF-16 with byte order mark, or Latin-1.
    delimiter
        Found out when it is not given: what splits the rows as the header; the suffix decides between equals.
    quoted
        False where a double quote is a character like any other (MAF, SOFT). It is one, too, in a table of tabs in
        which a quoted field goes on behind its quote (``"a"|"b"``), which is stated.
    comment
        Lines above the header that start with it are kept apart; "" where there are none.
    missing
        Words for missing.
    needs
        Columns that must be there.
    mend
        Faults that the program behind the file is known for, mended and stated; refused otherwise. ``short_rows``:
        empty fields at the end of a row are left out (MaxQuant), and are missing. ``repeated_names``: the second and
        later columns of one name get a number (``state``, ``state_2``; GDC).

    Returns
    -------
    TextTable
        Columns without a name and without any value, and rows without any value, are dropped and stated. A header that
        has one field less than the rows, as R writes it, gets ``""`` for its first.

    Raises
    ------
    InputError
        If the file is no whole text table (see `TextFile`), a row has more or fewer fields than the header, a quote is
        never closed, a column has no name, two columns share one, a needed column is missing, or no row stands below
        the header. Names the file and the line or column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sheet.csv"
    ...     _ = path.write_text("sample;dose\\nA;1,5\\n")
    ...     table = read_text_table(path)
    >>> table.frame.loc[0, "dose"], table.format.delimiter
    ('1,5', ';')
    """
    file = TextFile(path)
    text = file.decoded([b"".join(file.blocks())])[0]
    comments, text = split_comments(text, comment)
    lines = [line for line in text[: 1 << 20].splitlines()[:_SAMPLED_LINES] if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty; expected a header and rows.")
    sampled = lines if len(lines) < 2 or len(text) < 1 << 20 else lines[:-1]
    delimiter = delimiter or find_delimiter(sampled, default_delimiter(path))
    stray = quoted and delimiter == "\t" and _STRAY_QUOTE.search(text) is not None
    rows, numbers = _rows(text, delimiter, path, quoted=quoted and not stray, skipped=len(comments))
    if not rows:
        raise InputError(f"{path} holds no field with a word; expected a header and rows.")
    header = with_row_names(rows[0], len(rows[1]) if len(rows) > 1 else len(rows[0]))
    n_short = _complete(rows, len(header), is_whole=text.endswith("\n")) if "short_rows" in mend else 0
    _require_fields(rows, numbers, len(header), path, delimiter=delimiter)
    header, notes = _numbered(header) if "repeated_names" in mend else (header, [])
    frame, dropped = _frame(header, rows[1:], missing, path)
    notes += [*dropped, *(["double quotes were read as characters: they stand within fields"] if stray else [])]
    if n_short:
        notes.append(f"{n_short} rows end before the last column; what they leave out is missing")
    absent = [name for name in needs if name not in frame.columns]
    if absent:
        raise InputError(f"{path}: expected the columns {', '.join(absent)}; it has {few(list(frame.columns))}.")
    if frame.empty:
        raise InputError(f"{path}: expected a header and rows; got a header only.")
    if delimiter != default_delimiter(path):
        notes.insert(0, f"the delimiter is {delimiter!r}")
    return TextTable(path, frame, comments, file.format(delimiter, notes))


def split_comments(text: str, comment: str) -> tuple[tuple[str, ...], str]:
    """The lines at the top that start with `comment`, and the rest of the text."""
    comments: list[str] = []
    while comment and text.startswith(comment):
        line, _, text = text.partition("\n")
        comments.append(line.rstrip("\r"))
    return tuple(comments), text


def with_row_names(header: list[str], n_fields: int) -> list[str]:
    """`header` with an empty first name when the rows have one field more, as R writes row names."""
    return ["", *header] if len(header) == n_fields - 1 else header


def _rows(text: str, delimiter: str, path: Path, *, quoted: bool, skipped: int) -> tuple[list[list[str]], list[int]]:
    quotes: dict[str, Any] = {"quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, **quotes)
    rows, numbers = [], []
    started = skipped
    try:
        for row in reader:
            if row and any(field.strip() for field in row):
                rows.append(row)
                numbers.append(started + 1)
            started = skipped + reader.line_num
    except csv.Error as error:
        what = "a quote is not closed" if "unexpected end" in str(error) else str(error)
        raise InputError(f"{path}: line {started + 1}: {what}; close or remove it.") from error
    return rows, numbers


def _complete(rows: list[list[str]], n_fields: int, *, is_whole: bool) -> int:
    """Fill rows that end early with empty fields; how many. The last line of a file that is cut off stays as it is."""
    short = [row for row in (rows[1:] if is_whole else rows[1:-1]) if len(row) < n_fields]
    for row in short:
        row.extend([""] * (n_fields - len(row)))
    return len(short)


def _require_fields(rows: list[list[str]], numbers: list[int], n_fields: int, path: Path, *, delimiter: str) -> None:
    for row, number in zip(rows[1:], numbers[1:], strict=True):
        if len(row) != n_fields:
            raise InputError(
                f"{path}: line {number} has {len(row)} fields, the header {n_fields}, separated by {delimiter!r}; "
                "complete the line, or check the delimiter."
            )


def _numbered(header: list[str]) -> tuple[list[str], list[str]]:
    seen: Counter[str] = Counter()
    made = []
    for name in header:
        seen[name] += 1
        made.append(f"{name}_{seen[name]}" if name and seen[name] > 1 else name)
    repeated = [name for name, count in seen.items() if name and count > 1]
    return made, [f"columns of one name were numbered: {', '.join(repeated)}"] if repeated else []


def _frame(
    header: list[str], rows: list[list[str]], missing: Collection[str], path: Path
) -> tuple[pd.DataFrame, list[str]]:
    words = set(missing)
    values = np.array([[np.nan if field in words else field for field in row] for row in rows], dtype=object)
    values = values.reshape(len(rows), len(header))
    kept = [number for number, name in enumerate(header) if name.strip() or not pd.isna(values[:, number]).all()]
    n_dropped = len(header) - len(kept)
    notes = [f"{n_dropped} columns without a name and without any value were dropped"] if n_dropped else []
    header = [header[number] for number in kept]
    first, rest = (header[:1], header[1:]) if header and header[0] == "" else ([], header)
    require_labels(rest, "columns", path)
    return pd.DataFrame(values[:, kept], columns=[*first, *rest], dtype=object), notes


def require_labels(labels: Sequence[str], what: str, path: Path) -> None:
    """Raise unless every label is there once."""
    empty = [position for position, label in enumerate(labels, start=1) if not str(label).strip()]
    values, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    repeated = [str(value) for value in values[counts > 1] if str(value).strip()]
    if empty:
        raise InputError(f"{path}: {len(empty)} {what} have no label (the first is number {empty[0]}); name them.")
    if repeated:
        raise InputError(
            f"{path}: the labels of the {what} must be unique; {len(repeated)} occur more than once "
            f"({', '.join(repeated[:3])}). Rename, average or drop them."
        )


def few(names: Iterable[object]) -> str:
    """The first dozen of `names`, for a message: a table may have a million columns."""
    words = [str(name) for name in names]
    return ", ".join(words[:12]) + (" ..." if len(words) > 12 else "") if words else "none"
