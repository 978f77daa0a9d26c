"""The workflow exercise_response, whole: on the embedded study, on studies of a user's own, and on the real one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from exomics._files import sha256_of, write_text
from exomics.publish.verify import CHECKSUMS
from exomics.registry import read_signature
from exomics.registry.document import parse_yaml
from exomics.results import DifferentialTable, PerformanceTable, ScoreTable
from tests.shared import Ran, exomics, made_once, must
from tests.workflows.conftest import TRAINED, own_counts, ready

pytestmark = pytest.mark.slow
COHORT = "embedded_tumor_rna"
OWN_SIGNATURE = "own.mine"


def _run(folder: Path, configfile: str = "config.yaml") -> Ran:
    """The workflow in `folder`; it has to succeed."""
    words = [sys.executable, "-m", "exomics", "run", "exercise_response", "-d", folder, "--configfile", configfile]
    ran = subprocess.run([*map(str, words), "--cores", "2"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run on the embedded study; what was printed is in ``out.txt`` and ``err.txt``."""

    def make(folder: Path) -> None:
        ran = _run(folder, "simulated")
        write_text(folder / "out.txt", ran.out)
        write_text(folder / "err.txt", ran.err)

    return made_once(tmp_path_factory, "exercise_response", make)


def test_the_embedded_study_ends_in_truth_beside_finding(embedded: Path) -> None:
    out = (embedded / "out.txt").read_text(encoding="utf-8")
    summary = (embedded / "results" / "SUMMARY.txt").read_text(encoding="utf-8")
    assert summary in out
    assert "Truth beside finding" in summary
    assert "EV miR-29a-3p, change by training [log2]" in summary
    assert "intervals for planted quantities" in summary
    results = embedded / "results"
    for line in ("package", "signature table", "report", "what steps told"):
        place = next(told for told in out.splitlines() if told.startswith(line)).removeprefix(line).split()[0]
        assert Path(place).exists()
        assert Path(place).resolve().is_relative_to(results.resolve())
    assert "no difference" in (results / "verified.txt").read_text(encoding="utf-8").splitlines()[-1]


def test_the_report_is_one_page_that_reads_nothing_from_elsewhere(embedded: Path) -> None:
    page = (embedded / "results" / "report.html").read_text(encoding="utf-8")
    for outside in ('src="http', "src='http", "@import", "<link", "url(http"):
        assert outside not in page
    assert "trn.embedded_muscle_training" in page
    assert "exploration" in page


def test_progress_is_one_line_per_step(embedded: Path) -> None:
    lines = (embedded / "err.txt").read_text(encoding="utf-8").splitlines()
    steps = [line for line in lines if line.startswith("[")]
    assert len(steps) == len(list((embedded / "results" / "logs").iterdir())) + 1  # verify writes no log
    assert all(line.startswith(("[", "  again: exomics ")) for line in lines)


def test_the_signature_is_scored_beside_random_sets_as_an_exploration(embedded: Path) -> None:
    results = embedded / "results"
    derived = ScoreTable.from_tsv(results / "scores" / f"{COHORT}.derived.tsv").frame
    assert set(derived["status"]) == {"wrong_layer_override"}
    table = PerformanceTable.from_tsv(results / "associations" / f"{COHORT}.tsv").frame
    exploratory = table[table["signature_id"] == "trn.embedded_muscle_training"]
    assert {"empirical_p_value", "control_percentile"} <= set(exploratory["metric"])


def test_everything_was_written_whole(embedded: Path) -> None:
    assert [path.name for path in embedded.rglob("*.part.*")] == []
    files = [path for path in (embedded / "results").rglob("*") if path.is_file() and path.name[0] != "."]
    assert [path.name for path in files if not path.stat().st_size] == []


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("differential/embedded_muscle_rna.tsv", "p_value"),
        (f"associations/{COHORT}.tsv", "estimate"),
        ("signatures/embedded_muscle_rna.tsv", "effect_size"),
    ],
)
def test_one_changed_digit_is_found_and_named(embedded: Path, tmp_path: Path, name: str, column: str) -> None:
    package = tmp_path / "package"
    shutil.copytree(embedded / "results" / "package", package)
    line = _flip_a_digit(package / name, column)
    _seal(package)
    ran = exomics("verify", package)
    assert ran.status == 2
    last = ran.err.splitlines()[-1]
    assert last.startswith("exomics: ")
    assert f"FAILED  recomputed  {name}  line {line}, column {column}: published " in ran.out
    assert f"the first is {name}" in last


