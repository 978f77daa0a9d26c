"""Selection on the command line: tables, what is printed, and refusals without a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.results import OperatingTable, SelectionTable
from tests.shared import must, refused


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Fifty features of forty samples, two of which differ; and their outcomes."""
    values = np.random.default_rng(8).normal(size=(40, 50))
    values[20:, :2] += 2.0
    samples = [f"s{number:02d}" for number in range(40)]
    features, sheet = tmp_path / "features.tsv", tmp_path / "samples.tsv"
    frame = pd.DataFrame(values, columns=[f"g{number}" for number in range(50)]).assign(sample_id=samples)
    frame.to_csv(features, sep="\t", index=False)
    known = {"sample_id": samples, "subject_id": samples, "response": ["N"] * 20 + ["R"] * 20, "site": ["a", "b"] * 20}
    pd.DataFrame(known).to_csv(sheet, sep="\t", index=False)
    return features, sheet


def test_tables_are_written_and_told(files: tuple[Path, Path], tmp_path: Path) -> None:
    features, sheet = files
    table, curve = tmp_path / "selected.tsv", tmp_path / "curve.tsv"
    told = must(
        "select", features, "--samples", sheet, "--outcome", "response", "--positive", "R", "-o", table,
        "--selector", "shuffled_labels", "--selector", "t_test_bh", "--operating-curve", curve, "--repeats", 5,
    )  # fmt: skip
    frame = SelectionTable.from_tsv(table).frame
    assert len(frame) == 100
    chosen = frame[(frame["selector"] == "shuffled_labels") & (frame["selected"] == "yes")]
    assert chosen["feature_id"].tolist() == ["g0", "g1"]
    assert "shuffled_labels: 2 of 50 features at 0.2 (probability of any without differences" in told
    assert "t test with Benjamini-Hochberg at 0.2: " in told
    assert "t_test_bh at 0.2: any of noise" in told
    assert OperatingTable.from_tsv(curve).frame["selector"].value_counts().to_dict() == {
        "shuffled_labels": 5,
        "t_test_bh": 5,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--outcome", "relapse", "--positive", "R"), "no column 'relapse'"),
        (("--outcome", "response", "--positive", "CR"), "two classes, 'CR' among them"),
        (("--outcome", "response", "--positive", "R", "--target", "20"), "between 0 and 1"),
        (("--outcome", "response", "--positive", "R", "--selector", "stabl"), "invalid choice: 'stabl'"),
        (("--outcome", "response", "--positive", "R", "--keep", "response=R"), "the outcome has R"),
        (("--outcome", "response", "--positive", "R", "--operating-curve", "curve.txt"), ".tsv"),
    ],
)
def test_what_cannot_be_selected_is_refused(
    words: tuple[str, ...], message: str, files: tuple[Path, Path], out: Path
) -> None:
    features, sheet = files
    assert message in refused(out, "select", features, "--samples", sheet, *words, "-o", out / "selected.tsv")


def test_samples_of_several_time_points_have_to_be_chosen(files: tuple[Path, Path], out: Path) -> None:
    features, sheet = files
    pd.read_csv(sheet, sep="\t").assign(time_point=["baseline", "post"] * 20).to_csv(sheet, sep="\t", index=False)
    words = ("select", features, "--samples", sheet, "--outcome", "response", "--positive", "R")
    assert "taken at baseline, post" in refused(out, *words, "-o", out / "selected.tsv")
    told = must(*words, "--keep", "time_point=baseline", "-o", out / "selected.tsv")
    assert "of 50 features at 0.2" in told
