"""The measured features of an AnnData by the names that signatures use: missing names dropped, duplicates collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from scipy import sparse

from exomics.errors import InputError
from exomics.harmonize import AliasTable


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
    """

    names: tuple[str, ...]
    columns: NDArray[np.int64]
    n_unnamed: int
    duplicated: tuple[str, ...]
    undecided: tuple[str, ...] = ()

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
        ``feature_name``, or ``human_ortholog`` after harmonization.
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
    one sample, unless a frozen reference has made it.
    """
    if column not in adata.var.columns:
        raise InputError(f"var has no column {column!r}; load or harmonize the object so that features have names.")
    names = adata.var[column].astype(object).where(adata.var[column].notna(), "").astype(str).str.strip().to_numpy()
    named = np.flatnonzero(names != "")
    if not named.size:
        raise InputError(f"no feature has a {column}; signatures are matched by name.")
    counts = pd.Series(names[named]).value_counts()
    duplicated = set(counts.index[counts > 1])
    best = dict(_best_columns(adata, names, duplicated))
    ids = adata.var_names.astype(str)
    by_reference = [at for at in named if names[at] in duplicated and (chosen or {}).get(names[at]) == ids[at]]
    best |= {str(names[at]): int(at) for at in by_reference}
    kept = [int(position) for position in named if best.get(names[position], position) == position]
    return MeasuredFeatures(
        names=tuple(str(names[position]) for position in kept),
        columns=np.array(kept, dtype=np.int64),
        n_unnamed=int(len(names) - named.size),
        duplicated=tuple(sorted(duplicated)),
        undecided=tuple(sorted(duplicated - {str(names[at]) for at in by_reference})),
    )


def dense(adata: AnnData, columns: NDArray[np.int64], rows: slice = slice(None)) -> NDArray[Any]:
    """(n_rows, n_columns) values of X, dense, floating; a view of X where that is possible."""
    is_whole = len(columns) == adata.n_vars and np.array_equal(columns, np.arange(adata.n_vars))
    values: Any = adata.X[rows] if is_whole else adata.X[rows, columns]
    if sparse.issparse(values):
        values = values.toarray()
    values = np.asarray(values)
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)


def _best_columns(adata: AnnData, names: NDArray[Any], duplicated: set[str]) -> Mapping[str, int]:
    if not duplicated:
        return {}
    positions = np.flatnonzero(np.isin(names, list(duplicated)))
    values = dense(adata, positions)
    measured = ~np.isnan(values)
    totals = np.where(measured, values, 0.0).sum(axis=0)
    counts = measured.sum(axis=0)
    means = np.where(counts > 0, totals / np.maximum(counts, 1), -np.inf)
    best: dict[str, tuple[float, int]] = {}
    for position, mean in zip(positions, means, strict=True):
        name = str(names[position])
        if name not in best or mean > best[name][0]:
            best[name] = (float(mean), int(position))
    return {name: position for name, (_, position) in best.items()}
