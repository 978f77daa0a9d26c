"""The two arms of a signature joined into one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def both_arms(signatures: SignatureSet) -> tuple[IntArray, IntArray]:
    """Columns and offsets of ``2 n_signatures`` sets: every up arm, then every down arm."""
    up, down = signatures.up, signatures.down
    columns = np.concatenate([up.columns, down.columns])
    return columns, np.concatenate([up.offsets, down.offsets[1:] + len(up.columns)])


def add_arms(up: FloatArray, down: FloatArray, signatures: SignatureSet) -> FloatArray:
    """Sum of the contributions of the two arms; an arm without members contributes nothing.

    NaN where an arm has members but none is measured in the sample, or where neither arm has members.
    """
    has_up, has_down = signatures.up.sizes > 0, signatures.down.sizes > 0
    total = np.where(has_up, up, 0.0) + np.where(has_down, down, 0.0)
    return np.where(has_up | has_down, total, np.nan)


def only_used(expression: NDArray[Any], *columns: IntArray) -> tuple[FloatArray, list[IntArray]]:
    """The columns of `expression` that any of `columns` names, and `columns` renumbered to them."""
    used, position = np.unique(np.concatenate(columns), return_inverse=True)
    ends = np.cumsum([len(chosen) for chosen in columns])[:-1]
    renumbered = np.split(position.astype(np.int64).ravel(), ends)
    return np.asarray(expression, dtype=np.float64)[:, used], renumbered
