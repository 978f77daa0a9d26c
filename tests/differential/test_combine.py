"""Contrasts brought together: the sexes combined, parts fitted alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import combine_contrasts, fit, fit_recipe
from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.omnibus import Omnibus
from exomics.differential.parts import run_in_parts
from exomics.errors import DesignError, InputError
from exomics.registry.recipe import load_recipe
from exomics.results import DifferentialTable
from exomics.schema import Scale, annotate
from exomics.stats.combine_p_values import combine_p_values
from exomics.stats.multiple_testing import benjamini_hochberg

TWO = ["F_8W - F_SED", "M_8W - M_SED"]


@pytest.fixture
def fitted(log2_study: AnnData) -> DifferentialTable:
    return fit(log2_study, design="~ 0 + group", contrasts=TWO, method="limma_trend", omnibus={"any": TWO})


@pytest.mark.parametrize("method", ["fisher", "stouffer"])
def test_contrasts_combined(fitted: DifferentialTable, method: str) -> None:
    table = combine_contrasts(fitted, "both sexes", TWO, method=method)
    pd.testing.assert_frame_equal(table.frame[:900], fitted.frame)
    rows = table.frame[900:]
    assert set(rows["test"]) == {method} and rows["log2_fold_change"].isna().all()
    one, two = (fitted.frame[fitted.frame["contrast"] == name] for name in TWO)
    signed = {}
    if method == "stouffer":
        signed = {
            "effects": np.column_stack([one["log2_fold_change"], two["log2_fold_change"]]),
            "weights": np.sqrt(np.column_stack([one["n_samples"], two["n_samples"]]).astype(float)),
        }
    expected = combine_p_values(np.column_stack([one["p_value"], two["p_value"]]), method=method, **signed)
    np.testing.assert_allclose(rows["p_value"], expected.p_value)
    np.testing.assert_allclose(rows["adj_p_value"], benjamini_hochberg(expected.p_value))
    assert table.provenance.parameters["combined"][0]["name"] == "both sexes"
    assert "combined by" in table.provenance.notes[-1]


def test_what_cannot_be_combined(fitted: DifferentialTable) -> None:
    with pytest.raises(InputError, match="there is no contrast 'M_4W'; the table has"):
        combine_contrasts(fitted, "x", [TWO[0], "M_4W"])
    with pytest.raises(InputError, match="the name 'any' is taken"):
        combine_contrasts(fitted, "any", TWO)
    with pytest.raises(InputError, match="2 contrasts or more are needed"):
        combine_contrasts(fitted, "x", TWO[:1])
    with pytest.raises(InputError, match="an omnibus test has none"):
        combine_contrasts(fitted, "x", [TWO[0], "any"], method="stouffer")


def test_parts_are_fitted_alone_and_adjusted_together(log2_study: AnnData) -> None:
    log2_study.obs["sex"] = ["f"] * 10 + ["m"] * 10
    contrasts = tuple(Contrast(name, name, "trained") for name in TWO)
    analysis = Analysis(
        design="~ 0 + group", contrasts=contrasts, method="limma_trend", omnibus=(Omnibus("any f", (TWO[0],)),)
    )
    table = run_in_parts(log2_study, analysis, "sex", name="parts")
    alone = fit(log2_study[:10].copy(), design="~ 0 + group", contrasts=TWO[:1], method="limma_trend").frame
    np.testing.assert_array_equal(table.frame["p_value"][:300], alone["p_value"])
    rows = table.frame[table.frame["family"] == "trained"]
    assert len(rows) == 600
    np.testing.assert_allclose(rows["adj_p_value"], benjamini_hochberg(rows["p_value"]))
    assert set(table.provenance.parameters["parts"]) == {"f", "m"}
    both = replace(analysis, contrasts=(Contrast("sex", "M_SED - F_SED"),), omnibus=())
    with pytest.raises(
        DesignError, match="'sex' must have its conditions in exactly one of the parts f, m; .* in none"
    ):
        run_in_parts(log2_study, both, "sex", name="parts")


def test_the_metabolite_recipe_of_the_consortium() -> None:
    recipe = load_recipe("motrpac_consortium_metabolite")
    rng = np.random.default_rng(50)
    groups = [f"{sex}_{week}" for sex in "FM" for week in ("SED", "1W", "2W", "4W", "8W")]
    obs = pd.DataFrame({"group": np.repeat(groups, 4), "sex": np.repeat(["female", "male"], 20)})
    obs.index = [f"s{i:02d}" for i in range(40)]
    values = rng.normal(10.0, 0.4, (40, 80))
    values[16:20, :8] += 2.0
    values[:20, 79] = np.nan
    var = pd.DataFrame({"dataset": ["a"] * 60 + ["b"] * 20, "is_targeted": False}, index=[f"m{i}" for i in range(80)])
    var["metabolite_refmet"] = var.index
    data = annotate(
        AnnData(values, obs=obs, var=var), assay="metabolite", scale=Scale(kind="log2", quantity="intensity")
    )
    frame = fit_recipe(data, recipe).frame
    training = frame[frame["contrast"] == "training"].set_index("feature_id")
    found = set(training.index[training["adj_p_value"] < 0.05])
    assert len(found & {f"m{i}" for i in range(8)}) >= 7 and len(found) <= 11
    male = frame[frame["contrast"] == "training_male"].set_index("feature_id")["p_value"]
    expected = combine_p_values([[1.0, male["m79"]]]).p_value[0]
    np.testing.assert_allclose(training.loc["m79", "p_value"], expected)
    assert set(frame["family"]) == {"timewise", "training_female", "training_male", "training"}


@pytest.mark.parametrize("name", ["rna", "protein", "metabolite"])
def test_the_adipose_recipes_have_their_three_families(name: str) -> None:
    recipe = load_recipe(f"motrpac_adipose_{name}")
    families = [contrast.family for contrast in recipe.test.contrasts]
    assert [families.count(one) for one in ("trained_vs_SED", "MvF_SED", "MvF_exercise_response")] == [8, 1, 4]
    interactions = [one.expression for one in recipe.test.contrasts if one.family == "MvF_exercise_response"]
    assert interactions == [f"(M_{week} - M_SED) - (F_{week} - F_SED)" for week in ("1W", "2W", "4W", "8W")]
    assert recipe.test.parameters["prior"] == "moments"
