"""Coordinates of all features in one basis of the samples, and their sums of squares, in one pass over the values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, inlined

FloatArray = NDArray[np.float64]

_WIDTH = 2048


class Projections(NamedTuple):
    """Sums to be added to: coordinates (n_columns, n_features); sums of values and of squares (n_features,)."""

    coordinates: FloatArray
    totals: FloatArray
    squares: FloatArray


@entry_point
def project_features(
    values: FloatArray, root: FloatArray, shift: FloatArray, basis: FloatArray, found: Projections
) -> None:
    """Sums over samples of ``basis * part`` and of ``part ** 2`` with ``part = (values - shift) * root``.

    Values (n_samples, n_features), `root` one per sample, `shift` one per feature, `basis` (n_samples, n_columns); its
    zeros cost nothing. Totals are of the values as they are.
    """
    n_samples, n_features = values.shape
    part = np.empty(_WIDTH)
    for start in range(0, n_features, _WIDTH):
        stop = min(start + _WIDTH, n_features)
        block = part[: stop - start]
        origin, totals, squares = shift[start:stop], found.totals[start:stop], found.squares[start:stop]
        for sample in range(n_samples):
            row = values[sample, start:stop]
            for j in range(row.size):
                totals[j] += row[j]
                block[j] = (row[j] - origin[j]) * root[sample]
                squares[j] += block[j] * block[j]
            for column in range(basis.shape[1]):
                if basis[sample, column] != 0.0:
                    _add(found.coordinates[column, start:stop], basis[sample, column], block)


@inlined
def _add(sums: FloatArray, weight: float, part: FloatArray) -> None:
    for j in range(part.size):
        sums[j] += weight * part[j]
