"""How strongly each feature pulls, bounded without meeting it: from where the same features were met before.

``x_j . s`` is linear in the slopes s: for s = sum_k c_k q_k + r, with orthonormal directions q_k whose inner products
with all features are known, it is ``sum_k c_k (x_j . q_k)`` to within ``|x_j| |r|``. Features lie in rows and are
standardized, so that ``|x_j| = sqrt(n_samples)``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_DIRECTIONS = 6


class Met(NamedTuple):
    """Of each response the directions that all features met: (n_responses, 6, n_samples), their inner products
    (n_responses, 6, n_features), and how many there are (n_responses,)."""

    directions: FloatArray
    products: FloatArray
    held: IntArray


@helper
def remember(met: Met, b: int, slopes: FloatArray, products: FloatArray) -> None:
    """Add slopes (n_samples,) and their products with all features; the directions of before go when there is no room.

    What the slopes share with the directions held is taken off both.
    """
    if met.held[b] == MOST_DIRECTIONS:
        met.held[b] = 0
    at = met.held[b]
    direction, product = met.directions[b, at], met.products[b, at]
    direction[:] = slopes
    product[:] = products
    for k in range(at):
        share = float(np.dot(met.directions[b, k], direction))
        direction -= share * met.directions[b, k]
        product -= share * met.products[b, k]
    size = math.sqrt(np.dot(direction, direction))
    if size > 1e-6 * math.sqrt(np.dot(slopes, slopes)):
        direction /= size
        product /= size
        met.held[b] = at + 1


@helper
def bound(met: Met, b: int, slopes: FloatArray, products: FloatArray) -> float:
    """Write what the products of slopes (n_samples,) with all features are but for a bound; return the bound."""
    rest = slopes.copy()
    products[:] = 0.0
    for k in range(met.held[b]):
        share = float(np.dot(met.directions[b, k], rest))
        rest -= share * met.directions[b, k]
        products += share * met.products[b, k]
    rounding = 1e-12 * math.sqrt(np.dot(slopes, slopes))
    return (math.sqrt(np.dot(rest, rest)) + rounding) * math.sqrt(slopes.size)
