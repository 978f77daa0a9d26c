"""Contrasts after adjustment of every feature for its own baseline value: analysis of covariance, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.contrasts import ContrastFit, fit_contrasts
from exomics.stats.linear_model import LinearModelFit, as_expression, fit_linear_models, residual_deviation

__all__ = ["baseline_adjusted_contrasts"]

FloatArray = NDArray[np.float64]

_NO_SPREAD = 1e-12


def baseline_adjusted_contrasts(
    expression: ArrayLike, baseline: ArrayLike, design: ArrayLike, contrasts: ArrayLike
) -> ContrastFit:
    """Fit ``after_g = X b_g + slope_g * before_g + error`` to every feature g, and contrasts of ``b_g``.

    With ``r`` and ``s`` the residuals of ``after`` and ``before`` on X: ``slope = r's / s's``,
    ``c'b = c'b(after) - slope c'b(before)``, ``var(c'b) / sigma^2 = c'(X'X)^-1 c + (c'b(before))^2 / s's``, residual
    sum of squares ``r'r - slope^2 s's`` on one degree of freedom less than X leaves.

    Parameters
    ----------
    expression
        Log values after, (n_samples, n_features); NaN is missing.
    baseline
        Log values of the same subjects before, in the same shape. A sample counts for a feature where both are there.
    design
        (n_samples, n_coefficients), full column rank, without the baseline.
    contrasts
        (n_coefficients, n_contrasts).

    Returns
    -------
    ContrastFit
        NaN for a feature whose baseline does not vary beside the design, and where a contrast cannot be estimated.
        `cov_estimates` are those of the design without the baseline.

    Raises
    ------
    InputError
        If the shapes differ.
    DesignError
        If the design or the contrasts do not fit.

    Notes
    -----
    The regression of each feature on the design and its own baseline, computed for all at once (Frisch and Waugh 1933,
    doi:10.2307/1907330). Adjustment for the baseline in a randomized trial: Vickers and Altman (2001),
    doi:10.1136/bmj.323.7321.1123.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = rng.normal(size=(20, 1))
    >>> arm = np.repeat(np.eye(2), 10, axis=0)
    >>> after = 0.5 * before + arm @ [[0.0], [2.0]] + rng.normal(0.0, 0.1, size=(20, 1))
    >>> found = baseline_adjusted_contrasts(after, before, arm, [[-1.0], [1.0]])
    >>> found.estimates.round(1).tolist(), found.df_residual.tolist()
    ([[2.0]], [17.0])
    """
    after, before = as_expression(expression).copy(), as_expression(baseline).copy()
    if after.shape != before.shape:
        raise InputError(f"the baseline must have the shape {after.shape} of the values after; got {before.shape}.")
    absent = np.isnan(after) | np.isnan(before)
    after[absent], before[absent] = np.nan, np.nan
    fits = [fit_linear_models(values, design) for values in (after, before)]
    effects = [fit_contrasts(fit, contrasts, method="exact") for fit in fits]
    rest_after, rest_before = (_residuals(fit) for fit in fits)
    spread = np.einsum("ij,ij->j", rest_before, rest_before)
    size = np.nansum(before**2, axis=0)
    spread[spread <= _NO_SPREAD * size] = np.nan
    slope = np.einsum("ij,ij->j", rest_after, rest_before) / spread
    df = fits[0].df_residual - 1.0
    left = np.maximum(np.einsum("ij,ij->j", rest_after, rest_after) - slope**2 * spread, 0.0)
    usable = np.isfinite(slope) & (df > 0)
    sigma = np.where(usable, residual_deviation(left, df), np.nan)
    shift = effects[1].estimates
    return effects[0]._replace(
        estimates=effects[0].estimates - slope[:, None] * shift,
        stdev_unscaled=np.sqrt(effects[0].stdev_unscaled ** 2 + shift**2 / spread[:, None]),
        sigma=sigma,
        df_residual=np.where(usable, df, 0.0),
    )


def _residuals(fit: LinearModelFit) -> FloatArray:
    """Residuals, 0 where a value is missing."""
    return np.nan_to_num(fit.expression - fit.design @ np.nan_to_num(fit.coefficients).T)
