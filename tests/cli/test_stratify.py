"""From features to a locked model, and to a cohort that it never saw, on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.results import PerformanceTable, PredictionTable
from tests.shared import must, refused

PLAN = """id: planted
version: 1.0.0
title: Planted
outcome: {column: response, positive: R}
group_by: [subject_id]
clinical: [age]
n_repeats: 2
inner_folds: 3
n_permutations: 19
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
    told = must(*words, "-o", tmp_path / "validated")
    assert "calibration_slope" in told
    frame = PerformanceTable.from_tsv(tmp_path / "validated" / "performance.tsv").frame.set_index("metric")
    assert frame.loc["auc", "ci_low"] > 0.7
    predicted = pd.read_csv(tmp_path / "validated" / "predictions.tsv", sep="\t")
    assert set(predicted["called"].dropna()) == {"R"}
    place = tmp_path / "no"
    assert "never saw" in refused(place, *words[:-1], "a", "-o", place)


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
        (PLAN + "pipelines: [no_features, magic]\n", "no pipeline is called 'magic'"),
    ],
)
def test_bad_plans_are_refused(plan: str, message: str, made: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(plan, encoding="utf-8")
    words = ("--features", made / "a.tsv", "--outcome", made / "a.samples.tsv", "--config", path)
    assert message in refused(tmp_path / "out", "stratify", *words, "-o", tmp_path / "out")
