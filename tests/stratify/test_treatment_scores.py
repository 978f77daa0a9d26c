"""Benefit scores: modifiers are found, prognosis is none, nobody is scored by a model that saw him."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.datasets.simulate import TrialParameters
from exomics.datasets.simulate.cohort import recruit
from exomics.datasets.simulate.outcomes import outcomes
from exomics.datasets.simulate.states import states
from exomics.errors import UserError
from exomics.stratify import TrialColumns, benefit, subgroup_effects, treatment_scores
from tests.shared import must, refused

N = 240
NAMES = [f"s{number:03d}" for number in range(N)]


def _columns(**options: Any) -> TrialColumns:
    return TrialColumns(**{"endpoint": "gain", "arm": "arm", "control": "usual_care", **options})


def _trial(seed: int, *, modifies: float, prognoses: float = 1.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten markers: the first modifies the benefit, the second prognoses, some values are missing."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(N, 10))
    arm = generator.permutation(np.tile([0, 1], N // 2))
    signal = modifies * values[:, 0] * arm + prognoses * values[:, 1]
    time = generator.exponential(20.0 * np.exp(signal)) + 0.1
    sheet = pd.DataFrame(
        {
            "subject_id": NAMES,
            "center": [f"c{number % 40}" for number in range(N)],
            "arm": np.where(arm, "exercise", "usual_care"),
            "gain": signal + generator.normal(size=N),
            "response": np.where(generator.random(N) < 1 / (1 + np.exp(-2 * signal)), "responder", "non_responder"),
            "os_time_months": np.minimum(time, 60.0),
            "os_event": (time < 60.0).astype(int),
        },
        index=NAMES,
    )
    values[generator.random(values.shape) < 0.02] = np.nan
    return pd.DataFrame(values, NAMES, [f"g{number}" for number in range(10)]), sheet


@pytest.fixture(scope="module")
def predictive() -> tuple[pd.DataFrame, pd.DataFrame]:
    return _trial(1, modifies=1.5)


@pytest.fixture(scope="module")
def prognostic() -> tuple[pd.DataFrame, pd.DataFrame]:
    return _trial(2, modifies=0.0, prognoses=1.5)


@pytest.mark.parametrize("method", ["r_learner", "modified_covariates"])
@pytest.mark.parametrize("endpoint", ["gain", "response", "os"])
def test_a_modifier_ranks_benefit_and_prognosis_does_not(
    endpoint: str, method: Any, predictive: tuple[pd.DataFrame, pd.DataFrame],
    prognostic: tuple[pd.DataFrame, pd.DataFrame],
) -> None:  # fmt: skip
    columns = _columns(endpoint=endpoint)
    found = treatment_scores(*predictive, columns, method=method, n_resamples=100)
    scores = found.scores.frame.set_index("sample_id")
    assert np.corrcoef(scores["rank"], predictive[0]["g0"].fillna(0.0))[0, 1] > 0.6
    rates = found.performance.frame.set_index("metric")
    assert rates.loc["autoc", "note"] == "the score ranks subjects by benefit"
    assert rates.loc["autoc", "ci_low"] > 0.0
    assert rates.loc["c_for_benefit", "estimate"] > 0.5
    assert ("calibration_slope" in rates.index) == (method == "r_learner" or endpoint == "gain")
    null = treatment_scores(*prognostic, columns, method=method, n_resamples=100).performance.frame
    claims = null.set_index("metric").loc[["autoc", "qini", "c_for_benefit"], "note"]
    assert not claims.eq("the score ranks subjects by benefit").any()


def test_the_tables_fit_together(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    found = treatment_scores(*predictive, _columns(endpoint="os", horizon=24.0), n_resamples=100)
    scores, uplift, groups = found.scores.frame, found.uplift.frame, found.groups.frame
    assert len(scores) == N
    assert set(scores["fold"]) == {1, 2, 3, 4, 5}
    assert set(scores["score_unit"]) == {"months up to 24"}
    rates = found.performance.frame.set_index("metric")
    assert uplift["gain"].iloc[0] == 0.0
    assert uplift["gain"].iloc[-1] == pytest.approx(rates.loc["average_effect", "estimate"])
    assert uplift["at_random"].iloc[-1] == pytest.approx(uplift["gain"].iloc[-1])
    area = float(np.trapezoid(uplift["gain"] - uplift["at_random"], uplift["share_trained"]))
    assert area == pytest.approx(rates.loc["qini", "estimate"], rel=0.1)
    assert groups["n_samples"].sum() == N
    assert groups["predicted"].is_monotonic_increasing
    assert found.scores.provenance.parameters["horizon"] == 24.0


def test_nobody_is_scored_by_a_model_that_saw_him(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    markers, sheet = predictive
    plain = treatment_scores(markers, sheet, _columns(), n_resamples=10).scores.frame.set_index("sample_id")
    changed = sheet.assign(gain=sheet["gain"].where(sheet.index != NAMES[7], 1e3))
    other = treatment_scores(markers, changed, _columns(), n_resamples=10).scores.frame.set_index("sample_id")
    assert other.loc[NAMES[7], "score"] == plain.loc[NAMES[7], "score"]
    assert other.loc[NAMES[7], "expected_outcome"] == plain.loc[NAMES[7], "expected_outcome"]
    assert (other["score"] != plain["score"]).any()


def test_follow_up_of_the_held_out_reaches_no_model_of_survival(
    predictive: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """Halved times of one fold change what is said of the others, and nothing that is said of that fold.

    Many are censored before the horizon, so that the gain of a subject is drawn from the follow-up of others.
    """
    markers, sheet = predictive
    left = np.random.default_rng(5).exponential(30.0, N) + 0.1
    sheet = sheet.assign(
        os_event=sheet["os_event"] * (sheet["os_time_months"] <= left),
        os_time_months=np.minimum(sheet["os_time_months"], left),
    )
    columns = _columns(endpoint="os", horizon=24.0)
    first = treatment_scores(markers, sheet, columns, n_resamples=20).scores.frame.set_index("sample_id")
    changed = sheet.copy()
    out = first.index[first["fold"] == 1]
    changed.loc[out, "os_time_months"] /= 2.0
    second = treatment_scores(markers, changed, columns, n_resamples=20).scores.frame.set_index("sample_id")
    learned = ["fold", "score", "expected_outcome", "propensity"]
    pd.testing.assert_frame_equal(second.loc[out, learned], first.loc[out, learned], check_exact=True)
    assert (second["score"] != first["score"]).sum() > 100


def test_a_center_stays_in_one_fold(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    scores = treatment_scores(*predictive, _columns(group_by=("center",)), n_resamples=10).scores.frame
    assert scores["fold"].groupby(predictive[1]["center"].to_numpy()).nunique().max() == 1


def test_a_fall_can_be_the_benefit(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    markers, sheet = predictive
    plain = treatment_scores(markers, sheet, _columns(), n_resamples=50)
    fallen = treatment_scores(
        markers, sheet.assign(gain=-sheet["gain"]), _columns(lower_is_better=True), n_resamples=50
    )
    np.testing.assert_allclose(fallen.scores.frame["score"], plain.scores.frame["score"])
    back = treatment_scores(markers, sheet, _columns(endpoint="response", lower_is_better=True), n_resamples=50)
    assert np.corrcoef(back.scores.frame["rank"], markers["g0"].fillna(0.0))[0, 1] < -0.6


def test_chosen_arms_have_an_estimated_propensity_and_no_claim() -> None:
    """The prognostic marker decides the arm: means of the arms differ, the estimated benefit does not."""
    markers, sheet = _trial(3, modifies=0.0, prognoses=1.5)
    generator = np.random.default_rng(3)
    chosen = generator.random(N) < 1 / (1 + np.exp(-1.2 * markers["g1"].fillna(0.0)))
    sheet = sheet.assign(arm=np.where(chosen, "exercise", "usual_care"))
    naive = sheet["gain"][chosen].mean() - sheet["gain"][~chosen].mean()
    found = treatment_scores(markers, sheet, _columns(randomized=False), n_resamples=100)
    effect = found.performance.frame.set_index("metric").loc["average_effect"]
    assert naive > 1.0
    assert effect["ci_low"] < 0.0 < effect["ci_high"]
    assert "confounding is possible" in effect["note"]
    assert "the propensity is estimated" in effect["note"]
    assert np.corrcoef(found.scores.frame["propensity"], markers["g1"].fillna(0.0))[0, 1] > 0.8
    modified, sheet = _trial(4, modifies=2.0)
    notes = treatment_scores(modified, sheet.assign(time_point="post"), _columns(), n_resamples=50).performance.frame
    assert notes.set_index("metric").loc["autoc", "note"].startswith("the score ranks the estimated effect")
    assert notes["note"].str.contains("a consequence of the arm").all()


def _embedded(n_per_arm: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The embedded study with more patients: planted SLC2A1 x exercise, log hazard ratio -0.6; CXCL9 prognoses."""
    parameters = TrialParameters(n_per_arm=n_per_arm)
    cohort = recruit(parameters)
    names = [f"p{number}" for number in range(cohort.n_subjects)]
    genes = [gene for gene, _ in (*parameters.prognostic_markers, *parameters.predictive_markers)]
    levels = np.random.default_rng(5).normal(size=(len(genes), cohort.n_subjects))
    outcome = outcomes(parameters, cohort, states(parameters, cohort.n_subjects), dict(zip(genes, levels, strict=True)))
    sheet = pd.DataFrame({"os_time_months": outcome.time, "os_event": outcome.event}, names)
    sheet["arm"] = np.where(cohort.exercise, "exercise", "usual_care")
    return pd.DataFrame(levels.T, names, genes), sheet


