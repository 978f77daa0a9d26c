"""What GEO says of samples, series and platforms: attributes line by line, characteristics as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from exomics.datasets.loaders._assemble import names_or_empty
from exomics.datasets.loaders._text_file import TextFile
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.schema import keys

ORGANISMS: Final = {"Homo sapiens": "human", "Mus musculus": "mouse", "Rattus norvegicus": "rat"}
_KEPT: Final = (
    "title", "geo_accession", "source_name_ch1", "source_name_ch2", "organism_ch1", "platform_id", "description",
    "molecule_ch1", "library_strategy", "type",
)  # fmt: skip
_CHARACTERISTICS: Final = "characteristics_ch"


@dataclass
class Entity:
    """One ``^TYPE = name`` of a SOFT file: its attributes (each may be repeated), its table, line by line."""

    kind: str
    name: str
    attributes: dict[str, list[str]] = field(default_factory=dict)
    table: list[str] = field(default_factory=list)

    def first(self, name: str) -> str:
        """The first value of an attribute, "" when there is none."""
        return self.attributes.get(name, [""])[0]


def entities_of(path: Path) -> list[Entity]:
    """The entities of a SOFT file in order; an `InputError` when there are none, or a table has no end."""
    file = TextFile(path)
    lines = file.decoded([b"".join(file.blocks())])[0].split("\n")
    found: list[Entity] = []
    is_table = False
    for number, line in enumerate(lines, start=1):
        line = line.rstrip("\r")
        if is_table and not line.lower().endswith("_table_end"):
            found[-1].table.append(line)
        elif line.startswith("^"):
            kind, _, name = line[1:].partition("=")
            found.append(Entity(kind.strip().lower(), name.strip()))
        elif line.startswith("!") and not found:
            raise InputError(f"{path}: line {number}: expected a line that starts with ^ first; this is no SOFT file.")
        elif line.startswith("!"):
            is_table = line.lower().endswith("_table_begin")
            if not is_table and "=" in line:
                name, _, value = line[1:].partition("=")
                short = name.strip().lower().removeprefix(f"{found[-1].kind}_")
                found[-1].attributes.setdefault(short, []).append(value.strip())
    if not found:
        raise InputError(f"{path} holds no entity; expected a SOFT file (lines that start with ^, ! and #).")
    if is_table:
        raise InputError(f"{path}: the table of {found[-1].name} has no end; the file is cut off, fetch it again.")
    return found


def sample_frame(attributes: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One row per sample from what GEO says of it.

    Parameters
    ----------
    attributes
        Sample -> attribute (without ``Sample_``) -> its values.

    Returns
    -------
    tuple
        The frame: the attributes of general use; one column per characteristic ``key: value``, named by its key in
        lower case with ``_`` for spaces (``characteristics`` for text without a key; several values of a key joined by
        ``; ``); and ``species`` where the organism is one of the vocabulary. And the report: attributes left out.
    """
    rows = {sample: dict(_cells(said)) for sample, said in attributes.items()}
    frame = pd.DataFrame.from_dict(rows, orient="index", dtype=object)
    named = {name for said in attributes.values() for name in said}
    left_out = sorted(name for name in named if name not in _KEPT and not name.startswith(_CHARACTERISTICS))
    if "organism_ch1" in frame:
        frame[keys.SPECIES] = frame["organism_ch1"].map(ORGANISMS)
    return frame, {"attributes_left_out": left_out}


def _cells(said: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name in _KEPT:
        if any(said.get(name, ())):
            yield name, "; ".join(filter(None, said[name]))
    held: dict[str, list[str]] = {}
    for name, values in said.items():
        channel = name.removeprefix(_CHARACTERISTICS) if name.startswith(_CHARACTERISTICS) else ""
        for value in filter(None, values) if channel else ():
            key, separator, word = value.partition(":")
            key = "_".join(key.strip().lower().split()) if separator else "characteristics"
            key += "" if channel == "1" else f"_ch{channel}"
            key = f"{key}_in_source" if key in _KEPT else key
            held.setdefault(key, []).append(word.strip() if separator else value.strip())
    yield from ((key, "; ".join(words)) for key, words in held.items())


def platform_names(path: Path, ids: Sequence[str], column: str | None) -> tuple[list[str], str]:
    """Names of the features `ids` from a platform's table (SOFT, or the plain annotation table), and its column.

    Raises
    ------
    InputError
        If there is no table, or the column is not named and none of the usual ones is there.
    """
    table = read_text_table(path, quoted=False, comment="#", delimiter="\t") if not _is_soft(path) else None
    frame = _platform_table(path) if table is None else table.frame
    usual = ("Gene Symbol", "Symbol", "GENE_SYMBOL", "Gene_Symbol", "gene_assignment", "Gene_Sym", "miRNA_ID")
    chosen = column or next((name for name in usual if name in frame), None)
    if chosen is None or chosen not in frame:
        raise InputError(f"{path}: expected a column of gene names; name one of {', '.join(frame.columns)}.")
    named = frame.drop_duplicates(frame.columns[0]).set_index(frame.columns[0])[chosen]
    return names_or_empty(named.reindex(list(ids))), chosen


def _is_soft(path: Path) -> bool:
    return next(TextFile(path).blocks()).lstrip().startswith(b"^")


def _platform_table(path: Path) -> pd.DataFrame:
    platform = next((found for found in entities_of(path) if found.kind == "platform" and found.table), None)
    if platform is None:
        raise InputError(f"{path} holds no platform with a table; give the platform's SOFT file or its annotation.")
    return table_frame(platform, path)


def table_frame(entity: Entity, path: Path) -> pd.DataFrame:
    """The table of an entity as text; an `InputError` names a row that has another number of fields than the header."""
    rows = [line.split("\t") for line in entity.table if line.strip()]
    width = len(rows[0]) if rows else 0
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise InputError(f"{path}: row {number} of the table of {entity.name} has {len(row)} of {width} fields.")
    missing = {"": None, "null": None, "NULL": None}
    return pd.DataFrame(
        [[missing.get(word, word) for word in row] for row in rows[1:]], columns=rows[0] if rows else [], dtype=object
    )
