"""Orthogonal bases with a rank decision: a column that repeats earlier ones is dropped, later columns first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper

FloatArray = NDArray[np.float64]

RANK_TOLERANCE = 1e-7


class Orthogonalization(NamedTuple):
    """``columns[:, kept] = basis.T @ triangle``, in the order of the columns; one row of `basis` per kept column."""

    basis: FloatArray
    triangle: FloatArray
    kept: NDArray[np.bool_]


class WeightedFit(NamedTuple):
    """Least squares of one feature: what `combinations` of coefficients are, and what is left (times root weight)."""

    estimates: FloatArray
    stdev_unscaled: FloatArray
    residuals: FloatArray
    leverages: FloatArray
    rank: int


@entry_point
def orthogonalize(columns: FloatArray) -> Orthogonalization:
    """Gram-Schmidt, twice per column; a column shorter than 1e-7 of itself after projection is dropped."""
    n_rows, n_columns = columns.shape
    basis, triangle = np.zeros((n_columns, n_rows)), np.zeros((n_columns, n_columns))
    kept, rank = np.zeros(n_columns, np.bool_), 0
    for j in range(n_columns):
        if rank == n_rows:
            break
        length = 0.0
        for i in range(n_rows):
            basis[rank, i] = columns[i, j]
            length += columns[i, j] ** 2
        for k in range(2 * rank):
            triangle[k % rank, rank] += _project_out(basis[k % rank], basis[rank])
        rest = 0.0
        for i in range(n_rows):
            rest += basis[rank, i] ** 2
        kept[j] = rest > RANK_TOLERANCE**2 * length
        triangle[rank, rank] = np.sqrt(rest)
        for i in range(n_rows):
            basis[rank, i] = basis[rank, i] / triangle[rank, rank] if kept[j] else 0.0
        for k in range(rank + 1):
            triangle[k, rank] = triangle[k, rank] if kept[j] else 0.0
        rank += 1 if kept[j] else 0
    return Orthogonalization(basis[:rank], triangle[:rank, :rank], kept)


@helper
def _project_out(unit: FloatArray, vector: FloatArray) -> float:
    """Take out of `vector` its share along `unit`; returns the share."""
    share = 0.0
    for i in range(unit.size):
        share += unit[i] * vector[i]
    for i in range(unit.size):
        vector[i] -= share * unit[i]
    return share


@entry_point
def fit_one_feature(
    values: FloatArray, weights: FloatArray, design: FloatArray, combinations: FloatArray
) -> WeightedFit:
    """Weighted least squares with the rank decision; weight 0 leaves an observation out.

    A combination (row of `combinations`, over the columns of `design`) that touches a dropped column is NaN.
    """
    n_samples, n_columns = design.shape
    scaled, rest, leverages = np.zeros((n_samples, n_columns)), np.zeros(n_samples), np.zeros(n_samples)
    for i in range(n_samples):
        rest[i] = np.sqrt(weights[i]) * values[i]
        for j in range(n_columns):
            scaled[i, j] = np.sqrt(weights[i]) * design[i, j]
    found = orthogonalize(scaled)
    rank = found.triangle.shape[0]
    effects, solved = np.zeros(rank), np.zeros(rank)
    for k in range(rank):
        effects[k] = _project_out(found.basis[k], rest)
        for i in range(n_samples):
            leverages[i] += found.basis[k, i] ** 2
    n_wanted = combinations.shape[0]
    estimates, stdev = np.zeros(n_wanted), np.zeros(n_wanted)
    for row in range(n_wanted):
        estimable = _solve_triangle(found, combinations[row], solved)
        for k in range(rank):
            estimates[row] += solved[k] * effects[k]
            stdev[row] += solved[k] ** 2
        estimates[row] = estimates[row] if estimable else np.nan
        stdev[row] = np.sqrt(stdev[row]) if estimable else np.nan
    return WeightedFit(estimates, stdev, rest, leverages, rank)


@helper
def _solve_triangle(found: Orthogonalization, combination: FloatArray, solved: FloatArray) -> bool:
    """Solve ``triangle.T @ solved = combination`` over the kept columns; False if a dropped column takes part."""
    estimable, k = True, 0
    for column in range(combination.size):
        if found.kept[column]:
            solved[k] = combination[column]
            for j in range(k):
                solved[k] -= found.triangle[j, k] * solved[j]
            solved[k] /= found.triangle[k, k]
            k += 1
        elif combination[column] != 0.0:
            estimable = False
    return estimable
