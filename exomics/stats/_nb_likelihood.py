"""The negative binomial log likelihood as a function of the log dispersion, with its derivatives.

With dispersion ``a``, ``r = 1 / a``, mean ``mu`` and count ``y``, up to terms free of ``a``::

    l = log G(y + r) - log G(r) - y log r - (y + r) log(1 + a mu)

No term is a difference of large numbers, so the Poisson limit ``a -> 0`` is exact. Small counts are finite sums;
large ones use Stirling's series, whose remainder at ``r`` is found once per evaluation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper, inlined

FloatArray = NDArray[np.float64]

_FINITE_SUM = 12.0
_ASYMPTOTIC = 10.0
_HALF_LOG_TWO_PI = 0.9189385332046727


class Derivatives(NamedTuple):
    """A value with its first and second derivative by the log dispersion."""

    value: float
    first: float
    second: float


@inlined
def _log_gamma_remainder(x: float) -> float:
    """log G(x) - (x - 1/2) log x + x - log(2 pi) / 2 for x >= 10."""
    s = 1.0 / (x * x)
    tail = s * (1 / 1188 - s * (691 / 360360 - s / 156))
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680) + s * tail))) / x


@inlined
def _digamma_remainder(x: float) -> float:
    """digamma(x) - log x for x >= 10."""
    s = 1.0 / (x * x)
    tail = s * (1 / 240 - s * (1 / 132 - s * (691 / 32760 - s / 12)))
    return -0.5 / x - s * (1 / 12 - s * (1 / 120 - s * (1 / 252) + s * tail))


@inlined
def _trigamma_remainder(x: float) -> float:
    """trigamma(x) - 1 / x for x >= 10."""
    s = 1.0 / (x * x)
    tail = s * (1 / 30 - s * (5 / 66 - s * (691 / 2730 - s * 7 / 6)))
    return 0.5 * s + s / x * (1 / 6 - s * (1 / 30 - s * (1 / 42) + s * tail))


@helper
def _remainders(r: float) -> tuple[float, float, float]:
    """The three remainders at any positive r: those at a shifted argument, and what the shift costs."""
    shifted, product, first, second = r, 1.0, 0.0, 0.0
    while shifted < _ASYMPTOTIC:
        product *= shifted
        first += 1.0 / shifted
        second += 1.0 / (shifted * shifted)
        shifted += 1.0
    if shifted == r:
        return _log_gamma_remainder(r), _digamma_remainder(r), _trigamma_remainder(r)
    log_gamma = (shifted - 0.5) * np.log(shifted) - shifted + _log_gamma_remainder(shifted) - np.log(product)
    digamma = np.log(shifted) + _digamma_remainder(shifted) - first
    trigamma = 1.0 / shifted + _trigamma_remainder(shifted) + second
    return log_gamma - (r - 0.5) * np.log(r) + r, digamma - np.log(r), trigamma - 1.0 / r


@helper
def log_likelihood(counts: FloatArray, means: FloatArray, dispersion: float) -> Derivatives:
    """Log likelihood of one feature, up to a term free of the dispersion; derivatives by the log dispersion."""
    a, r = dispersion, 1.0 / dispersion
    at_r = _remainders(r)
    value = first = second = 0.0
    for i in range(counts.size):
        y, scaled = counts[i], a * means[i]
        log_scale, share = np.log1p(scaled), scaled / (1.0 + scaled)
        value -= (y + r) * log_scale
        first += r * log_scale - (y + r) * share
        second += 2.0 * r * share - r * log_scale - (y + r) * share * (1.0 - share)
        if y <= _FINITE_SUM:
            product = 1.0
            for k in range(1, int(y)):
                grown = 1.0 + k * a
                product *= grown
                first += k * a / grown
                second += k * a / (grown * grown)
            value += np.log(product)
            continue
        x = y + r
        log_ratio = np.log1p(y * a)
        value += (x - 0.5) * log_ratio - y + _log_gamma_remainder(x) - at_r[0]
        digamma_gain = r * (log_ratio + _digamma_remainder(x) - at_r[1])
        first += y - digamma_gain
        second += digamma_gain - r * y / x + r * r * (_trigamma_remainder(x) - at_r[2])
    return Derivatives(value, first, second)


@helper
def fitted_log_likelihood(counts: FloatArray, means: FloatArray, dispersion: float) -> float:
    """Log likelihood of one feature, up to a term free of the means."""
    r, total = 1.0 / dispersion, 0.0
    for i in range(counts.size):
        if counts[i] > 0.0:
            total += counts[i] * np.log(means[i])
        total -= (counts[i] + r) * np.log1p(dispersion * means[i])
    return total
