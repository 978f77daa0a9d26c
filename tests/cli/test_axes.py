"""`exomics axes --ligands`: plasma ligands against tumor receptors of the same subjects, from files to scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import write_data
from exomics.results import ScoreTable
from exomics.schema import Scale, annotate
from tests.shared import exomics, must

N = 20
SUBJECTS = [f"p{at:02d}" for at in range(N)]
PLASMA = Scale(kind="log2", quantity="npx")
TUMOR = Scale(kind="log2", quantity="cpm", offset=1.0)


def assay(values: np.ndarray, names: list[str], scale: Scale, specimen: str, kind: str, **obs: object) -> AnnData:
    sheet = pd.DataFrame(
        {"subject_id": SUBJECTS, "study_id": "s", "species": "human", "specimen": specimen, "time_point": "baseline"}
        | obs,
        index=[f"{specimen}_{name}" for name in SUBJECTS],
    )
    feature_type = {"rna": "gene", "protein": "protein"}[kind]
    var = pd.DataFrame({"feature_name": names, "feature_type": feature_type}, index=names)
    return annotate(AnnData(values, obs=sheet, var=var), assay=kind, scale=scale)


@pytest.fixture
def layers(tmp_path: Path) -> tuple[Path, Path, np.ndarray, np.ndarray]:
    """IL6 and IL15 in plasma, their receptors in tumors, of which IL2RG is hardly detected."""
    rng = np.random.default_rng(2)
    ligands, receptors = rng.normal(3, 1, (N, 3)), rng.normal(6, 1, (N, 5))
    receptors[:17, 3] = 0.0  # IL2RG: detected in 3 of 20
    plasma = assay(ligands, ["IL6", "IL15", "FNDC5"], PLASMA, "plasma", "protein")
    names = ["IL6R", "IL6ST", "IL2RB", "IL2RG", "ITGAV"]
    tumor = assay(receptors, names, TUMOR, "tumor", "rna")[::-1].copy()
    write_data(plasma, tmp_path / "plasma.h5ad")
    write_data(tumor, tmp_path / "tumor.h5ad")
    return tmp_path / "plasma.h5ad", tmp_path / "tumor.h5ad", ligands, receptors


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def test_a_complex_is_its_least_subunit_and_an_axis_its_lesser_partner(
    layers: tuple[Path, Path, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    plasma, tumor, ligands, receptors = layers
    out = tmp_path / "axes.tsv"
    said = must("axes", tumor, "--ligands", plasma, "-o", out)
    frame = ScoreTable.from_tsv(out).frame
    found = frame[frame["arm"] == "IL6-IL6R+IL6ST"].set_index("subject_id")["score"]
    expected = np.minimum(z(ligands)[:, 0], z(receptors)[:, :2].min(axis=1))
    np.testing.assert_allclose(found[SUBJECTS], expected, rtol=1e-9)
    assert f"{N} scored" in said
    assert frame["note"].str.startswith("ligand on plasma_protein, receptor on tumor_rna").all()
    assert set(frame["layer"]) == {"tumor_rna"}


def test_the_gates_of_presence_and_what_is_not_measured_are_told_apart(
    layers: tuple[Path, Path, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    plasma, tumor, _, _ = layers
    out = tmp_path / "axes.tsv"
    must("axes", tumor, "--ligands", plasma, "-o", out)
    frame = ScoreTable.from_tsv(out).frame.drop_duplicates("arm").set_index("arm")
    assert frame.loc["IL15-IL2RB+IL2RG", "status"] == "below_detection"
    assert "IL2RG" in frame.loc["IL15-IL2RB+IL2RG", "note"]
    assert frame.loc["FNDC5-ITGAV+ITGB5", "status"] == "below_floor"  # half of the receptor
    assert frame.loc["APLN-APLNR", "status"] == "not_measured"
    assert frame["score"].notna().sum() == 1


def test_what_cannot_be_joined_is_one_line(
    layers: tuple[Path, Path, np.ndarray, np.ndarray], tmp_path: Path, out: Path
) -> None:
    plasma, tumor, ligands, _ = layers
    wrong = [
        ("plasma", {"subject_id": [f"q{at}" for at in range(N)]}, "no subject and time point has a sample in both"),
        ("blood", {}, "myo.lr_pairs reads ligands on muscle_rna, muscle_protein, plasma_protein"),
        ("plasma", {"subject_id": ["p00"] * N}, "p00 baseline has two samples in plasma_protein"),
    ]
    for specimen, change, told in wrong:
        other = assay(ligands, ["IL6", "IL15", "FNDC5"], PLASMA, specimen, "protein", **change)
        write_data(other, tmp_path / "other.h5ad")
        ran = exomics("axes", tumor, "--ligands", tmp_path / "other.h5ad", "-o", out / "axes.tsv")
        assert ran.status == 2
        assert told in ran.error
    assert not out.exists()
