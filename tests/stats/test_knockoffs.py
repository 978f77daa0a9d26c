"""Knockoffs keep the correlations, and knockoff+ counts as its paper does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.stats.knockoffs import (
    _largest_entropy,
    _levels,
    gaussian_knockoffs,
    select_by_knockoffs,
    shrunk_correlation,
)


def _autoregressive(n_features: int) -> NDArray[np.float64]:
    return np.asarray(0.6 ** np.abs(np.subtract.outer(np.arange(n_features), np.arange(n_features))))


def test_knockoffs_have_the_correlations_of_the_features() -> None:
    """With many samples: among themselves the same, with the others' originals the same, with their own less."""
    generator = np.random.default_rng(1)
    truth = _autoregressive(6)
    x = generator.normal(size=(20_000, 6)) @ np.linalg.cholesky(truth).T
    both = np.corrcoef(x.T, gaussian_knockoffs(x, generator=generator).T)
    np.testing.assert_allclose(both[6:, 6:], truth, atol=0.03)
    crossed = both[:6, 6:]
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(crossed[off], truth[off], atol=0.03)
    assert np.all(np.diag(crossed) < 0.75)


def test_the_entropy_is_largest() -> None:
    """No nearby diagonal has more, each s_j is the free variance left, and joint covariances are positive."""
    correlation = _autoregressive(8)
    s = _largest_entropy(correlation)

    def entropy(diagonal: NDArray[np.float64]) -> float:
        return float(np.linalg.slogdet(2 * correlation - np.diag(diagonal))[1] + np.log(diagonal).sum())

    generator = np.random.default_rng(2)
    for _ in range(50):
        assert entropy(s * np.exp(0.1 * generator.normal(size=8))) < entropy(s) + 0.02
    assert np.linalg.eigvalsh(2 * correlation - np.diag(s))[0] > 0
    np.testing.assert_allclose(s, 1.0 / np.diag(np.linalg.inv(2 * correlation - np.diag(s))), rtol=0.1)


def test_more_features_than_samples_are_shrunk() -> None:
    x = np.random.default_rng(3).normal(size=(20, 100))
    x[:, 5] = 1.0
    shrunk = shrunk_correlation(x)
    assert np.linalg.eigvalsh(shrunk)[0] > 0.1
    assert np.all(shrunk[5, np.arange(100) != 5] == 0.0)
    assert np.abs(shrunk - np.eye(100)).max() < np.abs(np.corrcoef(np.delete(x, 5, axis=1).T) - np.eye(99)).max()
    many = np.random.default_rng(4).normal(size=(5000, 4)) @ np.linalg.cholesky(_autoregressive(4)).T
    np.testing.assert_allclose(shrunk_correlation(many), _autoregressive(4), atol=0.05)


@pytest.mark.parametrize(
    ("w", "expected"),
    [
        ([5.0, 4.0, 3.0, -2.0, 1.0], [1 / 3, 1 / 3, 1 / 3, np.inf, 0.5]),
        ([3.0, 3.0, -3.0, 0.0], [1.0, 1.0, np.inf, np.inf]),  # equal sizes count together, zero for neither
        ([-1.0, -2.0], [np.inf, np.inf]),
        ([-9.0, 1.0], [np.inf, 2.0]),
    ],
)
def test_levels_are_counted_by_hand(w: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(_levels(np.array(w)), expected)


def test_fewer_than_one_over_q_are_never_selected() -> None:
    generator = np.random.default_rng(5)
    x, y = generator.normal(size=(80, 30)), np.repeat([0, 1], 40)
    x[40:, :3] += 4.0
    found = select_by_knockoffs(x, y, generator=generator)
    assert found.statistic[:3].min() > 0
    assert found.level.min() > 0.2


def test_too_many_features_are_refused() -> None:
    with pytest.raises(InputError, match="at most 3,000 features; got 3,001"):
        gaussian_knockoffs(np.zeros((4, 3001)), generator=np.random.default_rng(1))
