"""`exomics respond`: tables, words, refusals in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import write_data
from exomics.results.response import HeterogeneityTable, ResponseTable, TrackingTable
from tests.shared import must, refused

TESTS = ("--pre", "vo2peak_baseline_1", "--pre", "vo2peak_baseline_2", "--post", "vo2peak_post")
ARMS = ("--arm", "arm", "--control", "usual_care", "--subject", "subject_id")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The patients of the embedded study."""
    path = tmp_path_factory.mktemp("respond") / "subjects.tsv"
    must("load", "embedded_subjects", "-o", path)
    return path


def test_two_tables_and_a_verdict(sheet: Path, out: Path) -> None:
    said = must("respond", sheet, "-o", out, *TESTS, *ARMS)
    assert "no evidence of response heterogeneity" in said
    assert "60 abstain" in said
    assert sorted(path.name for path in out.glob("*.tsv")) == ["heterogeneity.tsv", "subjects.tsv"]
    subjects, rows = (
        ResponseTable.from_tsv(out / "subjects.tsv"),
        HeterogeneityTable.from_tsv(out / "heterogeneity.tsv"),
    )
    assert len(subjects.frame) == 60
    assert rows.provenance.step["command"][:4] == ["respond", "{input:0}", "-o", "{output_folder:0}"]
    assert str(sheet.parent) not in rows.provenance.to_json()
    again = out.with_name("again")
    must("respond", sheet, "-o", again, *TESTS, *ARMS)
    assert [path.read_bytes() for path in sorted(again.iterdir())] == [
        path.read_bytes() for path in sorted(out.iterdir())
    ]


def test_an_h5ad_serves_as_a_sheet_and_rows_can_be_chosen(tmp_path: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    obs = pd.DataFrame({"arm": ["run", "rest"] * 20, "sex": ["f", "f", "m", "m"] * 10}, index=list(map(str, range(40))))
    tests = AnnData(rng.normal(size=(40, 2)), obs=obs, var=pd.DataFrame(index=["before", "after"]))
    write_data(tests, tmp_path / "tests.h5ad")
    words = ("--pre", "before", "--post", "after", "--arm", "arm", "--control", "rest", "--keep", "sex=f")
    assert must("respond", tmp_path / "tests.h5ad", "-o", out, *words).startswith("all (10 trained, 10 controls)")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*TESTS,), "without a control arm a response cannot be told from error"),
        ((*TESTS, *ARMS[:2], "--control", "placebo"), "no subject has arm 'placebo'"),
        ((*TESTS, *ARMS, "--definition", "best_half"), "no responder definition is called 'best_half'"),
        ((*TESTS, *ARMS, "--keep", "sex=none"), "no row has that value; sex holds female, male"),
        ((*TESTS, *ARMS, "--keep", "center=1"), "no column 'center'"),
        ((*TESTS[:4], *ARMS), "before and after"),
        ((*TESTS, *ARMS, "--typical-error", "-1"), "typical error must be positive"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(sheet: Path, out: Path, words: tuple[str, ...], says: str) -> None:
    line = refused(out, "respond", sheet, "-o", out, *words)
    assert says in line


def test_a_file_that_is_no_table_is_named(tmp_path: Path, out: Path) -> None:
    empty = tmp_path / "empty.tsv"
    empty.write_text("", encoding="utf-8")
    assert "is no table" in refused(out, "respond", empty, "-o", out, *TESTS, *ARMS)


def test_serial_samples_are_tracked(tmp_path: Path, out: Path) -> None:
    samples = pd.DataFrame(
        {"subject_id": ["p1"] * 3 + ["p2"] * 3, "time": [0, 4, 8] * 2, "il6": [2, 2.2, 9, 3, 3, 3.3]}
    )
    samples.to_csv(tmp_path / "serial.tsv", sep="\t", index=False)
    words = ("track", tmp_path / "serial.tsv", "-o", out / "tracked.tsv", "--value", "il6", "--analytical-cv", "0.08")
    said = must(*words, "--biological-cv", "0.2")
    assert "3 within_variation, 1 rise" in said
    assert TrackingTable.from_tsv(out / "tracked.tsv").frame["call"].tolist()[1] == "rise"
    bad = tmp_path / "bad"
    assert "0 or more" in refused(bad, *words[:2], "-o", bad / "t.tsv", *words[4:], "--biological-cv", "-1")
