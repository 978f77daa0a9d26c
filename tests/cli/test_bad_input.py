"""Every bad input of the command line: exit 2, one line that says what was expected, what came and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from anndata import AnnData
from mudata import MuData, set_options

from exomics import _resources
from exomics.datasets import read_data, write_data
from exomics.registry import manifest as manifests
from tests.shared import exomics, must, refused

FIXTURES = Path(__file__).resolve().parent.parent / "datasets" / "fixtures"
LOAD = ("load", "--loader", "expression_table", "--option", "constants=species:human,specimen:muscle")
TRAINED = ("--design", "~ 0 + group", "--contrast", "a=trained - control")
Frames = tuple[pd.DataFrame, pd.DataFrame]


def _own(study: Path, *options: str) -> list[object]:
    words: list[object] = [
        *LOAD,
        "--file",
        f"matrix={study / 'counts.tsv'}",
        "--file",
        f"samples={study / 'sheet.tsv'}",
    ]
    return [*words, *(word for option in options for word in ("--option", option))]


def _write(study: Path, counts: pd.DataFrame, sheet: pd.DataFrame) -> None:
    counts.to_csv(study / "counts.tsv", sep="\t")
    sheet.to_csv(study / "sheet.tsv", sep="\t", index=False)


def _names(line: str, *parts: str) -> None:
    assert [part for part in parts if part not in line] == [], line


def _rename_column(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts.rename(columns={"lib1": "lib0"}), sheet


def _no_column_name(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts.rename(columns={"lib1": ""}), sheet


def _repeat_row(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts, sheet.assign(library=["lib0", *sheet["library"].iloc[:-1]])


def _no_id(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts, sheet.assign(library=[None, *sheet["library"].iloc[1:]])


def _drop_row(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts, sheet.iloc[1:]


def _other_ids(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts, sheet.assign(library=[f"tube{number}" for number in range(12)])


def _repeat_feature(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts.rename(index={"GENE1": "GENE0"}), sheet


def _floats(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts + 0.25, sheet


def _negative(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return counts - 60, sheet


def _logs(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    return pd.DataFrame(np.log2(counts + 1)), sheet


def _missing(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    changed = counts.astype(float)
    changed.loc["GENE3", "lib5"] = np.nan
    return changed, sheet


def _words(counts: pd.DataFrame, sheet: pd.DataFrame) -> Frames:
    changed = counts.astype(object)
    changed.iloc[4, 2] = "many"
    return changed, sheet


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_rename_column, ("labels of the columns must be unique", "lib0", "Rename")),
        (_no_column_name, ("1 columns have no label", "name them")),
        (_repeat_row, ("labels of the rows by library must be unique", "lib0")),
        (_no_id, ("rows by library have no label", "name them")),
        (_drop_row, ("1 of 12 samples are not in the sample sheet (lib0)", "Add them")),
        (_other_ids, ("no column of", "sheet.tsv", "holds the sample ids", "make one column")),
        (_repeat_feature, ("labels of the rows must be unique", "GENE0")),
        (_floats, ("counts.tsv", "counts")),
        (_negative, ("counts.tsv", "negative")),
        (_logs, ("counts.tsv", "counts")),
        (_missing, ("counts.tsv", "missing")),
        (_words, ("lib2", "'many'", "expected numbers")),
    ],
)  # fmt: skip
def test_a_bad_matrix_or_sheet(
    change: Callable[[pd.DataFrame, pd.DataFrame], Frames],
    said: tuple[str, ...],
    study: Path,
    counts: pd.DataFrame,
    sheet: pd.DataFrame,
    out: Path,
) -> None:
    _write(study, *change(counts, sheet))
    _names(refused(out, *_own(study, "scale=counts:count"), "-o", out / "own.h5ad"), *said)


def test_features_without_any_value(study: Path, counts: pd.DataFrame, sheet: pd.DataFrame, out: Path) -> None:
    changed = counts.astype(float)
    changed.loc[["GENE3", "GENE8"]] = np.nan
    _write(study, changed, sheet)
    line = refused(out, *_own(study, "scale=log2:cpm:1"), "-o", out / "own.h5ad")
    _names(line, "expected a value", "2 of 300 features have none (GENE3, GENE8)", "all_missing=keep")
    must(*_own(study, "scale=log2:cpm:1", "all_missing=keep"), "-o", out / "own.h5ad")


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ((), ("scale of the values is not declared", "never guessed", "counts:count")),
        (("scale=guess:count",), ("scale kind must be one of counts, linear, log2", "'guess'")),
        (("scale=counts:barrels",), ("scale quantity must be one of", "'barrels'")),
        (("scale=log2:cpm:1", "shade=red"), ("no option shade", "it has")),
    ],
)  # fmt: skip
def test_a_scale_that_is_not_declared(scale: tuple[str, ...], said: tuple[str, ...], study: Path, out: Path) -> None:
    _names(refused(out, *_own(study, *scale), "-o", out / "own.h5ad"), *said)


COMMANDS_ON_DATA = (
    ("score", "-o", "s.tsv", "--signatures", "imm.cyt"),
    ("preprocess", "-o", "p.h5ad", "--normalize", "median_mad"),
    ("differential", "-o", "d.tsv", "--recipe", "randomized_trial_rna"),
    ("harmonize", "-o", "h.h5ad", "--to-species", "human"),
)


@pytest.mark.parametrize("words", COMMANDS_ON_DATA, ids=lambda words: words[0])
def test_an_object_from_elsewhere(words: tuple[str, ...], tmp_path: Path, out: Path) -> None:
    AnnData(np.ones((3, 4))).write_h5ad(tmp_path / "bare.h5ad")
    command, option, name, *rest = words
    line = refused(out, command, tmp_path / "bare.h5ad", option, out / name, *rest)
    _names(
        line, "bare.h5ad", "obs lacks subject_id", "uns['exomics'] is missing", "exomics load --loader expression_table"
    )


@pytest.mark.parametrize("words", COMMANDS_ON_DATA[:3], ids=lambda words: words[0])
def test_an_object_without_a_scale(words: tuple[str, ...], embedded: Path, tmp_path: Path, out: Path) -> None:
    data = read_data(embedded / "tumor.h5ad")
    del data.uns["exomics"]["scale"]
    write_data(data, tmp_path / "x.h5ad")
    command, option, name, *rest = words
    _names(refused(out, command, tmp_path / "x.h5ad", option, out / name, *rest), "scale of X is not declared", "kind=")


def test_an_object_of_several_assays(embedded: Path, tmp_path: Path, out: Path) -> None:
    tumor = read_data(embedded / "tumor.h5ad")
    with set_options(pull_on_update=False):
        write_data(MuData({"rna": tumor[:5, :5].copy(), "protein": tumor[:5, 5:9].copy()}), tmp_path / "two.h5mu")
    words = ("score", tmp_path / "two.h5mu", "-o", out / "s.tsv", "--signatures", "imm.cyt")
    _names(refused(out, *words), "holds several assays (rna, protein)", "write the one you mean")


@pytest.fixture
def loaded(study: Path, tmp_path: Path) -> Path:
    must(*_own(study, "scale=counts:count"), "-o", tmp_path / "own.h5ad")
    must("preprocess", tmp_path / "own.h5ad", "-o", tmp_path / "ready.h5ad", "--normalize", "tmm")
    return tmp_path / "ready.h5ad"


@pytest.mark.parametrize(
    ("design", "contrast", "said"),
    [
        ("~ 0 + group + site", "trained - control", ("rank-deficient", "site[T.south]", "trained", "Leave out")),
        ("~ person + group", "group[T.trained]", ("person is confounded with group", "simpler design")),
        ("~ 0 + group", "trained - trained", ("the contrast 'trained - trained' is zero", "control, trained")),
        ("~ 0 + group", "x=trained - resting", ("'x' names 'resting'", "no condition", "control, trained")),
        ("~ 0 + group", "trained -", ("trained -",)),
        ("~ 0 + grup", "trained - control", ("'grup'", "no column", "Did you mean 'group'")),
        ("group", "trained - control", ("~",)),
        ("~ 0 + group; import os", "trained - control", ("~ 0 + group; import os",)),
        ("~ 0 + __import__('os').getcwd()", "trained - control", ("__import__",)),
    ],
)  # fmt: skip
def test_a_design_or_contrast_that_cannot_be_estimated(
    design: str, contrast: str, said: tuple[str, ...], loaded: Path, out: Path
) -> None:
    words = ("--method", "limma_voom", "--design", design, "--contrast", contrast)
    _names(refused(out, "differential", loaded, "-o", out / "d.tsv", *words), *said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "limma_voom", "--design", "~ 0 + group"), ("give --recipe", "--contrast")),
        (("--recipe", "randomized_trial_rna", "--design", "~ 1"), ("either --recipe or those",)),
        (("--recipe", "no_such_recipe"), ("no recipe is called 'no_such_recipe'", "randomized_trial_rna")),
        (("--recipe", "motrpac_muscle_protein"), ("takes log2", "counts count", "Choose the recipe")),
        (("--recipe", "randomized_trial_rna"), ("exercise_post",)),
        (("--method", "magic", *TRAINED), ("no test is called 'magic'",)),
        (("--method", "limma_voom", *TRAINED, "--option", "luck=1"), ("luck",)),
        (("--method", "limma_voom", *TRAINED, "--family", "f:b"), ("'f'", "'b'")),
    ],
)  # fmt: skip
def test_a_differential_that_is_not_told_what_to_do(
    words: tuple[str, ...], said: tuple[str, ...], loaded: Path, out: Path
) -> None:
    _names(refused(out, "differential", loaded, "-o", out / "d.tsv", *words), *said)


def _manifest(**changes: object) -> dict[str, object]:
    file = {"role": "data", "url": "https://example.org/v1.0/a.tsv", "sha256": "0" * 64, "bytes": 12}
    return {
        "id": "made_up", "version": "1", "title": "A made up dataset", "license": "CC0",
        "description": "For a test of bad manifests only.",
        "loader": "measurements", "files": [file | changes],
        "data_use": {"terms": "none at all", "acknowledgment": "nobody at all"},
        "first_checks": {"n_samples": 1, "n_features": 1, "values": [{"sample": "a", "feature": "b", "value": 1}]},
    }  # fmt: skip


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of manifests of our own."""
    folder = tmp_path / "data_manifests"
    shutil.copytree(_resources.registry_folder("data_manifests") / "schemas", folder / "schemas")
    monkeypatch.setattr(manifests, "registry_folder", lambda _: folder)
    monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path / "cache"))
    manifests.load_manifest.cache_clear()
    return folder


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://example.org/../../etc/passwd", "leaves its folder"),
        ("https://example.org/a/..%2f..%2fb.tsv", "leaves its folder"),
        ("https://example.org/a//b.tsv", "leaves its folder"),
        ("https://example.org/a\\..\\b.tsv", "leaves its folder"),
        ("file:///etc/passwd", "does not match"),
        ("http://example.org/a.tsv", "does not match"),
    ],
)
def test_a_manifest_with_a_path_that_climbs(url: str, said: str, registry: Path, tmp_path: Path, out: Path) -> None:
    (registry / "made_up.yaml").write_text(yaml.safe_dump(_manifest(url=url)), encoding="utf-8")
    _names(refused(out, "fetch", "made_up", "--to", out), "made_up.yaml", said)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", [b"x\ty\n1\t2", b"x\ty\n1\t3\n", b""])
