"""Weighted least squares of many features at once, sixteen abreast, through normal equations in a safe basis.

Features run along the last axis of every working array, so each step is one vector operation over sixteen features
and no sum is reordered: results do not depend on the width of the machine's vectors. A feature whose equations are
nearly singular is flagged and left to an orthogonalization.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

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
    """Expression and weights (n_samples, n_features; weights may have one column), design and wanted combinations."""

    expression: FloatArray
    weights: FloatArray
    design: FloatArray
    combinations: FloatArray
    basis: DesignBasis


class _Block(NamedTuple):
    values: FloatArray
    weights: FloatArray
    residuals: FloatArray
    factor: FloatArray
    inverse_diagonal: FloatArray
    coordinates: FloatArray
    vector: FloatArray
    n_used: FloatArray
    flagged: FloatArray


@njit(cache=True, error_model="numpy")
def fit_features(problem: Problem, fits: FeatureFits) -> None:
    """Fit every feature; missing values and zero weights leave an observation out of that feature's fit."""
    n_samples, n_features = problem.expression.shape
    block = _new_block(n_samples, problem.design.shape[1])
    turned = problem.combinations @ problem.basis.back
    for start in range(0, n_features, LANES):
        width = min(LANES, n_features - start)
        _load(problem, start, width, block)
        _gram(problem.basis, block)
        _factorize(problem.basis, block)
        block.coordinates[:] = 0.0
        block.residuals[:] = block.values
        _refine(problem.basis, block)
        _refine(problem.basis, block)
        _store_residual_variance(block, start, width, fits)
        _store_combinations(turned, problem.basis.envelope, block, start, fits)
        for lane in range(width):
            if block.flagged[lane] > 0.0:
                _fit_carefully(problem, block, lane, start + lane, fits)


@njit(cache=True, error_model="numpy")
def _new_block(n_samples: int, n_columns: int) -> _Block:
    return _Block(
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


@njit(cache=True, error_model="numpy")
def _load(problem: Problem, start: int, width: int, block: _Block) -> None:
    shared = problem.weights.shape[1] == 1
    block.n_used[:] = 0.0
    for i in range(block.values.shape[0]):
        for lane in range(width):
            value = problem.expression[i, start + lane]
            weight = problem.weights[i, 0 if shared else start + lane]
            used = value == value and weight > 0.0
            block.values[i, lane] = value if used else 0.0
            block.weights[i, lane] = weight if used else 0.0
            block.n_used[lane] += 1.0 if used else 0.0


@njit(cache=True, error_model="numpy")
def _gram(basis: DesignBasis, block: _Block) -> None:
    """Gram matrix of the weighted basis, lower triangle."""
    block.factor[:] = 0.0
    for i in range(block.values.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            row, square = basis.columns[s], basis.values[s] ** 2
            for lane in range(LANES):
                block.factor[row, row, lane] += square * block.weights[i, lane]
            for t in range(basis.starts[i], s):
                column, product = basis.columns[t], basis.values[s] * basis.values[t]
                for lane in range(LANES):
                    block.factor[row, column, lane] += product * block.weights[i, lane]


@njit(cache=True, error_model="numpy")
def _factorize(basis: DesignBasis, block: _Block) -> None:
    """Cholesky factor of the Gram matrix in place, inside the envelope; an empty column drops out."""
    factor, envelope = block.factor, basis.envelope
    block.flagged[:] = 0.0
    dropped_is_safe = 0.0 if basis.separable else 1.0
    for a in range(factor.shape[0]):
        block.vector[a] = factor[a, a]
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


@njit(cache=True, error_model="numpy")
def _solve(envelope: NDArray[np.int64], block: _Block) -> None:
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


@njit(cache=True, error_model="numpy")
def _refine(basis: DesignBasis, block: _Block) -> None:
    """One step of iterative refinement: solve for what the residuals still hold, and take it out of them."""
    block.vector[:] = 0.0
    for i in range(block.residuals.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            value, column = basis.values[s], basis.columns[s]
            for lane in range(LANES):
                block.vector[column, lane] += value * (block.weights[i, lane] * block.residuals[i, lane])
    _solve(basis.envelope, block)
    for i in range(block.residuals.shape[0]):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            value, column = basis.values[s], basis.columns[s]
            for lane in range(LANES):
                block.residuals[i, lane] -= value * block.vector[column, lane]


@njit(cache=True, error_model="numpy")
def _store_residual_variance(block: _Block, start: int, width: int, fits: FeatureFits) -> None:
    total, rank = np.zeros(LANES), np.zeros(LANES)
    for i in range(block.residuals.shape[0]):
        for lane in range(LANES):
            total[lane] += block.weights[i, lane] * block.residuals[i, lane] ** 2
    for a in range(block.inverse_diagonal.shape[0]):
        for lane in range(LANES):
            rank[lane] += 1.0 if block.inverse_diagonal[a, lane] > 0.0 else 0.0
    fits.sum_of_squares[start : start + width] = total[:width]
    fits.df_residual[start : start + width] = (block.n_used - rank)[:width]


@njit(cache=True, error_model="numpy")
def _store_combinations(
    turned: FloatArray, envelope: NDArray[np.int64], block: _Block, start: int, fits: FeatureFits
) -> None:
    """Estimates and unscaled standard deviations of combinations; NaN where a dropped coordinate takes part."""
    vector, factor, inverse = block.vector, block.factor, block.inverse_diagonal
    width = min(LANES, fits.estimates.shape[0] - start)
    for row in range(turned.shape[0]):
        estimate, variance = np.zeros(LANES), np.zeros(LANES)
        first = 0
        while first < turned.shape[1] - 1 and turned[row, first] == 0.0:
            first += 1
        for a in range(first, turned.shape[1]):
            share = turned[row, a]
            vector[a] = share
            for d in range(max(first, envelope[a]), a):
                for lane in range(LANES):
                    vector[a, lane] -= factor[a, d, lane] * vector[d, lane]
            for lane in range(LANES):
                vector[a, lane] *= inverse[a, lane]
                estimate[lane] += share * block.coordinates[a, lane]
                variance[lane] += vector[a, lane] ** 2
                if share != 0.0 and inverse[a, lane] == 0.0:
                    estimate[lane] = np.nan
                    variance[lane] = np.nan
        fits.estimates[start : start + width, row] = estimate[:width]
        fits.stdev_unscaled[start : start + width, row] = np.sqrt(variance[:width])


@njit(cache=True, error_model="numpy")
def _fit_carefully(problem: Problem, block: _Block, lane: int, feature: int, fits: FeatureFits) -> None:
    found = fit_one_feature(
        block.values[:, lane].copy(), block.weights[:, lane].copy(), problem.design, problem.combinations
    )
    fits.estimates[feature] = found.estimates
    fits.stdev_unscaled[feature] = found.stdev_unscaled
    fits.sum_of_squares[feature] = (found.residuals**2).sum()
    fits.df_residual[feature] = block.n_used[lane] - found.rank
