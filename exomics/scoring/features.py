"""The measured features of an AnnData by the names that signatures use: unnamed and doubtful ones dropped, duplicates
collapsed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy import sparse

from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.schema import keys, scale_of
from exomics.scoring.scale import ScaleDoubtWarning, require_declared_levels, seem_logarithms

_VALUES_PER_BLOCK = 1 << 22
_LEAST_TO_BE_FLAT = 10  # a handful of features may have one value by chance
FLAT = "every measured feature has the same value: the sample carries nothing"
LOGS = "no value reaches 25, so that they seem to be logarithms, not linear; if so declare kind log2 and the offset"

LOCALIZED = 0.75
"""The least probability that a modification is on the residue that a site is called by (class I)."""


@dataclass(frozen=True)
class MeasuredFeatures:
    """Unique names of the measured features and the column of X that stands for each.

    Parameters
    ----------
    names
        Unique names.
    columns
        (n_names,) column of X of each name.
    n_unnamed
        Features without a name: they cannot be members and are not part of the universe.
    duplicated
        Names that several features share; the feature with the highest mean stands for each.
    undecided
        Those of them for which no frozen reference made the choice.
    unlocalized
        Names of modified sites that are left out, with the highest probability that any feature is where it says.
    """

    names: tuple[str, ...]
    columns: NDArray[np.int64]
    n_unnamed: int
    duplicated: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    unlocalized: Mapping[str, float] = field(default_factory=dict)

    def spellings(
        self, members: Iterable[str], aliases: AliasTable | None, identifiers: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Member -> measured name, for members that are measured under another spelling of the same feature.

        First by `identifiers`, those of other namespaces that the document gives, then by `aliases`. Of several
        measured spellings the approved one is taken, else the first in the alphabet: the order of the features does not
        matter.
        """
        known = set(self.names)
        absent = [member for member in dict.fromkeys(members) if member not in known]
        listed = identifiers or {}
        by_id = {name: found for name in absent if (found := _by_identifier(listed.get(name, ""), known))}
        if aliases is None:
            return by_id
        return by_id | self._by_alias([name for name in absent if name not in by_id], aliases)

    def _by_alias(self, absent: list[str], aliases: AliasTable) -> dict[str, str]:
        if not absent:
            return {}
        by_approved: dict[str, str] = {}
        for name in sorted(self.names, key=lambda name: (aliases.approved(name) != name, name)):
            by_approved.setdefault(aliases.approved(name), name)
        found = {member: by_approved.get(aliases.approved(member), "") for member in absent}
        return {member: name for member, name in found.items() if name}


def _by_identifier(cross_reference: str, known: set[str]) -> str:
    """The measured name that is one of a member's other identifiers; HMDB ids also in their short form."""
    for pair in filter(None, cross_reference.split(";")):
        identifier = pair.partition(":")[2]
        for spelled in (identifier, identifier.replace("HMDB00", "HMDB", 1)):
            if spelled in known:
                return spelled
    return ""


def measured_features(adata: AnnData, column: str, chosen: Mapping[str, str] | None = None) -> MeasuredFeatures:
    """The features of `adata` by ``var[column]``; of several with one name, the one with the highest mean is kept.

    Parameters
    ----------
    adata
        Samples x features.
    column
        ``feature_name``, ``human_ortholog`` after harmonization, or ``feature_id``: the index, without what stands
        behind a ``#`` to tell repeated sites apart.
    chosen
        Name -> feature_id that a frozen reference chose among several; it comes before the highest mean.

    Returns
    -------
    MeasuredFeatures
        In the order of X.

    Raises
    ------
    InputError
        If the column is absent or holds no name.

    Notes
    -----
    The choice among duplicates uses the mean over the samples given, the one step of scoring that looks at more than
    one sample, unless a frozen reference has made it. Where ``var["localization_probability"]`` is there, a feature
    below 0.75 or without a probability is not the site that it is called: it is left out.
    """
    names = _names(adata, column)
    if not (names != "").any():
        raise InputError(f"no feature has a {column}; signatures are matched by name.")
    probability = _localization(adata)
    named = np.flatnonzero((names != "") & (probability >= LOCALIZED))
    counts = pd.Series(names[named]).value_counts()
    duplicated = set(counts.index[counts > 1])
    best = dict(_best_columns(adata, named[np.isin(names[named], list(duplicated))], names))
    ids = adata.var_names.astype(str)
    by_reference = [at for at in named if names[at] in duplicated and (chosen or {}).get(names[at]) == ids[at]]
    best |= {str(names[at]): int(at) for at in by_reference}
    kept = [int(position) for position in named if best.get(names[position], position) == position]
    return MeasuredFeatures(
        names=tuple(str(names[position]) for position in kept),
        columns=np.array(kept, dtype=np.int64),
        n_unnamed=int((names == "").sum()),
        duplicated=tuple(sorted(duplicated)),
        undecided=tuple(sorted(duplicated - {str(names[at]) for at in by_reference})),
        unlocalized=_unlocalized(names, probability),
    )


