"""From features to a locked model, and to a cohort that it never saw, on the command line."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.cli._journal import Journal
from exomics.results import PerformanceTable, PredictionTable
from tests.shared import exomics, must, refused

PLAN = """id: planted
version: 1.0.0
title: Planted
outcome: {column: response, positive: R}
group_by: [subject_id]
clinical: [age]
n_repeats: 2
inner_folds: 3
n_permutations: 19
n_bootstraps: 20
lock: planted
"""


def _cohort(folder: Path, name: str, seed: int, effect: float = 1.5) -> tuple[Path, Path]:
    generator = np.random.default_rng(seed)
    labels = np.tile([0, 1], 30)
    values = generator.normal(size=(60, 8)) + effect * labels[:, np.newaxis] * (np.arange(8) < 2)
    samples = [f"{name}{number}" for number in range(60)]
    features = pd.DataFrame(values, columns=[f"g{number}" for number in range(8)]).assign(sample_id=samples)
    known = {"sample_id": samples, "subject_id": samples, "response": np.where(labels, "R", "N")}
    sheet = pd.DataFrame(known).assign(age=generator.normal(60, 8, 60))
    paths = folder / f"{name}.tsv", folder / f"{name}.samples.tsv"
    features.to_csv(paths[0], sep="\t", index=False)
    sheet.to_csv(paths[1], sep="\t", index=False)
    return paths


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cohort, a plan, and what `stratify` made of them."""
    folder = tmp_path_factory.mktemp("stratify")
    features, samples = _cohort(folder, "a", 1)
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    words = ("--features", features, "--outcome", samples, "--config", folder / "plan.yaml", "--cohort", "a")
    told = must("stratify", *words, "-o", folder / "out")
    (folder / "told.txt").write_text(told, encoding="utf-8")
    return folder


def test_tables_and_a_model_are_written(made: Path) -> None:
    frame = PerformanceTable.from_tsv(made / "out" / "performance.tsv").frame
    auc = frame[(frame["metric"] == "auc") & (frame["role"] == "resampled")].set_index("signature_id")["estimate"]
    assert auc["elastic_net_logistic"] > 0.85
    assert auc["clinical_only"] < 0.7
    permuted = frame[frame["metric"] == "permutation_p"]["estimate"]
    assert permuted.tolist() == [0.05]
    assert len(PredictionTable.from_tsv(made / "out" / "predictions.tsv").frame) == 60 * 2 * 3
    assert (made / "out" / "model" / "model.yaml").is_file()
    assert "optimistic, never a performance" in (made / "told.txt").read_text(encoding="utf-8")


def test_the_model_is_judged_on_a_cohort_it_never_saw(made: Path, tmp_path: Path) -> None:
    features, samples = _cohort(tmp_path, "b", 2)
    words = ("validate", made / "out" / "model", features, "--outcome", samples, "--cohort", "b")
    told = must(*words, "--thresholds", "0.3", "-o", tmp_path / "validated")
    assert "calibration_slope" in told
    assert "\ntreat_all net_benefit@0.3\t" in told
    assert "\nnet_benefit_gain@0.5\t" in told
    frame = PerformanceTable.from_tsv(tmp_path / "validated" / "performance.tsv").frame.set_index("metric")
    assert frame.loc["auc", "ci_low"] > 0.7
    predicted = pd.read_csv(tmp_path / "validated" / "predictions.tsv", sep="\t")
    assert set(predicted["called"].dropna()) == {"R"}
    place = tmp_path / "no"
    assert "never saw" in refused(place, *words[:-1], "a", "-o", place)
    assert "strictly between 0 and 1; got 2" in refused(place, *words, "--thresholds", "0.3", "2", "-o", place)


