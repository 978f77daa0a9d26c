"""Logarithms of the regularized incomplete beta and gamma functions, also where the values underflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["SMALLEST_DIRECT", "incomplete_beta", "log_gamma_tail", "log_incomplete_beta", "log_small_incomplete_beta"]

FloatArray = NDArray[np.float64]

#: Below this a probability is taken from its logarithm, not the other way round.
SMALLEST_DIRECT = 1e-290

_FRACTION_TERMS = 20_000


def _stirling_remainder(x: FloatArray) -> FloatArray:
    """log Gamma(x) minus its Stirling form, for x of 10 and more."""
    s = 1.0 / (x * x)
    tail = s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s / 156)))
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - tail))) / x


def _log_beta(a: FloatArray, b: FloatArray) -> FloatArray:
    """log B(a, b) without the cancellation of log gammas when one argument is large."""
    large, small = np.maximum(a, b), np.minimum(a, b)
    safe = np.maximum(large, 10.0)
    rise = small * np.log(safe) + (safe + small - 0.5) * np.log1p(small / safe) - small
    rise += _stirling_remainder(safe + small) - _stirling_remainder(safe)
    return np.where(large >= 10.0, special.gammaln(small) - rise, special.betaln(a, b))


def incomplete_beta(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """I_x(a, b) with y = 1 - x given, so that neither end cancels.

    The direct complement of scipy is ten times slower than the function itself, so it serves only where x is close
    to 1 and I_x is small.

    Parameters
    ----------
    a, b
        Shapes, positive.
    x, y
        Argument in [0, 1], and its complement ``1 - x``.

    Returns
    -------
    ndarray
        Regularized incomplete beta function, in the shape of `x`.
    """
    swap = x > 0.5
    value = np.asarray(special.betainc(np.where(swap, b, a), np.where(swap, a, b), np.where(swap, y, x)))
    small = swap & (value > 0.9)
    result = np.asarray(np.where(swap, 1.0 - value, value))
    if small.any():
        result[small] = special.betaincc(b[small], a[small], y[small])
    return result


def log_small_incomplete_beta(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """log I_x(a, b) deep in the lower tail, by the continued fraction (modified Lentz).

    Parameters
    ----------
    a, b
        Shapes, positive.
    x, y
        Argument in [0, 1], and its complement ``1 - x``.

    Returns
    -------
    ndarray
        Natural logarithms, in the shape of `x`.
    """
    tiny = 1e-300
    c = np.ones_like(x)
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / np.where(np.abs(d) < tiny, tiny, d)
    value = d.copy()
    for m in range(1, _FRACTION_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for coefficient in (even, odd):
            d = 1.0 + coefficient * d
            c = 1.0 + coefficient / c
            d = 1.0 / np.where(np.abs(d) < tiny, tiny, d)
            c = np.where(np.abs(c) < tiny, tiny, c)
            change = c * d
            value *= change
        if np.all(np.abs(change - 1.0) < 1e-16 * 4):
            break
    front = b * np.log(y) - a * np.log1p(y / x) - np.log(a) - _log_beta(a, b)
    return front + np.log(value)


def log_incomplete_beta(a: FloatArray, b: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """log I_x(a, b), direct where it can be represented.

    Parameters
    ----------
    a, b
        Shapes, positive.
    x, y
        Argument in [0, 1], and its complement ``1 - x``.

    Returns
    -------
    ndarray
        Natural logarithms, in the shape of `x`.
    """
    probability = incomplete_beta(a, b, x, y)
    with np.errstate(divide="ignore"):
        result = np.log(probability)
    deep = (probability < SMALLEST_DIRECT) & (x > 0.0) & np.isfinite(a) & np.isfinite(b)
    if deep.any():
        result[deep] = log_small_incomplete_beta(a[deep], b[deep], x[deep], y[deep])
    return result


def log_gamma_tail(a: FloatArray, x: FloatArray, *, upper: bool) -> FloatArray:
    """log of the regularized incomplete gamma function; leading asymptotic terms where it underflows.

    Parameters
    ----------
    a
        Shape, positive.
    x
        Argument, not negative.
    upper
        The upper tail Q(a, x) instead of the lower P(a, x).

    Returns
    -------
    ndarray
        Natural logarithms, in the shape of `x`.
    """
    probability = special.gammaincc(a, x) if upper else special.gammainc(a, x)
    with np.errstate(divide="ignore"):
        result = np.log(probability)
    deep = (probability < SMALLEST_DIRECT) & (x > 0.0) & np.isfinite(x)
    if deep.any():
        shape, point = a[deep], x[deep]
        front = shape * np.log(point) - point - special.gammaln(shape)
        result[deep] = front + (
            _log_upper_gamma_series(shape, point) if upper else _log_lower_gamma_series(shape, point)
        )
    return result


def _log_lower_gamma_series(shape: FloatArray, point: FloatArray) -> FloatArray:
    """log of the sum over k of point**k / (shape (shape + 1) ... (shape + k)), for point below shape."""
    term = 1.0 / shape
    total = term.copy()
    for k in range(1, _FRACTION_TERMS):
        term = term * point / (shape + k)
        total += term
        if np.all(term <= 1e-17 * total):
            break
    return np.log(total)


def _log_upper_gamma_series(shape: FloatArray, point: FloatArray) -> FloatArray:
    """log of the continued fraction of the upper incomplete gamma function (modified Lentz), for point above shape."""
    b = point + 1.0 - shape
    c = np.full_like(point, 1e300)
    d = 1.0 / b
    value = d.copy()
    for k in range(1, _FRACTION_TERMS):
        coefficient = -k * (k - shape)
        b = b + 2.0
        d = 1.0 / (coefficient * d + b)
        c = b + coefficient / c
        change = c * d
        value *= change
        if np.all(np.abs(change - 1.0) < 1e-16 * 4):
            break
    return np.log(value)
