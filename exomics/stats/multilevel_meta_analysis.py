"""Effects of several conditions, each estimated on several platforms: one estimate per condition, by REML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special

from exomics.errors import DesignError, InputError

__all__ = ["MultilevelEffects", "multilevel_effects"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_STARTS = ((0.0, 0.0), (1.0, 0.2), (4.0, 0.9))
_LARGEST = 1e6
_FLAT = 1e-4


class MultilevelEffects(NamedTuple):
    """Estimates per condition, the test of all of them, and what the platforms disagree about.

    Parameters
    ----------
    estimate, standard_error, statistic, p_value
        (n_conditions,); z statistics, two-sided.
    q_conditions, df_conditions, q_conditions_p
        Chi-squared of the hypothesis that the effect is zero in every condition.
    q_residual, q_residual_p
        Cochran's Q of the estimates about the fixed-effect mean of their condition; its p-value tells heterogeneity.
    variance, correlation
        Per grouping: the variance of its random effects, and their correlation between conditions.
    log_likelihood
        Restricted, at the optimum.
    converged
        Whether the optimum was found.
    """

    estimate: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    q_conditions: float
    df_conditions: int
    q_conditions_p: float
    q_residual: float
    q_residual_p: float
    variance: FloatArray
    correlation: FloatArray
    log_likelihood: float
    converged: bool


class _Model(NamedTuple):
    """Effects and sampling variances, the design of the conditions, and per grouping who shares a level.

    `same` is (n_groupings, n, n): 1 where two estimates share a level of the grouping; `both` the same where they also
    share the condition.
    """

    y: FloatArray
    v: FloatArray
    X: FloatArray
    same: FloatArray
    both: FloatArray


def multilevel_effects(
    effects: ArrayLike, standard_errors: ArrayLike, conditions: ArrayLike, groupings: Sequence[ArrayLike]
) -> MultilevelEffects:
    """Pool the effects of one feature over platforms, condition by condition.

    ``y_cp = b_c + sum_k u_k,c,level(k, p) + e_cp``, ``var(e) = se^2``; the effects u of one level of grouping k have
    variance ``tau_k^2`` and the same correlation ``rho_k`` between every two conditions.

    Parameters
    ----------
    effects, standard_errors
        (n_estimates,), finite, errors positive.
    conditions
        Condition of each estimate (sex and week), (n_estimates,); codes 0 to n_conditions - 1, each present.
    groupings
        One vector (n_estimates,) of codes per random grouping: the platform, and if need be the kind of platform.

    Returns
    -------
    MultilevelEffects
        Variances and correlations that maximize the restricted likelihood.

    Raises
    ------
    InputError
        If shapes disagree, an effect is not finite, an error not positive, or a condition has no estimate.
    DesignError
        If no condition was estimated twice.

    Notes
    -----
    The model of metafor's ``rma.mv(y, se^2, mods = ~ 0 + condition, random = ~ condition | platform)`` (compound
    symmetry; Viechtbauer 2010, doi:10.18637/jss.v036.i03), fitted by quasi-Newton steps on the exact gradient from
    several starts. Correlations are at least ``-1 / (n_conditions - 1)``, as those of random effects must be; metafor
    lets them run on below that until the covariance of the estimates is singular, where errors vanish (a chi-squared
    of 1e9 in simulated noise). Elsewhere the two agree.

    Examples
    --------
    >>> found = multilevel_effects([0.5, 0.1, 0.7, 0.1], np.full(4, 0.1), [0, 1, 0, 1], [[0, 0, 1, 1]])
    >>> found.estimate.round(6).tolist(), found.df_conditions, round(found.q_residual, 6)
    ([0.6, 0.1], 2, 2.0)
    """
    model = _checked(effects, standard_errors, conditions, groupings)
    scale = float(np.mean(model.v))
    bounds = [(0.0, _LARGEST), (-1.0 / max(model.X.shape[1] - 1, 1), 1.0)] * len(model.same)
    best = _optimum(model, scale, bounds)
    variance, correlation = best.x[0::2] * scale, best.x[1::2]
    _, whitened, inverse, estimate = _fitted(model, variance, correlation)
    error = np.sqrt(np.diagonal(inverse))
    statistic = estimate / error
    tested = float(np.sum((whitened @ estimate) ** 2))
    plain = np.bincount(_codes(model), model.y / model.v) / np.bincount(_codes(model), 1.0 / model.v)
    heterogeneity = float(np.sum((model.y - plain[_codes(model)]) ** 2 / model.v))
    left = model.X.shape[0] - model.X.shape[1]
    return MultilevelEffects(
        estimate=estimate,
        standard_error=error,
        statistic=statistic,
        p_value=2.0 * special.ndtr(-np.abs(statistic)),
        q_conditions=tested,
        df_conditions=model.X.shape[1],
        q_conditions_p=float(special.gammaincc(model.X.shape[1] / 2.0, tested / 2.0)),
        q_residual=heterogeneity,
        q_residual_p=float(special.gammaincc(left / 2.0, heterogeneity / 2.0)),
        variance=variance,
        correlation=np.where(variance > 0.0, correlation, np.nan),
        log_likelihood=-best.fun,
        converged=_is_flat(best, bounds),
    )


def _codes(model: _Model) -> IntArray:
    return np.asarray(model.X.argmax(axis=1), dtype=np.int64)


def _checked(
    effects: ArrayLike, standard_errors: ArrayLike, conditions: ArrayLike, groupings: Sequence[ArrayLike]
) -> _Model:
    y, se = (np.asarray(values, dtype=np.float64) for values in (effects, standard_errors))
    codes = np.asarray(conditions)
    levels = [np.asarray(grouping) for grouping in groupings]
    shapes = {values.shape for values in (y, se, codes, *levels)}
    if len(shapes) > 1 or y.ndim != 1 or not levels or not np.issubdtype(codes.dtype, np.integer):
        raise InputError(
            f"effects, errors, whole-number conditions and groupings must be vectors of one length; got {shapes}."
        )
    if not (np.isfinite(y).all() and np.isfinite(se).all() and (se > 0).all()):
        raise InputError("effects must be finite and standard errors positive; leave out the estimates that are not.")
    counts = np.bincount(codes)
    if (counts == 0).any():
        raise InputError(f"condition {int(np.argmin(counts))} has no estimate; number the conditions without gaps.")
    if counts.max() < 2:
        raise DesignError("no condition was estimated twice; there is nothing to pool.")
    X = np.eye(counts.size)[codes]
    same = np.stack([level[:, None] == level[None, :] for level in levels]).astype(np.float64)
    return _Model(y, se**2, X, same, same * (X @ X.T))


def _optimum(model: _Model, scale: float, bounds: Sequence[tuple[float, float]]) -> Any:
    from scipy import optimize  # only here, and it would cost the start of every differential command

    found = [
        optimize.minimize(
            _objective,
            np.tile(start, len(model.same)),
            args=(model, scale),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500},
        )
        for start in _STARTS
    ]
    return min(found, key=lambda one: one.fun)


def _is_flat(best: Any, bounds: Sequence[tuple[float, float]]) -> bool:
    """Whether the likelihood rises nowhere but beyond the bounds."""
    low, high = np.array(bounds).T
    step = np.clip(best.x - best.jac, low, high) - best.x
    return bool(np.abs(step).max() < _FLAT)


def _fitted(
    model: _Model, variance: FloatArray, correlation: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Root of the covariance, the design whitened by it, the covariance of the estimates, and the estimates."""
    weights = variance[:, None, None]
    rho = correlation[:, None, None]
    covariance = np.diag(model.v) + (weights * (rho * model.same + (1.0 - rho) * model.both)).sum(axis=0)
    root = linalg.cholesky(covariance, lower=True, check_finite=False)
    whitened = linalg.solve_triangular(root, model.X, lower=True, check_finite=False)
    inverse = np.linalg.inv(whitened.T @ whitened)
    estimate = inverse @ (whitened.T @ linalg.solve_triangular(root, model.y, lower=True, check_finite=False))
    return root, whitened, inverse, estimate