@pytest.mark.slow
def test_boosted_trees_are_locked_judged_published_and_refused_if_tampered_with(tmp_path: Path) -> None:
    features, samples = _cohort(tmp_path, "t", 41)
    short = "n_repeats: 1\ninner_folds: 2\nn_permutations: 0\npipelines: [gradient_boosting]\n"
    text = "\n".join(line for line in PLAN.splitlines() if line.partition(":")[0] not in short) + "\n" + short
    words = ("stratify", "--features", features, "--outcome", samples, "--config", _plan(tmp_path, text))
    told = must(*words, "--cohort", "t", "-o", tmp_path / "out")
    model = tmp_path / "out" / "model"
    assert f"{model / 'model.yaml'}: " in told
    nodes = pd.read_csv(model / "trees.tsv", sep="\t")
    assert {"g0", "g1"} <= set(nodes["feature_id"].dropna())
    features, samples = _cohort(tmp_path, "u", 42)
    words = ("validate", model, features, "--outcome", samples, "--cohort", "u", "-o")
    must(*words, tmp_path / "validated")
    frame = PerformanceTable.from_tsv(tmp_path / "validated" / "performance.tsv").frame.set_index("metric")
    assert frame.loc["auc", "ci_low"] > 0.7
    must("publish", model / "model.yaml", "-o", tmp_path / "package")
    for name in ("model.yaml", "trees.tsv"):
        assert (tmp_path / "package" / "models" / "planted" / name).read_bytes() == (model / name).read_bytes()
    must("verify", tmp_path / "package", "--sources", tmp_path)
    body = (model / "trees.tsv").read_text(encoding="utf-8")
    (model / "trees.tsv").write_text(body.replace("\tleft\t", "\tright\t", 1), encoding="utf-8")
    assert "trees.tsv was altered" in refused(tmp_path / "no", *words, tmp_path / "no")


def test_noise_locks_no_model(tmp_path: Path) -> None:
    features, samples = _cohort(tmp_path, "n", 3, effect=0.0)
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN.replace("n_permutations: 19", "n_permutations: 0"), encoding="utf-8")
    told = must("stratify", "--features", features, "--outcome", samples, "--config", plan, "-o", tmp_path / "out")
    assert "no model is locked" in told
    assert not (tmp_path / "out" / "model").exists()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (PLAN.replace("column: response", "column: outcome"), "no column 'outcome'"),
        (PLAN.replace("positive: R", "positive: X"), "two classes, 'X'"),
        (PLAN.replace("n_repeats: 2", "n_repeat: 2"), "breaks its schema"),
        (PLAN + "keep: {response: Z}\n", "no sample has response 'Z'"),
        (PLAN + "pipelines: [elastic_net_logistic, magic]\n", "no pipeline is called 'magic'"),
    ],
)
def test_bad_plans_are_refused(plan: str, message: str, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(plan, encoding="utf-8")
    words = ("--features", made / "a.tsv", "--outcome", made / "a.samples.tsv", "--config", path)
    assert message in refused(tmp_path / "out", "stratify", *words, "-o", tmp_path / "out")


def _plan(folder: Path, text: str = PLAN, name: str = "plan.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_interrupted_run_is_taken_up_and_gives_the_same_bytes(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("stratify", "--features", made / "a.tsv", "--outcome", made / "a.samples.tsv")
    words += ("--config", made / "plan.yaml", "--cohort", "a", "-o", tmp_path / "out")
    once, done = Journal.once, []

    def interrupted(journal: Journal, unit: str, make: Callable[[], Any]) -> Any:
        if len(done) == 33:
            raise KeyboardInterrupt
        done.append(unit)
        return once(journal, unit, make)

    monkeypatch.setattr(Journal, "once", interrupted)
    stopped = exomics(*words)
    assert stopped.status == 130
    assert "run the same command again" in stopped.err
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "unfinished").glob("*.npy")}
    assert len(kept) == 33
    assert not (tmp_path / "out" / "performance.tsv").exists()
    monkeypatch.setattr(Journal, "once", once)
    taken_up = exomics(*words)
    assert taken_up.status == 0
    assert "outer folds: 30 of 30, 30 from the interrupted run" in taken_up.err
    assert not (tmp_path / "out" / "unfinished").exists()
    for name in ("performance.tsv", "predictions.tsv", "model/model.yaml", "model/features.tsv"):
        assert (tmp_path / "out" / name).read_bytes() == (made / "out" / name).read_bytes()


