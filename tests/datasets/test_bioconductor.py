"""The bioconductor loader: own objects of known classes, what options say of them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mudata import MuData

from exomics.datasets import load_files, read_data, write_data
from exomics.errors import InputError, RegistryError, ScaleError
from exomics.schema import scale_of

FIXTURES = Path(__file__).parent / "fixtures"


def test_an_own_object_needs_no_option_and_gets_no_scale(tmp_path: Path) -> None:
    data = load_files("bioconductor", {"data": FIXTURES / "expression_set.rda"})
    np.testing.assert_array_equal(data.X[1], np.log2([2.0, 3.0, 4.0]))
    assert list(data.obs_names) == ["s1", "s2"]
    assert data.obs["subject_id"].isna().all()
    assert set(data.obs["specimen"]) == {"unknown"}
    with pytest.raises(ScaleError, match="the scale of X is not declared"):
        scale_of(data)
    assert read_data(write_data(data, tmp_path / "own.h5ad")).n_vars == 3


def test_options_say_what_the_object_does_not() -> None:
    data = load_files(
        "bioconductor",
        {"data": FIXTURES / "summarized.rds"},
        {
            "assay_name": "counts",
            "scale": "counts:count",
            "feature_name": "symbol",
            "study": "mine",
            "columns": {"subject_id": "patient", "sex": "sex"},
            "values": {"sex": {"F": "female", "M": "male"}},
            "constants": {"species": "human", "specimen": "tumor"},
            "endpoints": {"os": {"time": "months", "event": "dead", "unit": "year"}},
        },
    )
    np.testing.assert_array_equal(data.layers["counts"], [[5, 0, 7], [1, 2, 3]])
    assert list(data.var["feature_name"]) == ["A", "", "C"]
    assert list(data.obs["subject_id"]) == ["p1", "p2"]
    assert data.obs["sex"].isna().tolist() == [False, True]
    np.testing.assert_array_equal(data.obs["os_time_months"], [150.0, np.nan])
    assert data.obs["os_event"].tolist() == [1.0, 0.0]
    assert set(data.obs["study_id"]) == {"mine"}
    report = json.loads(data.uns["exomics"]["report"])
    assert report["class"] == "SummarizedExperiment"
    assert report["other_assays"] == ["logs"]


def test_usual_words_for_sex_are_understood() -> None:
    data = load_files("bioconductor", {"data": FIXTURES / "summarized.rds"})
    assert data.obs["sex"].dropna().tolist() == ["female"]


def test_mappings_from_a_command_line() -> None:
    options = {"columns": "subject_id:patient", "constants": "species:human, specimen:tumor", "scale": "log2:tpm:1"}
    data = load_files("bioconductor", {"data": FIXTURES / "summarized.rds"}, {"assay_name": "logs", **options})
    assert list(data.obs["subject_id"]) == ["p1", "p2"]
    assert set(data.obs["species"]) == {"human"}
    assert scale_of(data).offset == 1.0


def test_several_assays_align_on_the_patient_by_the_sample_map() -> None:
    options = {"modalities": {"rna": {"scale": "counts:count"}, "protein": {"assay": "protein", "scale": "log2:ratio"}}}
    data = load_files("bioconductor", {"data": FIXTURES / "multi.rda"}, options)
    assert isinstance(data, MuData)
    assert list(data.mod["rna"].obs_names) == ["p1", "p2"]
    assert list(data.mod["rna"].obs["sample_id"]) == ["s1", "s2"]
    assert list(data.mod["protein"].obs_names) == ["p1"]
    assert data.mod["protein"].obs["gender"].tolist() == ["male"]
    np.testing.assert_array_equal(data.mod["protein"].X, [[0.5, np.nan]])
    assert data.mod["protein"].var["feature_type"].tolist() == ["protein", "protein"]


def test_a_list_of_matrix_and_frame() -> None:
    data = load_files("bioconductor", {"data": FIXTURES / "frames.rda"}, {"object": "record", "scale": "linear:value"})
    np.testing.assert_array_equal(data.X, [[1, 2], [np.nan, 4], [5, 6]])
    assert list(data.var_names) == ["g1", "g2"]


def test_sparse_counts_stay_sparse() -> None:
    data = load_files("bioconductor", {"data": FIXTURES / "sparse.rda"}, {"scale": "counts:count"})
    np.testing.assert_array_equal(data.layers["counts"].toarray(), [[5, 0, 7], [0, 2, 0]])


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("unknown.rda", {"object": "unknown_s4"}, r"'unknown_s4' is of class 'Seurat', which is not supported"),
        ("values.rda", {"object": "reals"}, r"holds no matrix; expected one of: ExpressionSet"),
        ("frames.rda", {"object": "automatic"}, r"a data frame whose columns y hold no numbers"),
        ("repeated.rda", {}, r"ids of the features must be present and unique; .* 1 occur more than once \(g1\)"),
        ("summarized.rds", {"assay_name": "tpm"}, r"has no assay 'tpm'; it has counts, logs"),
        ("summarized.rds", {"columns": {"subject_id": "animal"}}, r"expected a column 'animal'; it has patient, sex"),
        (
            "summarized.rds",
            {"columns": {"sex": "sex"}, "values": {"sex": {"W": "female"}}},
            r"sex: expected W; got F",
        ),
        (
            "summarized.rds",
            {"endpoints": {"os": {"time": "months", "event": "dead"}}},
            r"the unit of months must be one",
        ),
        ("summarized.rds", {"endpoints": {"x": {}}}, r"the endpoint must be one of os, pfs; got 'x'"),
        ("summarized.rds", {"constants": {"species": "cat"}}, r"species has cat, expected human, rat, mouse"),
        ("summarized.rds", {"scale": "ln:tpm"}, r"scale kind must be one of counts, linear, log2; got 'ln'"),
        ("summarized.rds", {"scale": "log2"}, r"expected a scale as kind:quantity"),
        ("summarized.rds", {"scale": "counts:count", "assay_name": "logs"}, r"holds negative or fractional values"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(file: str, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_files("bioconductor", {"data": FIXTURES / file}, options)
    assert "\n" not in str(caught.value)


def test_unknown_options_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"the loader bioconductor has no option colour; it has object"):
        load_files("bioconductor", {"data": FIXTURES / "sparse.rda"}, {"colour": "red"})
    with pytest.raises(InputError, match=r"absent\.rda \(role data\) does not exist"):
        load_files("bioconductor", {"data": tmp_path / "absent.rda"})
    with pytest.raises(InputError, match=r"needs a file of role 'data'; got other"):
        load_files("bioconductor", {"other": FIXTURES / "sparse.rda"})
    with pytest.raises(RegistryError, match=r"no loader is called 'biocon'; known: bioconductor"):
        load_files("biocon", {})
