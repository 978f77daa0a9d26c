"""A matrix file as it stands: labels kept as text, numbers exact, what was mended stated, what is wrong named by line.

Blocks of some megabytes are parsed into tiles, and the tiles are laid into the matrix one after another: the numbers
are never in memory twice.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._matrix_layout import lay_across, unfilled
from exomics.datasets.loaders._number_kernel import NO_ROOM, OPEN_QUOTE, WHOLE, Parsed, parse_rows
from exomics.datasets.loaders._text_file import TextFile, TextFormat, default_delimiter, find_delimiter
from exomics.datasets.loaders._text_table import require_labels, with_row_names
from exomics.errors import InputError

MISSING: Final = frozenset(["NA", "NaN", "nan", "NAN", "N/A", "n/a", "#N/A", "null", "NULL", "None", ""])
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.IGNORECASE | re.ASCII)
_COMMA: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_ODD_FIELDS: Final = 1 << 16
_TILE: Final = 1 << 23  # numbers; tiles of this size are given back to the system when they are given up


@dataclass(frozen=True)
class MatrixFile:
    """A delimited matrix: row labels, the columns that hold numbers, and those that hold words.

    ``values`` is (n_numeric, n_rows): a column of the file is a row of it.
    """

    path: Path
    row_labels: list[str]
    columns: list[str]
    numeric: list[str]
    values: np.ndarray
    words: pd.DataFrame
    format: TextFormat

    def described_by(self, columns: Sequence[str]) -> pd.DataFrame:
        """`columns` as they describe the rows: whole numbers as integers where none is missing."""
        place = {name: number for number, name in enumerate(self.numeric)}
        made = {
            name: _whole(self.values[place[name]]) if name in place else self.words[name].to_numpy() for name in columns
        }
        return pd.DataFrame(made, index=pd.Index(self.row_labels, dtype=object))


def read_matrix(path: Path, *, delimiter: str | None = None, comment: str = "", unique_rows: bool = True) -> MatrixFile:
    """Read a delimited matrix whose first column names the rows; R's header without a name for it is understood.

    Parameters
    ----------
    path
        Text, plain or gzipped, in any encoding that `TextFile` knows.
    delimiter
        Found out when it is not given.
    comment
        Lines above the header that start with it are skipped, and rows that start with it and have too few fields;
        "" where there are none.
    unique_rows
        False leaves it to the caller what becomes of repeated and empty row labels.

    Returns
    -------
    MatrixFile
        Every number is the double nearest to its text. Decimal commas are read as points, and stated, when no number
        has a point and not all look like thousands.

    Raises
    ------
    InputError
        If the file cannot be read, has no columns, a row has another number of fields than the header, a label of a
        row or a column is empty or repeated, or the decimal mark is not one.
    """
    file = TextFile(path)
    reading = _Reading(file, delimiter, comment)
    reading.run()
    if reading.no_numbers:  # a column that began with numbers holds words: read once more, as what it is
        reading = _Reading(file, delimiter, comment, words=frozenset(reading.no_numbers))
        reading.run()
    return reading.result(unique_rows=unique_rows)


def numbers(file: MatrixFile, columns: Sequence[str]) -> np.ndarray:
    """The columns as floats (n_columns, n_rows), missing as NaN; an `InputError` names the first that is no number."""
    numeric = set(file.numeric)
    for name in [name for name in columns if name not in numeric]:
        for label, word in zip(file.row_labels, file.words[name], strict=True):
            if not pd.isna(word) and _value(word) is None:
                raise InputError(
                    f"{file.path}: column {name} holds {word!r} in row {label}; expected numbers, or NA for missing."
                )
    if list(columns) == file.numeric:
        return file.values
    place = {name: number for number, name in enumerate(file.numeric)}
    return np.array([file.values[place[name]] if name in place else file.words[name] for name in columns], dtype=float)


@dataclass
class _Reading:
    """One pass over a file."""

    file: TextFile
    delimiter: str | None
    comment: str
    words: frozenset[int] = frozenset()
    header: list[str] = field(default_factory=list)
    is_text: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    tiles: list[np.ndarray] = field(default_factory=list)
    room: int = 0
    fields: list[list[bytes]] = field(default_factory=list)
    no_numbers: set[int] = field(default_factory=set)
    commas: list[tuple[int, int, str]] = field(default_factory=list)
    n_points: int = 0
    n_rows: int = 0
    position: int = 0

    def run(self) -> None:
        with closing(self.file.blocks()) as blocks:
            pending = self._start(blocks)
            is_last = False
            while not is_last:
                block = next(blocks, b"")
                is_last = not block
                pending += block if block or pending.endswith(b"\n") else b"\n"
                done = self._parse(pending, is_last=is_last)
                self.position += done
                pending = pending[done:]

    def _start(self, blocks: Iterator[bytes]) -> bytes:
        """Read the header; return what follows it."""
        text, first = b"", b""
        while not first:
            while b"\n" not in text and (block := next(blocks, b"")):
                text += block
            first, _, text = text.partition(b"\n")
            self.position += len(first) + 1
            if not first and not text:
                raise InputError(f"{self.file.path} is empty; expected a header and rows.")
            if not first.strip() or (self.comment and first.startswith(self.comment.encode())):
                first = b""
        while text.count(b"\n") < 2 and (block := next(blocks, b"")):
            text += block
        rows = text.split(b"\n", 20)[: min(max(text.count(b"\n"), 1), 20)]
        lines = [row.decode("latin-1").rstrip("\r") for row in (first, *rows) if row.strip()]
        self.delimiter = self.delimiter or find_delimiter(lines, default_delimiter(self.file.path))
        self._begin(self.file.decoded([first])[0].rstrip("\r"), lines[1] if len(lines) > 1 else "")
        return text

    def _begin(self, header: str, row: str) -> None:
        assert self.delimiter is not None
        try:
            names, fields = ([*csv.reader([line], delimiter=self.delimiter)] or [[]] for line in (header, row))
        except csv.Error as error:
            raise InputError(f"{self.file.path}: the header or first row cannot be split ({error}).") from error
        self.header = with_row_names(names[0], len(fields[0]))
        if len(self.header) < 2 or len(self.header) != len(fields[0]):
            raise InputError(
                f"{self.file.path}: expected a header and rows of as many fields, separated by {self.delimiter!r}; "
                f"the header has {len(self.header)}, the first row {len(fields[0])}."
            )
        require_labels(self.header[1:], "columns", self.file.path)
        kinds = [
            number == 0 or number in self.words or (_value(word) is None and not self._has_comma(word))
            for number, word in enumerate(fields[0])
        ]
        self.is_text = np.array(kinds)
        self.fields = [[] for _ in range(int(self.is_text.sum()))]

    def _has_comma(self, word: str) -> bool:
        """Whether a field is a number but for a decimal comma."""
        return self.delimiter != "," and _COMMA.fullmatch(word) is not None

    def _parse(self, pending: bytes, *, is_last: bool) -> int:
        """Parse the whole lines; return how many bytes are done."""
        text = np.frombuffer(pending, dtype=np.uint8, count=pending.rfind(b"\n") + 1)
        n_texts = len(self.fields)
        done = 0
        while done < len(text):
            values = self._room()
            spans = np.empty((len(values), n_texts, 2), dtype=np.int64)
            odd = np.empty((max(_ODD_FIELDS, 2 * len(self.header)), 4), dtype=np.int64)
            rest = text[done:]
            assert self.delimiter is not None
            found = parse_rows(rest, ord(self.delimiter), self.is_text, values=values, spans=spans, odd=odd)
            self._keep(values[: found.n_rows], rest.data, spans[: found.n_rows], odd[: found.n_odd])
            self.room -= found.n_rows
            self.n_points += found.n_points
            done += found.position
            if found.status == OPEN_QUOTE and not is_last:
                return done
            if self.comment and pending.startswith(self.comment.encode(), done):
                done = pending.index(b"\n", done) + 1
            elif found.status not in (WHOLE, NO_ROOM):
                self._refuse(found, self.file.line_at(self.position + done))
        return done

    def _room(self) -> np.ndarray:
        """The rows of the last tile that are not filled yet, of a new one when there are none."""
        if not self.room:
            n_numbers = int((~self.is_text).sum())
            self.room = max(_TILE // max(n_numbers, 1), 1)
            self.tiles.append(np.empty((self.room, n_numbers)))
        return self.tiles[-1][-self.room :]

    def _refuse(self, found: Parsed, line: int) -> None:
        if found.status == OPEN_QUOTE:
            raise InputError(f"{self.file.path}: line {line}: a quote is not closed; close or remove it.")
        raise InputError(
            f"{self.file.path}: line {line} has {found.n_fields} fields, the header {len(self.header)}, separated by "
            f"{self.delimiter!r}; complete the line, or check the delimiter."
        )

    def _keep(self, values: np.ndarray, text: memoryview, spans: np.ndarray, odd: np.ndarray) -> None:
        for place in range(spans.shape[1]):
            self.fields[place] += [_bare(bytes(text[start:end])) for start, end in spans[:, place].tolist()]
        place_of = np.flatnonzero(~self.is_text)
        for row, number, start, end in odd.tolist():
            word = _bare(bytes(text[start:end])).decode("latin-1")
            value = _value(word)
            if value is None and self._has_comma(word):
                self.commas.append((self.n_rows + row, int(place_of[number]), word))
                value = float(word.replace(",", "."))
            if value is None:
                self.no_numbers.add(int(place_of[number]))
            values[row, number] = np.nan if value is None else value
        self.n_rows += len(values)

    def result(self, *, unique_rows: bool) -> MatrixFile:
        """The matrix; the tiles are given up as they are laid into it."""
        path, columns = self.file.path, self.header[1:]
        texts = [self.file.decoded(words) for words in self.fields]
        if unique_rows:
            require_labels(texts[0], "rows", path)
        notes = self._decimal_marks(texts[0])
        values = unfilled(len(self.header) - len(texts), self.n_rows)
        start = 0
        while self.tiles:
            tile = self.tiles.pop(0)
            tile = tile if self.tiles else tile[: len(tile) - self.room]
            lay_across(tile, values[:, start : start + len(tile)])
            start += len(tile)
        if self.delimiter != default_delimiter(path):
            notes.insert(0, f"the delimiter is {self.delimiter!r}")
        named = [columns[number - 1] for number in np.flatnonzero(self.is_text)[1:]]
        made = {
            name: pd.Series([np.nan if word in MISSING else word for word in words], dtype=object)
            for name, words in zip(named, texts[1:], strict=True)
        }
        numeric = [name for name, is_text in zip(columns, self.is_text[1:], strict=True) if not is_text]
        assert self.delimiter is not None
        form = self.file.format(self.delimiter, notes)
        return MatrixFile(path, texts[0], columns, numeric, values, pd.DataFrame(made), form)

    def _decimal_marks(self, row_labels: list[str]) -> list[str]:
        if not self.commas:
            return []
        row, column, word = self.commas[0]
        where = f"{self.file.path}: column {self.header[column]}, row {row_labels[row]} holds {word!r}"
        if self.n_points:
            raise InputError(f"{where}, while other numbers have a decimal point; write all with a point.")
        if all(_THOUSANDS.fullmatch(word) for _, _, word in self.commas):
            raise InputError(f"{where}: thousands or decimals? Write the numbers with points and without separators.")
        return [f"{len(self.commas)} numbers have a decimal comma, which was read as a point"]


def _bare(word: bytes) -> bytes:
    """A field without the return before a line end, and without its quotes."""
    word = word.removesuffix(b"\r")
    is_quoted = len(word) > 1 and word.startswith(b'"') and word.endswith(b'"')
    return word[1:-1].replace(b'""', b'"') if is_quoted else word


def _value(word: str) -> float | None:
    """The number that a word is, NaN for a word for missing, None for any other."""
    bare = word.strip()
    if bare in MISSING:
        return np.nan
    return float(bare) if _NUMBER.fullmatch(bare) else None


def _whole(values: np.ndarray) -> np.ndarray:
    is_whole = (
        np.isfinite(values).all() and (values == np.floor(values)).all() and np.abs(values).max(initial=0) < 2**53
    )
    return values.astype(np.int64) if is_whole else values
