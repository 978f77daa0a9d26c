"""miRBase by version: which accession a name stood for, and how it is called now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from exomics import datasets
from exomics.errors import InputError

CODES = {"human": "hsa", "rat": "rno", "mouse": "mmu"}
_COLUMNS = ("version", "accession", "name", "precursor_accession", "precursor_name", "species")


@dataclass(frozen=True)
class MirnaTable:
    """Mature miRNAs and precursors of one species in every version of miRBase.

    Parameters
    ----------
    names
        Columns ``version``, ``accession`` (MIMAT), ``name``; one row per name and version.
    precursors
        Name or accession (MI) of a precursor, in any version -> its current name, else its last.
    species
        ``human``, ``rat`` or ``mouse``.
    source
        Name of the table.

    Examples
    --------
    >>> frame = pd.DataFrame({"version": ["9.1", "22"], "accession": ["MIMAT0000086"] * 2,
    ...                       "name": ["hsa-miR-29a", "hsa-miR-29a-3p"], "precursor_accession": ["MI0000087"] * 2,
    ...                       "precursor_name": ["hsa-mir-29a"] * 2, "species": ["hsa"] * 2})
    >>> table = MirnaTable.from_frame(frame, species="human", source="example")
    >>> table.accessions_of("hsa-miR-29a"), table.current["MIMAT0000086"]
    (('MIMAT0000086',), 'hsa-miR-29a-3p')
    """

    names: pd.DataFrame
    precursors: Mapping[str, str]
    species: str
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, species: str, source: str) -> MirnaTable:
        """The miRNAs of one species from a table of all, as the dataset ``ref_mirbase`` has it.

        Parameters
        ----------
        frame
            Columns ``version, accession, name, precursor_accession, precursor_name, species`` (three letters).
        species
            ``human``, ``rat`` or ``mouse``.
        source
            Name of the table.

        Returns
        -------
        MirnaTable
            In the order of the versions.

        Raises
        ------
        InputError
            If a column is missing or the table does not hold the species.
        """
        missing = [column for column in _COLUMNS if column not in frame.columns]
        if missing:
            raise InputError(f"{source}: a table of miRNAs needs {', '.join(_COLUMNS)}; missing: {', '.join(missing)}.")
        if species not in CODES:
            raise InputError(f"species must be one of {', '.join(CODES)}; got {species!r}.")
        own = frame.loc[frame["species"] == CODES[species], list(_COLUMNS)].astype(str)
        if own.empty:
            raise InputError(f"{source} holds no miRNA of {species}.")
        own = own.sort_values("version", key=lambda column: column.map(_order), kind="stable")
        names = own[["version", "accession", "name"]].drop_duplicates(ignore_index=True)
        codes, hairpins = own["precursor_accession"], own["precursor_name"]
        current = dict(zip(codes, hairpins, strict=True))
        precursors = {name: current[code] for code, name in zip(codes, hairpins, strict=True)}
        return cls(names, {**precursors, **current}, species, source)

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """The versions, oldest first."""
        return tuple(dict.fromkeys(self.names["version"]))

    @cached_property
    def current(self) -> dict[str, str]:
        """Accession -> name in the newest version; withdrawn ones are not in it."""
        return self.in_version(self.versions[-1])

    @cached_property
    def last(self) -> dict[str, str]:
        """Accession -> its last name, withdrawn ones included."""
        return dict(zip(self.names["accession"], self.names["name"], strict=True))

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        grouped: dict[str, dict[str, None]] = {}
        for name, accession in zip(self.names["name"], self.names["accession"], strict=True):
            grouped.setdefault(name, {})[accession] = None
        return {name: tuple(found) for name, found in grouped.items()}

    @cached_property
    def spellings(self) -> dict[str, tuple[str, ...]]:
        """Lower-case name -> the names so spelled."""
        grouped: dict[str, tuple[str, ...]] = {}
        for name in self._by_name:
            grouped[name.lower()] = (*grouped.get(name.lower(), ()), name)
        return grouped

    def accessions_of(self, name: str, version: str | None = None) -> tuple[str, ...]:
        """Accessions that `name` has stood for; in one version if `version` is given. A current name means itself.

        Parameters
        ----------
        name
            As miRBase spells it.
        version
            One of `versions`.

        Returns
        -------
        tuple of str
            Empty for a name that miRBase never had.
        """
        if version is not None:
            return tuple(code for code, found in self.in_version(version).items() if found == name)
        found = self._by_name.get(name, ())
        return tuple(code for code in found if self.current.get(code) == name) or found

    def in_version(self, version: str) -> dict[str, str]:
        """Accession -> name in one version.

        Parameters
        ----------
        version
            One of `versions`.

        Returns
        -------
        dict
            In the order of the table.

        Raises
        ------
        InputError
            If the table has no such version.
        """
        if version not in self.versions:
            raise InputError(f"{self.source} has the versions {', '.join(self.versions)}; got {version!r}.")
        rows = self.names[self.names["version"] == version]
        return dict(zip(rows["accession"], rows["name"], strict=True))

    def best_version(self, names: Iterable[str]) -> tuple[str, int]:
        """The version that holds most of `names`, the newest of equals, and how many it holds.

        Parameters
        ----------
        names
            As a source spells them.

        Returns
        -------
        version : str
        n_held : int
        """
        wanted = set(names)
        held = self.names[self.names["name"].isin(wanted)].groupby("version")["name"].nunique()
        counts = [(int(held.get(version, 0)), position) for position, version in enumerate(self.versions)]
        n_held, position = max(counts)
        return self.versions[position], n_held


def load_mirnas(species: str, *, dataset: str = "ref_mirbase", offline: bool | None = None) -> MirnaTable:
    """The pinned table of miRBase 6 to 22, fetched or read from the cache.

    Parameters
    ----------
    species
        ``human``, ``rat`` or ``mouse``.
    dataset
        Id of a table with the columns of `MirnaTable.from_frame`.
    offline
        Do not use the network; None leaves it to ``EXOMICS_OFFLINE``.

    Returns
    -------
    MirnaTable
        Ready for `resolve_mirnas` and `audit_mirnas`.

    Raises
    ------
    FetchError
        If the table cannot be had.
    """
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    return MirnaTable.from_frame(datasets.load_table(dataset, **fetching), species=species, source=dataset)


def _order(version: str) -> float:
    return float(version)