def test_a_truncated_or_altered_download(
    content: bytes, registry: Path, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (registry / "made_up.yaml").write_text(yaml.safe_dump(_manifest()), encoding="utf-8")
    place = tmp_path / "mirror" / "example.org" / "v1.0" / "a.tsv"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    ran = exomics("fetch", "made_up", "--to", out)
    assert ran.status == 2
    *progress, line = ran.err.splitlines()
    assert all(told.startswith("fetching made_up") for told in progress)
    _names(
        line,
        "exomics: a.tsv of dataset made_up",
        "expected 12 bytes, sha256 0000",
        f"got {len(content)} bytes",
        "deleted",
    )
    assert not out.exists()
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_download_that_cannot_be_had(registry: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (registry / "made_up.yaml").write_text(yaml.safe_dump(_manifest()), encoding="utf-8")
    monkeypatch.delenv("EXOMICS_MIRROR", raising=False)
    _names(
        refused(out, "fetch", "made_up", "--offline", "--to", out), "is not in the cache", "offline", "EXOMICS_MIRROR"
    )
    _names(refused(out, "fetch", "made_upp", "--to", out), "no dataset is called 'made_upp'", "did you mean made_up")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unknown_s3", ("unknown.rda", "lm", "class")),
        ("unknown_s4", ("unknown.rda", "class")),
        ("", ("unknown.rda", "expected one object", "unknown_s3, unknown_s4", "Name one")),
    ],
)
def test_an_r_file_of_an_unknown_class(name: str, said: tuple[str, ...], out: Path) -> None:
    words = ("load", "--loader", "bioconductor", "--file", f"data={FIXTURES / 'unknown.rda'}", "-o", out / "x.h5ad")
    _names(refused(out, *words, *(("--option", f"object={name}") if name else ())), *said)


