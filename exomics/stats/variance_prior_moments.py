"""Prior of the residual variances by moments of their logarithms (the classic estimator)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics.stats.natural_spline import fit_natural_spline, natural_spline_basis
from exomics.stats.variance_prior import VariancePrior, constant_prior, finite_covariate, log_minus_digamma

__all__ = ["moment_prior", "trigamma_inverse"]

FloatArray = NDArray[np.float64]


class _Trend(NamedTuple):
    mean: FloatArray
    variance: float
    is_constant: bool


def trigamma_inverse(value: float) -> float:
    """Return y with trigamma(y) = value, by Newton steps that converge from below.

    Parameters
    ----------
    value
        Positive.

    Returns
    -------
    float
        y, positive.

    Examples
    --------
    >>> round(trigamma_inverse(float(special.polygamma(1, 3.0))), 10)
    3.0
    """
    if value > 1e7:
        return 1.0 / value**0.5
    if value < 1e-6:
        return 1.0 / value
    y = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, y))
        step = trigamma * (1.0 - trigamma / value) / float(special.polygamma(2, y))
        y += step
        if -step / y < 1e-8:
            break
    return y


def moment_prior(variances: FloatArray, df: FloatArray, *, covariate: FloatArray | None = None) -> VariancePrior:
    """Estimate the scaled F distribution of residual variances from the mean and variance of their logs.

    With ``e_g = log s_g^2 - digamma(d_g / 2) + log(d_g / 2)``: the variance of e around its mean (or around a natural
    spline of the covariate) less the mean of ``trigamma(d_g / 2)`` equals ``trigamma(d0 / 2)``, and
    ``log s0^2 = mean(e) + digamma(d0 / 2) - log(d0 / 2)``.

    Parameters
    ----------
    variances
        Residual variances, shape (n,).  NaN, infinite and negative values carry no information.
    df
        Residual degrees of freedom, shape (n,); 0 carries no information.
    covariate
        Trend covariate, shape (n,), NaN-free (infinite values are moved next to the finite ones), or None.

    Returns
    -------
    VariancePrior
        One scale per feature and one prior df, which is infinite when the variances vary no more than by chance.
        NaN if no variance is informative; df 0 and the variance itself as scale if one is.

    Notes
    -----
    Smyth (2004), doi:10.2202/1544-6115.1027, section 6.2; spline with 1, 2, 3 or 4 coefficients for less than 3, 6,
    30 or for more informative variances, as in limma.  As there, variances below 1e-5 of the median are raised to it.

    Examples
    --------
    >>> prior = moment_prior(np.array([0.2, 1.0, 1.5, 4.0]), np.full(4, 6.0))
    >>> round(float(prior.scale[0]), 4), round(prior.df_common, 4)
    (0.8039, 2.5561)
    """
    n = variances.size
    usable = np.isfinite(variances) & (variances > -1e-15) & np.isfinite(df) & (df > 1e-15)
    n_usable = int(usable.sum())
    if n_usable < 2:
        scale = float(variances[usable][0]) if n_usable else np.nan
        return constant_prior(n, scale, 0.0 if n_usable else np.nan)
    x = np.maximum(variances[usable], 0.0)
    middle = float(np.median(x)) or 1.0
    n_offset = int((x == 0.0).sum())
    x = np.maximum(x, 1e-5 * middle)
    half_df = df[usable] / 2.0
    distinct, index = np.unique(half_df, return_inverse=True)
    corrected = np.log(x) + log_minus_digamma(distinct)[index]
    trend = _trend(corrected, usable, covariate)
    excess = trend.variance - float(special.polygamma(1, distinct)[index].mean())
    if excess > 0.0:
        half_prior_df = trigamma_inverse(excess)
        scale_of_all = np.exp(trend.mean - log_minus_digamma(half_prior_df))
        return VariancePrior(scale_of_all, np.full(n, 2.0 * half_prior_df), 2.0 * half_prior_df, n_offset, 0)
    scale_of_all = np.full(n, x.mean()) if trend.is_constant else np.exp(trend.mean)
    return VariancePrior(scale_of_all, np.full(n, np.inf), np.inf, n_offset, 0)


def _trend(corrected: FloatArray, usable: NDArray[np.bool_], covariate: FloatArray | None) -> _Trend:
    """Mean of the corrected logs for every feature, and their variance around it."""
    n_usable = corrected.size
    n_coefficients = 1
    if covariate is not None:
        covariate = finite_covariate(covariate)
        n_coefficients = 1 + (n_usable >= 3) + (n_usable >= 6) + (n_usable >= 30)
        n_coefficients = min(n_coefficients, np.unique(covariate[usable]).size)
    if covariate is None or n_coefficients < 2:
        mean = corrected.mean()
        variance = ((corrected - mean) ** 2).sum() / (n_usable - 1)
        return _Trend(np.full(usable.size, mean), float(variance), True)
    spline = fit_natural_spline(covariate[usable], corrected, n_coefficients)
    mean_of_all = np.empty(usable.size)
    mean_of_all[usable] = spline.fitted
    if n_usable < usable.size:
        mean_of_all[~usable] = natural_spline_basis(covariate[~usable], spline.knots) @ spline.coefficients
    return _Trend(mean_of_all, spline.residual_sum_of_squares / (n_usable - spline.rank), False)
