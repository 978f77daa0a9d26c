"""`exomics init`: from a user's own matrix and sheet to documents that the workflow takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from exomics._resources import registry_folder
from exomics.datasets import load_files
from exomics.registry.derivation_rule import read_derivation_rule
from exomics.registry.document import check_schema, parse_yaml
from exomics.registry.recipe import read_recipe
from exomics.schema.study import check_study
from tests.shared import must, refused

SCHEMA = registry_folder("workflows") / "exercise_response" / "schemas" / "config.schema.yaml"
MUSCLE = ("--species", "human", "--specimen", "muscle")
TUMOR = ("--species", "human", "--specimen", "tumor")
TRAINED = ("--design", "~ 0 + group", "--contrast", "training=trained - control")
DOCUMENTS = {"config.yaml", "samples.tsv", "study.yaml"}


def _config(folder: Path) -> dict:
    """The config that was written, checked against the workflow's schema; its sources load as they stand there."""
    config = parse_yaml((folder / "config.yaml").read_bytes(), "config.yaml")
    check_schema(config, SCHEMA, "config.yaml")
    check_study(parse_yaml((folder / "study.yaml").read_bytes(), "study.yaml"))
    return config


def _loaded(folder: Path, entry: dict) -> AnnData:
    files = {role: folder / path for role, path in entry["files"].items()}
    return load_files(entry["loader"], files, options=entry["options"])


def test_a_study_from_a_tsv(study: Path, tmp_path: Path, counts: pd.DataFrame) -> None:
    folder = tmp_path / "My first study"
    words = ("--matrix", study / "counts.tsv", "--sheet", study / "sheet.tsv", "--scale", "counts:count", *MUSCLE)
    said = must("init", folder, *words, "--subject", "person", *TRAINED, "--cohort", "embedded_tumor_rna:baseline")
    assert {path.name for path in folder.iterdir()} == {*DOCUMENTS, "analysis.yaml", "rule.yaml"}
    assert "12 samples x 300 features (muscle_rna, counts)" in said
    assert said.splitlines()[-1].strip() == f"exomics run exercise_response -d {folder} --configfile config.yaml"
    config = _config(folder)
    assert config["cohorts"] == {"embedded_tumor_rna": {"dataset": "embedded_tumor_rna", "time_point": "baseline"}}
    assert config["sources"] == [".", "../in"]
    entry = config["studies"]["my_first_study"]
    data = _loaded(folder, entry)
    assert np.array_equal(data.X, counts.to_numpy().T)
    assert list(data.obs["subject_id"]) == [f"p{number}" for number in range(12)]
    recipe = read_recipe(folder / entry["recipe"])
    assert [step.method for step in recipe.steps] == ["filter_by_expression", "tmm"]
    assert recipe.steps[0].parameters == {"group": "group"}
    assert (recipe.test.method, recipe.test.design) == ("limma_voom", "~ 0 + group")
    rule = read_derivation_rule(folder / entry["rule"])
    assert (rule.contrasts, rule.mapping, rule.signature["layers"]) == (("training",), None, ["muscle_rna"])


def test_a_study_of_log_values_from_a_csv_of_rats(tmp_path: Path, counts: pd.DataFrame, sheet: pd.DataFrame) -> None:
    np.log2(counts.T + 1.0).to_csv(tmp_path / "logs.csv")  # samples in rows
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    folder = tmp_path / "rats"
    words = ("--matrix", tmp_path / "logs.csv", "--sheet", tmp_path / "sheet.csv", "--scale", "log2:intensity")
    must("init", folder, *words, "--assay", "protein", "--species", "rat", "--specimen", "muscle", *TRAINED)
    entry = _config(folder)["studies"]["rats"]
    recipe = read_recipe(folder / entry["recipe"])
    assert (recipe.steps, recipe.test.method, recipe.assays) == ((), "limma_trend", ("protein",))
    rule = read_derivation_rule(folder / entry["rule"])
    assert rule.mapping is not None
    assert rule.mapping.orthologs == "ref_orthologs_babelgene"
    assert rule.signature["layers"] == ["muscle_protein"]
    data = _loaded(folder, entry)
    assert data.shape == (12, 300)
    assert list(data.obs["subject_id"]) == list(data.obs_names)  # each sample is its own subject