def test_an_r_file_cut_short(tmp_path: Path, out: Path) -> None:
    whole = (FIXTURES / "expression_set.rda").read_bytes()
    (tmp_path / "cut.rda").write_bytes(whole[: len(whole) // 2])
    words = ("load", "--loader", "bioconductor", "--file", f"data={tmp_path / 'cut.rda'}", "-o", out / "x.h5ad")
    _names(refused(out, *words), "cut.rda")


def test_a_damaged_h5ad(tmp_path: Path, out: Path) -> None:
    (tmp_path / "x.h5ad").write_bytes(b"not hdf5 at all")
    _names(refused(out, "score", tmp_path / "x.h5ad", "-o", out / "s.tsv", "--signatures", "all"), "not a whole .h5ad")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("load", "embedded_muscle_rna", "-o", "{out}/x.txt"), (".h5ad or .h5mu or .tsv",)),
        (("load", "-o", "{out}/x.h5ad"), ("either a DATASET, or --loader",)),
        (("load", "embedded_muscle_rna", "--option", "n=1", "-o", "{out}/x.h5ad"), ("go with --loader",)),
        (("load", "embedded_muscle_rma", "-o", "{out}/x.h5ad"), ("did you mean embedded_muscle_rna",)),
        (("load", "embedded_truth", "-o", "{out}/x.h5ad"), ("is a table",)),
        (("load", "--loader", "magic", "--file", "data=no.tsv", "-o", "{out}/x"), ("no.tsv does not exist",)),
        (("score", "nowhere.h5ad", "-o", "{out}/x.tsv", "--signatures", "all"), ("nowhere.h5ad does not exist",)),
        (("score",), ("the following arguments are required", "exomics score --help")),
        (("pool", "--shade"), ("exomics pool --help",)),
        (("catalog", "planets"), ("invalid choice: 'planets'",)),
        (("cite", "no_such_method"), ("'no_such_method' is no file, and no method, recipe or dataset",)),
        (("verify", "nowhere"), ("nowhere does not exist",)),
        (("run", "no_such_workflow"), ("invalid choice: 'no_such_workflow'",)),
        (("power", "main", "--effect", "1", "--n", "-9", "-o", "{out}/x.tsv"), ("0 or more, got '-9'",)),
        (("power", "main", "--effect", "1", "--seed", "-1", "-o", "{out}/x.tsv"), ("0 or more, got '-1'",)),
        (("--threads", "many", "doctor"), ("--threads needs a number", "'many'")),
        (("--threads",), ("--threads needs a number",)),
    ],
)  # fmt: skip
def test_a_wrong_word(words: tuple[str, ...], said: tuple[str, ...], out: Path) -> None:
    _names(refused(out, *(word.format(out=out) for word in words)), *said)