def _objective(parameters: FloatArray, model: _Model, scale: float) -> tuple[float, FloatArray]:
    """Minus the restricted log likelihood, and its gradient in (variance / scale, correlation) of each grouping."""
    variance, correlation = parameters[0::2] * scale, parameters[1::2]
    root, whitened, inverse, estimate = _fitted(model, variance, correlation)
    residual = model.y - model.X @ estimate
    scaled = linalg.cho_solve((root, True), residual, check_finite=False)
    n, p = model.X.shape
    value = (
        np.log(np.diagonal(root)).sum()
        + np.log(np.diagonal(linalg.cholesky(whitened.T @ whitened, lower=True))).sum()
        + residual @ scaled / 2.0
        + (n - p) * np.log(2.0 * np.pi) / 2.0
        - np.log(model.X.sum(axis=0)).sum() / 2.0
    )
    precision = linalg.cho_solve((root, True), np.eye(n), check_finite=False)
    projected = precision - precision @ model.X @ inverse @ model.X.T @ precision
    slope = (projected - np.outer(scaled, scaled)) / 2.0
    gradient = np.empty_like(parameters)
    for k in range(len(model.same)):
        shape = correlation[k] * model.same[k] + (1.0 - correlation[k]) * model.both[k]
        gradient[2 * k] = np.sum(slope * shape) * scale
        gradient[2 * k + 1] = np.sum(slope * (model.same[k] - model.both[k])) * variance[k]
    return float(value), gradient
