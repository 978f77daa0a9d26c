"""The runner: a differential table, sets and a method to an enrichment table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from exomics.enrichment import names as naming
from exomics.enrichment._method import RUNNER, EnrichmentMethod
from exomics.enrichment.gene_sets import GeneSets
from exomics.enrichment.methods import EnrichmentMethods
from exomics.enrichment.statistics import feature_statistics, signed_scores
from exomics.enrichment.table import ContrastTests, enrichment_frame, floor_note
from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.results.enrichment import EnrichmentTable


def enrich(
    table: DifferentialTable,
    gene_sets: GeneSets,
    *,
    method: str,
    parameters: Mapping[str, Any] | None = None,
    mapping: naming.Mapping | None = None,
    seed: int = 1,
) -> EnrichmentTable:
    """Test sets in every contrast of a differential table.

    Parameters
    ----------
    table
        The background of every method are the features that have a p-value and, in the names of the sets, a name: what
        could have been found in a set.
    gene_sets
        From `resolve_gene_sets` or `read_substrates`.
    method
        Name of one of `exomics.enrichment.EnrichmentMethods` that reads statistics.
    parameters
        Of the method, and of the runner: ``min_size`` (floor of measured members), ``duplicates``, ``rank_by`` and
        ``names`` (see `EnrichmentMethod`).
    mapping
        Ortholog or site table, when the sets are human and the features are not.
    seed
        Of the permutations. Each contrast has its own stream, so that its rows do not depend on the others.

    Returns
    -------
    EnrichmentTable
        One row per contrast, set and inter-gene correlation. A set below the floor keeps its row, without numbers.
        p-values are adjusted (Benjamini-Hochberg) over all sets of all contrasts that share a family in `table`, at
        one correlation.

    Raises
    ------
    InputError
        If no member is measured, a contrast has no signed statistic where one is needed, signed sets go to a method
        that ignores signs, or a parameter is unknown.
    RegistryError
        If there is no such method.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=200) + (np.arange(200) < 20)
    >>> rows = {"feature_id": [f"g{i}" for i in range(200)], "feature_name": [f"G{i}" for i in range(200)],
    ...         "contrast": "trained", "test": "wald", "statistic": z, "p_value": 0.5, "adj_p_value": 0.9,
    ...         "family": "trained", "status": "ok", "note": ""}
    >>> frame = pd.DataFrame(rows).reindex(columns=list(DifferentialTable.columns))
    >>> sets = GeneSets("mine", {"first": tuple(f"G{i}" for i in range(20)), "rare": ("G1", "absent")})
    >>> found = enrich(DifferentialTable(frame, Provenance(method="made")), sets, method="camera_preranked",
    ...                parameters={"inter_gene_correlation": 0.01})
    >>> found.frame["n_measured"].tolist(), found.frame["p_value"].notna().tolist()
    ([20, 1], [True, False])
    """
    spec = cast(EnrichmentMethod, EnrichmentMethods[method])
    if spec.reads != "statistics":
        raise InputError(f"{method} reads samples, not a differential table; give the data and a design or recipe.")
    options = options_of(spec, parameters or {}, gene_sets)
    if table.frame.empty:
        raise InputError("the differential table has no rows; there is nothing to test.")
    mapped = naming.map_names(table.frame[options["names"]].to_numpy(dtype=object), mapping)
    tests = []
    for contrast, places in table.frame.groupby("contrast", sort=False).indices.items():
        tests.append(
            _one_contrast(
                str(contrast), table.frame.iloc[places], mapped.names[places], (spec, options, gene_sets, seed)
            )
        )
    provenance = Provenance(
        method=method,
        parameters=parameters_of(options, gene_sets, mapped, tests),
        inputs=(*table.provenance.inputs, {"name": "differential table, tested columns", "sha256": _hash(table.frame)}),
        seed=seed if spec.random else None,
        notes=(*mapped.losses.notes, *floor_note(tests, gene_sets, options["min_size"]), f"{method}: {spec.units}"),
        acknowledgments=table.provenance.acknowledgments,
    )
    return EnrichmentTable(frame=enrichment_frame(tests, gene_sets, method), provenance=provenance)


def options_of(spec: EnrichmentMethod, given: Mapping[str, Any], gene_sets: GeneSets) -> dict[str, Any]:
    """All parameters of a run, or an `InputError` for an unknown one or for signs that the method would ignore."""
    unknown = [name for name in given if name not in spec.parameters]
    if unknown:
        raise InputError(f"{spec.name} has no parameter {unknown[0]!r}; its parameters: {', '.join(spec.parameters)}.")
    if gene_sets.signs and not spec.takes_signs:
        signed = ", ".join(known.name for known in EnrichmentMethods if cast(EnrichmentMethod, known).takes_signs)
        raise InputError(f"{gene_sets.name} holds signed members, which {spec.name} would ignore; use {signed}.")
    options = {**spec.parameters, **given}
    if options["names"] not in ("feature_name", "feature_id"):
        raise InputError(f"names must be feature_name or feature_id; got {options['names']!r}.")
    if not isinstance(options["min_size"], int) or options["min_size"] < 1:
        raise InputError(f"min_size must be a whole number from 1; got {options['min_size']!r}.")
    return options


def kernel_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the kernel: all but those of the runner."""
    return {name: value for name, value in options.items() if name not in RUNNER}


