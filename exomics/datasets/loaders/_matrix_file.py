"""A user's own matrix file as it stands: labels kept as text, repeated labels seen, numbers exact."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
import pandas as pd

from exomics.errors import InputError

_MISSING = ["NA", "NaN", "nan", "null", ""]


@dataclass(frozen=True)
class MatrixFile:
    """A delimited matrix: row labels, and one column per header field (numbers where all fields are numbers)."""

    path: Path
    row_labels: list[str]
    frame: pd.DataFrame

    @property
    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers only."""
        return [name for name in self.frame.columns if pd.api.types.is_numeric_dtype(self.frame[name])]


def separator_of(path: Path) -> str:
    """Comma for ``.csv`` and ``.csv.gz``, tab for everything else."""
    return "," if ".csv" in path.suffixes else "\t"


def read_matrix(path: Path) -> MatrixFile:
    """Read a delimited matrix whose first column names the rows; R's header without a name for it is understood.

    Parameters
    ----------
    path
        ``.tsv``, ``.txt`` or ``.csv``, ``.gz`` allowed.

    Returns
    -------
    MatrixFile

    Raises
    ------
    InputError
        If the file cannot be read, has no columns, or a label of a row or a column is empty or repeated.
    """
    header, fields = _first_lines(path)
    if len(header) == fields - 1:
        header = ["", *header]
    if len(header) < 2 or len(header) != fields:
        raise InputError(
            f"{path}: expected a header and rows of as many fields, separated by {separator_of(path)!r}; "
            f"the header has {len(header)}, the first row {fields}."
        )
    require_labels(header[1:], "columns", path)
    options: dict[str, Any] = {
        "names": list(range(len(header))),
        "dtype": {0: str},
        "na_values": dict.fromkeys(range(1, len(header)), _MISSING),
        "keep_default_na": False,
        "float_precision": "round_trip",
        "low_memory": False,
    }
    try:
        frame = pd.read_csv(path, sep=separator_of(path), header=None, skiprows=1, **options)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} is not a whole matrix ({error}); write it again.") from error
    labels = ["" if pd.isna(label) else str(label) for label in frame[0]]
    require_labels(labels, "rows", path)
    return MatrixFile(path, labels, frame.drop(columns=0).set_axis(header[1:], axis=1))


def _first_lines(path: Path) -> tuple[list[str], int]:
    try:
        with _text(path) as stream:
            lines = csv.reader(stream, delimiter=separator_of(path))
            header = next(lines, [])
            return header, len(next(lines, []))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an existing matrix.") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a text table ({error}); expected .tsv, .csv (.gz) or .h5ad.") from error


def _text(path: Path) -> TextIO:
    return cast(TextIO, (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig"))


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


def numbers(file: MatrixFile, columns: Sequence[str]) -> np.ndarray:
    """The columns as floats, missing as NaN; an `InputError` that names the first field that is no number."""
    is_numeric = set(file.numeric)
    for name in columns:
        values = () if name in is_numeric else file.frame[name]
        odd = next((str(value) for value in values if not pd.isna(value) and not _is_number(value)), "")
        if odd:
            raise InputError(f"{file.path}: column {name} holds {odd!r}; expected numbers, or NA for missing.")
    return file.frame[list(columns)].astype(np.float64).to_numpy()  # of text too: whole numbers beyond any integer type


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
