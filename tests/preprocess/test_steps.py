"""Steps by name: what they compute, what they record, what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse, stats

from exomics.errors import DesignError, InputError, RegistryError, ScaleError
from exomics.preprocess import (
    Preprocessors,
    apply_step,
    apply_steps,
    counts_of,
    effective_library_sizes,
    scale_covariates,
)
from exomics.schema import scale_of, steps_of


def test_no_step_changes_its_input(log2_table: AnnData, count_table: AnnData) -> None:
    runs = [
        (log2_table, "median_mad", {}),
        (log2_table, "keep_detected", {"minimum_fraction": 0.9}),
        (log2_table, "drop_marked_features", {"column": "is_contaminant"}),
        (log2_table, "keep_matching_features", {"column": "protein_id", "pattern": "NP_"}),
        (log2_table, "set_feature_ids", {"column": "site_id"}),
        (log2_table, "scale_covariates", {"columns": ["rin"]}),
        (log2_table, "remove_batch", {}),
        (log2_table, "combat", {}),
        (log2_table, "quantile", {}),
        (count_table, "filter_by_expression", {"group": "group"}),
        (count_table, "tmm", {}),
        (count_table, "tmmwsp", {}),
        (count_table, "upper_quartile", {}),
    ]
    for table, name, parameters in runs:
        before, obs, var = table.X.copy(), table.obs.copy(), table.var.copy()
        after = apply_step(table, name, parameters)
        np.testing.assert_array_equal(table.X, before)
        pd.testing.assert_frame_equal(table.obs, obs)
        pd.testing.assert_frame_equal(table.var, var)
        assert steps_of(table) == []
        assert steps_of(after)[-1]["step"] == name


def test_every_step_is_declared_with_the_parameters_it_takes() -> None:
    assert len(Preprocessors) == len(set(Preprocessors.names)) >= 15
    assert {"filter_by_expression", "tmm", "median_mad", "remove_batch", "scale_covariates"} <= set(Preprocessors.names)


def test_detection_takes_a_fraction_exactly(log2_table: AnnData) -> None:
    log2_table.X[:] = 1.0
    log2_table.X[:8, 0] = np.nan
    log2_table.X[:9, 1] = np.nan
    kept = apply_step(log2_table, "keep_detected", {"minimum_fraction": "2/6"})
    assert "f0" in kept.var_names and "f1" not in kept.var_names
    assert steps_of(kept)[-1]["report"] == {"n_before": 40, "n_kept": 39, "n_dropped": 1, "first_dropped": ["f1"]}


def test_annotation_filters(log2_table: AnnData) -> None:
    assert apply_step(log2_table, "drop_marked_features", {"column": "is_contaminant"}).n_vars == 30
    assert apply_step(log2_table, "keep_matching_features", {"column": "protein_id", "pattern": "[A-Z]P_"}).n_vars == 30
    assert apply_step(log2_table, "set_feature_ids", {"column": "site_id"}).var_names[3] == "site3"


def test_median_and_mad_are_the_same_in_every_sample(log2_table: AnnData) -> None:
    values = apply_step(log2_table, "median_mad").X
    np.testing.assert_allclose(np.nanmedian(values, axis=1), 0.0, atol=1e-12)
    deviations = stats.median_abs_deviation(values, axis=1, nan_policy="omit")
    original = stats.median_abs_deviation(log2_table.X, axis=1, nan_policy="omit")
    np.testing.assert_allclose(deviations, original.mean(), rtol=1e-12)
    np.testing.assert_array_equal(np.isnan(values), np.isnan(log2_table.X))


def test_tmm_then_log_counts_per_million(count_table: AnnData) -> None:
    table = apply_steps(count_table, [("tmm", {}), ("log_cpm", {"prior_count": 2.0})])
    assert table.obs["normalization_factor"].prod() == pytest.approx(1.0)
    scale = scale_of(table)
    assert (scale.kind, scale.quantity) == ("log2", "cpm") and scale.offset > 0
    np.testing.assert_array_equal(table.layers["counts"], count_table.X)
    np.testing.assert_array_equal(counts_of(table), count_table.X)
    sizes = effective_library_sizes(table, counts_of(table))
    np.testing.assert_allclose(sizes, count_table.X.sum(axis=1) * table.obs["normalization_factor"])
    prior = 2.0 * sizes / sizes.mean()
    expected = np.log2((count_table.X + prior[:, None]) / (sizes + 2 * prior)[:, None] * 1e6)
    np.testing.assert_allclose(table.X, expected, rtol=1e-12)
    assert [step["step"] for step in steps_of(table)] == ["tmm", "log_cpm"]


def test_sparse_counts_give_the_same(count_table: AnnData) -> None:
    dense = apply_step(count_table, "tmm").obs["normalization_factor"]
    count_table.X = sparse.csr_matrix(count_table.X)
    np.testing.assert_array_equal(apply_step(count_table, "tmm").obs["normalization_factor"], dense)


def test_filter_by_expression_counts_the_covariates(count_table: AnnData) -> None:
    by_group = apply_step(count_table, "filter_by_expression", {"group": "group"})
    with_covariate = apply_step(count_table, "filter_by_expression", {"group": "group", "covariates": ["rin"]})
    alone = apply_step(count_table, "filter_by_expression")
    assert alone.n_vars <= by_group.n_vars < 200
    assert by_group.n_vars <= with_covariate.n_vars
    report = steps_of(by_group)[-1]["report"]
    assert report["n_kept"] + report["n_dropped"] == 200


def test_a_batch_is_removed_and_the_protected_means_stay(log2_table: AnnData) -> None:
    log2_table.X[np.isnan(log2_table.X)] = 0.0
    blind = apply_step(log2_table, "remove_batch", {"batch": "batch"})
    np.testing.assert_allclose(blind.X[:4].mean(axis=0), blind.X[8:].mean(axis=0), atol=1e-10)
    assert "warning" not in steps_of(blind)[-1]["report"]
    parameters = {"batch": "batch", "protect": ["group"], "reproduces": "10.1/x"}
    protecting = apply_step(log2_table, "remove_batch", parameters)
    means = [table.X[::2].mean(axis=0) - table.X[1::2].mean(axis=0) for table in (protecting, log2_table)]
    np.testing.assert_allclose(means[0], means[1], atol=1e-10)
    assert steps_of(protecting)[-1]["report"]["warning"].startswith("anti-conservative")


def test_combat_evens_batches_out_and_protects_only_in_a_recipe(log2_table: AnnData) -> None:
    log2_table.X = np.random.default_rng(3).normal(size=log2_table.shape)
    log2_table.X[:4] += 3.0
    blind = apply_step(log2_table, "combat", {"batch": "batch"})
    assert abs(blind.X[:4].mean() - blind.X[4:].mean()) < 0.3
    assert steps_of(blind)[-1]["report"]["n_batches"] == log2_table.obs["batch"].nunique()
    with pytest.raises(InputError, match="combat with protected groups sees the outcome"):
        apply_step(log2_table, "combat", {"protect": "group"})
    protecting = apply_step(log2_table, "combat", {"protect": "group", "reproduces": "10.1/x"})
    assert steps_of(protecting)[-1]["report"]["warning"].startswith("anti-conservative")
    reference = apply_step(log2_table, "combat", {"reference": str(log2_table.obs["batch"].iloc[0])})
    own = (log2_table.obs["batch"] == log2_table.obs["batch"].iloc[0]).to_numpy()
    np.testing.assert_array_equal(reference.X[own], log2_table.X[own])


def test_combat_seq_gives_counts_without_old_factors(count_table: AnnData) -> None:
    count_table.obs["batch"] = np.repeat(["p1", "p2", "p3"], 4)
    before = apply_step(count_table, "tmm")
    after = apply_step(before, "combat_seq")
    assert "normalization_factor" not in after.obs and "normalization_factor" in before.obs
    np.testing.assert_array_equal(after.X, np.round(after.X))
    assert (after.X != before.X).mean() > 0.1
    with pytest.raises(ScaleError, match="before log_cpm"):
        apply_step(apply_step(before, "log_cpm"), "combat_seq")
    with pytest.raises(InputError, match="combat_seq with protected groups"):
        apply_step(before, "combat_seq", {"protect": "group"})


def test_quantile_gives_one_distribution(log2_table: AnnData) -> None:
    log2_table.X = np.random.default_rng(3).normal(size=log2_table.shape)
    sorted_rows = np.sort(apply_step(log2_table, "quantile").X, axis=1)
    np.testing.assert_allclose(sorted_rows, np.tile(sorted_rows[0], (len(sorted_rows), 1)), rtol=1e-12)


def test_covariates_are_filled_centered_and_scaled(log2_table: AnnData) -> None:
    values = np.array([*range(30)], dtype=float)
    table = AnnData(np.ones((30, 1)), obs=pd.DataFrame({"rin": values}, index=[str(i) for i in range(30)]))
    table.obs.loc["4", "rin"] = np.nan
    scaled = scale_covariates(table, columns=["rin"])
    assert scaled.obs["rin"].mean() == pytest.approx(0.0, abs=1e-12)
    assert scaled.obs["rin"].std() == pytest.approx(1.0)
    assert scaled.obs.loc["4", "rin"] == pytest.approx(0.0, abs=1e-12)
    assert steps_of(scaled)[-1]["report"] == {"filled": {"rin": 1}}


def test_one_name_is_a_list_of_one(log2_table: AnnData, count_table: AnnData) -> None:
    scaled = [apply_step(log2_table, "scale_covariates", {"columns": columns}) for columns in ("rin", ["rin"])]
    pd.testing.assert_frame_equal(scaled[0].obs, scaled[1].obs)
    one = apply_step(count_table, "filter_by_expression", {"group": "group", "covariates": "rin"})
    assert steps_of(one)[-1]["parameters"]["covariates"] == ["rin"]


def test_covariates_that_cannot_be_used(log2_table: AnnData) -> None:
    log2_table.obs.loc["s0", "rin"] = np.nan
    with pytest.raises(InputError) as error:
        scale_covariates(log2_table, columns=["rin"])
    assert str(error.value) == (
        "the covariate rin is missing in 1 of 12 samples, not below 5 %. "
        "Leave it out of the design, or drop those samples."
    )
    with pytest.raises(InputError, match="the covariate group must be numeric; got 'SED'"):
        scale_covariates(log2_table, columns=["group"])
    log2_table.obs["rin"] = 1.0
    with pytest.raises(InputError, match="the covariate rin is constant"):
        scale_covariates(log2_table, columns=["rin"])
    with pytest.raises(InputError, match="obs has no column 'age'; it has group, batch, rin"):
        scale_covariates(log2_table, columns=["age"])


def message(table: AnnData, name: str, parameters: dict[str, object] | None = None) -> str:
    with pytest.raises((InputError, RegistryError, DesignError)) as error:
        apply_step(table, name, parameters)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_bad_requests(log2_table: AnnData, count_table: AnnData) -> None:
    assert message(log2_table, "magic").startswith("no preprocess is called 'magic'; known: flag_samples")
    assert (
        message(log2_table, "median_mad", {"scale": 1}) == "median_mad has no parameter 'scale'; its parameters: none."
    )
    assert message(log2_table, "keep_detected") == "the step keep_detected needs the parameters minimum_fraction."
    assert "between 0 and 1" in message(log2_table, "keep_detected", {"minimum_fraction": 1.5})
    assert "a number such as 0.5 or '2/6'" in message(log2_table, "keep_detected", {"minimum_fraction": "half"})
    assert "would drop all 40 features" in message(
        log2_table, "keep_matching_features", {"column": "protein_id", "pattern": "XX"}
    )
    assert "is no regular expression" in message(
        log2_table, "keep_matching_features", {"column": "protein_id", "pattern": "("}
    )
    assert "must be true or false; got 'con_1'" in message(log2_table, "drop_marked_features", {"column": "protein_id"})
    assert "protein_id must be present and unique" in message(log2_table, "set_feature_ids", {"column": "protein_id"})
    assert "obs has no column 'plex'" in message(log2_table, "remove_batch", {"batch": "plex"})
    log2_table.obs.loc["s1", "batch"] = None
    assert message(log2_table, "remove_batch") == "batch is missing in 1 samples (s1)."


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        (
            "keep_expressed",
            {"minimum_cpm": "high"},
            r"keep_expressed: minimum_cpm must be a number such as 0\.5; got 'h",
        ),
        ("flag_small_libraries", {"minimum_counts": "1M"}, "must be a whole number such as 1000000; got '1M'"),
        ("filter_by_expression", {"minimum_count": True}, "must be a whole number such as 10; got True"),
        ("keep_counted", {"minimum_count": float("nan")}, "must be a whole number such as 10; got nan"),
    ],
)
def test_a_word_where_a_number_belongs(step: str, given: dict, said: str, count_table: AnnData) -> None:
    with pytest.raises(InputError, match=said):
        apply_step(count_table, step, given)


def test_neighbors_are_whole_however_they_are_held(log2_table: AnnData) -> None:
    with pytest.raises(InputError, match="n_neighbors must be a whole number"):
        apply_step(log2_table, "impute_knn", {"n_neighbors": 1.5})
    assert apply_step(log2_table, "keep_detected", {"minimum_fraction": "1/2"}).n_vars > 0
    assert apply_step(log2_table, "flag_outliers", {"spread": np.float64(3)}).n_obs == log2_table.n_obs


def test_batches_that_are_the_groups(log2_table: AnnData) -> None:
    parameters = {"batch": "group", "protect": ["group"], "reproduces": "10.1/x"}
    assert "the batches are confounded with the conditions to protect" in message(
        log2_table, "remove_batch", parameters
    )


def test_the_scale_is_checked_first(log2_table: AnnData, count_table: AnnData) -> None:
    assert message(log2_table, "tmm") == (
        "tmm takes counts values; X is declared as log2 ratio. "
        "Load the raw counts, or use a method for log2 values such as limma_trend."
    )
    assert message(count_table, "median_mad") == (
        "median_mad takes log2 values; X is declared as counts count. "
        "Use a method for counts, or run the steps tmm and log_cpm first."
    )
    del log2_table.uns["exomics"]
    with pytest.raises(ScaleError, match="the scale of X is not declared"):
        apply_step(log2_table, "median_mad")
    count_table.X[0, 0] = 0.5
    assert message(count_table, "tmm").startswith("X must be whole numbers; 1 of 2400 are not.")
