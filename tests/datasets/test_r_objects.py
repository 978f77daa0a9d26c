"""R objects without R, on small files that R wrote (fixtures/generate.R)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets.loaders._r_containers import Experiment, convert, read_r_object, read_r_objects
from exomics.errors import InputError

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="module")
def values() -> dict[str, object]:
    return {name: convert(value, name) for name, value in read_r_objects(FIXTURES / "values.rda").items()}


@pytest.fixture(scope="module")
def frames() -> dict[str, object]:
    return {name: convert(value, name) for name, value in read_r_objects(FIXTURES / "frames.rda").items()}


def test_missing_integers_and_logicals_are_missing(values: dict[str, pd.array]) -> None:
    assert values["integers"].dtype == "Int64"
    assert values["integers"].tolist() == [1, pd.NA, -3]
    assert values["logicals"].dtype == "boolean"
    assert values["logicals"].tolist() == [True, pd.NA, False]


def test_missing_real_keeps_its_bits_and_differs_from_nan(values: dict[str, np.ndarray]) -> None:
    reals = values["reals"]
    np.testing.assert_array_equal(np.isnan(reals), [False, True, True, False, False, False])
    low_words = reals.view(np.uint64) & 0xFFFFFFFF
    assert low_words[1] == 1954
    assert low_words[2] != 1954
    assert reals[3] == np.inf
    assert reals[5] == 0.1


def test_text_keeps_missing_empty_and_the_word_na_apart(values: dict[str, np.ndarray]) -> None:
    assert list(values["texts"]) == ["a", None, "", "NA", "β-A", "café"]


def test_alternative_representations_are_expanded(values: dict[str, np.ndarray]) -> None:
    assert list(values["compact_integers"]) == [1, 2, 3, 4, 5, 6]
    assert list(values["compact_reals"]) == [1.0, 2.0, 3.0, 4.0]
    expected = sorted([3.5, 1.25, 2.0, *(number / 8 for number in range(1, 101))])
    assert list(values["wrapped"]) == expected


def test_factors_keep_levels_order_and_gaps(values: dict[str, pd.Categorical]) -> None:
    factors = values["factors"]
    assert list(factors.categories) == ["low", "high"]
    assert factors.codes.tolist() == [0, -1, 1, 0]
    assert not factors.ordered
    assert values["ordered_factors"].ordered
    assert list(values["ordered_factors"].categories) == ["II", "I"]


def test_dates_and_wide_integers(values: dict[str, np.ndarray]) -> None:
    assert [str(day)[:10] for day in values["dates"]] == ["2018-09-03", "NaT", "1969-12-31"]
    assert str(values["times"][0]) == "2018-09-03T11:34:50.000"
    assert np.isnat(values["times"][1])
    assert values["wide"].tolist() == [5, pd.NA]


def test_row_names_automatic_named_and_subset(frames: dict[str, pd.DataFrame]) -> None:
    assert isinstance(frames["automatic"].index, pd.RangeIndex)
    assert frames["automatic"]["y"].tolist() == ["a", None, "c"]
    assert list(frames["named"].index) == ["first", "second"]
    assert frames["named"]["n"].tolist() == [10, pd.NA]
    assert list(frames["subset_rows"].index) == ["3", "1"]


def test_nested_frames_are_spread_and_list_columns_named(frames: dict[str, pd.DataFrame]) -> None:
    assert list(frames["nested"].columns) == ["id", "inner.p"]
    assert frames["nested"].attrs["skipped"] == ["odd"]


def test_matrices_are_column_major_and_keep_integers(frames: dict[str, object]) -> None:
    whole = frames["integer_matrix"]
    np.testing.assert_array_equal(whole.values, [[1, np.nan, 5], [2, 4, 6]])
    assert whole.row_names == ["g1", "g2"]
    assert whole.column_names == ["s1", "s2", "s3"]
    bare = frames["bare_matrix"]
    np.testing.assert_array_equal(bare.values, [[0.5, 2.5], [1.5, 3.5]])
    assert bare.row_names is None


def test_lists_are_converted_by_name_and_position(frames: dict[str, dict]) -> None:
    record = frames["record"]
    assert list(record) == ["matrix", "frame", "numbers", "4"]
    assert list(record["numbers"]) == [1, 2, 3]
    assert list(record["4"]) == [7.0]


@pytest.mark.parametrize("name", ["plain.rda", "ascii.rda", "version2.rda"])
def test_every_way_of_saving_reads_the_same(name: str, frames: dict[str, pd.DataFrame]) -> None:
    _, found = read_r_object(FIXTURES / name)
    pd.testing.assert_frame_equal(found, frames["automatic"])


@pytest.mark.parametrize("name", ["matrix.rds", "matrix_gzip.rds"])
def test_rds_is_called_by_its_file(name: str) -> None:
    called, found = read_r_object(FIXTURES / name)
    assert called == Path(name).stem
    np.testing.assert_array_equal(found.values, [[1, np.nan, 5], [2, 4, 6]])


def test_summarized_experiment_with_a_frame_as_assay() -> None:
    _, found = read_r_object(FIXTURES / "summarized.rds")
    assert isinstance(found, Experiment)
    assert found.class_name == "SummarizedExperiment"
    np.testing.assert_array_equal(found.assays["counts"].values, [[5, 1], [0, 2], [7, 3]])
    np.testing.assert_array_equal(found.assays["logs"].values, np.log2(found.assays["counts"].values + 1.0))
    assert list(found.samples.index) == ["s1", "s2"]
    assert list(found.features.index) == ["g1", "g2", "g3"]
    assert found.features["symbol"].tolist() == ["A", None, "C"]


def test_row_ranges_become_columns() -> None:
    _, found = read_r_object(FIXTURES / "ranged.rda")
    features = found.features
    assert list(features.index) == ["g1", "g2", "g3"]
    assert list(features["seqnames"]) == ["chr1", "chr1", "chrX"]
    assert features["start"].tolist() == [1, 100, 7]
    assert features["end"].tolist() == [10, 104, 7]
    assert list(features["strand"]) == ["+", "*", "*"]
    assert features["biotype"].tolist() == ["x", "y", "x"]


def test_expression_set_leaves_promises_and_functions_alone() -> None:
    _, found = read_r_object(FIXTURES / "expression_set.rda")
    assert list(found.assays) == ["exprs"]
    np.testing.assert_array_equal(found.assays["exprs"].values[:, 1], np.log2([2.0, 3.0, 4.0]))
    assert list(found.samples["group"]) == ["a", "b"]
    assert found.features["symbol"].tolist() == ["A", None, "C"]


def test_sparse_assay_stays_sparse() -> None:
    _, found = read_r_object(FIXTURES / "sparse.rda")
    held = found.assays["counts"].values
    assert held.nnz == 3
    np.testing.assert_array_equal(held.toarray(), [[5, 0], [0, 2], [7, 0]])


@pytest.mark.parametrize(("name", "word"), [("unknown_s3", "lm"), ("unknown_s4", "Seurat")])
def test_unknown_class_is_named_with_file_and_what_is_supported(name: str, word: str) -> None:
    with pytest.raises(InputError, match=rf"unknown\.rda: the R object '{name}' is of class '{word}'.*ExpressionSet"):
        read_r_object(FIXTURES / "unknown.rda", name)


def test_several_objects_must_be_told_apart() -> None:
    with pytest.raises(InputError, match=r"expected one object; the file holds unknown_s3, unknown_s4"):
        read_r_object(FIXTURES / "unknown.rda")
    with pytest.raises(InputError, match=r"expected an object 'absent'"):
        read_r_object(FIXTURES / "unknown.rda", "absent")


@pytest.mark.parametrize("keep", [0.3, 0.9])
@pytest.mark.parametrize("name", ["values.rda", "frames.rda", "matrix.rds", "plain.rda", "ascii.rda"])
def test_a_truncated_file_is_named(name: str, keep: float, tmp_path: Path) -> None:
    whole = (FIXTURES / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(InputError, match=rf"{name} is not a whole R data file.*Fetch or write it again"):
        read_r_object(path)


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "table.rda"
    path.write_text("gene\ts1\nA\t1\n")
    with pytest.raises(InputError, match=r"table\.rda is not a whole R data file"):
        read_r_object(path)
    with pytest.raises(InputError, match=r"absent\.rda does not exist"):
        read_r_object(tmp_path / "absent.rda")
