"""`exomics enrich`: a table or samples to an enrichment table, its record, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.cli.main import main
from exomics.datasets import write_data
from exomics.results import DifferentialTable, EnrichmentTable, Provenance
from exomics.schema import Scale, annotate


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two hundred genes; those of the GMT's first set rise."""
    rng = np.random.default_rng(41)
    statistic = rng.normal(size=200) + np.where(np.arange(200) < 15, 2.0, 0.0)
    frame = pd.DataFrame(
        {"feature_id": [f"id{i}" for i in range(200)], "feature_name": [f"G{i}" for i in range(200)],
         "contrast": "RUN - SED", "log2_fold_change": statistic, "test": "wald", "statistic": statistic,
         "p_value": np.exp(-np.abs(statistic)), "adj_p_value": np.where(statistic > 2, 0.01, 0.9),
         "family": "RUN - SED", "status": "ok", "note": ""}
    )  # fmt: skip
    provenance = Provenance(method="made", acknowledgments=("thank the authors",))
    made = DifferentialTable(frame.reindex(columns=list(DifferentialTable.columns)), provenance)
    return made.to_tsv(tmp_path / "de.tsv")


@pytest.fixture
def gmt(tmp_path: Path) -> Path:
    path = tmp_path / "sets.gmt"
    rows = {"planted": range(15), "null": range(10, 60, 2), "rare": range(3)}
    path.write_text("".join(f"{name}\tmade\t" + "\t".join(f"G{i}" for i in of) + "\n" for name, of in rows.items()))
    return path


@pytest.mark.parametrize("method", ["camera_preranked", "prerank", "over_representation"])
def test_a_table_and_a_gmt_file(method: str, table: Path, gmt: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "out" / "sets.tsv"
    words = ["enrich", str(table), "-o", str(output), "--gene-sets", str(gmt), "--method", method]
    assert main([*words, "--overlaps", str(tmp_path / "overlaps.tsv")]) == 0
    found = EnrichmentTable.from_tsv(output)
    assert set(found.frame["gene_set"]) == {"planted", "null", "rare"}
    assert found.frame.loc[found.frame["gene_set"] == "planted", "p_value"].iloc[0] < 0.05
    said = capsys.readouterr().out
    assert "overlap: planted and rare (Jaccard 0.20)" in said
    assert "fewer than 5 measured members" in said
    assert found.provenance.acknowledgments == ("thank the authors",)
    overlaps = pd.read_csv(tmp_path / "overlaps.tsv", sep="\t", index_col=0)
    assert overlaps.loc["planted", "rare"] == pytest.approx(3 / 15)
    before = output.read_bytes(), output.with_name("sets.tsv.provenance.json").read_bytes()
    assert main([*words, "--overlaps", str(tmp_path / "overlaps.tsv")]) == 0
    assert (output.read_bytes(), output.with_name("sets.tsv.provenance.json").read_bytes()) == before


def test_the_record_holds_the_table_and_the_sets_as_inputs(table: Path, gmt: Path, tmp_path: Path) -> None:
    output = tmp_path / "sets.tsv"
    words = ["--gene-sets", str(gmt), "--method", "camera_preranked", "--option", "inter_gene_correlation=0.05"]
    assert main(["enrich", str(table), "-o", str(output), *words]) == 0
    step = json.loads(output.with_name("sets.tsv.provenance.json").read_text())["step"]
    assert [entry["path"] for entry in step["inputs"]] == ["de.tsv", "sets.gmt"]
    assert step["command"][:5] == ["enrich", "{input:0}", "-o", "{output:0}", "--gene-sets"]
    assert set(EnrichmentTable.from_tsv(output).frame["inter_gene_correlation"].dropna()) == {0.05}


def test_kinases_are_tested_on_feature_ids(table: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("kinase\tsubstrate\tsign\n" + "".join(f"K\tid{i}\t1\n" for i in range(10)))
    output = tmp_path / "kinases.tsv"
    words = ["--gene-sets", str(pairs), "--method", "kinase_activity", "--option", "inter_gene_correlation=0,0.1"]
    assert main(["enrich", str(table), "-o", str(output), *words]) == 0
    frame = EnrichmentTable.from_tsv(output).frame
    assert frame["n_measured"].tolist() == [10, 10]
    assert frame["inter_gene_correlation"].tolist() == [0.0, 0.1]
    assert (frame["p_value"] < 0.01).all()


def test_camera_on_samples(gmt: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(42)
    values = rng.normal(size=(12, 200))
    values[6:, :15] += 1.5
    subjects = [f"p{i % 6}" for i in range(12)]
    obs = pd.DataFrame({"group": ["SED"] * 6 + ["RUN"] * 6, "subject_id": subjects}, index=[f"s{i}" for i in range(12)])
    var = pd.DataFrame({"feature_name": [f"G{i}" for i in range(200)]}, index=[f"id{i}" for i in range(200)])
    data = annotate(AnnData(values, obs=obs, var=var), assay="protein", scale=Scale(kind="log2", quantity="ratio"))
    source, output = tmp_path / "study.h5ad", tmp_path / "sets.tsv"
    write_data(data, source)
    words = ["enrich", str(source), "-o", str(output), "--gene-sets", str(gmt), "--method", "camera"]
    design = ["--test", "limma_trend", "--design", "~ 0 + group", "--contrast", "trained=RUN - SED"]
    assert main([*words, *design, "--family", "all:trained"]) == 0
    frame = EnrichmentTable.from_tsv(output).frame.set_index("gene_set")
    assert frame.loc["planted", "p_value"] < 0.01
    assert set(frame["family"]) == {"all | sets.gmt"}
    assert main([*words, *design, "--block", "subject_id"]) == 2
    paired = [*words[:-1], "fry", *design, "--block", "subject_id"]
    assert main(paired) == 0
    made = json.loads(output.with_name("sets.tsv.provenance.json").read_text())
    assert made["parameters"]["block"] == "subject_id" and abs(made["parameters"]["correlation_within_blocks"]) < 0.3
    assert main(words) == 2
    assert main([*words, "--recipe", "motrpac_muscle_protein", *design]) == 2


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--method", "magic"], "no enrichment is called 'magic'"),
        (["--method", "camera"], "reads samples"),
        (["--method", "prerank", "--design", "~ group"], "go with samples"),
        (["--method", "prerank", "--option", "depth=3"], "no parameter 'depth'"),
        (["--method", "prerank", "--sites", "--from-species", "rat"], "not both"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    extra, words: str, table: Path, gmt: Path, tmp_path: Path, capsys
) -> None:
    output = tmp_path / "sets.tsv"
    assert main(["enrich", str(table), "-o", str(output), "--gene-sets", str(gmt), *extra]) == 2
    assert words in capsys.readouterr().err
    assert not output.exists()


def test_the_wrong_suffix_and_sets_that_are_not_there(table: Path, gmt: Path, tmp_path: Path, capsys) -> None:
    words = ["--method", "prerank", "--gene-sets"]
    assert main(["enrich", str(table), "-o", str(tmp_path / "sets.csv"), *words, str(gmt)]) == 2
    assert main(["enrich", str(table), "-o", str(tmp_path / "sets.tsv"), *words, str(tmp_path / "none.gmt")]) == 2
    assert "none.gmt does not exist" in capsys.readouterr().err
