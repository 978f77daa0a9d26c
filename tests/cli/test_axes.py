"""`exomics axes`: plasma ligands against tumor receptors of the same subjects, and rat muscle against human tumors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import write_data
from exomics.results import AxisTable, DifferentialTable, Provenance, ScoreTable
from exomics.schema import Scale, annotate
from tests.shared import exomics, must, refused

N = 20
SUBJECTS = [f"p{at:02d}" for at in range(N)]
PLASMA = Scale(kind="log2", quantity="npx")
TUMOR = Scale(kind="log2", quantity="cpm", offset=1.0)


def assay(values: np.ndarray, names: list[str], scale: Scale, specimen: str, kind: str, **obs: object) -> AnnData:
    subjects = [f"p{at:02d}" for at in range(len(values))]
    sheet = pd.DataFrame(
        {"subject_id": subjects, "study_id": "s", "species": "human", "specimen": specimen, "time_point": "baseline"}
        | obs,
        index=[f"{specimen}_{name}" for name in subjects],
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


# a table of rats against human tumors

TRUE, OPPOSITE = ("IL6", "IL6R", "IL6ST"), ("IL15", "IL2RB", "IL2RG")
RAT = {"IL6": "Il6", "IL15": "Il15", "FNDC5": "Fndc5"}
CONTRASTS = ("F_8W - F_SED", "M_8W - M_SED")


def trained(names: dict[str, str], effects: dict[str, tuple[float, float]]) -> DifferentialTable:
    """Ligands of a muscle under training in females and males; those without an effect are far from significant."""
    rows = [
        dict.fromkeys(DifferentialTable.columns) | {
            "feature_id": name, "feature_name": name, "contrast": contrast, "status": "ok",
            "log2_fold_change": effects.get(ligand, (0.05, 0.05))[at],
            "p_value": 1e-5 if ligand in effects else 0.6, "adj_p_value": 1e-3 if ligand in effects else 0.9,
        }
        for ligand, name in names.items()
        for at, contrast in enumerate(CONTRASTS)
    ]  # fmt: skip
    return DifferentialTable(pd.DataFrame(rows), Provenance(method="planted"))


@pytest.fixture
def listening(tmp_path: Path) -> Path:
    """Tumors in which CD8 goes with the axis of IL6 and its whole receptor, and with no other."""
    rng = np.random.default_rng(5)
    names = [*TRUE, *OPPOSITE, "FNDC5", "ITGAV", "ITGB5", "CD8A", "CD8B", "COL6A1", "COL6A2", "GREM1", "PAMR1", "TAGLN"]
    values = rng.normal(6, 1, (60, len(names)))
    values[:, 9:11] = 5 + z(values[:, :3]).min(axis=1)[:, None] + rng.normal(0, 0.3, (60, 2))
    more = {"sex": ["female", "male"] * 30, "purity": rng.uniform(0.2, 0.9, 60)}
    write_data(assay(values, names, TUMOR, "tumor", "rna", **more), tmp_path / "listening.h5ad")
    return tmp_path / "listening.h5ad"


@pytest.fixture
def orthologs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pairs in place of the public table, which other tests read."""
    pairs = [(human, rat, 9) for human, rat in RAT.items()]
    frame = pd.DataFrame(pairs, columns=["human_symbol", "symbol", "support_n"]).assign(taxon_id=10116)
    monkeypatch.setattr("exomics.harmonize.orthologs.datasets.load_table", lambda name, **_: frame)


@pytest.mark.usefixtures("orthologs")
@pytest.mark.filterwarnings("ignore::exomics.harmonize.TissueRestrictedWarning")
def test_ligands_of_rat_muscle_meet_receptors_of_human_tumors(listening: Path, tmp_path: Path) -> None:
    """IL6 rises in both sexes and its axis goes with CD8; IL15 rises in one sex and falls in the other."""
    table, out = tmp_path / "rat.tsv", tmp_path / "axes.tsv"
    trained(RAT, {"IL6": (1.0, 1.2), "IL15": (1.0, -1.0)}).to_tsv(table)
    words = ["--from-species", "rat", "--adjust", "ctl.stroma", "purity"]
    said = must("axes", listening, "--table", table, "-o", out, *words)
    frame = AxisTable.from_tsv(out).frame
    assert "22 ligands, 19 not measured; replicated: IL6" in said
    first = frame.iloc[0]
    assert (first["pair"], first["replicated"], first["contrast"]) == ("IL6-IL6R+IL6ST", "up", CONTRASTS[0])
    assert first["adjusted_for"] == "ctl.stroma, purity"
    assert first["axis_adj_p_value"] < 1e-6
    by_ligand = frame.drop_duplicates("ligand").set_index("ligand")
    assert by_ligand.loc[["IL6", "IL15", "FNDC5"], "replicated"].tolist() == ["up", "no", "no"]
    assert by_ligand.loc["IL15", "axis_adj_p_value"] > 0.05
    assert by_ligand.loc["APLN", "status"] == "not_measured"
    assert by_ligand.loc["APLN", ["log2_fold_change", "partial_correlation"]].isna().all()


