"""What a preprocessing step reads from an AnnData: values, counts, and columns of obs as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from exomics._checks import FloatArray, require_counts
from exomics.errors import InputError, ScaleError
from exomics.schema import keys, scale_of


def values_of(adata: AnnData) -> FloatArray:
    """``X`` as a dense float matrix (n_samples, n_features).

    Parameters
    ----------
    adata
        Samples x features; a sparse ``X`` is made dense.

    Returns
    -------
    ndarray
        Values (n_samples, n_features); missing stays NaN.
    """
    return _dense(adata.X)


def counts_of(adata: AnnData) -> FloatArray:
    """The counts of `adata`: the layer ``counts`` if there is one, else ``X`` when its scale is counts.

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    ndarray
        Counts (n_samples, n_features).

    Raises
    ------
    ScaleError
        If there are no counts, or they are not counts.
    """
    if keys.COUNTS in adata.layers:
        counts, where = _dense(adata.layers[keys.COUNTS]), "layers['counts']"
    else:
        scale = scale_of(adata)
        if scale.kind != "counts":
            raise ScaleError(
                f"counts are needed; X is declared as {scale.kind} {scale.quantity} and there is no layer 'counts'. "
                "Load the raw counts, or choose a method for this scale."
            )
        counts, where = _dense(adata.X), "X"
    require_counts(counts, where)
    return counts


def _dense(matrix: Any) -> FloatArray:
    return np.ascontiguousarray(matrix.toarray() if sparse.issparse(matrix) else matrix, dtype=np.float64)


def listed(names: str | Sequence[str]) -> list[str]:
    """One name, or several, as a list of text.

    Examples
    --------
    >>> listed("rin"), listed(["rin", "age"])
    (['rin'], ['rin', 'age'])
    """
    return [names] if isinstance(names, str) else [str(name) for name in names]


def obs_column(adata: AnnData, name: str) -> pd.Series:
    """A column of obs, or an `InputError` that lists the columns there are."""
    return _column(adata.obs, name, "obs")


def var_column(adata: AnnData, name: str) -> pd.Series:
    """A column of var, or its index for ``feature_id``; an `InputError` lists the columns there are.

    Parameters
    ----------
    adata
        Samples x features.
    name
        A column of var, or ``feature_id``.

    Returns
    -------
    pandas.Series
        One value per feature.
    """
    if name == keys.FEATURE_ID and name not in adata.var.columns:
        return pd.Series(adata.var_names.astype(str), index=adata.var_names)
    return _column(adata.var, name, "var")


def _column(frame: pd.DataFrame, name: str, where: str) -> pd.Series:
    if name not in frame.columns:
        shown = ", ".join(map(str, frame.columns[:20]))
        raise InputError(f"{where} has no column {name!r}; it has {shown}.")
    return frame[name]


def obs_labels(adata: AnnData, name: str) -> np.ndarray:
    """A column of obs as text labels, one per sample.

    Parameters
    ----------
    adata
        Samples x features.
    name
        Column of obs.

    Returns
    -------
    ndarray
        (n_samples,) text.

    Raises
    ------
    InputError
        If there is no such column, or a sample has no value.

    Examples
    --------
    >>> obs_labels(AnnData(np.ones((2, 1)), obs=pd.DataFrame({"cage": [1, 2]}, index=["a", "b"])), "cage").tolist()
    ['1', '2']
    """
    column = obs_column(adata, name)
    group_codes(column)
    return column.astype(str).to_numpy(dtype=object)


def group_codes(column: pd.Series) -> np.ndarray:
    """Integer code of each sample's level; an `InputError` when a sample has none."""
    codes = pd.Categorical(column).codes
    if (codes < 0).any():
        missing = column.index[codes < 0]
        raise InputError(f"{column.name} is missing in {len(missing)} samples ({', '.join(map(str, missing[:3]))}).")
    return np.asarray(codes, dtype=np.int64)


def additive_design(obs: pd.DataFrame, factors: Sequence[str], covariates: Sequence[str] = ()) -> FloatArray:
    """An intercept-free additive design: every level of the first factor, then levels and covariates as they add rank.

    Parameters
    ----------
    obs
        One row per sample.
    factors
        Columns taken as categories.
    covariates
        Columns taken as numbers.

    Returns
    -------
    ndarray
        (n_samples, n_columns) of full column rank; an intercept alone when nothing is named.

    Raises
    ------
    InputError
        If a column is missing or has missing values.

    Examples
    --------
    >>> additive_design(pd.DataFrame({"group": list("aab")}), ["group"]).tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    blocks: list[FloatArray] = [] if factors else [np.ones((len(obs), 1))]
    for name in factors:
        codes = group_codes(_column(obs, name, "obs"))
        indicators = np.eye(codes.max() + 1)[codes]
        present = indicators[:, indicators.any(axis=0)]
        blocks.append(present[:, 1:] if blocks else present)
    for name in covariates:
        values = pd.to_numeric(_column(obs, name, "obs"), errors="coerce").to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise InputError(f"{name} is missing in {int((~np.isfinite(values)).sum())} samples; run scale_covariates.")
        blocks.append(values[:, None])
    return np.hstack(blocks)
