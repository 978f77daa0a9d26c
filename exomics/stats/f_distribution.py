"""Tail probabilities and quantiles of the F distribution that stay exact where the plain ones underflow or cancel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.stats.incomplete_beta import SMALLEST_DIRECT, incomplete_beta, log_gamma_tail, log_incomplete_beta

__all__ = ["f_lower_tail", "f_quantile", "f_upper_tail", "log_density_of_log_f", "log_f_tails", "log_f_upper_tail"]

FloatArray = NDArray[np.float64]

_LARGEST_DF = 1e15


def _split_f(
    statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    """Arrays of one shape: F, half dfs, x = d2 / (d2 + d1 F), 1 - x, and where d2 is infinite."""
    f, d1, d2 = np.broadcast_arrays(statistic, df_numerator, df_denominator)
    f, d1, d2 = f.astype(np.float64), d1.astype(np.float64), d2.astype(np.float64)
    limit = d2 > _LARGEST_DF
    finite = np.where(limit, 1.0, d2)
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = d1 * np.maximum(f, 0.0) / finite
        x = 1.0 / (1.0 + ratio)
        y = np.where(np.isinf(ratio), 1.0, ratio / (1.0 + ratio))
    return np.maximum(f, 0.0), d1 / 2.0, finite / 2.0, x, y, limit


def f_upper_tail(statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike) -> FloatArray:
    """P(F > statistic), to about 1e-14 relative; an infinite denominator df gives the scaled chi-squared limit.

    Parameters
    ----------
    statistic
        Value of F, not negative.
    df_numerator, df_denominator
        Degrees of freedom; all three broadcast.

    Returns
    -------
    ndarray
        Probabilities, in the broadcast shape.

    Examples
    --------
    >>> float(f_upper_tail(0.0, 3.0, 5.0))
    1.0
    """
    f, a, b, x, y, limit = _split_f(statistic, df_numerator, df_denominator)
    return np.where(limit, special.gammaincc(a, a * f), incomplete_beta(b, a, x, y))


def f_lower_tail(statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike) -> FloatArray:
    """P(F <= statistic), to about 1e-14 relative; an infinite denominator df gives the scaled chi-squared limit.

    Parameters
    ----------
    statistic
        Value of F, not negative.
    df_numerator, df_denominator
        Degrees of freedom; all three broadcast.

    Returns
    -------
    ndarray
        Probabilities, in the broadcast shape.

    Examples
    --------
    >>> float(f_lower_tail(1.0, 4.0, 4.0))
    0.5
    """
    f, a, b, x, y, limit = _split_f(statistic, df_numerator, df_denominator)
    return np.where(limit, special.gammainc(a, a * f), incomplete_beta(a, b, y, x))


def log_f_upper_tail(statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike) -> FloatArray:
    """Logarithm of P(F > statistic), also where the probability underflows.

    Parameters
    ----------
    statistic
        Value of F, not negative.
    df_numerator, df_denominator
        Degrees of freedom; all three broadcast.

    Returns
    -------
    ndarray
        Natural logarithms, in the broadcast shape.

    Examples
    --------
    >>> round(float(log_f_upper_tail(1e6, 2.0, 500.0)), 2)
    -2073.57
    """
    return _log_tail(statistic, df_numerator, df_denominator, upper=True)


def log_f_tails(
    statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Logarithms of P(F > statistic) and P(F <= statistic), also where the probabilities underflow.

    Parameters
    ----------
    statistic
        Value of F, not negative.
    df_numerator, df_denominator
        Degrees of freedom; all three broadcast.

    Returns
    -------
    tuple of ndarray
        Natural logarithms of the upper and of the lower tail.

    Examples
    --------
    >>> upper, lower = log_f_tails(1.0, 4.0, 4.0)
    >>> round(float(upper), 6), round(float(lower), 6)
    (-0.693147, -0.693147)
    """
    arguments = statistic, df_numerator, df_denominator
    return _log_tail(*arguments, upper=True), _log_tail(*arguments, upper=False)


