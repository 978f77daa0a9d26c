"""Each knob moves what it says and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets.simulate import Simulation, Trial, TrialParameters, simulate_trial
from exomics.datasets.simulate.cohort import recruit
from exomics.schema import keys

BASE = TrialParameters(n_per_arm=12, seed=3, dropout_fraction=0.0, missing_fraction=0.0)


@pytest.fixture(scope="module")
def base() -> Trial:
    return simulate_trial(BASE)


def _with(**knobs: Any) -> Trial:
    return simulate_trial(replace(BASE, **knobs))


def _same(one: AnnData, two: AnnData, rows: Any = slice(None)) -> bool:
    return bool((one.layers[keys.COUNTS][rows] == two.layers[keys.COUNTS][rows]).all())


def _untrained(data: AnnData) -> np.ndarray:
    return (data.obs["exercise_post"] == 0).to_numpy()


def _summary(trial: Trial) -> pd.Series:
    return trial.truth.summary.set_index("quantity")["value"]


def _effects(trial: Trial, layer: str) -> pd.Series:
    return trial.truth.genes.query("layer == @layer").set_index("feature_id")["log2_fold_change"]


@pytest.mark.parametrize("knob", ["response_heterogeneity_sd", "vo2peak_gain", "baseline_predictor_correlation"])
def test_true_response_to_training_moves_vo2peak_of_the_trained_only(base: Trial, knob: str) -> None:
    changed = _with(**{knob: 0.0})
    for one, two in zip(
        (base.muscle, base.ev_mirna, base.tumor), (changed.muscle, changed.ev_mirna, changed.tumor), strict=True
    ):
        assert _same(one, two)
    before, after = base.subjects, changed.subjects
    control = before["arm"] == "usual_care"
    assert (before["vo2peak_baseline_1"] == after["vo2peak_baseline_1"]).all()
    assert (before["vo2peak_post"] == after["vo2peak_post"])[control].all()
    assert (before["vo2peak_post"] != after["vo2peak_post"])[~control].all()
    assert (before["os_time_months"] == after["os_time_months"]).all()


def test_the_size_of_the_spread_of_responses() -> None:
    cohort = recruit(TrialParameters(n_per_arm=4000, response_heterogeneity_sd=2.0))
    assert cohort.true_effect.std() == pytest.approx(2.0, rel=0.03)
    assert cohort.true_effect.mean() == pytest.approx(2.5, abs=0.1)
    assert np.corrcoef(cohort.true_effect, cohort.mitochondria)[0, 1] == pytest.approx(0.5, abs=0.03)
    alike = recruit(TrialParameters(n_per_arm=50, response_heterogeneity_sd=0.0))
    assert np.ptp(alike.true_effect) == 0


def test_typical_error_is_that_of_two_tests() -> None:
    cohort = recruit(TrialParameters(n_per_arm=4000, vo2peak_typical_error=1.7))
    assert np.diff(cohort.baseline_tests, axis=0).std() / np.sqrt(2) == pytest.approx(1.7, rel=0.03)


def test_a_second_test_after_training(base: Trial) -> None:
    twice = _with(post_tests=2).subjects
    assert (twice["vo2peak_post"] == base.subjects["vo2peak_post"]).all()
    assert "vo2peak_post_2" in twice and "vo2peak_post_2" not in base.subjects


def test_the_first_link_moves_plasma_and_tumor_of_the_trained_only(base: Trial) -> None:
    broken = _with(ev_mir29a_rise=0.0)
    assert _same(base.muscle, broken.muscle)
    for one, two in ((base.ev_mirna, broken.ev_mirna), (base.tumor, broken.tumor)):
        assert _same(one, two, _untrained(one))
        assert not _same(one, two)
    for quantity in ("collagen_1_change", "cd8_change", "cyt_change", "response_risk_difference"):
        assert _summary(broken)[quantity] == pytest.approx(0, abs=1e-12)
        assert abs(_summary(base)[quantity]) > 0.01


def test_the_second_link(base: Trial) -> None:
    broken = _with(mir29a_to_collagen=0.0)
    assert _same(base.ev_mirna, broken.ev_mirna)
    assert abs(_summary(broken)["collagen_1_change"]) < 0.01
    assert abs(_summary(broken)["cd8_change"]) < 0.01
    assert _summary(broken)["response_risk_difference"] == 0
    assert _effects(broken, "tumor_rna")["CD276"] == pytest.approx(-0.16, abs=0.01)


def test_the_third_link(base: Trial) -> None:
    broken = _with(collagen_to_cd8=0.0)
    assert _summary(broken)["collagen_1_change"] == pytest.approx(
        BASE.ev_mir29a_rise * BASE.mir29a_to_collagen, abs=0.01
    )
    assert abs(_summary(broken)["cd8_change"]) < 0.01
    assert _summary(broken)["response_risk_difference"] == 0
    assert _summary(base)["cd8_change"] > 0.1


def test_the_fourth_link(base: Trial) -> None:
    broken = _with(cd8_to_response=0.0)
    assert _same(base.tumor, broken.tumor)
    assert _summary(broken)["response_risk_difference"] == 0
    assert set(broken.truth.subjects["response_probability_control"].round(12)) == {0.3}


def test_fibroblasts_alone_move_the_matrix_but_no_other_target(base: Trial) -> None:
    fewer = _effects(_with(ev_mir29a_rise=0.0, stroma_change=-0.6, collagen_to_cd8=0.0), "tumor_rna")
    matrix = fewer[["COL1A1", "COL1A2", "COL3A1", "COL6A1", "COL6A2", "DCN"]]
    assert (matrix < -0.25).all()
    assert (fewer[["BACE1", "CCND2", "CDC42", "PPM1D", "NASP", "DNMT3A"]].abs() < 0.1).all()


def test_a_true_mirna_effect_moves_targets_in_and_outside_the_matrix() -> None:
    effects = _effects(_with(ev_mir29a_rise=1.0, mir29a_to_targets=-0.4, mir29a_to_collagen=-0.4), "tumor_rna")
    for symbol in ("COL1A1", "COL3A1", "COL4A1", "CD276", "BACE1", "CDC42"):
        assert effects[symbol] == pytest.approx(-0.4, abs=0.02)
    assert abs(effects["COL6A1"]) < 0.05


def test_confounding_ties_collagen_and_cd8_without_any_link() -> None:
    def correlation(confounding: float) -> float:
        parameters = replace(BASE, n_per_arm=300, collagen_to_cd8=0.0, confounding=confounding)
        samples = Simulation(parameters).truth().samples.pivot(index="subject_id", columns="time_point")
        change = samples.xs("post", axis=1, level=1) - samples.xs("baseline", axis=1, level=1)
        return float(change["collagen"].corr(change["cd8"]))

    assert abs(correlation(0.0)) < 0.15
    assert correlation(1.0) < -0.4


def test_purity_dilutes(base: Trial) -> None:
    impure = _with(tumor_purity=0.3)
    means = [trial.truth.samples["purity"].mean() for trial in (base, impure)]
    assert means[1] < means[0] - 0.1
    share = [np.asarray(trial.tumor[:, ["COL1A1", "EPCAM"]].X).mean(axis=0) for trial in (base, impure)]
    assert share[1][0] > share[0][0]
    assert share[1][1] < share[0][1]
    assert _same(base.muscle, impure.muscle) and _same(base.ev_mirna, impure.ev_mirna)


def test_batch_moves_the_second_batch_only(base: Trial) -> None:
    strong = _with(batch_effect_sd=0.6)
    for one, two in (
        (base.muscle, strong.muscle),
        (base.ev_mirna, strong.ev_mirna),
        (base.tumor, strong.tumor),
    ):
        first = (one.obs["batch"] == "batch_1").to_numpy()
        assert first.any() and not first.all()
        assert _same(one, two, first)
        assert not _same(one, two)
    pd.testing.assert_frame_equal(base.subjects, strong.subjects)


def test_batch_imbalance_is_in_the_trained_arm_after_training() -> None:
    unbalanced = Simulation(TrialParameters(n_per_arm=150, batch_imbalance=0.6, missing_fraction=0.0)).muscle().obs
    shares = (unbalanced["batch"] == "batch_2").groupby(unbalanced["exercise_post"]).mean()
    assert shares[1.0] == pytest.approx(0.8, abs=0.09)
    assert shares[0.0] == pytest.approx(0.5, abs=0.07)


def test_library_size_moves_depth_not_composition(base: Trial) -> None:
    deep = _with(muscle_library_size=4 * BASE.muscle_library_size)
    sizes = [np.asarray(trial.muscle.X).sum(axis=1) for trial in (base, deep)]
    np.testing.assert_allclose(sizes[1] / sizes[0], 4, rtol=0.02)
    assert _same(base.tumor, deep.tumor)
    large = np.asarray(base.muscle.X).mean(axis=0) > 500
    shares = [
        np.asarray(trial.muscle.X)[:, large] / size[:, None] for trial, size in zip((base, deep), sizes, strict=True)
    ]
    assert np.abs(np.log2(shares[1] / shares[0])).max() < 0.6


def test_hemolysis_raises_red_cell_mirnas_only(base: Trial) -> None:
    clean, bad = _with(hemolysis_fraction=0.0).ev_mirna, _with(hemolysis_fraction=1.0).ev_mirna
    change = np.log2((np.asarray(bad.X).mean(axis=0) + 1) / (np.asarray(clean.X).mean(axis=0) + 1))
    change = pd.Series(change, index=clean.var_names)
    ratio = change["hsa-miR-451a"] - change["hsa-miR-23a-3p"]
    assert ratio == pytest.approx(3.0, abs=0.15)
    assert abs(change["hsa-let-7a-5p"] - change["hsa-miR-23a-3p"]) < 0.15
    assert _same(base.muscle, _with(hemolysis_fraction=1.0).muscle)


def test_sex_by_time() -> None:
    alike = _with(sex_by_time_sd=0.0).truth.genes.query("layer == 'muscle_rna'")
    assert (alike["log2_fold_change_female"] == alike["log2_fold_change_male"]).all()
    apart = _with(sex_by_time_sd=0.4).truth.genes.query("layer == 'muscle_rna' and arm != 'none'")
    assert (apart["log2_fold_change_female"] - apart["log2_fold_change_male"]).std() == pytest.approx(0.4, rel=0.1)


def test_numbers_of_planted_genes_are_exact_and_nested() -> None:
    few, many = (_with(muscle_up=up, muscle_down=50).truth.genes.query("layer == 'muscle_rna'") for up in (40, 200))
    for genes, up in ((few, 40), (many, 200)):
        assert genes["arm"].value_counts().to_dict() == {"none": len(genes) - up - 50, "up": up, "down": 50}
    sets = [set(genes.query("arm == 'up'")["feature_id"]) for genes in (few, many)]
    assert {"CITED4", "LGI3"} <= sets[0] and {"CITED4", "LGI3"} <= sets[1]
    assert set(few.query("arm == 'down'")["feature_id"]) == set(many.query("arm == 'down'")["feature_id"])


def test_the_named_myokines_are_an_honest_null(base: Trial) -> None:
    assert (_effects(base, "muscle_rna")[["IL6", "FNDC5", "DCN", "IL15"]] == 0).all()
    assert _effects(base, "muscle_rna")["ERFE"] < 0


def test_effects_of_time_are_in_both_arms() -> None:
    blind = _with(muscle_up=0, muscle_down=0, period_effect_sd=2.0)
    still = _with(muscle_up=0, muscle_down=0, period_genes=0)
    assert (_effects(blind, "muscle_rna") == 0).all()
    change = np.log2(np.asarray(blind.muscle.X) + 1) - np.log2(np.asarray(still.muscle.X) + 1)
    post, exercise = (blind.muscle.obs["post"] == 1).to_numpy(), (blind.muscle.obs["arm"] == "exercise").to_numpy()
    moved = np.abs(change[post].mean(axis=0)) > 1
    assert moved.sum() > 50
    assert (
        np.corrcoef(change[post & exercise].mean(axis=0)[moved], change[post & ~exercise].mean(axis=0)[moved])[0, 1]
        > 0.99
    )


def test_markers_move_survival_only(base: Trial) -> None:
    other = _with(prognostic_markers={"CXCL9": 1.0}, predictive_markers=())
    assert _same(base.tumor, other.tumor)
    assert (base.subjects["response"] == other.subjects["response"]).all()
    assert (base.subjects["os_time_months"] != other.subjects["os_time_months"]).any()
    predictive = _with(predictive_markers={"SLC2A1": 1.5})
    control = (base.subjects["arm"] == "usual_care").to_numpy()
    assert (base.subjects["os_time_months"] == predictive.subjects["os_time_months"])[control].all()


def test_nobody_is_lost_unless_asked(base: Trial) -> None:
    assert base.muscle.n_obs == base.ev_mirna.n_obs == base.tumor.n_obs == 48
    assert base.subjects["vo2peak_post"].notna().all()


def test_lost_samples_are_few_at_random_and_named() -> None:
    many = simulate_trial(TrialParameters(n_per_arm=100, missing_fraction=0.2, dropout_fraction=0.0))
    for data in (many.muscle, many.ev_mirna, many.tumor):
        assert data.n_obs == pytest.approx(320, abs=25)
        lost = data.uns[keys.EXOMICS][keys.REPORT]
        assert lost.count("_post") + lost.count("_baseline") == 400 - data.n_obs
    assert (
        set(many.muscle.obs["subject_id"]) != set(many.tumor.obs["subject_id"]) or many.muscle.n_obs != many.tumor.n_obs
    )


def test_dropout_takes_what_comes_after_training() -> None:
    trial = simulate_trial(TrialParameters(n_per_arm=100, dropout_fraction=0.3, missing_fraction=0.0))
    gone = set(trial.subjects.loc[trial.subjects["vo2peak_post"].isna(), "subject_id"])
    assert 40 < len(gone) < 80
    for data in (trial.muscle, trial.ev_mirna, trial.tumor):
        there = data.obs.groupby("time_point")["subject_id"].agg(set)
        assert len(there["baseline"]) == 200
        assert there["post"] == there["baseline"] - gone
    assert trial.subjects["os_time_months"].notna().all()


def test_dropout_can_depend_on_the_unseen_gain_and_on_the_arm() -> None:
    at_random = recruit(TrialParameters(n_per_arm=3000, dropout_fraction=0.2))
    on_gain = recruit(TrialParameters(n_per_arm=3000, dropout_fraction=0.2, dropout_per_gain=1.0))
    exercise = at_random.exercise

    def gap(cohort: Any) -> float:
        gone, kept = cohort.dropped_out & exercise, ~cohort.dropped_out & exercise
        return float(cohort.true_effect[kept].mean() - cohort.true_effect[gone].mean())

    assert abs(gap(at_random)) < 0.2
    assert gap(on_gain) > 0.8
    by_arm = recruit(TrialParameters(n_per_arm=3000, dropout_fraction=0.1, dropout_control=1.0)).dropped_out
    assert by_arm[~exercise].mean() > by_arm[exercise].mean() + 0.08
