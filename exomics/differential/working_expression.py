"""What a set test on samples needs of an analysis: log values, precision weights, the design and its contrasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.differential.contrasts import Contrast, evaluate_contrasts, parse_contrast
from exomics.differential.design import build_design
from exomics.differential.methods import Tests
from exomics.differential.methods.limma_trend import quality_weights, within_blocks
from exomics.differential.recipe import identity_of, prepare_recipe
from exomics.differential.settle import settle
from exomics.errors import DesignError, InputError
from exomics.preprocess import counts_of, effective_library_sizes, obs_labels, require_scale, values_of
from exomics.registry.recipe import Recipe, load_recipe
from exomics.schema import keys, steps_of
from exomics.stats import precision_weights
from exomics.stats.within_subject import BlockCorrelation

_Values = tuple[FloatArray, FloatArray | None, np.ndarray]


@dataclass(frozen=True)
class WorkingExpression:
    """Log values as a linear model sees them.

    Parameters
    ----------
    expression
        log2 values (n_samples, n_features); NaN where missing.
    weights
        Precision weights (n_samples, n_features) or (n_samples,), sample weights included; None for equal ones.
    design
        (n_samples, n_coefficients).
    contrasts
        (n_coefficients, n_contrasts).
    contrast_names, families
        One per contrast.
    feature_ids, feature_names
        One per feature.
    recorded
        How it was made, for the provenance.
    acknowledgments
        Data-use sentences.
    blocks
        Samples that belong together and the correlation within them; None for independent samples.
    """

    expression: FloatArray
    weights: FloatArray | None
    design: FloatArray
    contrasts: FloatArray
    contrast_names: Sequence[str]
    families: Sequence[str]
    feature_ids: np.ndarray
    feature_names: np.ndarray
    recorded: Mapping[str, Any]
    acknowledgments: tuple[str, ...]
    blocks: BlockCorrelation | None = None


def working_expression(
    adata: AnnData,
    *,
    design: str,
    contrasts: Sequence[str | Contrast],
    test: str,
    sample_weights: str = "none",
    block: str = "",
) -> WorkingExpression:
    """Log values and weights as one of the linear-model tests computes them.

    Parameters
    ----------
    adata
        Samples x features with a declared scale.
    design, contrasts
        As in `fit`.
    test
        ``limma_trend`` (log values as they are), ``limma_voom`` or ``voom_lm_fit`` (log counts per million with
        precision weights).
    sample_weights, block
        As the parameters of that test; `block` is a column of obs.

    Returns
    -------
    WorkingExpression
        Features without any value, or without a count, are left out.

    Raises
    ------
    InputError
        If the test fits no linear model on log values.
    DesignError, ScaleError
        As in `fit`.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"group": ["SED"] * 4 + ["RUN"] * 4}, index=[f"s{i}" for i in range(8)])
    >>> table = AnnData(np.random.default_rng(0).normal(size=(8, 50)), obs=obs)
    >>> table = annotate(table, assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    >>> found = working_expression(table, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_trend")
    >>> found.expression.shape, found.contrasts.ravel().tolist()
    ((8, 50), [1.0, -1.0])
    """
    if test not in _VALUES:
        raise InputError(f"{test} has no log values to test sets on; use {', '.join(_VALUES)}.")
    require_scale(adata, Tests[test])
    model = build_design(adata.obs, design)
    parsed = [parse_contrast(contrast) if isinstance(contrast, str) else contrast for contrast in contrasts]
    if not parsed:
        raise DesignError("give at least one contrast.")
    evaluated = evaluate_contrasts(tuple(parsed), model)
    values, weights, kept = _VALUES[test](adata, model.matrix, sample_weights)
    blocks = within_blocks(values, model.matrix, obs_labels(adata, block) if block else None, weights=weights)
    ids = adata.var_names.astype(str).to_numpy(dtype=object)[kept]
    return WorkingExpression(
        values,
        weights,
        model.matrix,
        evaluated.weights,
        evaluated.names,
        evaluated.families,
        ids,
        _names(adata, ids, kept),
        {
            "test": test,
            "design": design,
            "contrasts": [vars(contrast) for contrast in parsed],
            "sample_weights": sample_weights,
            **({} if blocks is None else {"block": block, "correlation_within_blocks": float(blocks.correlation)}),
            "steps": steps_of(adata),
        },
        tuple(map(str, adata.uns.get(keys.EXOMICS, {}).get(keys.ACKNOWLEDGMENTS, ()))),
        blocks,
    )


def _names(adata: AnnData, ids: NDArray[np.object_], kept: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Names of the kept features, their ids where the data have none, "" where one is missing."""
    if keys.FEATURE_NAME not in adata.var.columns:
        return ids
    names = adata.var[keys.FEATURE_NAME].astype(object).to_numpy(dtype=object)[kept]
    return np.asarray(np.where(pd.isna(names), "", names), dtype=object)


def working_expression_of_recipe(adata: AnnData, recipe: Recipe | str | Path) -> WorkingExpression:
    """As `working_expression`, with the steps, design, contrasts and weights of a recipe.

    Parameters
    ----------
    adata
        Of the kind that the recipe names.
    recipe
        A recipe, the id of a shipped one, or the path of a document.

    Returns
    -------
    WorkingExpression
        After the recipe's preprocessing.

    Raises
    ------
    InputError
        If the recipe fits parts of the features separately, or its test has no log values.
    ScaleError
        If the object is on another scale than the recipe takes.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe))
    alone = chosen.test.split_by or chosen.test.samples_by
    if alone:
        raise InputError(
            f"the recipe {chosen.id} fits each {alone} separately; test sets on its differential table "
            "(camera_preranked)."
        )
    prepared, analysis = settle(*prepare_recipe(adata, chosen))
    options = {**Tests[analysis.method].parameters, **analysis.parameters}
    found = working_expression(
        prepared,
        design=analysis.design,
        contrasts=analysis.contrasts,
        test=analysis.method,
        sample_weights=str(options.get("sample_weights", "none")),
        block=str(options.get("block", "")),
    )
    return replace(found, recorded={**identity_of(chosen), **found.recorded})


def _log_values(adata: AnnData, design: FloatArray, sample_weights: str) -> _Values:
    values = values_of(adata)
    kept = np.flatnonzero(np.isfinite(values).any(axis=0))
    method: Any = sample_weights
    _, weights = quality_weights(values[:, kept], design, weights=None, method=method)
    return values[:, kept], None if weights is None else np.asarray(weights, dtype=np.float64), kept


def _voom(adata: AnnData, design: FloatArray, sample_weights: str) -> _Values:
    counts, sizes, kept = _counted(adata)
    if sample_weights == "none":
        found = precision_weights.voom(counts, design, library_sizes=sizes)
    else:
        found = precision_weights.voom_with_sample_weights(counts, design, library_sizes=sizes).voom
    return found.expression, found.weights, kept


def _voom_lm_fit(adata: AnnData, design: FloatArray, sample_weights: str) -> _Values:
    counts, sizes, kept = _counted(adata)
    groups: Any = None if sample_weights == "none" else "each"
    found = precision_weights.voom_lm_fit(counts, design, library_sizes=sizes, sample_groups=groups).voom
    return found.expression, found.weights, kept


def _counted(adata: AnnData) -> tuple[FloatArray, FloatArray, np.ndarray]:
    counts = counts_of(adata)
    sizes = effective_library_sizes(adata, counts)
    kept = np.flatnonzero(counts.any(axis=0))
    return np.ascontiguousarray(counts[:, kept]), sizes, kept


_VALUES: Mapping[str, Callable[[AnnData, FloatArray, str], _Values]] = {
    "limma_trend": _log_values,
    "limma_voom": _voom,
    "voom_lm_fit": _voom_lm_fit,
}
