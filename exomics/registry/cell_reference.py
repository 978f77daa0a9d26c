"""A user's reference of cell types, read from plain files: profiles, markers, numbers per cell type, lists of genes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics._files import sha256_of
from exomics.errors import InputError
from exomics.registry._gene_rows import GENE_COLUMNS, column_of, listed_genes, text_rows

__all__ = ["CellReference", "Profiles", "read_cell_reference"]

_TYPE_COLUMNS = ("cell_type", "gene_set", "Cell population", "Denomination")
_PROFILES, _MARKERS, _CONTENT = "profiles", "markers", "mrna_content"
_ENSEMBL_COLUMNS = ("ensembl_id", "ENSEMBL.ID", "ENSEMBL ID")
_ENSEMBL = re.compile(r"(ENS[A-Z]*G)\d{11}")
_SPECIES = {"ENSG": "human", "ENSMUSG": "mouse", "ENSRNOG": "rat"}


class Profiles(NamedTuple):
    """A table of numbers with named rows and columns: ``rows`` (n_rows,), ``columns`` (n_columns,), ``values`` of shape
    (n_rows, n_columns)."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]


@dataclass(frozen=True)
class CellReference:
    """What a deconvolution knows of its cell types.

    Parameters
    ----------
    parts
        Role -> `Profiles` (profiles, variability, spillover, calibration), cell type -> markers (markers), cell type ->
        number (mrna_content), or names (dropped, universe).
    inputs
        Name and sha256 of each file, for the provenance.
    by_identifier
        Cell type -> Ensembl ids of its markers, where the file of markers gives them beside the symbols.
    """

    parts: Mapping[str, Any]
    inputs: tuple[Mapping[str, str], ...] = ()
    by_identifier: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def species(self) -> str:
        """Whose genes these are, where Ensembl ids tell: human, mouse or rat; "" otherwise."""
        names = [name for part in (self.by_identifier, *self.parts.values()) for name in _features_of(part)]
        found = {_SPECIES.get(told[1], "") for name in names if (told := _ENSEMBL.match(name))}
        return found.pop() if len(found) == 1 else ""

    def in_names_of(self, measured: Iterable[str]) -> CellReference:
        """The reference with its markers by symbol or by Ensembl id, whichever names more of the measured features."""
        known, given = set(measured), (self.parts.get(_MARKERS), self.by_identifier)
        by_symbol, by_identifier = (len(known.intersection(_features_of(markers))) for markers in given)
        if by_identifier <= by_symbol:
            return self
        return replace(self, parts={**self.parts, _MARKERS: self.by_identifier})

    def only(self, cell_types: Iterable[str]) -> CellReference:
        """The reference of these cell types alone, in this order; a marker set ``TYPE%...`` belongs to TYPE.

        The mRNA content of what has no profile, such as uncharacterized cells, is kept.
        """
        chosen = tuple(dict.fromkeys(cell_types))
        known = dict.fromkeys(name for role in (_PROFILES, _MARKERS) for name in _types_of(self.parts.get(role)))
        unknown = [name for name in chosen if name not in known]
        if unknown or not chosen:
            absent, there = ", ".join(unknown) or "(none is named)", ", ".join(known) or "none"
            raise InputError(f"the reference has no cell type {absent}; it has {there}.")
        parts = {role: _only(part, chosen) for role, part in self.parts.items()}
        if _CONTENT in parts:
            told = self.parts[_CONTENT].items()
            parts[_CONTENT] |= {name: value for name, value in told if name not in known}
        return replace(self, parts=parts, by_identifier=_only(self.by_identifier, chosen))


def read_cell_reference(files: Mapping[str, Path | str]) -> CellReference:
    """Read the files of a reference; each may be gzip-compressed.

    Parameters
    ----------
    files
        Role -> path. ``profiles, variability, spillover, calibration``: TSV with a header and names in the first
        column; ``markers``: GMT, or TSV with a column of cell types and one of symbols, of Ensembl ids, or both (used
        are those that name more of the measured features); ``mrna_content``: TSV of cell type and number, in which a
        row ``default`` stands for what is not listed; ``dropped, universe``: one name per line, or a TSV with a column
        of genes.

    Returns
    -------
    CellReference
        Nothing of it is copied into any output but its hash.

    Raises
    ------
    InputError
        If a role is unknown, or a file is missing or is not what its role needs.

    Notes
    -----
    Several published references may not be redistributed: they are given by path and stay where they are.

    Examples
    --------
    >>> read_cell_reference({"profiles": "none.tsv"})
    Traceback (most recent call last):
    exomics.errors.InputError: none.tsv does not exist; give the file of the reference's profiles.
    """
    parts: dict[str, Any] = {}
    inputs: list[dict[str, str]] = []
    by_identifier: dict[str, tuple[str, ...]] = {}
    for role, given in files.items():
        if role not in _READERS:
            raise InputError(f"a reference has no part {role!r}; its parts: {', '.join(_READERS)}.")
        path = Path(given)
        if not path.is_file():
            raise InputError(f"{path} does not exist; give the file of the reference's {role}.")
        rows = text_rows(path)
        parts[role] = _READERS[role](rows, path)
        inputs.append({"name": path.name, "sha256": sha256_of(path)})
        by_identifier |= _sets(rows, _ENSEMBL_COLUMNS) if role == _MARKERS else {}
    return CellReference(parts, tuple(inputs), by_identifier)


