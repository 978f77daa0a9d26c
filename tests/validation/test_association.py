"""Scores beside outcomes: estimates, what has none and why, pooling, random matched sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from statsmodels.api import Logit, add_constant

from exomics.errors import InputError
from exomics.results import PerformanceTable, Provenance, ScoreTable
from exomics.validation.association import associate
from exomics.validation.controls import beside_controls
from exomics.validation.pooling import pool, standard_errors

COHORTS = ("Hugo", "Mariathasan", "Miao", "Nathanson", "Padron", "Van_Allen")


def score_table(scores: dict[str, pd.Series], **columns: str) -> ScoreTable:
    """Totals of some signatures; a missing score is below the floor."""
    frames = []
    for signature_id, values in scores.items():
        frame = pd.DataFrame(dict.fromkeys(ScoreTable.columns), index=range(len(values)))
        frame = frame.assign(sample_id=values.index, signature_id=signature_id, arm="total", score=values.to_numpy())
        status = np.where(values.isna(), "below_floor", "ok")
        note = np.where(values.isna(), "members measured: up 4 of 25", "")
        frames.append(frame.assign(status=status, note=note).assign(**columns))
    return ScoreTable(frame=pd.concat(frames), provenance=Provenance(method="score", acknowledgments=("thanks",)))


def simulated(n: int = 120, seed: int = 3) -> tuple[pd.Series, pd.DataFrame]:
    """A score that goes with longer survival and more response, and its outcomes."""
    generator = np.random.default_rng(seed)
    samples = [f"s{number}" for number in range(n)]
    score = pd.Series(generator.normal(5, 2, n), index=samples)
    standard = (score - 5) / 2
    time = generator.exponential(20 * np.exp(0.5 * standard))
    censoring = generator.uniform(5, 60, n)
    responded = generator.random(n) < 1 / (1 + np.exp(1 - standard))
    outcomes = pd.DataFrame(
        {
            "os_time_months": np.minimum(time, censoring),
            "os_event": (time <= censoring).astype(float),
            "response": np.where(responded, "responder", "non_responder"),
        },
        index=samples,
    )
    return score, outcomes


def row(table: PerformanceTable, metric: str, signature_id: str = "a", cohort_id: str | None = None) -> pd.Series:
    frame = table.frame
    chosen = frame[(frame["metric"] == metric) & (frame["signature_id"] == signature_id)]
    if cohort_id is not None:
        chosen = chosen[chosen["cohort_id"] == cohort_id]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_hazard_ratio_is_that_of_lifelines_on_the_standardized_score() -> None:
    score, outcomes = simulated()
    found = row(associate(score_table({"a": score}), outcomes, cohort_id="c"), "log_hazard_ratio")
    late = outcomes["os_time_months"] > 36
    frame = pd.DataFrame(
        {
            "z": (score - score.mean()) / score.std(),
            "time": outcomes["os_time_months"].clip(upper=36),
            "event": outcomes["os_event"].where(~late, 0),
        }
    )
    fit = CoxPHFitter().fit(frame, "time", "event", fit_options={"precision": 1e-10})
    assert found["estimate"] == pytest.approx(fit.params_["z"], abs=1e-7)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(fit.confidence_intervals_.to_numpy()[0], abs=1e-7)
    assert found["n_events"] == frame["event"].sum()
    assert found["note"] == "censored at 36 months"


def test_odds_ratio_is_that_of_statsmodels_and_area_that_of_ranks() -> None:
    score, outcomes = simulated()
    table = associate(score_table({"a": score}), outcomes, cohort_id="c")
    found = row(table, "log_odds_ratio")
    responded = (outcomes["response"] == "responder").to_numpy()
    standard = ((score - score.mean()) / score.std()).to_numpy()
    fit = Logit(responded.astype(float), add_constant(standard)).fit(disp=0, tol=1e-12)
    assert found["estimate"] == pytest.approx(fit.params[1], abs=1e-7)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(fit.conf_int()[1], abs=1e-6)
    area = np.mean(standard[responded][:, None] > standard[~responded])
    assert row(table, "auc")["estimate"] == pytest.approx(area)
    assert row(table, "auc")["n_events"] == responded.sum()


def test_units_of_the_score_do_not_matter() -> None:
    score, outcomes = simulated()
    one = associate(score_table({"a": score}), outcomes, cohort_id="c").frame
    other = associate(score_table({"a": 1000 + 3 * score}), outcomes, cohort_id="c").frame
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-9)


def test_standard_deviation_is_over_every_scored_sample() -> None:
    score, outcomes = simulated()
    outcomes.iloc[:40, :2] = np.nan
    estimate = row(associate(score_table({"a": score}), outcomes, cohort_id="c"), "log_hazard_ratio")["estimate"]
    kept = score.iloc[40:]
    narrow = associate(score_table({"a": kept}), outcomes.iloc[40:], cohort_id="c")
    per_unit = row(narrow, "log_hazard_ratio")["estimate"] / kept.std()
    assert estimate == pytest.approx(per_unit * score.std(), rel=1e-9)


def test_a_signature_below_the_floor_keeps_its_rows_with_reason_and_counts() -> None:
    score, outcomes = simulated()
    scores = score_table({"a": score, "low": pd.Series(np.nan, index=score.index)})
    table = associate(scores, outcomes, cohort_id="c")
    found = row(table, "log_hazard_ratio", "low")
    assert np.isnan(found["estimate"])
    assert found["note"] == "below_floor in 120 of 120 samples (members measured: up 4 of 25)"
    assert found["n_samples"] == 120
    assert found["n_events"] == row(table, "log_hazard_ratio")["n_events"]
    assert {"log_odds_ratio", "auc"} <= set(table.frame.loc[table.frame["signature_id"] == "low", "metric"])


def test_an_override_is_said_beside_the_estimate() -> None:
    score, outcomes = simulated()
    table = associate(score_table({"a": score}, status="wrong_layer_override"), outcomes, cohort_id="c")
    assert table.frame["note"].str.startswith("wrong_layer_override: exploratory").all()
    assert table.frame["estimate"].notna().all()


def test_too_few_events_give_a_row_without_estimate() -> None:
    score, outcomes = simulated(30)
    outcomes["os_event"] = 0.0
    outcomes.iloc[:2, 1] = 1.0
    outcomes["response"] = ["responder"] + ["non_responder"] * 29
    table = associate(score_table({"a": score}), outcomes, cohort_id="c")
    assert table.frame["estimate"].isna().all()
    assert row(table, "log_hazard_ratio")["note"] == "2 events; at least 3 needed for an estimate"
    assert row(table, "auc")["note"] == "1 patients in the smaller group; at least 3 needed for an estimate"
    assert row(table, "auc")["n_samples"] == 30


def test_a_score_that_separates_the_groups_has_an_area_but_no_odds_ratio() -> None:
    score, outcomes = simulated(30)
    outcomes["response"] = np.where(score.rank() > 20, "responder", "non_responder")
    table = associate(score_table({"a": score}), outcomes, cohort_id="c", endpoints=["response"])
    assert np.isnan(row(table, "log_odds_ratio")["estimate"])
    assert "separates" in row(table, "log_odds_ratio")["note"]
    assert row(table, "auc")["estimate"] == 1.0


def test_a_constant_score_says_so() -> None:
    score, outcomes = simulated(30)
    table = associate(score_table({"a": score * 0 + 0.1}), outcomes, cohort_id="c")
    assert table.frame["estimate"].isna().all()
    assert table.frame["note"].str.contains("does not vary").all()


def test_a_signature_without_total_is_named_not_dropped() -> None:
    score, outcomes = simulated(30)
    scores = score_table({"a": score})
    members = score_table({"myo.seed4": score}, arm="IL15").frame
    joined = ScoreTable(frame=pd.concat([scores.frame, members]), provenance=scores.provenance)
    table = associate(joined, outcomes, cohort_id="c")
    assert row(table, "auc", "myo.seed4")["note"] == "no total: this signature is reported member by member"


def test_unknown_response_and_unscored_patients_are_left_out_and_order_is_free() -> None:
    score, outcomes = simulated()
    outcomes.iloc[:10, 2] = ""
    shuffled = outcomes.sample(frac=1, random_state=1)
    one = associate(score_table({"a": score.iloc[5:]}), outcomes, cohort_id="c").frame
    other = associate(score_table({"a": score.iloc[5:]}), shuffled, cohort_id="c").frame
    np.testing.assert_allclose(one["estimate"], other["estimate"], rtol=1e-10)
    assert one.loc[one["metric"] == "auc", "n_samples"].tolist() == [110]


def test_endpoints_without_a_known_value_are_left_out_unless_asked_for() -> None:
    score, outcomes = simulated()
    outcomes = outcomes.assign(pfs_time_months=np.nan, pfs_event=np.nan)
    scores = score_table({"a": score})
    assert set(associate(scores, outcomes, cohort_id="c").frame["endpoint"]) == {"os", "response"}
    asked = associate(scores, outcomes, cohort_id="c", endpoints=["pfs"]).frame
    assert asked["n_samples"].tolist() == [0]
    with pytest.raises(InputError, match=r"no endpoint 'dfs'.*os, pfs, response"):
        associate(scores, outcomes, cohort_id="c", endpoints=["dfs"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scores, outcomes: (scores, outcomes.set_axis(outcomes.index + "x")), "no scored sample"),
        (lambda scores, outcomes: (scores, pd.concat([outcomes, outcomes.head(1)])), "list s0 twice"),
        (lambda scores, outcomes: (pd.concat([scores, scores.head(1)]), outcomes), "occurs twice"),
        (lambda scores, outcomes: (scores.assign(subject_id="p1"), outcomes), "unit of analysis"),
        (lambda scores, outcomes: (scores, outcomes.assign(response="CR")), "responder or non_responder; got 'CR'"),
        (
            lambda scores, outcomes: (scores, outcomes.assign(os_time_months="later")),
            "os_time_months must hold numbers",
        ),
        (lambda scores, outcomes: (scores, outcomes.assign(os_time_months=0.0)), "20 times of os are 0 or less"),
        (lambda scores, outcomes: (scores, outcomes.assign(os_event=2)), "1 .event., 0 .censored. or NaN"),
    ],
)
def test_bad_input_is_refused_in_one_line(change, message: str) -> None:
    score, outcomes = simulated(20)
    frame, changed = change(score_table({"a": score}).frame, outcomes)
    with pytest.raises(InputError, match=message) as caught:
        associate(ScoreTable(frame=frame, provenance=Provenance(method="score")), changed, cohort_id="c")
    assert "\n" not in str(caught.value)


def test_provenance_keeps_acknowledgments_and_says_how_many_were_tried() -> None:
    score, outcomes = simulated(30)
    table = associate(score_table({"a": score, "b": -score}), outcomes, cohort_id="c")
    assert table.provenance.acknowledgments == ("thanks",)
    assert table.provenance.parameters["n_signatures"] == 2
    assert table.provenance.parameters["horizon_months"] == 36.0


def of_cohorts(estimates: dict[str, tuple[float, float]]) -> PerformanceTable:
    base = dict.fromkeys(PerformanceTable.columns) | {"signature_id": "a", "endpoint": "os", "role": "external"}
    rows = [
        base
        | {"cohort_id": cohort, "metric": "log_hazard_ratio", "estimate": estimate, "n_samples": 10, "n_events": 5}
        | {"ci_low": estimate - 1.959963984540054 * error, "ci_high": estimate + 1.959963984540054 * error}
        for cohort, (estimate, error) in estimates.items()
    ]
    return PerformanceTable(frame=pd.DataFrame(rows), provenance=Provenance(method="associate"))


def test_pooling_weighs_by_precision_and_names_what_is_missing() -> None:
    nan = float("nan")
    table = pool(of_cohorts({"one": (-0.4, 0.1), "two": (-0.2, 0.2), "three": (nan, nan)}), method="fixed")
    found = row(table, "log_hazard_ratio")
    assert found["cohort_id"] == "pooled_fixed"
    assert found["estimate"] == pytest.approx((-0.4 * 100 - 0.2 * 25) / 125)
    assert (found["n_samples"], found["n_events"]) == (20, 10)
    assert found["note"] == "2 cohorts; without an estimate: three"
    assert row(table, "n_cohorts")["estimate"] == 2


def test_one_cohort_is_not_pooled_but_keeps_its_row() -> None:
    table = pool(of_cohorts({"one": (-0.4, 0.1), "two": (float("nan"), float("nan"))}))
    assert len(table.frame) == 1
    assert np.isnan(table.frame["estimate"].iloc[0])
    assert "at least 2 estimates needed; 1 cohort; without an estimate: two" in table.frame["note"].iloc[0]


def effects_of(values: dict[str, float], role: str = "external") -> pd.DataFrame:
    rows = [
        dict.fromkeys(PerformanceTable.columns)
        | {"signature_id": "a", "cohort_id": cohort, "endpoint": "os", "metric": "log_hazard_ratio", "role": role}
        | {"estimate": value, "ci_low": value - 0.4, "ci_high": value + 0.4, "n_samples": 50, "n_events": 30}
        for cohort, value in values.items()
    ]
    return pd.DataFrame(rows)


def test_apparent_and_external_cohorts_are_never_pooled_together() -> None:
    frame = pd.concat([effects_of({"one": 0.3, "two": 0.5}), effects_of({"own": 2.0, "own_too": 2.2}, role="apparent")])
    pooled = pool(PerformanceTable(frame=frame, provenance=Provenance(method="associate"))).frame
    effects = pooled[pooled["metric"] == "log_hazard_ratio"].set_index("role")["estimate"]
    assert effects.round(9).to_dict() == {"external": 0.4, "apparent": 2.1}


def test_an_interval_that_agreement_by_chance_made_narrow_is_told() -> None:
    table = PerformanceTable(frame=effects_of({"one": 0.3, "two": 0.3}), provenance=Provenance(method="associate"))
    narrow = pool(table, inference="hartung_knapp").frame
    assert narrow["note"].str.contains("use hartung_knapp_truncated").all()
    for inference in ("normal", "hartung_knapp_truncated"):
        assert not pool(table, inference=inference).frame["note"].str.contains("narrower").any()


def test_pooling_refuses_repeats_pooled_rows_and_skewed_intervals() -> None:
    table = of_cohorts({"one": (-0.4, 0.1), "two": (-0.2, 0.2)})
    with pytest.raises(InputError, match="already holds pooled"):
        pool(pool(table))
    with pytest.raises(InputError, match="two rows for one"):
        pool(PerformanceTable(frame=pd.concat([table.frame] * 2), provenance=table.provenance))
    with pytest.raises(InputError, match="not symmetric"):
        standard_errors(table.frame.assign(ci_high=3.0))


def random_sets(scores: dict[int, pd.Series], signature_id: str = "a") -> pd.DataFrame:
    """Scores of random sets, one row per sample and set."""
    frames = [
        pd.DataFrame({"sample_id": values.index, "control": number, "score": values.to_numpy()})
        for number, values in scores.items()
    ]
    return pd.concat(frames).assign(signature_id=signature_id)


def test_random_sets_are_estimated_like_the_signature() -> None:
    score, outcomes = simulated()
    performance = associate(score_table({"a": score}), outcomes, cohort_id="c", horizon_months=24)
    controls = random_sets({0: score, 1: -score})
    _, found = beside_controls(performance, controls, outcomes, horizon_months=24)
    for metric in ("log_hazard_ratio", "log_odds_ratio", "auc"):
        wanted = row(performance, metric)["estimate"]
        sets = found.loc[found["metric"] == metric].set_index("control")["estimate"]
        assert sets["0"] == pytest.approx(wanted)
        assert sets["1"] == pytest.approx(1 - wanted if metric == "auc" else -wanted)


def test_place_among_random_sets() -> None:
    score, outcomes = simulated()
    generator = np.random.default_rng(0)
    noise = {number: pd.Series(generator.normal(size=len(score)), index=score.index) for number in range(199)}
    performance = associate(score_table({"a": score, "b": -score}), outcomes, cohort_id="c")
    table, _ = beside_controls(performance, random_sets(noise), outcomes)
    assert len(table.frame) == len(performance.frame) + 4
    pd.testing.assert_frame_equal(table.frame.iloc[: len(performance.frame)], performance.frame)
    hazard = table.frame[table.frame["note"].str.startswith("log hazard ratio")].set_index("metric")["estimate"]
    assert hazard["control_percentile"] == 0.0
    assert hazard["empirical_p_value"] == pytest.approx(1 / 200)
    assert table.provenance.parameters["n_controls"] == 199


def test_place_among_too_few_sets_or_without_an_estimate_is_not_given() -> None:
    score, outcomes = simulated(40)
    sets = random_sets(dict.fromkeys(range(5), score))
    unscored = associate(score_table({"a": score * np.nan}), outcomes, cohort_id="c")
    missing = beside_controls(unscored, sets, outcomes)[0].frame.tail(4)
    assert missing["estimate"].isna().all()
    assert missing["note"].str.startswith("no estimate").all()
    scored = associate(score_table({"a": score}), outcomes, cohort_id="c")
    assert beside_controls(scored, sets, outcomes)[0].frame.tail(4)["note"].str.startswith("too few sets").all()


def test_random_sets_of_nothing_change_nothing() -> None:
    score, outcomes = simulated(40)
    performance = associate(score_table({"a": score}), outcomes, cohort_id="c")
    table, estimates = beside_controls(performance, random_sets({0: score}).iloc[:0], outcomes)
    assert table is performance
    assert estimates.empty


def test_random_sets_of_another_signature_or_of_several_cohorts_are_refused() -> None:
    score, outcomes = simulated(40)
    performance = associate(score_table({"a": score}), outcomes, cohort_id="c")
    sets = random_sets({0: score})
    with pytest.raises(InputError, match="matched to other"):
        beside_controls(performance, sets.assign(signature_id="other"), outcomes)
    with pytest.raises(InputError, match="lack score"):
        beside_controls(performance, sets.drop(columns="score"), outcomes)
    both = pd.concat([performance.frame, performance.frame.assign(cohort_id="d")])
    with pytest.raises(InputError, match="one cohort"):
        beside_controls(PerformanceTable(frame=both, provenance=performance.provenance), sets, outcomes)


def cohort_of(folder: Path, name: str) -> tuple[pd.Series, pd.DataFrame]:
    expression = pd.read_csv(folder / f"tumor/ICB_{name}_log2TPM.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(folder / f"tumor/ICB_{name}_clinical.tsv.gz", sep="\t", index_col=0)
    outcomes = pd.DataFrame(
        {
            "os_time_months": clinical["survival_time_os"],
            "os_event": clinical["event_occurred_os"],
            "response": clinical["response"].map({"R": "responder", "NR": "non_responder"}),
        }
    )
    return expression.loc["CXCL9"], outcomes


@pytest.mark.real_data
def test_cxcl9_in_six_cohorts_and_pooled(reference_folder: Path) -> None:
    truth = pd.read_csv(reference_folder / "tumor/ref_ICB_CXCL9_by_cohort.tsv", sep="\t").set_index("cohort")
    tables = []
    for name in COHORTS:
        gene, outcomes = cohort_of(reference_folder, name)
        tables.append(associate(score_table({"gene:CXCL9": gene}), outcomes, cohort_id=name))
    joined = PerformanceTable(
        frame=pd.concat([table.frame for table in tables]), provenance=Provenance(method="associate")
    )
    for name in COHORTS:
        hazard = row(joined, "log_hazard_ratio", "gene:CXCL9", name)
        assert hazard["estimate"] == pytest.approx(truth.loc[name, "cox_logHR"], abs=1e-6)
        assert (hazard["ci_high"] - hazard["ci_low"]) / 3.919927969 == pytest.approx(
            truth.loc[name, "cox_SE"], abs=1e-6
        )
        assert hazard["n_samples"] == truth.loc[name, "cox_n"]
        odds = row(joined, "log_odds_ratio", "gene:CXCL9", name)
        assert odds["estimate"] == pytest.approx(-truth.loc[name, "logit_NR_coef"], abs=1e-5)
        assert row(joined, "auc", "gene:CXCL9", name)["estimate"] == pytest.approx(truth.loc[name, "AUC_CXCL9_R"])
        assert odds["n_events"] == truth.loc[name, "nR"]
    survival = PerformanceTable(
        frame=joined.frame[joined.frame["endpoint"] == "os"], provenance=Provenance(method="associate")
    )
    pooled = pool(survival)
    found = row(pooled, "log_hazard_ratio", "gene:CXCL9")
    assert found["estimate"] == pytest.approx(-0.2987, abs=5e-5)
    assert standard_errors(found.to_frame().T.astype({"estimate": float}))[0] == pytest.approx(0.0636, abs=5e-5)
    assert row(pooled, "tau_squared", "gene:CXCL9")["estimate"] == pytest.approx(0.0, abs=1e-8)
    assert found["n_samples"] == 365
