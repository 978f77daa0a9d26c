"""Small symmetric systems of one feature at a time, from products of design columns laid out once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper

FloatArray = NDArray[np.float64]


def column_products(design: FloatArray) -> FloatArray:
    """Products of each pair of columns, lower triangle by rows: ``weights @ products`` is ``X' W X``, packed."""
    rows, columns = np.tril_indices(design.shape[1])
    return np.ascontiguousarray(design[:, rows] * design[:, columns])


@helper
def weighted_gram(weights: FloatArray, products: FloatArray, packed: FloatArray) -> None:
    """``X' W X`` into `packed`."""
    packed[:] = 0.0
    for i in range(weights.size):
        weight = weights[i]
        for k in range(packed.size):
            packed[k] += weight * products[i, k]


@helper
def factorize(packed: FloatArray, ridge: FloatArray, factor: FloatArray) -> float:
    """Cholesky factor of the packed matrix plus a diagonal; returns the log determinant, NaN if not positive."""
    log_determinant, k = 0.0, 0
    for a in range(factor.shape[0]):
        for b in range(a):
            rest = packed[k]
            for d in range(b):
                rest -= factor[a, d] * factor[b, d]
            factor[a, b] = rest / factor[b, b]
            k += 1
        rest = packed[k] + ridge[a]
        k += 1
        for d in range(a):
            rest -= factor[a, d] * factor[a, d]
        if not rest > 0.0:
            return np.nan
        factor[a, a] = np.sqrt(rest)
        log_determinant += np.log(rest)
    return log_determinant


@helper
def solve(factor: FloatArray, vector: FloatArray) -> None:
    """Replace `vector` by the solution of the factorized system."""
    for a in range(vector.size):
        for d in range(a):
            vector[a] -= factor[a, d] * vector[d]
        vector[a] /= factor[a, a]
    for a in range(vector.size - 1, -1, -1):
        vector[a] /= factor[a, a]
        for d in range(a):
            vector[d] -= factor[a, d] * vector[a]


@helper
def invert(factor: FloatArray, inverse: FloatArray) -> None:
    """The inverse of the factorized matrix."""
    n = factor.shape[0]
    for c in range(n):
        column = inverse[c]
        column[:] = 0.0
        column[c] = 1.0
        solve(factor, column)


@helper
def quadratic_form(packed: FloatArray, vector: FloatArray) -> float:
    """``v' M v`` of a packed symmetric matrix."""
    total, k = 0.0, 0
    for a in range(vector.size):
        for b in range(a):
            total += 2.0 * vector[a] * vector[b] * packed[k]
            k += 1
        total += vector[a] * vector[a] * packed[k]
        k += 1
    return total
