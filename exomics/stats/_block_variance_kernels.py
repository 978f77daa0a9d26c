"""Correlation within blocks of single features by restricted maximum likelihood, from a few Gram matrices per feature.

With blocks of m samples of correlation r, ``x' V^-1 x`` is ``x' x - r / (1 + (m - 1) r) (sum of squared block sums)``
up to a factor: the restricted likelihood of a feature needs one Gram matrix of design and values, and one of their
block sums for each size of block, however many samples there are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats.optimize import GOLDEN, ROOT_EPSILON, minimizer_step, update_points

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_NEARLY_SINGULAR = 1e-9
_PERFECT_FIT = 1e-20
_FLAT = 1e-9
_TOLERANCE = 1e-6
_MAX_STEPS = 60


class BlockProblem(NamedTuple):
    """Values and weights (n_samples, n_features; weights may have one column), a safe basis, block numbers, limits."""

    values: FloatArray
    weights: FloatArray
    basis: FloatArray
    numbers: IndexArray
    n_blocks: int
    largest: int
    limits: tuple[float, float]


class _Feature(NamedTuple):
    """Gram matrices of one feature, lower triangles: of its samples, and of block sums by size of the block.

    `counts` holds how many blocks there are of each size, ``sizes[:n]`` the sizes met;
    ``state`` is ``[n sizes, residual df]``; `kept` marks columns that this feature's samples can tell apart.
    """

    rows: FloatArray
    sums: FloatArray
    members: IndexArray
    whole: FloatArray
    by_size: FloatArray
    counts: IndexArray
    sizes: IndexArray
    factor: FloatArray
    inverse: FloatArray
    kept: NDArray[np.bool_]
    state: IndexArray


@entry_point
def block_correlations(problem: BlockProblem, correlations: FloatArray) -> None:
    """Fill in the correlation of every feature; NaN where its samples cannot tell."""
    n_samples, n_columns = problem.basis.shape
    feature = _new_feature(n_samples, n_columns + 1, problem.n_blocks, problem.largest)
    low, high = problem.limits
    for g in range(problem.values.shape[1]):
        correlations[g] = np.nan
        n_used, n_present = _load(problem, g, feature)
        if n_used <= n_columns + 2 or n_present < 2 or n_present >= n_used - 1:
            continue
        _gram(problem, feature)
        if not _settle_rank(feature, n_used):
            continue
        at_low, at_high = _criterion(low, feature), _criterion(high, feature)
        best, lowest = _minimize(feature, low, high)
        if abs(at_low - lowest) < _FLAT and abs(at_high - lowest) < _FLAT:
            continue
        if at_low <= lowest:
            best, lowest = low, at_low
        correlations[g] = high if at_high <= lowest else best


@helper
def _new_feature(n_samples: int, width: int, n_blocks: int, largest: int) -> _Feature:
    return _Feature(
        np.zeros((n_samples, width)),
        np.zeros((n_blocks, width)),
        np.zeros(n_blocks, np.int64),
        np.zeros((width, width)),
        np.zeros((largest + 1, width, width)),
        np.zeros(largest + 1, np.int64),
        np.zeros(largest + 1, np.int64),
        np.zeros((width, width)),
        np.zeros(width),
        np.zeros(width, np.bool_),
        np.zeros(2, np.int64),
    )


@helper
def _load(problem: BlockProblem, g: int, feature: _Feature) -> tuple[int, int]:
    """Weighted rows and their block sums; how many samples are used and in how many blocks."""
    n_samples, last = problem.basis.shape
    column = 0 if problem.weights.shape[1] == 1 else g
    feature.sums[:] = 0.0
    feature.members[:] = 0
    n_used = 0
    for i in range(n_samples):
        value, weight = problem.values[i, g], problem.weights[i, column]
        used = value == value and weight > 0.0
        root, b = np.sqrt(weight) if used else 0.0, problem.numbers[i]
        for a in range(last):
            feature.rows[i, a] = root * problem.basis[i, a]
            feature.sums[b, a] += feature.rows[i, a]
        feature.rows[i, last] = root * value if used else 0.0
        feature.sums[b, last] += feature.rows[i, last]
        feature.members[b] += 1 if used else 0
        n_used += 1 if used else 0
    n_present = 0
    for b in range(problem.n_blocks):
        n_present += 1 if feature.members[b] > 0 else 0
    return n_used, n_present


@helper
def _gram(problem: BlockProblem, feature: _Feature) -> None:
    feature.whole[:] = 0.0
    feature.counts[:] = 0
    _add_squares(feature.rows, feature.whole)
    for b in range(problem.n_blocks):
        feature.counts[feature.members[b]] += 1
    feature.state[0] = 0
    for size in range(1, feature.counts.size):
        if feature.counts[size] > 0:
            feature.by_size[size] = 0.0
            feature.sizes[feature.state[0]] = size
            feature.state[0] += 1
    for b in range(problem.n_blocks):
        if feature.members[b] > 0:
            _add_squares(feature.sums[b : b + 1], feature.by_size[feature.members[b]])


@helper
def _add_squares(rows: FloatArray, square: FloatArray) -> None:
    """Add ``rows.T @ rows`` to the lower triangle of `square`."""
    for i in range(rows.shape[0]):
        for a in range(square.shape[0]):
            left = rows[i, a]
            if left != 0.0:
                for c in range(a + 1):
                    square[a, c] += left * rows[i, c]


@helper
def _settle_rank(feature: _Feature, n_used: int) -> bool:
    """Find the columns that this feature's samples can tell apart; False if those fit perfectly."""
    last = feature.whole.shape[0] - 1
    feature.kept[:] = True
    _, rest = _reduce(0.0, feature, True)
    feature.state[1] = n_used - feature.kept[:last].sum()
    return bool(rest > _PERFECT_FIT * feature.whole[last, last])


