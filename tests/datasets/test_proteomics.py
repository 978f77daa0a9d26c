"""Protein tables of four programs: what is a sample, what is flagged, what is missing, and nothing dropped unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def text_file(folder: Path, text: str, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def raw_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", quoting=3, float_precision="round_trip")


@pytest.mark.real_data
def test_real_protein_groups_of_maxquant(reference_folder: Path) -> None:
    path = reference_folder / "native" / "maxquant" / "proteinGroups.txt"
    data = load_files("maxquant", {"proteins": path})
    table = raw_table(path)
    columns = [name for name in table if name.startswith("LFQ intensity ")]
    assert data.shape == (10, 882)
    expected = table[columns].to_numpy(dtype=float).T
    np.testing.assert_array_equal(data.X, np.where(expected == 0, np.nan, expected))
    report = report_of(data)
    assert report["zeros_as_missing"] == int((expected == 0).sum()) == 5714
    assert (report["n_contaminant"], report["n_reverse"], report["n_only_by_site"]) == (48, 13, 72)
    assert report["n_dropped"] == 0
    np.testing.assert_array_equal(
        data.layers["ms_ms_count"].T, table[[f"MS/MS count {name}" for name in data.obs_names]].to_numpy(dtype=float)
    )
    named = data.var["Protein IDs"].str.contains("PDCD6_HUMAN")
    assert set(data.var.loc[named, "feature_name"]) == {"PDCD6"}


@pytest.mark.real_data
def test_flagged_proteins_leave_only_when_asked(reference_folder: Path) -> None:
    files = {"proteins": reference_folder / "native" / "maxquant" / "proteinGroups.txt"}
    data = load_files("maxquant", files, {"flagged": "drop", "quantity": "iBAQ"})
    assert report_of(data)["n_dropped"] == 126
    assert data.n_vars == 756
    assert not data.var[["is_contaminant", "is_reverse", "is_only_by_site"]].any(axis=None)
    assert not data.var_names.str.startswith(("CON__", "REV__")).any()


@pytest.mark.real_data
def test_real_groups_of_diann_and_fragpipe(reference_folder: Path) -> None:
    folder = reference_folder / "native"
    diann = load_files("diann", {"proteins": folder / "diann" / "report_final.pg_matrix.tsv"})
    table = raw_table(folder / "diann" / "report_final.pg_matrix.tsv")
    np.testing.assert_array_equal(diann.X, table[list(diann.obs_names)].to_numpy(dtype=float).T)
    assert list(diann.var["feature_name"]) == ["" if pd.isna(name) else name for name in table["Genes"]]
    path = folder / "fragpipe" / "combined_proteins.tsv"
    fragpipe = load_files("fragpipe", {"proteins": path})
    expected = raw_table(path)[[f"{name} Razor Intensity" for name in fragpipe.obs_names]].to_numpy(dtype=float).T
    np.testing.assert_array_equal(fragpipe.X, np.where(expected == 0, np.nan, expected))
    assert list(fragpipe.var_names[:2]) == ["P02790", "P02792"]
    assert list(fragpipe.var["feature_name"][:2]) == ["HPX", "FTL"]


MAXQUANT = (
    "Protein IDs\tGene names\tIntensity\tIntensity a\tIntensity b\tLFQ intensity a\tLFQ intensity b\t"
    "Only identified by site\tReverse\tPotential contaminant\n"
    "P1;P2\tHPX\t30\t10\t20\t11\t0\t\t\t\nREV__P3\t\t1\t1\t0\t1\t1\t\t+\n"
    "CON__P4\tKRT1\t5\t5\t0\t2\t2\t\t\t+\nP5\tTTN\t0\t0\t0\t0\t0\t+\n"
)


def test_maxquant_takes_the_best_quantity_and_keeps_flagged_rows(tmp_path: Path) -> None:
    path = text_file(tmp_path, MAXQUANT)
    data = load_files("maxquant", {"proteins": path})
    assert report_of(data)["quantity"] == "LFQ intensity"
    np.testing.assert_array_equal(data.X, [[11, 1, 2, np.nan], [np.nan, 1, 2, np.nan]])
    assert data.var["is_reverse"].tolist() == [False, True, False, False]
    assert data.var["is_contaminant"].tolist() == [False, False, True, False]
    assert data.var["is_only_by_site"].tolist() == [False, False, False, True]
    plain = load_files("maxquant", {"proteins": path}, {"quantity": "Intensity"})
    assert list(plain.obs_names) == ["a", "b"]
    assert plain.X[:, 0].tolist() == [10, 20]
    assert any("rows end before the last column" in note for note in report_of(data)["notes"])


def test_a_row_that_is_cut_off_is_no_row_that_ends_early(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 5 has 5 fields, the header 10"):
        load_files("maxquant", {"proteins": text_file(tmp_path, MAXQUANT[: MAXQUANT.index("P5") + 12])})


def test_samples_come_from_a_sheet(tmp_path: Path) -> None:
    files = {"proteins": text_file(tmp_path, MAXQUANT), "samples": tmp_path / "sheet.csv"}
    files["samples"].write_text("patient,run\np1,b\np2,a\np3,c\n")
    data = load_files("maxquant", files, {"columns": "subject_id:patient", "constants": "species:human"})
    assert list(data.obs["subject_id"]) == ["p2", "p1"]
    assert report_of(data)["sheet_rows_without_sample"] == ["c"]
    files["samples"].write_text("patient,run\np1,x\n")
    with pytest.raises(
        InputError, match=rf"no column of {files['samples']} .* holds the sample ids of {files['proteins']}"
    ):
        load_files("maxquant", files)
    files["samples"].write_text("patient,run\np1,b\n")
    with pytest.raises(InputError, match=r"1 of 2 samples are not in the sample sheet \(a\)"):
        load_files("maxquant", files)


SITES = (
    "Protein\tGene names\tAmino acid\tPosition\tLocalization prob\tNumber of Phospho (STY)\tIntensity\tIntensity a\t"
    "Intensity a___1\tIntensity a___2\tLocalization prob a\tReverse\tid\n"
    "P1\tHPX\tS\t22\t0.99\t1\t8\t8\t8\t0\t0.98\t\t0\nP1\tHPX\tT\t25\t0.4\t1;2\t0\t0\t0\t0\t\t\t1\n"
    "P1\tHPX\tS\t22\t0.8\t2\t3\t3\t0\t3\t0.7\t\t2\n"
)


def test_sites_carry_their_localization(tmp_path: Path) -> None:
    path = text_file(tmp_path, SITES)
    data = load_files("maxquant_sites", {"sites": path})
    assert list(data.var_names) == ["P1_S22#0", "P1_T25", "P1_S22#2"]
    np.testing.assert_array_equal(data.X, [[8, np.nan, 3]])
    np.testing.assert_array_equal(data.layers["localization_probability"], [[0.98, np.nan, 0.7]])
    assert data.var["is_localized"].tolist() == [True, False, True]
    assert data.uns["exomics"]["assay"] == "phospho"
    assert set(data.var["feature_type"]) == {"site"}
    strict = load_files("maxquant_sites", {"sites": path}, {"min_localization": 0.9})
    assert strict.var["is_localized"].tolist() == [True, False, False]
    acetyl = text_file(tmp_path, SITES.replace("Phospho (STY)", "Acetyl (K)"), "acetyl.txt")
    assert load_files("maxquant_sites", {"sites": acetyl}).uns["exomics"]["assay"] == "acetyl"
    unknown = text_file(tmp_path, SITES.replace("Phospho (STY)", "GlyGly (K)"), "other.txt")
    with pytest.raises(InputError, match="that tells the modification; give the option `assay`"):
        load_files("maxquant_sites", {"sites": unknown})


def test_diann_runs_are_named_by_their_files(tmp_path: Path) -> None:
    head = "Protein.Group\tProtein.Ids\tGenes\t/data/a_01.mzML\tC:\\runs\\b_01.d\n"
    text = head + "Cont_P1\tP1\tALB\t1.5\t\nP2\tP2\t\t2\t3\n"
    data = load_files("diann", {"proteins": text_file(tmp_path, text)}, {"strip": "_01"})
    assert list(data.obs_names) == ["a", "b"]
    np.testing.assert_array_equal(data.X, [[1.5, 2], [np.nan, 3]])
    assert data.var["is_contaminant"].tolist() == [True, False]
    genes = "Genes\ta.raw\nALB\t5\n"
    assert list(load_files("diann", {"proteins": text_file(tmp_path, genes)}).var_names) == ["ALB"]


def test_fragpipe_quantities_are_told_apart(tmp_path: Path) -> None:
    text = (
        "Protein\tProtein ID\tGene\ts 1 Spectral Count\ts 1 Intensity\ts 1 MaxLFQ Intensity\ts 1 Unique Intensity\n"
        "sp|P1|X\tP1\tHPX\t3\t10\t12\t9\ncontam_sp|P2|Y\tP2\tKRT1\t1\t0\t0\t0\nrev_sp|P3|Z\tP3\t\t1\t1\t1\t1\n"
    )
    path = text_file(tmp_path, text)
    data = load_files("fragpipe", {"proteins": path})
    assert list(data.obs_names) == ["s 1"]
    np.testing.assert_array_equal(data.X, [[12, np.nan, 1]])
    assert data.var["is_contaminant"].tolist() == [False, True, False]
    assert data.var["is_reverse"].tolist() == [False, False, True]
    assert load_files("fragpipe", {"proteins": path}, {"quantity": "Intensity"}).X[0, 0] == 10
    with pytest.raises(InputError, match=r"no column holds the quantity 'iBAQ'; there are MaxLFQ Intensity"):
        load_files("fragpipe", {"proteins": path}, {"quantity": "iBAQ"})


def test_spectronaut_pivoted_and_long_agree(tmp_path: Path) -> None:
    head = "PG.ProteinGroups\tPG.Genes\t[1] a.raw.PG.Quantity\t[2] b.raw.PG.Quantity\n"
    wide = head + "P1\tHPX\t10.5\tFiltered\nP2\tFTL\t2\t3\n"
    rows = (
        "R.FileName\tPG.ProteinGroups\tPG.Genes\tPG.Quantity\tEG.PrecursorId\n"
        "a\tP1\tHPX\t10.5\tx\na\tP1\tHPX\t10.5\ty\nb\tP1\tHPX\tNaN\tx\na\tP2\tFTL\t2\tz\nb\tP2\tFTL\t3\tz\n"
    )
    one = load_files("spectronaut", {"proteins": text_file(tmp_path, wide, "wide.tsv")})
    other = load_files("spectronaut", {"proteins": text_file(tmp_path, rows, "long.tsv")})
    np.testing.assert_array_equal(one.X, [[10.5, 2], [np.nan, 3]])
    np.testing.assert_array_equal(one.X, other.X)
    assert list(one.obs_names) == list(other.obs_names) == ["a", "b"]
    assert list(one.var["feature_name"]) == list(other.var["feature_name"])
    two = rows.replace("a\tP1\tHPX\t10.5\ty", "a\tP1\tHPX\t11\ty")
    with pytest.raises(InputError, match="expected one PG.Quantity per group and run; P1 in a has another"):
        load_files("spectronaut", {"proteins": text_file(tmp_path, two, "two.tsv")})
    logged = text_file(tmp_path, wide.replace("Quantity", "Log2Quantity").replace("\t2\t3", "\t0\t3"), "log.tsv")
    data = load_files("spectronaut", {"proteins": logged})
    assert data.uns["exomics"]["scale"]["kind"] == "log2"
    assert data["a", "P2"].X[0, 0] == 0


@pytest.mark.parametrize(
    ("loader", "text", "message"),
    [
        ("maxquant", MAXQUANT.replace("P5", "P1;P2"), r"labels of the rows must be unique; .*\(P1;P2\)"),
        ("maxquant", MAXQUANT.replace("\t10\t", "\tlow\t").replace("LFQ", "XX"), r"column Intensity a holds 'low'"),
        ("maxquant", "Protein IDs\tScore\nP1\t4\n", r"expected columns of one of the quantities LFQ intensity"),
        ("maxquant", MAXQUANT.replace("\t", ","), r"expected the columns Protein IDs"),
        ("diann", "Group\ta.raw\nP1\t4\n", r"expected Protein\.Group or Genes and one column per run"),
        ("diann", "Genes\tx/a.raw\ty/a.raw\nP1\t4\t5\n", r"several runs have the name a; rename one"),
        ("diann", "Genes\ta.raw\ta.raw\nP1\t4\t5\n", r"labels of the columns must be unique"),
        ("fragpipe", "Protein\ta Intensity\nP1\t4\n", r"expected the columns Protein ID"),
        ("spectronaut", "PG.ProteinGroups\ta.PG.Quantity\nP1\t1,5\nP1\t2\n", r"labels of the rows must be unique"),
        ("spectronaut", "Group\ta.PG.Quantity\nP1\t1\n", r"expected the columns PG\.ProteinGroups"),
    ],
)
def test_faults_are_named_in_one_line(loader: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files(loader, {"proteins": text_file(tmp_path, text)})
    assert "\n" not in str(caught.value)


def test_genes_that_a_spreadsheet_made_dates_are_told(tmp_path: Path) -> None:
    data = load_files("diann", {"proteins": text_file(tmp_path, "Genes\ta.raw\n1-Mar\t1\nALB\t2\n")})
    assert report_of(data)["ids_like_dates"] == {"count": 1, "examples": ["1-Mar"]}
    assert data.n_vars == 2


def test_decimal_commas_are_mended_and_stated(tmp_path: Path) -> None:
    data = load_files("diann", {"proteins": text_file(tmp_path, "Genes\ta.raw\nALB\t1,5\nTTN\t20,25\n")})
    assert data.X.tolist() == [[1.5, 20.25]]
    assert report_of(data)["notes"] == ["decimal commas were read as points"]
    with pytest.raises(InputError, match="whose comma may be a decimal mark or a thousands mark"):
        load_files("diann", {"proteins": text_file(tmp_path, "Genes\ta.raw\nALB\t1,500\nTTN\t20,250\n")})
    with pytest.raises(InputError, match="the option `flagged` must be keep or drop; got 'no'"):
        load_files("diann", {"proteins": text_file(tmp_path, "Genes\ta.raw\nALB\t1\n")}, {"flagged": "no"})