def _log_tail(statistic: ArrayLike, df_numerator: ArrayLike, df_denominator: ArrayLike, *, upper: bool) -> FloatArray:
    f, a, b, x, y, limit = _split_f(*np.atleast_1d(statistic, df_numerator, df_denominator))
    result = log_incomplete_beta(b, a, x, y) if upper else log_incomplete_beta(a, b, y, x)
    if limit.any():
        result[limit] = log_gamma_tail(a[limit], a[limit] * f[limit], upper=upper)
    shape = np.broadcast_shapes(*(np.shape(v) for v in (statistic, df_numerator, df_denominator)))
    return result.reshape(shape)


def _start_of_quantile(
    log_upper: FloatArray, log_lower: FloatArray, df_numerator: float, df_denominator: float
) -> FloatArray:
    """log F from the inverse of the smaller tail, by the inverse incomplete beta or gamma function."""
    a, b = df_numerator / 2.0, df_denominator / 2.0
    up = np.exp(np.maximum(log_upper, np.log(SMALLEST_DIRECT)))
    low = np.exp(np.maximum(log_lower, np.log(SMALLEST_DIRECT)))
    use_upper = log_upper < log_lower
    if df_denominator > _LARGEST_DF:
        return np.log(np.where(use_upper, special.gammainccinv(a, up), special.gammaincinv(a, low)) / a)
    x = special.betaincinv(b, a, up)
    y = special.betaincinv(a, b, low)
    odds = np.where(use_upper, (1.0 - x) / np.maximum(x, 1e-300), y / np.maximum(1.0 - y, 1e-300))
    return np.log(np.maximum(odds, 1e-300) * df_denominator / df_numerator)


def f_quantile(log_upper: ArrayLike, log_lower: ArrayLike, df_numerator: float, df_denominator: float) -> FloatArray:
    """Quantile of F whose tails have the given logarithms (the smaller tail decides).

    Parameters
    ----------
    log_upper, log_lower
        Logarithms of the upper and the lower tail probability, which may lie far below the range of a double.
    df_numerator, df_denominator
        Degrees of freedom; the second may be infinite.

    Returns
    -------
    ndarray
        F, refined by Newton steps on the log scale until the tail is met to about 1e-14.

    Examples
    --------
    >>> upper, lower = log_f_tails(3.5, 4.0, 9.0)
    >>> round(float(f_quantile(upper, lower, 4.0, 9.0)), 10)
    3.5
    """
    target_up, target_low = np.broadcast_arrays(
        np.asarray(log_upper, dtype=np.float64), np.asarray(log_lower, dtype=np.float64)
    )
    log_f = _start_of_quantile(target_up, target_low, df_numerator, df_denominator)
    use_upper = target_up < target_low
    for _ in range(100):
        upper, lower = log_f_tails(np.exp(log_f), df_numerator, df_denominator)
        density = log_density_of_log_f(log_f, df_numerator, df_denominator)
        miss = np.where(use_upper, upper - target_up, target_low - lower)
        slope = np.exp(density - np.where(use_upper, upper, lower))
        step = np.clip(miss / np.maximum(slope, 1e-300), -2.0, 2.0)
        log_f = log_f + np.where(np.isfinite(step), step, 0.0)
        if np.all(np.abs(np.nan_to_num(step)) < 1e-14 * np.maximum(1.0, np.abs(log_f))):
            break
    return np.exp(log_f)


def log_density_of_log_f(log_f: ArrayLike, df_numerator: float, df_denominator: float) -> FloatArray:
    """Log density of log F (Fisher's 2z); an infinite denominator df gives the log of a scaled chi-squared.

    Parameters
    ----------
    log_f
        Natural logarithm of F, any shape.
    df_numerator, df_denominator
        Degrees of freedom.

    Returns
    -------
    ndarray
        Natural logarithm of the density, in the shape of `log_f`.

    Examples
    --------
    >>> round(float(log_density_of_log_f(0.0, 2.0, 2.0)), 6)
    -1.386294
    """
    z = np.asarray(log_f, dtype=np.float64)
    a, b = df_numerator / 2.0, df_denominator / 2.0
    if df_denominator > _LARGEST_DF:
        return a * np.log(a) - special.gammaln(a) + a * (z - np.exp(z))
    ratio = np.log(a / b) + z
    return a * ratio - (a + b) * np.logaddexp(0.0, ratio) - special.betaln(a, b)
