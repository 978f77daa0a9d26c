"""Layers of one study from the command line: side by side, and sites relative to their protein."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import write_data
from exomics.differential import layer_concordance
from exomics.results import DifferentialTable
from exomics.schema import Scale, annotate
from tests.shared import exomics, must

LOG2 = Scale(kind="log2", quantity="ratio")
CONTRAST = "RUN - SED"


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    """RNA, protein and sites of 40 genes in 16 subjects: the first ten rise in all, the sites of 5 to 15 besides."""
    rng = np.random.default_rng(61)
    obs = pd.DataFrame({"subject_id": [f"p{i:02d}" for i in range(16)], "group": ["SED"] * 8 + ["RUN"] * 8})
    obs = obs.assign(
        study_id="made", species="human", sex="female", specimen="muscle", time_point="post", training_week=0,
        intervention="endurance", batch="one",
    )  # fmt: skip
    genes = [f"G{i:02d}" for i in range(40)]
    amount = rng.normal(0.0, 0.3, (16, 40))
    amount[8:, :10] += 1.0
    extra = np.zeros((16, 40))
    extra[8:, 5:15] = 0.8
    for name, values in (("rna", amount), ("protein", amount), ("acetyl", amount + extra)):
        suffix = "_K1" if name == "acetyl" else ""
        var = pd.DataFrame(
            {"feature_name": genes, "feature_type": "gene", "protein_id": genes},
            index=[gene + suffix for gene in genes],
        )
        noisy = values + rng.normal(0.0, 0.1, values.shape)
        data = AnnData(noisy, obs=obs.set_index((obs["subject_id"] + f"_{name}").to_numpy()), var=var)
        write_data(annotate(data, assay=name, scale=LOG2), tmp_path / f"{name}.h5ad")
        by_hand = ("--method", "limma_trend", "--design", "~ 0 + group", "--contrast", CONTRAST)
        must("differential", tmp_path / f"{name}.h5ad", "-o", tmp_path / f"{name}.tsv", *by_hand)
    return tmp_path


def test_layers_side_by_side(layers: Path) -> None:
    said = must(
        "compare", layers / "rna.tsv", "-o", layers / "genes.tsv", "--summary", layers / "summary.tsv", "--name", "rna",
        "--layer", f"protein={layers / 'protein.tsv'}", "--layer", f"acetyl={layers / 'acetyl.tsv'}",
    )  # fmt: skip
    genes, summary = (pd.read_csv(layers / f"{name}.tsv", sep="\t") for name in ("genes", "summary"))
    assert summary[["first_layer", "second_layer"]].to_numpy().tolist() == [
        ["rna", "protein"], ["rna", "acetyl"], ["protein", "acetyl"],
    ]  # fmt: skip
    assert len(genes) == 120 and (summary["n_pairs"] == 40).all()
    tables = [DifferentialTable.from_tsv(layers / f"{name}.tsv") for name in ("protein", "acetyl")]
    expected = layer_concordance(*tables).genes
    own = genes[(genes["first_layer"] == "protein") & (genes["second_layer"] == "acetyl")]
    np.testing.assert_allclose(own["difference_p_value"], expected["difference_p_value"], rtol=1e-12)
    assert "spearman" in said
    same = exomics("compare", layers / "rna.tsv", "-o", layers / "x.tsv", "--layer", f"first={layers / 'acetyl.tsv'}")
    assert same.status == 2 and same.error.startswith("two layers have one name")


def test_sites_relative_to_their_protein(layers: Path) -> None:
    by_hand = ("--method", "limma_trend", "--design", "~ 0 + group", "--contrast", CONTRAST)
    must(
        "differential", layers / "acetyl.h5ad", "-o", layers / "relative.tsv", "--parent", layers / "protein.h5ad",
        *by_hand,
    )  # fmt: skip
    table = DifferentialTable.from_tsv(layers / "relative.tsv")
    found = table.frame.loc[table.frame["adj_p_value"] < 0.01, "feature_id"]
    assert set(found) == {f"G{i:02d}_K1" for i in range(5, 15)}
    assert [step["step"] for step in table.provenance.parameters["steps"]] == ["subtract_parent_protein"]
    assert [entry["path"] for entry in table.provenance.step["inputs"]] == ["acetyl.h5ad", "protein.h5ad"]
    wrong = exomics(
        "differential", layers / "acetyl.h5ad", "-o", layers / "x.tsv", "--parent", layers / "protein.h5ad",
        "--parent-column", "uniprot", *by_hand,
    )  # fmt: skip
    assert wrong.status == 2 and "var has no column 'uniprot'" in wrong.error
