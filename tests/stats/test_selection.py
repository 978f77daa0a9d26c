"""Selection against shuffled labels: what is planted is found, noise is not, and t tests are those of scipy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from exomics.errors import DesignError, InputError
from exomics.stats.knockoffs import select_by_knockoffs
from exomics.stats.selection import select_by_shuffled_labels, select_by_t_tests
from exomics.stats.stability_selection import (
    select_against_decoys,
    select_by_complementary_pairs,
    select_by_integrated_paths,
)

ALL = (
    select_by_shuffled_labels,
    select_by_t_tests,
    select_by_complementary_pairs,
    select_by_integrated_paths,
    select_against_decoys,
    select_by_knockoffs,
)
LABELS = np.repeat([0, 1], 20)


@pytest.fixture(scope="module")
def planted() -> NDArray[np.float64]:
    """Forty samples, sixty features: the first twelve differ by 2 SD, the last is constant."""
    x = np.random.default_rng(3).normal(size=(40, 60))
    x[20:, :12] += 2.0
    x[:, 59] = 7.0
    return x


def test_t_tests_are_those_of_scipy(planted: NDArray[np.float64]) -> None:
    found = select_by_t_tests(planted, LABELS)
    expected = stats.ttest_ind(planted[20:, :59], planted[:20, :59])
    np.testing.assert_allclose(found.statistic[:59], expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(found.level[:59], stats.false_discovery_control(expected.pvalue), rtol=1e-9)
    assert (found.statistic[59], found.level[59]) == (0.0, np.inf)


def test_all_relabelings_give_the_exact_levels() -> None:
    """Six samples have 20 labelings; many shuffles come to the shares that all of them give."""
    x = np.random.default_rng(4).normal(size=(6, 5))
    x[3:, 0] += 6.0
    labels = np.repeat([0.0, 1.0], 3)
    observed = np.abs(np.corrcoef(x.T, labels)[5, :5])
    every = [np.isin(np.arange(6), chosen) for chosen in itertools.combinations(range(6), 3)]
    null = np.array([np.abs(np.corrcoef(x.T, one)[5, :5]) for one in every])
    share = np.array([(null >= c - 1e-12).sum(axis=1).mean() / (observed >= c).sum() for c in observed])
    least = np.array([share[observed <= r].min() for r in observed])
    expected = np.maximum(4.0 * least, np.mean(null.max(axis=1) >= observed.max() - 1e-12))
    found = select_by_shuffled_labels(x, labels, n_shuffles=20_000, generator=np.random.default_rng(5))
    np.testing.assert_allclose(found.level, expected, rtol=0.1)


def test_blocks_of_shuffles_change_nothing(planted: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = select_by_shuffled_labels(planted, LABELS, n_shuffles=50, generator=np.random.default_rng(1))
    monkeypatch.setattr("exomics.stats.selection._BLOCK", 60 * 7)
    parts = select_by_shuffled_labels(planted, LABELS, n_shuffles=50, generator=np.random.default_rng(1))
    np.testing.assert_array_equal(whole.level, parts.level)


@pytest.mark.parametrize("select", ALL)
def test_what_differs_stands_out(select: Callable[..., Any], planted: NDArray[np.float64]) -> None:
    found = select(planted, LABELS, generator=np.random.default_rng(1))
    chosen = np.flatnonzero(found.level <= 0.5)
    assert len(chosen) >= 2
    assert np.mean(chosen < 12) >= 0.6
    assert 59 not in chosen
    assert np.all(found.level > 0.0)


@pytest.mark.parametrize("select", ALL)
def test_order_and_scale_of_features_do_not_matter(select: Callable[..., Any], planted: NDArray[np.float64]) -> None:
    """Decoys and knockoffs are drawn feature by feature, so only their scale is changed."""
    x = planted[:, :59]
    first = select(x, LABELS, generator=np.random.default_rng(2))
    scaled = select(8.0 * x - 1.0, LABELS, generator=np.random.default_rng(2))
    np.testing.assert_allclose(np.abs(scaled.statistic), np.abs(first.statistic), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(scaled.level, first.level, rtol=1e-6)
    if select not in (select_against_decoys, select_by_knockoffs):
        turned = select(x[:, ::-1], LABELS, generator=np.random.default_rng(2))
        np.testing.assert_allclose(turned.level[::-1], first.level, rtol=0.05)  # an entry at a tie may move


@pytest.mark.parametrize("select", ALL)
def test_levels_fall_as_the_evidence_rises(select: Callable[..., Any], planted: NDArray[np.float64]) -> None:
    found = select(planted, LABELS, generator=np.random.default_rng(3))
    order = np.argsort(-np.abs(found.statistic) if select is not select_by_knockoffs else -found.statistic)
    level = found.level[order]
    assert np.all(level[1:] >= level[:-1] - 1e-12)


@pytest.mark.parametrize("select", ALL)
@pytest.mark.parametrize(
    ("features", "labels", "error", "message"),
    [
        (np.zeros((6, 0)), np.repeat([0, 1], 3), InputError, "must be a matrix"),
        (np.full((6, 2), np.nan), np.repeat([0, 1], 3), InputError, "without missing"),
        (np.eye(6), np.repeat([0, 1], 4), InputError, "labels must be 6 numbers"),
        (np.eye(6), np.array([0, 0, 0, 1, 1, 2]), InputError, "each 0 or 1"),
        (np.eye(6), np.array([0, 0, 0, 0, 1, 1]), DesignError, "the smaller one has 2"),
    ],
)
def test_bad_input_is_refused(
    select: Callable[..., Any], features: Any, labels: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select(features, labels, generator=np.random.default_rng(1))


def test_no_shuffle_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1; got 0"):
        select_by_shuffled_labels(np.eye(6), np.repeat([0, 1], 3), n_shuffles=0, generator=np.random.default_rng(1))