def test_the_planted_modifier_of_the_embedded_study_is_found_in_a_larger_one() -> None:
    """The test of interaction finds it among 600 patients; ranks of months gained need more."""
    columns = _columns(endpoint="os")
    verdicts = benefit(*_embedded(300), columns).frame.set_index("marker")["verdict"]
    assert verdicts.to_dict() == {"SLC2A1": "predictive", "CXCL9": "prognostic"}
    markers, sheet = _embedded(1000)
    found = treatment_scores(markers, sheet, columns, method="modified_covariates", n_resamples=20)
    assert found.performance.frame.set_index("metric").loc["autoc", "ci_low"] > 0.0
    assert np.corrcoef(found.scores.frame["rank"], markers["SLC2A1"])[0, 1] > 0.8


@pytest.mark.slow
def test_claims_from_prognosis_alone_are_rarer_than_the_level_says() -> None:
    claims = []
    for seed in range(120):
        found = treatment_scores(*_trial(100 + seed, modifies=0.0), _columns(), n_resamples=100, seed=seed)
        rates = found.performance.frame.set_index("metric").loc[["autoc", "qini", "c_for_benefit"]]
        claims.append((rates["note"] == "the score ranks subjects by benefit").to_numpy())
    assert (np.mean(claims, axis=0) <= 0.025 + 2.0 * np.sqrt(0.025 * 0.975 / 120)).all(), np.mean(claims, axis=0)


