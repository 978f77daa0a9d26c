"""Correlation within blocks of single features by restricted maximum likelihood, from a few Gram matrices per feature.

With blocks of m samples of correlation r, ``x' V^-1 x`` is ``x' x - r / (1 + (m - 1) r) (sum of squared block sums)``
up to a factor: the restricted likelihood of a feature needs one Gram matrix of design and values, and one of their
block sums for each size of block, however many samples there are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper, inlined
from exomics.stats._design_basis import DesignBasis
from exomics.stats.optimize import GOLDEN, ROOT_EPSILON, minimizer_step, update_points

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_NEARLY_SINGULAR = 1e-9
_PERFECT_FIT = 1e-20
_FLAT = 1e-9
_TOLERANCE = 1e-6
_MAX_STEPS = 60
_TOGETHER = 32


class BlockProblem(NamedTuple):
    """Values and weights (n_samples, n_features; weights may have one column), a safe basis, block numbers, limits."""

    values: FloatArray
    weights: FloatArray
    basis: DesignBasis
    numbers: IndexArray
    n_blocks: int
    largest: int
    limits: tuple[float, float]


class _Feature(NamedTuple):
    """Gram matrices of one feature, upper triangles: of its samples, and of block sums by size of the block.

    `values` and `roots` (of weights, 0 where a value is missing) are those of some features, samples along rows.
    `counts` holds how many blocks there are of each size, ``sizes[:n]`` the sizes met;
    ``state`` is ``[n sizes, residual df]``; `kept` marks columns that this feature's samples can tell apart, `rest` is
    working space.
    """

    values: FloatArray
    roots: FloatArray
    sums: FloatArray
    members: IndexArray
    whole: FloatArray
    by_size: FloatArray
    counts: IndexArray
    sizes: IndexArray
    rest: FloatArray
    kept: NDArray[np.bool_]
    state: IndexArray


@entry_point
def block_correlations(problem: BlockProblem, correlations: FloatArray) -> None:
    """Fill in the correlation of every feature; NaN where its samples cannot tell."""
    n_samples, n_features = problem.values.shape
    n_columns = problem.basis.envelope.size
    feature = _new_feature(n_samples, n_columns + 1, problem.n_blocks, problem.largest)
    for g in range(n_features):
        if g % _TOGETHER == 0:
            _load(problem, g, min(_TOGETHER, n_features - g), feature)
        correlations[g] = np.nan
        n_used, n_present = _add_up(problem, g % _TOGETHER, feature)
        if n_used > n_columns + 2 and 1 < n_present < n_used - 1:
            _count_sizes(problem, feature)
            if _settle_rank(feature, n_used):
                correlations[g] = _likeliest(feature, problem.limits)


@helper
def _likeliest(feature: _Feature, limits: tuple[float, float]) -> float:
    """The correlation of the highest likelihood, NaN where all are alike."""
    low, high = limits
    at_low, at_high = _criterion(low, feature), _criterion(high, feature)
    best, lowest = _minimize(feature, low, high)
    if abs(at_low - lowest) < _FLAT and abs(at_high - lowest) < _FLAT:
        return np.nan
    if at_low <= lowest:
        best, lowest = low, at_low
    return high if at_high <= lowest else best


@helper
def _new_feature(n_samples: int, width: int, n_blocks: int, largest: int) -> _Feature:
    return _Feature(
        np.zeros((_TOGETHER, n_samples)),
        np.zeros((_TOGETHER, n_samples)),
        np.zeros((n_blocks, width)),
        np.zeros(n_blocks, np.int64),
        np.zeros((width, width)),
        np.zeros((largest + 1, width, width)),
        np.zeros(largest + 1, np.int64),
        np.zeros(largest + 1, np.int64),
        np.zeros((width, width)),
        np.zeros(width, np.bool_),
        np.zeros(2, np.int64),
    )


@helper
def _load(problem: BlockProblem, start: int, width: int, feature: _Feature) -> None:
    """Values and roots of weights of the next features, so that the rest reads along rows."""
    shared = problem.weights.shape[1] == 1
    for i in range(problem.values.shape[0]):
        for k in range(width):
            value, weight = problem.values[i, start + k], problem.weights[i, 0 if shared else start + k]
            used = value == value and weight > 0.0
            root = np.sqrt(weight) if used else 0.0
            feature.roots[k, i] = root
            feature.values[k, i] = root * value if used else 0.0


@helper
def _add_up(problem: BlockProblem, k: int, feature: _Feature) -> tuple[int, int]:
    """Gram matrix and block sums of one feature; how many samples are used and in how many blocks."""
    starts, columns, entries = problem.basis.starts, problem.basis.columns, problem.basis.values
    roots, values, numbers = feature.roots[k], feature.values[k], problem.numbers
    whole, sums, members, last = feature.whole, feature.sums, feature.members, problem.basis.envelope.size
    whole[:] = 0.0
    sums[:] = 0.0
    members[:] = 0
    n_used = n_present = 0
    for i in range(roots.size):
        root, value, b = roots[i], values[i], numbers[i]
        if root == 0.0:
            continue
        n_present += 1 if members[b] == 0 else 0
        members[b] += 1
        n_used += 1
        for s in range(starts[i], starts[i + 1]):
            a, entry = columns[s], root * entries[s]
            sums[b, a] += entry
            for t in range(s, starts[i + 1]):
                whole[a, columns[t]] += entry * (root * entries[t])
            whole[a, last] += entry * value
        sums[b, last] += value
        whole[last, last] += value * value
    return n_used, n_present


@helper
def _count_sizes(problem: BlockProblem, feature: _Feature) -> None:
    """How many blocks there are of each size, and the Gram matrices of their sums."""
    counts, members, sizes = feature.counts, feature.members, feature.sizes
    sums, by_size, n_sizes = feature.sums, feature.by_size, 0
    counts[:] = 0
    for b in range(members.size):
        counts[members[b]] += 1
    for size in range(1, counts.size):
        if counts[size] > 0:
            by_size[size] = 0.0
            sizes[n_sizes] = size
            n_sizes += 1
    feature.state[0] = n_sizes
    for b in range(members.size):
        size = members[b]
        if size == 0:
            continue
        for a in range(sums.shape[1]):
            left = sums[b, a]
            if left != 0.0:
                for c in range(a, sums.shape[1]):
                    by_size[size, a, c] += left * sums[b, c]


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


@inlined
def _reduce(correlation: float, feature: _Feature, deciding: bool) -> tuple[float, float]:
    """Log determinant of the columns' Gram matrix under a correlation, and the residual sum of squares."""
    rest, whole, kept, last = feature.rest, feature.whole, feature.kept, feature.whole.shape[0] - 1
    _combine(correlation, feature)
    logarithm, product = 0.0, 1.0
    for k in range(last):
        pivot = rest[k, k]
        if deciding:
            kept[k] = pivot > _NEARLY_SINGULAR * whole[k, k]
        if not kept[k]:
            continue
        product *= pivot
        if product > 1e100 or product < 1e-100:
            logarithm += np.log(product)
            product = 1.0
        share = 1.0 / pivot
        for a in range(k + 1, last + 1):
            factor = rest[k, a] * share
            if factor != 0.0:
                for c in range(a, last + 1):
                    rest[a, c] -= factor * rest[k, c]
    return logarithm + np.log(product), rest[last, last]


@inlined
def _combine(correlation: float, feature: _Feature) -> None:
    """The Gram matrix under a correlation, upper triangle, into `rest`."""
    rest, whole, by_size, sizes = feature.rest, feature.whole, feature.by_size, feature.sizes
    size = sizes[0]
    share = correlation / (1.0 + (size - 1.0) * correlation)
    for a in range(whole.shape[0]):
        for c in range(a, whole.shape[0]):
            rest[a, c] = whole[a, c] - share * by_size[size, a, c]
    for k in range(1, feature.state[0]):
        size = sizes[k]
        share = correlation / (1.0 + (size - 1.0) * correlation)
        for a in range(whole.shape[0]):
            for c in range(a, whole.shape[0]):
                rest[a, c] -= share * by_size[size, a, c]
