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
    """

    names: tuple[str, ...]
    columns: NDArray[np.int64]
    n_unnamed: int
    duplicated: tuple[str, ...]

    def spellings(self, members: Iterable[str], aliases: AliasTable | None) -> dict[str, str]:
        """Member -> measured name, for members that are measured under another spelling of the same gene.

        Of several measured spellings the approved one is taken, else the first in the alphabet: the order of the
        features does not matter.
        """
        if aliases is None:
            return {}
        known = set(self.names)
        absent = [member for member in dict.fromkeys(members) if member not in known]
        if not absent:
            return {}
        by_approved: dict[str, str] = {}
        for name in sorted(self.names, key=lambda name: (aliases.approved(name) != name, name)):
            by_approved.setdefault(aliases.approved(name), name)
        found = {member: by_approved.get(aliases.approved(member), "") for member in absent}
        return {member: name for member, name in found.items() if name}


def measured_features(adata: AnnData, column: str) -> MeasuredFeatures:
    """The features of `adata` by ``var[column]``; of several with one name, the one with the highest mean is kept.

    Parameters
    ----------
    adata
        Samples x features.
    column
        ``feature_name``, or ``human_ortholog`` after harmonization.

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
    The choice among duplicates uses the mean over the samples given: it is the one step of scoring that looks at more
    than one sample. Collapse duplicates before splitting a study.
    """
    if column not in adata.var.columns:
        raise InputError(f"var has no column {column!r}; load or harmonize the object so that features have names.")
    names = adata.var[column].astype(object).where(adata.var[column].notna(), "").astype(str).str.strip().to_numpy()
    named = np.flatnonzero(names != "")
    if not named.size:
        raise InputError(f"no feature has a {column}; signatures are matched by name.")
    counts = pd.Series(names[named]).value_counts()
    duplicated = set(counts.index[counts > 1])
    best = _best_columns(adata, names, duplicated)
    kept = [int(position) for position in named if best.get(names[position], position) == position]
    return MeasuredFeatures(
        names=tuple(str(names[position]) for position in kept),
        columns=np.array(kept, dtype=np.int64),
        n_unnamed=int(len(names) - named.size),
        duplicated=tuple(sorted(duplicated)),
    )


def dense(adata: AnnData, columns: NDArray[np.int64]) -> NDArray[Any]:
    """(n_samples, n_columns) values of X, dense, floating."""
    chosen = adata.X if len(columns) == adata.n_vars and np.array_equal(columns, np.arange(adata.n_vars)) else None
    values: Any = chosen if chosen is not None else adata.X[:, columns]
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
