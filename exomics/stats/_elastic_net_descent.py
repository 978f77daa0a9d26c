"""Compiled coordinate descent of one penalized model: reweight, turn over the features, and so on until all rests.

Features lie in rows and are standardized.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper
from exomics.stats._elastic_net_families import Outcome, working

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CONVERGED, NOT_CONVERGED, SATURATED = range(3)

MOST_REWEIGHTINGS = 1000
_MOST_SWEEPS = 10_000


class Rules(NamedTuple):
    """``factors`` (n_features,) of the penalty, weight of the lasso part, largest change at rest, and an intercept?"""

    factors: FloatArray
    alpha: float
    tolerance: float
    shifts: bool


class Squares(NamedTuple):
    """Weighted least squares of the features allowed (n_chosen,): columns, curvature x feature, mean square."""

    features: FloatArray
    chosen: IntArray
    weighted: FloatArray
    spread: FloatArray


@helper
def dot(left: FloatArray, right: FloatArray) -> float:
    """Inner product in four running sums: the order is fixed, and the processor can keep all four busy."""
    n = left.size
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    last = n - n % 4
    for i in range(0, last, 4):
        a += left[i] * right[i]
        b += left[i + 1] * right[i + 1]
        c += left[i + 2] * right[i + 2]
        d += left[i + 3] * right[i + 3]
    for i in range(last, n):
        a += left[i] * right[i]
    return (a + b) + (c + d)


@helper
def _spread(row: FloatArray, curve: FloatArray) -> float:
    """Mean of curvature x squared value."""
    a, b = 0.0, 0.0
    last = row.size - row.size % 2
    for i in range(0, last, 2):
        a += curve[i] * row[i] * row[i]
        b += curve[i + 1] * row[i + 1] * row[i + 1]
    for i in range(last, row.size):
        a += curve[i] * row[i] * row[i]
    return (a + b) / row.size


@helper
def squares_of(features: FloatArray, chosen: IntArray, curve: FloatArray) -> Squares:
    """Weighted least squares of the chosen features with one curvature per sample."""
    weighted, spread = np.empty((chosen.size, curve.size)), np.empty(chosen.size)
    for k in range(chosen.size):
        row = features[chosen[k]]
        for i in range(curve.size):
            weighted[k, i] = curve[i] * row[i]
        spread[k] = _spread(row, curve)
    return Squares(features, chosen, weighted, spread)


@helper
def _sweep(squares: Squares, residual: FloatArray, beta: FloatArray, where: tuple[float, bool], rules: Rules) -> float:
    """One turn over all allowed features, or over those that are in; returns the largest weighted squared change."""
    penalty, everything = where
    n = residual.size
    largest = 0.0
    for k in range(squares.chosen.size):
        j = squares.chosen[k]
        old = beta[j]
        if old == 0.0 and not everything:
            continue
        share = penalty * rules.factors[j]
        pull = dot(squares.features[j], residual) / n + squares.spread[k] * old
        size = abs(pull) - share * rules.alpha
        new = 0.0
        if size > 0.0:
            new = math.copysign(size, pull) / (squares.spread[k] + share * (1.0 - rules.alpha))
        if new != old:
            beta[j] = new
            change = new - old
            row = squares.weighted[k]
            for i in range(n):
                residual[i] -= change * row[i]
            largest = max(largest, squares.spread[k] * change * change)
    return largest


@helper
def descend(
    squares: Squares, working_fit: tuple[FloatArray, FloatArray], beta: FloatArray, penalty: float, rules: Rules
) -> float:
    """Coordinate descent from curvature and residual = curvature x (target - fit); returns the intercept's shift.

    Turns over the features that are in until they rest, then one over all that are allowed, until that rests too.
    """
    curve, residual = working_fit
    total = curve.sum()
    shift = 0.0
    everything = True
    for _ in range(_MOST_SWEEPS):
        largest = _sweep(squares, residual, beta, (penalty, everything), rules)
        if rules.shifts:
            change = residual.sum() / total
            shift += change
            for i in range(curve.size):
                residual[i] -= change * curve[i]
            largest = max(largest, total / curve.size * change * change)
        if largest < rules.tolerance:
            if everything:
                break
            everything = True
        else:
            everything = False
    return shift


@helper
def fit_one(
    data: tuple[FloatArray, Outcome],
    chosen: IntArray,
    state: tuple[FloatArray, FloatArray],
    penalty: float,
    rules: Rules,
) -> tuple[float, int]:
    """Reweight and descend until neither coefficients nor intercept move; returns the shift and the status."""
    features, outcome = data
    beta, predictor = state
    n = predictor.size
    slope, curve = np.empty(n), np.empty(n)
    total = 0.0
    for _ in range(MOST_REWEIGHTINGS):
        working(outcome, predictor, slope, curve)
        before = beta[chosen]
        squares = squares_of(features, chosen, curve)
        shift = descend(squares, (curve, slope.copy()), beta, penalty, rules)
        total += shift
        predictor += shift
        largest = curve.mean() * shift * shift
        for k in range(chosen.size):
            change = beta[chosen[k]] - before[k]
            if change != 0.0:
                predictor += change * features[chosen[k]]
                largest = max(largest, squares.spread[k] * change * change)
        if largest < rules.tolerance:
            return total, CONVERGED
    return total, NOT_CONVERGED