def _types_of(part: Profiles | Mapping[str, Any] | None) -> Iterator[str]:
    names = part.columns if isinstance(part, Profiles) else part or ()
    yield from (name.partition("%")[0] for name in names)


def _features_of(part: Any) -> tuple[str, ...]:
    if isinstance(part, Profiles):
        return part.rows
    lists = part.values() if isinstance(part, dict) else [part]
    return tuple(name for listed in lists if isinstance(listed, tuple) for name in listed)


def _only(part: Any, chosen: tuple[str, ...]) -> Any:
    if isinstance(part, dict):
        return {name: value for kept in chosen for name, value in part.items() if name.partition("%")[0] == kept}
    if not isinstance(part, Profiles):
        return part
    rows = [part.rows.index(name) for name in chosen if name in part.rows] or list(range(len(part.rows)))
    columns = [part.columns.index(name) for name in chosen if name in part.columns] or list(range(len(part.columns)))
    named = tuple(part.rows[row] for row in rows), tuple(part.columns[column] for column in columns)
    return Profiles(*named, part.values[np.ix_(rows, columns)])


def _profiles(rows: list[list[str]], path: Path) -> Profiles:
    header, body = rows[0], rows[1:]
    columns = header[1:] if body and len(header) == len(body[0]) else header
    if not body or not columns or any(len(row) != len(columns) + 1 for row in body):
        raise InputError(
            f"{path}: expected a header and rows of a name and {len(columns) or 1} numbers, tab-separated."
        )
    names = tuple(row[0] for row in body)
    if len(set(names)) != len(names) or len(set(columns)) != len(columns):
        raise InputError(f"{path} names a row or a column twice; name each once.")
    return Profiles(names, tuple(columns), np.array([[_number(field, path) for field in row[1:]] for row in body]))


def _markers(rows: list[list[str]], path: Path) -> dict[str, tuple[str, ...]]:
    listed = _sets(rows, GENE_COLUMNS) or _sets(rows, _ENSEMBL_COLUMNS)
    found = listed or _grouped((row[0], member) for row in rows for member in row[2:])
    if not found:
        raise InputError(f"{path}: expected a GMT file, or a TSV with the columns cell_type and feature_id.")
    return found


def _sets(rows: list[list[str]], columns: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Cell type -> the genes of that of these columns which the table has; empty if it has none."""
    gene, cell_type = (column_of(rows[0], known) for known in (columns, _TYPE_COLUMNS))
    if gene is None or cell_type is None:
        return {}
    return _grouped((row[cell_type], row[gene]) for row in rows[1:] if len(row) > max(gene, cell_type))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, member in pairs:
        if name and member:
            found.setdefault(name, {})[member] = None
    return {name: tuple(members) for name, members in found.items()}


def _numbers(rows: list[list[str]], path: Path) -> dict[str, float]:
    pairs = [row for row in rows if row[0]]
    if any(len(row) != 2 for row in pairs):
        raise InputError(f"{path}: expected two columns, a cell type and its number.")
    headed = pairs[1:] if not _is_number(pairs[0][1]) else pairs
    return {name: _number(value, path) for name, value in headed}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str, path: Path) -> float:
    if not _is_number(text) or not np.isfinite(float(text)):
        raise InputError(f"{path} holds {text!r} where a number is needed.")
    return float(text)


_READERS: dict[str, Callable[[list[list[str]], Path], Any]] = {
    "profiles": _profiles,
    "markers": _markers,
    "mrna_content": _numbers,
    "dropped": lambda rows, _: listed_genes(rows),
    "universe": lambda rows, _: listed_genes(rows),
    "variability": _profiles,
    "spillover": _profiles,
    "calibration": _profiles,
}
