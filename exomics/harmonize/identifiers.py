"""Gene symbols: aliases and previous symbols, symbols a spreadsheet has turned into dates, Ensembl versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from anndata import AnnData

from exomics import datasets
from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize._read import feature_names, species_present
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step

_VERSION = re.compile(r"^(ENS[A-Z]*[GTP]\d{11})\.\d+(_PAR_Y)?$")
_DATE_FIRST = re.compile(r"^(\d{1,2})-(Mar|Sep|Sept|Dec|Oct|Nov|Feb|Apr)$", re.IGNORECASE)
_DATE_LAST = re.compile(r"^(Mar|Sep|Sept|Dec|Oct|Nov|Feb|Apr)-(\d{1,2})$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"^\d+(\.\d+)?E\+?\d+$", re.IGNORECASE)
_DATE_GENES = {"mar": "MARCHF", "sep": "SEPTIN", "sept": "SEPTIN", "dec": "DELEC"}


@dataclass(frozen=True)
class AliasTable:
    """Every known spelling of a human gene and its approved symbol.

    Parameters
    ----------
    symbols
        Spelling -> approved symbol, for spellings that lead to exactly one.
    ambiguous
        Spelling -> the approved symbols it could mean.
    source
        Name of the table.

    Examples
    --------
    >>> table = AliasTable.from_frame(
    ...     pd.DataFrame({"Symbol": ["CS", "MARCH1"], "Approved.Symbol": ["CS", "MARCHF1"]}), source="example")
    >>> table.approved("MARCH1"), table.approved("unheard of")
    ('MARCHF1', 'unheard of')
    """

    symbols: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, source: str) -> AliasTable:
        """From a table with the columns ``Symbol`` and ``Approved.Symbol`` (one row per spelling).

        An approved symbol always means itself, even where it is also an old name of another gene.
        """
        needed = ("Symbol", "Approved.Symbol")
        missing = [column for column in needed if column not in frame.columns]
        if missing:
            raise InputError(f"a table of symbols needs {' and '.join(needed)}; missing: {', '.join(missing)}.")
        pairs = frame[list(needed)].dropna().astype(str)
        pairs = pairs[(pairs["Symbol"] != "") & (pairs["Approved.Symbol"] != "")]
        approved = set(pairs["Approved.Symbol"])
        meanings: dict[str, set[str]] = {}
        for spelling, symbol in zip(pairs["Symbol"], pairs["Approved.Symbol"], strict=True):
            meanings.setdefault(spelling, set()).add(symbol)
        meanings.update({symbol: {symbol} for symbol in approved})
        return cls(
            symbols={spelling: next(iter(found)) for spelling, found in meanings.items() if len(found) == 1},
            ambiguous={spelling: tuple(sorted(found)) for spelling, found in meanings.items() if len(found) > 1},
            source=source,
        )

    def approved(self, symbol: str) -> str:
        """The approved symbol, or `symbol` itself where none, or more than one, is known."""
        return self.symbols.get(symbol, symbol)

    def is_known(self, symbol: str) -> bool:
        """Whether `symbol` is approved or leads to exactly one approved symbol."""
        return symbol in self.symbols


def load_aliases(*, dataset: str = "ref_hgnc", offline: bool | None = None) -> AliasTable:
    """The pinned HGNC table, fetched or read from the cache.

    Parameters
    ----------
    dataset
        Id of a dataset of approved symbols, aliases and previous symbols.
    offline
        Never touch the network; default from ``EXOMICS_OFFLINE``.

    Returns
    -------
    AliasTable
        Aliases and the approved symbol of each.
    """
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    return AliasTable.from_frame(datasets.load_table(dataset, **fetching), source=dataset)


def resolve_symbols(symbols: Iterable[str], aliases: AliasTable) -> pd.DataFrame:
    """The approved symbol of each spelling, with what was done.

    Parameters
    ----------
    symbols
        Human gene symbols as a source spells them; missing ones as "".
    aliases
        The table.

    Returns
    -------
    pandas.DataFrame
        One row per symbol, in order: ``symbol``, ``approved_symbol`` ("" where there is none) and ``status``: one of
        ``approved``, ``alias``, ``ambiguous``, ``spreadsheet_date``, ``unknown``, ``missing``.

    Examples
    --------
    >>> table = AliasTable.from_frame(pd.DataFrame({"Symbol": ["CS"], "Approved.Symbol": ["CS"]}), source="example")
    >>> resolve_symbols(["CS", "1-Mar", "Q"], table)["status"].tolist()
    ['approved', 'spreadsheet_date', 'unknown']
    """
    given = [str(symbol) for symbol in symbols]
    resolved = [_resolve(symbol, aliases) for symbol in given]
    return pd.DataFrame(
        {
            "symbol": given,
            "approved_symbol": [found for found, _ in resolved],
            "status": [status for _, status in resolved],
        }
    )


def approve_symbols(adata: AnnData, aliases: AliasTable) -> tuple[AnnData, LossReport]:
    """A copy of `adata` whose ``feature_name`` is the approved symbol wherever exactly one is known.

    Parameters
    ----------
    adata
        Human samples x features.
    aliases
        The table.

    Returns
    -------
    AnnData
        The spelling of the source is kept in ``var["source_symbol"]``. No feature is dropped.
    LossReport
        Aliases replaced (both spellings shown), ambiguous, unknown and spreadsheet-damaged symbols.

    Raises
    ------
    InputError
        If the samples are of another species.
    """
    others = [species for species in species_present(adata) if species != "human"]
    if others:
        raise InputError(
            f"{aliases.source} holds human symbols; the samples are {', '.join(others)}. Map orthologs first."
        )
    found = resolve_symbols(feature_names(adata), aliases)
    report = symbol_report(found, aliases)
    renamed = record_step(adata, "approve_symbols", {"table": aliases.source}, losses=report.to_records())
    renamed.var[keys.SOURCE_SYMBOL] = found["symbol"].to_numpy()
    better = found["approved_symbol"].where(found["status"].isin(["approved", "alias"]), found["symbol"])
    renamed.var[keys.FEATURE_NAME] = better.to_numpy()
    return renamed, report


APPROVE = Harmonizer(
    name="approve",
    kind="harmonizer",
    title="approved symbols for aliases and previous ones",
    function=approve_symbols,
    reference="10.1093/nar/gkac888",
    license="CC0 (HGNC)",
    feature_types=("gene", "protein"),
    species=("human",),
    comparable="cohorts",
    table="ref_hgnc",
    load=lambda _, dataset: load_aliases(dataset=dataset),
)


def symbol_report(resolved: pd.DataFrame, aliases: AliasTable) -> LossReport:
    """The report of `resolve_symbols`: what is not an approved symbol, and what became of it."""

    def of(status: str) -> pd.DataFrame:
        return resolved[resolved["status"] == status]

    replaced = [f"{old} -> {new}" for old, new in of("alias")[["symbol", "approved_symbol"]].to_numpy()]
    unclear = [f"{symbol} ({' or '.join(aliases.ambiguous[symbol])})" for symbol in of("ambiguous")["symbol"]]
    damaged = of("spreadsheet_date")[["symbol", "approved_symbol"]].to_numpy()
    dates = [f"{old} ({new or 'unclear'}?)" for old, new in damaged]
    n_missing = len(of("missing"))
    return LossReport.of(
        [
            ("alias replaced", replaced, f"previous or alias symbol in {aliases.source}"),
            ("ambiguous alias", unclear, "an old name of several genes is left as it is"),
            ("spreadsheet date", dates, "a spreadsheet turned the symbol into a date; go back to the source"),
            ("unknown symbol", of("unknown")["symbol"], f"not in {aliases.source}; left as it is"),
        ],
        [f"{n_missing} features have no symbol."] if n_missing else [],
    )


def strip_versions(identifiers: Iterable[str]) -> list[str]:
    """Ensembl ids without their version; anything else is left as it is.

    Parameters
    ----------
    identifiers
        Feature ids.

    Returns
    -------
    list of str
        One for each of `identifiers`, in their order.

    Examples
    --------
    >>> strip_versions(["ENSG00000121410.12", "ENSRNOG00000004692", "CS"])
    ['ENSG00000121410', 'ENSRNOG00000004692', 'CS']
    """
    return [_VERSION.sub(lambda match: match[1] + (match[2] or ""), identifier) for identifier in identifiers]


def _resolve(symbol: str, aliases: AliasTable) -> tuple[str, str]:
    if not symbol or symbol.lower() in ("nan", "na"):
        return "", "missing"
    if symbol in aliases.symbols:
        approved = aliases.symbols[symbol]
        return approved, "approved" if approved == symbol else "alias"
    if symbol in aliases.ambiguous:
        return "", "ambiguous"
    date = _DATE_FIRST.match(symbol) or _DATE_LAST.match(symbol)
    if date:
        month, day = (date[2], date[1]) if date[1].isdigit() else (date[1], date[2])
        return _gene_behind_date(month.lower(), int(day)), "spreadsheet_date"
    if _SCIENTIFIC.match(symbol):
        return "", "spreadsheet_date"
    return "", "unknown"


def _gene_behind_date(month: str, day: int) -> str:
    """The likely gene, "" where a date could stand for two (1-Mar is MARCHF1 or MTARC1)."""
    family = _DATE_GENES.get(month, "")
    return "" if not family or (month == "mar" and day <= 2) else f"{family}{day}"
