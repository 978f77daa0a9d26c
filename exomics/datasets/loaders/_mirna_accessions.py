"""miRBase accessions and their names, from miRBase's GFF3 or from a table with both."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pandas as pd

from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError

_ATTRIBUTES: Final = re.compile(r"\bID=(MI(?:MAT)?\d{7})[^;\s]*;.*?\bName=([^;\s]+)")
_ACCESSIONS: Final = ("ID", "accession", "Accession", "mimat", "MIMAT", "Alias")
_NAMES: Final = ("Name", "name", "mirna", "miRNA")


def names_by_accession(path: Path) -> dict[str, str]:
    """Accession (``MIMAT...`` or ``MI...``) to name.

    Parameters
    ----------
    path
        ``.gff3`` of miRBase, or a delimited table with a column of accessions and one of names.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If no accession has a name, or one has two.
    """
    pairs = _from_gff(path) if ".gff" in path.name and not path.name.endswith(("csv", "tsv")) else _from_table(path)
    known = {(accession.partition("_")[0], name) for accession, name in pairs}
    names = dict(sorted(known))
    if not names:
        raise InputError(f"{path}: no accession (MIMAT0000062) with a name was found; give miRBase's GFF3.")
    if len(names) < len(known):
        accessions = [accession for accession, _ in sorted(known)]
        twice = next(accession for accession in accessions if accessions.count(accession) > 1)
        raise InputError(f"{path}: the accession {twice} has two names; give one release of miRBase.")
    return names


def _from_gff(path: Path) -> list[tuple[str, str]]:
    lines, _ = lines_of(path)
    return [(found[1], found[2]) for line in lines if (found := _ATTRIBUTES.search(line))]


def _from_table(path: Path) -> list[tuple[str, str]]:
    frame = read_text_table(path).frame
    accession = next((name for name in _ACCESSIONS if name in frame), None)
    name = next((name for name in _NAMES if name in frame), None)
    if accession is None or name is None:
        raise InputError(
            f"{path}: expected a column of accessions ({', '.join(_ACCESSIONS)}) and one of names "
            f"({', '.join(_NAMES)}); it has {', '.join(map(str, frame.columns[:8]))}."
        )
    held = frame[[accession, name]].dropna()
    held = held[held[accession].str.fullmatch(r"MI(?:MAT)?\d{7}(?:_\d+)?")]
    return [(str(row[0]), str(row[1])) for row in held.itertuples(index=False) if not pd.isna(row[0])]