@pytest.fixture
def h5ad(tmp_path: Path, counts: pd.DataFrame, sheet: pd.DataFrame) -> Path:
    """Scaled values in X, log values of all genes in raw, sparse counts in a layer; no sheet beside it."""
    values = counts.to_numpy().T.astype(np.float64)
    logs = np.log2(values + 1.0)
    var = pd.DataFrame({"symbol": list(counts.index)}, index=[f"ENSG{number:011d}" for number in range(300)])
    whole = AnnData(logs, obs=sheet.set_index("library"), var=var)
    kept = whole[:, :200].copy()
    kept.layers["counts"] = sparse.csr_matrix(values[:, :200])
    kept.X = (kept.X - kept.X.mean(axis=0)) / kept.X.std(axis=0)
    kept.raw = whole
    kept.write_h5ad(tmp_path / "own.h5ad")
    return tmp_path / "own.h5ad"


@pytest.mark.parametrize(
    ("layer", "scale", "n_features", "method"),
    [("raw", "log2:cpm:1", 300, "limma_trend"), ("counts", "counts:count", 200, "limma_voom")],
)
def test_a_study_from_an_h5ad(
    layer: str, scale: str, n_features: int, method: str, h5ad: Path, tmp_path: Path, counts: pd.DataFrame
) -> None:
    folder = tmp_path / "single"
    must("init", folder, "--matrix", h5ad, "--layer", layer, "--scale", scale, "--subject", "person", *MUSCLE, *TRAINED)
    entry = _config(folder)["studies"]["single"]
    assert entry["options"]["layer"] == layer
    assert read_recipe(folder / entry["recipe"]).test.method == method
    data = _loaded(folder, entry)
    assert data.shape == (12, n_features)
    found = data.X.toarray() if sparse.issparse(data.X) else data.X
    expected = counts.to_numpy().T[:, :n_features].astype(float)
    np.testing.assert_allclose(found, expected if layer == "counts" else np.log2(expected + 1.0), rtol=1e-12)
    assert list(data.obs["group"]) == ["control"] * 6 + ["trained"] * 6


def test_the_layer_of_an_h5ad_is_named_when_it_is_wrong(h5ad: Path, tmp_path: Path) -> None:
    words = ("init", tmp_path / "x", "--matrix", h5ad, *MUSCLE, *TRAINED)
    line = refused(tmp_path / "x", *words, "--layer", "spliced", "--scale", "counts:count")
    assert "has no layer 'spliced'; it has X, raw, counts" in line
    line = refused(tmp_path / "x", *words, "--scale", "counts:count")  # X is scaled, and is no count
    assert "look like normalized or log values" in line
    assert "the scale of the values is not declared" in refused(tmp_path / "x", *words)


def _patients(sheet: pd.DataFrame, folder: Path) -> Path:
    outcomes = {"days": range(30, 390, 30), "died": [0, 1] * 6, "recist": ["CR", "PD", "SD"] * 4}
    sheet.assign(**outcomes).to_csv(folder / "patients.tsv", sep="\t", index=False)
    return folder / "patients.tsv"


def test_a_tumor_cohort_alone(study: Path, tmp_path: Path, sheet: pd.DataFrame) -> None:
    folder = tmp_path / "cohort"
    patients = _patients(sheet, study)
    said = must(
        "init", folder, "--matrix", study / "counts.tsv", "--sheet", patients, "--scale", "linear:tpm", *TUMOR,
        "--survival", "os=days,died,day", "--response", "recist=CR:responder,PD:non_responder,SD:non_responder",
    )  # fmt: skip
    assert {path.name for path in folder.iterdir()} == DOCUMENTS
    assert "tumor_rna, linear" in said
    config = _config(folder)
    assert config["studies"] == {}
    entry = config["cohorts"]["cohort"]
    assert "outcomes" not in entry
    assert entry["study"] == "study.yaml"
    assert not {"to_species", "normalize"} & set(entry)
    assert "imm.cyt" in config["panel"]
    data = _loaded(folder, entry)
    assert data.obs["os_time_months"].iloc[0] == pytest.approx(30 / 30.4375)
    assert set(data.obs["response"]) == {"responder", "non_responder"}


