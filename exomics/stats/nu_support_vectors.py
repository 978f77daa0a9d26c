"""Nu support vector regression on few features, exact: an interior point method in the coefficients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError
from exomics.stats._nu_regression_kernels import nu_regression

__all__ = ["NuRegression", "nu_regression_fit"]

_TOLERANCE = 1e-11
_ACCEPTED = 1e-6


class NuRegression(NamedTuple):
    """Linear functions of several targets on the same features, (n_targets, ...) each."""

    coefficients: FloatArray
    """(n_targets, n_features) w."""
    intercept: FloatArray
    """(n_targets,) b."""
    tube: FloatArray
    """(n_targets,) half-width e of the tube in which residuals cost nothing."""
    dual: FloatArray
    """(n_targets, n_observations) multipliers a: ``w = X'a``; zero inside the tube, `cost` in size outside."""
    gap: FloatArray
    """(n_targets,) duality gap, in units of the objective: the optimum is no more than this below it."""


def nu_regression_fit(features: FloatArray, targets: FloatArray, nu: float, *, cost: float = 1.0) -> NuRegression:
    """Coefficients by nu support vector regression with a linear kernel.

    ``(w, b, e) = argmin |w|^2 / 2 + C (nu n e + sum_i max(0, |y_i - x_i w - b| - e))``

    Parameters
    ----------
    features
        (n_observations, n_features) X, on a scale on which coefficients are comparable: their squares are penalized.
    targets
        (n_targets, n_observations) y; each row is fitted by itself.
    nu
        Within (0, 1): at most this part of the observations is outside the tube, at least this part not inside it.
    cost
        C, of an observation.

    Returns
    -------
    NuRegression
        Coefficients, intercept, half-width of the tube, multipliers, and duality gap of each target.

    Raises
    ------
    InputError
        If shapes disagree, values are missing, `nu` or `cost` is out of range, or the features are on so large a scale
        that the optimum is not reached.

    Notes
    -----
    Schoelkopf et al. 2000, doi:10.1162/089976600300015565; cost and nu as in LIBSVM, doi:10.1145/1961189.1961199, which
    works on the multipliers, a pair at a time. With fewer features than observations the Newton step of a primal-dual
    interior point method (Mehrotra 1992, doi:10.1137/0802028) is a system of ``n_features + 2`` equations, and some
    twenty steps reach a duality gap of 1e-11 of the objective: the coefficients are exact to eight digits, those of
    LIBSVM to four or five. The coefficients are unique; where any tube of a range fits as well, so are neither b nor e.

    Examples
    --------
    >>> x = np.arange(8.0)[:, None] / 4
    >>> y = 2 * x[:, 0] + 1 + 0.1 * np.array([1, -1, 1, -1, 1, -1, 1, -1])
    >>> found = nu_regression_fit(x, y[None, :], 0.5, cost=100.0)
    >>> found.coefficients.round(2).tolist(), found.tube.round(2).tolist()
    ([[2.0]], [0.1])
    """
    X, Y = as_matrix(features, "features"), as_matrix(targets, "targets")
    _check(X, Y, nu, cost)
    n_targets, (n, k) = len(Y), X.shape
    points, dual, gaps = np.zeros((n_targets, k + 2)), np.zeros((n_targets, n)), np.zeros(n_targets)
    spread = np.abs(Y - Y.mean(axis=1, keepdims=True)).sum(axis=1)
    points[:, k] = Y.mean(axis=1)
    varied = np.flatnonzero(spread > 0)  # a constant is its own fit
    found = np.empty((len(varied), k + 2)), np.empty((len(varied), n)), np.empty(len(varied))
    design = np.ascontiguousarray(np.column_stack([X, np.ones(n)]))
    tolerances = _TOLERANCE * cost * spread[varied]
    nu_regression(design, np.ascontiguousarray(Y[varied]), (float(nu), float(cost)), tolerances, found)
    points[varied], dual[varied], gaps[varied] = found
    failed = int((~(gaps <= _ACCEPTED * cost * spread)).sum())
    if failed:
        raise InputError(f"{failed} of {n_targets} targets cannot be fitted to 1e-6; scale the features to SD 1.")
    return NuRegression(points[:, :k], points[:, k], points[:, k + 1], dual, gaps)


def _check(X: FloatArray, Y: FloatArray, nu: float, cost: float) -> None:
    if X.shape[0] != Y.shape[1]:
        raise InputError(f"features have {X.shape[0]} observations, targets {Y.shape[1]}; they must be the same ones.")
    if not (np.isfinite(X).all() and np.isfinite(Y).all()):
        raise InputError("features and targets must be finite; leave out what is missing.")
    if X.shape[0] < 2 or X.shape[1] < 1:
        raise InputError(f"at least 2 observations of 1 feature are needed; got {X.shape[0]} of {X.shape[1]}.")
    if not 0 < nu < 1:
        raise InputError(f"nu must be within (0, 1); got {nu}.")
    if not 0 < cost < np.inf:
        raise InputError(f"the cost must be positive and finite; got {cost}.")
