"""What the kernels read of an AnnData, and what the provenance says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.differential.analysis import Analysis
from exomics.differential.table import ALL_MISSING, ALL_ZERO, OK, TestedFeatures
from exomics.errors import InputError
from exomics.preprocess import counts_of, effective_library_sizes, values_of, var_column
from exomics.registry.method import MethodSpec
from exomics.schema import keys, steps_of

BLOCK = "block"


@dataclass(frozen=True)
class KernelInput:
    """Values (n_samples, n_features), the model as arrays, and what some methods need beside them.

    `model` is the design and the contrasts, `omnibus` the sets of contrasts; `library_sizes` and `block` have one entry
    per sample; `baseline` are the values before, in the shape of `values`. None where a method has no use for one.
    """

    values: FloatArray
    model: tuple[FloatArray, FloatArray]
    library_sizes: FloatArray | None = None
    omnibus: tuple[FloatArray, ...] = ()
    block: np.ndarray | None = None
    baseline: FloatArray | None = None

    def extras(self, mask: np.ndarray) -> dict[str, object]:
        """Keyword arguments of the kernel for the features of `mask`, beside the method's parameters."""
        found: dict[str, object] = {}
        if self.library_sizes is not None:
            found["library_sizes"] = self.library_sizes
        if self.omnibus:
            found["omnibus"] = self.omnibus
        if self.block is not None:
            found[BLOCK] = self.block
        if self.baseline is not None:
            found["baseline"] = np.ascontiguousarray(self.baseline[:, mask])
        return found


def samples_of(adata: AnnData, analysis: Analysis) -> AnnData:
    """The samples that an analysis uses, in its order, its columns beside those of obs."""
    if analysis.samples is None:
        return adata
    missing = analysis.samples.index.difference(adata.obs_names)
    if len(missing):
        raise InputError(f"{len(missing)} samples of the analysis are not in the data ({missing[0]}).")
    chosen = adata[analysis.samples.index].copy()
    chosen.obs = chosen.obs.drop(columns=analysis.samples.columns, errors="ignore").join(analysis.samples)
    return chosen


def input_of(adata: AnnData, spec: MethodSpec, model: tuple[FloatArray, FloatArray]) -> KernelInput:
    """Counts with library sizes, or values of which every sample has some.

    A method that computes size factors of its own needs no normalization factors: its library sizes are then unknown.
    """
    if "counts" in spec.input_scale:
        counts = counts_of(adata)
        if "size_factors" in spec.parameters and keys.NORMALIZATION_FACTOR not in adata.obs.columns:
            return KernelInput(counts, model, np.full(adata.n_obs, np.nan))
        return KernelInput(counts, model, effective_library_sizes(adata, counts))
    values = values_of(adata)
    if not values.shape[1]:
        return KernelInput(values, model)
    empty = adata.obs_names[np.isnan(values).all(axis=1)]
    if len(empty):
        raise InputError(
            f"{len(empty)} samples have no values ({', '.join(map(str, empty[:3]))}); drop them first "
            "(flag_missing_samples, drop_flagged_samples)."
        )
    return KernelInput(values, model)


def baseline_of(adata: AnnData, analysis: Analysis, spec: MethodSpec) -> FloatArray | None:
    """Values of the baseline sample of every sample; None where the analysis has no baseline."""
    if not analysis.baseline or analysis.samples is None:
        if spec.needs_baseline:
            raise InputError(f"{spec.name} adjusts for each sample's baseline; ask it through the question arms.")
        return None
    if not spec.needs_baseline:
        raise InputError(f"{spec.name} does not adjust for the baseline of each feature; use limma_ancova.")
    return values_of(adata[analysis.samples[analysis.baseline].astype(str).to_numpy()])


def features_of(adata: AnnData, data: KernelInput) -> TestedFeatures:
    """Ids, names and statuses of the features before they are tested."""
    if not adata.var_names.is_unique:
        repeated = adata.var_names[adata.var_names.duplicated()]
        raise InputError(
            f"feature ids must be unique; {len(repeated)} are repeated ({repeated[0]}). Rename or merge them."
        )
    n_samples = (~np.isnan(data.values)).sum(axis=0)
    status = np.full(adata.n_vars, OK, dtype=object)
    status[n_samples == 0] = ALL_MISSING
    if data.library_sizes is not None:
        status[~data.values.any(axis=0)] = ALL_ZERO
    if not (status == OK).any():
        raise InputError(f"none of the {adata.n_vars} features has a value to test; check the matrix.")
    ids = adata.var_names.astype(str).to_numpy(dtype=object)
    has_names = keys.FEATURE_NAME in adata.var.columns
    names = adata.var[keys.FEATURE_NAME].astype(object).to_numpy(dtype=object) if has_names else ids
    return TestedFeatures(ids, np.where(pd.isna(names), "", names), n_samples, status)


def masks(adata: AnnData, analysis: Analysis, usable: np.ndarray) -> Iterator[np.ndarray]:
    """Masks of the features that are fitted together."""
    if not analysis.split_by:
        yield usable
        return
    column = var_column(adata, analysis.split_by).astype(str)
    for value in dict.fromkeys(column):
        mask = usable & (column == value).to_numpy()
        if mask.any():
            yield mask


def input_hashes(adata: AnnData, values: FloatArray) -> tuple[Mapping[str, str], ...]:
    """What the numbers were made from: the tested values and ids, and the manifest of the data."""
    digest = hashlib.sha256(np.ascontiguousarray(values).data)
    digest.update("\n".join([*map(str, adata.obs_names), "", *map(str, adata.var_names)]).encode())
    known = adata.uns.get(keys.EXOMICS, {})
    tested = {"name": "tested values, sample and feature ids", "sha256": digest.hexdigest()}
    if not known.get(keys.MANIFEST):
        return (tested,)
    manifest = {"name": str(known[keys.MANIFEST]), "sha256": str(known.get(keys.MANIFEST_SHA256, ""))}
    return (manifest, tested)


def warnings_of(adata: AnnData, features: TestedFeatures) -> list[str]:
    """Warnings of earlier steps, and how many features could not be tested."""
    found = [step["report"]["warning"] for step in steps_of(adata) if step["report"].get("warning")]
    for status, words in ((ALL_MISSING, "have no value"), (ALL_ZERO, "have no count")):
        count = int((features.status == status).sum())
        if count:
            found.append(f"{count} features {words} in any sample; their rows have status {status} and no numbers")
    return found
