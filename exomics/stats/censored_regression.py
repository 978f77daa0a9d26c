"""Least squares where some outcomes are known only to lie below a limit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics._checks import FloatArray
from exomics.stats.path_links import Link, link_fit
from exomics.stats.t_distribution import t_upper_tail

__all__ = ["left_censored_link"]

_MOST_STEPS = 100
_SETTLED = 1e-10
_LOG_ROOT_TWO_PI = 0.5 * np.log(2.0 * np.pi)


def left_censored_link(
    outcome: FloatArray, predictor: FloatArray, covariates: FloatArray, is_censored: NDArray[np.bool_]
) -> Link:
    """Coefficient of a predictor of an outcome with values below a limit of detection (Tobit).

    The maximum of ``sum log phi((y - xb) / s) / s`` over the outcomes known plus ``sum log Phi((limit - xb) / s)`` over
    those below their limit.

    Parameters
    ----------
    outcome
        (n_samples,); of a censored one its limit.
    predictor
        (n_samples,).
    covariates
        (n_samples, n_covariates).
    is_censored
        (n_samples,) whether the outcome is only known to lie below its entry.

    Returns
    -------
    Link
        NaN where ``n_samples - n_coefficients`` or the number of outcomes known less the coefficients is below 1, the
        predictor is a combination of the covariates, or all outcomes of one side of it are censored.

    Notes
    -----
    Tobin (1958), doi:10.2307/1907382, in the parameters b / s and 1 / s, in which the likelihood is concave (Olsen
    1978, doi:10.2307/1913837). The standard error is that of the observed information times
    ``sqrt(n / (n - n_coefficients))``, with t on ``n - n_coefficients`` degrees of freedom: without censoring it is
    that of least squares.

    Examples
    --------
    >>> group = np.repeat([0.0, 1.0], 6)
    >>> y = 3 * group + np.tile([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0], 2)
    >>> hidden = y < -0.5
    >>> found = left_censored_link(np.where(hidden, -0.5, y), group, np.empty((12, 0)), hidden)
    >>> bool(abs(found.estimate - 3) < 0.1)
    True
    """
    if not is_censored.any():
        return link_fit(outcome, predictor, covariates, binary=False)
    design = np.column_stack([np.ones(len(outcome)), predictor, covariates])
    n, n_coefficients = design.shape
    df = float(n - n_coefficients)
    known = design[~is_censored]
    if len(known) <= n_coefficients or np.linalg.matrix_rank(known) < n_coefficients:
        return Link(np.nan, np.nan, np.nan, df)
    estimate, error = _maximum(np.asarray(outcome, dtype=np.float64), design, is_censored)
    error *= float(np.sqrt(n / df))
    p_value = 2 * float(np.asarray(t_upper_tail(np.array([abs(estimate / error)]), df)).ravel()[0])
    return Link(estimate, error, p_value, df)


def _maximum(y: FloatArray, design: FloatArray, censored: NDArray[np.bool_]) -> tuple[float, float]:
    """The coefficient and its standard error, by Newton steps in (b / s, 1 / s), each halved until it rises."""
    b = np.linalg.lstsq(design, y, rcond=None)[0]
    spread = max(float(np.std(y - design @ b)), 1e-6)
    at = np.append(b, 1.0) / spread
    table = np.column_stack([-design, y])  # the standardized residual is table @ at
    for _ in range(_MOST_STEPS):
        gradient, information = _slopes(table, at, censored)
        step = np.linalg.solve(information, gradient)
        value = _log_likelihood(table, at, censored)
        while at[-1] + step[-1] <= 0 or _log_likelihood(table, at + step, censored) < value - _SETTLED:
            step = step / 2
        at = at + step
        if np.abs(step).max() < _SETTLED * max(1.0, np.abs(at).max()):
            break
    covariance = np.linalg.inv(_slopes(table, at, censored)[1])
    slopes = np.zeros(len(at))  # of b = (b / s) / (1 / s)
    slopes[1], slopes[-1] = 1 / at[-1], -at[1] / at[-1] ** 2
    return float(at[1] / at[-1]), float(np.sqrt(slopes @ covariance @ slopes))


def _log_likelihood(table: FloatArray, at: FloatArray, censored: NDArray[np.bool_]) -> float:
    z = table @ at
    known = np.log(at[-1]) - _LOG_ROOT_TWO_PI - 0.5 * z[~censored] ** 2
    return float(known.sum() + special.log_ndtr(z[censored]).sum())


def _slopes(table: FloatArray, at: FloatArray, censored: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Gradient and observed information of the log likelihood."""
    z = table @ at
    ratio = np.exp(-0.5 * z**2 - _LOG_ROOT_TWO_PI - special.log_ndtr(z))  # phi / Phi
    first = np.where(censored, ratio, -z)
    weight = np.where(censored, ratio * (z + ratio), 1.0)
    n_known = int((~censored).sum())
    gradient = table.T @ first
    gradient[-1] += n_known / at[-1]
    information = (table * weight[:, None]).T @ table
    information[-1, -1] += n_known / at[-1] ** 2
    return gradient, information
