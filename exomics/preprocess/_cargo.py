"""log2 amounts of cargo per a declared denominator."""

from __future__ import annotations

from typing import Final

import numpy as np
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError, ScaleError
from exomics.preprocess._matrix import counts_of, values_of
from exomics.schema import scale_of
from exomics.schema.numbers import numbers_of

SPIKES: Final = (
    "cel-miR-39-3p", "cel-miR-54-3p", "cel-miR-238-3p", "cel-miR-39", "cel-miR-54", "cel-miR-238", "UniSp2", "UniSp4",
    "UniSp5", "UniSp6",
)  # fmt: skip
PLASMA_ML, PARTICLES, PROTEIN = "plasma_ml", "particles_per_ml", "ev_protein_ug_per_ml"
TESTS_WHAT: Final = {
    "rpm": "composition",
    "spike_in": "amount per reaction",
    "per_ml": "delivered dose",
    "per_particle": "loading of a particle",
    "per_ug_protein": "loading per protein",
}
"""Normalizer -> what a difference in it is a difference of."""

DENOMINATORS: Final = {
    "rpm": (),
    "spike_in": (),
    "per_ml": (PLASMA_ML,),
    "per_particle": (PLASMA_ML, PARTICLES),
    "per_ug_protein": (PLASMA_ML, PROTEIN),
}
_PRIOR_COUNT = 0.5


def is_possible(adata: AnnData, method: str, spiked: list[int]) -> bool:
    """Whether the spike-ins and the columns that a normalizer needs are there."""
    return method == "rpm" or bool(spiked) and set(DENOMINATORS[method]) <= set(adata.obs.columns)


def amounts_per(adata: AnnData, method: str, spiked: list[int]) -> FloatArray:
    """log2 amounts, shape (n_samples, n_features); NaN where the denominator of a sample is missing."""
    if method not in DENOMINATORS:
        raise InputError(f"normalize_cargo takes method={', '.join(DENOMINATORS)}; got {method!r}.")
    log2, others = _log2(adata), [at for at in range(adata.n_vars) if at not in spiked]
    if method == "rpm":
        return log2 - _total(adata, log2, others)[:, None]
    amounts = log2 - spike_level(adata, spiked)[:, None]
    for column in DENOMINATORS[method]:
        if column not in adata.obs.columns:
            raise InputError(f"{method} needs the column {column} of obs (the sample sheet); it is not there.")
        held = numbers_of(adata.obs[column]).to_numpy()
        amounts = amounts - np.log2(np.where(held > 0, held, np.nan))[:, None]
    return amounts


def _log2(adata: AnnData) -> FloatArray:
    scale = scale_of(adata)
    if scale.quantity == "cq":
        return -values_of(adata)
    if scale.kind != "counts":
        raise ScaleError(f"cargo is normalized from counts or cycles (cq); X is {scale.kind} {scale.quantity}.")
    return np.log2(counts_of(adata) + _PRIOR_COUNT)


def _total(adata: AnnData, log2: FloatArray, features: list[int]) -> FloatArray:
    """log2 millions of reads of a sample; for cycles the mean of those present."""
    if scale_of(adata).quantity == "cq":
        held = ~np.isnan(log2[:, features])
        n_held = np.where(held.any(axis=1), held.sum(axis=1), np.nan)
        return np.asarray(np.where(held, log2[:, features], 0.0).sum(axis=1) / n_held)
    totals = counts_of(adata)[:, features].sum(axis=1)
    return np.log2(np.where(totals > 0, totals, np.nan) / 1e6)


def spike_level(adata: AnnData, spiked: list[int]) -> FloatArray:
    """log2 amount of the spike-ins in each sample; NaN where there are no reads of one."""
    if not spiked:
        raise InputError(f"no spike-in is measured; looked for {', '.join(SPIKES[:3])} ... Name yours with spikes=.")
    if scale_of(adata).quantity == "cq":
        return np.asarray(np.mean(-values_of(adata)[:, spiked], axis=1))
    totals = counts_of(adata)[:, spiked].sum(axis=1)
    return np.log2(np.where(totals > 0, totals, np.nan))
