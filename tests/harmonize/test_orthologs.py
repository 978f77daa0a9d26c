"""Ortholog tables: kinds of pairs, the hand table, and the warning about tissue-restricted ones."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.harmonize import OrthologTable, TissueRestrictedWarning, load_orthologs


def frame_of(*pairs: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["human_symbol", "symbol", "support_n"])


def table_of(*pairs: tuple[str, str, int], species: str = "rat") -> OrthologTable:
    return OrthologTable.from_frame(frame_of(*pairs), species=species, source="example", warn=False)


def relations(table: OrthologTable) -> dict[tuple[str, str], str]:
    return {(human, other): kind for human, other, kind in table.pairs[["human", "other", "relation"]].to_numpy()}


def test_the_kind_of_every_pair() -> None:
    table = table_of(
        ("CS", "Cs", 9),
        ("ABCB1", "Abcb1a", 7),
        ("ABCB1", "Abcb1b", 7),
        ("H1", "Shared", 5),
        ("H2", "Shared", 5),
        ("X1", "Xa", 5),
        ("X1", "Xb", 5),
        ("X2", "Xb", 5),
    )
    found = relations(table)
    assert found["CS", "Cs"] == "1:1"
    assert found["ABCB1", "Abcb1a"] == found["ABCB1", "Abcb1b"] == "1:n"
    assert found["H1", "Shared"] == found["H2", "Shared"] == "n:1"
    assert found["X1", "Xa"] == found["X1", "Xb"] == found["X2", "Xb"] == "n:m"


def test_pairs_with_little_support_are_left_out_before_the_kind_is_judged() -> None:
    table = table_of(("CS", "Cs", 9), ("CS", "Csl", 2))
    assert relations(table)["CS", "Cs"] == "1:1"
    assert table.human_to_other()["CS"] == ("Cs",)


def test_missing_and_repeated_rows_do_no_harm() -> None:
    frame = pd.DataFrame(
        {"human_symbol": ["CS", "CS", None, "HK2"], "symbol": ["Cs", "Cs", "Q", None], "support_n": [9, 4, 9, 9]}
    )
    table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    assert {pair for pair in relations(table) if not pair[0].startswith("HLA")} == {("CS", "Cs")}


def test_mhc_genes_come_from_the_hand_table_only() -> None:
    table = table_of(("HLA-DRA", "RT1-Ha", 9), ("HLA-A", "RT1-A1", 9), ("CS", "Cs", 9))
    mapped = table.human_to_other()
    assert mapped["HLA-DRA"] == ("RT1-Da",)
    assert "HLA-A" not in mapped
    mouse = table_of(("HLA-DRA", "H2-Ea", 9), ("CS", "Cs", 9), species="mouse").human_to_other()
    assert ("HLA-DRA" in mouse, mouse["HLA-E"]) == (False, ("H2-T23",))


@pytest.mark.parametrize("gene", ["GNLY", "CXCL8", "KIR2DL1", "FCGR3B"])
def test_genes_without_a_rodent_ortholog_are_left_out(gene: str) -> None:
    assert gene not in table_of((gene, "Wrong", 9), ("CS", "Cs", 9)).human_to_other()


def test_only_the_species_asked_for_is_read() -> None:
    frame = frame_of(("CS", "Cs", 9), ("CS", "cs-fish", 9)).assign(taxon_id=[10116, 7955])
    table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    assert table.human_to_other()["CS"] == ("Cs",)


def test_a_tissue_restricted_table_warns_with_numbers() -> None:
    with pytest.warns(TissueRestrictedWarning, match="0 of 9 MCP-counter NK genes, 0 of 7 MCP-counter cytotoxic"):
        OrthologTable.from_frame(frame_of(("CS", "Cs", 9)), species="rat", source="muscle")


@pytest.mark.parametrize(
    ("frame", "species", "message"),
    [
        (pd.DataFrame({"human": ["CS"]}), "rat", "missing: human_symbol"),
        (frame_of(("CS", "Cs", 9)), "pig", "species must be one of"),
        (frame_of(("CS", "Cs", 1)), "rat", "at least 3 supporting"),
    ],
)
def test_unusable_tables_are_refused(frame: pd.DataFrame, species: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        OrthologTable.from_frame(frame, species=species, source="example", warn=False)


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_the_whole_genome_table_serves_immune_sets() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", TissueRestrictedWarning)
        table = load_orthologs("rat")
    assert not table.is_tissue_restricted
    assert table.immune_coverage["MCP-counter NK"] == (8, 9)
    assert table.human_to_other()["GZMA"] == ("Gzma",)
    assert table.relation_of("ABCB1", human=True) == "1:n"
    assert table.pairs["relation"].value_counts()["1:1"] == 15_909


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
def test_the_muscle_table_maps_no_natural_killer_gene() -> None:
    with pytest.warns(TissueRestrictedWarning, match="it lists 0 of 9 MCP-counter NK genes"):
        table = load_orthologs("rat", dataset="ref_rat_to_human")
    assert table.immune_coverage == {
        "MCP-counter NK": (0, 9),
        "MCP-counter cytotoxic": (0, 7),
        "T-cell-inflamed profile": (9, 18),
    }


@pytest.mark.real_data
def test_the_muscle_table_has_13023_rows(reference_folder: Path) -> None:
    frame = pd.read_csv(reference_folder / "motrpac" / "RAT_TO_HUMAN.tsv.gz", sep="\t", dtype=str)
    assert len(frame) == 13_023
