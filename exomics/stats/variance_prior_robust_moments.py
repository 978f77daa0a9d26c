"""Prior of the residual variances by moments of their winsorized logarithms, with a prior df per feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats.f_distribution import f_quantile, log_density_of_log_f, log_f_tails, log_f_upper_tail
from exomics.stats.local_regression import evaluate_curve, lowess, trend_curve
from exomics.stats.optimize import find_root
from exomics.stats.variance_prior import VariancePrior, average_ranks, finite_covariate, shrunken_outlier_df
from exomics.stats.variance_prior_moments import moment_prior

__all__ = ["robust_moment_prior"]

FloatArray = NDArray[np.float64]

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(128)
_PUBLISHED_TOLERANCE = 1e-8
_EXACT_TOLERANCE = 1e-15


class _Winsorized(NamedTuple):
    """Log variances with a common df, their trend, and the mean and variance of the winsorized residuals."""

    z: FloatArray
    trend: FloatArray
    mean: float
    variance: float


def robust_moment_prior(
    variances: FloatArray,
    df: FloatArray,
    *,
    covariate: FloatArray | None = None,
    winsor_tail: tuple[float, float] = (0.05, 0.1),
    exact: bool = False,
) -> VariancePrior:
    """Estimate the scaled F distribution of residual variances from winsorized moments of their logs.

    The log variances (brought to one residual df through their tail probabilities) are centered on their trimmed
    mean, or on a robust LOWESS of the covariate, and winsorized; the prior df is the one at which a winsorized
    log F(d, d0) has that variance.  Features whose variance lies further out in the upper tail than their rank
    explains get a lower prior df.

    Parameters
    ----------
    variances
        Residual variances, shape (n,).  NaN, infinite and negative values carry no information.
    df
        Residual degrees of freedom, shape (n,); 0 carries no information.
    covariate
        Trend covariate, shape (n,), NaN-free (infinite values are moved next to the finite ones), or None.
    winsor_tail
        Proportions winsorized in the lower and in the upper tail, each in [0, 0.5).
    exact
        Solve for the prior df to machine precision, not to the tolerance of 1e-8 used by limma.

    Returns
    -------
    VariancePrior
        As :func:`exomics.stats.variance_prior_moments.moment_prior`, with one prior df per feature.

    Notes
    -----
    Phipson et al. (2016), doi:10.1214/16-AOAS920.  Features without information get the common prior df and the
    scale interpolated on the covariate.  Deviation: when more than half of the variances are zero limma stops; here
    the median of the positive ones sets the floor.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> s2 = rng.chisquare(4, 500) / 4 * 6 / rng.chisquare(6, 500)
    >>> s2[0] = 1e4
    >>> prior = robust_moment_prior(s2, np.full(500, 4.0))
    >>> round(prior.df_common, 2), round(float(prior.df[0]), 2)
    (7.03, 0.12)
    """
    usable = np.isfinite(variances) & (variances >= 0.0) & np.isfinite(df) & (df > 1e-6)
    if covariate is not None:
        covariate = finite_covariate(covariate)
    n_usable = int(usable.sum())
    if n_usable < 3 or not (variances[usable] > 0.0).any():
        return moment_prior(variances, df, covariate=covariate)
    known = None if covariate is None else covariate[usable]
    tolerance = _EXACT_TOLERANCE if exact else _PUBLISHED_TOLERANCE
    prior = _fit(variances[usable], df[usable], covariate=known, winsor_tail=winsor_tail, tolerance=tolerance)
    if n_usable == usable.size:
        return prior
    all_df = np.full(usable.size, prior.df_common)
    all_df[usable] = prior.df
    scale = np.full(usable.size, prior.scale[0])
    if covariate is not None:
        curve = trend_curve(covariate[usable], np.log(prior.scale))
        scale = np.exp(evaluate_curve(curve, covariate))
    scale[usable] = prior.scale
    return prior._replace(scale=scale, df=all_df)


def _fit(
    variances: FloatArray,
    df: FloatArray,
    *,
    covariate: FloatArray | None,
    winsor_tail: tuple[float, float],
    tolerance: float,
) -> VariancePrior:
    """Estimate the prior from informative variances."""
    n = variances.size
    middle = float(np.median(variances)) or float(np.median(variances[variances > 0.0]))
    floor = 1e-12 * middle
    n_offset = int((variances < floor).sum())
    x = np.maximum(variances, floor)
    plain = moment_prior(x, df, covariate=covariate)._replace(n_offset=n_offset)
    if max(winsor_tail) < 1.0 / n:
        return plain
    d1 = float(df.max())
    data = _winsorize(np.log(_at_common_df(x, df, plain)), covariate, winsor_tail)
    at_infinity = _winsorized_moments(d1, np.inf, winsor_tail)
    excess_at_infinity = float(np.log(data.variance / at_infinity[1]))
    if excess_at_infinity <= 0.0:
        return _infinite_df(data, d1, at_infinity[0], n_offset)
    if np.isinf(plain.df_common):
        return plain
    df_common = _solve_prior_df(data.variance, d1, winsor_tail, (plain.df_common, excess_at_infinity, tolerance))
    shift = data.trend + data.mean - _winsorized_moments(d1, df_common, winsor_tail)[0]
    statistic = np.exp(data.z - shift)
    log_upper = log_f_upper_tail(statistic, d1, df_common)
    log_not_outlier = np.minimum(log_upper - np.log((n - average_ranks(statistic) + 0.5) / n), 0.0)
    scale = np.broadcast_to(np.exp(shift), (n,)).copy()
    prior = VariancePrior(scale, np.full(n, df_common), df_common, n_offset, 0)
    if not (log_not_outlier < 0.0).any():
        return prior
    shrunken = shrunken_outlier_df(log_upper, np.exp(log_not_outlier), df_common, worst=(float(statistic.max()), d1))
    return prior._replace(df=shrunken, n_outliers=int((shrunken < df_common).sum()))


def _at_common_df(x: FloatArray, df: FloatArray, plain: VariancePrior) -> FloatArray:
    """Variances moved to the largest residual df at the same tail probability."""
    largest = float(df.max())
    fewer = df < largest - 1e-14
    if not fewer.any():
        return x
    moved = x.copy()
    log_upper, log_lower = log_f_tails(x[fewer] / plain.scale[fewer], df[fewer], plain.df_common)
    moved[fewer] = f_quantile(log_upper, log_lower, largest, plain.df_common) * plain.scale[fewer]
    return moved


def _winsorize(z: FloatArray, covariate: FloatArray | None, winsor_tail: tuple[float, float]) -> _Winsorized:
    """Center log variances on a trimmed mean or a robust trend, and winsorize what is left."""
    n = z.size
    if covariate is None:
        cut = int(n * winsor_tail[1])
        trend = np.full(n, np.sort(z)[cut : n - cut].mean())
    else:
        trend = lowess(covariate, z, 0.4, iterations=3).fitted
    residuals = z - trend
    low, high = np.quantile(residuals, [winsor_tail[0], 1.0 - winsor_tail[1]])
    winsorized = np.clip(residuals, low, high)
    mean = float(winsorized.mean())
    return _Winsorized(z, trend, mean, float(((winsorized - mean) ** 2).mean() * n / (n - 1)))


def _winsorized_moments(d1: float, d2: float, winsor_tail: tuple[float, float]) -> tuple[float, float]:
    """Mean and variance of winsorized log F(d1, d2), by Gauss-Legendre quadrature over F / (1 + F)."""
    tails = np.array(winsor_tail)
    lower = np.where(tails > 0.0, [tails[0], 1.0 - tails[1]], 0.5)
    ends = f_quantile(np.log(1.0 - lower), np.log(lower), d1, d2)
    ends = np.where(tails > 0.0, ends, [0.0, np.inf])
    shares = np.array([ends[0] / (1.0 + ends[0]), 1.0 if np.isinf(ends[1]) else ends[1] / (1.0 + ends[1])])
    width = shares[1] - shares[0]
    nodes = shares[0] + width * (_NODES + 1.0) / 2.0
    f = nodes / (1.0 - nodes)
    z = np.log(f)
    mass = width * _NODE_WEIGHTS / 2.0 * np.exp(log_density_of_log_f(z, d1, d2)) / f / (1.0 - nodes) ** 2
    z_ends = np.log(np.where(tails > 0.0, ends, 1.0))
    mean = float(mass @ z + z_ends @ tails)
    return mean, float(mass @ (z - mean) ** 2 + (z_ends - mean) ** 2 @ tails)


def _solve_prior_df(
    variance: float, d1: float, winsor_tail: tuple[float, float], start: tuple[float, float, float]
) -> float:
    """Prior df that gives the variance; `start` holds the plain df, the value at infinity and the tolerance."""
    plain_df, at_infinity, tolerance = start

    def excess(share: float) -> float:
        d2 = share / (1.0 - share) if share < 1.0 else np.inf
        return float(np.log(variance / _winsorized_moments(d1, d2, winsor_tail)[1]))

    low = plain_df / (1.0 + plain_df)
    at_low = excess(low)
    if at_low >= 0.0:
        return plain_df
    share = find_root(excess, (low, 1.0), (at_low, at_infinity), tolerance)
    return share / (1.0 - share)


def _infinite_df(data: _Winsorized, d1: float, expected_mean: float, n_offset: int) -> VariancePrior:
    """Prior with infinite df, except for features that are outliers of a chi-squared distribution."""
    n = data.z.size
    shift = data.trend + data.mean - expected_mean
    statistic = np.exp(data.z - shift)
    log_upper = log_f_upper_tail(statistic, d1, np.inf)
    upper = np.exp(log_upper)
    not_outlier = np.minimum(upper / ((n - average_ranks(statistic) + 0.5) / n), 1.0)
    df = np.full(n, np.inf)
    outlier = not_outlier < 1.0
    df[outlier] = not_outlier[outlier] * n * d1
    order = np.argsort(upper, kind="stable")
    df[order] = np.maximum.accumulate(df[order])
    return VariancePrior(np.exp(shift), df, np.inf, n_offset, int(np.isfinite(df).sum()))
