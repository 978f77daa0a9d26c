"""Checks of arrays that several layers share. Each raises one line: expected, came, what to do."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError, ScaleError

FloatArray = NDArray[np.float64]

_BLOCK = 1 << 20


def as_matrix(values: ArrayLike, name: str) -> FloatArray:
    """`values` as a two-dimensional float array, or an `InputError` that names it."""
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2:
        raise InputError(f"{name} must be a matrix (2 dimensions); got {matrix.ndim}. Pass samples in rows.")
    return matrix


def require_length(values: ArrayLike, expected: int, name: str) -> None:
    """Raise unless `values` has `expected` entries."""
    got = len(np.asarray(values))
    if got != expected:
        raise InputError(f"{name} must have {expected} entries, one per sample; got {got}.")


def require_unique(labels: ArrayLike, name: str) -> None:
    """Raise if a label occurs twice; the message lists the first three."""
    values, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    repeated = values[counts > 1]
    if repeated.size:
        shown = ", ".join(repeated[:3])
        raise InputError(f"{name} must be unique; {repeated.size} occur more than once ({shown}). Rename or drop them.")


def require_counts(values: ArrayLike, name: str = "counts") -> None:
    """Raise a `ScaleError` unless every value is a finite non-negative whole number."""
    counts = np.asarray(values)
    if np.issubdtype(counts.dtype, np.floating):
        absent, fractional = count_no_wholes(counts)
        if absent:
            raise ScaleError(f"{name} must be finite; got {absent} missing or infinite values.")
        if fractional:
            raise ScaleError(
                f"{name} must be whole numbers; {fractional} of {counts.size} are not. "
                "These look like normalized or log values: pass raw counts, or declare the scale they are on."
            )
    if counts.size and counts.min() < 0:
        raise ScaleError(f"{name} must not be negative; the smallest is {counts.min()}. Log values are not counts.")


def count_no_wholes(values: FloatArray) -> tuple[int, int]:
    """How many values are not finite, and how many are finite and not whole; in blocks, without a second copy."""
    absent = fractional = 0
    rows = values.reshape(-1, 1) if values.ndim < 2 else values
    step = max(_BLOCK // max(rows[:1].size, 1), 1)
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        known = np.isfinite(block)
        absent += int(known.size - known.sum())
        fractional += int(((block != np.floor(block)) & known).sum())
    return absent, fractional
