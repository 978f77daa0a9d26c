"""Adjustment for each feature's own baseline: the regression of every feature alone, by least squares."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.baseline_adjustment import baseline_adjusted_contrasts

CONTRASTS = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


@pytest.fixture
def trial() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    before = rng.normal(8.0, 1.0, (24, 40))
    design = np.column_stack([np.repeat(np.eye(3), 8, axis=0), rng.normal(size=24)])
    after = 0.6 * before + design @ rng.normal(size=(4, 40)) + rng.normal(0.0, 0.5, before.shape)
    return after, before, design


def alone(after: np.ndarray, before: np.ndarray, design: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Estimates, standard errors, residual deviation and df of one feature."""
    present = ~(np.isnan(after) | np.isnan(before))
    model = np.column_stack([design, before])[present]
    coefficients = np.linalg.lstsq(model, after[present], rcond=None)[0]
    df = int(present.sum()) - model.shape[1]
    sigma = float(np.sqrt(((after[present] - model @ coefficients) ** 2).sum() / df))
    weights = np.vstack([CONTRASTS, np.zeros((1, 2))])
    covariance = weights.T @ np.linalg.inv(model.T @ model) @ weights
    return weights.T @ coefficients, np.sqrt(np.diag(covariance)), sigma, df


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_equals_the_regression_of_each_feature(trial, missing):
    after, before, design = trial
    rng = np.random.default_rng(6)
    after[rng.random(after.shape) < missing] = np.nan
    before[rng.random(after.shape) < missing] = np.nan
    found = baseline_adjusted_contrasts(after, before, design, CONTRASTS)
    for g in range(after.shape[1]):
        estimates, errors, sigma, df = alone(after[:, g], before[:, g], design)
        np.testing.assert_allclose(found.estimates[g], estimates, rtol=1e-8)
        np.testing.assert_allclose(found.stdev_unscaled[g], errors, rtol=1e-8)
        np.testing.assert_allclose(found.sigma[g], sigma, rtol=1e-8)
        assert found.df_residual[g] == df


def test_shifting_the_baseline_changes_nothing(trial):
    after, before, design = trial
    one = baseline_adjusted_contrasts(after, before, design, CONTRASTS)
    other = baseline_adjusted_contrasts(after + 3.0, 2.0 * before - 40.0, design, CONTRASTS)
    np.testing.assert_allclose(other.estimates, one.estimates, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(other.sigma, one.sigma, rtol=1e-8)


def test_a_constant_baseline_has_no_test(trial):
    after, before, design = trial
    before[:, 3] = 7.0
    after[:8, 4] = np.nan
    found = baseline_adjusted_contrasts(after, before, design, CONTRASTS)
    assert np.isnan(found.estimates[3]).all() and np.isnan(found.sigma[3])
    assert np.isnan(found.estimates[4]).all()
    assert np.isfinite(np.delete(found.estimates, [3, 4], axis=0)).all()


def test_shapes(trial):
    after, before, design = trial
    with pytest.raises(InputError, match="the baseline must have the shape"):
        baseline_adjusted_contrasts(after, before[:, :3], design, CONTRASTS)
