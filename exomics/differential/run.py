"""The runner: an AnnData, a design, contrasts and a method to a differential table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.differential.analysis import Analysis
from exomics.differential.audit import audited_design
from exomics.differential.contrasts import Contrast, evaluate_contrasts, parse_contrast
from exomics.differential.methods import FeatureTests, Tests
from exomics.differential.methods._result import join_tests, spread_tests
from exomics.differential.omnibus import Omnibus, evaluate_omnibus, named_families
from exomics.differential.table import ALL_MISSING, ALL_ZERO, OK, TestedFeatures, differential_frame
from exomics.errors import InputError
from exomics.preprocess import counts_of, effective_library_sizes, require_known, require_scale, values_of, var_column
from exomics.registry.method import MethodSpec
from exomics.results import DifferentialTable, Provenance
from exomics.schema import keys, steps_of

STANDARD_ERROR = (
    "standard_error is |log2_fold_change / statistic|: the unscaled error of the contrast times the posterior "
    "standard deviation of the feature; confidence limits are 95 %"
)
TREAT = (
    "tested against a minimum effect: p is the largest over all true effects of at most {} log2 units (TREAT); "
    "statistic is (|log2_fold_change| - minimum) / standard_error with the sign of the effect, 0 below the minimum; "
    "standard_error is the unscaled error of the contrast times the posterior standard deviation of the feature; "
    "confidence limits are 95 %"
)
LOG_ODDS = "note holds B, the natural log odds that the effect is not zero, if 1 % of the features change"


@dataclass(frozen=True)
class _Input:
    """What the kernels read: values (n_samples, n_features), the design and contrasts as arrays, library sizes."""

    values: FloatArray
    design: FloatArray
    contrasts: FloatArray
    library_sizes: FloatArray | None
    omnibus: tuple[FloatArray, ...] = ()


def fit(
    adata: AnnData,
    *,
    design: str,
    contrasts: Sequence[str | Contrast],
    method: str,
    families: Mapping[str, Sequence[str]] | None = None,
    omnibus: Mapping[str, Sequence[str]] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> DifferentialTable:
    """Test contrasts of a design in every feature.

    Parameters
    ----------
    adata
        Samples x features with a declared scale; counts with normalization factors for the methods on counts.
    design
        Formula on columns of obs, such as ``~ 0 + group + rin``.
    contrasts
        ``EXPRESSION`` or ``NAME=EXPRESSION``: arithmetic on conditions of the design, ``F_8W - F_SED``.
    method
        Name of one of `exomics.differential.Tests`.
    families
        Family -> names of its contrasts; p-values are adjusted over all rows of a family. A contrast of no family is
        one of its own. Sets of contrasts may be named too.
    omnibus
        Name of a set -> names or expressions of the contrasts to be tested together: is any of them not zero?
        One row more per feature and set, ``test`` F (or lrt, by the method), without a log2 effect.
    parameters
        Of the method; those left out have the method's defaults. ``minimum_effect`` of the limma methods tests
        against effects up to that size; ``log_odds`` puts the B statistic into the note.

    Returns
    -------
    DifferentialTable
        One row per contrast and feature. A feature without values, or one that cannot estimate a contrast, keeps its
        row with a status and no numbers.

    Raises
    ------
    DesignError
        If the design or a contrast cannot be estimated; the line says which columns or conditions.
    ScaleError
        If the scale is undeclared or not one the method takes, or counts are not counts.
    InputError
        If a parameter is unknown, a sample has no values, or normalization factors are missing.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> rng = np.random.default_rng(0)
    >>> obs = pd.DataFrame({"group": ["SED"] * 4 + ["RUN"] * 4}, index=[f"s{i}" for i in range(8)])
    >>> table = AnnData(rng.normal(size=(8, 50)), obs=obs)
    >>> table = annotate(table, assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    >>> result = fit(table, design="~ 0 + group", contrasts=["RUN - SED"], method="limma_trend")
    >>> result.frame.shape, set(result.frame["status"])
    ((50, 18), {'ok'})
    """
    parsed = [parse_contrast(contrast) if isinstance(contrast, str) else contrast for contrast in contrasts]
    sets = [Omnibus(name, tuple(members)) for name, members in (omnibus or {}).items()]
    rows, sets_of_rows = named_families(parsed, sets, families or {})
    analysis = Analysis(
        method=method, design=design, contrasts=rows, omnibus=sets_of_rows, parameters=dict(parameters or {})
    )
    return run_analysis(adata, analysis, name=method)


def run_analysis(
    adata: AnnData,
    analysis: Analysis,
    *,
    name: str,
    notes: Sequence[str] = (),
    recorded: Mapping[str, Any] | None = None,
) -> DifferentialTable:
    """Run an analysis and say in the provenance how.

    Parameters
    ----------
    adata
        Samples x features.
    analysis
        What to compute.
    name
        Method or recipe, for the provenance.
    notes
        Further sentences that a reader of the table must see.
    recorded
        Further entries of the provenance's parameters.

    Returns
    -------
    DifferentialTable
        See `fit`.
    """
    spec = Tests[analysis.method]
    for given in (analysis.parameters, analysis.few_features.get("parameters", {})):
        require_known(spec, given)
    _require_omnibus(spec, analysis)
    require_scale(adata, spec)
    design, findings = audited_design(adata.obs, analysis.design)
    contrasts = evaluate_contrasts(analysis.contrasts, design)
    omnibus = evaluate_omnibus(analysis.omnibus, analysis.contrasts, design)
    data = replace(_input_of(adata, spec, (design.matrix, contrasts.weights)), omnibus=omnibus.weights)
    features = _features_of(adata, data)
    tests = _fit_parts(analysis, data, _masks(adata, analysis, features.status == OK))
    provenance = Provenance(
        method=name,
        parameters={
            **(recorded or {}),
            "method": analysis.method,
            "design": analysis.design,
            "contrasts": [vars(contrast) for contrast in analysis.contrasts],
            **({"omnibus": [vars(one) for one in analysis.omnibus]} if analysis.omnibus else {}),
            "options": {**spec.parameters, **analysis.parameters},
            **({"split_by": analysis.split_by} if analysis.split_by else {}),
            "steps": steps_of(adata),
            "details": _named_details(tests.details, adata),
        },
        inputs=_inputs(adata, data.values),
        notes=(
            *notes,
            *_notes_on(analysis, tests),
            *(f"design: {finding.message}" for finding in findings),
            *_warnings(adata, features),
        ),
        acknowledgments=tuple(map(str, adata.uns.get(keys.EXOMICS, {}).get(keys.ACKNOWLEDGMENTS, ()))),
    )
    return DifferentialTable(frame=differential_frame(tests, contrasts, features, omnibus), provenance=provenance)


def _require_omnibus(spec: MethodSpec, analysis: Analysis) -> None:
    if analysis.omnibus and not spec.omnibus:
        able = ", ".join(other.name for other in Tests if other.omnibus)
        raise InputError(f"{spec.name} has no test of several contrasts together; methods that have one: {able}.")


def _notes_on(analysis: Analysis, tests: FeatureTests) -> list[str]:
    notes = [TREAT.format(analysis.parameters["minimum_effect"]) if tests.test == "treat" else STANDARD_ERROR]
    return notes if tests.log_odds is None else [*notes, LOG_ODDS]


def _input_of(adata: AnnData, spec: MethodSpec, model: tuple[FloatArray, FloatArray]) -> _Input:
    if "counts" in spec.input_scale:
        counts = counts_of(adata)
        return _Input(counts, *model, effective_library_sizes(adata, counts))
    values = values_of(adata)
    empty = adata.obs_names[np.isnan(values).all(axis=1)]
    if len(empty):
        raise InputError(
            f"{len(empty)} samples have no values ({', '.join(map(str, empty[:3]))}); drop them first "
            "(flag_missing_samples, drop_flagged_samples)."
        )
    return _Input(values, *model, None)


def _features_of(adata: AnnData, data: _Input) -> TestedFeatures:
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


def _fit_parts(analysis: Analysis, data: _Input, masks: Iterator[np.ndarray]) -> FeatureTests:
    parts = [_fit_part(analysis, data, mask) for mask in masks]
    return parts[0] if len(parts) == 1 else join_tests(parts)


def _masks(adata: AnnData, analysis: Analysis, usable: np.ndarray) -> Iterator[np.ndarray]:
    if not analysis.split_by:
        yield usable
        return
    column = var_column(adata, analysis.split_by).astype(str)
    for value in dict.fromkeys(column):
        mask = usable & (column == value).to_numpy()
        if mask.any():
            yield mask


def _fit_part(analysis: Analysis, data: _Input, mask: np.ndarray) -> FeatureTests:
    parameters = dict(analysis.parameters)
    if analysis.few_features and mask.sum() < analysis.few_features["below"]:
        parameters.update(analysis.few_features["parameters"])
    if data.library_sizes is not None:
        parameters["library_sizes"] = data.library_sizes
    if data.omnibus:
        parameters["omnibus"] = data.omnibus
    values = data.values if mask.all() else np.ascontiguousarray(data.values[:, mask])
    tests = Tests[analysis.method].function(values, data.design, data.contrasts, **parameters)
    return spread_tests(tests, mask)


def _named_details(details: Mapping[str, Any], adata: AnnData) -> dict[str, Any]:
    named = dict(details)
    if "fits" in named:
        named["fits"] = [_named_details(part, adata) for part in named["fits"]]
    if "sample_weights" in named:
        named["sample_weights"] = dict(zip(map(str, adata.obs_names), named["sample_weights"], strict=True))
    return named


def _inputs(adata: AnnData, values: FloatArray) -> tuple[Mapping[str, str], ...]:
    digest = hashlib.sha256(np.ascontiguousarray(values).data)
    digest.update("\n".join([*map(str, adata.obs_names), "", *map(str, adata.var_names)]).encode())
    known = adata.uns.get(keys.EXOMICS, {})
    tested = {"name": "tested values, sample and feature ids", "sha256": digest.hexdigest()}
    if not known.get(keys.MANIFEST):
        return (tested,)
    manifest = {"name": str(known[keys.MANIFEST]), "sha256": str(known.get(keys.MANIFEST_SHA256, ""))}
    return (manifest, tested)


def _warnings(adata: AnnData, features: TestedFeatures) -> list[str]:
    found = [step["report"]["warning"] for step in steps_of(adata) if step["report"].get("warning")]
    for status, words in ((ALL_MISSING, "have no value"), (ALL_ZERO, "have no count")):
        count = int((features.status == status).sum())
        if count:
            found.append(f"{count} features {words} in any sample; their rows have status {status} and no numbers")
    return found