def test_other_settings_take_up_nothing(tmp_path: Path) -> None:
    ones = np.ones(2)
    for key, value in (("first", 1.0), ("other", 2.0)):
        with pytest.raises(KeyboardInterrupt), Journal(tmp_path / "kept", key) as journal:
            assert journal.once("unit 1", lambda value=value: value * ones).tolist() == [value, value]
            raise KeyboardInterrupt
    with Journal(tmp_path / "kept", "other") as journal:
        (tmp_path / "kept" / "unit-2.npy").write_bytes(b"cut off")
        assert journal.once("unit 1", lambda: 3.0 * ones).tolist() == [2.0, 2.0]
        assert journal.once("unit 2", lambda: 4.0 * ones).tolist() == [4.0, 4.0]
    assert not (tmp_path / "kept").exists()


def test_a_terminal_sees_a_bar_with_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", screen)
    with Journal(tmp_path / "kept", "key") as journal:
        journal.begin("outer folds", 2)
        for unit in ("1", "2"):
            journal.once(unit, lambda: np.ones(1))
    first, last = screen.getvalue().split("\r")[1:]
    assert first.startswith("outer folds [############............] 1 of 2, 0 s left")
    assert "2 of 2" in last
    assert last.endswith("\n")


def test_cohorts_are_left_out_and_a_curve_is_drawn(tmp_path: Path) -> None:
    parts = [_cohort(tmp_path, name, seed) for seed, name in enumerate("pqr", start=21)]
    tables = [pd.concat([pd.read_csv(pair[at], sep="\t") for pair in parts]) for at in (0, 1)]
    sheet = tables[1].assign(study_id=np.repeat(["p", "q", "r"], 60))
    features, samples = tmp_path / "all.tsv", tmp_path / "all.samples.tsv"
    tables[0].to_csv(features, sep="\t", index=False)
    sheet.to_csv(samples, sep="\t", index=False)
    words = ("stratify", "--features", features, "--outcome", samples, "--config", _plan(tmp_path))
    told = must(*words, "--leave-out", "study_id", "-o", tmp_path / "left")
    frame = PerformanceTable.from_tsv(tmp_path / "left" / "performance.tsv").frame
    pooled = frame[(frame["metric"] == "pooled_auc") & (frame["signature_id"] == "elastic_net_logistic")].iloc[0]
    assert pooled["ci_low"] > 0.7
    assert pooled["cohort_id"] == "all cohorts"
    assert "all cohorts\tresampled\tpooled_auc" in told
    assert (tmp_path / "left" / "model" / "model.yaml").is_file()
    text = PLAN.replace("n_permutations: 19", "n_permutations: 0").replace("lock: planted\n", "")
    text = text.replace("n_repeats: 2", "n_repeats: 1").replace("clinical: [age]\n", "")
    text += "learning_curve: [0.3, 0.6, 1]\npipelines: [elastic_net_logistic, block_elastic_net]\n"
    words = ("stratify", "--features", features, "--outcome", samples, "--config", _plan(tmp_path, text))
    must(*words, "-o", tmp_path / "curve")
    metrics = PerformanceTable.from_tsv(tmp_path / "curve" / "performance.tsv").frame.set_index("metric")
    sizes = metrics[metrics.index.str.match(r"auc@\d+$")]["estimate"]
    assert sizes.index.tolist() == ["auc@44", "auc@86", "auc@144"]
    assert sizes.iloc[0] <= sizes.iloc[-1] + 0.05
    assert metrics.loc["fitted_auc@360", "note"] == "extrapolated: twice as many"
    assert "best_of_pipelines" in set(metrics["signature_id"])


