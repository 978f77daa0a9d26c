"""Weighted least squares of many features at once, sixteen abreast, through normal equations in a safe basis.

Features run along the last axis of every working array, so each step is one vector operation over sixteen features
and no sum is reordered: results do not depend on the width of the machine's vectors. A feature whose equations are
nearly singular is flagged and left to an orthogonalization.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._design_basis import DesignBasis
from exomics.stats._orthogonalization import fit_one_feature

FloatArray = NDArray[np.float64]

LANES = 16
_NEARLY_SINGULAR = 1e-9


class FeatureFits(NamedTuple):
    """Where results go, one row per feature."""

    estimates: FloatArray
    stdev_unscaled: FloatArray
    sum_of_squares: FloatArray
    df_residual: FloatArray


class Problem(NamedTuple):
    """Expression and weights (n_samples, n_features; weights may have one column), design and wanted combinations.

    `turned` holds the combinations in coordinates of the basis.
    """

    expression: FloatArray
    weights: FloatArray
    design: FloatArray
    combinations: FloatArray
    turned: FloatArray
    basis: DesignBasis


class Block(NamedTuple):
    values: FloatArray
    weights: FloatArray
    residuals: FloatArray
    factor: FloatArray
    inverse_diagonal: FloatArray
    coordinates: FloatArray
    vector: FloatArray
    n_used: FloatArray
    flagged: FloatArray


@entry_point
def fit_features(problem: Problem, fits: FeatureFits) -> None:
    """Fit every feature; missing values and zero weights leave an observation out of that feature's fit."""
    n_samples, n_features = problem.expression.shape
    block = new_block(n_samples, problem.design.shape[1])
    for start in range(0, n_features, LANES):
        width = min(LANES, n_features - start)
        load(problem, start, width, block)
        _gram(problem.basis, block)
        factorize(problem.basis, block)
        _refine(problem.basis, block)
        _refine(problem.basis, block)
        store_residual_variance(block, start, width, fits)
        store_combinations(problem, block, start, fits)
        for lane in range(width):
            if block.flagged[lane] > 0.0:
                _fit_carefully(problem, block, lane, start + lane, fits)


@helper
def new_block(n_samples: int, n_columns: int) -> Block:
    return Block(
        np.zeros((n_samples, LANES)),
        np.zeros((n_samples, LANES)),
        np.zeros((n_samples, LANES)),
        np.zeros((n_columns, n_columns, LANES)),
        np.zeros((n_columns, LANES)),
        np.zeros((n_columns, LANES)),
        np.zeros((n_columns, LANES)),
        np.zeros(LANES),
        np.zeros(LANES),
    )


@helper
def clear_rows(rows: FloatArray) -> None:
    for a in range(rows.shape[0]):
        for lane in range(LANES):
            rows[a, lane] = 0.0


@helper
def load(problem: Problem, start: int, width: int, block: Block) -> None:
    shared = problem.weights.shape[1] == 1
    clear_rows(block.coordinates)
    for lane in range(LANES):
        block.n_used[lane] = 0.0
        block.flagged[lane] = 0.0
    for i in range(block.values.shape[0]):
        for lane in range(width):
            value = problem.expression[i, start + lane]
            weight = problem.weights[i, 0 if shared else start + lane]
            used = value == value and weight > 0.0
            block.values[i, lane] = value if used else 0.0
            block.residuals[i, lane] = value if used else 0.0
            block.weights[i, lane] = weight if used else 0.0
            block.n_used[lane] += 1.0 if used else 0.0


