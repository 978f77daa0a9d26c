"""Tiles of rows laid into a matrix of columns, without a second copy in memory."""

from __future__ import annotations

import mmap
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SMALL: Final = 1 << 23  # bytes


@njit(cache=True, nogil=True)
def lay_across(tile: Any, values: Any) -> None:
    """Write the transpose of `tile` (n, m) into `values` (m, n), block by block so that both stay in the cache."""
    n_rows, n_columns = tile.shape
    for first_column in range(0, n_columns, 32):
        for first_row in range(0, n_rows, 32):
            for column in range(first_column, min(first_column + 32, n_columns)):
                for row in range(first_row, min(first_row + 32, n_rows)):
                    values[column, row] = tile[row, column]


def unfilled(n_rows: int, n_columns: int) -> NDArray[np.float64]:
    """A matrix whose pages come into memory one by one as they are filled, not in huge ones that are filled later."""
    size = n_rows * n_columns * 8
    if size <= _SMALL:
        return np.empty((n_rows, n_columns))
    return np.ndarray((n_rows, n_columns), buffer=mmap.mmap(-1, size, access=mmap.ACCESS_COPY))