@pytest.mark.usefixtures("orthologs")
@pytest.mark.filterwarnings("ignore::exomics.harmonize.TissueRestrictedWarning")
def test_a_table_of_another_species_than_was_said_is_refused(listening: Path, tmp_path: Path, out: Path) -> None:
    """Nothing found would read as not measured, which it is not."""
    rat, human = tmp_path / "rat.tsv", tmp_path / "human.tsv"
    trained(RAT, {}).to_tsv(rat)
    trained({name: name for name in RAT}, {}).to_tsv(human)
    words, of_rat = ["axes", listening, "-o", out / "axes.tsv", "--table"], ["--from-species", "rat"]
    assert "in other letters (IL6 as Il6): it is of another species" in refused(out, *words, rat)
    assert "in other letters (Il6 as IL6): it is of another species" in refused(out, *words, human, *of_rat)
    assert "invalid choice: 'pig' (choose from 'rat', 'mouse')" in refused(out, *words, rat, "--from-species", "pig")


def test_what_a_ranking_cannot_use_is_one_line(listening: Path, tmp_path: Path, out: Path) -> None:
    human = tmp_path / "human.tsv"
    trained({name: name for name in RAT}, {}).to_tsv(human)
    muscle = tmp_path / "muscle.h5ad"
    write_data(assay(np.ones((N, 1)), ["IL6"], TUMOR, "muscle", "rna"), muscle)
    for tumor, words, told in (
        (listening, ["--adjust", "sex"], "sex holds text such as 'female'; adjust for numbers or signatures"),
        (listening, ["--adjust", "ctl.strom"], "no shipped signature is called 'ctl.strom'; known: ctl."),
        (listening, ["--adjust", "ploidy"], "`exomics catalog signatures` lists the known ones"),
        (listening, ["--pairs", "imm.cyt"], "imm.cyt holds no ligand-receptor pairs; choose one such as myo.lr_pairs"),
        (muscle, [], "myo.lr_pairs reads receptors on tumor_rna; these are muscle_rna"),
    ):
        assert told in refused(out, "axes", tumor, "--table", human, "-o", out / "axes.tsv", *words)


@pytest.mark.usefixtures("orthologs")
@pytest.mark.filterwarnings("ignore::exomics.harmonize.TissueRestrictedWarning")
def test_what_is_secreted_and_has_no_pair_stands_beside_the_pairs(listening: Path, tmp_path: Path, out: Path) -> None:
    """FNDC5 is no ligand of the pairs chosen here; IL15 disagrees between the sexes unless one of them is asked."""
    table, listed, axes = tmp_path / "rat.tsv", tmp_path / "secretome.txt", tmp_path / "axes.tsv"
    trained(RAT, {"FNDC5": (1.0, 1.2), "IL15": (1.0, -1.0)}).to_tsv(table)
    listed.write_text("FNDC5\nIL15\nLGI3\n", encoding="utf-8")
    words = ["axes", listening, "--table", table, "--from-species", "rat", "--pairs", "imm.cxcr3_axis"]
    words += ["--secretome", listed]
    said = must(*words, "-o", axes)
    assert "secreted, of no pair, up: FNDC5\n" in said
    assert "note: secretome.txt calls 3 human genes secreted (evidence U: its word); 1 are in no pair of" in said
    frame = AxisTable.from_tsv(axes).frame
    alone = frame[frame["status"] == "no_receptor"]
    assert alone[["ligand", "replicated", "contrast"]].to_numpy().tolist() == [
        ["FNDC5", "up", contrast] for contrast in CONTRASTS
    ]
    step = json.loads((tmp_path / "axes.tsv.provenance.json").read_text(encoding="utf-8"))["step"]
    assert step["command"][step["command"].index("--secretome") + 1] == "{input:2}"
    of_females = must(*words, "--contrast", CONTRASTS[0], "-o", axes)
    assert "secreted, of no pair, up: FNDC5, IL15\n" in of_females
    for more, told in (
        (["--contrast", "F_4W"], "the table has no contrast F_4W; it holds F_8W - F_SED, M_8W - M_SED"),
        (["--secretome-species", "mouse"], "secretome.txt lists mouse genes, and the table is of rat genes"),
    ):
        assert told in refused(out, *words, *more, "-o", out / "axes.tsv")
    wrong = refused(out, "axes", listening, "--ligands", listening, "--secretome", listed, "-o", out / "axes.tsv")
    assert "--secretome goes with a differential table (--table), not with --ligands" in wrong
