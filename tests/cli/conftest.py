"""The embedded study through every command, once for all tests of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.shared import made_once, must

PANEL = ("imm.cyt", "imm.ifng6", "ecm.col1", "tum.oxphos", "gene:CXCL9")
TABLES = ("training.tsv", "panel.tsv", "derived.tsv", "associations.tsv", "pooled.tsv", "recovery.tsv")


def _embedded(folder: Path) -> None:
    def at(*names: str) -> list[Path]:
        return [folder / name for name in names]

    muscle, tumor, truth, table, signature = at("muscle.h5ad", "tumor.h5ad", "truth.tsv", "training.tsv", "muscle.yaml")
    panel, derived, controls, estimates = at("panel.tsv", "derived.tsv", "controls.tsv", "estimates.tsv")
    associations, pooled, recovery, package = at("associations.tsv", "pooled.tsv", "recovery.tsv", "package")
    said = {
        "load": must("load", "embedded_muscle_rna", "-o", muscle),
        "load_tumor": must("load", "embedded_tumor_rna", "-o", tumor),
        "load_truth": must("load", "embedded_truth", "-o", truth),
        "differential": must("differential", muscle, "-o", table, "--recipe", "randomized_trial_rna"),
        "compare": must("compare", table, "-o", recovery, "--truth", truth, "--contrast", "training"),
        "derive": must("derive", table, "-o", signature, "--rule", "embedded_muscle_training"),
        "score": must("score", tumor, "-o", panel, "--signatures", *PANEL),
        "score_derived": must(
            "score", tumor, "-o", derived, "--signatures", signature, "--allow-layer",
            "--controls", 50, "--controls-output", controls, "--seed", 7,
        ),
        "associate": must(
            "associate", panel, derived, "--samples", tumor, "--cohort", "embedded", "--time-point", "baseline",
            "-o", associations, "--controls", controls, "--controls-output", estimates,
        ),
        "pool": must("pool", associations, "-o", pooled),
        "publish": must("publish", signature, *at(*TABLES), "-o", package, "--title", "Training in muscle"),
    }  # fmt: skip
    for name, text in said.items():
        (folder / f"{name}.said").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with what the commands make of the embedded study, and what each printed in ``<command>.said``."""
    return made_once(tmp_path_factory, "embedded", _embedded)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder for outputs that a refused command must not even make."""
    return tmp_path / "out"


@pytest.fixture
def counts() -> pd.DataFrame:
    """Counts of 300 genes in 12 libraries, two groups of six; the first 30 genes rise fourfold in the second."""
    generator = np.random.default_rng(5)
    mean = generator.uniform(20.0, 400.0, size=(300, 1)) * np.ones((300, 12))
    mean[:30, 6:] *= 4.0
    return pd.DataFrame(
        generator.poisson(mean * generator.gamma(25.0, 1 / 25.0, size=mean.shape)),
        index=pd.Index([f"GENE{number}" for number in range(300)], name="gene"),
        columns=[f"lib{number}" for number in range(12)],
    )


@pytest.fixture
def sheet() -> pd.DataFrame:
    """The sample sheet of `counts`; `site` follows the group, `room` does not."""
    return pd.DataFrame(
        {
            "library": [f"lib{number}" for number in range(12)],
            "person": [f"p{number}" for number in range(12)],
            "group": ["control"] * 6 + ["trained"] * 6,
            "site": ["north"] * 6 + ["south"] * 6,
            "room": ["a", "b"] * 6,
        }
    )


@pytest.fixture
def study(tmp_path: Path, counts: pd.DataFrame, sheet: pd.DataFrame) -> Path:
    """Folder with ``counts.tsv`` and ``sheet.tsv``."""
    folder = tmp_path / "in"
    folder.mkdir()
    counts.to_csv(folder / "counts.tsv", sep="\t")
    sheet.to_csv(folder / "sheet.tsv", sep="\t", index=False)
    return folder