def dense(adata: AnnData, columns: NDArray[np.int64], rows: slice = slice(None)) -> NDArray[Any]:
    """(n_rows, n_columns) values of X, dense, floating; a view of X where that is possible."""
    is_whole = len(columns) == adata.n_vars and np.array_equal(columns, np.arange(adata.n_vars))
    values: Any = adata.X[rows] if is_whole else adata.X[rows, columns]
    if sparse.issparse(values):
        values = values.toarray()
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    values = np.asarray(values)
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)


class SampleLevels(NamedTuple):
    """Of each sample (n_samples,): measured features, the largest value (minus infinity where none is measured),
    whether at least ten features are measured and all have one value: the sample then carries nothing; and whether it
    seems to be logarithms of what is declared."""

    n_measured: NDArray[np.int64]
    largest: NDArray[np.float64]
    is_flat: NDArray[np.bool_]
    seems_log: NDArray[np.bool_]

    @property
    def tells(self) -> NDArray[np.bool_]:
        """(n_samples,) whether anything is measured, and not all of one value."""
        return (self.n_measured > 0) & ~self.is_flat


def sample_levels(adata: AnnData, columns: NDArray[np.int64]) -> SampleLevels:
    """The levels of every sample over `columns`.

    Raises
    ------
    ScaleError
        If those of a sample that is not flat contradict the declared scale (`require_declared_levels`).

    Warns
    -----
    ScaleDoubtWarning
        If samples seem to be logarithms of what is declared (`seem_logarithms`).
    """
    n_measured, largest = np.zeros(adata.n_obs, dtype=np.int64), np.full(adata.n_obs, -np.inf)
    is_flat = np.zeros(adata.n_obs, dtype=bool)
    for rows in blocks(adata.n_obs, len(columns)):
        values = dense(adata, columns, rows)
        largest[rows] = np.fmax.reduce(values, axis=1, initial=-np.inf)
        n_measured[rows] = (~np.isnan(values)).sum(axis=1)
        lowest = np.fmin.reduce(values, axis=1, initial=np.inf)
        is_flat[rows] = (n_measured[rows] >= _LEAST_TO_BE_FLAT) & (lowest == largest[rows])
    require_declared_levels(largest[~is_flat], len(columns), scale_of(adata))
    seems_log = ~is_flat & seem_logarithms(largest, n_measured, scale_of(adata))
    if seems_log.any():
        warnings.warn(f"{seems_log.sum()} of {adata.n_obs} samples: {LOGS}", ScaleDoubtWarning, stacklevel=2)
    return SampleLevels(n_measured, largest, is_flat, seems_log)


def blocks(n_samples: int, n_columns: int) -> Iterator[slice]:
    """Slices of samples with about four million values each."""
    size = max(1, _VALUES_PER_BLOCK // max(n_columns, 1))
    yield from (slice(start, min(start + size, n_samples)) for start in range(0, n_samples, size))


def _names(adata: AnnData, column: str) -> NDArray[Any]:
    if column == keys.FEATURE_ID:
        return adata.var_names.astype(str).str.partition("#").get_level_values(0).to_numpy(dtype=object)
    if column not in adata.var.columns:
        raise InputError(f"var has no column {column!r}; load or harmonize the object so that features have names.")
    named = adata.var[column]
    return named.astype(object).where(named.notna(), "").astype(str).str.strip().to_numpy()


def _localization(adata: AnnData) -> NDArray[np.float64]:
    """Of each feature; 1 where the data do not tell, or are no sites."""
    if keys.LOCALIZATION not in adata.var.columns:
        return np.ones(adata.n_vars)
    return adata.var[keys.LOCALIZATION].to_numpy(dtype=np.float64)


def _unlocalized(names: NDArray[Any], probability: NDArray[np.float64]) -> dict[str, float]:
    """Names of which every feature falls below the least, with the highest probability; NaN where none is known."""
    if (probability >= LOCALIZED).all():
        return {}
    highest = pd.Series(probability).groupby(names).max()
    return {str(name): float(value) for name, value in highest.items() if name and not value >= LOCALIZED}


def _best_columns(adata: AnnData, positions: NDArray[np.int64], names: NDArray[Any]) -> Mapping[str, int]:
    """Of several features with one name, at `positions`, that with the highest mean (of cycles: the lowest); of equal
    means the first by its id, so that the order of the features does not matter."""
    if not positions.size:
        return {}
    values = dense(adata, positions)
    if scale_of(adata).quantity == "cq":
        values = -values
    measured = ~np.isnan(values)
    totals = np.where(measured, values, 0.0).sum(axis=0)
    counts = measured.sum(axis=0)
    means = np.where(counts > 0, totals / np.maximum(counts, 1), -np.inf)
    ids = adata.var_names.astype(str).to_numpy()[positions]
    best: dict[str, int] = {}
    for position in positions[np.lexsort((ids, -means))]:
        best.setdefault(str(names[position]), int(position))
    return best
