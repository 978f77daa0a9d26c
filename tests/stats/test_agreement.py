"""Estimates of one quantity joined: planted truth, shared errors, evidence from outside, and intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.agreement import agreement_mean, indicator_correlation


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_a_method_that_disagrees_with_all_others_weighs_little() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=50)
    good = truth + rng.normal(0, 0.4, (3, 50))
    found = agreement_mean(np.vstack([good, rng.normal(size=50)]))
    assert found.weights[3] < found.weights[:3].min() / 2
    assert correlation(found.value, truth) > correlation(good[0], truth)


def test_what_is_known_beforehand_counts_until_the_samples_say_otherwise() -> None:
    """Of three methods the one that fails is called the best: of 9 samples nothing is learned, of 600 the most."""
    rng = np.random.default_rng(6)
    called = np.array([0.5, 0.5, 0.7])
    weights = []
    for n in (9, 60, 600):
        truth = rng.normal(size=n)
        noise = np.array([[0.5], [0.5], [3.0]]) * rng.normal(size=(3, n))
        weights.append(agreement_mean(truth + noise, called).weights)
    expected = called / (1 - called**2)  # the best weights where errors are independent
    np.testing.assert_allclose(weights[0], expected / expected.sum())
    assert weights[0][2] > weights[1][2] > weights[2][2]
    assert weights[2][2] < 0.1


def test_methods_that_err_alike_count_as_one_voice() -> None:
    """Two copies with one error against one independent method of the same worth: told of it, each voice has half."""
    rng = np.random.default_rng(7)
    truth, common, own = rng.normal(size=(3, 400))
    twins = truth + common + rng.normal(0, 0.1, (2, 400))
    estimates = np.vstack([twins, truth + own])
    shared = np.array([[1.0, 0.99, 0.0], [0.99, 1.0, 0.0], [0.0, 0.0, 1.0]])
    called = np.full(3, np.sqrt(0.5))
    told, untold = agreement_mean(estimates, called, shared=shared), agreement_mean(estimates, called)
    assert untold.weights[2] < 0.2  # agreement alone takes the twins for the truth
    assert 0.4 < told.weights[2] < 0.6
    assert correlation(told.value, truth) > correlation(untold.value, truth) + 0.05


def test_evidence_from_outside_lifts_the_method_that_it_backs_and_lowers_the_others() -> None:
    rng = np.random.default_rng(9)
    estimates = rng.normal(size=(3, 200)) * 2 + rng.normal(size=200)
    plain = agreement_mean(estimates).weights
    backed = agreement_mean(estimates, outside=np.array([0.9, 0.1, np.nan])).weights
    assert backed[0] > plain[0] + 0.1
    assert backed[1] < 0.8 * plain[1]
    nothing = agreement_mean(estimates, outside=np.full(3, np.nan)).weights
    np.testing.assert_allclose(nothing, plain)


def test_intervals_hold_the_truth_where_methods_are_what_they_are_called() -> None:
    """Over 80 cohorts of the model, reliabilities scattered as the prior says, 95% of the truth is in them."""
    rng = np.random.default_rng(10)
    held = []
    for _ in range(80):
        called = rng.uniform(0.3, 0.9, 4)
        r = np.clip(called + rng.normal(0, 0.18, 4), 0.02, 0.95)
        truth = rng.normal(size=30)
        estimates = r[:, None] * truth + np.sqrt(1 - r**2)[:, None] * rng.normal(size=(4, 30))
        found = agreement_mean(estimates, called)
        standard = (truth - truth.mean()) / truth.std(ddof=1)
        held.append((found.ci_low <= standard) & (standard <= found.ci_high))
    assert 0.93 < np.mean(held) < 0.98


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


def test_indicators_tell_how_well_an_estimate_follows_what_they_share() -> None:
    """Errors in both: the plain correlation with the mean is too low, corrected it is that with the truth."""
    rng = np.random.default_rng(11)
    truth = rng.normal(size=4000)
    indicators = truth + rng.normal(0, 2, (5, 4000))
    for noise in (0.5, 1.0, 2.0):
        estimate = 7 * (truth + rng.normal(0, noise, 4000)) + 3
        plain = correlation(estimate, indicators.mean(axis=0))
        assert plain < correlation(estimate, truth) - 0.1
        assert indicator_correlation(estimate, indicators) == pytest.approx(correlation(estimate, truth), abs=0.03)
    assert indicator_correlation(-truth, indicators) == 0.02


def test_indicators_that_share_nothing_or_are_few_tell_nothing() -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(size=40)
    assert np.isnan(indicator_correlation(x, rng.normal(size=(4, 40))))
    good = x + rng.normal(0, 0.3, (4, 40))
    assert np.isnan(indicator_correlation(x, good[:2]))
    assert np.isnan(indicator_correlation(x[:9], good[:, :9]))
    assert np.isnan(indicator_correlation(np.ones(40), good))
    holed = good.copy()
    holed[0, 0], holed[1] = np.nan, 5.0
    assert np.isnan(indicator_correlation(x, holed))  # two are left
    gap = x.copy()
    gap[:3] = np.nan
    assert indicator_correlation(gap, good) == pytest.approx(indicator_correlation(x[3:], good[:, 3:]))
    with pytest.raises(InputError, match="of 40 samples, the indicators of 39"):
        indicator_correlation(x, good[:, 1:])
