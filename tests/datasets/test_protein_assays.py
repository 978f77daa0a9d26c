"""Olink and SomaScan: limits of detection, warnings and controls stay visible."""

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


def text_file(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def long_olink(reference_folder: Path) -> AnnData:
    """Olink's own example, long."""
    return load_files("olink", {"npx": reference_folder / "native" / "olink" / "npx_data1_long.csv.gz"})


@pytest.mark.real_data
def test_the_long_export_equals_its_rows(long_olink: AnnData, reference_folder: Path) -> None:
    table = pd.read_csv(reference_folder / "native" / "olink" / "npx_data1_long.csv.gz", float_precision="round_trip")
    table = table[~table["SampleID"].str.contains("CONTROL")]
    assert long_olink.shape == (156, 184)
    for column, layer in (("NPX", None), ("LOD", "lod")):
        wide = table.pivot(index="SampleID", columns="OlinkID", values=column)
        found = long_olink.X if layer is None else long_olink.layers[layer]
        np.testing.assert_array_equal(found, wide.loc[list(long_olink.obs_names), list(long_olink.var_names)])
    assert long_olink.layers["below_lod"].sum() == (table["NPX"] < table["LOD"]).sum() == 1533
    assert long_olink.layers["qc_warning"].sum() == (table["QC_Warning"] != "Pass").sum()
    assert set(long_olink.obs["Treatment"].dropna()) == {"Treated", "Untreated"}
    assert report_of(long_olink)["control_samples"] == ["CONTROL_SAMPLE_AS 1", "CONTROL_SAMPLE_AS 2"]


@pytest.mark.real_data
def test_the_wide_workbook_and_the_long_text_agree(long_olink: AnnData, reference_folder: Path) -> None:
    folder = reference_folder / "native" / "olink"
    files = {"npx": folder / "npx_data1.xlsx", "samples": folder / "npx_data1_meta.csv"}
    wide = load_files("olink", files, {"columns": "subject_id:Subject"})
    aligned = long_olink[wide.obs_names, wide.var_names]
    np.testing.assert_allclose(wide.X, aligned.X, rtol=1e-15)
    for layer in ("below_lod", "qc_warning"):
        np.testing.assert_array_equal(wide.layers[layer], aligned.layers[layer])
    assert list(wide.obs["subject_id"]) == list(aligned.obs["Subject"])
    assert set(wide.obs.filter(like="PlateID")) == {"PlateID Olink CARDIOMETABOLIC", "PlateID Olink INFLAMMATION"}


@pytest.mark.real_data
def test_the_parquet_export(reference_folder: Path) -> None:
    data = load_files("olink", {"npx": reference_folder / "native" / "olink" / "npx_data_ext.parquet"})
    assert data.shape == (1, 1)
    assert data.var["feature_name"].tolist() == ["MAPT"]
    assert np.isnan(data.layers["lod"]).all()
    assert report_of(data)["assays_without_lod"] == 1


LONG = (
    "SampleID;Index;OlinkID;UniProt;Assay;Panel;PlateID;QC_Warning;LOD;NPX;Visit\n"
    "A1;1;OID1;P1;IL6;Inf;p1;Pass;1.5;3.25;pre\nA1;1;OID2;P2;TNF;Inf;p1;Pass;;0.5;pre\n"
    "A2;2;OID1;P1;IL6;Inf;p2;Warning;1.5;0.5;post\nCONTROL 1;3;OID1;P1;IL6;Inf;p1;Pass;1.5;9;\n"
)


def test_a_value_below_the_limit_stays_and_is_marked(tmp_path: Path) -> None:
    data = load_files("olink", {"npx": text_file(tmp_path, LONG)})
    np.testing.assert_array_equal(data.X, [[3.25, 0.5], [0.5, np.nan]])
    assert data.layers["below_lod"].tolist() == [[False, False], [True, False]]
    assert data.layers["qc_warning"].tolist() == [[False, False], [True, False]]
    assert list(data.obs["batch"]) == ["p1", "p2"]
    assert list(data.obs["Visit"]) == ["pre", "post"]
    report = report_of(data)
    assert (report["n_missing"], report["n_below_lod"], report["assays_without_lod"]) == (1, 1, 1)
    kept = load_files("olink", {"npx": text_file(tmp_path, LONG)}, {"controls": "keep"})
    assert list(kept.obs_names) == ["A1", "A2", "CONTROL 1"]


WIDE = (
    "Project;\nNPX data;\nPanel;Inf;Inf;Inf;Inf\nAssay;IL6;TNF;Plate ID;QC Warning\nUniprot ID;P1;P2;;\n"
    "OlinkID;OID1;OID2;;\n;;;;\nA1;3.25;0.5;p1;Pass\nA2;0.5;NaN;p2;Warning\n;;;;\nLOD;1.5;0.1;;\n"
    "Missing Data freq.;0.1;0;;\n"
)


def test_the_wide_text_export(tmp_path: Path) -> None:
    data = load_files("olink", {"npx": text_file(tmp_path, WIDE)})
    np.testing.assert_array_equal(data.X, [[3.25, 0.5], [0.5, np.nan]])
    np.testing.assert_array_equal(data.layers["lod"][:, 0], [1.5, 1.5])
    assert data.layers["qc_warning"][:, 0].tolist() == [False, True]
    with pytest.raises(InputError, match="with rows called Panel, Assay, Uniprot ID, OlinkID .* OlinkID are missing"):
        load_files("olink", {"npx": text_file(tmp_path, WIDE.replace("OlinkID;OID1", "Olink;OID1"))})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LONG.replace("A2;2;OID1", "A1;2;OID1"), r"one row per sample and assay; A1 has 1 further rows such as OID1"),
        (LONG.replace(";NPX;", ";Value;"), r"expected the columns NPX"),
        (LONG.replace("3.25", "high"), r"column NPX holds 'high'"),
        (LONG.replace("A2;2", ";2"), r"every row needs SampleID and OlinkID; 1 lack one"),
        (LONG.splitlines()[0] + "\n" + LONG.splitlines()[-1] + "\n", r"no row is left beside controls"),
    ],
)
def test_faults_of_olink_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("olink", {"npx": text_file(tmp_path, text)})
    assert "\n" not in str(caught.value)


