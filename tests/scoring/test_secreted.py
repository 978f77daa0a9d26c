"""Secreted genes beside ligand-receptor pairs: planted candidates and decoys, names of rats, and rat gastrocnemius."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import OrthologTable, load_orthologs
from exomics.registry import Member, load_signature
from exomics.registry.secretome import Secretome, read_secretome
from exomics.results import AxisTable, DifferentialTable, Provenance
from exomics.schema import Scale, annotate
from exomics.scoring import add_secreted, rank_axes
from tests.scoring_objects import published

OF_TUMORS = ["CD8A", "CD8B", "COL6A1", "COL6A2", "GREM1", "PAMR1", "TAGLN"]
CONTRASTS = ("F_8W - F_SED", "M_8W - M_SED")
N_PAIRS, N_OTHERS = 200, 300
TRUE = 10
PLANTED = {"S0": (1.0, 1.2), "S1": (-0.8, -1.0), "S2": (1.0, -1.0), "S3": (1.0, 0.0), "INSIDE": (2.0, 2.0)}


def tumors(values: np.ndarray, names: list[str]) -> AnnData:
    index = [f"t{row}" for row in range(len(values))]
    obs = pd.DataFrame({"specimen": "tumor", "species": "human", "subject_id": index, "time_point": "baseline"}, index)
    samples = AnnData(values, obs=obs, var=pd.DataFrame({"feature_name": names}, index=names))
    return annotate(samples, assay="rna", scale=Scale(kind="log2", quantity="cpm", offset=1.0))


def table_of(effects: dict[str, tuple[float, float]]) -> DifferentialTable:
    """Log2 changes in females and males; those that are not 0 are significant."""
    rows = [
        dict.fromkeys(DifferentialTable.columns) | {
            "feature_id": gene, "feature_name": gene, "contrast": contrast, "status": "ok",
            "log2_fold_change": effect, "p_value": 1e-6 if effect else 0.5, "adj_p_value": 1e-3 if effect else 0.9,
        }
        for gene, both in effects.items()
        for contrast, effect in zip(CONTRASTS, both, strict=True)
    ]  # fmt: skip
    return DifferentialTable(pd.DataFrame(rows), Provenance(method="planted"))


@pytest.fixture(scope="module")
def trained() -> DifferentialTable:
    """One ligand of a pair and four secreted genes changed, and one gene that stays in the cell."""
    still = [f"L{at}" for at in range(N_PAIRS)] + [f"S{at}" for at in range(N_OTHERS)]
    return table_of({**dict.fromkeys(still, (0.0, 0.0)), f"L{TRUE}": (1.0, 1.0), **PLANTED})


@pytest.fixture(scope="module")
def ranked(trained: DifferentialTable) -> AxisTable:
    """Two hundred pairs in eighty tumors, whose CD8 goes with one of them."""
    generator = np.random.default_rng(21)
    names = [f"{kind}{at}" for at in range(N_PAIRS) for kind in "LR"]
    values = generator.normal(5, 1, size=(80, len(names) + len(OF_TUMORS)))
    values[:, 400:402] += 1.5 * values[:, [2 * TRUE, 2 * TRUE + 1]].min(axis=1)[:, np.newaxis]
    members = tuple(Member(feature_id=name, evidence="C", group=f"L{name[1:]}-R{name[1:]}") for name in names)
    pairs = replace(load_signature("myo.lr_pairs"), id="t.p", members=members, checks={})
    return rank_axes(trained, tumors(values, [*names, *OF_TUMORS]), pairs)


def listed(*more: str, **other: str) -> Secretome:
    ligands, others = (f"L{at}" for at in range(N_PAIRS)), (f"S{at}" for at in range(N_OTHERS))
    return Secretome((*ligands, *others, *more), source="list.txt", **other)


def alone(table: AxisTable) -> dict[str, str]:
    rows = table.frame[table.frame["status"] == "no_receptor"]
    return dict(zip(rows["ligand"], rows["replicated"], strict=True))


def test_the_true_axis_stays_first_and_the_secreted_without_a_receptor_are_told(
    ranked: AxisTable, trained: DifferentialTable
) -> None:
    found = add_secreted(ranked, trained, listed())
    assert alone(found) == {"S0": "up", "S1": "down"}  # not S2 (opposite), S3 (one sex), INSIDE (not secreted)
    assert found.frame["pair"].iloc[0] == f"L{TRUE}-R{TRUE}"
    assert found.frame["axis_adj_p_value"].iloc[0] < 1e-4
    assert found.frame["status"].tolist()[2:6] == ["no_receptor"] * 4
    assert set(found.frame["replicated"].iloc[6:]) == {"no"}
    rows = found.frame.iloc[2:6].set_index(["ligand", "contrast"])
    assert rows["log2_fold_change"].to_dict() == {
        (gene, contrast): PLANTED[gene][at] for gene in ("S0", "S1") for at, contrast in enumerate(CONTRASTS)
    }
    assert rows[["detected", "n_samples", "partial_correlation", "p_value", "axis_adj_p_value"]].isna().all(axis=None)
    assert set(rows["pair"]) == set(rows["receptor"]) == {""}


def test_nothing_of_the_ranking_changes(ranked: AxisTable, trained: DifferentialTable) -> None:
    found = add_secreted(ranked, trained, listed()).frame
    pd.testing.assert_frame_equal(found[found["status"] != "no_receptor"].reset_index(drop=True), ranked.frame)


def test_what_the_list_is_worth_and_what_was_lost_are_told(ranked: AxisTable, trained: DifferentialTable) -> None:
    found = add_secreted(ranked, trained, listed("UNHEARD", "OF", sha256="ab"))
    (note,) = found.provenance.notes
    assert note == (
        "list.txt calls 502 human genes secreted (evidence U: its word); 2 are not in the table (UNHEARD, OF); "
        "200 are ligands of pairs; 2 are not and change in every contrast."
    )
    assert {"name": "list.txt", "sha256": "ab"} in found.provenance.inputs
    rows = found.frame[found.frame["status"] == "no_receptor"]
    assert rows["note"].str.contains("secreted by the word of list.txt (evidence U)", regex=False).all()


def test_a_list_of_quiet_genes_adds_a_note_and_no_row(ranked: AxisTable, trained: DifferentialTable) -> None:
    found = add_secreted(ranked, trained, Secretome(("S5", "S6")))
    pd.testing.assert_frame_equal(found.frame, ranked.frame)
    assert "0 are not and change in every contrast" in found.provenance.notes[0]


@pytest.fixture
def rats() -> OrthologTable:
    pairs = [(f"{kind}{at}", f"{kind}x{at}", 9) for kind, n in (("L", N_PAIRS), ("S", 9)) for at in range(n)]
    frame = pd.DataFrame(pairs, columns=["human_symbol", "symbol", "support_n"])
    return OrthologTable.from_frame(frame, species="rat", source="orthologs", warn=False)


def test_human_and_rat_names_of_one_list_find_the_same_rat_genes(ranked: AxisTable, rats: OrthologTable) -> None:
    rat_table = table_of({"Lx1": (0.0, 0.0), "Sx0": (1.0, 1.2), "Sx1": (-0.8, -1.0)})
    human = add_secreted(ranked, rat_table, Secretome(("L1", "S0", "S1", "NEW")), orthologs=rats)
    other = add_secreted(ranked, rat_table, Secretome(("Lx1", "Sx0", "Sx1", "New"), "rat"), orthologs=rats)
    pd.testing.assert_frame_equal(human.frame, other.frame)
    assert alone(human) == {"S0": "up", "S1": "down"}
    assert "1 are in no pair of orthologs (NEW)" in human.provenance.notes[0]
    assert (
        "4 rat genes secreted (evidence U: its word); 1 are in no pair of orthologs (New)" in other.provenance.notes[0]
    )


def test_a_list_of_another_species_is_refused(
    ranked: AxisTable, trained: DifferentialTable, rats: OrthologTable
) -> None:
    with pytest.raises(InputError, match="lists rat genes, and the table is of human genes; list human ones"):
        add_secreted(ranked, trained, Secretome(("Sx0",), "rat"))
    with pytest.raises(InputError, match="lists mouse genes, and the table is of rat genes"):
        add_secreted(ranked, trained, Secretome(("Sx0",), "mouse"), orthologs=rats)
    with pytest.raises(InputError, match="must be one of human, rat, mouse; got 'pig'"):
        Secretome(("S0",), "pig")


@pytest.mark.parametrize(
    ("text", "genes"),
    [
        ("LGI3\nIGF1\nLGI3\n\n", ("LGI3", "IGF1")),
        ("gene\nLGI3\n", ("LGI3",)),
        ("Entry\tGene Names (primary)\nQ8N145\tLGI3\nX\t\n", ("LGI3",)),
        ("Gene\tEnsembl\nLGI3\tENSG0\n", ("LGI3",)),
    ],
)
def test_a_list_is_lines_or_a_column(text: str, genes: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(text, encoding="utf-8")
    found = read_secretome(path)
    assert (found.genes, found.source, len(found.sha256)) == (genes, "list.tsv", 64)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("gene\n", "lists no gene"),
        ("Entry\tLength\nQ8N145\t548\n", "has the columns Entry, Length; call the one of gene symbols gene"),
    ],
)
def test_what_is_no_list_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_secretome(path)


# UniProt calls the product of each secreted (subcellular location SL-0243; accession of the human entry).
SECRETED = {
    "LGI3": "Q8N145", "ERFE": "Q4G0M1", "IGF1": "P05019", "MSTN": "O14793", "IL15": "P40933", "IL6": "P05231",
    "IL10": "P22301", "GDF15": "Q99988", "DCN": "P07585", "FGF21": "Q9NSA1", "VEGFA": "P15692", "BDNF": "P23560",
    "ANGPT1": "Q15389", "ANGPTL4": "Q9BY76", "SPARC": "P09486", "FST": "P19883", "IGFBP5": "P24593", "TIMP1": "P01033",
    "COL1A1": "P02452", "POSTN": "Q15063", "APLN": "Q9ULZ1", "METRNL": "Q641Q3", "OSTN": "P61366", "INHBA": "P08476",
}  # fmt: skip


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_of_what_training_raises_in_rat_muscle_only_lgi3_is_secreted() -> None:
    """Published q at 8 weeks: 25 genes up in both sexes, of which LGI3 alone is listed; ERFE is down."""
    table = published("motrpac_gn_rna").of_contrasts(CONTRASTS)
    rose = table.frame[(table.frame["adj_p_value"] < 0.05) & (table.frame["log2_fold_change"] > 0)]
    assert (rose["feature_id"].value_counts() == 2).sum() == 25
    tumor = tumors(np.random.default_rng(3).normal(5, 1, (12, len(OF_TUMORS))), OF_TUMORS)
    rat = load_orthologs("rat")
    ranked = rank_axes(table, tumor, load_signature("myo.lr_pairs"), orthologs=rat)
    found = add_secreted(ranked, table, Secretome(tuple(SECRETED)), orthologs=rat)
    assert set(ranked.frame["replicated"]) == {"no"}
    assert alone(found) == {"LGI3": "up", "ERFE": "down"}
    effects = found.frame[found.frame["ligand"] == "LGI3"]
    assert effects["log2_fold_change"].tolist() == [1.07, 0.75]
    assert effects["adj_p_value"].round(3).tolist() == [0.007, 0.026]
