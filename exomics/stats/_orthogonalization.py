"""Orthogonal bases with a rank decision: a column that repeats earlier ones is dropped, later columns first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

RANK_TOLERANCE = 1e-7


class Orthogonalization(NamedTuple):
    """``columns[:, kept] = basis @ triangle``, in the order of the columns; `basis` holds the kept ones only."""

    basis: FloatArray
    triangle: FloatArray
    kept: NDArray[np.bool_]


class WeightedFit(NamedTuple):
    """Least squares of one feature: what `combinations` of coefficients are, and what is left."""

    estimates: FloatArray
    stdev_unscaled: FloatArray
    residuals: FloatArray
    leverages: FloatArray
    rank: int


@njit(cache=True, error_model="numpy")
def orthogonalize(columns: FloatArray) -> Orthogonalization:
    """Gram-Schmidt, twice per column; a column shorter than 1e-7 of itself after projection is dropped."""
    n_rows, n_columns = columns.shape
    basis, triangle = np.zeros((n_columns, n_rows)), np.zeros((n_columns, n_columns))
    kept, rank = np.zeros(n_columns, np.bool_), 0
    for j in range(n_columns):
        rest = columns[:, j].copy()
        length = np.sqrt((rest * rest).sum())
        shares = np.zeros(rank)
        for _ in range(2):
            for k in range(rank):
                share = (basis[k] * rest).sum()
                shares[k] += share
                rest -= share * basis[k]
        rest_length = np.sqrt((rest * rest).sum())
        if rest_length > RANK_TOLERANCE * length and rank < n_rows:
            triangle[:rank, rank] = shares
            triangle[rank, rank] = rest_length
            basis[rank] = rest / rest_length
            kept[j] = True
            rank += 1
    return Orthogonalization(basis[:rank].T.copy(), triangle[:rank, :rank].copy(), kept)


@njit(cache=True, error_model="numpy")
def fit_one_feature(
    values: FloatArray, weights: FloatArray, design: FloatArray, combinations: FloatArray
) -> WeightedFit:
    """Weighted least squares with the rank decision; weight 0 leaves an observation out.

    A combination (row of `combinations`, over the columns of `design`) that touches a dropped column is NaN.
    """
    root = np.sqrt(weights)
    found = orthogonalize(np.ascontiguousarray(design * root.reshape(-1, 1)))
    rank = found.triangle.shape[0]
    effects = np.zeros(rank)
    rest = root * values
    for k in range(rank):
        effects[k] = (found.basis[:, k] * rest).sum()
        rest = rest - effects[k] * found.basis[:, k]
    estimates = np.full(combinations.shape[0], np.nan)
    stdev = np.full(combinations.shape[0], np.nan)
    for row in range(combinations.shape[0]):
        if np.any((combinations[row] != 0.0) & ~found.kept):
            continue
        solved = combinations[row][found.kept]
        for k in range(rank):
            for j in range(k):
                solved[k] -= found.triangle[j, k] * solved[j]
            solved[k] /= found.triangle[k, k]
        estimates[row] = (solved * effects).sum()
        stdev[row] = np.sqrt((solved * solved).sum())
    leverages = np.zeros(values.size)
    for k in range(rank):
        leverages += found.basis[:, k] ** 2
    return WeightedFit(estimates, stdev, rest, leverages, rank)
