"""Tests of sets that read samples and a design: what they need of a prepared analysis, and their runner."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np

from exomics._checks import FloatArray
from exomics.enrichment import names as naming
from exomics.enrichment._method import EnrichmentMethod
from exomics.enrichment.gene_sets import GeneSets
from exomics.enrichment.methods import EnrichmentMethods
from exomics.enrichment.run import kernel_options, options_of, parameters_of
from exomics.enrichment.table import ContrastTests, enrichment_frame, floor_note
from exomics.errors import InputError
from exomics.results import Provenance
from exomics.results.enrichment import EnrichmentTable
from exomics.stats.within_subject import BlockCorrelation


class PreparedExpression(Protocol):
    """Log values with a design and contrasts, such as `exomics.differential.working_expression` gives.

    ``expression`` is (n_samples, n_features), ``weights`` the same or None, ``design`` (n_samples, n_coefficients),
    ``contrasts`` (n_coefficients, n_contrasts) with ``contrast_names`` and ``families``; ``blocks`` tells the
    correlation of samples that belong together, or None; ``feature_ids`` and ``feature_names`` name the columns;
    ``recorded`` is what the provenance shall say.
    """

    @property
    def expression(self) -> FloatArray: ...
    @property
    def weights(self) -> FloatArray | None: ...
    @property
    def design(self) -> FloatArray: ...
    @property
    def contrasts(self) -> FloatArray: ...
    @property
    def blocks(self) -> BlockCorrelation | None: ...
    @property
    def contrast_names(self) -> Sequence[str]: ...
    @property
    def families(self) -> Sequence[str]: ...
    @property
    def feature_ids(self) -> np.ndarray: ...
    @property
    def feature_names(self) -> np.ndarray: ...
    @property
    def recorded(self) -> Mapping[str, Any]: ...
    @property
    def acknowledgments(self) -> tuple[str, ...]: ...


def enrich_expression(
    prepared: PreparedExpression,
    gene_sets: GeneSets,
    *,
    method: str = "camera",
    parameters: Mapping[str, Any] | None = None,
    mapping: naming.Mapping | None = None,
    seed: int = 1,
) -> EnrichmentTable:
    """Test sets in samples, for every contrast of a design.

    Parameters
    ----------
    prepared
        Values, weights, design and contrasts. Features with a missing value are left out: the correlation between
        features needs complete ones. How many were is in the notes.
    gene_sets
        From `resolve_gene_sets`.
    method
        A method that reads expression.
    parameters
        Of the method, and ``min_size``, ``duplicates`` and ``names`` of the runner.
    mapping
        Ortholog table, when the sets are human and the features are not.
    seed
        Of rotations. Each contrast has its own stream, so that its rows do not depend on the others.

    Returns
    -------
    EnrichmentTable
        One row per contrast and set.

    Raises
    ------
    InputError
        If no feature is complete or no member measured, a parameter is unknown, or the method takes no blocks.
    DesignError
        If a contrast cannot be estimated.
    """
    spec = _of_expression(method, blocked=prepared.blocks is not None)
    options = options_of(spec, parameters or {}, gene_sets)
    mapped = naming.map_names(_own_names(prepared, options["names"]), mapping)
    complete = _complete(prepared.expression)
    kept = complete[mapped.names[complete] != ""]
    means = prepared.expression[:, kept].mean(axis=0)
    kept = kept[naming.one_per_name(mapped.names[kept], means, options["duplicates"])]
    values, ids = prepared.expression[:, kept], np.asarray(prepared.feature_ids, dtype=object)[kept]
    indexed = naming.index_sets(gene_sets, mapped.names[kept], options["min_size"])
    arguments = {"weights": _columns(prepared.weights, kept), **kernel_options(options)}
    if prepared.blocks is not None:
        arguments["blocks"] = prepared.blocks
    tests = []
    for name, family, contrast in zip(prepared.contrast_names, prepared.families, prepared.contrasts.T, strict=True):
        drawn = {"generator": np.random.default_rng([seed, *name.encode()])} if spec.random else {}
        found = spec.function(values, prepared.design, contrast, indexed.arrays, **arguments, **drawn)
        tests.append(ContrastTests(name, family, indexed, found, mapped.names[kept]))
    provenance = Provenance(
        method=method,
        parameters={**prepared.recorded, **parameters_of(options, gene_sets, mapped, tests)},
        inputs=({"name": "tested values and feature ids", "sha256": _hash(values, ids)},),
        seed=seed if spec.random else None,
        notes=(
            *mapped.losses.notes,
            *_left_out(prepared.expression, complete),
            *floor_note(tests, gene_sets, options["min_size"]),
            f"{method}: {spec.units}",
        ),
        acknowledgments=prepared.acknowledgments,
    )
    return EnrichmentTable(frame=enrichment_frame(tests, gene_sets, method), provenance=provenance)


def _of_expression(method: str, *, blocked: bool) -> EnrichmentMethod:
    """The method called `method`, if it reads expression, and blocks where there are some."""
    spec = cast(EnrichmentMethod, EnrichmentMethods[method])
    if spec.reads != "expression":
        raise InputError(f"{method} reads a differential table; make one and give it to enrich.")
    if blocked and not spec.takes_blocks:
        able = ", ".join(other.name for other in EnrichmentMethods if getattr(other, "takes_blocks", False))
        raise InputError(f"{method} takes no blocks of samples; methods that do: {able}.")
    return spec


def _own_names(prepared: PreparedExpression, names: str) -> np.ndarray:
    return np.asarray(prepared.feature_ids if names == "feature_id" else prepared.feature_names, dtype=object)


def _left_out(expression: FloatArray, complete: np.ndarray) -> tuple[str, ...]:
    n_incomplete = expression.shape[1] - complete.size
    return (f"{n_incomplete} features with a missing value were left out",) if n_incomplete else ()


def _columns(weights: FloatArray | None, kept: np.ndarray) -> FloatArray | None:
    return weights[:, kept] if weights is not None and weights.ndim == 2 else weights


def _complete(expression: FloatArray) -> np.ndarray:
    kept = np.flatnonzero(np.isfinite(expression).all(axis=0))
    if kept.size < 3:
        raise InputError(
            f"{kept.size} of {expression.shape[1]} features are measured in every sample; camera needs complete "
            "features. Impute, or use camera_preranked on a differential table."
        )
    return kept


def _hash(values: FloatArray, ids: np.ndarray) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(values).data)
    digest.update("\n".join(map(str, ids)).encode())
    return digest.hexdigest()
