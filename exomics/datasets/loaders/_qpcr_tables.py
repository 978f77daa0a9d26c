"""Cq tables: long, by well, or as a grid of a plate; one row per reaction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import number_option
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._text_table import read_text_table, require_labels
from exomics.datasets.loaders._workbooks import WORKBOOKS, grid_of
from exomics.errors import InputError

SAMPLE: Final = ("sample", "sample name", "sample id", "sample_id", "sampleid")
TARGET: Final = ("target", "target name", "detector", "detector name", "assay", "gene", "mirna", "primer")
CQ: Final = ("cq", "ct", "cp", "c(q)", "c(t)", "crt", "cq value", "ct value", "ct mean")
WELL: Final = ("well", "well position", "position", "pos")
PLATE: Final = ("plate", "plate id", "plate_id", "barcode", "run")
_NAMES: Final[Mapping[str, Sequence[str]]] = {"sample": SAMPLE, "target": TARGET, "cq": CQ}
_BEYOND: Final = re.compile(r"undetermined|undet\.?|no ?c[tqp]|n/?d|not detected|>\s*\d+(?:\.\d+)?", re.IGNORECASE)
_WELL: Final = re.compile(r"([A-P])0*(\d{1,2})", re.IGNORECASE)
_PREAMBLE: Final = ("*", "[", "#")
_CORNER: Final = ("", "row", "plate")


def read_reactions(files: Mapping[str, Path], options: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """One row per reaction.

    Parameters
    ----------
    files
        Role ``cq``, and ``layout`` (``well, sample, target``) where the table names wells only.
    options
        ``sample``, ``target``, ``cq`` (columns, where they have other names than the usual ones), ``limit``.

    Returns
    -------
    tuple
        ``sample, target, plate, cq, beyond``: Cq as numbers, NaN where none was found; ``beyond`` where the reaction
        ran and did not cross the threshold within `limit` cycles. And what was mended.

    Raises
    ------
    InputError
        If a column cannot be found, a well has no layout, or a field is neither a number nor a word for "not detected".
    """
    path = files["cq"]
    frame, read = _table(path)
    grid = _grid(frame, path)
    frame = frame if grid is None else grid
    well = _column(frame, None, WELL)
    if "layout" in files:
        frame = _laid_out(frame, well, files["layout"], path)
    columns = {name: _column(frame, options[name], usual) for name, usual in _NAMES.items()}
    absent = [name for name, column in columns.items() if column is None]
    if absent:
        raise InputError(
            f"{path}: no column of {' and '.join(absent)} was found among {', '.join(map(str, frame.columns[:10]))}; "
            "name it with the option of that name, or give role layout (well, sample, target) for a table of wells."
        )
    plate = _column(frame, None, PLATE)
    found = frame[[columns["sample"], columns["target"]]].set_axis(["sample", "target"], axis=1).reset_index(drop=True)
    found["plate"] = frame[plate].to_numpy() if plate is not None else "1"
    text = frame[columns["cq"]].reset_index(drop=True)
    named = text.astype(object).map(lambda word: isinstance(word, str) and bool(_BEYOND.fullmatch(word.strip())))
    plain = text.where(~named.astype(bool), np.nan).to_frame("Cq")
    numbers, notes = number_columns(plain, ["Cq"], path)
    over = numbers[:, 0] > number_option(options, "limit")
    found["cq"] = np.where(over, np.nan, numbers[:, 0])
    found["beyond"] = named.to_numpy(dtype=bool) | over
    return found, [*read, *notes]


def _table(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The table; of an instrument's export the part from the header of the results on."""
    if path.suffix.lower() not in WORKBOOKS and not lines_of(path)[0][0].startswith(_PREAMBLE):
        table = read_text_table(path, missing=("", "NA"))
        return table.frame, list(table.format.notes)
    rows = grid_of(path)
    usual = {*CQ, *WELL, *SAMPLE, *TARGET}
    start = next((place for place, row in enumerate(rows) if sum(cell.strip().lower() in usual for cell in row) > 1), 0)
    if len(rows) < start + 2:
        raise InputError(f"{path}: expected a header and one row per reaction; got {len(rows)} rows.")
    named = [place for place, name in enumerate(rows[start]) if name.strip()]
    names = [rows[start][place].strip() for place in named]
    require_labels(names, "columns", path)
    frame = pd.DataFrame([[row[place] for place in named] for row in rows[start + 1 :]], columns=names, dtype=object)
    frame = frame.where(~frame.isin(["", "NA"]), np.nan)
    notes = [f"{start} lines above the header of the results were left out"] if start else []
    return frame[frame.notna().any(axis=1)].reset_index(drop=True), notes


def _grid(frame: pd.DataFrame, path: Path) -> pd.DataFrame | None:
    """The grid of a plate (rows A to P, columns 1 to 24) as wells; None for any other table."""
    head, *rest = map(str, frame.columns)
    if head.strip().lower() not in _CORNER or not rest or not all(re.fullmatch(r"\d{1,2}", name) for name in rest):
        return None
    letters = frame.iloc[:, 0].astype(str)
    if not letters.str.fullmatch(r"[A-Pa-p]").all():
        raise InputError(f"{path}: expected the rows of a plate, A to P; got {', '.join(letters[:4])}.")
    wells = [
        {"well": f"{letter}{number}", "cq": value}
        for letter, row in zip(letters, frame.iloc[:, 1:].itertuples(index=False), strict=True)
        for number, value in zip(rest, row, strict=True)
    ]
    return pd.DataFrame(wells)


def _laid_out(frame: pd.DataFrame, well: str | None, path: Path, table: Path) -> pd.DataFrame:
    """The wells with sample and target; wells that the layout leaves out are empty and are left out."""
    layout = read_text_table(path, missing=("", "NA")).frame
    column = _column(layout, None, WELL)
    if well is None or column is None:
        raise InputError(f"{path if column is None else table}: expected a column of wells (A1, B07); there is none.")
    ours, theirs = frame[well].map(_standard), layout[column].map(_standard)
    if theirs.duplicated().any() or theirs.isna().any():
        raise InputError(
            f"{path}: every line needs a well of its own; {theirs[theirs.duplicated()].iloc[:1].tolist()}."
        )
    absent = sorted(set(theirs) - set(ours))
    if absent:
        raise InputError(f"{path}: {len(absent)} wells are not in {table.name} ({', '.join(absent[:3])}).")
    held = layout.drop(columns=[column]).set_axis(pd.Index(theirs), axis=0)
    kept = ours.isin(held.index)
    measured = frame[kept].drop(columns=[well, *(name for name in held if name in frame)])
    joined = held.loc[ours[kept]].reset_index(drop=True)
    return pd.concat([joined, measured.reset_index(drop=True)], axis=1)


def _standard(well: Any) -> Any:
    found = _WELL.fullmatch(str(well).strip())
    return f"{found[1].upper()}{int(found[2])}" if found else np.nan


def _column(frame: pd.DataFrame, wanted: str | None, usual: Sequence[str]) -> str | None:
    """The column that is asked for, or the first of the usual names."""
    if wanted is not None:
        return wanted if wanted in frame else None
    lower = {str(name).strip().lower(): str(name) for name in frame.columns}
    return next((lower[name] for name in usual if name in lower), None)
