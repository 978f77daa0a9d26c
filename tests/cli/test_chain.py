"""`exomics chain` from raw assays of the embedded study, and from cohorts that do not measure the whole chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from exomics.results import ChainTable, Provenance
from tests.shared import exomics, made_once, must

NODES = ("arm", "ev.mir29a_cargo", "ecm.col1", "imm.cd8", "response")
LEVELS = ("--level", "arm=exercise", "--level", "response=responder")
HOW = ("--nodes", *NODES, "--signs", "+--+", "--resamples", 100)


def _assays(folder: Path) -> None:
    ev, dose, tumor = (folder / name for name in ("ev.h5ad", "dose.h5ad", "tumor.h5ad"))
    must("load", "embedded_subjects", "-o", folder / "subjects.tsv")
    must("load", "embedded_ev_mirna", "-o", ev)
    must("preprocess", ev, "-o", dose, "--flag", "check_hemolysis", "--normalize", "normalize_cargo:method=rpm")
    must("score", dose, "-o", folder / "cargo.tsv", "--signatures", "ev.mir29a_cargo", "--method", "mean_log2")
    must("load", "embedded_tumor_rna", "-o", tumor)
    must("score", tumor, "-o", folder / "tumor.tsv", "--signatures", "ecm.col1", "imm.cd8", "ctl.stroma")


@pytest.fixture(scope="session")
def assays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "chain_assays", _assays)


def test_four_links_and_a_verdict_come_from_measured_assays(assays: Path, tmp_path: Path) -> None:
    """60 patients: the planted rise and its effect on collagen are seen; the later links are broken, and it is said."""
    out = tmp_path / "chain.tsv"
    said = must(
        "chain", assays / "subjects.tsv", "-o", out, "--scores", assays / "cargo.tsv", "--scores", assays / "tumor.tsv",
        "--design", "randomized", "--claim", "mediation", *HOW, *LEVELS,
    )  # fmt: skip
    frame = ChainTable.from_tsv(out).frame.set_index("link")
    assert frame.index.tolist() == ["1", "2", "3", "4", "joint"]
    assert frame[["estimate", "ci_low", "ci_high"]].notna().all(axis=None)
    assert ((frame["ci_low"] < frame["estimate"]) & (frame["estimate"] < frame["ci_high"])).all()
    assert frame.loc[["1", "2"], "status"].tolist() == ["supported"] * 2
    assert frame.loc[["2", "3", "4"], "robustness"].between(0, 1).all()
    broken = [link for link in "34" if frame.loc[link, "status"] != "supported"]
    assert broken
    for link in broken:
        assert f"chain broken at link {link} ({NODES[int(link) - 1]} -> {NODES[int(link)]})" in said
    assert "consistent with mediation" not in said
    inputs = [Path(entry["path"]).name for entry in Provenance.read(out).step["inputs"]]
    assert inputs == ["subjects.tsv", "cargo.tsv", "tumor.tsv"]


def test_a_cross_sectional_study_may_not_say_that_anything_mediates(assays: Path, tmp_path: Path) -> None:
    words = ["chain", assays / "subjects.tsv", "--scores", assays / "cargo.tsv", "--scores", assays / "tumor.tsv"]
    words += ["--design", "cross_sectional", *HOW, *LEVELS]
    refused = exomics(*words, "-o", tmp_path / "no.tsv", "--claim", "mediation")
    assert refused.status == 2
    assert "cannot say that anything mediates: the design is cross_sectional" in refused.error
    assert not (tmp_path / "no.tsv").exists()
    assert "mediat" not in must(*words, "-o", tmp_path / "yes.tsv")
    must(*words, "-o", tmp_path / "adjusted.tsv", "--adjust", "ctl.stroma")
    plain, adjusted = (ChainTable.from_tsv(tmp_path / name) for name in ("yes.tsv", "adjusted.tsv"))
    assert adjusted.provenance.parameters["covariates"] == ["ctl.stroma"]
    assert (adjusted.frame["estimate"] != plain.frame["estimate"]).iloc[:4].all()


@pytest.mark.real_data
@pytest.mark.parametrize("cohort", ["icb_hugo", "icb_van_allen"])
def test_a_public_cohort_says_which_links_it_does_not_measure(cohort: str, mirror: Path, tmp_path: Path) -> None:
    """Tumor RNA before a checkpoint inhibitor, and response: no arm, no vesicles; links 1 and 2 are untested."""
    tumor, scores, out = (tmp_path / name for name in ("tumor.h5ad", "scores.tsv", "chain.tsv"))
    must("load", cohort, "-o", tumor)
    must("score", tumor, "-o", scores, "--signatures", "ecm.col1", "imm.cd8")
    words = ["--design", "cross_sectional", *HOW, "--level", "response=responder"]
    said = must("chain", tumor, "-o", out, "--scores", scores, *words)
    frame = ChainTable.from_tsv(out).frame.set_index("link")
    assert frame.loc[["1", "2"], "status"].tolist() == ["not_measured"] * 2
    assert frame.loc[["3", "4"], "estimate"].notna().all()
    assert frame.loc["joint", "status"] == "not_measured"
    assert "arm and ev.mir29a_cargo not measured in this study" in said
    assert "untested: not measured are link 1, link 2" in said
