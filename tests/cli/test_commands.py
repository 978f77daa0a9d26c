"""Each command on the embedded study: what it writes, what it records beside it, what it tells."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics._files import sha256_of
from exomics._version import __version__
from exomics.cli.main import COMMANDS
from exomics.datasets import load, load_table, read_data
from exomics.registry import load_signature, read_signature
from exomics.results import DifferentialTable, PerformanceTable, Provenance, ScoreTable
from exomics.schema import scale_of, steps_of, validate
from tests.shared import exomics, must

SIDECARS = {
    "muscle.h5ad": ("load", []),
    "tumor.h5ad": ("load", []),
    "truth.tsv": ("load", []),
    "training.tsv": ("differential", ["muscle.h5ad"]),
    "recovery.tsv": ("compare", ["training.tsv", "truth.tsv"]),
    "muscle.yaml": ("derive", ["training.tsv"]),
    "panel.tsv": ("score", ["tumor.h5ad"]),
    "derived.tsv": ("score", ["tumor.h5ad", "muscle.yaml", "muscle.tsv"]),
    "controls.tsv": ("score", ["tumor.h5ad", "muscle.yaml", "muscle.tsv"]),
    "associations.tsv": ("associate", ["panel.tsv", "derived.tsv", "tumor.h5ad", "controls.tsv"]),
    "estimates.tsv": ("associate", ["panel.tsv", "derived.tsv", "tumor.h5ad", "controls.tsv"]),
    "pooled.tsv": ("pool", ["associations.tsv"]),
}


@pytest.mark.parametrize("name", SIDECARS)
def test_a_sidecar_records_command_inputs_and_outputs(name: str, embedded: Path) -> None:
    command, inputs = SIDECARS[name]
    provenance = Provenance.read(embedded / name)
    step = provenance.step
    assert step["command"][0] == command
    assert [(entry["path"], entry["sha256"]) for entry in step["inputs"]] == [
        (path, sha256_of(embedded / path)) for path in inputs
    ]
    assert name in [entry["path"] for entry in step["outputs"]]
    assert [word for word in step["command"] if str(embedded) in word] == []
    assert provenance.versions["exomics"] == __version__
    assert provenance.acknowledgments
    told = (embedded / f"{name}.provenance.json").read_text(encoding="utf-8")
    assert str(embedded) not in told


def test_every_output_has_a_sidecar_and_nothing_is_left_over(embedded: Path) -> None:
    files = {path.name for path in embedded.iterdir() if path.is_file() and not path.name.endswith(".said")}
    assert files == {*SIDECARS, "muscle.tsv", *(f"{name}.provenance.json" for name in SIDECARS)}


def test_load_writes_what_the_library_loads(embedded: Path) -> None:
    muscle = read_data(embedded / "muscle.h5ad")
    validate(muscle)
    same = load("embedded_muscle_rna")
    assert muscle.obs_names.equals(same.obs_names)
    assert np.array_equal(muscle.X, same.X)
    assert scale_of(muscle).kind == "counts"
    assert f"{muscle.n_obs} samples x {muscle.n_vars} features" in (embedded / "load.said").read_text("utf-8")


def test_load_of_own_files_records_what_was_given(study: Path, tmp_path: Path) -> None:
    matrix, sheet = study / "counts.tsv", study / "sheet.tsv"
    words = ("--loader", "expression_table", "--file", f"matrix={matrix}", "--file", f"samples={sheet}")
    must("load", *words, "--option", "scale=counts:count", "-o", tmp_path / "own.h5ad")
    provenance = Provenance.read(tmp_path / "own.h5ad")
    assert provenance.parameters == {
        "loader": "expression_table",
        "files": {"matrix": "counts.tsv", "samples": "sheet.tsv"},
        "options": {"scale": "counts:count"},
    }
    assert list(provenance.inputs) == [{"name": path.name, "sha256": sha256_of(path)} for path in (matrix, sheet)]
    assert [entry["path"] for entry in provenance.step["inputs"]] == ["in/counts.tsv", "in/sheet.tsv"]


def test_load_writes_a_table(embedded: Path) -> None:
    truth = pd.read_csv(embedded / "truth.tsv", sep="\t", float_precision="round_trip")
    assert len(truth) == len(load_table("embedded_truth"))


def test_the_same_command_gives_the_same_bytes(embedded: Path, tmp_path: Path) -> None:
    must("load", "embedded_muscle_rna", "-o", tmp_path / "muscle.h5ad")
    assert (tmp_path / "muscle.h5ad").read_bytes() == (embedded / "muscle.h5ad").read_bytes()
    must("score", embedded / "tumor.h5ad", "-o", tmp_path / "scores.tsv", "--signatures", "imm.cyt")
    must("score", embedded / "tumor.h5ad", "-o", tmp_path / "again.tsv", "--signatures", "imm.cyt")
    assert (tmp_path / "scores.tsv").read_bytes() == (tmp_path / "again.tsv").read_bytes()


def test_preprocess_records_its_steps_in_order(embedded: Path, tmp_path: Path) -> None:
    said = must(
        "preprocess", embedded / "muscle.h5ad", "-o", tmp_path / "ready.h5ad", "--normalize", "tmm", "--filter",
        "filter_by_expression:group=arm,minimum_count=12", "--flag", "flag_small_libraries:minimum_counts=1000",
    )  # fmt: skip
    ready = read_data(tmp_path / "ready.h5ad")
    done = steps_of(ready)
    assert [step["step"] for step in done] == ["flag_small_libraries", "filter_by_expression", "tmm"]
    assert done[1]["parameters"]["minimum_count"] == 12
    assert np.isclose(ready.obs["normalization_factor"].prod(), 1.0)
    assert ready.n_vars < read_data(embedded / "muscle.h5ad").n_vars
    assert [line.partition(":")[0] for line in said.splitlines()][:3] == [step["step"] for step in done]


@pytest.fixture
def ready(embedded: Path, tmp_path: Path) -> Path:
    """The muscle counts, filtered and normalized."""
    words = ("--filter", "filter_by_expression:group=arm", "--normalize", "tmm")
    must("preprocess", embedded / "muscle.h5ad", "-o", tmp_path / "ready.h5ad", *words)
    return tmp_path / "ready.h5ad"


def test_differential_by_recipe_and_by_hand(embedded: Path, ready: Path, tmp_path: Path) -> None:
    by_recipe = DifferentialTable.from_tsv(embedded / "training.tsv")
    assert by_recipe.provenance.method == "recipe randomized_trial_rna"
    table = tmp_path / "by_hand.tsv"
    said = must(
        "differential", ready, "-o", table, "--method", "limma_voom", "--option", "robust=false",
        "--design", "~ subject_id + post + exercise_post", "--contrast", "training=exercise_post",
        "--contrast", "time=post", "--family", "both:training,time",
    )  # fmt: skip
    read = DifferentialTable.from_tsv(table)
    assert set(read.frame["contrast"]) == {"training", "time"}
    assert set(read.frame["family"]) == {"both"}
    assert read.provenance.parameters["options"]["robust"] is False
    counted = read.frame[(read.frame["contrast"] == "training") & (read.frame["adj_p_value"] < 0.05)]
    up = int((counted["log2_fold_change"] > 0).sum())
    assert f"training: {up} up, {len(counted) - up} down" in said


def test_contrasts_may_stand_in_a_file(ready: Path, tmp_path: Path) -> None:
    listed = tmp_path / "contrasts.tsv"
    listed.write_text("name\texpression\tfamily\ntraining\texercise_post\tf\n", encoding="utf-8")
    words = ["--method", "limma_voom", "--design", "~ subject_id + post + exercise_post", "--contrasts", listed]
    must("differential", ready, "-o", tmp_path / "t.tsv", *words)
    assert set(DifferentialTable.from_tsv(tmp_path / "t.tsv").frame["family"]) == {"f"}
    step = Provenance.read(tmp_path / "t.tsv").step
    assert [entry["path"].rpartition("/")[2] for entry in step["inputs"]] == ["ready.h5ad", "contrasts.tsv"]


def test_compare_puts_truth_beside_finding(embedded: Path) -> None:
    recovery = pd.read_csv(embedded / "recovery.tsv", sep="\t")
    assert {"quantity", "truth", "found", "ci_low", "ci_high"} <= set(recovery.columns)
    held = recovery.dropna(subset=["truth", "ci_low", "ci_high"])
    assert len(held) >= 10
    assert ((held["ci_low"] <= held["truth"]) & (held["truth"] <= held["ci_high"])).mean() >= 0.8
    assert "false discovery proportion" in (embedded / "compare.said").read_text(encoding="utf-8")


def test_derive_writes_a_signature_that_can_be_read_and_scored(embedded: Path) -> None:
    signature = read_signature(embedded / "muscle.yaml")
    assert signature.id == "trn.embedded_muscle_training"
    assert len(signature.features("up")) > 20
    assert len(signature.features("down")) > 20
    assert signature.provenance["contrasts"] == ["training"]
    table = DifferentialTable.from_tsv(embedded / "training.tsv").frame
    table = table[table["contrast"] == "training"]
    found = table[(table["adj_p_value"] < 0.05) & (table["log2_fold_change"] > 0)]
    assert set(signature.features("up")) == set(found["feature_name"])


def test_scores_carry_coverage_and_status(embedded: Path) -> None:
    panel = ScoreTable.from_tsv(embedded / "panel.tsv").frame
    assert set(panel["signature_id"]) == {"imm.cyt", "imm.ifng6", "ecm.col1", "tum.oxphos", "gene.CXCL9"}
    assert set(panel["status"]) == {"ok"}
    total = panel[(panel["signature_id"] == "imm.cyt") & (panel["arm"].isin(["total", "up"]))]
    assert set(total["n_members"]) == {len(load_signature("imm.cyt").members)}
    derived = ScoreTable.from_tsv(embedded / "derived.tsv").frame
    assert set(derived["status"]) == {"wrong_layer_override"}
    controls = pd.read_csv(embedded / "controls.tsv", sep="\t")
    assert controls.groupby("sample_id").size().unique().tolist() == [50]


def test_associations_and_pooling(embedded: Path) -> None:
    table = PerformanceTable.from_tsv(embedded / "associations.tsv").frame
    assert {"os", "response"} <= set(table["endpoint"])
    assert {"log_hazard_ratio", "log_odds_ratio", "auc", "control_percentile", "empirical_p_value"} <= set(
        table["metric"]
    )
    exploratory = table[table["signature_id"] == "trn.embedded_muscle_training"]
    assert exploratory["note"].str.contains("exploratory|random matched sets").all()
    pooled = PerformanceTable.from_tsv(embedded / "pooled.tsv").frame
    assert len(pooled) > 0


def test_verify_recomputes_every_published_table(embedded: Path) -> None:
    said = exomics("verify", embedded / "package")
    assert said.status == 0
    recomputed = {line.split()[2] for line in said.out.splitlines() if line.startswith("ok      recomputed")}
    tables = {"training": "differential", "panel": "scores", "derived": "scores", "associations": "associations"}
    assert {f"{folder}/{name}.tsv" for name, folder in tables.items()} <= recomputed
    assert "signatures/muscle.tsv" in recomputed
    assert said.out.splitlines()[-1].startswith("verified: ")
    assert "again: exomics differential" in said.err


def test_report_is_one_page_and_a_summary(embedded: Path, tmp_path: Path) -> None:
    files = [
        embedded / name for name in ("muscle.yaml", "training.tsv", "panel.tsv", "associations.tsv", "recovery.tsv")
    ]
    summary = tmp_path / "SUMMARY.txt"
    said = must("report", *files, "-o", tmp_path / "report.html", "--title", "A <b>", "--summary", summary)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "A &lt;b&gt;" in page
    assert "http-equiv" in page
    text = summary.read_text(encoding="utf-8")
    assert text in said
    assert "What changes." in text


@pytest.mark.parametrize("what", ["datasets", "signatures", "methods", "recipes", "workflows"])
def test_catalog_lists_what_is_known(what: str) -> None:
    rows = json.loads(must("catalog", what, "--json"))
    shown = must("catalog", what).splitlines()
    assert len(shown) == len(rows) > 1
    assert all(row["title"] and row["id"] for row in rows)
    assert all(row["id"] in line for row, line in zip(rows, shown, strict=True))


def test_cite_names_the_method_behind_a_file(embedded: Path) -> None:
    listed = must("cite", "voom_lm_fit", "rank_updown")
    assert "https://doi.org/10.1186/s12859-018-2435-4" in listed
    of_file = must("cite", embedded / "derived.tsv")
    assert "rank_updown" in of_file
    assert "acknowledge\t" in of_file
    everything = must("cite")
    assert len(everything.splitlines()) > 10


def test_cite_names_the_paper_behind_a_table_of_names() -> None:
    """HGNC, MANE, miRBase, RefMet and HCOP, by the harmonization or by the dataset of the table."""
    told = dict(line.split("\t") for line in must("cite").splitlines()[1:])
    hgnc, mirbase, refmet = "10.1093/nar/gkac888", "10.1093/nar/gky1141", "10.1038/s41592-020-01009-y"
    assert told["approve"] == told["ref_hgnc"] == told["ref_hgnc_complete"] == f"https://doi.org/{hgnc}"
    assert told["mirna"] == told["ref_mirbase"] == f"https://doi.org/{mirbase}"
    assert told["metabolites"] == told["motrpac_codes"] == f"https://doi.org/{refmet}"
    assert told["genes"] == told["ref_orthologs_babelgene"] == "https://doi.org/10.1093/bib/bbab155"
    assert must("cite", "ref_mane").endswith("ref_mane\thttps://doi.org/10.1038/s41586-022-04558-8\n")


def test_cite_of_a_harmonized_file_names_the_tables_it_was_named_by(
    embedded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({"Symbol": ["CS", "GZMA"], "Approved.Symbol": ["CS", "GZMA"]})
    monkeypatch.setattr("exomics.harmonize.identifiers.datasets.load_table", lambda name, **_: table)
    named, told = tmp_path / "named.h5ad", tmp_path / "told.h5ad"
    must("harmonize", embedded / "tumor.h5ad", "-o", named, "--identifiers", "approve")
    must("harmonize", embedded / "tumor.h5ad", "-o", told, "--identifiers", "phenotypes")
    assert {line.split("\t")[0] for line in must("cite", named).splitlines()} >= {"approve", "ref_hgnc"}
    assert not {"approve", "ref_hgnc"} & {line.split("\t")[0] for line in must("cite", told).splitlines()}


def test_doctor_says_what_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    said = must("doctor")
    assert "ok      exomics" in said
    assert "ok      numpy" in said
    assert "warn    EXOMICS_MIRROR" in said
    assert "MISSING" not in said


def test_doctor_says_what_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: tuple[str, int], timeout: float) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.delenv("EXOMICS_OFFLINE", raising=False)
    monkeypatch.setattr(socket, "create_connection", refuse)
    said = must("doctor")
    assert "warn    raw.githubusercontent.com" in said
    assert "cannot be reached (timed out); files in the cache or in a mirror can still be used" in said
    monkeypatch.setattr(socket, "create_connection", lambda place, timeout: socket.socket())
    assert "can be reached" in must("doctor")


def test_version() -> None:
    assert must("--version") == f"exomics {__version__}\n"


def test_every_command_is_tried_somewhere() -> None:
    told = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.parent.rglob("*.py"))
    assert [name for name in COMMANDS if f'"{name}"' not in told] == []


@pytest.mark.real_data
def test_fetch_prints_role_and_path_and_copies(mirror: Path, tmp_path: Path) -> None:
    said = must("fetch", "motrpac_gn_metabolite", "--to", tmp_path / "here", "--offline")
    rows = [line.split("\t") for line in said.splitlines()]
    assert [role for role, _ in rows] == ["data", "published"]
    assert all(Path(path).is_file() and Path(path).parent == tmp_path / "here" for _, path in rows)


@pytest.mark.real_data
def test_harmonize_carries_rat_genes_to_human_and_lists_the_losses(mirror: Path, tmp_path: Path) -> None:
    must("load", "motrpac_gn_rna", "-o", tmp_path / "rat.h5ad")
    words = ["--to-species", "human", "--losses", tmp_path / "losses.tsv"]
    said = must("harmonize", tmp_path / "rat.h5ad", "-o", tmp_path / "human.h5ad", *words)
    human = read_data(tmp_path / "human.h5ad")
    assert 8000 < human.n_vars < 14201
    losses = pd.read_csv(tmp_path / "losses.tsv", sep="\t")
    assert {"what", "n", "why"} <= set(losses.columns)
    assert f"{human.n_vars} of 14201 features" in said
    assert [entry["path"] for entry in Provenance.read(tmp_path / "losses.tsv").step["outputs"]] == [
        "human.h5ad",
        "losses.tsv",
    ]


@pytest.mark.real_data
def test_compare_counts_the_equal_digits_of_a_published_table(mirror: Path, tmp_path: Path) -> None:
    must("load", "motrpac_gn_metabolite", "-o", tmp_path / "m.h5ad")
    table, agreement = tmp_path / "m.tsv", tmp_path / "agreement.tsv"
    must("differential", tmp_path / "m.h5ad", "-o", table, "--recipe", "motrpac_muscle_metabolite")
    said = must("compare", table, "-o", agreement, "--published", "motrpac_gn_metabolite")
    assert "100.00" in said
    assert pd.read_csv(agreement, sep="\t")["max_abs_dz"].max() <= 1e-8
