"""The features of a reference in the samples: which are measured, on the scale of the method, and how many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.schema import scale_of
from exomics.scoring._deconvolution import Deconvolution, Prepared
from exomics.scoring.features import MeasuredFeatures, dense, sample_levels
from exomics.scoring.scale import to_working_scale

_MILLION = 1e6
_COLLAPSED = (
    "{n} features of the reference are measured several times; the one with the highest mean over the samples of this "
    "table stands for each, so a value may change when samples are added or left out"
)


@dataclass(frozen=True)
class Aligned:
    """Values (n_samples, n_features) and profiles (n_features, n_profiles) over the measured features of a reference,
    the coverage (n_samples, n_profiles) of each profile, what else the reference has per feature, the samples
    (n_samples,) that carry nothing, whose values are missing, and what must be said of all this."""

    values: FloatArray
    profiles: FloatArray
    coverage: FloatArray
    feature_parts: dict[str, FloatArray]
    is_flat: NDArray[np.bool_]
    notes: tuple[str, ...]


def align(
    adata: AnnData,
    features: MeasuredFeatures,
    how: tuple[Prepared, Deconvolution],
    *,
    aliases: AliasTable | None,
) -> Aligned:
    """The features of the reference that are measured, in the order of their names."""
    prepared, spec = how
    is_flat = sample_levels(adata, features.columns).is_flat
    spellings = features.spellings(prepared.features, aliases)
    column = {name: int(at) for name, at in zip(features.names, features.columns, strict=True)}
    at = {name: column.get(spellings.get(name, name), -1) for name in prepared.features}
    measured = (row for row, name in enumerate(prepared.features) if at[name] >= 0)
    rows = sorted(measured, key=prepared.features.__getitem__)
    if not rows:
        raise InputError(
            f"no feature of the reference is measured ({', '.join(prepared.features[:3])} ...; the samples name theirs "
            f"{', '.join(features.names[:3])} ...): name both by symbols, or both by Ensembl ids, of one species."
        )
    raw = dense(adata, np.array([at[prepared.features[row]] for row in rows], dtype=np.int64))
    values = np.asarray(to_working_scale(raw, scale_of(adata), spec), dtype=np.float64)
    if spec.works_on == "linear":
        whole = np.asarray(to_working_scale(dense(adata, features.columns), scale_of(adata), spec), dtype=np.float64)
        totals = np.nansum(whole, axis=1, keepdims=True)
        values = np.divide(values, totals, out=np.full(values.shape, np.nan), where=totals > 0) * _MILLION
    values[is_flat] = np.nan
    profiles = prepared.profiles[rows]
    belongs = (prepared.profiles != 0).astype(np.float64)
    coverage = (~np.isnan(values)).astype(np.float64) @ belongs[rows] / np.maximum(belongs.sum(axis=0), 1.0)
    by_feature = {name: part[rows] for name, part in prepared.feature_parts.items()}
    several = {spellings.get(prepared.features[row], prepared.features[row]) for row in rows} & set(features.duplicated)
    notes = (_COLLAPSED.format(n=len(several)),) if several else ()
    return Aligned(values, profiles, coverage, by_feature, is_flat, notes)