@helper
def _gram(basis: DesignBasis, block: Block) -> None:
    """Gram matrix of the weighted basis, lower triangle."""
    for a in range(block.factor.shape[0]):
        clear_rows(block.factor[a])
    for i in range(block.values.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            row, square = basis.columns[s], basis.values[s] ** 2
            for lane in range(LANES):
                block.factor[row, row, lane] += square * block.weights[i, lane]
            for t in range(basis.starts[i], s):
                column, product = basis.columns[t], basis.values[s] * basis.values[t]
                for lane in range(LANES):
                    block.factor[row, column, lane] += product * block.weights[i, lane]


@helper
def factorize(basis: DesignBasis, block: Block) -> None:
    """Cholesky factor of the Gram matrix in place, inside the envelope; an empty column drops out."""
    factor, envelope = block.factor, basis.envelope
    dropped_is_safe = 0.0 if basis.separable else 1.0
    for a in range(factor.shape[0]):
        for lane in range(LANES):
            block.vector[a, lane] = factor[a, a, lane]
        for c in range(envelope[a], a + 1):
            for d in range(max(envelope[a], envelope[c]), c):
                for lane in range(LANES):
                    factor[a, c, lane] -= factor[a, d, lane] * factor[c, d, lane]
            if c < a:
                for lane in range(LANES):
                    factor[a, c, lane] *= block.inverse_diagonal[c, lane]
        for lane in range(LANES):
            whole, rest = block.vector[a, lane], factor[a, a, lane]
            sound = rest > _NEARLY_SINGULAR * whole
            block.flagged[lane] += 0.0 if sound else (dropped_is_safe if whole == 0.0 else 1.0)
            block.inverse_diagonal[a, lane] = 1.0 / np.sqrt(rest) if sound else 0.0


@helper
def solve_normal(envelope: NDArray[np.int64], block: Block) -> None:
    """Replace `vector` by the solution of the normal equations and add it to the coordinates."""
    vector, factor, inverse = block.vector, block.factor, block.inverse_diagonal
    for a in range(vector.shape[0]):
        for d in range(envelope[a], a):
            for lane in range(LANES):
                vector[a, lane] -= factor[a, d, lane] * vector[d, lane]
        for lane in range(LANES):
            vector[a, lane] *= inverse[a, lane]
    for a in range(vector.shape[0] - 1, -1, -1):
        for lane in range(LANES):
            vector[a, lane] *= inverse[a, lane]
            block.coordinates[a, lane] += vector[a, lane]
        for d in range(envelope[a], a):
            for lane in range(LANES):
                vector[d, lane] -= factor[a, d, lane] * vector[a, lane]


@helper
def _refine(basis: DesignBasis, block: Block) -> None:
    """One step of iterative refinement: solve for what the residuals still hold, and take it out of them."""
    clear_rows(block.vector)
    for i in range(block.residuals.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            value, column = basis.values[s], basis.columns[s]
            for lane in range(LANES):
                block.vector[column, lane] += value * (block.weights[i, lane] * block.residuals[i, lane])
    solve_normal(basis.envelope, block)
    for i in range(block.residuals.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            value, column = basis.values[s], basis.columns[s]
            for lane in range(LANES):
                block.residuals[i, lane] -= value * block.vector[column, lane]


@helper
def store_residual_variance(block: Block, start: int, width: int, fits: FeatureFits) -> None:
    total, rank = np.zeros(LANES), np.zeros(LANES)
    for i in range(block.residuals.shape[0]):
        for lane in range(LANES):
            total[lane] += block.weights[i, lane] * block.residuals[i, lane] ** 2
    for a in range(block.inverse_diagonal.shape[0]):
        for lane in range(LANES):
            rank[lane] += 1.0 if block.inverse_diagonal[a, lane] > 0.0 else 0.0
    for lane in range(width):
        fits.sum_of_squares[start + lane] = total[lane]
        fits.df_residual[start + lane] = block.n_used[lane] - rank[lane]


@helper
def store_combinations(problem: Problem, block: Block, start: int, fits: FeatureFits) -> None:
    """Estimates and unscaled standard deviations of combinations; NaN where a dropped coordinate takes part."""
    width, totals = min(LANES, fits.estimates.shape[0] - start), np.zeros((2, LANES))
    for row in range(problem.turned.shape[0]):
        clear_rows(totals)
        _combine(problem.turned[row], problem.basis.envelope, block, totals)
        for lane in range(width):
            fits.estimates[start + lane, row] = totals[0, lane]
            fits.stdev_unscaled[start + lane, row] = np.sqrt(totals[1, lane])


@helper
def _combine(shares: FloatArray, envelope: NDArray[np.int64], block: Block, totals: FloatArray) -> None:
    """Add a combination's value to ``totals[0]`` and its unscaled variance to ``totals[1]``."""
    vector, factor, inverse = block.vector, block.factor, block.inverse_diagonal
    first = 0
    while first < shares.size - 1 and shares[first] == 0.0:
        first += 1
    for a in range(first, shares.size):
        for lane in range(LANES):
            vector[a, lane] = shares[a]
        for d in range(max(first, envelope[a]), a):
            for lane in range(LANES):
                vector[a, lane] -= factor[a, d, lane] * vector[d, lane]
        for lane in range(LANES):
            vector[a, lane] *= inverse[a, lane]
            lost = np.nan if shares[a] != 0.0 and inverse[a, lane] == 0.0 else 0.0
            totals[0, lane] += shares[a] * block.coordinates[a, lane] + lost
            totals[1, lane] += vector[a, lane] ** 2 + lost


@helper
def _fit_carefully(problem: Problem, block: Block, lane: int, feature: int, fits: FeatureFits) -> None:
    n_samples = block.values.shape[0]
    values, weights = np.zeros(n_samples), np.zeros(n_samples)
    for i in range(n_samples):
        values[i], weights[i] = block.values[i, lane], block.weights[i, lane]
    found = fit_one_feature(values, weights, problem.design, problem.combinations)
    for row in range(found.estimates.size):
        fits.estimates[feature, row] = found.estimates[row]
        fits.stdev_unscaled[feature, row] = found.stdev_unscaled[row]
    fits.sum_of_squares[feature] = 0.0
    for i in range(n_samples):
        fits.sum_of_squares[feature] += found.residuals[i] ** 2
    fits.df_residual[feature] = block.n_used[lane] - found.rank
