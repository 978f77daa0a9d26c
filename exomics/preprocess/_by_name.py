"""Columns of a matrix by the names of its features, and values on a log2 scale whatever the declared one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.preprocess._matrix import counts_of, values_of
from exomics.schema import keys, scale_of

PRIOR_PER_MILLION = 0.5


def positions_of(adata: AnnData, names: Iterable[str]) -> list[int]:
    """Columns whose name (of ``feature_name``, else the feature id) is one of `names`, case aside."""
    wanted = {name.upper() for name in names}
    column = adata.var[keys.FEATURE_NAME] if keys.FEATURE_NAME in adata.var.columns else adata.var_names.to_series()
    return [at for at, name in enumerate(column.astype(str)) if name.upper() in wanted]


def log2_values(adata: AnnData) -> FloatArray:
    """Values on a log2 scale: counts as log2 counts per million, linear values as ``log2(x + 0.5)``, log2 as it is."""
    scale = scale_of(adata)
    if scale.kind == "counts" or (keys.COUNTS in adata.layers and scale.kind != "log2"):
        counts = counts_of(adata)
        return np.log2(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0) * 1e6 + PRIOR_PER_MILLION)
    values = values_of(adata)
    return np.log2(values + PRIOR_PER_MILLION) if scale.kind == "linear" else values


def is_per_million(adata: AnnData) -> bool:
    """Whether the values of `log2_values` are per million, so that one threshold fits every study."""
    scale = scale_of(adata)
    return scale.kind == "counts" or scale.quantity in ("tpm", "cpm")
