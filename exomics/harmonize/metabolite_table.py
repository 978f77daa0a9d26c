"""Metabolites by name, RefMet name, HMDB and KEGG id, by a pinned dictionary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from exomics import datasets
from exomics.errors import InputError

HMDB: Final = re.compile(r"^HMDB(\d{5}|\d{7})$", re.IGNORECASE)
KEGG: Final = re.compile(r"^C\d{5}$")
INCHI_KEY: Final = re.compile(r"^[A-Z]{14}-[A-Z]{10}-[A-Z]$")
SECONDARY_HMDB: Final[Mapping[str, str]] = {"HMDB0304356": "HMDB0000142"}
"""Accession of an empty duplicate -> the accession in use: formate and formic acid."""

_NEEDED = ("refmet_name", "metabolite_name", "hmdb_id")
_BY_HAND: Final = (("Formic acid", ("formate", "formic acid", "methanoic acid"), "HMDB0000142", "C00058"),)
"""RefMet name, names, HMDB and KEGG id of metabolites that the dictionary lacks."""

_MARKS = re.compile(r"[\s_()\[\]{}']|(?<!\d)[,-]|[,-](?!\d)")  # what stands between two digits is kept
_ACIDS = re.compile(r"(?:ic)acid$")


@dataclass(frozen=True)
class Metabolite:
    """One metabolite.

    Parameters
    ----------
    name
        RefMet name.
    hmdb
        HMDB accession of seven digits; "" where there is none.
    kegg
        KEGG compound; "" where there is none.
    inchi_key
        InChIKey; "" where there is none.
    """

    name: str
    hmdb: str = ""
    kegg: str = ""
    inchi_key: str = ""


@dataclass(frozen=True)
class MetaboliteTable:
    """Spellings and ids of metabolites.

    Parameters
    ----------
    names
        Spelling without marks (`spelled`) -> the RefMet names it stands for.
    ids
        HMDB, KEGG or InChIKey -> the RefMet names that have it: several where a dictionary does not tell isomers apart.
    metabolites
        RefMet name -> the metabolite.
    source
        Name of the table.

    Examples
    --------
    >>> frame = pd.DataFrame({"refmet_name": ["Lactic acid"], "metabolite_name": ["lactate"], "hmdb_id": ["HMDB00190"]})
    >>> table = MetaboliteTable.from_frame(frame, source="example")
    >>> table.names_of("Lactate"), table.names_of("HMDB0000190"), table.names_of("HMDB0304356")
    (('Lactic acid',), ('Lactic acid',), ('Formic acid',))
    """

    names: Mapping[str, tuple[str, ...]]
    ids: Mapping[str, tuple[str, ...]]
    metabolites: Mapping[str, Metabolite]
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, source: str) -> MetaboliteTable:
        """A table from MoTrPAC's dictionary, or another of its columns.

        Parameters
        ----------
        frame
            ``refmet_name``, ``metabolite_name``, ``hmdb_id`` and, where there are, ``kegg_id``, ``inchi_key``.
        source
            Name of the table.

        Returns
        -------
        MetaboliteTable
            A RefMet name always means itself, even where it is another's name in a laboratory.

        Raises
        ------
        InputError
            If a column is missing.
        """
        missing = [column for column in _NEEDED if column not in frame.columns]
        if missing:
            raise InputError(
                f"{source}: a table of metabolites needs {', '.join(_NEEDED)}; missing: {', '.join(missing)}."
            )
        names: dict[str, set[str]] = {}
        ids: dict[str, set[str]] = {}
        metabolites: dict[str, Metabolite] = {}
        for found, spellings in _rows(frame):
            known = metabolites.setdefault(found.name, found)
            metabolites[found.name] = Metabolite(
                found.name, known.hmdb or found.hmdb, known.kegg or found.kegg, known.inchi_key or found.inchi_key
            )
            for spelling in spellings:
                names.setdefault(spelled(spelling), set()).add(found.name)
            for identifier in (found.hmdb, found.kegg, found.inchi_key):
                if identifier:
                    ids.setdefault(identifier, set()).add(found.name)
        names.update({spelled(name): {name} for name in metabolites})
        return cls(_sorted(names), _sorted(ids), metabolites, source)

    def names_of(self, text: str) -> tuple[str, ...]:
        """RefMet names that a name or an id may stand for; empty where the table has none.

        Parameters
        ----------
        text
            A name in any spelling, HMDB accession of five or seven digits, KEGG compound, or InChIKey.

        Returns
        -------
        tuple of str
            Sorted.
        """
        identifier = hmdb_accession(text)
        if identifier or KEGG.match(text) or INCHI_KEY.match(text):
            return self.ids.get(identifier or text, ())
        return self.names.get(spelled(text), ())


def hmdb_accession(text: str) -> str:
    """The HMDB accession in use, of seven digits; "" for what is none.

    Parameters
    ----------
    text
        An accession of five or seven digits, in use or an empty duplicate.

    Returns
    -------
    str
        ``HMDB`` and seven digits, or "".

    Examples
    --------
    >>> hmdb_accession("HMDB00142"), hmdb_accession("hmdb0304356"), hmdb_accession("formate")
    ('HMDB0000142', 'HMDB0000142', '')
    """
    match = HMDB.match(text.strip())
    if match is None:
        return ""
    accession = f"HMDB{int(match[1]):07d}"
    return SECONDARY_HMDB.get(accession, accession)


def spelled(name: str) -> str:
    """A name without marks and case, acids as their anions: what two laboratories' spellings have in common.

    Parameters
    ----------
    name
        As a laboratory spells it.

    Returns
    -------
    str
        For comparison only.

    Examples
    --------
    >>> spelled("3-Hydroxybutyric acid") == spelled("3-hydroxybutyrate"), spelled("L-Lactic Acid")
    (True, 'llactate')
    """
    return _ACIDS.sub("ate", _MARKS.sub("", name.lower()))


def load_metabolites(
    dataset: str = "motrpac_codes", *, role: str = "metabolites", offline: bool | None = None
) -> MetaboliteTable:
    """The pinned dictionary of a dataset, fetched or read from the cache.

    Parameters
    ----------
    dataset
        Id of a dataset with such a table.
    role
        Which of its files.
    offline
        Do not use the network; None leaves it to ``EXOMICS_OFFLINE``.

    Returns
    -------
    MetaboliteTable
        Ready for `resolve_metabolites` and `harmonize_metabolites`.

    Raises
    ------
    FetchError
        If the table cannot be had.
    """
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    return MetaboliteTable.from_frame(datasets.load_table(dataset, role=role, **fetching), source=dataset)


def _rows(frame: pd.DataFrame) -> Iterable[tuple[Metabolite, tuple[str, ...]]]:
    """Each metabolite of the dictionary with its spellings, then those kept by hand that it lacks."""
    text = {
        column: frame[column].astype(object).where(frame[column].notna(), "").astype(str)
        if column in frame.columns
        else pd.Series("", index=frame.index)
        for column in (*_NEEDED, "kegg_id", "inchi_key")
    }
    for name, alias, hmdb, kegg, inchi_key in zip(*text.values(), strict=True):
        if name:
            yield Metabolite(name, hmdb_accession(hmdb), kegg, inchi_key), (name, alias) if alias else (name,)
    present = set(text["refmet_name"])
    for name, spellings, hmdb, kegg in _BY_HAND:
        if name not in present:
            yield Metabolite(name, hmdb, kegg), spellings


def _sorted(grouped: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(found)) for key, found in grouped.items()}
