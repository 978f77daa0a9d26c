"""`exomics survival`: arms and adherence as tables, curves and a figure; refusals in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.cli._sheet import read_sheet
from exomics.results import CurveTable, PerformanceTable
from tests.shared import must, refused

ARMS = ("--endpoint", "os", "--arm", "arm", "--control", "usual_care")
ADHERENCE = ("--endpoint", "os", "--adherent-from", "adherent_month")
N = 240


def trial(log_hazard: float) -> pd.DataFrame:
    """Deaths after exponential times, whose rate exercise changes; every third is lost after 10 to 40 months."""
    rng = np.random.default_rng(5)
    arm = np.repeat(["exercise", "usual_care"], N // 2)
    died = rng.exponential(12.0 / np.exp(log_hazard * (arm == "exercise")))
    lost = np.where(np.arange(N) % 3 == 0, rng.uniform(10.0, 40.0, N), 60.0)
    late = rng.uniform(0.0, 12.0, N)
    return pd.DataFrame(
        {
            "sample_id": [f"p{number}" for number in range(N)],
            "arm": arm,
            "os_time_months": np.minimum(died, lost),
            "os_event": (died <= lost).astype(int),
            "cause": np.where(died > lost, 0, 1 + np.arange(N) % 2),
            "adherent_month": np.where(late < np.minimum(died, lost), late, np.nan),
        }
    )


def written(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "patients.tsv"
    frame.to_csv(path, sep="\t", index=False)
    return path


@pytest.mark.parametrize("log_hazard", [-0.8, 0.0])
def test_the_planted_effect_of_an_arm_is_told_and_a_null_is_one(log_hazard: float, tmp_path: Path) -> None:
    said = must("survival", written(trial(log_hazard), tmp_path), "-o", tmp_path / "arms", *ARMS, "--horizon", 24)
    rows = PerformanceTable.from_tsv(tmp_path / "arms" / "performance.tsv").frame.set_index("metric")
    hazard, mean = rows.loc["log_hazard_ratio"], rows.loc["restricted_mean_difference"]
    assert hazard["ci_low"] < log_hazard < hazard["ci_high"]
    assert (hazard["ci_high"] < 0.0) == (mean["ci_low"] > 0.0) == (log_hazard < 0.0)
    assert hazard["signature_id"] == "exercise against usual_care"
    assert "log_hazard_ratio\t" in said


def test_curves_count_who_is_at_risk_and_cross_no_bound(tmp_path: Path) -> None:
    frame = trial(-0.8)
    must("survival", written(frame, tmp_path), "-o", tmp_path / "arms", *ARMS)
    curves = CurveTable.from_tsv(tmp_path / "arms" / "curves.tsv").frame
    for arm, part in curves.groupby("group"):
        of_arm = frame[frame["arm"] == arm]
        expected = [int((of_arm["os_time_months"] >= time).sum()) for time in part["time_months"]]
        assert part["n_at_risk"].tolist() == expected
        assert part["n_events"].sum() == of_arm["os_event"].sum()
    known = curves.dropna(subset="ci_low")
    assert ((known["ci_low"] <= known["survival"]) & (known["survival"] <= known["ci_high"])).all()


def test_causes_that_compete_come_with_their_incidence(tmp_path: Path) -> None:
    path = written(trial(0.0), tmp_path)
    must("survival", path, "-o", tmp_path / "arms", *ARMS, "--horizon", 24, "--cause", "cause", "--not-randomized")
    table = PerformanceTable.from_tsv(tmp_path / "arms" / "performance.tsv")
    assert {"log_hazard_ratio_cause_2", "incidence_difference_cause_1"} <= set(table.frame["metric"])
    assert "confounding" in table.provenance.notes[0]


def test_adherence_without_immortal_time(tmp_path: Path) -> None:
    words = (*ADHERENCE, "--landmark", 4, "--figure")
    must("survival", written(trial(0.0), tmp_path), "-o", tmp_path / "adherence", *words)
    rows = PerformanceTable.from_tsv(tmp_path / "adherence" / "performance.tsv").frame.set_index("metric")
    assert rows.loc["log_hazard_ratio_naive", "ci_high"] < 0.0, "dying early leaves no time to adhere"
    for honest in ("time_varying", "landmark"):
        row = rows.loc[f"log_hazard_ratio_{honest}"]
        assert row["ci_low"] < 0.0 < row["ci_high"]
    assert {"adherent at the landmark", "not yet"} == set(
        CurveTable.from_tsv(tmp_path / "adherence" / "curves.tsv").frame["group"]
    )


def test_the_same_table_draws_the_same_bytes(tmp_path: Path) -> None:
    path = written(trial(-0.8), tmp_path)
    drawn = []
    for name in ("one", "two"):
        must("survival", path, "-o", tmp_path / name, *ARMS, "--horizon", 24, "--figure")
        drawn.append((tmp_path / name / "curves.svg").read_bytes())
    assert drawn[0] == drawn[1]
    assert b"exercise" in drawn[0]
    assert b"usual_care" in drawn[0]


@pytest.mark.parametrize(
    ("change", "words", "told"),
    [
        ({"os_time_months": -1.0}, ARMS, "must be positive"),
        ({"os_event": 0}, ARMS, "censored"),
        ({"os_event": "dead"}, ARMS, "os_event holds 'dead'"),
        ({"os_event": 2}, ARMS, "os_event must be 1 for an event"),
        ({"cause": 0}, (*ARMS, "--cause", "cause"), "cause contradicts os_event in"),
        ({"arm": "usual_care"}, ARMS, "two levels"),
        ({}, ARMS[:2], "name the arms"),
        ({}, ARMS[:4], "--control"),
        ({}, ("--endpoint", "pfs", *ARMS[2:]), "pfs_time_months"),
        ({}, ADHERENCE, "--landmark"),
        ({}, (*ARMS, "--horizon", "500"), "500"),
        ({"subject_id": "P1"}, ARMS, "in both arms"),
        (
            {"subject_id": "P1"},
            ("--endpoint", "os", "--adherent-from", "adherent_month", "--landmark", 4),
            "comes twice",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    change: dict[str, object], words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    path = written(trial(0.0).assign(**change), tmp_path)
    assert told in refused(tmp_path / "out", "survival", path, "-o", tmp_path / "out", *words)


def test_identifiers_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "sheet.tsv"
    path.write_text("sample_id\tsubject_id\tage\n007\t010\t0.1\n008\t011\t61\n", encoding="utf-8")
    frame = read_sheet(path)
    assert frame["sample_id"].tolist() == ["007", "008"]
    assert frame["subject_id"].tolist() == ["010", "011"]
    assert frame["age"].tolist() == [0.1, 61.0]