def test_blocks_have_names(made: Path, tmp_path: Path) -> None:
    table = pd.read_csv(made / "a.tsv", sep="\t")
    for name, columns in (("one", ["g0", "g2"]), ("other", ["g1", "g3"])):
        table[["sample_id", *columns]].to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    plan = _plan(tmp_path, PLAN.replace("n_permutations: 19", "n_permutations: 0"))
    blocks = (f"rna={tmp_path / 'one.tsv'}", f"protein={tmp_path / 'other.tsv'}")
    words = ("stratify", "--outcome", made / "a.samples.tsv", "--config", plan, "--features")
    must(*words, *blocks, "-o", tmp_path / "out")
    assert "rna:g0" in (tmp_path / "out" / "model" / "features.tsv").read_text(encoding="utf-8")
    twice = refused(tmp_path / "no", *words, blocks[0], blocks[0], "-o", tmp_path / "no")
    assert "two blocks of features are called 'rna'" in twice


def test_few_subjects_get_effects_and_no_classifier(made: Path, tmp_path: Path) -> None:
    samples = pd.read_csv(made / "a.samples.tsv", sep="\t").iloc[:18]
    samples.to_csv(tmp_path / "few.tsv", sep="\t", index=False)
    words = ("stratify", "--features", made / "a.tsv", "--outcome", tmp_path / "few.tsv")
    told = must(*words, "--config", made / "plan.yaml", "-o", tmp_path / "out")
    assert "no classifier is made of 18 subjects" in told
    assert [path.name for path in sorted((tmp_path / "out").glob("*.tsv"))] == ["effects.tsv"]
    frame = PerformanceTable.from_tsv(tmp_path / "out" / "effects.tsv").frame
    assert set(frame["metric"]) == {"auc", "standardized_difference"}
    assert frame["n_samples"].eq(18).all()


def _trial(folder: Path, spread: float) -> tuple[Path, Path]:
    """A trial whose trained subjects respond with some spread, and a marker of the response."""
    generator = np.random.default_rng(31)
    subjects = [f"p{number}" for number in range(160)]
    trained = np.arange(160) < 100
    response = np.where(trained, generator.normal(3, max(spread, 1e-9), 160), 0.0)
    change = response + generator.normal(0, 1, 160)
    sheet = pd.DataFrame({"sample_id": subjects, "subject_id": subjects, "change": change})
    sheet["arm"] = np.where(trained, "run", "rest")
    sheet["call"] = np.where(trained, np.where(change > np.median(change[trained]), "responder", "non_responder"), "")
    marker = response + generator.normal(0, 0.5, 160)
    features = pd.DataFrame({"sample_id": subjects, "marker": marker, "noise": generator.normal(size=160)})
    paths = folder / "marker.tsv", folder / "trial.tsv"
    features.to_csv(paths[0], sep="\t", index=False)
    sheet.to_csv(paths[1], sep="\t", index=False)
    return paths


CALLS = """id: calls
version: 1.0.0
title: Calls
outcome: {column: call, positive: responder}
group_by: [subject_id]
n_repeats: 1
n_permutations: 0
n_bootstraps: 0
"""


@pytest.mark.parametrize("spread", [4.0, 0.0])
def test_calls_of_respond_come_with_their_ceiling_or_not_at_all(spread: float, tmp_path: Path) -> None:
    features, samples = _trial(tmp_path, spread)
    response = tmp_path / "response"
    trial = ("--change", "change", "--arm", "arm", "--control", "rest", "--subject", "subject_id")
    must("respond", samples, "-o", response, *trial, "--typical-error", "0.7", "--swc", "1")
    words = ("stratify", "--features", features, "--outcome", samples, "--config", _plan(tmp_path, CALLS))
    words += ("--response", response, "-o", tmp_path / "out")
    if not spread:
        assert "no two kinds of subjects to tell apart" in refused(tmp_path / "out", *words)
        return
    assert "auc_ceiling" in must(*words)
    frame = PerformanceTable.from_tsv(tmp_path / "out" / "performance.tsv").frame
    ceiling = frame[frame["metric"] == "auc_ceiling"].iloc[0]
    auc = frame[(frame["metric"] == "auc") & (frame["role"] == "resampled")].iloc[0]
    assert 0.9 < ceiling["ci_low"] <= ceiling["estimate"] <= ceiling["ci_high"] <= 1.0
    assert auc["estimate"] > 0.9


