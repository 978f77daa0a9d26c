"""log2 of shifted and scaled counts in one pass, and whether all were counts.

``log2(x) = k + log2(m)`` with ``m`` within a factor of sqrt(2) of 1, and the series of the inverse hyperbolic tangent,
``log2(m) = 2 / ln 2 (s + s^3 / 3 + s^5 / 5 + ...)`` with ``s = (m - 1) / (m + 1)``. Exponent and mantissa are taken
apart as whole numbers, so every loop is a plain vector operation on any machine; the error is one unit in the last
place.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, inlined

FloatArray = NDArray[np.float64]
Bits = NDArray[np.uint64]

_WIDTH = 512
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10 = (2.0 / math.log(2.0) / (2 * term + 1) for term in range(11))
_BITS_OF_FRACTION = np.uint64(52)
_ONE = np.float64(1.0).view(np.uint64)
_TO_NEAREST = _ONE - np.float64(math.sqrt(0.5)).view(np.uint64)
_EXPONENT_AS_FLOAT = np.float64(2.0**52).view(np.uint64)
_BIAS = 2.0**52 + 1023.0


@entry_point
def log2_of_counts(counts: FloatArray, added: FloatArray, factors: FloatArray, result: FloatArray) -> bool:
    """``log2((counts + added) * factors)`` into `result`; `added` and `factors` are positive, one per sample (row).

    False if a count is negative, missing or infinite; the result then means nothing.
    """
    value, exponent = np.empty(_WIDTH), np.empty(_WIDTH)
    value_bits, exponent_bits = value.view(np.uint64), exponent.view(np.uint64)
    n_bad = 0
    for sample in range(counts.shape[0]):
        for start in range(0, counts.shape[1], _WIDTH):
            stop = min(start + _WIDTH, counts.shape[1])
            row = counts[sample, start:stop]
            for j in range(row.size):
                n_bad += not 0.0 <= row[j] < np.inf
                value[j] = (row[j] + added[sample]) * factors[sample]
            _take_apart(value_bits[: row.size], exponent_bits[: row.size])
            _log2(value[: row.size], exponent[: row.size], result[sample, start:stop])
    return n_bad == 0


@inlined
def _take_apart(value: Bits, exponent: Bits) -> None:
    """Bits of the mantissa in place of the value, and of 2^52 plus the biased exponent."""
    for j in range(value.size):
        power = (value[j] + _TO_NEAREST) >> _BITS_OF_FRACTION
        exponent[j] = power | _EXPONENT_AS_FLOAT
        value[j] = value[j] - (power << _BITS_OF_FRACTION) + _ONE


@inlined
def _log2(mantissa: FloatArray, exponent: FloatArray, result: FloatArray) -> None:
    for j in range(mantissa.size):
        s = (mantissa[j] - 1.0) / (mantissa[j] + 1.0)
        z = s * s
        w = z * z
        odd = _C1 + w * (_C3 + w * (_C5 + w * (_C7 + w * _C9)))
        even = _C0 + w * (_C2 + w * (_C4 + w * (_C6 + w * (_C8 + w * _C10))))
        result[j] = (exponent[j] - _BIAS) + s * (even + z * odd)
