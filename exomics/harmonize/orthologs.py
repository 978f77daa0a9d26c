"""Ortholog tables: which pairs are kept, of what kind each is, and what a tissue-restricted table leaves out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from exomics import datasets
from exomics.errors import InputError
from exomics.harmonize._hand_tables import IMMUNE_PANEL, MHC, has_no_rodent_ortholog, is_mhc

ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, MANY_TO_MANY = "1:1", "1:n", "n:1", "n:m"
TAXA = {"rat": 10116, "mouse": 10090}
_SOURCE_COLUMNS = ("human_symbol", "symbol", "support_n")
_RESTRICTED_BELOW = 0.5


class TissueRestrictedWarning(UserWarning):
    """An ortholog table lacks genes that are not expressed in the tissue it was made for."""


@dataclass(frozen=True)
class OrthologTable:
    """Human genes and their orthologs in one other species.

    Parameters
    ----------
    pairs
        Columns ``human``, ``other``, ``support`` (databases that agree) and ``relation``, read from human to the other
        species: ``1:1``; ``1:n`` one human gene, several of the other species; ``n:1``; ``n:m``.
    species
        ``rat`` or ``mouse``.
    source
        Name of the table, for provenance.
    min_support
        Databases that had to agree on a pair.
    listed
        Every human symbol the source lists, whatever its support.
    """

    pairs: pd.DataFrame
    species: str
    source: str
    min_support: int
    listed: frozenset[str]

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, species: str, source: str, min_support: int = 3, warn: bool = True
    ) -> OrthologTable:
        """An ortholog table from a babelgene-type frame.

        Parameters
        ----------
        frame
            Columns ``human_symbol``, ``symbol``, ``support_n`` and, if it holds several species, ``taxon_id``.
        species
            ``rat`` or ``mouse``.
        source
            Name of the table.
        min_support
            Databases that must agree on a pair. The kind of a pair is judged among the pairs that are kept.
        warn
            Warn when the table looks restricted to a tissue.

        Returns
        -------
        OrthologTable
            MHC genes come from the hand table, not from `frame`; genes known to have no rodent ortholog are left out.

        Raises
        ------
        InputError
            If a column is missing, the species is unknown, or no pair is left.

        Warns
        -----
        TissueRestrictedWarning
            If fewer than half of a panel of immune genes are listed, with the numbers.

        Examples
        --------
        >>> frame = pd.DataFrame({"human_symbol": ["CS", "ABCB1", "ABCB1"], "symbol": ["Cs", "Abcb1a", "Abcb1b"],
        ...                       "support_n": [9, 7, 7]})
        >>> table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
        >>> table.pairs["relation"].head(3).tolist()
        ['1:n', '1:n', '1:1']
        """
        if species not in TAXA:
            raise InputError(f"species must be one of {', '.join(TAXA)}; got {species!r}.")
        raw = _cleaned(frame, species)
        listed = frozenset(raw["human"])
        kept = _by_hand(raw[raw["support"] >= min_support], species)
        if kept.empty:
            raise InputError(f"{source} has no {species} pair with at least {min_support} supporting databases.")
        table = cls(_with_relation(kept), species, source, min_support, listed)
        if warn and table.is_tissue_restricted:
            warnings.warn(table.restriction, TissueRestrictedWarning, stacklevel=2)
        return table

    @cached_property
    def immune_coverage(self) -> dict[str, tuple[int, int]]:
        """Panel of immune genes -> (listed by the source, in the panel)."""
        return {name: (sum(gene in self.listed for gene in genes), len(genes)) for name, genes in IMMUNE_PANEL.items()}

    @property
    def is_tissue_restricted(self) -> bool:
        """Whether the source lists fewer than half of the immune panel."""
        found = sum(listed for listed, _ in self.immune_coverage.values())
        return found < _RESTRICTED_BELOW * sum(size for _, size in self.immune_coverage.values())

    @property
    def restriction(self) -> str:
        """The sentence with numbers that goes with a tissue-restricted table; "" for a whole-genome one."""
        if not self.is_tissue_restricted:
            return ""
        counts = ", ".join(f"{listed} of {size} {name} genes" for name, (listed, size) in self.immune_coverage.items())
        return (
            f"{self.source} looks restricted to a tissue: it lists {counts}. "
            "Do not map immune sets with it; use the whole-genome table (ref_orthologs_babelgene)."
        )

    def human_to_other(self, relations: Iterable[str] = (ONE_TO_ONE,)) -> Mapping[str, tuple[str, ...]]:
        """Human symbol -> symbols of the other species, for the kinds of pairs in `relations`."""
        return _grouped(self.pairs, set(relations), "human", "other")

    def other_to_human(self, relations: Iterable[str] = (ONE_TO_ONE,)) -> Mapping[str, tuple[str, ...]]:
        """Symbol of the other species -> human symbols, for the kinds of pairs in `relations`."""
        return _grouped(self.pairs, set(relations), "other", "human")

    def relation_of(self, symbol: str, *, human: bool) -> str:
        """The kind of pair that `symbol` is in; "" if it is in none."""
        return (self._relations[0] if human else self._relations[1]).get(symbol, "")

    @cached_property
    def _relations(self) -> tuple[dict[str, str], dict[str, str]]:
        relations = self.pairs["relation"]
        return dict(zip(self.pairs["human"], relations, strict=True)), dict(
            zip(self.pairs["other"], relations, strict=True)
        )


def load_orthologs(
    species: str, *, dataset: str = "ref_orthologs_babelgene", min_support: int = 3, offline: bool | None = None
) -> OrthologTable:
    """The pinned ortholog table of a dataset, fetched or read from the cache.

    Parameters
    ----------
    species
        ``rat`` or ``mouse``.
    dataset
        ``ref_orthologs_babelgene`` (whole genome, the default) or ``ref_rat_to_human`` (rat muscle; warns).
    min_support
        Databases that must agree on a pair.
    offline
        Do not use the network; None leaves it to ``EXOMICS_OFFLINE``.

    Returns
    -------
    OrthologTable
        Ready for `to_human` and `map_signature`.

    Raises
    ------
    FetchError
        If the table cannot be had.
    """
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    frame = datasets.load_table(dataset, **fetching)
    return OrthologTable.from_frame(frame, species=species, source=dataset, min_support=min_support)


def _cleaned(frame: pd.DataFrame, species: str) -> pd.DataFrame:
    missing = [column for column in _SOURCE_COLUMNS if column not in frame.columns]
    if missing:
        raise InputError(f"an ortholog table needs {', '.join(_SOURCE_COLUMNS)}; missing: {', '.join(missing)}.")
    if "taxon_id" in frame.columns:
        frame = frame[pd.to_numeric(frame["taxon_id"]) == TAXA[species]]
    pairs = pd.DataFrame(
        {
            "human": frame["human_symbol"].astype(object).where(frame["human_symbol"].notna(), "").astype(str),
            "other": frame["symbol"].astype(object).where(frame["symbol"].notna(), "").astype(str),
            "support": pd.to_numeric(frame["support_n"]).fillna(0).astype(int),
        }
    )
    pairs = pairs[(pairs["human"] != "") & (pairs["other"] != "")]
    return pairs.groupby(["human", "other"], sort=True)["support"].max().reset_index()


def _by_hand(pairs: pd.DataFrame, species: str) -> pd.DataFrame:
    hand = MHC[species]
    refused = pairs["human"].map(lambda gene: is_mhc(gene) or has_no_rodent_ortholog(gene))
    replaced = pairs["other"].isin(set(hand.values()))
    rows = pd.DataFrame({"human": list(hand), "other": list(hand.values()), "support": 0})
    kept = pairs[~refused & ~replaced]
    return kept if kept.empty else pd.concat([kept, rows], ignore_index=True)


def _with_relation(pairs: pd.DataFrame) -> pd.DataFrame:
    several_others = pairs.groupby("human")["other"].transform("size") > 1
    several_humans = pairs.groupby("other")["human"].transform("size") > 1
    # A pair is judged by the whole group it belongs to: one human gene with two rat genes, one of which has a second
    # human gene, is n:m for all of them.
    tangled_human = several_humans.groupby(pairs["human"]).transform("any")
    tangled_other = several_others.groupby(pairs["other"]).transform("any")
    relation = pd.Series(ONE_TO_ONE, index=pairs.index)
    relation[several_others] = ONE_TO_MANY
    relation[several_humans] = MANY_TO_ONE
    relation[(several_others & tangled_human) | (several_humans & tangled_other)] = MANY_TO_MANY
    return pairs.assign(relation=relation).sort_values(["human", "other"], ignore_index=True)


def _grouped(pairs: pd.DataFrame, relations: set[str], key: str, value: str) -> dict[str, tuple[str, ...]]:
    kept = pairs[pairs["relation"].isin(relations)]
    found: dict[str, list[str]] = {}
    for name, other in zip(kept[key], kept[value], strict=True):
        found.setdefault(name, []).append(other)
    return {name: tuple(others) for name, others in found.items()}
