"""Normalization factors, counts per million and expression filter against edgeR, and median-MAD by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats.filtering import ExpressionThresholds, filter_by_expression
from exomics.stats.normalization import (
    counts_per_million,
    effective_library_sizes,
    log2_counts,
    log_counts_per_million,
    median_mad_normalize,
    normalization_factors,
)

EXPECTED = Path(__file__).parents[1] / "parity" / "normalization" / "expected"
CASES = ("regular", "tied", "sparse")
METHODS = {"TMM": "tmm", "TMMwsp": "tmmwsp", "RLE": "rle", "upperquartile": "upper_quartile"}


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def samples():
    return read("samples")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("method", METHODS)
def test_factors_equal_edger(case, method):
    counts, expected = read(f"{case}_counts").to_numpy().T, read(f"{case}_factors")[method]
    if expected.isna().any():
        with pytest.raises(ScaleError, match="tmmwsp"):
            normalization_factors(counts, method=METHODS[method])
        return
    np.testing.assert_allclose(normalization_factors(counts, method=METHODS[method]), expected, rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_trims_reference_and_library_sizes(case):
    counts = read(f"{case}_counts").to_numpy().T
    factors = normalization_factors(
        counts, log_ratio_trim=0.1, sum_trim=0.2, reference_sample=2, library_sizes=counts.sum(axis=1) + 100
    )
    np.testing.assert_allclose(factors, read(f"{case}_factors")["TMM_trimmed"], rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_log_counts_per_million_equal_edger(case):
    counts = read(f"{case}_counts").to_numpy().T
    found = log_counts_per_million(counts, norm_factors=read(f"{case}_factors")["TMMwsp"])
    np.testing.assert_allclose(found[:, :30].T, read(f"{case}_log_cpm"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_filter_equals_edger(case, samples):
    counts, kept = read(f"{case}_counts").to_numpy().T, read(f"{case}_kept")
    factors = read(f"{case}_factors")["TMMwsp"]
    group, design = samples["group"], samples.iloc[:, 1:]
    found = {
        "group": filter_by_expression(counts, group=group, norm_factors=factors),
        "design": filter_by_expression(counts, design=design, norm_factors=factors),
        "low": filter_by_expression(
            counts, group=group, norm_factors=factors, thresholds=ExpressionThresholds(min_count=2, min_total_count=5)
        ),
        "none": filter_by_expression(counts),
        "large": filter_by_expression(counts, thresholds=ExpressionThresholds(min_count=3, large_n=3, min_prop=0.3)),
    }
    pd.testing.assert_frame_equal(pd.DataFrame(found), kept)


def test_factors_multiply_to_one_and_follow_samples():
    counts = np.random.default_rng(1).negative_binomial(3, 0.05, size=(7, 400))
    factors = normalization_factors(counts)
    assert np.log(factors).sum() == pytest.approx(0.0, abs=1e-12)
    order = np.array([3, 1, 0, 6, 5, 4, 2])
    np.testing.assert_allclose(normalization_factors(counts[order]), factors[order], rtol=1e-12)
    np.testing.assert_allclose(normalization_factors(counts[:, ::-1]), factors, rtol=1e-12)


def test_one_sample_and_no_counts_have_factor_one():
    assert normalization_factors([[3, 4, 5]]).tolist() == [1.0]
    assert normalization_factors(np.zeros((2, 3)), library_sizes=[5.0, 6.0]).tolist() == [1.0, 1.0]


def test_counts_per_million_sum_to_a_million():
    found = counts_per_million([[1, 3], [5, 0]])
    assert found.sum(axis=1).tolist() == [1e6, 1e6]


def test_logarithms_are_those_of_the_library_to_one_unit_in_the_last_place():
    rng = np.random.default_rng(3)
    counts = np.floor(np.exp(rng.uniform(-1.0, 40.0, (3, 1500))))
    counts[:, :4] = [0.0, 1.0, 2.0, 2.0**52]
    added, factors = np.array([0.5, 2.0, 1e-8]), np.array([1.0, 1e-3, 1e6])
    expected = np.log2((counts + added[:, None]) * factors[:, None])
    assert (np.abs(log2_counts(counts, added, factors) - expected) <= np.spacing(np.abs(expected))).all()
    powers = 2.0 ** np.arange(-300, 300)[None]
    assert log2_counts(powers, np.zeros(1), np.ones(1)).tolist() == [list(range(-300, 300))]


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("sizes", [None, [10.0, 10.0]], ids=["sums", "given"])
def test_what_is_no_count_has_no_logarithm(value, sizes):
    counts = np.array([[1.0, 2.0], [3.0, value]])
    with pytest.raises(ScaleError, match="log values, NaN or infinity are no counts"):
        log_counts_per_million(counts, library_sizes=sizes)


def test_median_mad_by_hand():
    values = np.random.default_rng(2).normal(size=(5, 101)) * np.arange(1, 6)[:, None] + 3
    values[0, :20] = np.nan
    found = median_mad_normalize(values)
    assert np.isnan(found).sum() == 20
    mads = [1.4826 * np.nanmedian(np.abs(row - np.nanmedian(row))) for row in values]
    np.testing.assert_allclose(np.nanmedian(found, axis=1), 0.0, atol=1e-12)
    spread = [1.4826 * np.nanmedian(np.abs(row)) for row in found]
    np.testing.assert_allclose(spread, np.mean(mads), rtol=1e-12)
    np.testing.assert_allclose(found[3], (values[3] - np.median(values[3])) / mads[3] * np.mean(mads), rtol=1e-12)


COUNTS = np.arange(12).reshape(3, 4)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ScaleError, lambda: normalization_factors(-COUNTS)),
        (ScaleError, lambda: normalization_factors(COUNTS + np.nan)),
        (InputError, lambda: normalization_factors(COUNTS, method="median")),
        (InputError, lambda: normalization_factors(COUNTS, reference_sample=3)),
        (InputError, lambda: normalization_factors(COUNTS, log_ratio_trim=0.5)),
        (InputError, lambda: normalization_factors(COUNTS, library_sizes=[1.0, 2.0])),
        (ScaleError, lambda: effective_library_sizes(np.zeros((2, 2)))),
        (ScaleError, lambda: effective_library_sizes(COUNTS, norm_factors=[1.0, 0.0, 1.0])),
        (InputError, lambda: log_counts_per_million(COUNTS, prior_count=0.0)),
        (InputError, lambda: median_mad_normalize([[np.nan, np.nan]])),
        (InputError, lambda: median_mad_normalize([[1.0, 1.0, 1.0]])),
        (ScaleError, lambda: filter_by_expression(-COUNTS)),
        (InputError, lambda: filter_by_expression(COUNTS, group=["a", "b"])),
        (InputError, lambda: filter_by_expression(COUNTS, thresholds=ExpressionThresholds(min_count=-1))),
        (DesignError, lambda: filter_by_expression(COUNTS, design=np.ones((2, 1)))),
    ],
)
def test_bad_input_is_refused(error, call):
    with pytest.raises(error):
        call()
