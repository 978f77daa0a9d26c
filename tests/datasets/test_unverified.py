"""Manifests whose bytes were never seen, on bytes made to the format they promise: read, named, and locked."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from exomics.datasets import fetch, load, load_table
from exomics.errors import FetchError
from exomics.harmonize import load_genes, resolve_genes
from exomics.registry.manifest import load_manifest

COUNTS = "Ensembl_ID\tTCGA-AA-0001-01A\tTCGA-AA-0002-11A\nENSG00000062485.19\t{}\t0.0\nENSG00000159399.10\t3.0\t{}\n"
TEXTS = {
    "matrix": COUNTS.format(float(np.log2(1001)), float(np.log2(6))),
    "phenotype": "sample\tgender.demographic\nTCGA-AA-0001-01A\tfemale\nTCGA-AA-0002-11A\tmale\n",
    "survival": "sample\tOS\tOS.time\t_PATIENT\n"
    "TCGA-AA-0001-01A\t1\t365.25\tTCGA-AA-0001\nTCGA-AA-0002-11A\t0\t730.5\tTCGA-AA-0002\n",
    "probemap": "id\tgene\tchrom\tchromStart\tchromEnd\tstrand\n"
    "ENSG00000062485.19\tCS\tchr12\t1\t2\t-\nENSG00000159399.10\tHK2\tchr2\t1\t2\t+\n",
}
HGNC = (
    "hgnc_id\tsymbol\tname\tentrez_id\tensembl_gene_id\trefseq_accession\tuniprot_ids\n"
    "HGNC:2422\tCS\tcitrate synthase\t1431\tENSG00000062485\tNM_004077\tO75390\n"
    "HGNC:1\tNOID\tno ids\t\t\t\t\n"
    "HGNC:4923\tHK2\thexokinase 2\t3099\tENSG00000159399\tNM_000189\tP52789|E9PB90\n"
)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with made bytes, and a cache of its own."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("EXOMICS_MIRROR", str(folder))
    monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path / "cache"))
    return folder


def serve(folder: Path, dataset: str, role: str, text: str) -> None:
    place = folder / load_manifest(dataset).file(role).location
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(text.encode(), mtime=0) if place.suffix == ".gz" else text.encode())


def test_a_tumor_cohort_is_inverted_to_counts_and_joined(made: Path) -> None:
    for role, text in TEXTS.items():
        serve(made, "tcga_paad_star_counts", role, text)
    cohort = load("tcga_paad_star_counts")
    assert cohort.X.tolist() == [[1000.0, 7.0], [0.0, 5.0]]
    assert cohort.var["feature_name"].tolist() == ["CS", "HK2"]
    assert cohort.obs["subject_id"].tolist() == ["TCGA-AA-0001", "TCGA-AA-0002"]
    np.testing.assert_allclose(cohort.obs["os_time_months"], [12.0, 24.0])
    assert set(cohort.obs["specimen"]) == {"unknown"}


def test_the_complete_set_of_genes_names_proteins(made: Path) -> None:
    serve(made, "ref_hgnc_complete", "data", HGNC)
    genes = load_genes("human", dataset="ref_hgnc_complete")
    found = resolve_genes(["E9PB90", "NM_004077.3", "3099", "ENSG00000062485.1", "P52789;O75390"], genes)
    assert found["symbol"].tolist() == ["HK2", "CS", "HK2", "CS", ""]


def test_a_release_of_gene_sets_is_locked_to_its_first_bytes(made: Path, tmp_path: Path) -> None:
    serve(made, "ref_hallmark_2025_1", "data", "HALLMARK_A\thttps://x\tCS\tHK2\n")
    assert load_table("ref_hallmark_2025_1")["gene"].tolist() == ["CS", "HK2"]
    lock = json.loads((tmp_path / "cache" / "lock.json").read_text(encoding="utf-8"))
    assert list(lock) == [load_manifest("ref_hallmark_2025_1").files[0].url]
    (tmp_path / "cache" / "files" / load_manifest("ref_hallmark_2025_1").files[0].location).unlink()
    serve(made, "ref_hallmark_2025_1", "data", "HALLMARK_A\thttps://x\tCS\n")
    with pytest.raises(FetchError, match="as first fetched"):
        load_table("ref_hallmark_2025_1")


def test_restricted_targets_need_the_flag() -> None:
    with pytest.raises(FetchError, match=r"restricted \(free for academic use.*--accept-terms"):
        fetch("ref_mirtarbase_10", offline=True)
