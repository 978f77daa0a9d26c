"""Householder reflections of many weighted designs at once, eight features abreast.

The basis of the residual space that these reflections give changes smoothly with the weights, so that the residual
effects of features with different weights stay comparable, row by row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._blocks import Whitening
from exomics.stats._compiled import entry_point, helper

FloatArray = NDArray[np.float64]

LANES = 8
_TILE = 64


class EffectsProblem(NamedTuple):
    """Expression and weights (n_samples, n_features), a design whose last column is tested, and the whitening."""

    expression: FloatArray
    weights: FloatArray
    design: FloatArray
    white: Whitening


@entry_point
def reflect_features(problem: EffectsProblem, effects: FloatArray) -> None:
    """Fill `effects` (n_features, n_samples - n_columns + 1): the signed last effect, then the residual effects."""
    n_samples, n_features = problem.expression.shape
    n_columns = problem.design.shape[1]
    columns, sums = np.zeros((n_columns + 1, n_samples, LANES)), np.zeros((problem.white.n_blocks, LANES))
    length, share, tile = np.zeros(LANES), np.zeros(LANES), np.zeros((2, n_samples, _TILE))
    for start in range(0, n_features, LANES):
        width = min(LANES, n_features - start)
        if start % _TILE == 0:
            _fill(problem, start, min(_TILE, n_features - start), tile)
        _load(problem.design, start % _TILE, tile, columns)
        for column in range(n_columns + 1):
            _whiten(problem.white, columns[column], sums)
        for k in range(n_columns):
            _reflect(columns, k, length, share)
        for lane in range(width):
            sign = -1.0 if length[lane] > 0.0 else 1.0
            effects[start + lane, 0] = sign * columns[n_columns, n_columns - 1, lane]
            for i in range(n_columns, n_samples):
                effects[start + lane, i - n_columns + 1] = columns[n_columns, i, lane]


@helper
def _fill(problem: EffectsProblem, start: int, width: int, tile: FloatArray) -> None:
    """Values and roots of weights of the next features, read along rows."""
    expression, weights = problem.expression, problem.weights
    for i in range(expression.shape[0]):
        for k in range(width):
            root = np.sqrt(weights[i, start + k])
            tile[0, i, k] = expression[i, start + k] * root
            tile[1, i, k] = root


@helper
def _load(design: FloatArray, first: int, tile: FloatArray, columns: FloatArray) -> None:
    last = design.shape[1]
    for i in range(design.shape[0]):
        for lane in range(LANES):
            columns[last, i, lane] = tile[0, i, first + lane]
        for a in range(last):
            entry = design[i, a]
            for lane in range(LANES):
                columns[a, i, lane] = entry * tile[1, i, first + lane]


@helper
def _whiten(white: Whitening, column: FloatArray, sums: FloatArray) -> None:
    if white.n_blocks == column.shape[0]:
        return
    for b in range(sums.shape[0]):
        for lane in range(LANES):
            sums[b, lane] = 0.0
    for i in range(column.shape[0]):
        b, slope, scale = white.numbers[i], white.slope[i], white.scale[i]
        for lane in range(LANES):
            value = column[i, lane]
            column[i, lane] = (value - slope * sums[b, lane]) * scale
            sums[b, lane] += value


@helper
def _reflect(columns: FloatArray, k: int, length: FloatArray, share: FloatArray) -> None:
    """Turn column `k` onto its axis and carry the columns after it along; `length` gets its signed length."""
    own = columns[k]
    for lane in range(LANES):
        length[lane] = 0.0
    for i in range(k, own.shape[0]):
        for lane in range(LANES):
            length[lane] += own[i, lane] ** 2
    for lane in range(LANES):
        size = np.sqrt(length[lane])
        length[lane] = -size if own[k, lane] < 0.0 else size
        share[lane] = 1.0 / length[lane] if size > 0.0 else 0.0
    for i in range(k, own.shape[0]):
        for lane in range(LANES):
            own[i, lane] *= share[lane]
    for lane in range(LANES):
        own[k, lane] += 1.0
    for c in range(k + 1, columns.shape[0]):
        _carry(own, columns[c], k, share)


@helper
def _carry(own: FloatArray, other: FloatArray, k: int, share: FloatArray) -> None:
    """Apply the reflection held in `own` to another column."""
    for lane in range(LANES):
        share[lane] = 0.0
    for i in range(k, own.shape[0]):
        for lane in range(LANES):
            share[lane] += own[i, lane] * other[i, lane]
    for lane in range(LANES):
        share[lane] /= -own[k, lane]
    for i in range(k, own.shape[0]):
        for lane in range(LANES):
            other[i, lane] += share[lane] * own[i, lane]
