"""The consortium's native text tables: which column is a vial, a channel without sample, an annotation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import text_ids
from exomics.datasets.loaders._r_containers import read_r_object
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError

_VIAL = re.compile(r"^X?(\d{8,11})$")
_NO_SAMPLE = re.compile(r"BLANK|(^|_)TT(_|$)|^Ref(_|erence)|^Plex_\d+_")
_NUMERIC = ("ptm_score", "confident_score", "percent_coverage", "protein_score", "num_peptides", "mz", "rt")


@dataclass(frozen=True)
class NativeTable:
    """A native table: values (features x vials), vial labels, annotation, and the columns that hold no sample."""

    values: np.ndarray
    vials: list[str]
    features: pd.DataFrame
    dropped: list[str]


def read_native(path: Path) -> NativeTable:
    """Read a native table, split into samples, dropped channels and annotation.

    Parameters
    ----------
    path
        Tab-separated, unquoted, missing as ``NA``; may be compressed.

    Returns
    -------
    NativeTable

    Raises
    ------
    InputError
        If the file cannot be read, no column is a vial, a vial occurs twice, or a value is no number.
    """
    frame = read_text_table(path).frame
    sample_columns = {name: found[1] for name in frame.columns if (found := _VIAL.match(name))}
    dropped = [name for name in frame.columns if name not in sample_columns and _NO_SAMPLE.search(name)]
    if not sample_columns:
        raise InputError(
            f"{path}: expected columns named by vial label (8 to 11 digits, an X before them allowed); "
            f"got {', '.join(frame.columns[:5])} ..."
        )
    vials = list(sample_columns.values())
    if len(set(vials)) < len(vials):
        repeated = sorted({label for label in vials if vials.count(label) > 1})
        raise InputError(f"{path}: the vials {', '.join(repeated[:3])} have two columns; keep one.")
    values = np.column_stack([_numbers(frame[name], path) for name in sample_columns])
    annotation = frame.drop(columns=[*sample_columns, *dropped])
    return NativeTable(values, vials, annotation.apply(_typed), dropped)


def _numbers(column: pd.Series, path: Path) -> np.ndarray:
    try:
        return np.array([np.nan if value is np.nan else float(value) for value in column])
    except ValueError as error:
        raise InputError(f"{path}: column {column.name} must hold numbers or NA; {error}.") from error


def _typed(column: pd.Series) -> pd.Series:
    if set(column.dropna()) <= {"TRUE", "FALSE"} and column.notna().any():
        flags = column.map({"TRUE": True, "FALSE": False})
        return flags.astype(bool) if column.notna().all() else flags.astype("boolean")
    return column.astype(np.float64) if column.name in _NUMERIC else column


def vials_of(path: Path, vials: list[str]) -> pd.DataFrame:
    """The vial metadata (plex, channel) by vial label; an `InputError` when a vial of the table is not in it."""
    frame = read_text_table(path).frame
    if "vial_label" not in frame.columns:
        raise InputError(f"{path}: expected a column vial_label; got {', '.join(frame.columns)}.")
    frame = frame.set_index("vial_label")
    _require_vials(frame.index, vials, path)
    return frame


def animals_of(path: Path, vials: list[str]) -> pd.DataFrame:
    """The vial -> animal table by vial label; an `InputError` when a vial of the table is not in it."""
    frame = read_animals(path)
    frame = frame.set_axis(pd.Index(text_ids(frame["viallabel"])), axis=0)
    _require_vials(frame.index, vials, path)
    return frame


def read_animals(path: Path) -> pd.DataFrame:
    """The vial -> animal table (``viallabel, pid, ...``) of an R file or of delimited text."""
    if path.suffix.lower() in {".rda", ".rdata", ".rds"}:
        _, frame = read_r_object(path)
    else:
        frame = read_text_table(path).frame
    if not isinstance(frame, pd.DataFrame) or not {"viallabel", "pid"} <= set(frame.columns):
        raise InputError(f"{path}: expected a table with the columns viallabel and pid.")
    return frame


def _require_vials(known: pd.Index, vials: list[str], path: Path) -> None:
    repeated = known[known.duplicated()].unique()
    absent = [label for label in vials if label not in known]
    if len(repeated) or absent:
        raise InputError(
            f"{path}: every vial of the table must occur once; {len(absent)} are missing ({', '.join(absent[:3])}), "
            f"{len(repeated)} occur twice ({', '.join(map(str, repeated[:3]))})."
        )
