"""`exomics mirna` on the embedded study: inferred from a table, fitted with and without stroma, measured as cargo."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from exomics.results import CargoTable, MirnaTable, Provenance
from tests.shared import exomics, must


@pytest.fixture
def ev(tmp_path: Path) -> Path:
    must("load", "embedded_ev_mirna", "-o", tmp_path / "ev.h5ad")
    return tmp_path / "ev.h5ad"


def test_both_models_are_fitted_and_the_lengths_are_an_input(embedded: Path, tmp_path: Path) -> None:
    ready, out = tmp_path / "ready.h5ad", tmp_path / "out" / "models.tsv"
    words = ["--filter", "filter_by_expression:group=exercise_post", "--normalize", "tmm"]
    must("preprocess", embedded / "tumor.h5ad", "-o", ready, *words)
    genes = ["COL3A1", "SPARC", "DNMT3A", "CDC42"]
    lengths = tmp_path / "lengths.tsv"
    pd.DataFrame({"gene": genes, "utr3_length": [900, 1200, 1500, 1700]}).to_csv(lengths, sep="\t", index=False)
    said = must(
        "mirna", ready, "-o", out, "--method", "limma_voom", "--design", "~ subject_id + post + exercise_post",
        "--contrast", "training=exercise_post", "--adjust", "ctl.stroma", "purity_estimate", "--resamples", 50,
        "--lengths", lengths,
    )  # fmt: skip
    table = MirnaTable.from_tsv(out)
    assert table.frame[["model", "targets"]].to_numpy().tolist() == [
        ["unadjusted", "matrix"], ["unadjusted", "other"], ["adjusted", "matrix"], ["adjusted", "other"],
    ]  # fmt: skip
    assert "training (unadjusted): " in said
    assert "training (adjusted): " in said
    assert "(4 of 36 targets have a length)" in said
    assert [Path(entry["path"]).name for entry in Provenance.read(out).step["inputs"]] == ["ready.h5ad", "lengths.tsv"]


def test_a_table_is_judged_as_it_is(embedded: Path, tmp_path: Path) -> None:
    said = must("mirna", embedded / "training.tsv", "-o", tmp_path / "m.tsv", "--resamples", 50)
    assert "not adjusted for stroma and purity" in said
    assert "not on 3' UTR length" in said


def test_measured_cargo_holds_what_was_planted(ev: Path, embedded: Path, tmp_path: Path) -> None:
    """Vesicles hold more miR-29a after training; per million reads alone, for nobody added a spike-in."""
    out = tmp_path / "cargo.tsv"
    said = must(
        "mirna", ev, "-o", out, "--measured", "hsa-miR-29a-3p", "hsa-miR-7", "--by", "exercise_post",
        "--control", "0.0", "--normalizer", "rpm", "--covariates", "post",
    )  # fmt: skip
    assert "hsa-miR-29a-3p: rises in composition" in said
    assert "hsa-miR-7: not measured" in said
    assert "note: the delivered dose cannot be told: it needs a spike-in and plasma_ml" in said
    frame = CargoTable.from_tsv(out).frame
    truth = pd.read_csv(embedded / "truth.tsv", sep="\t")
    planted = truth[(truth["layer"] == "plasma_ev_smallrna") & (truth["entity_id"] == "hsa-miR-29a-3p")]
    assert len(planted) == 1
    assert ((frame["ci_low"] < planted["value"].item()) & (planted["value"].item() < frame["ci_high"])).sum() == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--measured", "hsa-miR-29a-3p"], "--measured needs --by COLUMN, --control LEVEL and --normalizer"),
        (
            ["--measured", "x", "--by", "arm", "--control", "usual_care", "--normalizer", "per_ml"],
            "can be computed here: rpm; got 'per_ml'",
        ),
        (
            ["--measured", "x", "--by", "age_years", "--control", "50", "--normalizer", "rpm"],
            "needs two groups in age_years",
        ),
        ([], "give --method, --design and a --contrast"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_writes_nothing(words: list[str], told: str, ev: Path, out: Path) -> None:
    ran = exomics("mirna", ev, "-o", out / "x.tsv", *words)
    assert ran.status == 2
    assert told in ran.error
    assert not out.exists()


@pytest.mark.parametrize(
    ("rows", "told"),
    [("gene\tlength\nA\t1\n", "expected the columns gene, utr3_length"), ("gene\tutr3_length\nA\t-1\n", "positive")],
)
def test_a_table_of_lengths_that_is_none_is_refused(
    rows: str, told: str, embedded: Path, tmp_path: Path, out: Path
) -> None:
    lengths = tmp_path / "lengths.tsv"
    lengths.write_text(rows, encoding="utf-8")
    ran = exomics("mirna", embedded / "training.tsv", "-o", out / "x.tsv", "--lengths", lengths)
    assert ran.status == 2
    assert told in ran.error
