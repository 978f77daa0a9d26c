"""Predicted risks, arms, adherence, added value: planted truth both ways (Q14), follow-up that cannot be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.results import PerformanceTable
from exomics.stats.net_benefit import net_benefit
from exomics.stats.survival_accuracy import auc_at
from exomics.validation import (
    DecisionOutcome,
    Label,
    Resampling,
    added_value,
    adherence_effect,
    assess_binary_risk,
    assess_survival_risk,
    contrast_arms,
    decision_curve,
    reclassify,
)

LABEL = Label("model", "cohort", "os")
FEW = Resampling(60, seed=1)


def by_metric(table: PerformanceTable) -> pd.DataFrame:
    return table.frame.set_index("metric")


def cohort(n: int = 300, *, seed: int = 0, log_hazard: float = 0.8) -> pd.DataFrame:
    """Stroma drives both DCN and death; an unrelated stage does too."""
    rng = np.random.default_rng(seed)
    stroma, stage = rng.normal(size=n), rng.integers(0, 2, n).astype(float)
    died = rng.exponential(12.0 / np.exp(log_hazard * stroma + 0.5 * stage))
    lost = rng.uniform(4.0, 40.0, n)
    return pd.DataFrame(
        {
            "DCN": stroma + rng.normal(0.0, 0.6, n),
            "other": rng.normal(size=n),
            "stroma": stroma,
            "stage": stage,
            "time": np.minimum(died, lost),
            "event": (died <= lost).astype(float),
        }
    )


def test_decorin_loses_its_association_beside_the_stroma_that_causes_it() -> None:
    frame = cohort()
    with_stage = by_metric(added_value(frame, marker="DCN", covariates=["stage"], label=LABEL, resampling=FEW))
    with_stroma = by_metric(
        added_value(frame, marker="DCN", covariates=["stage", "stroma"], label=LABEL, resampling=FEW)
    )
    assert with_stage.loc["log_hazard_ratio_adjusted", "ci_low"] > 0.3
    assert with_stage.loc["c_added", "ci_low"] > 0.03
    adjusted = with_stroma.loc["log_hazard_ratio_adjusted"]
    assert adjusted["ci_low"] < 0.0 < adjusted["ci_high"]
    assert abs(with_stroma.loc["c_added", "estimate"]) < 0.01
    assert with_stroma.loc["log_hazard_ratio_alone", "ci_low"] > 0.3


def test_few_events_are_penalized_and_a_perfect_marker_stays_finite() -> None:
    frame = cohort(40).assign(event=0.0)
    frame.loc[frame["time"].nsmallest(8).index, "event"] = 1.0
    frame["other"] = frame["event"] * 3.0 + frame["DCN"] * 0.01
    rows = by_metric(added_value(frame, marker="other", covariates=["stage"], label=LABEL, resampling=Resampling(0)))
    adjusted = rows.loc["log_hazard_ratio_adjusted"]
    assert "Firth" in adjusted["note"]
    assert 0.0 < adjusted["ci_low"] < adjusted["estimate"] < adjusted["ci_high"] < np.inf


def test_survival_risks_are_judged_and_a_null_marker_is_told_as_one() -> None:
    frame = cohort(400)
    hazard = np.exp(0.8 * frame["stroma"] + 0.5 * frame["stage"]) / 12.0
    right = -np.expm1(-12.0 * hazard)
    rows = by_metric(
        assess_survival_risk(right, frame["time"], frame["event"], label=LABEL, horizon=12.0, resampling=FEW)
    )
    assert rows.loc["uno_c", "ci_low"] > 0.6
    assert rows.loc["calibration_slope", "ci_low"] < 1.0 < rows.loc["calibration_slope", "ci_high"]
    assert rows.loc["observed_over_expected", "ci_low"] < 1.0 < rows.loc["observed_over_expected", "ci_high"]
    assert rows.loc["scaled_brier", "ci_low"] > 0.0
    shuffled = np.random.default_rng(2).permutation(right)
    null = by_metric(
        assess_survival_risk(shuffled, frame["time"], frame["event"], label=LABEL, horizon=12.0, resampling=FEW)
    )
    assert null.loc["uno_c", "ci_low"] < 0.5 < null.loc["uno_c", "ci_high"]
    shuffles = (np.random.default_rng(seed).permutation(right) for seed in range(60))
    areas = [auc_at(risk, frame["time"], frame["event"], horizon=12.0) for risk in shuffles]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.015)
    assert null.loc["scaled_brier", "estimate"] < 0.0
    assert rows.loc["ici", "estimate"] < null.loc["ici", "estimate"]


def test_binary_risks_are_judged() -> None:
    rng = np.random.default_rng(4)
    risk = 1.0 / (1.0 + np.exp(-rng.normal(0.0, 1.2, 400)))
    outcome = (rng.random(400) < risk).astype(float)
    rows = by_metric(assess_binary_risk(risk, outcome, label=LABEL, resampling=FEW))
    assert rows.loc["auc", "ci_low"] > 0.65
    for metric, right in (("calibration_intercept", 0.0), ("calibration_slope", 1.0)):
        assert rows.loc[metric, "ci_low"] < right < rows.loc[metric, "ci_high"]
    assert rows.loc["brier", "ci_low"] < rows.loc["brier", "estimate"] < rows.loc["brier", "ci_high"]
    again = assess_binary_risk(risk, outcome, label=LABEL, resampling=FEW)
    assert again.to_text() == assess_binary_risk(risk, outcome, label=LABEL, resampling=FEW).to_text()


def test_net_benefit_of_a_good_and_of_a_useless_model() -> None:
    rng = np.random.default_rng(6)
    risk = 1.0 / (1.0 + np.exp(-rng.normal(-0.5, 1.5, 500)))
    outcome = (rng.random(500) < risk).astype(float)
    risks = {"good": risk, "useless": rng.permutation(risk)}
    table = decision_curve(risks, DecisionOutcome(outcome), thresholds=[0.2, 0.4], label=LABEL, resampling=FEW)
    rows = table.frame.set_index(["signature_id", "metric"])
    assert rows.loc[("good", "net_benefit_gain@0.4"), "ci_low"] > 0.0
    assert rows.loc[("useless", "net_benefit_gain@0.4"), "ci_high"] < 0.01
    plain = net_benefit(risk, outcome, thresholds=[0.2])
    assert rows.loc[("treat_all", "net_benefit@0.2"), "estimate"] == pytest.approx(plain.everybody[0])
    assert rows.loc[("good", "net_benefit@0.2"), "estimate"] == pytest.approx(plain.model[0])
    assert set(rows.index.get_level_values(0)) == {"good", "useless", "treat_all"}


@pytest.mark.slow
def test_intervals_of_net_benefit_hold_their_level() -> None:
    """Right risks of 150 patients, with and without censoring; the truth is that of 400,000."""
    rng = np.random.default_rng(8)
    many = -np.expm1(-np.exp(rng.normal(-0.4, 1.0, 400_000)))
    true = float((np.where(many >= 0.4, many - (1.0 - many) * 2.0 / 3.0, 0.0)).mean())
    inside = []
    for number in range(40):
        hazard = np.exp(rng.normal(-0.4, 1.0, 150))
        died, lost = rng.exponential(1.0 / hazard), rng.uniform(0.3, 3.0, 150)
        followed = DecisionOutcome(died <= lost, np.minimum(died, lost), 1.0)
        for outcome in (DecisionOutcome(died <= 1.0), followed):
            how = {"thresholds": [0.4], "label": LABEL, "resampling": Resampling(100, number)}
            table = decision_curve({"model": -np.expm1(-hazard)}, outcome, **how)
            row = table.frame.set_index("metric").loc["net_benefit@0.4"].iloc[0]
            inside.append(row["ci_low"] <= true <= row["ci_high"])
    assert 0.87 <= np.mean(inside) <= 1.0  # 80 intervals of 95 %, by the percentiles of 100 resamples


def test_net_benefit_with_follow_up() -> None:
    frame = cohort(400)
    risk = -np.expm1(-np.exp(0.8 * frame["stroma"] + 0.5 * frame["stage"]))
    outcome = DecisionOutcome(frame["event"], frame["time"], 12.0)
    table = decision_curve({"model": risk}, outcome, thresholds=[0.7], label=LABEL, resampling=FEW)
    rows = table.frame.set_index(["signature_id", "metric"])
    assert rows.loc[("model", "net_benefit_gain@0.7"), "ci_low"] > 0.0


def test_reclassification_carries_its_caveat() -> None:
    rng = np.random.default_rng(7)
    first = rng.uniform(0.1, 0.9, 200)
    outcome = (rng.random(200) < first).astype(float)
    rows = by_metric(reclassify(first, first[::-1], outcome, label=LABEL, resampling=FEW))
    assert rows.loc["idi", "ci_high"] < 0.0
    assert "favors useless markers" in rows.loc["nri", "note"]


def test_arms_that_differ_and_causes_that_compete() -> None:
    rng = np.random.default_rng(8)
    arm = np.repeat([1.0, 0.0], 200)
    tumor, other = rng.exponential(np.where(arm == 1, 20.0, 8.0)), rng.exponential(15.0, 400)
    lost = rng.uniform(5.0, 30.0, 400)
    time = np.minimum(np.minimum(tumor, other), lost)
    cause = np.where(time == lost, 0, np.where(time == tumor, 1, 2))
    rows = by_metric(contrast_arms(time, cause, arm, label=LABEL, horizon=10.0))
    assert (
        rows.loc["log_hazard_ratio_cause_1", "ci_low"]
        < np.log(8.0 / 20.0)
        < rows.loc["log_hazard_ratio_cause_1", "ci_high"]
    )
    assert rows.loc["log_hazard_ratio_cause_2", "ci_low"] < 0.0 < rows.loc["log_hazard_ratio_cause_2", "ci_high"]
    assert rows.loc["restricted_mean_difference", "ci_low"] > 0.0
    assert rows.loc["incidence_difference_cause_1", "ci_high"] < 0.0
    assert rows.loc["incidence_difference_cause_2", "estimate"] > 0.0  # who is spared one cause can die of the other
    single = contrast_arms(time, cause > 0, arm, label=LABEL, horizon=10.0)
    assert single.frame["metric"].tolist() == ["log_hazard_ratio", "restricted_mean_difference"]


def test_an_arm_with_few_events_gets_a_penalty_instead_of_infinity() -> None:
    rng = np.random.default_rng(9)
    arm = np.repeat([1.0, 0.0], 20)
    time = rng.uniform(5.0, 10.0, 40)
    rows = by_metric(contrast_arms(time, np.where(arm == 0, 1, 0), arm, label=LABEL, horizon=5.0))
    found = rows.loc["log_hazard_ratio"]
    assert "0 events in one arm: Firth" in found["note"]
    assert -np.inf < found["ci_low"] < found["estimate"] < found["ci_high"] < 0.0


def test_adherence_is_shown_without_immortal_time() -> None:
    rng = np.random.default_rng(10)
    time, reached = rng.exponential(10.0, 500), rng.uniform(0.0, 12.0, 500)
    begun = np.where(reached < time, reached, np.nan)
    rows = by_metric(adherence_effect(time, np.ones(500), begun, label=LABEL, landmark_at=4.0))
    for name in ("time_varying", "landmark"):
        row = rows.loc[f"log_hazard_ratio_{name}"]
        assert row["ci_low"] < 0.0 < row["ci_high"]
    assert rows.loc["log_hazard_ratio_naive", "ci_high"] < -1.0
    assert "immortal" in rows.loc["log_hazard_ratio_naive", "note"]


def test_an_effect_of_adherence_is_found() -> None:
    rng = np.random.default_rng(11)
    reached = rng.uniform(0.0, 10.0, 600)
    hazard_before, hazard_after = 0.1, 0.04
    before = rng.exponential(1.0 / hazard_before, 600)
    time = np.where(before < reached, before, reached + rng.exponential(1.0 / hazard_after, 600))
    begun = np.where(reached < time, reached, np.nan)
    rows = by_metric(adherence_effect(time, np.ones(600), begun, label=LABEL, landmark_at=5.0))
    found = rows.loc["log_hazard_ratio_time_varying"]
    assert found["ci_low"] < np.log(0.4) < found["ci_high"] < 0.0


def _all_censored() -> PerformanceTable:
    frame = cohort(30)
    return assess_survival_risk([0.5] * 30, frame["time"], np.zeros(30), label=LABEL, horizon=5.0)


def _contrast(arm: object, time: object = None) -> PerformanceTable:
    frame = cohort(30)
    given = frame["time"] if time is None else time
    return contrast_arms(given, frame["event"], np.resize(arm, 30), label=LABEL, horizon=4.0)


def _added(**change: object) -> PerformanceTable:
    frame = cohort(40).assign(**change)
    return added_value(frame, marker="DCN", covariates=["stroma"], label=LABEL)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (_all_censored, InputError, "all 30 patients are censored"),
        (lambda: _contrast([1.0, 0.0], time=np.zeros(30)), InputError, "30 follow-up times are 0 or less"),
        (lambda: _contrast([1.0]), DesignError, "one arm only"),
        (lambda: _contrast([1.0, 2.0]), InputError, "arms must be 1 and 0"),
        (lambda: _contrast([1.0] * 29 + [0.0]), InputError, "29 and 1 patients"),
        (lambda: _added(event=0.0), InputError, "all 40 patients are censored"),
        (lambda: _added(time=-1.0), InputError, "0 or less"),
        (lambda: _added(DCN=np.nan), InputError, "no patient has a follow-up"),
        (lambda: added_value(cohort(15), marker="DCN", covariates=[], label=LABEL), InputError, "15 patients"),
        (lambda: added_value(cohort(), marker="X", covariates=[], label=LABEL), InputError, "no column X"),
        (
            lambda: added_value(pd.concat([cohort(20)] * 2), marker="DCN", covariates=[], label=LABEL),
            InputError,
            "20 patients occur more than once",
        ),
        (
            lambda: adherence_effect([1.0, 2.0], [1, 1], [np.nan, np.nan], label=LABEL, landmark_at=1.0),
            InputError,
            "nobody reaches adherence",
        ),
        (
            lambda: adherence_effect([1.0, 2.0], [1, 1], [3.0, 1.0], label=LABEL, landmark_at=1.0),
            InputError,
            "1 patients adhere from the end",
        ),
        (
            lambda: decision_curve({}, DecisionOutcome([0, 1]), thresholds=[0.1], label=LABEL),
            InputError,
            "at least one model",
        ),
        (
            lambda: decision_curve({"m": [0.1]}, DecisionOutcome([0, 1]), thresholds=[0.1], label=LABEL),
            InputError,
            "align the samples",
        ),
        (
            lambda: decision_curve({"m": [0.1, np.nan]}, DecisionOutcome([0, 1]), thresholds=[0.1], label=LABEL),
            InputError,
            "1 samples lack a risk",
        ),
        (lambda: assess_binary_risk([0.1, 0.2], [0, 0], label=LABEL), InputError, "with and without the outcome"),
    ],
)
def test_bad_input_is_named(call, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
