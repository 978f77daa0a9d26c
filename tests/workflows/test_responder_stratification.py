"""The workflow about subjects: the embedded trial and a user's own files, from bytes to one page."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.shared import must, refused

RUN = ("run", "responder_stratification")
PLAN = {
    "id": "few", "version": "1.0.0", "title": "Few shuffles, for speed",
    "outcome": {"column": "response", "positive": "responder"}, "group_by": ["subject_id"],
    "keep": {"time_point": "baseline"}, "n_repeats": 1, "n_permutations": 9,
}  # fmt: skip


def config(folder: Path, **changed: object) -> Path:
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN), encoding="utf-8")
    trial = {
        "dataset": "embedded_subjects", "subject": "subject_id", "arm": "arm", "control": "usual_care",
        "before": ["vo2peak_baseline_1", "vo2peak_baseline_2"], "after": ["vo2peak_post"], "within": "sex",
    }  # fmt: skip
    cohort = {
        "dataset": "embedded_tumor_rna", "plan": "plan.yaml",
        "benefit": {"endpoint": "os", "arm": "arm", "control": "usual_care", "keep": ["time_point=baseline"]},
    }  # fmt: skip
    told = {"title": "An embedded trial", "trials": {"vo2": trial}, "cohorts": {"tumor": cohort}} | changed
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_embedded_trial_from_bytes_to_a_page(tmp_path: Path) -> None:
    said = must(*RUN, "-d", tmp_path, "--configfile", config(tmp_path), "--cores", 2)
    for topic in (
        "Individual response. vo2: female:",
        "Stratification. On subjects never seen:",
        "Treatment by marker.",
    ):
        assert topic in said
    results = tmp_path / "results"
    performance = pd.read_csv(results / "stratified" / "tumor" / "performance.tsv", sep="\t")
    assert {"elastic_net_logistic", "no_features"} <= set(performance["signature_id"])
    assert len(pd.read_csv(results / "benefit" / "tumor.tsv", sep="\t")) == 4
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "Who responds" in page
    assert "Does the arm help some more than others?" in page


def test_a_config_without_trial_and_cohort_is_refused(tmp_path: Path) -> None:
    path = config(tmp_path, trials={}, cohorts={})
    assert "at least one trial or one cohort" in refused(
        tmp_path / "run", *RUN, "--configfile", path, "-d", tmp_path / "run"
    )


def test_what_a_trial_needs_is_named(tmp_path: Path) -> None:
    path = config(tmp_path, trials={"vo2": {"dataset": "embedded_subjects", "before": ["a"], "after": ["b"]}})
    assert "'arm' is a required property" in refused(
        tmp_path / "run", *RUN, "--configfile", path, "-d", tmp_path / "run"
    )
