"""Nu support vector regression: the conditions of its optimum, LIBSVM, planted coefficients, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import NuSVR

from exomics.errors import InputError
from exomics.stats.nu_support_vectors import nu_regression_fit

NUS = (0.25, 0.5, 0.75)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Skewed profiles of 120 features and 6 types, four noisy mixtures, both scaled as for mixtures of cells."""
    rng = np.random.default_rng(3)
    X = rng.lognormal(1, 1, (120, 6))
    Y = (X @ rng.dirichlet(np.ones(6), 4).T * rng.lognormal(0, 0.25, (120, 4))).T
    return (X - X.mean()) / X.std(), (Y - Y.mean(axis=1, keepdims=True)) / Y.std(axis=1, keepdims=True)


@pytest.mark.parametrize("nu", NUS)
def test_it_is_the_optimum(nu: float, data: tuple[np.ndarray, np.ndarray]) -> None:
    """Karush, Kuhn and Tucker: multipliers in their box, zero inside the tube and the cost outside; primal = dual."""
    X, Y = data
    found = nu_regression_fit(X, Y, nu, cost=0.7)
    np.testing.assert_allclose(found.coefficients, found.dual @ X, atol=1e-9)
    np.testing.assert_allclose(found.dual.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(np.abs(found.dual).sum(axis=1), 0.7 * nu * 120, rtol=1e-7)
    residual = Y - found.coefficients @ X.T - found.intercept[:, None]
    excess = np.abs(residual) - found.tube[:, None]
    assert (np.abs(found.dual) <= 0.7 + 1e-9).all()
    assert np.abs(found.dual[excess < -1e-6]).max() < 1e-6
    np.testing.assert_allclose(found.dual[excess > 1e-6], 0.7 * np.sign(residual[excess > 1e-6]), atol=1e-6)
    squares = (found.coefficients**2).sum(axis=1) / 2
    primal = squares + 0.7 * (nu * 120 * found.tube + np.maximum(excess, 0).sum(axis=1))
    np.testing.assert_allclose(primal, (found.dual * Y).sum(axis=1) - squares, rtol=1e-9)
    assert (found.gap < 1e-9 * primal).all()


@pytest.mark.parametrize("nu", NUS)
def test_it_agrees_with_libsvm(nu: float, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    peers = [NuSVR(nu=nu, C=1.0, kernel="linear", tol=1e-10).fit(X, y) for y in Y]
    expected = np.array([peer.coef_[0] for peer in peers])
    found = nu_regression_fit(X, Y, nu)
    np.testing.assert_allclose(found.coefficients, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_nu_bounds_the_part_outside_the_tube(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    for nu in (0.1, 0.5, 0.9):
        found = nu_regression_fit(X, Y, nu)
        off = np.abs(Y - found.coefficients @ X.T - found.intercept[:, None]) - found.tube[:, None]
        assert ((off > 1e-7).mean(axis=1) <= nu).all()
        assert ((off > -1e-7).mean(axis=1) >= nu).all()


def test_planted_coefficients_survive_wild_observations_and_least_squares_do_not() -> None:
    rng = np.random.default_rng(5)
    X, truth = rng.normal(size=(200, 4)), np.array([1.0, 0.5, 0.0, -0.5])
    y = X @ truth + 0.3 + rng.normal(0, 0.01, 200)
    y[:30] += 20.0
    found = nu_regression_fit(X, y[None], 0.5)
    assert np.abs(found.coefficients[0] - truth).max() < 0.02
    assert np.abs(np.linalg.lstsq(np.column_stack([X, np.ones(200)]), y, rcond=None)[0][:4] - truth).max() > 0.1
    noise = nu_regression_fit(X, rng.normal(size=(20, 200)), 0.5).coefficients
    assert np.abs(noise.mean()) < 0.05  # nothing planted, nothing found


def test_targets_are_fitted_by_themselves_and_a_constant_is_its_own_fit(data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    with_constant = np.vstack([Y[:2], np.full(120, 3.0), Y[2:]])
    together = nu_regression_fit(X, with_constant, 0.5)
    np.testing.assert_array_equal(together.coefficients[3], nu_regression_fit(X, Y[[2]], 0.5).coefficients[0])
    assert together.coefficients[2].tolist() == [0.0] * 6
    assert (together.intercept[2], together.tube[2], together.gap[2]) == (3.0, 0.0, 0.0)
    moved = nu_regression_fit(X, Y + 5.0, 0.5)
    np.testing.assert_allclose(moved.coefficients, nu_regression_fit(X, Y, 0.5).coefficients, atol=1e-8)


@pytest.mark.parametrize("cost", [1e-3, 1e3])
def test_collinear_features_share_a_coefficient(cost: float, data: tuple[np.ndarray, np.ndarray]) -> None:
    X, Y = data
    found = nu_regression_fit(X[:, [0, 0, 1]], Y, 0.5, cost=cost)
    np.testing.assert_allclose(found.coefficients[:, 0], found.coefficients[:, 1], atol=1e-6)
    assert np.isfinite(found.coefficients).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, Y: (X[:100], Y, 0.5), "must be the same ones"),
        (lambda X, Y: (np.where(X > 1, np.nan, X), Y, 0.5), "must be finite"),
        (lambda X, Y: (X, np.where(Y > 1, np.inf, Y), 0.5), "must be finite"),
        (lambda X, Y: (X[:1], Y[:, :1], 0.5), "at least 2 observations"),
        (lambda X, Y: (X[:, :0], Y, 0.5), "of 1 feature"),
        (lambda X, Y: (X, Y, 0.0), "nu must be within"),
        (lambda X, Y: (X, Y, np.nan), "nu must be within"),
        (lambda X, Y: (X, Y[0], 0.5), "2 dimensions"),
    ],
)
def test_bad_input_is_refused(change, message: str, data: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match=message):
        nu_regression_fit(*change(*data))
    with pytest.raises(InputError, match="cost must be positive"):
        nu_regression_fit(*data, 0.5, cost=0.0)
