"""Prior of the residual variances by profile likelihood, for residual df that differ between features."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import special

from exomics.stats.f_distribution import f_lower_tail, f_upper_tail
from exomics.stats.local_regression import choose_lowess_span, lowess, weighted_lowess
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stats.optimize import find_root, minimize_bounded
from exomics.stats.variance_prior import (
    VariancePrior,
    average_ranks,
    constant_prior,
    finite_covariate,
    log_minus_digamma,
    shrunken_outlier_df,
)

__all__ = ["Optimum", "likelihood_prior"]

FloatArray = NDArray[np.float64]
Optimum = Literal["exact", "published"]

_SHARE_LIMITS = (0.5, 0.9998)
_SMALLEST_DF = 0.01
_LARGEST_FDR_OF_OUTLIERS = 0.3


class _Likelihood(NamedTuple):
    """What the profile likelihood needs, with half dfs a = d / 2 and r = a s^2 / exp(mean of log F)."""

    half_df: FloatArray
    weights: FloatArray
    relative: FloatArray
    distinct_half_df: FloatArray
    weight_of_distinct: FloatArray
    weighted_mean: float
    weighted_half_df: float


class _Fit(NamedTuple):
    scale: FloatArray
    half_df: float


def likelihood_prior(
    variances: FloatArray,
    df: FloatArray,
    *,
    covariate: FloatArray | None = None,
    robust: bool = False,
    optimum: Optimum = "exact",
) -> VariancePrior:
    """Estimate the scaled F distribution of residual variances by maximizing its profile likelihood.

    ``s_g^2 / s0_g^2 ~ F(d_g, d0)``.  The mean of ``log s^2`` corrected for its df, constant or a local regression on
    the covariate with weights ``1 / trigamma(d_g / 2)``, fixes ``s0`` for each ``d0``; the likelihood is then
    maximized over ``d0 / (2 + d0)`` in [0.5, 0.9998].  With `robust`, the Benjamini-Hochberg value of each feature's
    two-sided F tail (above 0.3 counts as 1) weights the feature in one refit, and features in the upper tail get a
    lower prior df.

    Parameters
    ----------
    variances
        Residual variances, shape (n,).  NaN, infinite and negative values carry no information.
    df
        Residual degrees of freedom, shape (n,); below 0.01 carries no information.
    covariate
        Trend covariate, shape (n,), NaN-free (infinite values are moved next to the finite ones), or None.
    robust
        Guard against outlying variances.
    optimum
        ``"exact"``: the true optimum (root of the score).  ``"published"``: where Brent's search with R's default
        tolerance stops.

    Returns
    -------
    VariancePrior
        With NaN if no variance is informative; with df 0 and the variance itself as scale if one is.

    Notes
    -----
    The estimator of limma 3.62 for unequal residual df (L. Chen and G. K. Smyth, 2024); robust step after Phipson et
    al. (2016), doi:10.1214/16-AOAS920.  As there, two informative variances get no trend and no robust step, and zero
    variances count in the likelihood.  Deviations: infinite variances are left out (limma fails), uninformative ones
    are also left out when only two are informative (limma returns NaN), with one or none no error is raised, and
    ``optimum="exact"`` exists.

    Examples
    --------
    >>> s2 = np.array([0.5, 0.8, 1.0, 1.3, 2.4])
    >>> likelihood_prior(s2, np.array([4.0, 5.0, 4.0, 6.0, 4.0])).df.round(3).tolist()[0]
    9998.0
    """
    n = variances.size
    x, d1, weights = _informative(variances, df)
    informative = (x > 0.0) & (weights > 0.0)
    n_informative = int(informative.sum())
    if n_informative < 2:
        scale = float(variances[informative][0]) if n_informative else np.nan
        return constant_prior(n, scale, 0.0 if n_informative else np.nan)
    if n_informative == 2:
        covariate, robust = None, False
    if covariate is not None:
        covariate = finite_covariate(covariate)
    n_offset = int(((x <= 0.0) & (weights > 0.0)).sum())
    fit = _fit(x, d1, weights, covariate=covariate, optimum=optimum)
    plain = VariancePrior(fit.scale, np.full(n, 2.0 * fit.half_df), 2.0 * fit.half_df, n_offset, 0)
    return _robust_refit(x, d1, plain, covariate=covariate, optimum=optimum) if robust else plain


def _informative(variances: FloatArray, df: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variances and df with uninformative ones replaced (0 and 1), and weights 0 or 1."""
    usable = np.isfinite(variances) & (variances >= 0.0)
    with_df = np.isfinite(df) & (df >= _SMALLEST_DF)
    return (
        np.where(usable, variances, 0.0),
        np.where(with_df, df, 1.0),
        (usable & with_df).astype(np.float64),
    )


