"""Recipes: the preprocessing steps and the test of a registry document, run in order."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.combine import combine_contrasts
from exomics.differential.contrasts import Contrast
from exomics.differential.omnibus import Omnibus
from exomics.differential.parts import run_in_parts
from exomics.differential.run import run_analysis
from exomics.errors import ScaleError
from exomics.preprocess import apply_steps
from exomics.registry.recipe import Recipe, load_recipe
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
    scale = scale_of(adata)
    if scale.kind != chosen.scale:
        raise ScaleError(
            f"the recipe {chosen.id} takes {chosen.scale}; X is declared as {scale.kind} {scale.quantity}. "
            "Choose the recipe for this assay, or load the values on that scale."
        )
    prepared = apply_steps(adata, [(step.method, step.parameters) for step in chosen.steps], reproduces=chosen.doi)
    test = chosen.test
    analysis = Analysis(
        method=test.method,
        design=test.design,
        contrasts=tuple(Contrast(entry.name, entry.expression, entry.family) for entry in test.contrasts),
        parameters=test.parameters,
        split_by=test.split_by,
        few_features=test.few_features,
        omnibus=tuple(Omnibus(entry.name, entry.contrasts, entry.family) for entry in test.omnibus),
    )
    recorded = {
        "recipe": chosen.id,
        "recipe_version": chosen.version,
        "recipe_sha256": chosen.sha256,
        **({"reproduces": dict(chosen.reproduces)} if chosen.reproduces else {}),
    }
    notes = (*chosen.notes, *_assay_note(adata, chosen))
    name = f"recipe {chosen.id}"
    if test.samples_by:
        table = run_in_parts(prepared, analysis, test.samples_by, name=name, notes=notes, recorded=recorded)
    else:
        table = run_analysis(prepared, analysis, name=name, notes=notes, recorded=recorded)
    for one in test.combine:
        table = combine_contrasts(
            table, one.name, one.of, method=cast(Combination, one.method), missing=cast(Missing, one.missing)
        )
    return table


def _assay_note(adata: AnnData, recipe: Recipe) -> list[str]:
    assay = str(metadata(adata).get(keys.ASSAY, ""))
    if assay in recipe.assays:
        return []
    return [f"the recipe {recipe.id} is meant for {', '.join(recipe.assays)}; these data are {assay or 'undeclared'}"]
