"""Olink's wide export: assays in columns under four rows of names, samples below them, detection limits at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from exomics.errors import InputError

_HEADERS: Final = {"Panel": "Panel", "Assay": "Assay", "Uniprot ID": "UniProt", "OlinkID": "OlinkID"}
_BELOW: Final = {"LOD": "LOD", "Max LOD": "LOD", "Missing Data freq.": "MissingFreq", "Normalization": "Normalization"}
_PLATE: Final = "Plate ID"
_QC: Final = "QC Warning"


def long_of(grid: Sequence[Sequence[str]], path: Path) -> pd.DataFrame:
    """A wide export as the long one: one row per sample and assay.

    Parameters
    ----------
    grid
        Cells as text.
    path
        The file, for messages.

    Returns
    -------
    pandas.DataFrame
        ``SampleID, OlinkID, UniProt, Assay, Panel, PlateID, QC_Warning, LOD, MissingFreq, NPX`` as text.

    Raises
    ------
    InputError
        If the rows of names are not there, or no sample stands below them.
    """
    heads = {row[0].strip(): row for row in grid[:12] if row and row[0].strip() in _HEADERS}
    missing = [name for name in _HEADERS if name not in heads]
    if missing:
        raise InputError(
            f"{path}: expected Olink's wide export, with rows called {', '.join(_HEADERS)} in the first column; "
            f"{', '.join(missing)} are missing."
        )
    start = max(number for number, row in enumerate(grid[:12]) if row and row[0].strip() in _HEADERS) + 1
    body = [row for row in grid[start:] if row and row[0].strip()]
    samples = [row for row in body if row[0].strip() not in _BELOW and not row[0].startswith("Plate LOD")]
    below = {_BELOW[row[0].strip()]: row for row in body if row[0].strip() in _BELOW}
    assays = [place for place, name in enumerate(heads["OlinkID"]) if place and name.strip()]
    if not samples or not assays:
        raise InputError(f"{path}: expected samples below the row OlinkID; got {len(samples)} x {len(assays)} assays.")
    columns = {_PLATE: _places(heads, _PLATE), _QC: _places(heads, _QC)}
    rows = [
        {
            "SampleID": row[0].strip(),
            **{ours: heads[theirs][place].strip() for theirs, ours in _HEADERS.items()},
            "PlateID": _cell(row, columns[_PLATE].get(heads["Panel"][place])),
            "QC_Warning": _cell(row, columns[_QC].get(heads["Panel"][place])),
            **{name: _cell(found, place) for name, found in below.items()},
            "NPX": _cell(row, place),
        }
        for row in samples
        for place in assays
    ]
    frame = pd.DataFrame(rows)
    return frame.where(frame != "", float("nan"))


def _places(heads: dict[str, Sequence[str]], name: str) -> dict[str, int]:
    """Panel to the column that holds `name` for it."""
    found = [place for place, assay in enumerate(heads["Assay"]) if assay.strip().lower() == name.lower()]
    return {heads["Panel"][place]: place for place in found}


def _cell(row: Sequence[str], place: int | None) -> str:
    return "" if place is None or place >= len(row) else row[place].strip()
