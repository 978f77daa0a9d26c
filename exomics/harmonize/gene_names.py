"""Features named by Ensembl, NCBI, RefSeq or UniProt identifiers, named by the symbols of their genes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize._read import feature_names, require_species, species_of_samples, text_column
from exomics.harmonize.gene_table import NAMESPACES, GeneTable, load_genes
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step

_FASTA = re.compile(r"^(?:sp|tr)\|([^|]+)\|\S+$")
_WITH_SYMBOL = re.compile(r"^(?:(ENS[A-Z]{0,4}G\d{11}(?:\.\d+)?)[_|]\S+|[^|\s]+\|(\d{1,9}))$")
_GROUP = re.compile(r"[;,]\s*")
_DROPPED_SUFFIX = re.compile(r"\.0$")


def namespace_of(identifier: str) -> str:
    """The namespace an identifier is spelled in; ``symbol`` for what is in none.

    Parameters
    ----------
    identifier
        Of a gene, transcript or protein.

    Returns
    -------
    str
        ``ensembl``, ``refseq``, ``uniprot``, ``entrez`` or ``symbol``.

    Examples
    --------
    >>> [namespace_of(text) for text in ("ENSG00000062485.19", "NP_004068.2", "O75390-1", "1431", "CS")]
    ['ensembl', 'refseq', 'uniprot', 'entrez', 'symbol']
    """
    return next((name for name, pattern in NAMESPACES.items() if pattern.match(identifier)), "symbol")


def resolve_genes(identifiers: Iterable[str], table: GeneTable) -> pd.DataFrame:
    """The gene symbol of each identifier, with what was done.

    Parameters
    ----------
    identifiers
        Of any namespace; missing ones as "". Protein groups are parted by ``;`` or ``,``; ``sp|P12345|NAME`` of a
        FASTA file, ``ENSG..._SYMBOL`` and ``SYMBOL|ENTREZ`` are read.
    table
        The genes.

    Returns
    -------
    pandas.DataFrame
        One row per identifier, in order: ``identifier``, ``namespace`` (of the first of a group), ``symbol`` ("" where
        there is none) and ``status``: ``mapped``, ``other_version`` (found without its version or isoform),
        ``several`` (the identifier, or the group, is of several genes), ``unknown``, ``symbol`` (no identifier),
        ``missing``.

    Examples
    --------
    >>> table = GeneTable({"uniprot": {"P1A2B3": ("CS",), "Q1A2B4": ("CS",), "Q1A2B5": ("HK2",)}}, "human", "example")
    >>> resolve_genes(["P1A2B3;Q1A2B4", "P1A2B3-2", "P1A2B3;Q1A2B5", "CS"], table)["status"].tolist()
    ['mapped', 'other_version', 'several', 'symbol']
    """
    given = [str(identifier).strip() for identifier in identifiers]
    resolved = pd.DataFrame([_resolve(text, table) for text in given], columns=["namespace", "symbol", "status"])
    resolved.insert(0, "identifier", given)
    return resolved


def name_features(
    adata: AnnData, table: GeneTable, *, column: str | None = None, rename: bool = False
) -> tuple[AnnData, LossReport]:
    """A copy of `adata` whose ``feature_name`` is the gene symbol of its identifiers, where exactly one is known.

    Parameters
    ----------
    adata
        Samples x features of the species of `table`.
    table
        The genes.
    column
        Column of var with the identifiers (``uniprot`` of Olink, ``Majority protein IDs`` of MaxQuant); default the
        feature ids.
    rename
        The table's symbol replaces a name that is there already: for sources whose names are no symbols (Olink's
        ``MCP-1``).

    Returns
    -------
    AnnData
        No feature is dropped, and no id changed. Without `rename`, a name that is there already, and is no identifier
        itself, is kept; with it, the source's is kept in ``var["source_symbol"]``.
    LossReport
        Identifiers that are unknown, of several genes or found in another version, and names that differ from the
        table's; how many features are spelled like no identifier.

    Raises
    ------
    InputError
        If the samples are of another species, the column is absent, or no identifier is in the table.
    """
    require_species(adata, table.species, f"the gene table {table.source}")
    identifiers = adata.var_names if column is None else text_column(adata, column)
    resolved = resolve_genes([_DROPPED_SUFFIX.sub("", str(text)) for text in identifiers], table)
    mapped = resolved["symbol"] != ""
    if not mapped.any():
        first = next(iter(resolved["identifier"]), "")
        are_symbols = (resolved["status"] == "symbol").all()
        raise InputError(
            f"none of {len(resolved)} identifiers (such as {first!r}) is in {table.source}; "
            f"it holds {', '.join(name for name, ids in table.symbols.items() if ids)} of {table.species}."
            + (" They look like symbols, which --identifiers approve brings up to date." if are_symbols else "")
        )
    names = feature_names(adata)
    kept = [_kept_name(name, str(text)) for name, text in zip(names, identifiers, strict=True)]
    report = _report(resolved, table, kept, renamed=rename)
    chosen = {"column": column or keys.FEATURE_ID, "rename": rename}
    parameters = {"table": table.source, "species": table.species, **chosen}
    named = record_step(adata, "name_features", parameters, losses=report.to_records(), n_mapped=int(mapped.sum()))
    if rename:
        named.var[keys.SOURCE_SYMBOL] = names.to_numpy()
    found = zip([""] * len(kept) if rename else kept, resolved["symbol"], names, strict=True)
    named.var[keys.FEATURE_NAME] = [name or symbol or old for name, symbol, old in found]
    return named, report


GENES = Harmonizer(
    name="genes",
    kind="harmonizer",
    title="symbols for Ensembl, NCBI, RefSeq and UniProt ids",
    function=name_features,
    reference="10.1093/bib/bbab155",
    license="MIT (babelgene), with the genes of HCOP",
    feature_types=("gene", "protein"),
    comparable="cohorts",
    table="ref_orthologs_babelgene",
    load=lambda adata, dataset: load_genes(species_of_samples(adata), dataset=dataset),
    options=("column", "rename"),
)


def _kept_name(name: str, identifier: str) -> str:
    """`name`, unless it is an identifier itself and so no name."""
    return "" if name == identifier or namespace_of(name) in ("ensembl", "refseq") else name


def _resolve(text: str, table: GeneTable) -> tuple[str, str, str]:
    if not text or text.lower() == "nan":
        return "", "", "missing"
    members = [_bare(member) for member in _GROUP.split(text) if member]
    found = [_of_one(member, table) for member in members]
    namespace = found[0][0] if found else "symbol"
    symbols = {symbol for _, named, _ in found for symbol in named}
    if len(symbols) > 1:
        return namespace, "", "several"
    if not symbols:
        return namespace, "", "symbol" if namespace == "symbol" else "unknown"
    statuses = {status for _, named, status in found if named}
    return namespace, symbols.pop(), "mapped" if "mapped" in statuses else "other_version"


def _bare(member: str) -> str:
    """The identifier of a FASTA name, or of an identifier and a symbol in one; anything else as it is."""
    if fasta := _FASTA.match(member):
        return fasta[1]
    joined = _WITH_SYMBOL.match(member)
    return (joined[1] or joined[2]) if joined else member


def _of_one(identifier: str, table: GeneTable) -> tuple[str, tuple[str, ...], str]:
    namespace = namespace_of(identifier)
    if namespace == "symbol" or identifier in table.known:  # H2AC18 is a symbol, though spelled like an accession
        return "symbol", (), "symbol"
    exact = table.of(namespace, identifier)
    return namespace, exact or table.of_any_version(namespace, identifier), "mapped" if exact else "other_version"


def _report(resolved: pd.DataFrame, table: GeneTable, names: list[str], *, renamed: bool) -> LossReport:
    def of(status: str) -> pd.Series:
        return resolved.loc[resolved["status"] == status, "identifier"]

    pairs = zip(names, resolved["symbol"], strict=True)
    other = [(name, symbol) for name, symbol in pairs if name and symbol and name != symbol]
    n_mapped = int((resolved["symbol"] != "").sum())
    unlike = of("symbol").tolist()
    notes = [f"{n_mapped} of {len(resolved)} features have a gene in {table.source}."]
    if unlike:
        notes.append(f"{len(unlike)} features, such as {unlike[0]}, are spelled like no identifier; their names stay.")
    return LossReport.of(
        [
            ("unknown identifier", of("unknown"), f"not in {table.source}"),
            ("identifier of several genes", of("several"), "none can be chosen"),
            ("other version", of("other_version"), f"found in {table.source} without its version or isoform"),
            _otherwise(other, table, renamed=renamed),
        ],
        notes,
    )


def _otherwise(pairs: list[tuple[str, str]], table: GeneTable, *, renamed: bool) -> tuple[str, list[str], str]:
    if renamed:
        return "renamed", [f"{name} -> {symbol}" for name, symbol in pairs], f"the symbol of {table.source} is taken"
    shown = [f"{name} ({symbol})" for name, symbol in pairs]
    return "named otherwise", shown, f"the source's name is kept; {table.source} has the one in brackets"
