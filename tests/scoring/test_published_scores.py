"""Q19: is a score the published one? Weights and formulas written out here, against documents and scorers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from anndata import AnnData

from exomics.errors import RegistryError
from exomics.registry import load_signature, read_signature, write_signature
from exomics.schema import Scale
from exomics.scoring import score

MakeSamples = Callable[..., AnnData]
TPM = Scale(kind="linear", quantity="tpm")

WEIGHTS = {
    "CCL5": 0.008346, "CD27": 0.072293, "CD274": 0.042853, "CD276": -0.0239, "CD8A": 0.031021, "CMKLR1": 0.151253,
    "CXCL9": 0.074135, "CXCR6": 0.004313, "HLA-DQA1": 0.020091, "HLA-DRB1": 0.058806, "HLA-E": 0.07175,
    "IDO1": 0.060679, "LAG3": 0.123895, "NKG7": 0.075524, "PDCD1LG2": 0.003734, "PSMB10": 0.032999, "STAT1": 0.250229,
    "TIGIT": 0.084767,
}  # fmt: skip
"""Of the T-cell-inflamed profile: Ayers et al. 2017, doi:10.1172/JCI91190; Cristescu et al. 2018."""

STABLE = ("STK11IP", "ZBTB34", "TBC1D10B", "OAZ1", "POLR2A", "G6PD", "ABCF1", "NRDE2", "UBB", "TBP", "SDHA")


@pytest.fixture
def tumors(make_samples: MakeSamples) -> AnnData:
    """TPM of every gene of both 18-gene sets, of cytolytic activity and of housekeeping."""
    chosen = ("imm.gep18", "imm.immexp18", "imm.cyt")
    names = dict.fromkeys(member.feature_id for name in chosen for member in load_signature(name).members)
    return make_samples(np.random.default_rng(19).gamma(1.0, 30.0, (8, len(names))), list(names), scale=TPM)


def level(tumors: AnnData, gene: str) -> np.ndarray:
    return np.asarray(tumors.X[:, tumors.var["feature_name"].tolist().index(gene)])


def total(tumors: AnnData, name: str) -> np.ndarray:
    frame = score(tumors, name).frame
    return frame.loc[frame["arm"] == "total", "score"].to_numpy()


def raised(tumors: AnnData, gene: str) -> AnnData:
    changed = tumors.copy()
    changed.X[:, changed.var["feature_name"].tolist().index(gene)] *= 8.0
    return changed


def test_the_profile_is_its_weighted_sum_over_housekeeping(tumors: AnnData) -> None:
    assert round(sum(WEIGHTS.values()), 9) == 1.142788
    baseline = np.mean([np.log10(level(tumors, gene) + 1) for gene in STABLE], axis=0)
    expected = sum(weight * (np.log10(level(tumors, gene) + 1) - baseline) for gene, weight in WEIGHTS.items())
    np.testing.assert_allclose(total(tumors, "imm.gep18"), expected, rtol=1e-12)
    assert (total(raised(tumors, "CD276"), "imm.gep18") < total(tumors, "imm.gep18")).all()


def test_the_expanded_set_is_a_plain_mean_of_logarithms(tumors: AnnData) -> None:
    genes = "CD3D IDO1 CIITA CD3E CCL5 GZMK CD2 HLA-DRA CXCL13 IL2RG NKG7 HLA-E CXCR6 LAG3 TAGAP CXCL10 STAT1 GZMB"
    expected = np.mean([np.log2(level(tumors, gene) + 1) for gene in genes.split()], axis=0)
    np.testing.assert_allclose(total(tumors, "imm.immexp18"), expected, rtol=1e-12)


def test_cytolytic_activity_is_a_geometric_mean_not_a_mean(tumors: AnnData, make_samples: MakeSamples) -> None:
    expected = np.sqrt((level(tumors, "GZMA") + 0.01) * (level(tumors, "PRF1") + 0.01))
    np.testing.assert_allclose(total(tumors, "imm.cyt"), expected, rtol=1e-12)
    published = make_samples(np.array([[3.0, 12.0], [0.0, 12.0]]), ["GZMA", "PRF1"], scale=TPM)
    np.testing.assert_allclose(total(published, "imm.cyt"), [np.sqrt(3.01 * 12.01), np.sqrt(0.01 * 12.01)], rtol=1e-12)
    assert round(total(published, "imm.cyt")[0], 4) == 6.0125


@pytest.mark.parametrize(("gene", "moves"), [("CMKLR1", "imm.gep18"), ("CD3D", "imm.immexp18")])
def test_the_two_18_gene_sets_answer_to_genes_of_their_own(gene: str, moves: str, tumors: AnnData) -> None:
    """Seven genes are shared; were the two exchanged, each would answer to the other's genes."""
    after = raised(tumors, gene)
    for name in ("imm.gep18", "imm.immexp18"):
        is_same = np.array_equal(total(after, name), total(tumors, name))
        assert is_same is (name != moves)


@pytest.mark.parametrize(("name", "other"), [("imm.gep18", "imm.immexp18"), ("imm.immexp18", "imm.gep18")])
def test_a_document_with_the_genes_of_the_other_is_refused(name: str, other: str, tmp_path: Path) -> None:
    head = write_signature(load_signature(name), tmp_path)
    body = write_signature(load_signature(other), tmp_path / "other").with_suffix(".tsv").read_text(encoding="utf-8")
    with pytest.raises(RegistryError, match=f"{name} fails its check weight_sum"):
        read_changed(head, body)


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        ({"CD27": 0.076189, "CD276": 0.004313, "HLA-E": 0.058806}, "weight_sum"),  # of a public copy
        ({"CD276": 0.0239, "STAT1": 0.250229 - 2 * 0.0239}, "negative"),  # with the right sum
    ],
)
def test_a_corrupted_copy_of_the_weights_is_refused(wrong: dict[str, float], check: str, tmp_path: Path) -> None:
    head = write_signature(load_signature("imm.gep18"), tmp_path)
    body = head.with_suffix(".tsv").read_text(encoding="utf-8")
    for gene, weight in wrong.items():
        assert f"{gene}\tup\t{WEIGHTS[gene]}\t" in body
        body = body.replace(f"{gene}\tup\t{WEIGHTS[gene]}\t", f"{gene}\tup\t{weight}\t")
    with pytest.raises(RegistryError, match=f"imm.gep18 fails its check {check}"):
        read_changed(head, body)


def read_changed(head: Path, body: str) -> None:
    """Read a document whose body was replaced by someone who renewed the hash too."""
    head.with_suffix(".tsv").write_text(body, encoding="utf-8")
    stated = yaml.safe_load(head.read_text(encoding="utf-8"))
    stated["body"]["sha256"] = hashlib.sha256(body.encode()).hexdigest()
    head.write_text(yaml.safe_dump(stated, sort_keys=False), encoding="utf-8")
    read_signature(head)
