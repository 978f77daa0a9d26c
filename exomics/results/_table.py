"""One family of result tables: a frame with fixed, typed columns and the provenance of its numbers."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from exomics._files import write_text
from exomics.errors import InputError
from exomics.results._text import tsv_text
from exomics.results.provenance import Provenance

TEXT, NUMBER, COUNT = "text", "number", "count"
_BREAKS = re.compile(r"[\t\r\n]")


@dataclass(frozen=True)
class ResultTable:
    """A frame with fixed columns and the provenance of its numbers.

    Parameters
    ----------
    frame
        Has every column of `columns`; the order and the types are set here. ``count`` columns are nullable
        integers, ``number`` columns floats with NaN for missing, ``text`` columns strings with "" for missing.
    provenance
        Where the numbers come from.

    Raises
    ------
    InputError
        If a column is missing, unknown, or does not hold its type.
    """

    frame: pd.DataFrame
    provenance: Provenance

    columns: ClassVar[dict[str, str]] = {}

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", _typed(self.frame, self.columns, type(self).__name__))

    def to_tsv(self, path: Path | str) -> Path:
        """Write a plain TSV and ``<path>.provenance.json``.

        Floats are the shortest decimals that restore the double; missing is an empty field. Text that holds a tab or
        a line break is refused: a plain TSV has one line per row.
        """
        target = write_text(Path(path), self.to_text())
        self.provenance.write(target)
        return target

    def to_text(self) -> str:
        """The TSV as text."""
        _require_lines(self.frame, self.columns, type(self).__name__)
        return tsv_text(self.frame)

    @classmethod
    def from_tsv(cls, path: Path | str) -> Self:
        """Read a table written by `to_tsv`, with its provenance."""
        source = Path(path)
        return cls(frame=read_table(source, cls.columns), provenance=Provenance.read(source))


def read_table(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    """Read a TSV whose columns are `columns`; text stays text, floats are restored exactly."""
    if not path.is_file():
        raise InputError(f"{path} does not exist; give the table that an earlier step wrote.")
    content = path.read_bytes()
    lines = content.splitlines()
    fields = lines[0].count(b"\t") if lines else 0
    if content.count(b"\t") != fields * len(lines):
        wrong = next(number for number, line in enumerate(lines, start=1) if line.count(b"\t") != fields)
        raise InputError(f"{path}: line {wrong} has another number of fields than the header; make the table again.")
    text = {name: str for name, kind in columns.items() if kind == TEXT}
    try:
        return pd.read_csv(
            io.BytesIO(content),
            sep="\t",
            dtype=text,
            keep_default_na=False,
            na_values=_empty(columns),
            float_precision="round_trip",
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is not a whole table ({reason}); make it again.") from error


def _empty(columns: dict[str, str]) -> dict[str, list[str]]:
    return {name: [""] for name, kind in columns.items() if kind != TEXT}


def _require_lines(frame: pd.DataFrame, columns: dict[str, str], table: str) -> None:
    for name in [name for name, kind in columns.items() if kind == TEXT]:
        broken = next((word for word in frame[name].unique() if _BREAKS.search(word)), None)
        if broken is not None:
            raise InputError(f"{table}.{name} holds {broken!r}; a TSV cannot carry a tab or a line break: rename it.")


def _typed(frame: pd.DataFrame, columns: dict[str, str], table: str) -> pd.DataFrame:
    missing = [name for name in columns if name not in frame.columns]
    unknown = [str(name) for name in frame.columns if name not in columns]
    if missing or unknown:
        raise InputError(
            f"{table} needs the columns {', '.join(columns)}; missing: {', '.join(missing) or 'none'}; "
            f"unknown: {', '.join(unknown) or 'none'}."
        )
    converted = {name: _convert(frame[name], kind, f"{table}.{name}").array for name, kind in columns.items()}
    return pd.DataFrame(converted, columns=list(columns))


def _convert(column: pd.Series, kind: str, name: str) -> pd.Series:
    try:
        if kind == TEXT:
            if column.dtype == object and pd.api.types.infer_dtype(column, skipna=False) == "string":
                return column
            return column.astype(object).where(column.notna(), "").astype(str)
        numbers = pd.to_numeric(column)
        return numbers.astype("Int64") if kind == COUNT else numbers.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must hold a {kind}; {error}.") from error