def test_scores_are_refused_where_they_would_mean_nothing(embedded: Path, out: Path) -> None:
    tumor, own = embedded / "tumor.h5ad", embedded / "muscle.yaml"
    _names(
        refused(out, "score", tumor, "-o", out / "s.tsv", "--signatures", own),
        "trn.embedded_muscle_training", "muscle_rna", "tumor_rna", "--allow-layer",
    )  # fmt: skip
    line = refused(out, "score", tumor, "-o", out / "s.tsv", "--signatures", "imm.cytt")
    _names(line, "'imm.cytt'", "imm.cyt")
    _names(
        refused(out, "score", tumor, "-o", out / "s.tsv", "--signatures", "imm.cyt", "--controls", 5), "goes together"
    )
    _names(refused(out, "score", tumor, "-o", out / "s.tsv", "--signatures", "imm.cyt", "--method", "luck"), "luck")


def test_associations_keep_one_sample_per_subject(embedded: Path, out: Path) -> None:
    words = (
        "associate",
        embedded / "panel.tsv",
        "--samples",
        embedded / "tumor.h5ad",
        "--cohort",
        "x",
        "-o",
        out / "a.tsv",
    )
    _names(refused(out, *words), "occurs twice", "one time point")
    _names(refused(out, *words, "--time-point", "midday"), "'midday'", "the cohort has baseline")
    _names(refused(out, *words, "--time-point", "baseline", "--endpoint", "luck"), "luck")


