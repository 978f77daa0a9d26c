"""A user's own matrix and sheet: orientation from content, ids as text, and every fault in one line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError, ScaleError
from exomics.schema import Scale, annotate

MATRIX = "gene\tname\t001\t002\t003\ng1\tA\t1\t2\t3\ng2\tB\t0\t5\tNA\ng3\tNA\tNA\tNA\tNA\n"
SHEET = "donor,library,age,sex\np1,002,50,female\np2,001,61,male\np3,003,NA,female\np4,004,40,male\n"
LOG2 = {"scale": "log2:cpm:1", "all_missing": "keep"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "matrix.tsv").write_text(MATRIX)
    (tmp_path / "sheet.csv").write_text(SHEET)
    return tmp_path


def load(folder: Path, *, matrix: str = "matrix.tsv", **options: object) -> AnnData:
    return load_files("expression_table", {"matrix": folder / matrix, "samples": folder / "sheet.csv"}, options)


def report_of(data: AnnData) -> dict:
    return json.loads(data.uns["exomics"]["report"])


def test_orientation_and_id_column_follow_from_the_sheet(folder: Path) -> None:
    data = load(folder, columns="subject_id:donor", constants="species:human", **LOG2)
    assert list(data.obs_names) == ["001", "002", "003"]
    assert list(data.obs["subject_id"]) == ["p2", "p1", "p3"]
    np.testing.assert_array_equal(data.X, [[1, 0, np.nan], [2, 5, np.nan], [3, np.nan, np.nan]])
    assert list(data.var["feature_name"]) == ["g1", "g2", "g3"]
    report = report_of(data)
    assert report["orientation"] == "features_in_rows"
    assert report["sample_id_column"] == "library"
    assert report["sheet_rows_without_sample"] == ["004"]


def test_subjects_are_text_whatever_they_look_like(folder: Path) -> None:
    (folder / "sheet.csv").write_text("patient,library,age\n1e5,001,50\n100000,002,61\n1.0,003,70\n")
    data = load(folder, columns="subject_id:patient", **LOG2)
    assert list(data.obs["subject_id"]) == ["1e5", "100000", "1.0"]
    assert data.obs["age"].tolist() == [50, 61, 70]


def test_subjects_that_a_spreadsheet_made_floats_of_are_refused(folder: Path) -> None:
    (folder / "sheet.csv").write_text("patient,library\n2.31E+19,001\n2.31E+19,002\np3,003\n")
    with pytest.raises(
        InputError, match=r"sheet\.csv: 2 subject ids are floats of a spreadsheet .*export the ids as text"
    ):
        load(folder, columns="subject_id:patient", **LOG2)


@pytest.mark.parametrize("words", [("1", "2"), ("p1", "p2")])
def test_a_subject_that_is_not_known_stays_unknown(folder: Path, words: tuple[str, str]) -> None:
    (folder / "sheet.csv").write_text(f"subject_id,library\n{words[0]},001\n,002\n{words[1]},003\n")
    known = load(folder, **LOG2).obs["subject_id"]
    assert known.notna().tolist() == [True, False, True]
    assert known.dropna().tolist() == list(words)


def test_numbers_beyond_any_integer_are_numbers(folder: Path) -> None:
    (folder / "matrix.tsv").write_text("gene\t001\t002\t003\ng1\t99999999999999999999\t1\t2\n")
    assert load(folder, **LOG2).X.tolist() == [[1e20], [1.0], [2.0]]


def test_features_without_value_are_kept_and_reported(folder: Path) -> None:
    data = load(folder, **LOG2)
    assert data.n_vars == 3
    assert report_of(data)["features_without_value"] == ["g3"]


def test_features_without_value_are_refused_unless_they_are_asked_for(folder: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 3 features have none \(g3\).*all_missing=keep"):
        load(folder, scale="log2:cpm:1")


def test_annotation_columns_describe_features(folder: Path) -> None:
    data = load(folder, feature_name="name", **LOG2)
    assert list(data.var["feature_name"]) == ["A", "B", ""]
    with pytest.raises(InputError, match=r"no feature column is called 'symbol'; there are name"):
        load(folder, feature_name="symbol", **LOG2)


def test_words_that_are_not_the_contracts_are_kept_aside(folder: Path) -> None:
    (folder / "sheet.csv").write_text("library,species,specimen\n001,cat,tumor\n002,cat,tumor\n003,cat,tumor\n")
    data = load(folder, **LOG2)
    assert set(data.obs["species_in_source"]) == {"cat"}
    assert data.obs["species"].isna().all()
    assert set(data.obs["specimen"]) == {"tumor"}


def test_samples_in_rows_and_compressed(folder: Path) -> None:
    text = "id,g1,g2\n001,0.1,2\n003,0.30000000000000004,NaN\n"
    with gzip.open(folder / "wide.csv.gz", "wt") as stream:
        stream.write(text)
    data = load(folder, matrix="wide.csv.gz", **LOG2)
    assert report_of(data)["orientation"] == "samples_in_rows"
    np.testing.assert_array_equal(data.X, [[0.1, 2.0], [0.30000000000000004, np.nan]])


def test_annotation_describes_samples_where_they_are_in_rows(folder: Path) -> None:
    (folder / "wide.csv").write_text("id,plate,site,age,g1,g2\n001,3,A,9,1,2\n003,4,,9,5,0\n")
    data = load(folder, matrix="wide.csv", annotation=["plate", "site", "age"], **LOG2)
    assert list(data.var_names) == ["g1", "g2"]
    assert data.obs["plate"].tolist() == [3, 4]
    assert data.obs["site"].isna().tolist() == [False, True]
    assert data.obs["age"].isna().tolist() == [False, True]  # the sheet's, not the matrix's


def test_a_header_without_a_name_for_the_rows_as_r_writes_it(folder: Path) -> None:
    (folder / "r.tsv").write_text("001\t002\ng1\t1\t2\n")
    np.testing.assert_array_equal(load(folder, matrix="r.tsv", **LOG2).X, [[1.0], [2.0]])


def test_without_a_sheet_the_orientation_is_declared(folder: Path) -> None:
    files = {"matrix": folder / "matrix.tsv"}
    with pytest.raises(InputError, match="without a sample sheet the orientation must be declared"):
        load_files("expression_table", files, LOG2)
    data = load_files("expression_table", files, {**LOG2, "orientation": "features_in_rows"})
    assert list(data.obs_names) == ["001", "002", "003"]


def test_counts_become_a_layer(folder: Path) -> None:
    (folder / "counts.tsv").write_text("gene\t001\t002\ng1\t4\t0\n")
    data = load(folder, matrix="counts.tsv", scale="counts:count")
    np.testing.assert_array_equal(data.layers["counts"], [[4], [0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("4.5\t0", r"must be whole numbers; 1 of 2 are not.*declare the scale"),
        ("-1\t0", r"must not be negative; the smallest is -1"),
        ("4\tNA", r"must be finite; got 1 missing"),
    ],
)
def test_counts_that_are_not_counts(values: str, message: str, folder: Path) -> None:
    (folder / "counts.tsv").write_text(f"gene\t001\t002\ng1\t{values}\n")
    with pytest.raises(ScaleError, match=rf"counts\.tsv: the values {message}"):
        load(folder, matrix="counts.tsv", scale="counts:count")


def test_the_scale_must_be_declared(folder: Path) -> None:
    with pytest.raises(ScaleError, match=r"matrix\.tsv: the scale .* never guessed; .*counts:count, linear:tpm"):
        load(folder)


@pytest.mark.parametrize(
    ("matrix", "sheet", "message"),
    [
        ("gene\ts1\ts1\ng\t1\t2\n", SHEET, r"labels of the columns must be unique; 1 occur more than once \(s1\)"),
        ("gene\t001\t\ng\t1\t2\n", SHEET, r"1 columns have no label \(the first is number 2\)"),
        ("gene\t001\t002\ng\t1\t2\ng\t1\t2\n", SHEET, r"labels of the rows must be unique; .*\(g\).*average or drop"),
        ("gene\t001\t002\n\t1\t2\n", SHEET, r"1 rows have no label"),
        (
            "gene\ta\tb\ng\t1\t2\n",
            SHEET,
            r"no column of .*sheet\.csv \(donor, library, age, sex\) holds the sample ids",
        ),
        ("gene\t001\t009\ng\t1\t2\n", SHEET, r"1 of 2 samples are not in the sample sheet \(009\)"),
        ("gene\t001\t002\ng\t1\tlow\n", SHEET, r"column 002 holds 'low' in row g; expected numbers, or NA for missing"),
        (MATRIX, "library,age\n001,1\n001,2\n002,1\n003,1\n", r"rows by library must be unique; .*\(001\)"),
        (MATRIX, "library,age\n001,1\n,2\n002,1\n003,1\n", r"1 rows by library have no label"),
        (MATRIX, "library,library\n001,1\n", r"labels of the columns must be unique; .*\(library\)"),
        (MATRIX, "library\n", r"got a header only"),
        ("gene 001\ng 1\n", SHEET, r"expected a header and rows of as many fields, separated by '\\t'"),
        ("gene\t001\ng\t1\t2\t3\n", SHEET, r"the header has 2, the first row 4"),
        ("", SHEET, r"expected a header"),
    ],
)
def test_faults_are_named_in_one_line(matrix: str, sheet: str, message: str, folder: Path) -> None:
    (folder / "matrix.tsv").write_text(matrix)
    (folder / "sheet.csv").write_text(sheet)
    with pytest.raises(InputError, match=message) as caught:
        load(folder, **LOG2)
    assert "\n" not in str(caught.value)
    assert ".tsv" in str(caught.value) or ".csv" in str(caught.value)


def test_a_named_id_column_must_exist(folder: Path) -> None:
    with pytest.raises(InputError, match=r"sheet\.csv has no column 'id'; it has donor, library"):
        load(folder, sample_id="id", **LOG2)


def test_a_binary_or_absent_matrix_is_named(folder: Path) -> None:
    (folder / "bad.tsv").write_bytes(b"g\ts\n\x00\x01")
    with pytest.raises(InputError, match=r"bad\.tsv is not a text table"):
        load(folder, matrix="bad.tsv", **LOG2)
    (folder / "cut.tsv.gz").write_bytes(gzip.compress(MATRIX.encode(), mtime=0)[:-12])
    with pytest.raises(InputError, match=r"cut\.tsv\.gz is not a whole gzip file: it is cut off"):
        load(folder, matrix="cut.tsv.gz", **LOG2)
    with pytest.raises(InputError, match=r"absent\.tsv \(role matrix\) does not exist"):
        load(folder, matrix="absent.tsv", **LOG2)


@pytest.fixture
def own_h5ad(folder: Path) -> Path:
    obs = pd.DataFrame({"batch": ["a", "b"]}, index=["001", "002"])
    whole = AnnData(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), obs=obs, var=pd.DataFrame(index=["g1", "g2", "g3"]))
    adata = whole[:, :2].copy()
    adata.raw = whole
    adata.layers["scaled"] = adata.X * 10
    adata.write_h5ad(folder / "own.h5ad")
    return folder / "own.h5ad"


def test_an_anndata_with_raw_and_layers(own_h5ad: Path, folder: Path) -> None:
    plain = load(folder, matrix="own.h5ad", **LOG2)
    np.testing.assert_array_equal(plain.X, [[1, 2], [4, 5]])
    assert list(plain.obs["age"]) == [61, 50]
    assert list(plain.obs["batch"]) == ["a", "b"]
    assert report_of(plain)["other_layers"] == ["raw", "scaled"]
    raw = load(folder, matrix="own.h5ad", layer="raw", scale="counts:count")
    np.testing.assert_array_equal(raw.X, [[1, 2, 3], [4, 5, 6]])
    scaled = load(folder, matrix="own.h5ad", layer="scaled", **LOG2)
    np.testing.assert_array_equal(scaled.X, [[10, 20], [40, 50]])
    with pytest.raises(InputError, match=r"own\.h5ad has no layer 'counts'; it has X, raw, scaled"):
        load(folder, matrix="own.h5ad", layer="counts", **LOG2)
    with pytest.raises(ScaleError, match="not declared"):
        load(folder, matrix="own.h5ad")


def test_an_anndata_that_declares_its_scale_needs_no_sheet(own_h5ad: Path) -> None:
    adata = AnnData(np.ones((2, 2)), obs=pd.DataFrame({"subject_id": ["p", "q"]}, index=["a", "b"]))
    annotate(adata, assay="rna", scale=Scale(kind="linear", quantity="tpm")).write_h5ad(own_h5ad)
    data = load_files("expression_table", {"matrix": own_h5ad})
    assert data.uns["exomics"]["scale"]["quantity"] == "tpm"
    assert list(data.obs["subject_id"]) == ["p", "q"]
