"""Site ids, and their mapping by table with a check of the residue."""

from __future__ import annotations

import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.harmonize.sites import Site, SiteTable

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
