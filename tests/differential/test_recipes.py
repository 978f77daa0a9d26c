"""Recipes run their steps in order, say what they did, and refuse what they are not for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import fit, fit_recipe
from exomics.errors import InputError, ScaleError
from exomics.registry.recipe import Recipe, RecipeContrast, RecipeStep, RecipeTest
from exomics.schema import Scale, annotate


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        id="example",
        version="1.0.0",
        title="Example",
        description="Median and MAD, then limma-trend.",
        assays=("protein",),
        scale="log2",
        steps=(RecipeStep("keep_detected", {"minimum_fraction": "9/10"}), RecipeStep("median_mad")),
        test=RecipeTest(
            method="limma_trend",
            design="~ 0 + group",
            contrasts=(
                RecipeContrast("week8", "F_8W - F_SED", "trained"),
                RecipeContrast("male", "M_8W - M_SED", "trained"),
            ),
            parameters={"robust": True},
        ),
        notes=("an example",),
        sha256="0" * 64,
    )


def test_steps_and_test_run_in_order(log2_study: AnnData, recipe: Recipe) -> None:
    table = fit_recipe(log2_study, recipe)
    parameters = table.provenance.parameters
    assert table.provenance.method == "recipe example"
    assert (parameters["recipe_version"], parameters["recipe_sha256"]) == ("1.0.0", "0" * 64)
    assert [step["step"] for step in parameters["steps"]] == ["keep_detected", "median_mad"]
    kept = parameters["steps"][0]["report"]["n_kept"]
    assert 0 < kept < 300 and len(table.frame) == 2 * kept
    assert set(table.frame["family"]) == {"trained"}
    assert table.provenance.notes[0] == "an example"
    assert len(log2_study.var_names) == 300


def test_removing_batches_beside_the_outcome_needs_a_published_analysis(log2_study: AnnData, recipe: Recipe) -> None:
    step = RecipeStep("remove_batch", {"batch": "plex", "protect": ["group"]})
    own = replace(recipe, steps=(*recipe.steps, step))
    with pytest.raises(InputError) as error:
        fit_recipe(log2_study, own)
    assert str(error.value) == (
        "remove_batch with protected groups sees the outcome and makes p-values too small; it is allowed only in a "
        "recipe that carries reproduces: DOI. Put the batch in the design instead."
    )
    published = replace(own, reproduces={"doi": "10.1/x", "source": "https://example.org", "commit": "abcdef0"})
    table = fit_recipe(log2_study, published)
    assert any(note.startswith("anti-conservative: batch effects were removed") for note in table.provenance.notes)
    assert table.provenance.parameters["steps"][-1]["parameters"]["reproduces"] == "10.1/x"
    assert table.provenance.parameters["reproduces"]["doi"] == "10.1/x"


def test_the_scale_must_fit_and_another_assay_is_noted(
    log2_study: AnnData, count_study: AnnData, recipe: Recipe
) -> None:
    with pytest.raises(ScaleError) as error:
        fit_recipe(count_study, recipe)
    assert str(error.value) == (
        "the recipe example takes log2; X is declared as counts count. "
        "Choose the recipe for this assay, or load the values on that scale."
    )
    other = annotate(log2_study, assay="metabolite", scale=Scale(kind="log2", quantity="intensity"))
    assert (
        "the recipe example is meant for protein; these data are metabolite"
        in fit_recipe(other, recipe).provenance.notes
    )


def test_platforms_are_fitted_separately_and_adjusted_together(log2_study: AnnData, recipe: Recipe) -> None:
    log2_study.var["platform"] = ["a"] * 290 + ["b"] * 10
    few = {"below": 20, "parameters": {"robust": False, "trend": False}}
    test = replace(recipe.test, split_by="platform", few_features=few)
    split = fit_recipe(log2_study, replace(recipe, steps=(), test=test))
    parts = [
        fit(
            log2_study[:, part].copy(),
            design="~ 0 + group",
            contrasts=["F_8W - F_SED", "M_8W - M_SED"],
            method="limma_trend",
            parameters=parameters,
        ).frame
        for part, parameters in ((slice(0, 290), {"robust": True}), (slice(290, 300), few["parameters"]))
    ]
    alone = pd.concat(parts).set_index(["contrast", "feature_id"])["p_value"]
    names = split.frame["contrast"].map({"week8": "F_8W - F_SED", "male": "M_8W - M_SED"})
    rows = pd.MultiIndex.from_arrays([names, split.frame["feature_id"]])
    np.testing.assert_allclose(split.frame["p_value"], alone.loc[rows], rtol=1e-12)
    assert len(split.provenance.parameters["details"]["fits"]) == 2
    assert split.frame["adj_p_value"].notna().all()


def test_a_trial_with_samples_before_and_after() -> None:
    rng = np.random.default_rng(11)
    n = 12
    obs = pd.DataFrame(
        {
            "subject_id": np.repeat([f"P{i:02d}" for i in range(n)], 2),
            "post": np.tile([0.0, 1.0], n),
            "batch": [f"b{(i // 2 + i) % 2}" for i in range(2 * n)],
        },
        index=[f"s{i:02d}" for i in range(2 * n)],
    )
    obs["exercise_post"] = obs["post"] * np.repeat([0.0, 1.0], n)
    means = rng.gamma(2.0, 100.0, 300) * rng.gamma(10.0, 0.1, (n, 300)).repeat(2, axis=0)
    fold = np.where((obs["exercise_post"] == 1).to_numpy()[:, None] & (np.arange(300) < 20), 3.0, 1.0)
    counts = rng.poisson(means * fold)
    study = annotate(AnnData(counts.astype(float), obs=obs), assay="rna", scale=Scale(kind="counts", quantity="count"))
    frame = fit_recipe(study, "randomized_trial_rna").frame
    training = frame[(frame["contrast"] == "training") & (frame["adj_p_value"] < 0.05)]
    assert set(training["feature_id"]) >= {str(i) for i in range(20)}
    assert len(training) < 26
