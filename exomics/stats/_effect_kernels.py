"""Householder reflections of many weighted designs at once, sixteen features abreast.

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

LANES = 16


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
    length, share = np.zeros(LANES), np.zeros(LANES)
    for start in range(0, n_features, LANES):
        width = min(LANES, n_features - start)
        _load(problem, start, width, columns)
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
def _load(problem: EffectsProblem, start: int, width: int, columns: FloatArray) -> None:
    last = problem.design.shape[1]
    for i in range(problem.design.shape[0]):
        for lane in range(width):
            root = np.sqrt(problem.weights[i, start + lane])
            columns[last, i, lane] = problem.expression[i, start + lane] * root
            for a in range(last):
                columns[a, i, lane] = problem.design[i, a] * root


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