def _flip_a_digit(path: Path, column: str) -> int:
    """Change the last digit of the first number of `column`; the number of its line."""
    lines = path.read_text(encoding="utf-8").split("\n")
    place = lines[0].split("\t").index(column)
    for number, line in enumerate(lines[1:-1], start=1):
        fields = line.split("\t")
        if "." in fields[place] and "e" not in fields[place]:
            fields[place] = fields[place][:-1] + str((int(fields[place][-1]) + 1) % 10)
            lines[number] = "\t".join(fields)
            path.write_text("\n".join(lines), encoding="utf-8")
            return number + 1
    raise AssertionError(f"no number in {column}")


def _seal(package: Path) -> None:
    files = [path for path in package.rglob("*") if path.is_file() and path.name != CHECKSUMS and path.name[0] != "."]
    names = sorted(path.relative_to(package).as_posix() for path in files)
    write_text(package / CHECKSUMS, "".join(f"{sha256_of(package / name)}  {name}\n" for name in names))


def test_a_second_run_does_nothing(embedded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(embedded, folder)
    before = {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*.tsv")}
    assert "Nothing to be done" in _run(folder, "simulated").err
    assert {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*.tsv")} == before


def _interrupt(folder: Path, step: str, stop: signal.Signals) -> None:
    """Start the workflow, and stop it once `step` has begun."""
    words = [sys.executable, "-m", "exomics", "run", "exercise_response", "-d", folder, "--configfile", "simulated"]
    child = subprocess.Popen(
        [*map(str, words), "--cores", "1"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    begun = folder / "results" / "logs" / f"{step}.txt"
    deadline = time.monotonic() + 300
    while not begun.exists() and time.monotonic() < deadline:
        assert child.poll() is None
        time.sleep(0.2)
    if stop == signal.SIGTERM:
        child.send_signal(stop)
    else:
        os.killpg(child.pid, stop)
    assert child.wait(timeout=120) != 0


def test_a_run_that_is_interrupted_again_and_again_resumes(embedded: Path, tmp_path: Path) -> None:
    """By each of three signals, each in another step; what was finished by then is never made again."""
    folder, finished = tmp_path / "work", {}
    for stop, step, done in (
        (signal.SIGINT, "differential.embedded_muscle_rna", "data/embedded_muscle_rna.h5ad"),
        (signal.SIGTERM, "derive_signature.embedded_muscle_rna", "differential/embedded_muscle_rna.tsv"),
        (signal.SIGKILL, f"score_derived.{COHORT}", "signatures/embedded_muscle_rna.tsv"),
    ):
        _interrupt(folder, step, stop)
        finished[done] = (folder / "results" / done).stat().st_mtime_ns
        written = [path for path in (folder / "results").rglob("*.tsv") if not path.name.startswith(".")]
        for path in written:
            same = embedded / path.relative_to(folder)
            assert path.read_bytes() == same.read_bytes()  # whole or absent, never half
    _run(folder, "simulated")
    assert {done: (folder / "results" / done).stat().st_mtime_ns for done in finished} == finished
    sums = Path("results", "package", CHECKSUMS)
    assert (folder / sums).read_bytes() == (embedded / sums).read_bytes()


def _verified(folder: Path) -> str:
    return (folder / "results" / "verified.txt").read_text(encoding="utf-8").splitlines()[-1]


def test_an_own_study_from_a_tsv(tmp_path: Path, sheet: pd.DataFrame) -> None:
    counts = own_counts(effect=2.5, seed=3)
    counts.to_csv(tmp_path / "counts.tsv", sep="\t")
    sheet.to_csv(tmp_path / "sheet.tsv", sep="\t", index=False)
    words = ("--matrix", tmp_path / "counts.tsv", "--sheet", tmp_path / "sheet.tsv", "--scale", "counts:count")
    folder = ready(
        tmp_path / "mine", *words, "--species", "human", "--specimen", "muscle", "--subject", "donor", *TRAINED,
        "--cohort", f"{COHORT}:baseline",
    )  # fmt: skip
    ran = _run(folder)
    signature = read_signature(folder / "results" / "signatures" / "mine.yaml")
    raised, lowered = set(counts.index[:60]), set(counts.index[60:120])
    assert len(raised & set(signature.features("up"))) >= 50
    assert len(lowered & set(signature.features("down"))) >= 50
    assert len(set(signature.features("up")) - raised) <= 8
    assert "no difference" in _verified(folder)
    assert (folder / "results" / "package" / "study.yaml").is_file()
    assert "features rise" in ran.out
    derived = ScoreTable.from_tsv(folder / "results" / "scores" / f"{COHORT}.derived.tsv").frame
    assert set(derived["status"]) == {"wrong_layer_override"}


def test_an_own_study_from_a_layer_of_an_h5ad(tmp_path: Path, sheet: pd.DataFrame) -> None:
    counts = own_counts(effect=2.5, seed=4)
    values = counts.to_numpy().T.astype(np.float64)
    data = AnnData(np.log1p(values), obs=sheet.set_index("library"), var=pd.DataFrame(index=counts.index))
    data.layers["counts"] = sparse.csr_matrix(values)
    data.write_h5ad(tmp_path / "own.h5ad")
    folder = ready(
        tmp_path / "mine", "--matrix", tmp_path / "own.h5ad", "--layer", "counts", "--scale", "counts:count",
        "--species", "human", "--specimen", "muscle", "--subject", "donor", *TRAINED,
    )  # fmt: skip
    _run(folder)
    assert len(read_signature(folder / "results" / "signatures" / "mine.yaml").features("up")) >= 50
    assert "no difference" in _verified(folder)


def test_a_null_study_runs_through_and_is_reported_as_a_null(tmp_path: Path, sheet: pd.DataFrame) -> None:
    own_counts(effect=1.0, seed=11).to_csv(tmp_path / "counts.csv")
    sheet.to_csv(tmp_path / "sheet.csv", index=False)
    words = ("--matrix", tmp_path / "counts.csv", "--sheet", tmp_path / "sheet.csv", "--scale", "counts:count")
    folder = ready(
        tmp_path / "mine", *words, "--species", "human", "--specimen", "muscle", *TRAINED,
        "--cohort", f"{COHORT}:baseline",
    )  # fmt: skip
    ran = _run(folder)
    results = folder / "results"
    table = DifferentialTable.from_tsv(results / "differential" / "mine.tsv").frame
    assert int((table["adj_p_value"] < 0.05).sum()) == 0
    signature = read_signature(results / "signatures" / "mine.yaml")
    assert (signature.members, signature.availability) == ((), "empty")
    assert "no evidence of change in training for any of 1,200 features" in ran.out
    derived = ScoreTable.from_tsv(results / "scores" / f"{COHORT}.derived.tsv").frame
    assert derived["score"].isna().all()
    assert set(derived["status"]) == {"not_measured"}
    associations = PerformanceTable.from_tsv(results / "associations" / f"{COHORT}.tsv").frame
    own = associations[associations["signature_id"] == OWN_SIGNATURE]
    assert len(own) > 0
    assert own["estimate"].isna().all()
    assert own["note"].str.contains("no members").all()
    assert "no difference" in _verified(folder)
    assert OWN_SIGNATURE in (results / "report.html").read_text(encoding="utf-8")


def _tumor_cohort(folder: Path, *, outcomes: bool) -> tuple[object, ...]:
    genes = ["GZMA", "PRF1", "CD8A", "CXCL9", "CXCL10", "IDO1", "IFNG", "HLA-DRA", "STAT1", "COL1A1", "COL1A2"]
    genes += [f"GENE{number}" for number in range(900)]
    generator = np.random.default_rng(8)
    ids = [f"t{number:02d}" for number in range(40)]
    values = generator.lognormal(2.0, 1.0, size=(len(genes), 40))
    pd.DataFrame(values, index=pd.Index(genes, name="gene"), columns=ids).to_csv(folder / "tpm.tsv.gz", sep="\t")
    sheet = pd.DataFrame({"tumor": ids, "stage": ["III", "IV"] * 20})
    if outcomes:
        sheet = sheet.assign(
            months=generator.exponential(20.0, 40).round(2),
            died=generator.integers(0, 2, 40),
            best=generator.choice(["CR", "PD"], 40),
        )
    sheet.to_csv(folder / "patients.tsv", sep="\t", index=False)
    told = ("--survival", "os=months,died,month", "--response", "best=CR:responder,PD:non_responder")
    words = ("--matrix", folder / "tpm.tsv.gz", "--sheet", folder / "patients.tsv", "--scale", "linear:tpm")
    return (*words, "--species", "human", "--specimen", "tumor", *(told if outcomes else ()))


@pytest.mark.parametrize("outcomes", [True, False])
def test_a_tumor_cohort_only(outcomes: bool, tmp_path: Path) -> None:
    folder = ready(tmp_path / "mine", *_tumor_cohort(tmp_path, outcomes=outcomes))
    ran = _run(folder)
    results = folder / "results"
    panel = ScoreTable.from_tsv(results / "scores" / "mine.panel.tsv").frame
    assert set(panel.loc[panel["signature_id"] == "imm.cyt", "status"]) == {"ok"}
    assert set(panel.loc[panel["signature_id"] == "tum.oxphos", "status"]) == {"below_floor"}
    assert not (results / "package").exists()  # a package needs a signature
    assert (results / "associations" / "mine.tsv").is_file() == outcomes
    assert "imm.cyt" in (results / "report.html").read_text(encoding="utf-8")
    if outcomes:
        table = PerformanceTable.from_tsv(results / "associations" / "mine.tsv").frame
        assert {"os", "response"} == set(table["endpoint"])
    assert "report" in ran.out


def test_a_changed_matrix_or_study_is_read_again(tmp_path: Path) -> None:
    folder = ready(tmp_path / "mine", *_tumor_cohort(tmp_path, outcomes=False))
    _run(folder)
    panel = folder / "results" / "scores" / "mine.panel.tsv"
    before = ScoreTable.from_tsv(panel).frame.set_index(["signature_id", "sample_id"])
    matrix = pd.read_csv(tmp_path / "tpm.tsv.gz", sep="\t", index_col=0)
    (matrix * np.linspace(1.5, 3.0, 40)).to_csv(tmp_path / "tpm.tsv.gz", sep="\t")
    study = parse_yaml((folder / "study.yaml").read_bytes(), "study.yaml")
    study["model"]["type"] = "pdx"
    write_text(folder / "study.yaml", json.dumps(study))
    _run(folder)
    after = ScoreTable.from_tsv(panel).frame.set_index(["signature_id", "sample_id"])
    assert (before.loc["ecm.col1", "score"] != after.loc["ecm.col1", "score"]).all()
    assert set(before.loc["imm.ifng6", "status"]) == {"ok"}
    assert set(after.loc["imm.ifng6", "status"]) == {"not_applicable"}  # a xenograft has no adaptive immunity
    assert "adaptive-immune scores" in (folder / "results" / "logs" / "harmonize_cohort.mine.txt").read_text("utf-8")


def test_a_step_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    folder = ready(tmp_path / "mine", *_tumor_cohort(tmp_path, outcomes=False))
    (tmp_path / "tpm.tsv.gz").write_bytes(b"")
    ran = exomics("run", "exercise_response", "-d", folder, "--configfile", "config.yaml", "--cores", 1)
    assert ran.status == 2
    assert must("doctor")
    words = [
        sys.executable,
        "-m",
        "exomics",
        "run",
        "exercise_response",
        "-d",
        str(folder),
        "--configfile",
        "config.yaml",
    ]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stderr.splitlines()
    assert [line for line in told if "tpm.tsv.gz" in line][0].startswith("exomics: ")
    assert told[-2:] == [
        "failed: load_cohort mine",
        "exomics: the workflow stopped (Snakemake's exit 1); the first error above says why. "
        "Mend it and run the same command again: finished steps are kept.",
    ]
