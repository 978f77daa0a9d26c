"""Generalized least squares of many features, samples of one block equally correlated, sixteen features abreast.

Each column is whitened feature by feature (missing values leave no gap in a block), then solved as in
`_feature_kernels`, whose working arrays these are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._feature_kernels import (
    LANES,
    Block,
    FeatureFits,
    Problem,
    clear_rows,
    factorize,
    load,
    new_block,
    solve_normal,
    store_combinations,
    store_residual_variance,
)
from exomics.stats._orthogonalization import fit_one_feature

FloatArray = NDArray[np.float64]


class Correlated(NamedTuple):
    """Number of each sample's block, how many there are, the correlation within, and the basis of the design, dense."""

    numbers: NDArray[np.int64]
    n_blocks: int
    correlation: float
    basis: FloatArray


class _White(NamedTuple):
    """Whitened columns (n_columns, n_samples, lanes), each sample's slope and scale, and sums of blocks."""

    columns: FloatArray
    slope: FloatArray
    scale: FloatArray
    sums: FloatArray


@entry_point
def fit_blocked_features(problem: Problem, correlated: Correlated, fits: FeatureFits) -> None:
    """Fit every feature; missing values and zero weights leave an observation out of that feature's fit."""
    n_samples, n_features = problem.expression.shape
    n_columns = problem.design.shape[1]
    block = new_block(n_samples, n_columns)
    white = _White(
        np.zeros((n_columns, n_samples, LANES)),
        np.zeros((n_samples, LANES)),
        np.zeros((n_samples, LANES)),
        np.zeros((correlated.n_blocks, LANES)),
    )
    for start in range(0, n_features, LANES):
        width = min(LANES, n_features - start)
        load(problem, start, width, block)
        _find_steps(correlated, block, white)
        _whiten_design(correlated, block, white)
        _whiten_values(correlated, block, white)
        _gram(white, block)
        factorize(problem.basis, block)
        for _ in range(2):
            _refine(problem.basis.envelope, white, block)
        _use_unit_weights(block)
        store_residual_variance(block, start, width, fits)
        store_combinations(problem, block, start, fits)
        for lane in range(width):
            if block.flagged[lane] > 0.0:
                _fit_carefully(problem, correlated, (block, white), (lane, start + lane), fits)


@helper
def _find_steps(correlated: Correlated, block: Block, white: _White) -> None:
    """Slope and scale of each sample from the number of present samples of its block before it."""
    r = correlated.correlation
    clear_rows(white.sums)
    for i in range(white.slope.shape[0]):
        b = correlated.numbers[i]
        for lane in range(LANES):
            before = white.sums[b, lane]
            slope = r / (1.0 + (before - 1.0) * r) if before > 0.0 else 0.0
            used = block.weights[i, lane] > 0.0
            white.slope[i, lane] = slope
            white.scale[i, lane] = 1.0 / np.sqrt(1.0 - before * r * slope) if used else 0.0
            white.sums[b, lane] = before + (1.0 if used else 0.0)


@helper
def _whiten_design(correlated: Correlated, block: Block, white: _White) -> None:
    for a in range(white.columns.shape[0]):
        clear_rows(white.sums)
        for i in range(white.slope.shape[0]):
            b, entry = correlated.numbers[i], correlated.basis[i, a]
            for lane in range(LANES):
                value = entry * np.sqrt(block.weights[i, lane])
                white.columns[a, i, lane] = (value - white.slope[i, lane] * white.sums[b, lane]) * white.scale[i, lane]
                white.sums[b, lane] += value


@helper
def _whiten_values(correlated: Correlated, block: Block, white: _White) -> None:
    clear_rows(white.sums)
    for i in range(white.slope.shape[0]):
        b = correlated.numbers[i]
        for lane in range(LANES):
            value = block.values[i, lane] * np.sqrt(block.weights[i, lane])
            block.residuals[i, lane] = (value - white.slope[i, lane] * white.sums[b, lane]) * white.scale[i, lane]
            white.sums[b, lane] += value


@helper
def _gram(white: _White, block: Block) -> None:
    """Gram matrix of the whitened basis, lower triangle."""
    for a in range(block.factor.shape[0]):
        clear_rows(block.factor[a])
        for c in range(a + 1):
            for i in range(white.slope.shape[0]):
                for lane in range(LANES):
                    block.factor[a, c, lane] += white.columns[a, i, lane] * white.columns[c, i, lane]


@helper
def _refine(envelope: NDArray[np.int64], white: _White, block: Block) -> None:
    """One step of iterative refinement: solve for what the residuals still hold, and take it out of them."""
    clear_rows(block.vector)
    for a in range(white.columns.shape[0]):
        for i in range(white.slope.shape[0]):
            for lane in range(LANES):
                block.vector[a, lane] += white.columns[a, i, lane] * block.residuals[i, lane]
    solve_normal(envelope, block)
    for a in range(white.columns.shape[0]):
        for i in range(white.slope.shape[0]):
            for lane in range(LANES):
                block.residuals[i, lane] -= white.columns[a, i, lane] * block.vector[a, lane]


@helper
def _use_unit_weights(block: Block) -> None:
    """Residuals are whitened and weighted already."""
    for i in range(block.weights.shape[0]):
        for lane in range(LANES):
            block.weights[i, lane] = 1.0 if block.weights[i, lane] > 0.0 else 0.0


@helper
def _fit_carefully(
    problem: Problem, correlated: Correlated, work: tuple[Block, _White], place: tuple[int, int], fits: FeatureFits
) -> None:
    block, white = work
    lane, feature = place
    n_samples, n_columns = problem.design.shape
    columns, sums = np.zeros((n_samples, n_columns + 1)), np.zeros((correlated.n_blocks, n_columns + 1))
    shared = problem.weights.shape[1] == 1
    for i in range(n_samples):
        if block.weights[i, lane] == 0.0:
            continue
        root, b = np.sqrt(problem.weights[i, 0 if shared else feature]), correlated.numbers[i]
        for a in range(n_columns + 1):
            value = root * (problem.design[i, a] if a < n_columns else block.values[i, lane])
            columns[i, a] = (value - white.slope[i, lane] * sums[b, a]) * white.scale[i, lane]
            sums[b, a] += value
    design = np.ascontiguousarray(columns[:, :n_columns])
    found = fit_one_feature(columns[:, n_columns].copy(), np.ones(n_samples), design, problem.combinations)
    for row in range(found.estimates.size):
        fits.estimates[feature, row] = found.estimates[row]
        fits.stdev_unscaled[feature, row] = found.stdev_unscaled[row]
    fits.sum_of_squares[feature] = 0.0
    for i in range(n_samples):
        fits.sum_of_squares[feature] += found.residuals[i] ** 2
    fits.df_residual[feature] = block.n_used[lane] - found.rank