def parameters_of(
    options: Mapping[str, Any], gene_sets: GeneSets, mapped: naming.MappedNames, tests: list[ContrastTests]
) -> dict[str, Any]:
    """What the provenance says of a run."""
    return {
        "options": {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()},
        "gene_sets": {
            "name": gene_sets.name,
            "n_sets": len(gene_sets),
            "species": gene_sets.species,
            "sha256": gene_sets.sha256,
        },
        "mapping": {"source": mapped.source, "losses": mapped.losses.to_records()},
        "background": {test.contrast: test.n_features for test in tests},
        "details": {test.contrast: test.named_details(gene_sets) for test in tests if test.tests.details},
    }


def _one_contrast(
    contrast: str, rows: pd.DataFrame, names: np.ndarray, run: tuple[EnrichmentMethod, dict[str, Any], GeneSets, int]
) -> ContrastTests:
    spec, options, gene_sets, seed = run
    scores = signed_scores(rows, options["rank_by"])
    measured = rows["p_value"].notna().to_numpy() & (names != "")
    if spec.needs_sign:
        if measured.any() and np.isnan(scores[measured]).all():
            raise InputError(f"the test of {contrast!r} has no sign; {spec.name} needs t or Wald statistics.")
        measured &= np.isfinite(scores)
    mean = rows["mean_expression"].to_numpy(dtype=np.float64)
    kept = np.flatnonzero(measured)
    kept = kept[naming.one_per_name(names[kept], mean[kept], options["duplicates"])]
    if kept.size < 3:
        raise InputError(
            f"the contrast {contrast!r} has {kept.size} measured and named features; at least 3 are needed."
        )
    indexed = naming.index_sets(gene_sets, names[kept], options["min_size"])
    extra: dict[str, Any] = {}
    if spec.random:
        extra["generator"] = np.random.default_rng([seed, *contrast.encode()])
    features = feature_statistics(rows.iloc[kept], scores[kept])
    tests = spec.function(features, indexed.arrays, **kernel_options(options), **extra)
    return ContrastTests(contrast, str(rows["family"].iloc[0]), indexed, tests, names[kept])


def _hash(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for name in ("feature_id", "feature_name", "contrast"):
        digest.update("\n".join(frame[name]).encode())
    for name in ("log2_fold_change", "statistic", "degrees_of_freedom", "p_value", "adj_p_value"):
        digest.update(np.ascontiguousarray(frame[name].to_numpy(dtype=np.float64)).data)
    return digest.hexdigest()
