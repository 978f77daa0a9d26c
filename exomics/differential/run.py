"""The runner: an AnnData, a design, contrasts and a method to a differential table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.audit import Finding, audited_design
from exomics.differential.contrasts import Contrast, evaluate_contrasts, parse_contrast
from exomics.differential.inputs import (
    BLOCK,
    KernelInput,
    baseline_of,
    features_of,
    input_hashes,
    input_of,
    masks,
    samples_of,
    warnings_of,
)
from exomics.differential.methods import FeatureTests, Tests
from exomics.differential.methods._result import join_tests, spread_tests
from exomics.differential.omnibus import Omnibus, evaluate_omnibus, named_families
from exomics.differential.settle import settle
from exomics.differential.table import OK, differential_frame
from exomics.errors import InputError
from exomics.preprocess import obs_labels, require_known, require_scale
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
STANDARD_ERRORS = {
    "t": STANDARD_ERROR,
    "treat": TREAT,
    "wald": "standard_error is |log2_fold_change / statistic|, that of maximum likelihood; confidence limits are 95 %",
    "F": "standard_error is |log2_fold_change| / sqrt(statistic); confidence limits are 95 %",
    "lrt": "a likelihood ratio has no log2_fold_change; negative_binomial_wald gives one at the same dispersions",
}
LOG_ODDS = "note holds B, the natural log odds that the effect is not zero, if 1 % of the features change"


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
    spec = _method_of(analysis)
    used, analysis = settle(samples_of(adata, analysis), analysis)
    require_scale(used, spec)
    design, findings = audited_design(used.obs, analysis.design, block=str(analysis.parameters.get(BLOCK, "")))
    contrasts = evaluate_contrasts(analysis.contrasts, design)
    omnibus = evaluate_omnibus(analysis.omnibus, analysis.contrasts, design)
    data = replace(
        input_of(used, spec, (design.matrix, contrasts.weights)),
        omnibus=omnibus.weights,
        block=_block_of(used, analysis),
        baseline=baseline_of(adata, analysis, spec),
    )
    features = features_of(used, data)
    tests = _fit_parts(analysis, data, masks(used, analysis, features.status == OK))
    provenance = Provenance(
        method=name,
        parameters={
            **(recorded or {}),
            **_parameters_of(analysis, used),
            "details": _named_details(tests.details, used),
        },
        inputs=input_hashes(used, data.values),
        notes=(*notes, *analysis.notes, *_notes_on(analysis, tests, findings), *warnings_of(used, features)),
        acknowledgments=tuple(map(str, used.uns.get(keys.EXOMICS, {}).get(keys.ACKNOWLEDGMENTS, ()))),
    )
    table = DifferentialTable(frame=differential_frame(tests, contrasts, features, omnibus), provenance=provenance)
    return _with_sensitivity(adata, analysis, table) if analysis.sensitivity else table


def _method_of(analysis: Analysis) -> MethodSpec:
    if not analysis.method:
        raise InputError(f"the analysis names no method; choose one of {', '.join(Tests.names)}.")
    spec = Tests[analysis.method]
    for given in (analysis.parameters, analysis.few_features.get("parameters", {})):
        require_known(spec, given)
    if analysis.omnibus and not spec.omnibus:
        able = ", ".join(other.name for other in Tests if other.omnibus)
        raise InputError(f"{spec.name} has no test of several contrasts together; methods that have one: {able}.")
    return spec


def _block_of(adata: AnnData, analysis: Analysis) -> np.ndarray | None:
    """The labels of the blocks: the parameter ``block`` names a column of obs."""
    name = str(analysis.parameters.get(BLOCK, "") or "")
    return obs_labels(adata, name) if name else None


def _parameters_of(analysis: Analysis, adata: AnnData) -> dict[str, Any]:
    spec = Tests[analysis.method]
    return {
        "method": analysis.method,
        "design": analysis.design,
        "contrasts": [vars(contrast) for contrast in analysis.contrasts],
        **({"omnibus": [vars(one) for one in analysis.omnibus]} if analysis.omnibus else {}),
        "options": {**spec.parameters, **analysis.parameters},
        **({"split_by": analysis.split_by} if analysis.split_by else {}),
        **({} if analysis.samples is None else {"samples": list(map(str, adata.obs_names))}),
        "steps": steps_of(adata),
    }


def _notes_on(analysis: Analysis, tests: FeatureTests, findings: Sequence[Finding]) -> list[str]:
    notes = [STANDARD_ERRORS[tests.test].format(analysis.parameters.get("minimum_effect"))]
    notes += [str(note) for note in tests.details.get("notes", ())]
    notes += [] if tests.log_odds is None else [LOG_ODDS]
    return notes + [f"design: {finding.message}" for finding in findings]


def _with_sensitivity(adata: AnnData, analysis: Analysis, table: DifferentialTable) -> DifferentialTable:
    """The table followed by the rows of the same question under other assumptions."""
    others = [
        run_analysis(adata, replace(other, method=other.method or analysis.method), name=table.provenance.method)
        for other in analysis.sensitivity
    ]
    provenance = replace(
        table.provenance,
        parameters={
            **table.provenance.parameters,
            "sensitivity": [dict(other.provenance.parameters) for other in others],
        },
        notes=tuple(dict.fromkeys(note for one in (table, *others) for note in one.provenance.notes)),
    )
    frame = pd.concat([one.frame for one in (table, *others)], ignore_index=True)
    return DifferentialTable(frame=frame, provenance=provenance)


def _fit_parts(analysis: Analysis, data: KernelInput, parts: Iterator[np.ndarray]) -> FeatureTests:
    found = [_fit_part(analysis, data, mask) for mask in parts]
    return found[0] if len(found) == 1 else join_tests(found)


def _fit_part(analysis: Analysis, data: KernelInput, mask: np.ndarray) -> FeatureTests:
    parameters = dict(analysis.parameters)
    if analysis.few_features and mask.sum() < analysis.few_features["below"]:
        parameters.update(analysis.few_features["parameters"])
    parameters.pop(BLOCK, None)
    parameters.update(data.extras(mask))
    values = data.values if mask.all() else np.ascontiguousarray(data.values[:, mask])
    tests = Tests[analysis.method].function(values, *data.model, **parameters)
    return spread_tests(tests, mask)


def _named_details(details: Mapping[str, Any], adata: AnnData) -> dict[str, Any]:
    named = dict(details)
    if "fits" in named:
        named["fits"] = [_named_details(part, adata) for part in named["fits"]]
    if "sample_weights" in named:
        named["sample_weights"] = dict(zip(map(str, adata.obs_names), named["sample_weights"], strict=True))
    return named
