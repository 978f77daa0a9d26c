"""Set statistics of rotated deviates, all rotations of a chunk at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


@entry_point
def set_statistics(deviates: FloatArray, starts: IndexArray, rows: IndexArray, rule: int, floor: float) -> FloatArray:
    """Up, down and mixed statistics (3, n_sets, n_rotations) of sets given as rows of `deviates` in compressed form.

    Rule 0 is the mean, 1 the mean of the parts above and below zero with sizes floored, 2 the same of squares.
    """
    n_sets, n_rotations = starts.size - 1, deviates.shape[1]
    found = np.zeros((3, n_sets, n_rotations))
    for s in range(n_sets):
        up, down, mixed = found[0, s], found[1, s], found[2, s]
        for k in range(starts[s], starts[s + 1]):
            row = deviates[rows[k]]
            for r in range(n_rotations):
                size, above = abs(row[r]), max(row[r], 0.0)
                below = above - row[r]
                if rule == 0:
                    up[r] += row[r]
                    down[r] -= row[r]
                    mixed[r] += size
                elif rule == 1:
                    up[r] += above
                    down[r] += below
                    mixed[r] += max(size, floor)
                else:
                    up[r] += above * above
                    down[r] += below * below
                    mixed[r] += size * size
        found[:, s] /= max(1.0, float(starts[s + 1] - starts[s]))
    return found


@entry_point
def log_ratios(rotated: FloatArray, squares: FloatArray, shares: FloatArray, ratios: FloatArray) -> None:
    """``1 + t^2 / d`` of Bailey's formula: ``(q + b r^2) / (q - a r^2)``, q of `squares` and (a, b) of `shares`."""
    for g in range(rotated.shape[0]):
        whole, lost, gained = squares[g], shares[0, g], shares[1, g]
        for k in range(rotated.shape[1]):
            square = rotated[g, k] * rotated[g, k]
            ratios[g, k] = (whole + gained * square) / (whole - lost * square)


@entry_point
def to_deviates(rotated: FloatArray, logarithms: FloatArray, scales: FloatArray) -> None:
    """Replace rotated effects by ``sign * sqrt(scale * logarithm)``."""
    for g in range(rotated.shape[0]):
        scale = scales[g]
        for k in range(rotated.shape[1]):
            size = np.sqrt(scale * logarithms[g, k])
            rotated[g, k] = size if rotated[g, k] >= 0.0 else -size
