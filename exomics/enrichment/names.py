"""The names under which measured features meet the members of sets: their own, or those of human orthologs or sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics.enrichment._method import KEEP, MEAN_EXPRESSION, IntArray, SetArrays
from exomics.enrichment.gene_sets import GeneSets
from exomics.errors import InputError
from exomics.harmonize import LossReport, OrthologTable
from exomics.harmonize.sites import SiteTable

Mapping = OrthologTable | SiteTable


@dataclass(frozen=True)
class MappedNames:
    """One name per feature, "" where there is none, with the source of the mapping and what it lost."""

    names: np.ndarray
    source: str
    losses: LossReport


@dataclass(frozen=True)
class IndexedSets:
    """The sets with at least the floor of measured members, as arrays over features.

    ``tested`` are their places among all sets; ``n_measured`` counts distinct measured members of every set.
    """

    arrays: SetArrays
    tested: IntArray
    n_measured: IntArray


def map_names(names: np.ndarray, mapping: Mapping | None) -> MappedNames:
    """Names of features, in the names that the sets use.

    Parameters
    ----------
    names
        (n_features,) symbols or site ids; "" or missing where the source has none.
    mapping
        None: the names as they are. An ortholog table: the human symbol of each gene; where several human genes are
        listed, the one that most databases support, then the first by name. A site table: the human site.

    Returns
    -------
    MappedNames
        Names and losses.
    """
    own = np.where(pd.isna(names), "", names).astype(str).astype(object)
    if mapping is None:
        return MappedNames(own, "none", LossReport.of([]))
    distinct = [name for name in pd.unique(own) if name]
    if isinstance(mapping, SiteTable):
        found, losses = mapping.to_human(distinct)
    else:
        found = best_supported(mapping)
        lost = [name for name in distinct if name not in found]
        why = f"no pair with at least {mapping.min_support} databases in {mapping.source}"
        notes = (mapping.restriction,) if mapping.restriction else ()
        losses = LossReport.of([("no human ortholog", lost, why)], notes)
    return MappedNames(np.array([found.get(name, "") for name in own], dtype=object), mapping.source, losses)


def best_supported(orthologs: OrthologTable) -> dict[str, str]:
    """Symbol of the other species -> its one human symbol with the most supporting databases.

    Parameters
    ----------
    orthologs
        All its pairs are used: for the membership in a set, a gene with two human orthologs is better placed by the
        better supported one than left out.
    """
    ordered = orthologs.pairs.sort_values(["support", "human"], ascending=[False, True], kind="stable")
    first = ordered.drop_duplicates("other")
    return dict(zip(first["other"], first["human"], strict=True))


def one_per_name(names: np.ndarray, mean_expression: np.ndarray, rule: str) -> np.ndarray:
    """Mask of the features to test.

    Parameters
    ----------
    names
        (n_features,).
    mean_expression
        (n_features,); NaN ranks last.
    rule
        ``keep``: all of them; ``mean_expression``: of the features of one name the one with the highest mean, which
        does not look at the test. Features without a name are kept: they are background.

    Raises
    ------
    InputError
        If the rule is unknown.
    """
    if rule not in (KEEP, MEAN_EXPRESSION):
        raise InputError(f"duplicates must be {KEEP} or {MEAN_EXPRESSION}; got {rule!r}.")
    kept = np.ones(names.size, dtype=bool)
    if rule == MEAN_EXPRESSION:
        order = np.argsort(-np.nan_to_num(mean_expression, nan=-np.inf), kind="stable")
        repeated = pd.Series(names[order]).duplicated().to_numpy()
        kept[order[repeated]] = False
    return kept


def index_sets(gene_sets: GeneSets, names: np.ndarray, min_size: int) -> IndexedSets:
    """Members of sets as positions among features.

    Parameters
    ----------
    gene_sets
        The sets.
    names
        (n_features,) names; several features may share one, and are then all members.
    min_size
        Floor of distinct measured members. A set that holds every feature is not tested either.

    Raises
    ------
    InputError
        If no member of any set is among the names.
    """
    series = pd.Series(np.arange(names.size)).groupby(names, sort=False).indices
    places = {str(name): positions for name, positions in series.items() if name}
    columns, signs, tested, n_measured = [], [], [], []
    for which, (name, members) in enumerate(gene_sets.sets.items()):
        own_signs = gene_sets.signs.get(name, (1.0,) * len(members))
        found = [(places[member], sign) for member, sign in zip(members, own_signs, strict=True) if member in places]
        n_measured.append(len(found))
        held = np.concatenate([positions for positions, _ in found]) if found else np.empty(0, dtype=np.int64)
        if len(found) >= max(min_size, 1) and held.size < names.size:
            tested.append(which)
            columns.append(held)
            signs.append(np.concatenate([np.full(len(positions), sign) for positions, sign in found]))
    if not any(n_measured):
        example = next(iter(next(iter(gene_sets.sets.values()))))
        measured = next((name for name in names if name), "none")
        raise InputError(
            f"no member of {gene_sets.name} is among the {names.size} features: the sets hold names such as {example}, "
            f"the features such as {measured}. Map the species (an ortholog or site table) or choose the other names."
        )
    offsets = np.cumsum([0, *(len(held) for held in columns)]).astype(np.int64)
    flat = np.concatenate([*columns, np.empty(0, dtype=np.int64)]).astype(np.int64)
    arrays = SetArrays(flat, offsets, np.concatenate([*signs, np.empty(0)]))
    return IndexedSets(arrays, np.array(tested, dtype=np.int64), np.array(n_measured, dtype=np.int64))