@pytest.mark.parametrize(
    ("outcome", "more", "message"),
    [
        ("change: change, control: rest", "roles: {arm: arm}", "one cut of the raw change (50% are 'responder')"),
        ("change: change, control: rest", "", "need a control arm"),
        ("change: change, control: sham", "roles: {arm: arm}", "need a control arm"),
        ("change: change", "", "breaks its schema"),
        ("control: rest", "roles: {plate: arm}", "breaks its schema"),
    ],
)
def test_labels_cut_from_a_change_are_refused(outcome: str, more: str, message: str, tmp_path: Path) -> None:
    features, samples = _trial(tmp_path, 4.0)
    text = CALLS.replace("positive: responder}", f"positive: responder, {outcome}}}") + more
    words = ("stratify", "--features", features, "--outcome", samples, "--config", _plan(tmp_path, text))
    assert message in refused(tmp_path / "out", *words, "-o", tmp_path / "out")


@pytest.mark.parametrize(
    ("columns", "more", "message"),
    [
        ({"time_point": ["baseline", "post"] * 30}, "", "the samples were taken at baseline, post"),
        ({"day": 90, "judged": 84}, "roles: {sampled: day, known: judged}", "taken on or after the day"),
        ({"plate": ["A", "B"] * 30}, "roles: {batch: plate}", "tells the classes apart without exception"),
        ({"subject_id": "p1", "arm": ["run", "rest"] * 30}, "roles: {arm: arm}", "is in 2 arms"),
        ({"response": "R"}, "", "must have two classes"),
        ({"response": ["R"] * 3 + ["N"] * 57}, "", "class 1 has 3 independent groups and there are 5 folds"),
        ({}, "roles: {batch: plate}", "has no column 'plate'"),
    ],
)
def test_designs_that_know_the_outcome_are_refused(
    columns: dict[str, Any], more: str, message: str, made: Path, tmp_path: Path
) -> None:
    pd.read_csv(made / "a.samples.tsv", sep="\t").assign(**columns).to_csv(tmp_path / "s.tsv", sep="\t", index=False)
    words = ("stratify", "--features", made / "a.tsv", "--outcome", tmp_path / "s.tsv")
    assert message in refused(
        tmp_path / "out", *words, "--config", _plan(tmp_path, PLAN + more), "-o", tmp_path / "out"
    )


def test_a_leaking_column_and_an_endless_time_are_named(made: Path, tmp_path: Path) -> None:
    table, sheet = pd.read_csv(made / "a.tsv", sep="\t"), pd.read_csv(made / "a.samples.tsv", sep="\t")
    table.assign(coded=(sheet["response"] == "R") * 2 + 1).to_csv(tmp_path / "leak.tsv", sep="\t", index=False)
    words = ("stratify", "--features", tmp_path / "leak.tsv", "--outcome", made / "a.samples.tsv")
    told = refused(tmp_path / "out", *words, "--config", made / "plan.yaml", "-o", tmp_path / "out")
    assert "'coded' is a copy of the outcome" in told
    table.assign(g0=["n.d.", *table["g0"][1:]]).to_csv(tmp_path / "leak.tsv", sep="\t", index=False)
    told = refused(tmp_path / "out", *words, "--config", made / "plan.yaml", "-o", tmp_path / "out")
    assert "g0 holds 'n.d.' among 59 numbers" in told
    survival = PLAN.replace("{column: response, positive: R}", "{time: months, event: died}").replace(
        "lock: planted", ""
    )
    plan = _plan(tmp_path, survival + "pipelines: [elastic_net_cox]\n")
    for columns, message in (
        ({"months": [0.0, *range(1, 60)], "died": 1}, "survival needs times above 0"),
        ({"months": range(1, 61), "died": 0}, "all samples are censored"),
    ):
        sheet.assign(**columns).to_csv(tmp_path / "s.tsv", sep="\t", index=False)
        words = ("stratify", "--features", made / "a.tsv", "--outcome", tmp_path / "s.tsv", "--config", plan)
        assert message in refused(tmp_path / "out", *words, "-o", tmp_path / "out")
