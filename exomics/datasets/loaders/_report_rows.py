"""Long reports, one row per run and precursor: some columns of many, read in one pass, and one row per group."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._any_table import COLUMNAR
from exomics.datasets.loaders._protein_groups import run_name
from exomics.datasets.loaders._text_file import TextFile, TextFormat, default_delimiter, find_delimiter
from exomics.datasets.loaders._text_table import TextTable, require_labels
from exomics.datasets.loaders._workbooks import columnar_names, read_columnar
from exomics.errors import InputError

_SAMPLED: Final = 50
_QUOTED: Final = re.compile(r'(?:^|\t)"[^"\t]*"(?:\t|$)')


def report_names(path: Path) -> list[str]:
    """The names of a report's columns, of a parquet or feather file or of text, without reading its rows."""
    return columnar_names(path) if path.suffix.lower() in COLUMNAR else _TextReport(path).header


def read_report(path: Path, wanted: Collection[str], *, missing: Collection[str]) -> TextTable:
    """The `wanted` columns of a long report.

    Parameters
    ----------
    path
        ``.parquet``, ``.feather``, or delimited text, plain or gzipped.
    wanted
        Names; those that are absent are left out. Only these are held in memory: a report has some sixty columns and
        millions of rows.
    missing
        Words for missing in text.

    Returns
    -------
    TextTable
        Text, missing as NaN; the numbers of a parquet file as floats.

    Raises
    ------
    InputError
        If the file cannot be read, a row has more or fewer fields than the header, or a column's name is repeated.
    """
    if path.suffix.lower() in COLUMNAR:
        frame = pd.DataFrame(read_columnar(path, wanted))
        return TextTable(path, frame, (), TextFormat("", "", path.suffix.lower()[1:]))
    report = _TextReport(path)
    frame = report.frame(wanted, missing)
    notes = [] if report.delimiter == default_delimiter(path) else [f"the delimiter is {report.delimiter!r}"]
    return TextTable(path, frame, (), report.file.format(report.delimiter, notes))


class _TextReport:
    """A text report: its header and delimiter are known before its rows are read."""

    def __init__(self, path: Path) -> None:
        self.file = TextFile(path)
        with closing(self._lines()) as lines:
            sampled = [line for line in islice(lines, _SAMPLED) if line.strip()]
        if not sampled:
            raise InputError(f"{path} holds no field with a word; expected a header and rows.")
        self.delimiter = find_delimiter(sampled, default_delimiter(path))
        is_quoted = self.delimiter != "\t" or any(map(_QUOTED.search, sampled))
        self.quoting: Any = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE  # descriptions of proteins hold quotes
        self.header = next(self._rows(iter(sampled)))[1]

    def frame(self, wanted: Collection[str], missing: Collection[str]) -> pd.DataFrame:
        """The `wanted` columns; a word that comes back is held once."""
        places = [place for place, name in enumerate(self.header) if name in wanted]
        names = [self.header[place] for place in places]
        require_labels(names, "columns", self.file.path)
        held: dict[str, Any] = dict.fromkeys(missing, np.nan)
        columns: list[list[Any]] = [[] for _ in places]
        with closing(self._lines()) as lines:
            for number, row in islice(self._rows(lines), 1, None):
                self._require_fields(row, number)
                for column, place in zip(columns, places, strict=True):
                    column.append(held.setdefault(row[place], row[place]))
        return pd.DataFrame(dict(zip(names, columns, strict=True)), columns=names, dtype=object)

    def _require_fields(self, row: list[str], number: int) -> None:
        if len(row) != len(self.header):
            raise InputError(
                f"{self.file.path}: line {number} has {len(row)} fields, the header {len(self.header)}, separated by "
                f"{self.delimiter!r}; complete the line, or check the delimiter."
            )

    def _rows(self, lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True, quoting=self.quoting)
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except csv.Error as error:
            raise InputError(f"{self.file.path}: line {reader.line_num}: {error}; mend it.") from error

    def _lines(self) -> Generator[str, None, None]:
        cut: list[bytes] = []  # the pieces of a line that goes on in the next block
        with closing(self.file.blocks()) as blocks:
            for block in blocks:
                head, *rest = block.split(b"\n")
                cut.append(head)
                if rest:
                    *lines, last = [b"".join(cut), *rest]
                    cut = [last]
                    yield from (line.rstrip("\r") for line in self.file.decoded(lines))
        yield from self.file.decoded([b"".join(cut)] if any(cut) else [])


def per_group(table: TextTable, *, group: str, run: str, quantity: str, described: Collection[str]) -> pd.DataFrame:
    """One row per group and one column per run, from rows of precursors that repeat their group's quantity.

    Parameters
    ----------
    table
        The report.
    group, run, quantity
        Names of its columns.
    described
        Columns that tell of the group: the first row's hold.

    Returns
    -------
    pandas.DataFrame
        The group, what is told of it, and one column per run, in the order of the report; missing as NaN.

    Raises
    ------
    InputError
        If a row has no group or run, or a group has two quantities in one run.
    """
    frame = table.frame
    rows = frame[[group, run, quantity]].drop_duplicates()
    rows = rows[rows[quantity].notna()]
    twice = rows[rows.duplicated([group, run])]
    if frame[[group, run]].isna().any(axis=None):
        raise InputError(f"{table.path}: expected a {group} and a {run} in every row; some are empty.")
    if len(twice):
        first = f"{twice[group].iloc[0]} in {twice[run].iloc[0]}"
        raise InputError(f"{table.path}: expected one {quantity} per group and run; {first} has another.")
    told = frame[[group, *(name for name in described if name in frame)]].drop_duplicates(group).set_index(group)
    wide = rows.pivot(index=group, columns=run, values=quantity)
    wide = wide.reindex(index=told.index, columns=list(dict.fromkeys(frame[run])))
    return pd.concat([told, wide.set_axis(list(map(str, wide.columns)), axis=1)], axis=1).reset_index()


def runs_of(table: TextTable, run: str, strip: str) -> dict[str, str]:
    """Run to column of what `per_group` made; an `InputError` when two runs come to have one name."""
    runs = [str(name) for name in dict.fromkeys(table.frame[run])]
    columns = {run_name(name, strip): name for name in runs}
    if len(columns) < len(runs):
        raise InputError(f"{table.path}: several runs have one name without {strip!r}; rename one.")
    return columns
