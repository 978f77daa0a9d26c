"""Recipes on samples that lack a covariate, a group or a sex: what is lacking leaves, the rest is as if never asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import Contrast, fit, fit_recipe, run_analysis
from exomics.differential.analysis import Analysis
from exomics.differential.covariates import Covariates, adjust_covariates
from exomics.errors import DesignError, InputError
from exomics.registry.recipe import load_recipe
from exomics.schema import Scale, annotate

GROUPS = [f"{sex}_{week}" for sex in "FM" for week in ("SED", "1W", "2W", "4W", "8W")]
COVARIATES = ["rin", "pct_globin", "pct_umi_dup", "median_5_3_bias"]


@pytest.fixture(scope="module")
def rna() -> AnnData:
    """Counts of 200 genes in ten groups of three, with the four covariates."""
    rng = np.random.default_rng(12)
    obs = pd.DataFrame({"group": np.repeat(GROUPS, 3), "sex": np.repeat(["female", "male"], 15)})
    obs = obs.assign(**{name: rng.normal(size=30) for name in COVARIATES})
    obs.index = [f"s{i:02d}" for i in range(30)]
    counts = rng.negative_binomial(10, 10 / (10 + rng.gamma(2.0, 100.0, 200)), (30, 200)).astype(float)
    data = AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"g{i}" for i in range(200)]))
    return annotate(data, assay="rna", scale=Scale(kind="counts", quantity="count"))


@pytest.fixture(scope="module")
def metabolites() -> AnnData:
    rng = np.random.default_rng(13)
    obs = pd.DataFrame({"group": np.repeat(GROUPS, 4), "sex": np.repeat(["female", "male"], 20)})
    obs.index = [f"s{i:02d}" for i in range(40)]
    var = pd.DataFrame({"dataset": "a", "is_targeted": False}, index=[f"m{i}" for i in range(40)])
    var["metabolite_refmet"] = var.index
    data = AnnData(rng.normal(10.0, 0.4, (40, 40)), obs=obs, var=var)
    return annotate(data, assay="metabolite", scale=Scale(kind="log2", quantity="intensity"))


@pytest.mark.parametrize("recipe", ["motrpac_muscle_rna", "motrpac_adipose_rna"])
def test_a_covariate_that_is_lacking_leaves_the_model(rna: AnnData, recipe: str) -> None:
    lacking = rna.copy()
    lacking.obs = lacking.obs.drop(columns="pct_globin")
    lacking.obs.loc[lacking.obs_names[:3], "rin"] = np.nan
    found = fit_recipe(lacking, recipe)
    whole = load_recipe(recipe)
    without = replace(whole.test, design="~ 0 + group + pct_umi_dup + median_5_3_bias", covariates={})
    expected = fit_recipe(rna, replace(whole, test=without))
    np.testing.assert_array_equal(found.frame["p_value"], expected.frame["p_value"])
    notes = " ".join(found.provenance.notes)
    assert "the covariate pct_globin is no column of obs and was left out of the model" in notes
    assert "the covariate rin is missing in 3 of 30 samples and was left out of the model" in notes
    assert found.provenance.parameters["design"] == "~ 0 + group + pct_umi_dup + median_5_3_bias"


def test_a_covariate_that_is_complete_is_left_as_it_is(rna: AnnData) -> None:
    whole = load_recipe("motrpac_muscle_rna")
    plain = replace(whole, test=replace(whole.test, covariates={}))
    np.testing.assert_array_equal(fit_recipe(rna, whole).frame["p_value"], fit_recipe(rna, plain).frame["p_value"])


def test_few_missing_values_become_the_mean() -> None:
    obs = pd.DataFrame({"group": list("ab") * 20, "rin": np.arange(40.0), "age": 3.0})
    obs.loc[0, "rin"] = np.nan
    found = adjust_covariates(obs, "~ 0 + group + rin + age", Covariates(columns=["rin", "age"], scale=True))
    assert found.formula == "~ 0 + group + rin"
    assert abs(found.obs["rin"].mean()) < 1e-12 and found.obs["rin"].std() == pytest.approx(1.0)
    assert found.obs["rin"][0] == pytest.approx(0.0, abs=1e-12)
    assert found.notes == (
        "the covariate rin was filled with its mean in 1 samples",
        "the covariate age is constant and was left out of the model",
    )
    assert np.isnan(obs["rin"][0])
    with pytest.raises(DesignError, match="sex is no term of its own"):
        adjust_covariates(obs, "~ 0 + group + rin", Covariates(columns=["sex"]))
    with pytest.raises(InputError, match="rin must be numeric; got 'high'"):
        adjust_covariates(obs.assign(rin="high"), "~ 0 + group + rin", Covariates(columns=["rin"]))


def test_a_group_without_samples_leaves_its_contrasts_out(rna: AnnData) -> None:
    some = rna[~rna.obs["group"].isin(["M_1W"])].copy()
    table = fit_recipe(some, "motrpac_muscle_rna")
    assert "M_1W - M_SED" not in set(table.frame["contrast"]) and table.frame["contrast"].nunique() == 9
    assert any(note.endswith("no sample has their conditions: M_1W - M_SED") for note in table.provenance.notes)
    females = rna[rna.obs["sex"] == "female"].copy()
    assert list(fit_recipe(females, "motrpac_adipose_rna").frame["contrast"].unique()) == [
        f"F_{week} - F_SED" for week in ("1W", "2W", "4W", "8W")
    ]


def test_one_sex_stands_alone_in_what_combines_both(metabolites: AnnData) -> None:
    males = metabolites[metabolites.obs["sex"] == "male"].copy()
    frame = fit_recipe(males, "motrpac_consortium_metabolite").frame
    assert set(frame["family"]) == {"timewise", "training_male", "training"}
    own, combined = (
        frame[frame["contrast"] == name].set_index("feature_id")["p_value"] for name in ("training_male", "training")
    )
    np.testing.assert_allclose(combined, own)
    both = fit_recipe(metabolites, "motrpac_consortium_metabolite").frame
    alone = both[both["contrast"] == "training_male"]["p_value"]
    np.testing.assert_allclose(alone, own)


def test_nothing_is_left_out_unasked(rna: AnnData) -> None:
    contrasts = (Contrast("b", "F_8W - F_SED"), Contrast("c", "F_16W - F_SED"))
    log2 = annotate(AnnData(np.log2(rna.X + 1), obs=rna.obs), assay="rna", scale=Scale(kind="log2", quantity="cpm"))
    with pytest.raises(DesignError, match="F_16W"):
        fit(log2, design="~ 0 + group", contrasts=list(contrasts), method="limma_trend")
    analysis = Analysis(design="~ 0 + group", contrasts=contrasts, method="limma_trend", leave_out_absent=True)
    assert set(run_analysis(log2, analysis, name="x").frame["contrast"]) == {"b"}
    with pytest.raises(DesignError, match="no sample has the conditions of any contrast"):
        run_analysis(log2, replace(analysis, contrasts=contrasts[1:]), name="x")
