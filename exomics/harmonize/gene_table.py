"""Which gene an identifier of Ensembl, NCBI, RefSeq or UniProt belongs to, by a pinned table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from exomics import datasets
from exomics.errors import InputError
from exomics.harmonize.orthologs import TAXA
from exomics.registry.manifest import load_manifest

NAMESPACES: Final[Mapping[str, re.Pattern[str]]] = {
    "ensembl": re.compile(r"^ENS[A-Z]{0,4}[GTP]\d{11}(?:\.\d+)?(?:_PAR_Y)?$"),
    "refseq": re.compile(r"^[NXY][PMR]_\d{5,}(?:\.\d+)?$"),
    "uniprot": re.compile(r"^(?:[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2})(?:-\d+)?$"),
    "entrez": re.compile(r"^\d{1,9}$"),
}
"""Namespace -> how its identifiers are spelled."""

_VERSION = re.compile(r"(?<=\d)\.\d+(?=$|_PAR_Y$)|-\d+$")
_SEPARATOR = re.compile(r"[,;|\s]+")


@dataclass(frozen=True)
class _Layout:
    """Columns by which a kind of table is known: the symbol, and the namespaces with their columns."""

    symbol: str
    ids: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> set[str]:
        return {self.symbol, *(column for columns in self.ids.values() for column in columns)}


_HGNC = _Layout(
    "symbol",
    {
        "entrez": ("entrez_id",),
        "ensembl": ("ensembl_gene_id",),
        "uniprot": ("uniprot_ids",),
        "refseq": ("refseq_accession",),
    },
)
_MANE = _Layout(
    "symbol",
    {
        "entrez": ("#NCBI_GeneID",),
        "ensembl": ("Ensembl_Gene", "Ensembl_nuc", "Ensembl_prot"),
        "refseq": ("RefSeq_nuc", "RefSeq_prot"),
    },
)
_HUMAN = _Layout("human_symbol", {"entrez": ("human_entrez",), "ensembl": ("human_ensembl",)})
_OTHER = _Layout("symbol", {"entrez": ("entrez",), "ensembl": ("ensembl",)})
_PROTEINS = _Layout(
    "gene_symbol",
    {"refseq": ("protein_id", "redundant_ids"), "uniprot": ("uniprot_gn_id",), "entrez": ("entrez_id",)},
)
_TRANSCRIPTS = _Layout("gene_symbol", {"ensembl": ("ensembl_gene_id",)})


@dataclass(frozen=True)
class GeneTable:
    """Identifiers and the symbols of their genes in one species.

    Parameters
    ----------
    symbols
        Namespace (``ensembl``, ``entrez``, ``refseq``, ``uniprot``) -> identifier as the source spells it -> symbols,
        sorted.
    species
        ``human``, ``rat`` or ``mouse``.
    source
        Name of the table.

    Examples
    --------
    >>> frame = pd.DataFrame({"gene_symbol": ["Cs"], "protein_id": ["NP_570111.1"], "redundant_ids": [None],
    ...                       "uniprot_gn_id": ["Q8VHF5, G3V936"], "entrez_id": [170587]})
    >>> table = GeneTable.from_frame(frame, species="rat", source="example")
    >>> table.of("uniprot", "G3V936"), table.of("refseq", "NP_570111.1"), table.of("entrez", "170587")
    (('Cs',), ('Cs',), ('Cs',))
    """

    symbols: Mapping[str, Mapping[str, tuple[str, ...]]]
    species: str
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, species: str, source: str) -> GeneTable:
        """A gene table from a frame of a known kind.

        Parameters
        ----------
        frame
            HGNC's complete set; the summary of MANE; a babelgene-type ortholog table (genes with an ortholog only);
            or the features of a MoTrPAC protein or RNA object. Several identifiers in one field are parted by
            ``, ; |``.
        species
            ``human``, ``rat`` or ``mouse``.
        source
            Name of the table.

        Returns
        -------
        GeneTable
            With the namespaces that the frame has.

        Raises
        ------
        InputError
            If the frame is of no known kind, or holds no gene of the species.
        """
        rows, layout = _laid_out(frame, species, source)
        found = {name: _collected(rows, layout.symbol, columns) for name, columns in layout.ids.items()}
        if not any(found.values()):
            raise InputError(f"{source} holds no gene of {species}.")
        return cls(found, species, source)

    def of(self, namespace: str, identifier: str) -> tuple[str, ...]:
        """Symbols of an identifier as the source spells it; empty where it is not in the table.

        Parameters
        ----------
        namespace
            A key of `NAMESPACES`.
        identifier
            With its version, if the source has versions.

        Returns
        -------
        tuple of str
            Several where the table gives several.
        """
        return self.symbols.get(namespace, {}).get(identifier, ())

    def of_any_version(self, namespace: str, identifier: str) -> tuple[str, ...]:
        """Symbols of an identifier whatever its version or isoform; empty where it is not in the table.

        Parameters
        ----------
        namespace
            A key of `NAMESPACES`.
        identifier
            With or without its version.

        Returns
        -------
        tuple of str
            Several where versions differ.
        """
        return self._unversioned.get(namespace, {}).get(_VERSION.sub("", identifier), ())

    @cached_property
    def known(self) -> frozenset[str]:
        """Every symbol of the table."""
        return frozenset(symbol for ids in self.symbols.values() for found in ids.values() for symbol in found)

    @cached_property
    def _unversioned(self) -> dict[str, dict[str, tuple[str, ...]]]:
        plain: dict[str, dict[str, tuple[str, ...]]] = {}
        for namespace, ids in self.symbols.items():
            of_namespace = plain.setdefault(namespace, {})
            for identifier, symbols in ids.items():
                key = _VERSION.sub("", identifier)
                of_namespace[key] = tuple(sorted({*of_namespace.get(key, ()), *symbols}))
        return plain


def load_genes(species: str, *, dataset: str = "ref_orthologs_babelgene", offline: bool | None = None) -> GeneTable:
    """The gene table of a dataset, fetched or read from the cache.

    Parameters
    ----------
    species
        ``human``, ``rat`` or ``mouse``.
    dataset
        ``ref_orthologs_babelgene`` (Ensembl and NCBI ids of genes with an ortholog; all three species),
        ``ref_hgnc_complete`` (human; UniProt and RefSeq transcripts too), ``ref_mane`` (human; RefSeq and Ensembl
        proteins and transcripts, one per gene), or a dataset whose features name genes, such as
        ``motrpac_gn_protein`` (rat; RefSeq and UniProt of the proteins measured). Or a file of one of these kinds.
    offline
        Do not use the network; None leaves it to ``EXOMICS_OFFLINE``.

    Returns
    -------
    GeneTable
        Ready for `resolve_genes` and `name_features`.

    Raises
    ------
    FetchError
        If the table cannot be had.
    InputError
        If it holds no gene of the species, or there is no such file.
    """
    if (path := Path(dataset)).suffix:
        frame = datasets.load_table_files("delimited_table", {"data": path})
        return GeneTable.from_frame(frame, species=species, source=path.name)
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    is_table = load_manifest(dataset).loader in datasets.Tables.names
    frame = datasets.load_table(dataset, **fetching) if is_table else datasets.load(dataset, **fetching).var
    return GeneTable.from_frame(frame, species=species, source=dataset)


def _laid_out(frame: pd.DataFrame, species: str, source: str) -> tuple[pd.DataFrame, _Layout]:
    """The rows of the species, and where symbols and identifiers stand in them."""
    if species != "human" and species not in TAXA:
        raise InputError(f"species must be one of human, {', '.join(TAXA)}; got {species!r}.")
    columns = set(frame.columns)
    if _HUMAN.columns | _OTHER.columns | {"taxon_id"} <= columns:
        return (frame, _HUMAN) if species == "human" else (frame[frame["taxon_id"] == TAXA[species]], _OTHER)
    for layout in (*((_HGNC, _MANE) if species == "human" else ()), _PROTEINS, _TRANSCRIPTS):
        if layout.columns <= columns:
            return frame, layout
    expected = "HGNC's complete set, MANE's summary, a babelgene-type table, or MoTrPAC features"
    raise InputError(
        f"{source} is no table of {species} genes: expected {expected}; got {', '.join(sorted(columns)[:8])}."
    )


def _collected(rows: pd.DataFrame, symbol: str, columns: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for column in columns:
        pairs = rows[[column, symbol]].dropna().drop_duplicates()
        for field, name in zip(pairs[column].map(_text), pairs[symbol].astype(str), strict=True):
            for identifier in _SEPARATOR.split(field):
                if identifier and name:
                    found.setdefault(identifier, set()).add(name)
    return {identifier: tuple(sorted(names)) for identifier, names in found.items()}


def _text(value: Any) -> str:
    """Text of an identifier; one that a reader took for a float, without its point; NCBI's without its prefix."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip().removeprefix("GeneID:")