def test_a_cohort_without_outcomes_is_scored_only(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cohort"
    words = ("--matrix", study / "counts.tsv", "--sheet", study / "sheet.tsv", "--scale", "linear:tpm", *TUMOR)
    must("init", folder, *words)
    assert _config(folder)["cohorts"]["cohort"]["outcomes"] is False


def test_a_cohort_of_counts_of_mice_is_made_ready_to_be_scored(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mice"
    words = ("--matrix", study / "counts.tsv", "--sheet", study / "sheet.tsv", "--scale", "counts:count")
    said = must("init", folder, *words, "--species", "mouse", "--specimen", "tumor")
    assert "left out of the panel, as the values are no TPM: imm.cyt" in said
    config = _config(folder)
    entry = config["cohorts"]["mice"]
    assert (entry["study"], entry["to_species"], entry["normalize"]) == ("study.yaml", "human", ["tmm", "log_cpm"])
    assert "imm.cyt" not in config["panel"]
    words = ["-m", "exomics", "run", "exercise_response", "-d", folder, "--configfile", folder / "config.yaml"]
    planned = subprocess.run(
        [sys.executable, *map(str, words), "--dry-run"], capture_output=True, text=True, check=True
    )
    for step in ("load_cohort", "harmonize_cohort", "normalize_cohort", "score_panel"):
        assert f"rule {step}:" in planned.stdout + planned.stderr


def test_files_that_are_there_are_kept(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    words = (
        "init",
        folder,
        "--matrix",
        study / "counts.tsv",
        "--sheet",
        study / "sheet.tsv",
        "--scale",
        "counts:count",
    )
    must(*words, *MUSCLE, *TRAINED)
    (folder / "study.yaml").write_text("mine: {}\n", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    line = refused(tmp_path / "no", *words, *MUSCLE, *TRAINED)
    assert "has samples.tsv, study.yaml, config.yaml, analysis.yaml, rule.yaml already; give --force" in line
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    must(*words, *MUSCLE, *TRAINED, "--force")
    assert (folder / "study.yaml").read_bytes() != before["study.yaml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (MUSCLE, "say what to compare"),
        ((*MUSCLE, "--design", "~ 0 + group"), "say what to compare"),
        ((*MUSCLE, "--design", "~ 0 + grup", "--contrast", "a=x - y"), "Did you mean 'group'"),
        ((*MUSCLE, "--design", "~ 0 + group", "--contrast", "a=fit - control"), "'fit'"),
        (
            (*MUSCLE, "--design", "~ 0 + group + site", "--contrast", "a=trained - control"),
            "rank-deficient: site[T.south] = trained",
        ),
        ((*MUSCLE, *TRAINED, "--cohort", "icb_kym"), "no dataset is called 'icb_kym'; did you mean icb_kim"),
        ((*MUSCLE, *TRAINED, "--subject", "patient"), "expected a column 'patient'"),
        ((*MUSCLE, "--survival", "os=months"), "expected ENDPOINT=TIME,EVENT,UNIT"),
        ((*TUMOR, "--survival", "os=days,died,day"), "expected a column 'days'"),
        ((*TUMOR, "--response", "recist=CR:better"), "expected COLUMN=WORD:responder"),
        ((*TUMOR, "--response", "group=trained:responder"), "expected trained; got control"),
        (("--species", "cat", "--specimen", "muscle"), "invalid choice: 'cat'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    words: tuple[str, ...], said: str, study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    own = ("--matrix", study / "counts.tsv", "--sheet", study / "sheet.tsv", "--scale", "counts:count")
    assert said in refused(folder, "init", folder, *own, *words)


def test_linear_values_have_no_test(study: Path, tmp_path: Path) -> None:
    own = ("--matrix", study / "counts.tsv", "--sheet", study / "sheet.tsv", "--scale", "linear:tpm")
    line = refused(tmp_path / "own", "init", tmp_path / "own", *own, *MUSCLE, *TRAINED)
    assert "needs counts or log2 values" in line
