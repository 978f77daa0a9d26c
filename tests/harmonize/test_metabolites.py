"""Metabolites: spellings, accessions of five and seven digits, and names at odds with their ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.errors import InputError
from exomics.harmonize import (
    MetaboliteTable,
    harmonize_metabolites,
    hmdb_accession,
    load_metabolites,
    resolve_metabolites,
)

FRAME = pd.DataFrame(
    {
        "refmet_name": ["Lactic acid", "Glucose", "Fructose", "3-Hydroxybutyric acid", "AMP"],
        "metabolite_name": ["lactate", "hexose", "hexose", "beta-hydroxybutyrate", "adenosine monophosphate"],
        "hmdb_id": ["HMDB00190", "HMDB0000122", "HMDB0000660", "HMDB0000011", "HMDB0000045"],
        "kegg_id": ["C00186", "C00031", "C02336", "C01089", "C00020"],
    }
)


@pytest.fixture(scope="module")
def table() -> MetaboliteTable:
    return MetaboliteTable.from_frame(FRAME, source="example")


@pytest.mark.parametrize(
    ("name", "code", "refmet", "status"),
    [
        ("Lactic acid", "", "Lactic acid", "approved"),
        ("LACTATE", "", "Lactic acid", "alias"),
        ("Lactic Acid", "HMDB0000190", "Lactic acid", "alias"),
        ("3-hydroxybutyrate", "", "3-Hydroxybutyric acid", "alias"),
        ("beta hydroxybutyric acid", "", "3-Hydroxybutyric acid", "alias"),
        ("hexose", "", "", "ambiguous"),
        ("hexose", "C00031", "Glucose", "alias"),
        ("HMDB0304356", "", "Formic acid", "by_id"),
        ("HMDB00142", "", "Formic acid", "by_id"),
        ("formate", "HMDB0304356", "Formic acid", "alias"),
        ("peak 17", "HMDB00190", "Lactic acid", "by_id"),
        ("lactate", "HMDB0000122", "", "id_disagrees"),
        ("formate", "HMDB0000190", "", "id_disagrees"),
        ("AMP", "HMDB9999999", "AMP", "approved"),
        ("peak 17", "", "", "unknown"),
        ("", "", "", "missing"),
    ],
)
def test_every_kind_of_name(table: MetaboliteTable, name: str, code: str, refmet: str, status: str) -> None:
    row = resolve_metabolites([name], table, ids=[code]).iloc[0]
    assert (row["refmet_name"], row["status"]) == (refmet, status)


def test_accessions_have_seven_digits_and_no_duplicates() -> None:
    assert [hmdb_accession(text) for text in ("HMDB00142", "HMDB0000142", "hmdb0304356", " HMDB0000122 ")] == [
        "HMDB0000142", "HMDB0000142", "HMDB0000142", "HMDB0000122",
    ]  # fmt: skip
    assert [hmdb_accession(text) for text in ("HMDB142", "C00058", "")] == ["", "", ""]


def test_numbers_in_names_stay_apart(table: MetaboliteTable) -> None:
    frame = FRAME.iloc[:2].assign(refmet_name=["1,3-Dimethyluric acid", "13-HODE"])
    told = MetaboliteTable.from_frame(frame, source="example")
    assert told.names_of("13-dimethylurate") == ()
    assert told.names_of("1,3-dimethylurate") == ("1,3-Dimethyluric acid",)


def test_the_object_keeps_what_the_source_said(table: MetaboliteTable) -> None:
    names = ["lactate", "Lactic acid", "hexose", "peak 17", "glucose", None]
    var = pd.DataFrame({"feature_name": names, "hmdb_id": ["", None, "", "", "HMDB0000190", ""]}, index=list("abcdef"))
    given = AnnData(np.ones((1, 6)), obs=pd.DataFrame(index=["s"]), var=var)
    told, report = harmonize_metabolites(given, table)
    assert told.var["feature_name"].tolist() == ["Lactic acid", "Lactic acid", "hexose", "peak 17", "glucose", ""]
    assert told.var["source_name"].tolist() == ["lactate", "Lactic acid", "hexose", "peak 17", "glucose", ""]
    assert told.var["hmdb_id"].tolist()[:3] == ["HMDB0000190", "HMDB0000190", ""]
    counts = {row["what"]: row["n"] for row in report.to_records()}
    assert counts == {
        "metabolite alias": 1,
        "metabolite ambiguous": 1,
        "metabolite id_disagrees": 1,
        "metabolite unknown": 1,
        "shared name": 1,
    }
    assert report.notes == ("1 features have no name.",)


def test_bad_requests(table: MetaboliteTable) -> None:
    with pytest.raises(InputError, match="expected one id per name; got 1 for 2"):
        resolve_metabolites(["a", "b"], table, ids=[""])
    with pytest.raises(InputError, match="missing: hmdb_id"):
        MetaboliteTable.from_frame(FRAME[["refmet_name", "metabolite_name"]], source="example")
    given = AnnData(
        np.ones((1, 1)), obs=pd.DataFrame(index=["s"]), var=pd.DataFrame({"feature_name": ["x"]}, index=["a"])
    )
    with pytest.raises(InputError, match="var has no column 'chebi'"):
        harmonize_metabolites(given, table, id_column="chebi")


@pytest.mark.real_data
def test_the_muscle_metabolome_is_named_by_refmet(mirror: Path) -> None:
    """Names that the consortium standardized come out unchanged; formate is not among them (R9)."""
    table = load_metabolites()
    muscle = load("motrpac_gn_metabolite")
    told, report = harmonize_metabolites(muscle, table)
    standard = muscle.var["metabolite_refmet"].astype(str).to_numpy()
    named = (told.var["metabolite_status"].isin(["approved", "alias"])).to_numpy()
    assert named.sum() == 1134
    agree = np.array(
        [table.names_of(name) == (found,) for name, found in zip(standard, told.var["feature_name"], strict=True)]
    )
    assert agree[named].mean() > 0.95
    assert "Formic acid" not in set(told.var["feature_name"])
    assert report.n_lost("metabolite unknown") == 55