def test_damaged_binary_exports(tmp_path: Path) -> None:
    for name in ("npx.xlsx", "npx.parquet"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 broken")
        with pytest.raises(InputError, match=rf"{name} is not a whole"):
            load_files("olink", {"npx": tmp_path / name})


ADAT = (
    "!Checksum\tabc\n^HEADER\n!Version\t1.2\n!ProcessSteps\tRaw RFU, Hyb Normalization\n^COL_DATA\n"
    "!Name\tSeqId\tEntrezGeneSymbol\tType\tOrganism\tColCheck\n!Type\tString\tString\tString\tString\tString\n"
    "^ROW_DATA\n!Name\tPlateId\tSampleId\tSampleType\tRowCheck\n!Type\tString\tString\tString\tString\n^TABLE_BEGIN\n"
    "\t\t\t\tSeqId\t10-28\t11-3\t12-1\n\t\t\t\tEntrezGeneSymbol\tIL6\t\tTNF\n"
    "\t\t\t\tType\tProtein\tSpuriomer\tProtein\n\t\t\t\tOrganism\tHuman\t\tMouse\n\t\t\t\tColCheck\tPASS\tPASS\tFLAG\n"
    "PlateId\tSampleId\tSampleType\tRowCheck\t\t\t\t\n"
    "p1\ts1\tSample\tPASS\t\t100.5\t20\t30\np1\ts2\tSample\tFLAG\t\t200\t21\t\np1\tb1\tBuffer\tPASS\t\t10\t11\t12\n"
)


def test_an_adat_is_read_section_by_section(tmp_path: Path) -> None:
    data = load_files("somascan", {"adat": text_file(tmp_path, ADAT, "study.adat")})
    np.testing.assert_array_equal(data.X, [[100.5, 20, 30], [200, 21, np.nan]])
    assert list(data.var_names) == ["10-28", "11-3", "12-1"]
    assert data.var["feature_name"].tolist() == ["IL6", "", "TNF"]
    assert data.var["is_control"].tolist() == [False, True, True]
    assert data.var["is_flagged"].tolist() == [False, False, True]
    assert data.obs["qc_flag"].tolist() == ["", "RowCheck is not PASS"]
    report = report_of(data)
    assert report["dropped_samples"] == {"Buffer": 1}
    assert report["processing"] == "Raw RFU, Hyb Normalization"
    assert load_files("somascan", {"adat": text_file(tmp_path, ADAT, "a.adat")}, {"controls": "keep"}).n_obs == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ADAT.replace("^TABLE_BEGIN", "^TABLE"), r"expected one section \^TABLE_BEGIN"),
        (ADAT.replace("\t100.5\t20\t30", "\t100.5\t20"), r"line 18 has 7 fields, the aptamers' rows 8"),
        (ADAT.replace("100.5", "high"), r"holds 'high'"),
        (ADAT.replace("s2", "s1"), r"samples by SampleId must be unique"),
        (ADAT.replace("11-3", "10-28"), r"labels of the aptamers must be unique"),
        (ADAT.replace("\t\t\t\tSeqId", "\t\t\t\tSeq"), r"expected a row SeqId above the samples"),
        (ADAT.replace("Sample\t", "Pool\t"), r"no row has the SampleType Sample"),
        (ADAT.replace("SampleId", "Id"), r"no column 'SampleId' of the samples"),
        (ADAT[: ADAT.index("\t\t\t\tSeqId")], r"expected rows that describe the aptamers"),
    ],
)
def test_faults_of_an_adat_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("somascan", {"adat": text_file(tmp_path, text, "study.adat")})
    assert "\n" not in str(caught.value)
