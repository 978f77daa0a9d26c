"""Ranks and rank scores against the published formulas written plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from exomics.errors import InputError
from exomics.stats.rank_scores import enrichment_scores, normalized_mean_rank, rank_means, within_sample_ranks

WITHIN_FLOAT32 = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)


@pytest.mark.parametrize("ties", ["min", "average"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ranks_equal_scipy(ties: str, dtype: type) -> None:
    generator = np.random.default_rng(1)
    values = np.round(generator.normal(size=(6, 4097)), 2).astype(dtype)
    values[0, :4] = [0.0, -0.0, np.inf, -np.inf]
    values[1, 7] = np.nan
    values[2] = 3.0
    values[3] = np.nan
    expected = np.array([rankdata(row, method=ties, nan_policy="omit") for row in values])
    np.testing.assert_array_equal(within_sample_ranks(values, ties=ties), expected)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.floats(allow_nan=False)))
def test_any_finite_or_infinite_values_are_ranked(values: np.ndarray) -> None:
    expected = rankdata(values, method="min", axis=1)
    np.testing.assert_array_equal(within_sample_ranks(values), expected)


@settings(deadline=None, max_examples=30)
@given(arrays(np.float32, (2, 30), elements=WITHIN_FLOAT32))
def test_single_precision_values_are_ranked_as_they_are(values: np.ndarray) -> None:
    np.testing.assert_array_equal(within_sample_ranks(values), within_sample_ranks(values.astype(np.float64)))


@pytest.mark.parametrize("n", [60, 5000])
def test_doubles_that_differ_in_their_last_bits_are_ranked(n: int) -> None:
    """Their high halves are equal: short and long runs are sorted by the low halves, stable where those tie too."""
    generator = np.random.default_rng(6)
    values = 1.0 + np.spacing(1.0) * generator.integers(0, 2 * n, (2, n))
    values[:, ::7], values[1, ::5] = generator.normal(size=values[:, ::7].shape), np.nan
    for ties in ("min", "average"):
        expected = np.array([rankdata(row, method=ties, nan_policy="omit") for row in values])
        np.testing.assert_array_equal(within_sample_ranks(values, ties=ties), expected)


def test_integers_are_ranked() -> None:
    assert within_sample_ranks(np.array([[5, 5, 1]])).tolist() == [[2.0, 2.0, 1.0]]


def test_set_means_are_means_of_ranks() -> None:
    generator = np.random.default_rng(2)
    values = generator.normal(size=(5, 200))
    values[2, :50] = np.nan
    columns, offsets = generator.permutation(200)[:30].astype(np.int64), np.array([0, 10, 10, 30])
    found = rank_means(values, columns, offsets)
    ranks = within_sample_ranks(values).astype(float)
    np.testing.assert_allclose(found.mean_rank[:, 0], np.nanmean(ranks[:, columns[:10]], axis=1), rtol=1e-12)
    assert np.isnan(found.mean_rank[:, 1]).all()
    assert found.n_universe.tolist() == [200, 200, 150, 200, 200]
    np.testing.assert_array_equal(found.n_measured[:, 2], (~np.isnan(values[:, columns[10:]])).sum(axis=1))


def test_enrichment_score_is_the_sum_of_a_running_difference() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(3, 60))
    members = np.array([3, 11, 25, 59])
    found = enrichment_scores(values, members.astype(np.int64), np.array([0, 4]), exponent=0.25)
    for sample, row in enumerate(values):
        ranks = rankdata(row)
        inside, outside, total = 0.0, 0.0, 0.0
        weight = (ranks[members] ** 0.25).sum()
        for feature in np.argsort(-row):
            if feature in members:
                inside += ranks[feature] ** 0.25 / weight
            else:
                outside += 1 / (60 - 4)
            total += inside - outside
        assert found[sample, 0] == pytest.approx(total, rel=1e-10)


def test_enrichment_score_does_not_depend_on_the_order_of_tied_features() -> None:
    values = np.array([[1.0, 1.0, 1.0, 2.0, 0.0]])
    first = enrichment_scores(values, np.array([0, 3]), np.array([0, 2]))
    second = enrichment_scores(values[:, [1, 0, 2, 3, 4]], np.array([1, 3]), np.array([0, 2]))
    assert first.tolist() == second.tolist()


def test_a_set_of_everything_has_no_score() -> None:
    values = np.array([[1.0, 2.0]])
    assert np.isnan(enrichment_scores(values, np.array([0, 1]), np.array([0, 2]))).all()
    assert np.isnan(normalized_mean_rank(np.array([[1.5]]), np.array([[2]]), np.array([2]))).all()


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="'min' or 'average'"):
        within_sample_ranks(np.ones((1, 1)), ties="max")
    with pytest.raises(InputError, match="2 dimensions|n_samples"):
        within_sample_ranks(np.ones(3))
