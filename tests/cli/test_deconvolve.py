"""Cell types and chains of causes on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.results import DeconvolutionTable
from tests.shared import must, refused


def test_marker_means_are_in_arbitrary_units_and_one_method_is_no_consensus(embedded: Path, tmp_path: Path) -> None:
    cells = tmp_path / "cells.tsv"
    must("deconvolve", embedded / "tumor.h5ad", "-o", cells, "--method", "mcp_counter")
    frame = DeconvolutionTable.from_tsv(cells).frame
    assert set(frame["unit"]) == {"arbitrary"}
    assert frame["sample_id"].nunique() == 113
    assert {"T cell CD8+", "NK cell", "fibroblast"} <= set(frame["cell_type"])
    assert frame["value"].notna().all()
    out = tmp_path / "out"
    assert "at least 2 methods" in refused(out, "consensus", cells, "-o", out / "consensus.tsv")


def test_a_consensus_needs_no_reference_of_the_users(embedded: Path, tmp_path: Path) -> None:
    for method in ("mcp_counter", "lineage"):
        must("deconvolve", embedded / "tumor.h5ad", "-o", tmp_path / f"{method}.tsv", "--method", method)
    tables = [tmp_path / f"{method}.tsv" for method in ("mcp_counter", "lineage")]
    said = must("consensus", *tables, "-o", tmp_path / "consensus.tsv")
    assert "note: consensus: SDs over the samples" in said and "lineage is not among" not in said
    frame = DeconvolutionTable.from_tsv(tmp_path / "consensus.tsv").frame
    assert {"B cell", "T cell CD8+", "monocyte"} <= set(frame.loc[frame["value"].notna(), "cell_type"])


def test_a_method_without_its_profiles_is_refused(embedded: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = refused(out, "deconvolve", embedded / "tumor.h5ad", "-o", out / "c.tsv", "--method", "quantiseq")
    assert "--reference" in line


@pytest.fixture
def subjects(tmp_path: Path) -> Path:
    """A randomized trial of 400 in which each link of a chain is planted."""
    generator = np.random.default_rng(1)
    arm = np.tile([0, 1], 200)
    cargo = 1.5 * arm + generator.normal(size=400)
    collagen = -0.8 * cargo + generator.normal(size=400)
    immune = -0.8 * collagen + generator.normal(size=400)
    response = (generator.random(400) < 1 / (1 + np.exp(-immune))).astype(int)
    frame = pd.DataFrame({"arm": arm, "cargo": cargo, "collagen": collagen, "immune": immune, "response": response})
    for node in ("cargo", "collagen", "immune"):
        frame[f"{node}_baseline"] = generator.normal(size=400)
    path = tmp_path / "subjects.tsv"
    frame.assign(subject_id=[f"p{number}" for number in range(400)]).to_csv(path, sep="\t", index=False)
    return path


def test_a_planted_chain_is_found_and_mediation_needs_its_design(subjects: Path, tmp_path: Path) -> None:
    nodes = ("--nodes", "arm", "cargo", "collagen", "immune", "response", "--signs", "+--+", "--resamples", 100)
    must("chain", subjects, "-o", tmp_path / "chain.tsv", *nodes, "--design", "randomized")
    frame = pd.read_csv(tmp_path / "chain.tsv", sep="\t")
    assert (frame["status"] == "supported").sum() >= 4
    out = tmp_path / "out"
    words = ("chain", subjects, "-o", out / "c.tsv", *nodes, "--design", "cross_sectional", "--claim", "mediation")
    assert "mediat" in refused(out, *words)