def _fit(x: FloatArray, d1: FloatArray, weights: FloatArray, *, covariate: FloatArray | None, optimum: Optimum) -> _Fit:
    """Maximize the weighted profile likelihood."""
    informative = (x > 0.0) & (weights > 0.0)
    positive = np.maximum(x, 1e-12 * np.median(x[informative]))
    half_df = d1 / 2.0
    distinct, index = np.unique(half_df, return_inverse=True)
    corrected = np.log(positive) + log_minus_digamma(distinct)[index]
    precision = (1.0 / special.polygamma(1, distinct))[index] * weights
    mean: FloatArray | float
    if covariate is None:
        mean = math.fsum(precision * corrected) / math.fsum(precision)
    else:
        mean = _trend(corrected, covariate, precision)
    likelihood = _Likelihood(
        half_df=half_df,
        weights=weights,
        relative=half_df * positive * np.exp(-mean),
        distinct_half_df=distinct,
        weight_of_distinct=np.bincount(index, weights=weights, minlength=distinct.size).astype(np.float64),
        weighted_mean=math.fsum(weights * half_df * mean),
        weighted_half_df=math.fsum(weights * half_df),
    )
    share = minimize_bounded(_minus_twice_log_likelihood, *_SHARE_LIMITS, arguments=(likelihood,))
    if optimum == "exact":
        share = _exact_optimum(share, likelihood)
    prior_half_df = share / (1.0 - share)
    scale = np.exp(mean - log_minus_digamma(prior_half_df))
    return _Fit(np.broadcast_to(scale, x.shape).copy(), prior_half_df)


def _trend(values: FloatArray, covariate: FloatArray, precision: FloatArray) -> FloatArray:
    """Local regression of corrected log variances on the covariate, once through, with bounded weights."""
    span = choose_lowess_span(values.size, small_n=500)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = precision / np.quantile(precision, 0.75)
    weights = np.clip(np.nan_to_num(weights, nan=0.0), 1e-8, 100.0)
    if np.ptp(weights) < 1e-15:
        return lowess(covariate, values, span, iterations=0).fitted
    if values.size < 4 + 1 / span:
        return _weighted_line(values, covariate, weights)
    return weighted_lowess(covariate, values, weights, span=span, iterations=1).fitted


def _weighted_line(values: FloatArray, covariate: FloatArray, weights: FloatArray) -> FloatArray:
    total = weights.sum()
    middle = (weights * covariate).sum() / total
    height = (weights * values).sum() / total
    centered = covariate - middle
    spread = (weights * centered * centered).sum()
    if spread <= 1e-14 * total * max(1.0, middle * middle):
        return np.full(values.shape, height)
    slope = (weights * centered * values).sum() / spread
    return height + slope * centered


@njit(cache=True)
def _sum_of_logs(half_df: FloatArray, weights: FloatArray, relative: FloatArray, prior: tuple[float, float]) -> float:
    """Sum of w (a + b) log(1 + r / c), compensated (Neumaier); `prior` is (b, c)."""
    b, c = prior
    total = 0.0
    lost = 0.0
    for i in range(half_df.size):
        if weights[i] == 0.0:
            continue
        term = weights[i] * (half_df[i] + b) * math.log1p(relative[i] / c)
        updated = total + term
        if abs(total) >= abs(term):
            lost += (total - updated) + term
        else:
            lost += (term - updated) + total
        total = updated
    return total + lost


