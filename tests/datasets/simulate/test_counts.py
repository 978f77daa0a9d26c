"""Counts have the mean and variance they should, and share noise between trials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, poisson

from exomics.datasets.simulate.counts import _poisson_quantiles, counts_from_proportions, negative_binomial


@pytest.mark.parametrize("mean", [0.01, 0.7, 5.0, 39.9, 40.1, 300.0, 2e4])
def test_poisson_quantiles_are_those_of_scipy(mean: float) -> None:
    normals = np.linspace(-4, 4, 401)
    counts = np.empty(normals.size, dtype=np.int64)
    _poisson_quantiles(np.full(normals.size, mean), normals, counts)
    expected = poisson.ppf(norm.cdf(normals), mean)
    slack = 0 if mean < 40 else 1
    assert np.abs(counts - expected).max() <= slack
    assert (counts == expected).mean() > 0.95


@pytest.mark.parametrize("mean", [2.0, 30.0, 500.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.05, 0.5, 1.5])
def test_moments(mean: float, dispersion: float) -> None:
    counts = negative_binomial(np.full((100_000, 1), mean), np.array([dispersion]), np.random.default_rng(1))
    variance = mean + dispersion * mean**2
    assert counts.mean() == pytest.approx(mean, rel=0.011 + 4 * np.sqrt(variance / 1e5) / mean)
    assert counts.var() == pytest.approx(variance, rel=0.08)


def test_a_count_depends_on_its_own_mean_only() -> None:
    mean = np.random.default_rng(0).uniform(1, 500, (20, 30))
    dispersion = np.full(30, 0.2)
    before = negative_binomial(mean, dispersion, np.random.default_rng(7))
    mean[:, 4] *= 3
    after = negative_binomial(mean, dispersion, np.random.default_rng(7))
    changed = (before != after).any(axis=0)
    assert changed[4]
    assert changed.sum() == 1


def test_libraries_have_the_size_asked_for() -> None:
    level = np.random.default_rng(0).normal(3, 2, (50, 400))
    counts = counts_from_proportions(level, np.full(50, 1e6), np.zeros(400), np.random.default_rng(1))
    assert counts.sum(axis=1).mean() == pytest.approx(1e6, rel=1e-3)
    assert (counts >= 0).all()