def test_a_table_of_another_kind(embedded: Path, out: Path) -> None:
    _names(
        refused(out, "pool", embedded / "panel.tsv", "-o", out / "p.tsv"),
        "PerformanceTable needs the columns",
        "missing",
    )
    words = ("derive", embedded / "panel.tsv", "-o", out / "s.yaml", "--rule", "embedded_muscle_training")
    _names(refused(out, *words), "DifferentialTable needs the columns")
    _names(refused(out, "report", embedded / "controls.said", "-o", out / "r.html"), "does not exist")
    _names(
        refused(out, "compare", embedded / "panel.tsv", "-o", out / "c.tsv", "--truth", embedded / "truth.tsv"),
        "columns",
    )


def test_a_package_of_altered_inputs(embedded: Path, tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(embedded, folder)
    table = folder / "training.tsv"
    table.write_text(table.read_text("utf-8").replace("\tok\t", "\tOK\t", 1), encoding="utf-8")
    _names(refused(out, "publish", folder / "muscle.yaml", "-o", out / "package"), "training.tsv was changed", "again")
    _names(refused(out, "publish", folder / "panel.tsv", "-o", out / "package"), "needs a signature")


def test_a_folder_that_is_no_package(tmp_path: Path, out: Path) -> None:
    _names(refused(out, "verify", tmp_path), "is no signature package", "SHA256SUMS")


def test_an_output_that_would_replace_an_input(embedded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(embedded, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    table, tumor, panel = folder / "training.tsv", folder / "tumor.h5ad", folder / "panel.tsv"
    for words in (
        ("derive", table, "-o", folder / "training.yaml", "--rule", "embedded_muscle_training"),
        ("preprocess", tumor, "-o", tumor, "--flag", "flag_missing_samples"),
        ("compare", table, "-o", table, "--truth", folder / "truth.tsv", "--contrast", "training"),
        ("associate", panel, "--samples", tumor, "--cohort", "x", "--time-point", "baseline", "-o", panel),
    ):
        _names(refused(tmp_path / "no", *words), "would replace an input", "another name")
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
