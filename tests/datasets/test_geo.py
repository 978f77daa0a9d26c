"""GEO: characteristics become columns, values stay as submitted, and what has no values is said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError, ScaleError

HEAD = (
    '!Series_geo_accession\t"GSE1"\n!Series_supplementary_file\t"GSE1_counts.txt.gz"\n\n'
    '!Sample_title\t"rest 1"\t"post 1"\t"rest 2"\n!Sample_geo_accession\t"GSM1"\t"GSM2"\t"GSM3"\n'
    '!Sample_organism_ch1\t"Homo sapiens"\t"Homo sapiens"\t"Rattus norvegicus"\n'
    '!Sample_characteristics_ch1\t"Time Point: pre"\t"time point: post"\t"tumor"\n'
    '!Sample_characteristics_ch1\t"age: 61"\t""\t"age: 70"\n!Sample_data_processing\t"RMA"\t"RMA"\t"RMA"\n'
)
TABLE = (
    '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"\n"1007_s_at"\t7.5\t8.25\tnull\n"1053_at"\t1\t2\t3\n'
    "!series_matrix_table_end\n"
)
EMPTY = '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\t"GSM3"\n!series_matrix_table_end\n'


def write(folder: Path, text: str, name: str = "GSE1_series_matrix.txt.gz") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode())
    return path


def report_of(data: AnnData) -> dict:
    return json.loads(data.uns["exomics"]["report"])


def test_a_series_matrix(tmp_path: Path) -> None:
    data = load_files("geo_series_matrix", {"series": write(tmp_path, HEAD + TABLE)}, {"scale": "log2:array"})
    np.testing.assert_array_equal(data.X, [[7.5, 1], [8.25, 2], [np.nan, 3]])
    assert list(data.obs_names) == ["GSM1", "GSM2", "GSM3"]
    assert data.obs["time_point"].dropna().tolist() == ["pre", "post"]
    assert data.obs["species"].tolist() == ["human", "human", "rat"]
    assert data.obs["characteristics"].dropna().tolist() == ["tumor"]
    assert data.obs["age"].dropna().tolist() == ["61", "70"]
    assert set(data.obs["study_id"]) == {"GSE1"}
    assert report_of(data)["data_processing"] == ["RMA"]


def test_supplementary_counts_are_matched_by_title(tmp_path: Path) -> None:
    counts = write(tmp_path, "gene\tlength\trest 2\trest 1\nA\t900\t5\t0\nB\t100\t7\t1\n", "counts.tsv.gz")
    files = {"series": write(tmp_path, HEAD + EMPTY), "counts": counts}
    data = load_files("geo_series_matrix", files)
    assert data.layers["counts"].tolist() == [[5, 7], [0, 1]]
    assert list(data.obs_names) == ["GSM3", "GSM1"]
    assert data.var["length"].tolist() == [900, 100]
    report = report_of(data)
    assert (report["matched_by"], report["samples_dropped"]) == ("title", ["GSM2"])
    assert report["columns_of_features"] == ["length"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + EMPTY, r"the table is empty, as in sequencing series; .* role counts \(GSE1_counts\.txt\.gz\)"),
        (HEAD + TABLE[:-20], r"the table has no end; the file is cut off"),
        ("gene\ts1\nA\t1\n", r"is no series matrix"),
        (HEAD.replace('\t"GSM3"', "") + TABLE, r"as many values in every line of !Sample_"),
        (HEAD + TABLE.replace('"GSM3"\n"1007', '"GSM9"\n"1007'), r"the columns GSM9 are no sample of the series"),
        (HEAD + TABLE.replace("8.25\tnull", "8.25"), r"the header has 4, the first row 3"),
        (HEAD + TABLE.replace("1053_at", "1007_s_at"), r"labels of the rows must be unique"),
    ],
)
def test_a_series_matrix_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_files("geo_series_matrix", {"series": write(tmp_path, text)})


def test_counts_that_are_none(tmp_path: Path) -> None:
    files = {"series": write(tmp_path, HEAD + EMPTY), "counts": write(tmp_path, "gene\trest 1\nA\t0.5\n", "c.tsv")}
    with pytest.raises(ScaleError, match=r"c\.tsv: the values must be whole numbers"):
        load_files("geo_series_matrix", files)
    files["counts"] = write(tmp_path, "gene\tlibrary1\nA\t5\n", "d.tsv")
    with pytest.raises(InputError, match=r"no column \(library1 \.\.\.\) is an accession, title or description"):
        load_files("geo_series_matrix", files)


SOFT = (
    "^SERIES = GSE2\n!Series_title = x\n^PLATFORM = GPL1\n#ID = probe\n!platform_table_begin\nID\tSymbol\np1\tTP53\n"
    "p2\t\n!platform_table_end\n^SAMPLE = GSM1\n!Sample_platform_id = GPL1\n!Sample_characteristics_ch1 = sex: F\n"
    "!sample_table_begin\nID_REF\tVALUE\tCALL\np1\t7\tP\np2\tnull\tA\n!sample_table_end\n^SAMPLE = GSM2\n"
    "!Sample_platform_id = GPL1\n!sample_table_begin\nID_REF\tVALUE\tCALL\np2\t3\tP\n!sample_table_end\n"
    "^SAMPLE = GSM3\n!Sample_platform_id = GPL1\n"
)


def test_a_family_joins_its_samples_by_feature(tmp_path: Path) -> None:
    files = {"data": write(tmp_path, SOFT, "GSE2_family.soft")}
    data = load_files("geo_soft", files, {"feature_name": "Symbol"})
    np.testing.assert_array_equal(data.X, [[7, np.nan], [np.nan, 3]])
    assert data.var["feature_name"].tolist() == ["TP53", ""]
    assert data.obs["sex"].tolist()[0] == "female"
    assert report_of(data)["samples_dropped"] == ["GSM3"]
    with pytest.raises(InputError, match=r"GSM1 has no column 'LOG'; it has ID_REF, VALUE, CALL"):
        load_files("geo_soft", files, {"value": "LOG"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOFT[:-90].rpartition("!sample_table_end")[0], r"the table of GSM1 has no end"),
        (SOFT.replace("p2\t3\tP", "p2\t3"), r"row 2 of the table of GSM2 has 2 of 3 fields"),
        (SOFT.replace("p2\t3\tP", "p2\tlow\tP"), r"column VALUE holds 'low'"),
        (SOFT.replace("p2\tnull", "p1\tnull"), r"features of GSM1 must be unique"),
        (
            SOFT.replace("id = GPL1\n!sample_table", "id = GPL2\n!sample_table"),
            r"has samples of GPL1, GPL2; choose",
        ),
        ("!Sample_title = x\n", r"line 1: expected a line that starts with \^ first"),
        ("plain text\n", r"holds no entity"),
        ("^SERIES = GSE1\n", r"describes no sample; fetch the whole family file"),
        ("^SAMPLE = GSM1\n", r"none of 1 samples has a table; the values are in the supplementary files"),
    ],
)
def test_a_soft_file_that_is_none(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_files("geo_soft", {"data": write(tmp_path, text, "GSE2_family.soft")})


@pytest.mark.real_data
def test_a_real_curated_dataset(reference_folder: Path) -> None:
    data = load_files("geo_soft", {"data": reference_folder / "native" / "geo" / "GDS507.soft.gz"})
    assert data.shape == (17, 22645)
    assert data.obs["disease_state"].value_counts().to_dict() == {"RCC": 9, "normal": 8}
    assert data.obs.loc["GSM11815", "individual"] == data.obs.loc["GSM11810", "individual"] == "035"
    assert data.var.loc["200000_s_at", "feature_name"] == "PRPF8"
    assert np.isfinite(data.X[:, data.var_names.get_loc("200000_s_at")]).all()


@pytest.mark.real_data
def test_real_samples_and_families(reference_folder: Path) -> None:
    folder = reference_folder / "native" / "geo"
    sample = load_files("geo_soft", {"data": folder / "GSM11805.txt.gz"})
    assert sample.shape == (1, 22283)
    assert sample[:, "AFFX-BioB-5_at"].X.tolist() == [[953.9]]
    family = load_files("geo_soft", {"data": folder / "soft_ex_family.txt"}, {"feature_name": "Gene_Sym"})
    assert family.shape == (3, 20)
    assert family.var["feature_name"].tolist()[:3] == ["Nfatc2", "Gpr3", "Tmod2"]
    assert set(family.obs["species"]) == {"mouse"}
    with pytest.raises(InputError, match="describes no sample; fetch the whole family file"):
        load_files("geo_soft", {"data": folder / "GSE105845_family.soft"})
