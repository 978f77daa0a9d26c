"""Means of feature sets in every sample, missing values left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def set_means(expression: NDArray[Any], columns: IntArray, offsets: IntArray) -> FloatArray:
    """Arithmetic mean of the measured members of each set in each sample.

    Parameters
    ----------
    expression
        (n_samples, n_features); NaN where a feature was not measured.
    columns, offsets
        The sets in compressed form: set ``s`` has the columns ``columns[offsets[s]:offsets[s + 1]]``.

    Returns
    -------
    ndarray
        (n_samples, n_sets), in the unit of `expression`; NaN where no member is measured.

    Examples
    --------
    >>> set_means(np.array([[1.0, 3.0, np.nan]]), np.array([0, 1, 2]), np.array([0, 2, 3])).tolist()
    [[2.0, nan]]
    """
    values = _row_major(expression)
    means = np.empty((values.shape[0], len(offsets) - 1))
    _set_means(values, columns, offsets, means)
    return means


def set_medians(expression: NDArray[Any], columns: IntArray, offsets: IntArray) -> FloatArray:
    """Median of the measured members of each set in each sample; as `set_means` otherwise.

    Examples
    --------
    >>> set_medians(np.array([[1.0, 3.0, 9.0]]), np.array([0, 1, 2]), np.array([0, 3])).tolist()
    [[3.0]]
    """
    values = _row_major(expression)
    medians = np.empty((values.shape[0], len(offsets) - 1))
    _set_medians(values, columns, offsets, medians)
    return medians


def count_measured(expression: NDArray[Any], columns: IntArray, offsets: IntArray) -> IntArray:
    """(n_samples, n_sets) members of each set that are not missing.

    Examples
    --------
    >>> count_measured(np.array([[1.0, 3.0, np.nan]]), np.array([0, 2]), np.array([0, 2])).tolist()
    [[1]]
    """
    values = _row_major(expression)
    counts = np.empty((values.shape[0], len(offsets) - 1), dtype=np.int64)
    _count_measured(values, columns, offsets, counts)
    return counts


def _row_major(expression: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(expression)
    return np.ascontiguousarray(values, dtype=np.float32 if values.dtype == np.float32 else np.float64)


@njit(cache=True)
def _set_means(values, columns, offsets, means):  # type: ignore[no-untyped-def]
    for sample in range(values.shape[0]):
        for chosen in range(len(offsets) - 1):
            total, count = 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                value = values[sample, columns[entry]]
                if value == value:
                    total += value
                    count += 1
            means[sample, chosen] = total / count if count else np.nan


@njit(cache=True)
def _set_medians(values, columns, offsets, medians):  # type: ignore[no-untyped-def]
    for sample in range(values.shape[0]):
        for chosen in range(len(offsets) - 1):
            members = values[sample][columns[offsets[chosen] : offsets[chosen + 1]]]
            medians[sample, chosen] = np.nanmedian(members) if len(members) else np.nan


@njit(cache=True)
def _count_measured(values, columns, offsets, counts):  # type: ignore[no-untyped-def]
    for sample in range(values.shape[0]):
        for chosen in range(len(offsets) - 1):
            count = 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                value = values[sample, columns[entry]]
                if value == value:
                    count += 1
            counts[sample, chosen] = count