@helper
def _criterion(correlation: float, feature: _Feature) -> float:
    """Minus twice the restricted log-likelihood, the variance profiled out, up to a constant."""
    log_determinant, rest = _reduce(correlation, feature, False)
    if rest <= 0.0:
        return np.inf
    total = log_determinant + feature.state[1] * np.log(rest)
    for k in range(feature.state[0]):
        size = feature.sizes[k]
        total += feature.counts[size] * np.log((1.0 + (size - 1.0) * correlation) / (1.0 - correlation))
    return total


@helper
def _minimize(feature: _Feature, low: float, high: float) -> tuple[float, float]:
    """Brent's search, as `optimize.minimize_bounded`: numba caches no kernel that is handed a function."""
    x = low + GOLDEN * (high - low)
    start = (x, _criterion(x, feature))
    points, bracket, steps = (start, start, start), (low, high), (0.0, 0.0)
    for _ in range(_MAX_STEPS):
        x = points[0][0]
        smallest = ROOT_EPSILON * abs(x) + _TOLERANCE / 3.0
        if abs(x - (bracket[0] + bracket[1]) * 0.5) <= 2.0 * smallest - (bracket[1] - bracket[0]) * 0.5:
            break
        steps = minimizer_step(bracket, points, steps, smallest)
        step = steps[0]
        if abs(step) < smallest:
            step = smallest if step > 0.0 else -smallest
        points, bracket = update_points(points, bracket, (x + step, _criterion(x + step, feature)))
    return points[0]


@helper
def _reduce(correlation: float, feature: _Feature, deciding: bool) -> tuple[float, float]:
    """Log determinant of the columns' Gram matrix under a correlation, and the residual sum of squares."""
    factor, inverse, last = feature.factor, feature.inverse, feature.whole.shape[0] - 1
    for a in range(last + 1):
        for c in range(a + 1):
            factor[a, c] = feature.whole[a, c]
    for k in range(feature.state[0]):
        size = feature.sizes[k]
        share, sums = correlation / (1.0 + (size - 1.0) * correlation), feature.by_size[size]
        for a in range(last + 1):
            for c in range(a + 1):
                factor[a, c] -= share * sums[a, c]
    logarithm, product, pivot = 0.0, 1.0, 0.0
    for a in range(last + 1):
        for c in range(a + 1):
            entry = factor[a, c]
            for d in range(c):
                entry -= factor[a, d] * factor[c, d]
            factor[a, c] = entry * inverse[c] if c < a else entry
        pivot = factor[a, a]
        if deciding:
            feature.kept[a] = pivot > _NEARLY_SINGULAR * feature.whole[a, a]
        inverse[a] = 1.0 / np.sqrt(pivot) if feature.kept[a] else 0.0
        if a < last and feature.kept[a]:
            product *= pivot
            if product > 1e100 or product < 1e-100:
                logarithm += np.log(product)
                product = 1.0
    return logarithm + np.log(product), pivot
