"""Estimates of one quantity joined: what is known of each counts, halfway; intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.agreement import agreement_mean


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_weights_lie_halfway_between_equal_ones_and_the_best_of_independent_errors() -> None:
    estimates = np.random.default_rng(5).normal(size=(3, 20))
    called = np.array([0.8, 0.5, -0.3])
    best = np.array([0.8 / 0.36, 0.5 / 0.75, 0.02 / (1 - 0.02**2)])
    found = agreement_mean(estimates, called)
    np.testing.assert_allclose(found.weights, (1 / 3 + best / best.sum()) / 2)
    np.testing.assert_allclose(agreement_mean(estimates).weights, np.full(3, 1 / 3))
    z = (estimates - estimates.mean(axis=1, keepdims=True)) / estimates.std(axis=1, ddof=1, keepdims=True)
    assert correlation(found.value, found.weights @ z) == pytest.approx(1)
    assert found.value.std(ddof=1) == pytest.approx(1)


def test_a_method_that_is_called_good_and_fails_costs_half_at_most() -> None:
    """Three methods tell the truth and one is noise: called by their names the result beats each; called the wrong way
    round, equal weights still hold most of it."""
    rng = np.random.default_rng(6)
    truth = rng.normal(size=400)
    estimates = np.vstack([truth + rng.normal(0, 0.7, (3, 400)), rng.normal(size=400)])
    right, wrong = np.array([0.8, 0.8, 0.8, 0.05]), np.array([0.2, 0.2, 0.2, 0.8])
    single = max(correlation(row, truth) for row in estimates)
    assert correlation(agreement_mean(estimates, right).value, truth) > single + 0.05
    assert correlation(agreement_mean(estimates, wrong).value, truth) > 0.55


def test_agreement_in_the_samples_moves_no_weight() -> None:
    """Twins with one error agree best and are no more worth for it."""
    rng = np.random.default_rng(7)
    truth, common, own = rng.normal(size=(3, 200))
    twins = np.vstack([truth + common, truth + common + rng.normal(0, 0.1, 200), truth + own])
    np.testing.assert_allclose(agreement_mean(twins, np.full(3, 0.7)).weights, np.full(3, 1 / 3))


def test_intervals_hold_the_truth_where_methods_are_what_they_are_called() -> None:
    """Over 80 cohorts, r scattered by 0.18 about what is expected and errors that correlate by 0.22, 95% is in them."""
    rng = np.random.default_rng(10)
    held = []
    for _ in range(80):
        called = rng.uniform(0.3, 0.9, 4)
        r = np.clip(called + rng.normal(0, 0.18, 4), 0.02, 0.95)
        truth = rng.normal(size=30)
        errors = np.sqrt(0.22) * rng.normal(size=30) + np.sqrt(0.78) * rng.normal(size=(4, 30))
        estimates = r[:, None] * truth + np.sqrt(1 - r**2)[:, None] * errors
        found = agreement_mean(estimates, called)
        standard = (truth - truth.mean()) / truth.std(ddof=1)
        held.append((found.ci_low <= standard) & (standard <= found.ci_high))
    assert 0.93 < np.mean(held) < 0.985


def test_units_gaps_and_constants() -> None:
    x = np.arange(12.0)
    scaled, plain = agreement_mean(np.vstack([x, 1e6 * x**2])), agreement_mean(np.vstack([x - 5, x**2]))
    np.testing.assert_allclose(scaled.value, plain.value)
    np.testing.assert_allclose(scaled.ci_low, plain.ci_low)
    gaps = np.vstack([x, x**2, np.sqrt(x)])
    gaps[0, 3], gaps[:, 7], gaps[1:, 9] = np.nan, np.nan, np.nan
    found = agreement_mean(gaps)
    assert found.n_estimates[[3, 7, 9]].tolist() == [2, 0, 1]
    assert np.isnan(found.value[7])
    assert np.isfinite(found.value[9]) and np.isnan(found.ci_low[9])  # one estimate has no interval
    constant = agreement_mean(np.vstack([x, np.full(12, 3.0)]))
    assert constant.weights.tolist() == [1.0, 0.0]
    assert np.isnan(constant.ci_low).all()
    with pytest.raises(InputError, match="no method gives different values"):
        agreement_mean(np.ones((2, 12)))
    with pytest.raises(InputError, match="at least 3, got 2"):
        agreement_mean(np.ones((2, 2)))
