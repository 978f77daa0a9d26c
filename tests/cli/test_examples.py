"""The examples of `--help`, one after the other, each as it stands there."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.cli.main import COMMANDS
from exomics.registry.locked_model import LockedLinear, Part, write_locked_model
from exomics.schema.study import template_text
from tests.shared import must

FROM_REAL_DATA = ("motrpac", "TRNSCRPT", "rat.", "--identifiers mirna")
KINDS = ("T.cells.CD8", "B.cells", "Monocytes")
INPUTS_OF_THESE = ("load embedded_muscle_rna", "load embedded_ev_mirna", "differential muscle.h5ad")
ELSEWHERE = {"run"}  # whole workflows: tests/workflows


def _examples(command: str) -> list[list[str]]:
    said = (importlib.import_module(f"exomics.cli.{command}").__doc__ or "").replace("\\\n", " ")
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith(f"exomics {command}")]
    return [shlex.split(line)[1:] for line in lines]


def _is_real(words: list[str]) -> bool:
    return any(mark in " ".join(words) for mark in FROM_REAL_DATA)


def _run(*, real: bool) -> int:
    """Run the examples on real data (after those that make their inputs), or all others, in the order of COMMANDS."""
    examples = [words for command in COMMANDS if command not in ELSEWHERE for words in _examples(command)]
    wanted = [words for words in examples if real and " ".join(words).startswith(INPUTS_OF_THESE)]
    examples = [words for words in examples if _is_real(words) == real or words in wanted]
    examples.sort(key=lambda words: words[0] == "init")  # whose files are the user's own
    for words in examples:
        must(*words)
    return len(examples)


def _model() -> LockedLinear:
    """What `exomics stratify` would have locked in another cohort."""
    one = np.ones(2)
    return LockedLinear(
        id="inflamed", endpoint="response", classes=("non_responder", "responder"), cohort="training",
        scales={"features": "linear tpm"}, parts=(Part("all", (-1.0,)),), n_samples=80, n_events=30,
        features=("CXCL9", "GZMA"), part_of=("all", "all"), coefficients=0.01 * np.ones((2, 1)), fills=80 * one,
        means=80 * one, deviations=80 * one,
    )  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: pd.DataFrame, sheet: pd.DataFrame) -> Path:
    """A folder with what a user would bring: counts, TPM and their sheets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    counts.to_csv("counts.tsv", sep="\t")
    sheet.to_csv("samples.tsv", sep="\t", index=False)
    (counts / counts.sum() * 1e6).to_csv("tpm.tsv", sep="\t")
    genes = ["CD3D", "CD3E", "CD5", "CD6", "CD19", "CD79A", "MS4A1", "CD22", "CSF1R", "FPR3", "KYNU", "CD163"]
    kinds = {name: [200.0 * (at // 4 == group) + 1 + at for at in range(12)] for group, name in enumerate(KINDS)}
    pd.DataFrame(kinds, pd.Index(genes, name="gene")).to_csv("profiles.tsv", sep="\t")
    patients = sheet.assign(months=range(1, 13), died=[0, 1] * 6, recist=["R", "NR", "NR"] * 4)
    followed = {"os_time_months": range(2, 14), "os_event": [1, 0] * 6, "adherent_month": [1.5, None, None] * 4}
    sheet.assign(**followed).to_csv("sessions.tsv", sep="\t", index=False)
    patients.to_csv("patients.tsv", sep="\t", index=False)
    write_locked_model(_model(), "model")
    Path("study.yaml").write_text(template_text(species="human"), encoding="utf-8")
    Path("secretome.txt").write_text("DCN\nLGI3\nSPARC\n", encoding="utf-8")
    serial = {"subject_id": ["p1"] * 4 + ["p2"] * 4, "time": [0, 4, 8, 12] * 2, "il6": [2.0, 2.1, 1.9, 6.0] + [3.0] * 4}
    pd.DataFrame(serial).to_csv("serial.tsv", sep="\t", index=False)
    crossed = {"subject_id": [f"p{at // 4}" for at in range(24)], "period": [1, 2, 3, 4] * 6}
    crossed |= {"arm": ["run", "rest"] * 12, "vo2peak_change": [at * 7 % 11 for at in range(24)]}
    pd.DataFrame(crossed).to_csv("crossover.tsv", sep="\t", index=False)
    return tmp_path


def test_the_examples_on_the_embedded_study_run(here: Path) -> None:
    assert _run(real=False) >= 25
    assert (here / "mystudy" / "analysis.yaml").is_file()
    assert not (here / "mycohort" / "analysis.yaml").exists()
    assert len(pd.read_csv(here / "pooled.tsv", sep="\t")) > 0


@pytest.mark.real_data
@pytest.mark.slow
def test_the_examples_on_real_data_run(here: Path, mirror: Path) -> None:
    assert _run(real=True) >= 18
    assert (here / "signatures" / "rat.yaml").is_file()
