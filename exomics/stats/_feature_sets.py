"""Feature sets as arrays of positions, checked once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

IndexArray = NDArray[np.int64]


def as_sets(sets: Sequence[ArrayLike], n_features: int) -> list[IndexArray]:
    """Every set as positions of features, each named once; an `InputError` says which set is wrong."""
    return [_as_set(members, k, n_features) for k, members in enumerate(sets)]


def _as_set(members: ArrayLike, number: int, n_features: int) -> IndexArray:
    positions = np.asarray(members)
    if positions.size == 0:
        return np.zeros(0, dtype=np.int64)
    if positions.ndim != 1 or not np.issubdtype(positions.dtype, np.integer):
        raise InputError(
            f"a set must be a vector of whole positions of features; set {number} has type {positions.dtype} and "
            f"shape {positions.shape}. Turn masks and names into positions first."
        )
    if positions.min() < 0 or positions.max() >= n_features:
        raise InputError(f"set {number} names a feature outside 0 to {n_features - 1}; use positions in the matrix.")
    if np.unique(positions).size != positions.size:
        raise InputError(f"set {number} names a feature twice; give each member once.")
    return positions.astype(np.int64)