@njit(cache=True)
def _sums_of_score(
    half_df: FloatArray, weights: FloatArray, relative: FloatArray, prior: tuple[float, float]
) -> tuple[float, float]:
    """Sums of w log(1 + u) and of w (a + b) u / (1 + u) with u = r / c; `prior` is (b, c)."""
    b, c = prior
    logs = 0.0
    shares = 0.0
    for i in range(half_df.size):
        u = relative[i] / c
        logs += weights[i] * math.log1p(u)
        shares += weights[i] * (half_df[i] + b) * u / (1.0 + u)
    return logs, shares


def _minus_twice_log_likelihood(share: float, data: _Likelihood) -> float:
    """Minus twice the profile log likelihood at prior half df b = share / (1 - share), constants dropped."""
    b = share / (1.0 - share)
    digamma = math.log(b) - float(log_minus_digamma(b))
    logs = _sum_of_logs(data.half_df, data.weights, data.relative, (b, math.exp(digamma)))
    gammas = special.gammaln(data.distinct_half_df + b) - math.lgamma(b)
    return 2.0 * (
        logs + data.weighted_mean + data.weighted_half_df * digamma - math.fsum(data.weight_of_distinct * gammas)
    )


def _score(share: float, data: _Likelihood) -> float:
    """Derivative of the profile log likelihood in the prior half df."""
    b = share / (1.0 - share)
    digamma = math.log(b) - float(log_minus_digamma(b))
    logs, shares = _sums_of_score(data.half_df, data.weights, data.relative, (b, math.exp(digamma)))
    differences = special.digamma(data.distinct_half_df + b) - digamma
    slope = float(special.polygamma(1, b)) * (shares - data.weighted_half_df)
    return slope - logs + math.fsum(data.weight_of_distinct * differences)


def _exact_optimum(start: float, data: _Likelihood) -> float:
    """Root of the score next to where the search stopped, or the limit that the likelihood rises to."""
    low_limit, high_limit = _SHARE_LIMITS
    reach = 5e-4
    while True:
        low, high = max(low_limit, start - reach), min(high_limit, start + reach)
        at_low, at_high = _score(low, data), _score(high, data)
        if at_low >= 0.0 >= at_high:
            return find_root(_score, (low, high), (at_low, at_high), 1e-15, (data,))
        if low == low_limit and at_low < 0.0:
            return low_limit
        if high == high_limit and at_high > 0.0:
            return high_limit
        if low == low_limit and high == high_limit:
            return start
        reach *= 4.0


def _robust_refit(
    x: FloatArray, d1: FloatArray, plain: VariancePrior, *, covariate: FloatArray | None, optimum: Optimum
) -> VariancePrior:
    """Refit with outlying variances weighted down, then lower the prior df of those in the upper tail."""
    statistic = x / plain.scale
    upper = f_upper_tail(statistic, d1, plain.df_common)
    lower = 1.0 - upper
    near_zero = lower < 0.001
    lower[near_zero] = f_lower_tail(statistic[near_zero], d1[near_zero], plain.df_common)
    fdr = benjamini_hochberg(np.minimum(2.0 * np.minimum(lower, upper), 1.0))
    weights = np.where(fdr > _LARGEST_FDR_OF_OUTLIERS, 1.0, fdr)
    if weights.min() == 1.0:
        return plain
    fit = _fit(x, d1, weights, covariate=covariate, optimum=optimum)
    df_common = 2.0 * fit.half_df
    prior = VariancePrior(fit.scale, np.full(x.size, df_common), df_common, plain.n_offset, 0)
    n = x.size
    uniform = (n - average_ranks(statistic) + 0.5) / n
    not_outlier = np.minimum(upper / uniform, 1.0)
    if not_outlier.min() == 1.0:
        return prior
    worst = int(np.argmin(upper))
    with np.errstate(divide="ignore"):
        log_upper = np.log(upper)
    shrunken = shrunken_outlier_df(log_upper, not_outlier, df_common, worst=(float(statistic[worst]), float(d1[worst])))
    return prior._replace(df=shrunken, n_outliers=int((shrunken < df_common).sum()))