def test_subgroups_have_their_effects_and_one_test_each(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    markers, sheet = predictive
    samples = sheet.assign(modifier=markers["g0"], noise=markers["g5"], side=np.where(markers["g0"] > 0, "high", "low"))
    for endpoint, metric in (("gain", "mean_difference"), ("response", "log_odds_ratio"), ("os", "log_hazard_ratio")):
        table = subgroup_effects(samples, ["modifier", "side", "noise"], _columns(endpoint=endpoint)).frame
        tests = table.drop_duplicates("variable").set_index("variable")["interaction_p_value"]
        assert set(table["metric"]) == {metric}
        assert table["n_trained"].iloc[0] == N / 2
        assert max(tests["modifier"], tests["side"]) < 0.01 < tests["noise"]
        assert np.isnan(tests["all"])
        halves = table[table["variable"] == "modifier"]["estimate"].to_numpy()  # above the median, then up to it
        assert (halves[0] - halves[1]) * (-1.0 if endpoint == "os" else 1.0) > 0.5


@pytest.mark.parametrize(
    ("change", "options", "call", "message"),
    [
        ({}, {}, {"method": "magic"}, "method must be one of"),
        ({"subject_id": "p1"}, {}, {}, "in both arms"),
        ({"gain": [1.0] * 9 + [np.nan] * (N - 9)}, {}, {}, "10 subjects in each arm"),
        ({"os_event": [1] * 9 + [0] * (N - 9)}, {"endpoint": "os"}, {}, "with and without the event"),
        ({}, {"endpoint": "os", "horizon": 90.0}, {}, "must reach the horizon"),
        ({}, {"group_by": ("cage",)}, {}, "no column 'cage'"),
        ({}, {}, {"n_folds": 1}, "at least 2 folds"),
    ],
)
def test_bad_trials_are_refused(
    change: dict[str, Any], options: dict[str, Any], call: dict[str, Any], message: str,
    predictive: tuple[pd.DataFrame, pd.DataFrame],
) -> None:  # fmt: skip
    markers, sheet = predictive
    with pytest.raises(UserError, match=message):
        treatment_scores(markers, sheet.assign(**change), _columns(**options), **call)


def test_bad_subgroups_are_refused(predictive: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    with pytest.raises(UserError, match="2 to 8 levels"):
        subgroup_effects(predictive[1], ["center"], _columns())
    with pytest.raises(UserError, match="no column 'stage'"):
        subgroup_effects(predictive[1], ["stage"], _columns())


def test_the_command_writes_all_tables(predictive: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Any) -> None:
    markers, sheet = predictive
    markers.rename_axis("sample_id").to_csv(tmp_path / "markers.tsv", sep="\t")
    sheet.rename_axis("sample_id").to_csv(tmp_path / "samples.tsv", sep="\t")
    words = ("benefit", tmp_path / "markers.tsv", "--samples", tmp_path / "samples.tsv", "--endpoint", "gain", "--arm",
             "arm", "--control", "usual_care", "--subgroup", "center")  # fmt: skip
    out = tmp_path / "out"
    assert "give both" in refused(out, *words, "-o", out / "benefit.tsv")
    assert "2 to 8 levels" in refused(out, *words, "-o", out / "b.tsv", "--subgroups", out / "s.tsv")
    told = must(*words[:-2], "-o", out / "benefit.tsv", "--scores", out / "scores", "--subgroup", "response",
                "--subgroups", out / "subgroups.tsv")  # fmt: skip
    assert "the score ranks subjects by benefit" in told
    assert "interaction with the arm: p" in told
    assert {path.name for path in (out / "scores").glob("*.tsv")} == {
        "scores.tsv", "performance.tsv", "uplift.tsv", "groups.tsv",
    }  # fmt: skip
