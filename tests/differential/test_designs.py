"""Designs as people say them: the planted truth comes back, nothing comes back where nothing was planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets.simulate import Simulation, TrialParameters
from exomics.differential import designs, fit_question
from exomics.errors import DesignError, InputError
from exomics.preprocess import apply_steps
from exomics.schema import Scale, annotate

Study = Callable[..., AnnData]


@pytest.fixture(scope="module")
def muscle() -> AnnData:
    """Muscle of the embedded study, filtered and normalized."""
    data = Simulation(TrialParameters()).muscle()
    return apply_steps(data, [("filter_by_expression", {"group": "exercise_post"}), ("tmm", {}), ("log_cpm", {})])


@pytest.fixture(scope="module")
def without_effects() -> AnnData:
    """The same trial, in which training changes no gene."""
    parameters = TrialParameters(muscle_up=0, muscle_down=0, sex_by_time_sd=0.0)
    data = Simulation(parameters).muscle()
    return apply_steps(data, [("filter_by_expression", {"group": "exercise_post"}), ("tmm", {}), ("log_cpm", {})])


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    genes = Simulation(TrialParameters()).truth().genes
    return genes[genes["layer"] == "muscle_rna"].set_index("feature_id")


@pytest.fixture
def study() -> Study:
    """log2 values of 200 features from a frame of samples and a function that adds effects to the first 20."""

    def make(obs: pd.DataFrame, effect: np.ndarray, subject: str = "") -> AnnData:
        rng = np.random.default_rng(21)
        values = rng.normal(0.0, 0.5, (len(obs), 200)) + rng.normal(8.0, 1.0, 200)
        if subject:
            codes = pd.factorize(obs[subject])[0]
            values += rng.normal(0.0, 1.0, (codes.max() + 1, 200))[codes]
        values[:, :20] += effect[:, None]
        var = pd.DataFrame(index=[f"f{i}" for i in range(200)])
        table = AnnData(values, obs=obs, var=var)
        return annotate(table, assay="protein", scale=Scale(kind="log2", quantity="ratio"))

    return make


def found(frame: pd.DataFrame, contrast: str) -> set[str]:
    rows = frame[(frame["contrast"] == contrast) & (frame["adj_p_value"] < 0.05)]
    return set(rows["feature_id"])


PLANTED = {f"f{i}" for i in range(20)}


def assert_planted(frame: pd.DataFrame, contrast: str, most_false: int = 3) -> None:
    names = found(frame, contrast)
    assert len(names & PLANTED) >= 18, contrast
    assert len(names - PLANTED) <= most_false, contrast


def test_arms_of_the_embedded_trial(muscle: AnnData, truth: pd.DataFrame) -> None:
    table = fit_question(muscle, "arms:covariates=batch")
    assert list(table.frame["contrast"].unique()) == [
        "exercise - usual_care",
        "exercise - usual_care (difference in differences)",
    ]
    for contrast, least in (("exercise - usual_care", 0.6), ("exercise - usual_care (difference in differences)", 0.5)):
        rows = table.frame[table.frame["contrast"] == contrast].set_index("feature_id")
        planted = truth.loc[rows.index, "arm"] != "none"
        calls = rows["adj_p_value"] < 0.05
        assert (calls & planted).sum() / max(calls.sum(), 1) > 0.85
        assert (
            np.corrcoef(rows.loc[planted, "log2_fold_change"], truth.loc[rows.index[planted], "log2_fold_change"])[0, 1]
            > least
        )
    errors = table.frame.groupby("contrast")["standard_error"].median()
    assert errors.iloc[0] < errors.iloc[1]
    assert "analysis of covariance" in table.provenance.notes[0]
    assert any("samples without a partner" in note for note in table.provenance.notes)
    assert table.provenance.parameters["question"] == "arms:covariates=batch"


@pytest.mark.parametrize("question", ["arms", "arms:adjustment=difference", "arms_by_subgroup:subgroup=sex"])
def test_no_effect_is_found_where_none_was_planted(without_effects: AnnData, question: str) -> None:
    method = "" if question == "arms" else "limma_trend"
    frame = fit_question(without_effects, question, method=method).frame
    assert (frame["adj_p_value"] < 0.05).mean() < 1e-3
    for _, rows in frame.groupby("contrast"):
        assert (rows["p_value"] < 0.05).mean() < 0.1


def test_sex_by_training_in_the_trial(truth: pd.DataFrame) -> None:
    parameters = TrialParameters(sex_by_time_sd=1.0)
    simulation = Simulation(parameters)
    data = apply_steps(
        simulation.muscle(), [("filter_by_expression", {"group": "exercise_post"}), ("tmm", {}), ("log_cpm", {})]
    )
    genes = simulation.truth().genes
    genes = genes[genes["layer"] == "muscle_rna"].set_index("feature_id")
    table = fit_question(data, "arms_by_subgroup:subgroup=sex,covariates=batch", method="limma_trend")
    contrast = "(male: exercise - usual_care) - (female: exercise - usual_care)"
    rows = table.frame[table.frame["contrast"] == contrast].set_index("feature_id")
    true = genes.loc[rows.index, "log2_fold_change_male"] - genes.loc[rows.index, "log2_fold_change_female"]
    planted = true.abs() > 0
    assert np.corrcoef(rows.loc[planted, "log2_fold_change"], true[planted])[0, 1] > 0.6
    calls = rows["adj_p_value"] < 0.05
    assert calls.sum() > 20 and (calls & planted).sum() / calls.sum() > 0.85
    assert set(table.frame["family"]) == {"within_subgroups", "subgroup_difference"}
    assert "is no difference" in table.provenance.notes[0]


def test_counts_take_the_difference_and_are_told_to_for_ancova(muscle: AnnData) -> None:
    part = muscle[:, :400].copy()
    frame = fit_question(part, "arms:adjustment=difference,covariates=batch", method="limma_voom").frame
    assert list(frame["contrast"].unique()) == ["exercise - usual_care"]
    with pytest.raises(InputError, match="answered by limma_ancova, not by limma_voom; .*adjustment=difference"):
        fit_question(part, "arms", method="limma_voom")


def test_prepost_of_one_arm(muscle: AnnData) -> None:
    part = muscle[:, :300].copy()
    table = fit_question(part, "prepost:only=arm=exercise,covariates=batch+age_years", method="limma_trend")
    n_pairs = (part.obs[part.obs["arm"] == "exercise"]["subject_id"].value_counts() == 2).sum()
    assert len(table.provenance.parameters["samples"]) == 2 * n_pairs
    assert table.provenance.parameters["design"] == "~ subject_id + post + batch"
    notes = table.provenance.notes
    assert notes[0].startswith("change within subjects: without a control arm")
    assert any(note.endswith("taken out by comparing each with itself: age_years") for note in notes)
    assert not any("arms are pooled" in note for note in notes)
    both = fit_question(part, "prepost", method="limma_trend")
    assert any(note.startswith("the 2 arms are pooled") for note in both.provenance.notes)


def test_a_pair_is_the_paired_t_test() -> None:
    from scipy import stats

    rng = np.random.default_rng(4)
    obs = pd.DataFrame({"subject_id": np.tile(np.arange(8), 2), "time_point": np.repeat(["baseline", "post"], 8)})
    obs.index = [f"s{i}" for i in range(16)]
    values = rng.normal(size=(16, 2))
    data = annotate(AnnData(values, obs=obs), assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    frame = fit_question(data, "prepost", method="limma_trend", parameters={"trend": False}).frame
    expected = stats.ttest_rel(values[8:], values[:8])
    np.testing.assert_allclose(frame["log2_fold_change"], (values[8:] - values[:8]).mean(axis=0))
    np.testing.assert_allclose(frame["statistic"], expected.statistic, rtol=1e-8)


def weeks(n: int = 6) -> pd.DataFrame:
    levels = ["0", "1", "2", "4", "8"]
    obs = pd.DataFrame(
        {
            "training_week": np.repeat([int(level) for level in levels], 2 * n),
            "sex": np.tile(np.repeat(["female", "male"], n), len(levels)),
        }
    )
    obs.index = [f"s{i:03d}" for i in range(len(obs))]
    return obs


def test_training_effect_over_all_weeks(study: Study) -> None:
    obs = weeks()
    data = study(obs, np.where(obs["training_week"] == 4, 1.5, 0.0))
    frame = fit_question(data, "training_effect", method="limma_trend").frame
    assert_planted(frame, "training")
    assert_planted(frame, "4 - 0")
    assert len(found(frame, "8 - 0")) <= 2
    assert set(frame.loc[frame["contrast"] == "training", "df_numerator"]) == {4.0}


def test_training_effect_within_each_sex(study: Study) -> None:
    obs = weeks()
    data = study(obs, np.where((obs["training_week"] == 8) & (obs["sex"] == "male"), 1.5, 0.0))
    frame = fit_question(data, "training_effect:within=sex", method="limma_trend").frame
    assert_planted(frame, "male: 8 - 0")
    assert_planted(frame, "training male")
    assert len(found(frame, "training female")) <= 2
    assert set(frame.loc[frame["contrast"] == "training", "df_numerator"]) == {8.0}


@pytest.mark.parametrize("planted", [True, False])
def test_sex_by_training_tests_the_difference(study: Study, planted: bool) -> None:
    obs = weeks()
    obs["intervention"] = np.where(obs["training_week"] == 0, "sedentary", "endurance")
    trained = obs["intervention"] == "endurance"
    effect = np.where(trained & ((obs["sex"] == "male") | (not planted)), 1.5, 0.0)
    frame = fit_question(study(obs, effect), "sex_by_training", method="limma_trend").frame
    difference = "(male: endurance - sedentary) - (female: endurance - sedentary)"
    assert_planted(frame, "male: endurance - sedentary")
    if planted:
        assert_planted(frame, difference)
        assert_planted(frame, "interaction")
        assert len(found(frame, "female: endurance - sedentary")) <= 2
    else:
        assert len(found(frame, difference)) <= 2
        assert_planted(frame, "female: endurance - sedentary")


DOSES = np.repeat([0.0, 1.0, 2.0, 4.0, 8.0], 10)


def dosed() -> pd.DataFrame:
    return pd.DataFrame({"sessions": DOSES}, index=[f"s{i:02d}" for i in range(50)])


def test_a_linear_dose(study: Study) -> None:
    table = fit_question(study(dosed(), 0.3 * DOSES), "dose_response:dose=sessions", method="limma_trend")
    assert_planted(table.frame, "sessions per unit")
    planted = table.frame[table.frame["feature_id"].isin(PLANTED)]
    assert abs(planted["log2_fold_change"].mean() - 0.3) < 0.03
    assert any("was assigned" in note for note in table.provenance.notes)


def test_a_monotone_dose_that_saturates(study: Study) -> None:
    data = study(dosed(), np.where(DOSES > 0, 1.0, 0.0))
    frame = fit_question(data, "dose_response:dose=sessions,shape=monotone", method="limma_trend").frame
    assert_planted(frame, "sessions monotone")
    assert_planted(frame, "sessions any difference")
    line = fit_question(data, "dose_response:dose=sessions", method="limma_trend").frame
    medians = [
        one.loc[one["feature_id"].isin(PLANTED) & (one["test"] == "t"), "statistic"].median() for one in (frame, line)
    ]
    assert medians[0] > medians[1]


def test_a_curved_dose(study: Study) -> None:
    hump = np.where((DOSES > 0) & (DOSES < 8), 1.2, 0.0)
    frame = fit_question(study(dosed(), hump), "dose_response:dose=sessions,shape=spline", method="limma_trend").frame
    assert_planted(frame, "sessions any")
    assert_planted(frame, "sessions curvature")
    straight = fit_question(
        study(dosed(), 0.3 * DOSES), "dose_response:dose=sessions,shape=spline", method="limma_trend"
    ).frame
    assert_planted(straight, "sessions any")
    assert len(found(straight, "sessions curvature")) <= 2
    line = fit_question(study(dosed(), 0.3 * DOSES), "dose_response:dose=sessions", method="limma_trend").frame
    same = straight[straight["contrast"] == "sessions per unit"]
    np.testing.assert_allclose(same["log2_fold_change"], line["log2_fold_change"], atol=1e-9)


def test_adherence_is_flagged() -> None:
    obs = dosed().rename(columns={"sessions": "adherence_percent"})
    flagged = designs.dose_response(obs, dose="adherence_percent").notes[-1]
    assert "is a variable after randomization" in flagged
    assert (
        designs.dose_response(dosed(), dose="sessions", assigned=False).notes[-1].startswith("sessions is a variable")
    )


def test_maximin_weights_have_equal_power_against_every_step() -> None:
    counts = np.array([3, 7, 4, 6])
    weights = designs.maximin_weights(counts)
    total = counts.sum()
    power = []
    for cut in range(1, 4):
        step = np.arange(4) >= cut
        n_low = counts[:cut].sum()
        power.append(weights @ step / np.sqrt(n_low * (total - n_low) / total))
    np.testing.assert_allclose(power, power[0])
    assert abs(weights.sum()) < 1e-12


def test_a_time_lag(study: Study) -> None:
    rng = np.random.default_rng(30)
    obs = pd.DataFrame({"subject_id": np.repeat(np.arange(12), 4), "time_point": np.tile([0, 4, 8, 12], 12)})
    obs["load"] = rng.normal(size=48)
    obs.index = [f"s{i:02d}" for i in range(48)]
    earlier = obs.groupby("subject_id")["load"].shift(1).fillna(0.0).to_numpy()
    data = study(obs, 1.0 * earlier, subject="subject_id")
    table = fit_question(data, "time_lag:driver=load", method="limma_trend")
    assert_planted(table.frame, "load 1 visit earlier")
    assert any(note.startswith("12 samples without a value 1 visit earlier") for note in table.provenance.notes)
    same_visit = fit_question(data, "time_lag:driver=load,lag=0", method="limma_trend").frame
    assert len(found(same_visit, "load 0 visits earlier") - PLANTED) <= 2
    planted = [
        one.loc[one["feature_id"].isin(PLANTED), "statistic"].abs().median() for one in (table.frame, same_visit)
    ]
    assert planted[0] > 2 * planted[1]


@pytest.mark.parametrize("planted", [True, False])
def test_repeated_measures_with_subjects_as_blocks(study: Study, planted: bool) -> None:
    obs = pd.DataFrame({"subject_id": np.repeat(np.arange(10), 3), "time_point": ["baseline", "mid", "post"] * 10})
    obs.index = [f"s{i:02d}" for i in range(30)]
    effect = np.where((obs["time_point"] == "post") & planted, 1.5, 0.0)
    data = study(obs, effect, subject="subject_id")[:28].copy()
    table = fit_question(data, "repeated_measures", method="limma_trend")
    assert table.provenance.parameters["details"]["correlation_within_blocks"] > 0.6
    assert not any("taken as independent" in note for note in table.provenance.notes)
    if planted:
        assert_planted(table.frame, "post - baseline")
        assert_planted(table.frame, "any visit")
        assert len(found(table.frame, "mid - baseline")) <= 2
    else:
        assert sum(len(found(table.frame, name)) for name in table.frame["contrast"].unique()) <= 3
    one = fit_question(
        data, designs.repeated_measures(data.obs[data.obs["time_point"] != "mid"]), method="limma_trend"
    ).frame
    t, f = (one[one["contrast"] == name] for name in ("post - baseline", "any visit"))
    np.testing.assert_allclose(f["statistic"].to_numpy(), t["statistic"].to_numpy() ** 2, rtol=1e-8)


def test_arms_by_the_constrained_longitudinal_model(muscle: AnnData, truth: pd.DataFrame) -> None:
    part = muscle[:, :4000].copy()
    table = fit_question(part, "arms:adjustment=longitudinal,covariates=batch", method="limma_trend")
    ancova = fit_question(part, "arms:covariates=batch").frame
    rows, other = (
        one[one["contrast"] == "exercise - usual_care"].set_index("feature_id") for one in (table.frame, ancova)
    )
    assert rows["n_samples"].iloc[0] == 111
    assert np.corrcoef(rows["log2_fold_change"], other["log2_fold_change"])[0, 1] > 0.85
    planted = truth.loc[rows.index, "arm"] != "none"
    calls = rows["adj_p_value"] < 0.05
    assert calls.sum() > 20 and (calls & planted).sum() / calls.sum() > 0.85
    assert set(table.frame["contrast"]) == {
        "exercise - usual_care",
        "exercise - usual_care (difference in differences)",
    }
    assert table.provenance.notes[0].startswith("constrained longitudinal model")
    counts = fit_question(part, "arms:adjustment=longitudinal", method="voom_lm_fit")
    assert counts.provenance.parameters["details"]["correlation_within_blocks"] > 0.0
    with pytest.raises(InputError, match="negative_binomial_wald has no parameter 'block'"):
        fit_question(part, "arms:adjustment=longitudinal", method="negative_binomial_wald")


def trial() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject_id": np.repeat(list("abcdefgh"), 2),
            "time_point": ["baseline", "post"] * 8,
            "arm": ["exercise"] * 8 + ["usual_care"] * 8,
            "sex": ["female", "female", "male", "male"] * 4,
        },
        index=[f"s{i:02d}" for i in range(16)],
    )


@pytest.mark.parametrize(
    ("question", "change", "message"),
    [
        ("preposte", {}, "there is no question 'preposte'; the questions: .* Did you mean prepost"),
        ("prepost:when=now", {}, "prepost has no option 'when=now'; its options: covariates, subject, time"),
        ("prepost:subject=animal", {}, "obs has no column 'animal'"),
        ("prepost:after=week12", {}, "time_point has no level 'week12'; its levels: baseline, post"),
        ("prepost", {"time_point": "baseline"}, "time_point has one level"),
        ("prepost", {"subject_id": "a"}, "a has more than one sample at"),
        (
            "prepost",
            {"subject_id": [f"p{i}" for i in range(16)]},
            "no subject_id has a sample at both baseline and post",
        ),
        ("prepost", {"subject_id": [None] * 16}, "subject_id is missing in 16 of 16 samples"),
        ("prepost:only=arm=yoga", {}, "only is COLUMN=LEVEL with a level of that column"),
        ("arms:control=placebo", {}, "arm has no level 'placebo'; its levels: exercise, usual_care"),
        ("arms", {"arm": ["exercise", "usual_care"] * 8}, "arm changes within a; each subject must have one arm"),
        ("arms:randomized=maybe", {}, "randomized of arms is true or false; got 'maybe'"),
        ("arms:randomized=false,adjustment=ancova", {}, "adjustment for the baseline compares arms that were alike"),
        ("arms:randomized=false,adjustment=longitudinal", {}, "adjustment for the baseline compares arms that were"),
        ("arms:adjustment=raw", {}, "adjustment must be auto, ancova, longitudinal or difference; got 'raw'"),
        ("repeated_measures", {"subject_id": [f"p{i}" for i in range(16)]}, "no subject_id has two samples"),
        ("arms_by_subgroup", {"sex": "male"}, "sex has one level"),
        (
            "arms_by_subgroup",
            {"sex": ["male"] * 8 + ["female"] * 8},
            "no female subject of both exercise and usual_care",
        ),
        ("training_effect", {}, "obs has no column 'training_week'"),
        ("sex_by_training", {"intervention": ["sedentary"] * 16}, "intervention has one level"),
        ("dose_response", {}, "dose_response needs dose=..."),
        ("dose_response:dose=arm", {}, "arm must hold numbers"),
        ("dose_response:dose=d", {"d": 1.0}, "d has one value"),
        ("dose_response:dose=d,shape=spline,df=x", {"d": np.arange(16.0)}, "df of dose_response is a whole number"),
        ("dose_response:dose=d,shape=spline,df=1", {"d": np.arange(16.0)}, "a spline with df=1 needs df of at least 2"),
        (
            "dose_response:dose=d,shape=monotone",
            {"d": np.arange(16.0)},
            "d has 16 values; a monotone trend needs at most",
        ),
        ("dose_response:dose=d,shape=wavy", {"d": np.arange(16.0)}, "shape must be one of linear, monotone, spline"),
        ("time_lag:driver=d", {"d": np.arange(16.0)}, "the order of time_point is not told"),
        (
            "time_lag:driver=d,order=baseline+post",
            {"d": np.arange(16.0)},
            "no subject_id has two samples with d 1 visits earlier",
        ),
    ],
)
def test_questions_that_cannot_be_asked(question: str, change: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message) as error:
        designs.ask(trial().assign(**change), question)
    assert "\n" not in str(error.value)


def test_arms_that_were_not_randomized_are_compared_by_their_changes() -> None:
    found = designs.ask(trial(), "arms:randomized=false")
    assert not found.method and not found.sensitivity
    assert "parallel trends" in found.notes[0] and "primary analysis because" in found.notes[0]
    assert designs.ask(trial(), "arms").sensitivity[0].notes[0].startswith("rows named (difference in differences)")


def test_a_question_without_a_method(study: Study) -> None:
    data = study(trial(), np.zeros(16))
    with pytest.raises(InputError, match="the analysis names no method; choose one of limma_trend"):
        fit_question(data, "prepost")


def test_the_command_asks_and_audits(study: Study, tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    from exomics.cli.main import main
    from exomics.datasets import write_data
    from exomics.results import DifferentialTable

    source, output = tmp_path / "study.h5ad", tmp_path / "arms.tsv"  # type: ignore[operator]
    obs = trial().assign(study_id="trial", species="human", specimen="muscle")
    data = study(obs, np.zeros(16), subject="subject_id")
    data.var = data.var.assign(feature_name=data.var_names, feature_type="protein")
    write_data(data, source)
    assert main(["differential", str(source), "-o", str(output), "--question", "arms"]) == 0
    table = DifferentialTable.from_tsv(output)
    assert set(table.frame["contrast"]) == {
        "exercise - usual_care",
        "exercise - usual_care (difference in differences)",
    }
    assert "analysis of covariance" in table.provenance.notes[0]
    capsys.readouterr()
    assert main(["differential", str(source), "--audit-only", "--question", "arms"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("assumption: arms compared at post") and "~ 0 + trial_arm: no finding" in said
    assert main(["differential", str(source), "--audit-only", "--design", "~ arm"]) == 0
    assert "warning: arm differs between whole levels of subject_id" in capsys.readouterr().out
    assert main(["differential", str(source), "--audit-only", "--design", "~ arm + subject_id"]) == 2
    assert "fatal: arm is confounded with subject_id" in capsys.readouterr().out
    assert main(["differential", str(source), "--audit-only"]) == 2
    assert main(["differential", str(source), "--question", "arms"]) == 2
    both = ["--question", "arms", "--design", "~ arm", "-o", str(output)]
    assert main(["differential", str(source), *both]) == 2
    assert "a question brings its own design and contrasts" in capsys.readouterr().err
