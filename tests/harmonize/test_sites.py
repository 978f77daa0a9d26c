"""Site ids, and their mapping by table with a check of the residue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import Site, SiteTable, load_sites, map_sites

PAIRS = pd.DataFrame(
    [("R1_S64", "H1_S65"), ("R1_S64;T69", "H1_S65;T70"), ("R1_S9", None), ("R1_T3", "H1_A3"), ("R1_S7;S8", "H1_S7")],
    columns=["ptm_id_rat_refseq", "ptm_id_human_uniprot"],
)


def test_ids_are_taken_apart() -> None:
    assert Site.parse("NP_1.2_S189;S192") == Site("NP_1.2", (("S", 189), ("S", 192)))
    for text in ("NP_1.2", "NP_1.2_64", "NP_1.2_S64-", ""):
        with pytest.raises(InputError, match="expected a site"):
            Site.parse(text)


def test_pairs_with_other_residues_are_not_used() -> None:
    table = SiteTable.from_frame(PAIRS, source="made")
    assert dict(table.targets) == {"R1_S64": "H1_S65", "R1_S64;T69": "H1_S65;T70"}
    assert table.mismatched == {"R1_T3", "R1_S7;S8"}
    mapped, lost = table.to_human(["R1_S64", "R1_T69", "R1_S9", "R1_T3", "R1_S64"])
    assert mapped == {"R1_S64": "H1_S65"}
    assert {row["what"]: row["examples"] for row in lost.to_records()} == {
        "not in the site table": "R1_T69",
        "no human site": "R1_S9",
        "another residue": "R1_T3",
    }


def test_malformed_tables_are_refused() -> None:
    with pytest.raises(InputError, match="missing: ptm_id_human_uniprot"):
        SiteTable.from_frame(PAIRS[["ptm_id_rat_refseq"]], source="made")
    twice = pd.concat([PAIRS, pd.DataFrame([("R1_S64", "H2_S1")], columns=PAIRS.columns)])
    with pytest.raises(InputError, match="R1_S64 has two human sites"):
        SiteTable.from_frame(twice, source="made")


def test_features_get_their_human_site_and_lose_nothing() -> None:
    table = SiteTable.from_frame(PAIRS, source="made")
    windows = ["AAAsAAA", "AAAtAAA", None, "AAAyAAA"]
    var = pd.DataFrame({"flanking_sequence": windows}, index=["R1_S64", "R1_T3", "R1_S9", "R1_S99"])
    given = AnnData(np.ones((1, 4)), obs=pd.DataFrame({"species": ["rat"]}, index=["s"]), var=var)
    mapped, report = map_sites(given, table)
    assert mapped.var["human_site"].tolist() == ["H1_S65", "", "", ""]
    assert report.n_lost("another residue") == report.n_lost("no human site") == 1
    examples = dict(zip(report.frame["what"], report.frame["examples"], strict=True))
    assert examples["another residue in the window"] == "R1_S99 (AAAyAAA)"
    assert report.notes == ("1 of 4 sites have a human site in made.",)
    with pytest.raises(InputError, match="no feature id is a site such as"):
        map_sites(AnnData(np.ones((1, 1)), var=pd.DataFrame(index=["Cs"])), table)
    given.obs["species"] = "mouse"
    with pytest.raises(InputError, match="the site table is for rat; the samples are mouse"):
        map_sites(given, table)


@pytest.mark.real_data
def test_numbers_differ_between_species_and_gaps_are_said(mirror: Path) -> None:
    """Spec R12: EIF4EBP1, AKT1S1, TBC1D1, CREB1; ACACB S219 alone is not in the table."""
    pairs = {
        "NP_446309.1_S64": "Q13541_S65", "NP_446309.1_T36": "Q13541_T37", "NP_446309.1_T45": "Q13541_T46",
        "NP_446309.1_T69": "Q13541_T70", "NP_001099729.2_T247": "Q96B36_T246", "XP_006251066.1_S231": "Q86TI0_S237",
        "NP_112279.1_S143": "P16220_S129",
    }  # fmt: skip
    mapped, lost = load_sites().to_human([*pairs, "XP_017453731.1_S219"])
    assert mapped == pairs
    assert lost.to_records()[0]["examples"] == "XP_017453731.1_S219"
    assert load_sites().mismatched == frozenset()
