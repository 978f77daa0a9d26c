"""Constrained and robust regression beside other solvers, on planted mixtures, and on bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import optimize

from exomics.errors import InputError
from exomics.stats.constrained_regression import nonnegative_fit
from exomics.stats.robust_regression import huber_fit

EXPECTED = Path(__file__).resolve().parent.parent / "parity" / "robust_regression" / "expected"


@pytest.fixture
def profiles() -> np.ndarray:
    return np.random.default_rng(1).gamma(0.5, 2.0, (80, 9))


@pytest.fixture
def mixtures(profiles: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(2)
    fractions = np.maximum(rng.normal(0.1, 0.3, (40, 9)), 0)
    return fractions @ profiles.T + rng.normal(0, 0.5, (40, 80))


def test_it_is_the_solution_of_lawson_and_hanson(profiles: np.ndarray, mixtures: np.ndarray) -> None:
    expected = np.array([optimize.nnls(profiles, row)[0] for row in mixtures])
    found = nonnegative_fit(profiles, mixtures)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert ((found == 0) == (expected == 0)).all()


def test_a_bound_is_kept_and_the_conditions_of_the_optimum_hold(profiles: np.ndarray, mixtures: np.ndarray) -> None:
    """Karush, Kuhn and Tucker: one multiplier for all free coefficients, a larger gradient for those at zero."""
    found = nonnegative_fit(profiles, mixtures, at_most=0.7)
    free = nonnegative_fit(profiles, mixtures)
    bound = free.sum(axis=1) > 0.7
    assert 0 < bound.sum() < len(bound) or bound.all()
    np.testing.assert_allclose(found[bound].sum(axis=1), 0.7, rtol=1e-10)
    np.testing.assert_allclose(found[~bound], free[~bound], atol=1e-14)
    gradient = (found @ profiles.T - mixtures) @ profiles
    for row in np.flatnonzero(bound):
        at = found[row] > 0
        multiplier = gradient[row][at].mean()
        np.testing.assert_allclose(gradient[row][at], multiplier, rtol=1e-8)
        assert multiplier < 0
        assert (gradient[row][~at] >= multiplier - 1e-8).all()


def test_weights_and_missing_values_leave_features_out(profiles: np.ndarray, mixtures: np.ndarray) -> None:
    kept = np.arange(80) >= 15
    expected = nonnegative_fit(profiles[kept], mixtures[:, kept], at_most=1.0)
    weighted = nonnegative_fit(profiles, mixtures, weights=kept.astype(float), at_most=1.0)
    missing = mixtures.copy()
    missing[::2, ~kept] = np.nan
    np.testing.assert_allclose(weighted, expected, atol=1e-12)
    found = nonnegative_fit(profiles, missing, at_most=1.0)
    np.testing.assert_allclose(found[::2], expected[::2], atol=1e-12)
    np.testing.assert_allclose(found[1::2], nonnegative_fit(profiles, mixtures, at_most=1.0)[1::2], atol=1e-12)
    missing[0] = np.nan
    assert np.isnan(nonnegative_fit(profiles, missing)[0]).all()


def test_samples_and_units_do_not_change_a_fit(profiles: np.ndarray, mixtures: np.ndarray) -> None:
    together = nonnegative_fit(profiles, mixtures, at_most=1.0)
    alone = np.vstack([nonnegative_fit(profiles, mixtures[[row]], at_most=1.0) for row in range(40)])
    np.testing.assert_allclose(together, alone, atol=1e-13)
    scaled = nonnegative_fit(1e6 * profiles, 1e6 * mixtures, at_most=1.0)
    np.testing.assert_allclose(scaled, together, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda A, Y: (A[:, [0, 0]], Y), "collinear"),
        (lambda A, Y: (np.hstack([A, np.zeros((80, 1))]), Y), "zero in every"),
        (lambda A, Y: (A[:70], Y), "the same features"),
        (lambda A, Y: (np.where(A > 5, np.nan, A), Y), "must be finite"),
        (lambda A, Y: (A, np.where(Y > 5, np.inf, Y)), "infinite"),
    ],
)
def test_what_has_no_solution_is_refused(change, message: str, profiles: np.ndarray, mixtures: np.ndarray) -> None:
    with pytest.raises(InputError, match=message):
        nonnegative_fit(*change(profiles, mixtures))


def test_bounds_and_weights_are_checked(profiles: np.ndarray, mixtures: np.ndarray) -> None:
    with pytest.raises(InputError, match="must be positive"):
        nonnegative_fit(profiles, mixtures, at_most=0.0)
    with pytest.raises(InputError, match="not negative"):
        nonnegative_fit(profiles, mixtures, weights=-np.ones(80))


def test_huber_agrees_with_rlm_of_mass() -> None:
    profiles, mixtures, expected = (np.loadtxt(EXPECTED / f"{n}.tsv") for n in ("profiles", "mixtures", "coefficients"))
    np.testing.assert_allclose(huber_fit(profiles, mixtures), expected, rtol=1e-9)


def test_huber_is_not_turned_by_wild_features_and_least_squares_is(profiles: np.ndarray) -> None:
    truth = np.linspace(0.05, 0.2, 9)
    mixture = profiles @ truth + 0.001 * np.cos(np.arange(80.0))
    mixture[:8] += 40.0
    assert np.abs(huber_fit(profiles, mixture[None])[0] - truth).max() < 0.01
    assert np.abs(np.linalg.lstsq(profiles, mixture, rcond=None)[0] - truth).max() > 0.1
    missing = mixture.copy()
    missing[:8] = np.nan
    assert np.abs(huber_fit(profiles, missing[None])[0] - truth).max() < 0.01
    with pytest.raises(InputError, match="collinear"):
        huber_fit(profiles[:, [0, 0]], mixture[None])
