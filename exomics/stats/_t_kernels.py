"""Compiled upper tail of Student's t for many statistics that share few degrees of freedom.

``P(T > t) = I_x(a, 1/2) / 2`` with ``a = df / 2`` and ``x = df / (df + t^2)``.  Near the center the complement is
summed as a power series; elsewhere the continued fraction DLMF 8.17.22 is evaluated by its three-term recurrence,
whose coefficients depend on the df only and are kept from one statistic to the next.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LARGEST_DF = 1e4
LARGEST_T = 1e100

_MOST_TERMS = 400
_RECIPROCALS = 1.0 / (np.arange(_MOST_TERMS) + 1.5)


@njit(cache=True)
def _log_beta_half(a: float) -> float:
    """log B(a, 1/2), without the cancellation of log gammas for large a."""
    if a < 10.0:
        return math.lgamma(a) + 0.5 * math.log(math.pi) - math.lgamma(a + 0.5)
    b = a + 0.5
    remainder = 0.0
    for x, sign in ((b, 1.0), (a, -1.0)):
        s = 1.0 / (x * x)
        tail = s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s / 156)))
        remainder += sign * (1 / 12 - s * (1 / 360 - s * (1 / 1260 - tail))) / x
    rise = 0.5 * math.log(a) + a * math.log1p(0.5 / a) - 0.5 + remainder
    return 0.5 * math.log(math.pi) - rise


@njit(cache=True)
def _set_coefficients(a: float, coefficients: FloatArray) -> None:
    """Coefficients of x in the continued fraction of I_x(a, 1/2)."""
    for m in range(coefficients.size // 2):
        odd = a + 2.0 * m
        coefficients[2 * m] = -(a + m) * (a + 0.5 + m) / (odd * (odd + 1.0))
        even = m + 1.0
        coefficients[2 * m + 1] = even * (0.5 - even) / ((odd + 1.0) * (odd + 2.0))


@njit(cache=True)
def _continued_fraction(x: float, coefficients: FloatArray) -> float:
    """Value of 1 / (1 + c0 x / (1 + c1 x / (1 + ...)))."""
    p0, q0, p1, q1 = 0.0, 1.0, 1.0, 1.0
    for j in range(0, coefficients.size, 2):
        c = coefficients[j] * x
        p0, q0, p1, q1 = p1, q1, p1 + c * p0, q1 + c * q0
        c = coefficients[j + 1] * x
        p0, q0, p1, q1 = p1, q1, p1 + c * p0, q1 + c * q0
        if abs(p1 * q0 - p0 * q1) <= 1e-16 * abs(p1 * q0):
            break
        if abs(q1) < 1e-100:
            p0, q0, p1, q1 = p0 * 1e100, q0 * 1e100, p1 * 1e100, q1 * 1e100
    return p1 / q1


@njit(cache=True)
def _central_series(a: float, y: float) -> float:
    """Sum over n of (a + 1/2)_n / (3/2)_n y^n."""
    term = 1.0
    total = 1.0
    for n in range(_MOST_TERMS):
        term *= (a + 0.5 + n) * y * _RECIPROCALS[n]
        total += term
        if term < 1e-17 * total:
            break
    return total


@njit(cache=True)
def upper_tails(statistic: FloatArray, df: FloatArray) -> FloatArray:
    """P(T > t) of vectors; NaN unless 0 < df <= `LARGEST_DF` and t is at most `LARGEST_T` in size."""
    result = np.full(statistic.size, np.nan)
    coefficients = np.empty(_MOST_TERMS)
    last = np.nan
    a = 0.0
    log_front = 0.0
    for i in range(statistic.size):
        if not (0.0 < df[i] <= LARGEST_DF and abs(statistic[i]) <= LARGEST_T):
            continue
        if df[i] != last:
            last = df[i]
            a = 0.5 * last
            log_front = -_log_beta_half(a)
            _set_coefficients(a, coefficients)
        t = abs(statistic[i])
        ratio = t * t / last
        x = 1.0 / (1.0 + ratio)
        y = ratio * x
        front = math.exp(log_front - a * math.log1p(ratio))
        if y * (a + 2.5) < 1.5:
            tail = 0.5 - front * math.sqrt(y) * _central_series(a, y)
        else:
            tail = 0.5 * front * math.sqrt(y) / a * _continued_fraction(x, coefficients)
        result[i] = tail if statistic[i] >= 0.0 else 1.0 - tail
    return result
