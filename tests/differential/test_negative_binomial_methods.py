"""The negative binomial methods behind the one table: statuses, sets of contrasts, filtering, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData

from exomics.differential import fit
from exomics.differential.methods.deseq2_lrt import negative_binomial_lrt
from exomics.differential.methods.deseq2_wald import negative_binomial_wald
from exomics.errors import DesignError, InputError, ScaleError

WEEK = "M_8W - M_SED"
DESIGN = np.repeat(np.eye(2), 8, axis=0)
CONTRAST = np.array([[-1.0], [1.0]])


def simulated(n_features: int = 300, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = rng.gamma(1.0, 150.0, n_features) + 5.0
    return rng.poisson(means * rng.gamma(5.0, 0.2, (16, n_features))).astype(float)


def test_the_table_finds_what_was_planted(count_study: AnnData) -> None:
    table = fit(count_study, design="~ 0 + group", contrasts=[WEEK], method="negative_binomial_wald")
    frame = table.frame.set_index("feature_id")
    planted = [f"g{i}" for i in range(40)]
    found = frame.index[frame["adj_p_value"] < 0.05]
    assert len(set(planted) & set(found)) > 32 and len(set(found) - set(planted)) < 8
    assert (frame.loc[planted[:20], "log2_fold_change"] > 0.5).mean() > 0.9
    assert (frame["test"] == "wald").all()
    np.testing.assert_allclose(frame["ci_high"] - frame["ci_low"], 2 * 1.959964 * frame["standard_error"], rtol=1e-6)
    assert len(table.provenance.parameters["details"]["size_factors"]) == 20


def test_normalization_factors_are_needed_only_where_they_are_used(count_study: AnnData) -> None:
    count_study.obs = count_study.obs.drop(columns="normalization_factor")
    assert len(fit(count_study, design="~ 0 + group", contrasts=[WEEK], method="negative_binomial_wald").frame) == 400
    with pytest.raises(InputError, match="normalize tmm"):
        fit(
            count_study,
            design="~ 0 + group",
            contrasts=[WEEK],
            method="negative_binomial_wald",
            parameters={"size_factors": "library_sizes"},
        )


def test_sets_of_contrasts_are_likelihood_ratios(count_study: AnnData) -> None:
    contrasts = ["F_8W - F_SED", WEEK]
    for method in ("negative_binomial_wald", "negative_binomial_lrt"):
        frame = fit(
            count_study, design="~ 0 + group", contrasts=contrasts, method=method, omnibus={"training": contrasts}
        ).frame
        rows = frame[frame["contrast"] == "training"]
        assert (rows["test"] == "lrt").all() and (rows["df_numerator"] == 2.0).all()
        assert rows["log2_fold_change"].isna().all()
        assert (rows["p_value"].head(40) < 0.01).mean() > 0.8


def test_the_ratio_of_one_contrast_is_close_to_its_wald_test() -> None:
    counts = simulated()
    wald, ratio = (f(counts, DESIGN, CONTRAST) for f in (negative_binomial_wald, negative_binomial_lrt))
    both = ~np.isnan(wald.p_value[:, 0])
    assert np.corrcoef(wald.statistic[both, 0] ** 2, ratio.statistic[both, 0])[0, 1] > 0.99


def test_low_counts_keep_their_p_value_and_leave_the_adjustment() -> None:
    from anndata import AnnData as Table

    from exomics.schema import Scale, annotate

    rng = np.random.default_rng(2)
    fold = np.ones((16, 600))
    fold[8:, :60] = 4.0
    means = np.concatenate([np.full(300, 200.0), np.full(300, 0.5)])
    counts = rng.negative_binomial(5.0, 5.0 / (5.0 + means * fold)).astype(float)
    table = annotate(Table(counts), assay="rna", scale=Scale(kind="counts", quantity="count"))
    table.obs["group"] = np.repeat(["A", "B"], 8)
    call = {"design": "~ 0 + group", "contrasts": ["B - A"], "method": "negative_binomial_wald"}
    filtered = fit(table, **call).frame
    low = filtered["status"] == "low_count"
    assert low.sum() > 100
    assert filtered.loc[low, "p_value"].notna().all() and filtered.loc[low, "adj_p_value"].isna().all()
    whole = fit(table, **call, parameters={"independent_filtering": False}).frame
    assert not (whole["status"] == "low_count").any()
    assert (filtered["adj_p_value"] < 0.1).sum() >= (whole["adj_p_value"] < 0.1).sum()


def test_a_single_count_far_out_is_replaced_or_reported() -> None:
    counts = simulated()
    counts[3, 0] = 1e6
    replaced = negative_binomial_wald(counts, DESIGN, CONTRAST)
    assert replaced.status[0] == "" and replaced.p_value[0, 0] > 1e-3
    assert replaced.details["n_features_with_replaced_counts"] >= 1
    reported = negative_binomial_wald(counts, DESIGN, CONTRAST, minimum_replicates_for_replacement=0)
    assert reported.status[0] == "count_outlier" and np.isnan(reported.p_value[0, 0])
    kept = negative_binomial_wald(counts, DESIGN, CONTRAST, minimum_replicates_for_replacement=0, cooks_filter=False)
    assert kept.status[0] == "" and np.isfinite(kept.p_value[0, 0])


def test_shrunken_effects_leave_the_tests_alone(count_study: AnnData) -> None:
    call = {"design": "~ 0 + group", "contrasts": [WEEK], "method": "negative_binomial_wald"}
    plain = fit(count_study, **call).frame
    for prior in ("adaptive", "normal"):
        table = fit(count_study, **call, parameters={"shrinkage": prior})
        shrunken = table.frame
        np.testing.assert_array_equal(shrunken["p_value"], plain["p_value"])
        assert (shrunken["log2_fold_change"].abs() <= plain["log2_fold_change"].abs() + 1e-12).all()
        assert any(f"under the {prior} prior" in note for note in table.provenance.notes)
    with pytest.raises(InputError, match="adaptive"):
        fit(count_study, **call, parameters={"shrinkage": "apeglm"})


def test_separated_groups_and_constant_features_do_not_stop_the_run() -> None:
    counts = simulated()
    counts[:8, 0] = 0.0
    counts[:, 1] = 30.0
    counts[1:, 2] = 0.0
    tests = negative_binomial_wald(counts, DESIGN, CONTRAST)
    assert np.isfinite(tests.effect[:2]).all() and tests.p_value[0, 0] < 1e-6 and tests.p_value[1, 0] > 0.5
    assert np.isfinite(tests.p_value[3:]).mean() > 0.99


def test_label_shuffling_of_simulated_counts_gives_uniform_p_values() -> None:
    tests = negative_binomial_wald(simulated(2000, seed=6), DESIGN, CONTRAST)
    assert 0.035 < np.nanmean(tests.p_value < 0.05) < 0.075


@pytest.mark.parametrize("kernel", [negative_binomial_wald, negative_binomial_lrt])
def test_bad_input_is_one_clear_line(kernel) -> None:
    counts = simulated(20)
    with pytest.raises(ScaleError, match="whole numbers"):
        kernel(np.log2(counts + 1.0), DESIGN, CONTRAST)
    with pytest.raises(ScaleError, match="missing or infinite"):
        kernel(np.where(counts == counts[0, 0], np.nan, counts), DESIGN, CONTRAST)
    with pytest.raises(DesignError, match="need replicates"):
        kernel(counts[[0, 8]], DESIGN[[0, 8]], CONTRAST)
    with pytest.raises(InputError, match="median_of_ratios"):
        kernel(counts, DESIGN, CONTRAST, size_factors="tmm")
    with pytest.raises(InputError, match="Poisson"):
        kernel(np.full((16, 20), 10.0), DESIGN, CONTRAST)
