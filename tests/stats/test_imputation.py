"""Imputation: planted tails and planted neighbors come back; training and test samples stay apart."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.imputation import TailFit, fit_neighbors, fit_tail, impute_minimum, impute_neighbors, impute_tail


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_the_tail_of_a_normal_comes_back(share: float) -> None:
    rng = np.random.default_rng(1)
    complete = rng.normal(22.0, 1.5, size=4000)
    limit = np.quantile(complete, share)
    filled = impute_tail(np.where(complete < limit, np.nan, complete), rng)
    drawn, true = filled[complete < limit], complete[complete < limit]
    assert abs(drawn.mean() - true.mean()) < 0.15
    assert abs(drawn.std() - true.std()) < 0.15
    assert (drawn < limit + 0.2).mean() > 0.97
    np.testing.assert_array_equal(filled[complete >= limit], complete[complete >= limit])


def test_values_missing_at_random_would_be_drawn_too_low() -> None:
    """The mechanism is the user's word: at random, the tail is wrong by design and neighbors are right."""
    rng = np.random.default_rng(2)
    level = rng.normal(size=(30, 1))
    complete = level + rng.normal(20.0, 2.0, size=40) + 0.1 * rng.normal(size=(30, 40))
    holed = np.where(rng.random(complete.shape) < 0.1, np.nan, complete)
    missing = np.isnan(holed)
    neighbors = impute_neighbors(holed, fit_neighbors(holed))
    tail = np.vstack([impute_tail(row, rng) for row in holed])
    assert np.abs(neighbors - complete)[missing].mean() < 0.15
    assert (tail - complete)[missing].mean() < -1.0


def test_minimum_draws_center_on_a_low_quantile() -> None:
    rng = np.random.default_rng(3)
    sample = np.r_[rng.normal(20.0, 2.0, size=3000), np.full(2000, np.nan)]
    drawn = impute_minimum(sample, TailFit(0.3), rng, quantile=0.01)[3000:]
    assert abs(drawn.mean() - np.quantile(sample[:3000], 0.01)) < 0.05
    assert abs(drawn.std() - 0.3) < 0.02
    training = rng.normal(0.0, 0.8, size=(50, 200))
    assert abs(fit_tail(training).spread - 0.8) < 0.02


def test_a_test_sample_is_filled_from_itself_and_the_training_samples() -> None:
    rng = np.random.default_rng(4)
    level = rng.normal(size=(20, 1))
    training = level + np.arange(12.0) + 0.05 * rng.normal(size=(20, 12))
    fit = fit_neighbors(training, n_neighbors=4)
    test = 3.0 + np.arange(12.0)[None, :].repeat(2, axis=0)
    test[:, 5] = np.nan
    both = impute_neighbors(test, fit)
    np.testing.assert_array_equal(impute_neighbors(test[:1], fit), both[:1])
    assert abs(both[0, 5] - 8.0) < 0.1
    test[0] = np.nan
    np.testing.assert_allclose(impute_neighbors(test, fit)[0], fit.means)


def test_the_mean_does_not_lean_on_who_is_missing() -> None:
    """The feature is missing where the level is high: its mean is too low, its difference from neighbors is not."""
    level = np.linspace(-2.0, 2.0, 21)[:, None]
    complete = level + np.arange(12.0)
    holed = complete.copy()
    holed[14:, 3] = np.nan
    filled = impute_neighbors(holed, fit_neighbors(holed, n_neighbors=3))
    np.testing.assert_allclose(filled[:, 3], complete[:, 3], atol=1e-6)


def test_what_cannot_be_filled_is_refused() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(InputError, match="10 values that differ"):
        impute_tail(np.r_[np.ones(9), np.nan], rng)
    with pytest.raises(InputError, match="10 values that differ"):
        impute_minimum(np.r_[np.ones(20), np.nan], TailFit(1.0), rng)
    with pytest.raises(InputError, match="no feature has two values"):
        fit_tail(np.ones((3, 4)))
    with pytest.raises(InputError, match="more than 10 features"):
        fit_neighbors(rng.normal(size=(5, 8)))
    empty = rng.normal(size=(5, 20))
    empty[:, 7] = np.nan
    with pytest.raises(InputError, match="1 features have no value"):
        fit_neighbors(empty)


def test_nothing_missing_is_nothing_changed() -> None:
    values = np.random.default_rng(6).normal(size=(5, 20))
    np.testing.assert_array_equal(impute_neighbors(values, fit_neighbors(values)), values)
    np.testing.assert_array_equal(impute_tail(values[0], np.random.default_rng(0)), values[0])
