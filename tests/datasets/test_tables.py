"""Reference tables: in the types of the source, parsed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load, load_table
from exomics.datasets.loaders import Tables
from exomics.datasets.loaders.tables import load_delimited_table, load_gene_sets, load_r_table
from exomics.datasets.loading import own_files
from exomics.errors import InputError, RegistryError
from exomics.registry.method import MethodSpec

FIXTURES = Path(__file__).parent / "fixtures"


def read(reader: MethodSpec, path: Path, **options: object) -> pd.DataFrame:
    files = {"data": path}
    return reader.function(files, own_files(reader, files, options))


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_orthologs_cover_nineteen_species_with_their_sources() -> None:
    table = load_table("ref_orthologs_babelgene")
    assert table.shape == (387683, 9)
    assert table["taxon_id"].nunique() == 19
    rat = table[table["taxon_id"] == 10116]
    assert len(rat) == 21427
    pair = rat[rat["human_symbol"] == "PPARGC1A"].iloc[0]
    assert pair["symbol"] == "Ppargc1a"
    assert pair["support_n"] == len(pair["support"].split("|"))
    assert table["symbol"].isna().any()
    assert not (table["symbol"] == "NA").any()


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_rat_to_human_equals_the_export(exported: Callable[..., pd.DataFrame]) -> None:
    expected = exported("motrpac/RAT_TO_HUMAN.tsv.gz").reset_index()
    found = load_table("ref_rat_to_human")
    assert list(found.columns) == list(expected.columns)
    for name in found.columns:
        if found[name].dtype == object:
            assert found[name].tolist() == expected[name].where(expected[name].notna(), None).tolist()
        else:
            np.testing.assert_array_equal(
                found[name].to_numpy(dtype=float, na_value=np.nan), expected[name].astype(float)
            )


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_animals_equal_the_export(exported: Callable[..., pd.DataFrame]) -> None:
    expected = exported("motrpac/PHENO_SKM.tsv.gz")
    found = load_table("motrpac_phenotypes").set_index("viallabel").loc[list(expected.index)]
    assert list(found["pid"].astype(str)) == list(expected["pid"])
    assert list(found["exp_group"]) == list(expected["group"])


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_mirbase_follows_a_name_through_the_versions() -> None:
    table = load_table("ref_mirbase")
    mir21 = table[table["accession"] == "MIMAT0000076"].drop_duplicates(["version", "name"]).set_index("version")
    assert mir21.loc["17", "name"] == "hsa-miR-21"
    assert mir21.loc["22", "name"] == "hsa-miR-21-5p"
    assert set(mir21["sequence"]) == {"UAGCUUAUCAGACUGAUGUUGA"}
    assert len(table["version"].cat.categories) == 22


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_small_reference_tables() -> None:
    hallmark = load_table("ref_hallmark_7_0")
    assert hallmark["gene_set"].nunique() == 50
    assert (hallmark["gene_set"] == "HALLMARK_OXIDATIVE_PHOSPHORYLATION").sum() == 200
    hgnc = load_table("ref_hgnc").set_index("Symbol")
    assert hgnc.loc["NCRNA00181", "Approved.Symbol"] == "A1BG-AS1"
    markers = load_table("ref_mcpcounter")
    assert (markers["Cell population"] == "NK cells").sum() == 9
    assert load_table("motrpac_codes", role="tissues").shape[1] == 4
    assert load_table("motrpac_codes", role="metabolites").shape == (2492, 15)


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_a_table_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_table("ref_rat_to_human_site")

    def refuse(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("exomics.datasets.loaders.tables.read_r_objects", refuse)
    pd.testing.assert_frame_equal(load_table("ref_rat_to_human_site"), first)


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_a_table_is_no_matrix_and_says_so() -> None:
    with pytest.raises(
        RegistryError, match=r"ref_hgnc is a table, not a matrix; read it with load_table\('ref_hgnc'\)"
    ):
        load("ref_hgnc")


def test_an_element_of_a_list_is_found_by_name() -> None:
    assert read(Tables["r_table"], FIXTURES / "frames.rda", object="record$frame").shape == (3, 2)
    with pytest.raises(InputError, match=r"expected 'record\$matrix' to be a data frame; got a LabeledMatrix"):
        read(Tables["r_table"], FIXTURES / "frames.rda", object="record$matrix")
    with pytest.raises(InputError, match=r"expected an object ''; the file holds automatic, named"):
        load_r_table({"data": FIXTURES / "frames.rda"}, own_files(Tables["r_table"], {}, {}))


def test_delimited_numbers_and_identifiers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("﻿id,vial,code,value,count,word\n1,90217015507,007,0.5,3,β\n2,90218015507,010,NA,4,\n".encode())
    frame = load_delimited_table({"data": path}, own_files(Tables["delimited_table"], {}, {}))
    assert list(frame.columns) == ["id", "vial", "code", "value", "count", "word"]
    assert frame["vial"].tolist() == ["90217015507", "90218015507"]
    assert frame["code"].tolist() == ["007", "010"]
    np.testing.assert_array_equal(frame["value"], [0.5, np.nan])
    assert frame["count"].dtype == np.int64
    assert frame["word"].isna().tolist() == [False, True]


def test_gene_sets_need_members(tmp_path: Path) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text("A\tabout A\tG1\tG2\nB\tabout B\n")
    with pytest.raises(InputError, match=r"sets\.gmt: line 2 must be name, description and members"):
        load_gene_sets({"data": path}, own_files(Tables["gene_sets"], {}, {}))


@pytest.mark.parametrize("name", ["table.tsv", "table.tsv.gz"])
def test_a_damaged_table_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"" if name.endswith("tsv") else b"\x1f\x8b damaged")
    with pytest.raises(InputError, match=r"is empty|is not a whole gzip file"):
        load_delimited_table({"data": path}, own_files(Tables["delimited_table"], {}, {}))
