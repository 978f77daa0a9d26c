"""The registry and the scores from the command line: filters, export, references, overlap and axes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad

from exomics.cli.main import main
from exomics.errors import RegistryError
from exomics.registry import read_gmt
from exomics.results import AxisTable, ReferenceTable, ScoreTable
from exomics.schema import Scale, annotate
from exomics.scoring import resolve_signatures
from tests.shared import must, refused


def test_signatures_are_listed_by_class_layer_tissue_and_timing() -> None:
    def ids(*words: str) -> set[str]:
        return {row["id"] for row in json.loads(must("catalog", "signatures", "--json", *words))}

    assert len(ids()) >= 86
    assert ids("--class", "cachexia") == {"cac.autophagy", "cac.cytokines", "cac.gdf15", "cac.ups"}
    assert "mye.erk5_s496" in ids("--layer", "sorted_tam_phospho")
    assert ids("--tissue", "feces") >= {"mic.formate", "mic.alpha"}
    assert ids("--class", "adrenergic", "--timing", "0-2 h") == {"adr.camp_early", "adr.catecholamines"}


def test_chosen_signatures_are_exported_as_gene_sets(tmp_path: Path) -> None:
    must("catalog", "signatures", "imm.cyt", "imm.mcp", "--gmt", tmp_path / "sets.gmt")
    sets = read_gmt(tmp_path / "sets.gmt")
    assert sets["imm.cyt"] == ("GZMA", "PRF1")
    assert len(sets) == 11
    assert sets["imm.mcp.CD8_T_cells"] == ("CD8B",)


def test_genes_of_mice_are_scored_in_mice_as_they_are_named(tmp_path: Path) -> None:
    names = ["Gzma", "Prf1", "Cxcl9", *(f"Gene{number}" for number in range(40))]
    values = np.random.default_rng(1).gamma(2.0, 10.0, size=(4, len(names)))
    told = {"study_id": "mice", "specimen": "tumor", "species": "mouse", "time_point": "end"}
    mice = [f"m{number}" for number in range(4)]
    var = pd.DataFrame({"feature_name": names, "feature_type": "gene"}, index=names)
    tumor = AnnData(values, obs=pd.DataFrame({"subject_id": mice, **told}, index=mice), var=var)
    annotate(tumor, assay="rna", scale=Scale(kind="linear", quantity="tpm")).write_h5ad(tmp_path / "mice.h5ad")
    (tmp_path / "sets.gmt").write_text("KILLERS\tof mice\tGzma\tPrf1\tCxcl9\tGene1\tGene2\n", encoding="utf-8")
    words = (
        "score",
        tmp_path / "mice.h5ad",
        "--signatures",
        "gene:Cxcl9",
        tmp_path / "sets.gmt",
        "--method",
        "mean_log2",
        "-o",
    )
    must(*words, tmp_path / "human.tsv")
    must(*words, tmp_path / "mouse.tsv", "--gene-species", "mouse")
    human = ScoreTable.from_tsv(tmp_path / "human.tsv").frame
    assert set(human["status"]) == {"not_applicable"}
    assert human["note"].str.contains("--gene-species").all()
    found = ScoreTable.from_tsv(tmp_path / "mouse.tsv").frame.set_index("signature_id")
    assert set(found["status"]) == {"ok"}
    assert found.loc["gene.Cxcl9", "score"].to_numpy() == pytest.approx(np.log2(values[:, 2] + 1.0))
    with pytest.raises(RegistryError, match="human, mouse, rat; got 'dog'"):
        resolve_signatures("gene:Cxcl9", species="dog")


def test_features_of_other_names_are_told(embedded: Path, tmp_path: Path) -> None:
    tumor = read_h5ad(embedded / "tumor.h5ad")
    by_id = [f"ENSG{number:011d}.3" for number in range(tumor.n_vars)]
    tumor.var["feature_name"] = by_id
    tumor.write_h5ad(tmp_path / "ids.h5ad")
    said = must("score", tmp_path / "ids.h5ad", "-o", tmp_path / "ids.tsv", "--signatures", "imm.cyt", "gene:CXCL9")
    assert f"no feature is a member of any signature; they are called {', '.join(by_id[:3])}, ...: see" in said
    words = ("-o", tmp_path / "own.tsv", "--signatures", "imm.cyt", "gene: CXCL9 ")
    assert "gene.CXCL9: " in (said := must("score", embedded / "tumor.h5ad", *words))
    assert "they are called" not in said


def test_a_signature_is_explained_with_its_members_and_signs() -> None:
    said = must("catalog", "signatures", "imm.mcp", "mye.m1m2_legacy")
    assert "CD8_T_cells: CD8B; Cytotoxic: CD8A, EOMES" in said
    assert "part_signs: up (ex_trained: up; benefit: context); down (ex_trained: down; benefit: context)" in said
    assert "license: CC0 1.0" in said


def test_exported_sets_come_back_with_the_same_scores(embedded: Path, tmp_path: Path) -> None:
    """Two arms, a family and a plain set; a GMT file keeps the members, so the method is named."""
    tumor, sets = embedded / "tumor.h5ad", tmp_path / "sets.gmt"
    names = ["imm.ifng6", "mye.cs_polarity", "imm.mcp"]
    must("catalog", "signatures", *names, "--gmt", sets)
    how = ["--method", "mean_log2"]
    must("score", tumor, "-o", tmp_path / "own.tsv", "--signatures", *names, *how)
    must("score", tumor, "-o", tmp_path / "gmt.tsv", "--signatures", sets, *how)
    own, back = (ScoreTable.from_tsv(tmp_path / name).frame for name in ("own.tsv", "gmt.tsv"))
    is_set = own["signature_id"] == "imm.mcp"
    own["set"] = own["signature_id"].where(~is_set, "imm.mcp." + own["arm"]).str.replace(".", "_")
    own = own[is_set | (own["arm"] == "total")].set_index(["set", "sample_id"])["score"]
    back["set"] = back["signature_id"].str.removeprefix("gmt.")
    back = back[back["arm"] == "total"].set_index(["set", "sample_id"])["score"]
    pd.testing.assert_series_equal(back.sort_index(), own.sort_index())


def test_the_reason_is_told_where_nothing_is_scored(embedded: Path, tmp_path: Path) -> None:
    words = ["tum.hypoxia_buffa", "imm.gep18_unweighted_mouse", "imm.mcp"]
    said = must("score", embedded / "tumor.h5ad", "-o", tmp_path / "scores.tsv", "--signatures", *words)
    assert "0 of 0 members measured (no members: the list is user-supplied)" in said
    assert "(its members are mouse genes, the samples human: pass an ortholog table)" in said
    frame = ScoreTable.from_tsv(tmp_path / "scores.tsv").frame
    first = frame[(frame["signature_id"] == "imm.mcp") & (frame["sample_id"] == frame["sample_id"].iloc[0])]
    assert f"imm.mcp: {10 * frame['sample_id'].nunique()} ok; {first['n_measured'].sum()} of 110 members" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["signatures", "--tissue", "brain"], "no signature has --tissue 'brain'; there are adipose"),
        (["datasets", "--layer", "tumor_rna"], "--layer chooses among signatures"),
    ],
)
def test_a_filter_that_finds_nothing_says_what_there_is(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["imm.cyt", "--gmt", "sets.txt"], "the output sets.txt must end in .gmt"),
        (["tum.hypoxia_buffa", "--gmt", "sets.gmt"], "none of 1 signatures has members to write"),
        (["imm.cyt", "imm.nothing", "--gmt", "sets.gmt"], "none of the signatures is called 'imm.nothing'"),
    ],
)
def test_no_file_of_sets_is_written_where_there_are_none(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in refused(tmp_path, "catalog", "signatures", *words)


def test_an_object_without_values_is_one_line(embedded: Path, tmp_path: Path, out: Path) -> None:
    tumor = read_h5ad(embedded / "tumor.h5ad")
    tumor.layers["tpm"], tumor.X = tumor.X, None
    tumor.write_h5ad(tmp_path / "empty.h5ad")
    line = refused(out, "score", tmp_path / "empty.h5ad", "-o", out / "x.tsv", "--signatures", "imm.cyt")
    assert "breaks the AnnData contract in 1 ways: X is missing" in line


def test_a_reference_is_fitted_and_then_scores_single_samples(embedded: Path, tmp_path: Path) -> None:
    tumor, frozen = embedded / "tumor.h5ad", tmp_path / "frozen.tsv"
    first, second = tmp_path / "first.tsv", tmp_path / "second.tsv"
    words = ["score", tumor, "--signatures", "imm.ifng6", "--method", "mean_z"]
    must(*words, "-o", first, "--fit-reference", frozen)
    must(*words, "-o", second, "--reference", frozen, "--single-sample")
    one, two = ScoreTable.from_tsv(first).frame, ScoreTable.from_tsv(second).frame
    pd.testing.assert_frame_equal(one, two)
    assert set(two["reference_id"]) == {ReferenceTable.from_tsv(frozen).reference_id}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--overlap", "x.tsv"], "x.tsv would replace another output of this command; give it another name"),
        (["--fit-reference", "./x.tsv"], "x.tsv would replace another output"),
        (
            ["--controls", "5", "--controls-output", "c.tsv", "--p-values", "c.tsv"],
            "c.tsv would replace another output",
        ),
        (["--overlap", "overlap.csv"], "the output overlap.csv must end in .tsv"),
        (["--controls", "5", "--controls-output", "controls.txt"], "the output controls.txt must end in .tsv"),
    ],
)
def test_no_table_of_a_call_replaces_another(
    words: list[str], said: str, embedded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tumor = embedded / "tumor.h5ad"
    assert said in refused(tmp_path / "x.tsv", "score", tumor, "-o", "x.tsv", "--signatures", "imm.ifng6", *words)
    assert not list(tmp_path.iterdir())


def test_a_score_that_depends_on_others_is_refused_for_single_samples(
    embedded: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["score", str(embedded / "tumor.h5ad"), "-o", str(out / "x.tsv"), "--signatures", "imm.ifng6"]
    assert main([*words, "--method", "gsva", "--single-sample"]) == 2
    assert "imm.ifng6 (gsva) depends on the other samples" in capsys.readouterr().err
    assert not out.exists()


def test_overlap_is_written_and_shared_members_can_be_left_out(embedded: Path, tmp_path: Path) -> None:
    tumor, scores, shared = embedded / "tumor.h5ad", tmp_path / "scores.tsv", tmp_path / "shared.tsv"
    words = ["imm.ifng6", "imm.gep18"]
    must("score", tumor, "-o", scores, "--signatures", *words, "--overlap", shared, "--drop-shared")
    table = pd.read_csv(shared, sep="\t", index_col=0)
    assert table.loc["imm.ifng6", "imm.gep18"] == pytest.approx(3 / 21)
    members = ScoreTable.from_tsv(scores).frame.drop_duplicates("signature_id").set_index("signature_id")["n_members"]
    assert members.to_dict() == {"imm.ifng6": 3, "imm.gep18": 15}


def test_every_score_gets_an_empirical_p_value(embedded: Path, tmp_path: Path) -> None:
    tumor, scores, found = embedded / "tumor.h5ad", tmp_path / "scores.tsv", tmp_path / "p_values.tsv"
    words = ["--signatures", "imm.ifng6", "imm.gep18", "imm.mcp", "--method", "mean_log2"]
    said = must("score", tumor, "-o", scores, *words, "--controls", 30, "--p-values", found, "--match-correlation")
    frame, table = pd.read_csv(found, sep="\t"), ScoreTable.from_tsv(scores).frame
    assert frame[["sample_id", "arm"]].to_numpy().tolist() == table[["sample_id", "arm"]].to_numpy().tolist()
    known = frame["p_value"].dropna()
    assert len(known) > 0
    assert known.between(2 / 31 - 1e-12, 1).all()
    assert (frame["n_controls"].dropna() == 30).all()
    assert frame.loc[frame["p_value"].isna(), "note"].notna().all()
    assert json.loads(Path(f"{found}.provenance.json").read_text())["parameters"]["match_correlation"] is True
    assert "imm.ifng6: " in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--controls", "5"], "--controls N goes together with"),
        (["--p-values", "x.tsv"], "--controls N goes together with"),
        (["--match-correlation"], "--match-correlation chooses among random sets"),
        (["--controls", "-3", "--p-values", "x.tsv"], "at least one random set is needed; got -3"),
    ],
)
def test_random_sets_without_a_number_or_a_file_are_refused(
    words: list[str], said: str, embedded: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", str(embedded / "tumor.h5ad"), "-o", str(out / "x.tsv"), "--signatures", "imm.ifng6"]
    assert main([*command, *words]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_pairs_are_ranked_and_the_answer_may_be_none(embedded: Path, tmp_path: Path) -> None:
    ranked = tmp_path / "axes.tsv"
    said = must("axes", embedded / "tumor.h5ad", "--table", embedded / "training.tsv", "-o", ranked)
    frame = AxisTable.from_tsv(ranked).frame
    assert len(set(frame["pair"])) == 26
    assert set(frame["status"]) <= {"ok", "not_measured", "below_detection", "below_floor"}
    assert "ligands" in said
    assert frame["adjusted_for"].eq("ctl.stroma").all()
