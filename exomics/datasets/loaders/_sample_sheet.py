"""A sample sheet: read as text, matched to the labels of a matrix by its content, never by its position."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from exomics.datasets.loaders._any_table import read_any_sheet
from exomics.datasets.loaders._text_file import TextFormat
from exomics.datasets.loaders._text_table import few, require_labels
from exomics.datasets.loaders.tables import numbers_where_all
from exomics.errors import InputError

_MOST_COLUMNS: Final = 10_000


@dataclass(frozen=True)
class SampleSheet:
    """The sheet as text, one row per sample."""

    path: Path
    frame: pd.DataFrame
    format: TextFormat

    def match(self, places: Mapping[str, Sequence[str]], column: str | None, matrix: Path) -> tuple[str, str]:
        """Which place (rows or columns of the matrix) the sheet names, and by which of its columns.

        Parameters
        ----------
        places
            Name of the place -> its labels.
        column
            The id column, if the user names it.
        matrix
            The matrix file, for the message.

        Returns
        -------
        tuple of str
            The place and the column with the most labels in common; the first of equals.

        Raises
        ------
        InputError
            If the named column does not exist, or no label is in common.
        """
        if column is not None and column not in self.frame.columns:
            raise InputError(f"{self.path} has no column {column!r}; it has {few(self.frame.columns)}.")
        candidates = [column] if column is not None else list(self.frame.columns)
        held = {name: set(words) for name, words in zip(candidates, self.frame[candidates].to_numpy().T, strict=True)}
        wanted = {place: set(labels) for place, labels in places.items()}
        shared = {(place, name): len(labels & held[name]) for place, labels in wanted.items() for name in candidates}
        best = max(shared, key=lambda key: shared[key])
        if shared[best] == 0:
            seen = "; ".join(f"{place}: {', '.join(labels[:3])} ..." for place, labels in places.items())
            raise InputError(
                f"no column of {self.path} ({few(candidates)}) holds the sample ids of {matrix} ({seen}); "
                "make one column of the sheet spell them as the matrix does."
            )
        return best

    def by(self, column: str, *, identifiers: Collection[str] = ()) -> pd.DataFrame:
        """The sheet indexed by `column`, with numbers where a column holds only numbers; `identifiers` stay text."""
        labels = ["" if pd.isna(label) else str(label) for label in self.frame[column]]
        require_labels(labels, f"rows by {column}", self.path)
        typed = self.frame.drop(columns=column)
        typed = typed.apply(lambda values: values if values.name in identifiers else numbers_where_all(values))
        return typed.set_axis(pd.Index(labels, name=column), axis=0)


def read_sheet(path: Path) -> SampleSheet:
    """Read a sample sheet; an `InputError` when it cannot be read, has no rows or is a matrix, or repeats a column."""
    table = read_any_sheet(path)
    if table.frame.shape[1] > _MOST_COLUMNS:
        raise InputError(
            f"{path}: expected a sheet that describes samples, of {_MOST_COLUMNS:,} columns at most; it has "
            f"{table.frame.shape[1]:,}. Is it the matrix?"
        )
    if table.frame.empty:
        raise InputError(f"{path}: expected a header and one row per sample; got a header only.")
    require_labels(list(table.frame.columns), "columns", path)
    return SampleSheet(path, table.frame, table.format)
