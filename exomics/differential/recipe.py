"""Recipes: the preprocessing steps and the test of a registry document, run in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.combine import combine_contrasts
from exomics.differential.contrasts import Contrast
from exomics.differential.covariates import Covariates
from exomics.differential.omnibus import Omnibus
from exomics.differential.parts import run_in_parts
from exomics.differential.platforms import PlatformPool, pool_platforms
from exomics.differential.run import run_analysis
from exomics.differential.settle import with_covariates_settled
from exomics.errors import ScaleError
from exomics.preprocess import apply_steps
from exomics.registry.recipe import Recipe, RecipeCombination, RecipeTest, load_recipe
from exomics.results import DifferentialTable
from exomics.schema import keys, metadata, scale_of
from exomics.stats.combine_p_values import Combination, Missing


def fit_recipe(adata: AnnData, recipe: Recipe | str | Path) -> DifferentialTable:
    """Run a recipe: its preprocessing in order, then its test.

    Parameters
    ----------
    adata
        Samples x features with a declared scale, of the kind that the recipe names.
    recipe
        A recipe, the id of a shipped one, or the path of a document.

    Returns
    -------
    DifferentialTable
        See `fit`. The provenance holds the recipe's id, version and hash, every step with what it dropped, and what
        the recipe reproduces.

    Raises
    ------
    ScaleError
        If the object is on another scale than the recipe takes.
    RegistryError
        If there is no such recipe, or it names an unknown method.
    DesignError, InputError
        As in `fit`.

    Examples
    --------
    >>> from exomics.registry.recipe import load_recipe
    >>> load_recipe("motrpac_muscle_protein").test.design
    '~ 0 + group'
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(str(recipe))
    prepared, analysis = prepare_recipe(adata, chosen)
    recorded = {**identity_of(chosen), **({"reproduces": dict(chosen.reproduces)} if chosen.reproduces else {})}
    notes, name, test = (*chosen.notes, *_assay_note(adata, chosen)), f"recipe {chosen.id}", chosen.test
    if test.samples_by:
        table = run_in_parts(prepared, analysis, test.samples_by, name=name, notes=notes, recorded=recorded)
    else:
        table = run_analysis(prepared, analysis, name=name, notes=notes, recorded=recorded)
    for one in test.combine:
        table = _combined(table, one, analysis)
    return pool_platforms(table, prepared.var, PlatformPool(**test.platforms)) if test.platforms else table


def prepare_recipe(adata: AnnData, recipe: Recipe) -> tuple[AnnData, Analysis]:
    """What a recipe tests: the data after its steps, and its analysis with the covariates that the samples have.

    Parameters
    ----------
    adata
        Samples x features.
    recipe
        The recipe.

    Returns
    -------
    tuple
        Where parts of the samples are fitted alone, each settles its covariates itself.

    Raises
    ------
    ScaleError
        If the object is on another scale than the recipe takes.
    """
    scale = scale_of(adata)
    if scale.kind != recipe.scale:
        raise ScaleError(
            f"the recipe {recipe.id} takes {recipe.scale}; X is declared as {scale.kind} {scale.quantity}. "
            "Choose the recipe for this assay, or load the values on that scale."
        )
    asked = _analysis_of(recipe.test)
    settled, analysis = (adata, asked) if recipe.test.samples_by else with_covariates_settled(adata, asked)
    return apply_steps(settled, _steps_of(recipe, analysis), reproduces=recipe.doi), analysis


def identity_of(recipe: Recipe) -> dict[str, Any]:
    """Id, version and hash of a recipe, for the provenance."""
    return {"recipe": recipe.id, "recipe_version": recipe.version, "recipe_sha256": recipe.sha256}


def _analysis_of(test: RecipeTest) -> Analysis:
    return Analysis(
        method=test.method,
        design=test.design,
        contrasts=tuple(Contrast(entry.name, entry.expression, entry.family) for entry in test.contrasts),
        parameters=test.parameters,
        split_by=test.split_by,
        few_features=test.few_features,
        omnibus=tuple(Omnibus(entry.name, entry.contrasts, entry.family) for entry in test.omnibus),
        covariates=Covariates(**test.covariates) if test.covariates else None,
        leave_out_absent=test.absent_conditions == "leave_out",
    )


def _steps_of(recipe: Recipe, analysis: Analysis) -> list[tuple[str, Mapping[str, Any]]]:
    """The preprocessing steps; covariates that left the model leave their parameters too."""
    lost = set(recipe.test.covariates.get("columns", ())) - set(re.findall(r"[\w.]+", analysis.design))

    def kept(value: Any) -> Any:
        return [name for name in value if name not in lost] if isinstance(value, list) else value

    return [(step.method, {key: kept(value) for key, value in step.parameters.items()}) for step in recipe.steps]


def _combined(table: DifferentialTable, one: RecipeCombination, analysis: Analysis) -> DifferentialTable:
    """Combined rows; of contrasts that were left out the others stand alone."""
    there = set(table.frame["contrast"])
    present = [name for name in one.of if name in there or not analysis.leave_out_absent]
    method, missing = cast(Combination, one.method), cast(Missing, one.missing)
    return combine_contrasts(table, one.name, present, method=method, missing=missing, fewest=1)


def _assay_note(adata: AnnData, recipe: Recipe) -> list[str]:
    assay = str(metadata(adata).get(keys.ASSAY, ""))
    if assay in recipe.assays:
        return []
    return [f"the recipe {recipe.id} is meant for {', '.join(recipe.assays)}; these data are {assay or 'undeclared'}"]
