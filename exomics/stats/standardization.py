"""Features on the scale of a reference: their moments, and scores of sets of standardized features."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point

__all__ = ["FeatureMoments", "feature_moments", "first_right_vectors", "set_lowest", "set_standardized_sums"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class FeatureMoments(NamedTuple):
    """Mean and spread over the samples, one value of each feature."""

    mean: FloatArray
    """(n_features,); NaN where nothing is measured."""
    sd: FloatArray
    """(n_features,) with ``n - 1``; NaN for fewer than two values."""
    n: IntArray
    """(n_features,) measured values."""


def feature_moments(expression: NDArray[Any]) -> FeatureMoments:
    """Mean, standard deviation and count of the measured values of each feature.

    Parameters
    ----------
    expression
        (n_samples, n_features); NaN where not measured.

    Returns
    -------
    FeatureMoments
        One entry per feature.

    Examples
    --------
    >>> found = feature_moments(np.array([[1.0, 5.0], [3.0, np.nan]]))
    >>> found.mean.tolist(), found.sd.round(4).tolist(), found.n.tolist()
    ([2.0, 5.0], [1.4142, nan], [2, 1])
    """
    values = np.asarray(expression)
    mean, spread = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    n = np.zeros(values.shape[1], dtype=np.int64)
    _moments(values, mean, spread, n)
    return FeatureMoments(mean, np.sqrt(spread), n)


def set_standardized_sums(
    expression: NDArray[Any], columns: IntArray, offsets: IntArray, mean: FloatArray, sd: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Sum over the members of ``(x - mean) / sd``, and how many entered.

    Parameters
    ----------
    expression
        (n_samples, n_features); NaN where not measured.
    columns, offsets
        The sets in compressed form: set ``s`` has the columns ``columns[offsets[s]:offsets[s + 1]]``.
    mean, sd
        (n_features,) of the reference; a feature without a positive sd does not enter.

    Returns
    -------
    ndarray
        (n_samples, n_sets) sums; NaN where no member enters.
    ndarray
        (n_samples, n_sets) members that enter.

    Examples
    --------
    >>> x, mean, sd = np.array([[3.0, 1.0]]), np.array([1.0, 0.0]), np.array([2.0, 0.0])
    >>> sums, n = set_standardized_sums(x, np.array([0, 1]), np.array([0, 2]), mean, sd)
    >>> sums.tolist(), n.tolist()
    ([[1.0]], [[1]])
    """
    sums = np.empty((expression.shape[0], len(offsets) - 1))
    counts = np.empty(sums.shape, dtype=np.int64)
    _standardized_sums(np.asarray(expression), columns, offsets, (mean, sd), (sums, counts))
    return sums, counts


def set_lowest(
    expression: NDArray[Any], columns: IntArray, offsets: IntArray, mean: FloatArray, sd: FloatArray
) -> FloatArray:
    """Lowest ``(x - mean) / sd`` among the members of each set; NaN unless every member is measured.

    Parameters
    ----------
    expression, columns, offsets, mean, sd
        As in `set_standardized_sums`.

    Returns
    -------
    ndarray
        (n_samples, n_sets).

    Examples
    --------
    >>> x = np.array([[3.0, 1.0], [3.0, np.nan]])
    >>> set_lowest(x, np.array([0, 1]), np.array([0, 2]), np.zeros(2), np.ones(2)).ravel().tolist()
    [1.0, nan]
    """
    z = (np.asarray(expression, dtype=np.float64)[:, columns] - mean[columns]) / np.where(sd > 0, sd, np.nan)[columns]
    lowest = np.full((len(z), len(offsets) - 1), np.nan)
    for chosen in np.flatnonzero(np.diff(offsets)):
        lowest[:, chosen] = z[:, offsets[chosen] : offsets[chosen + 1]].min(axis=1)
    return lowest


def first_right_vectors(expression: NDArray[Any], columns: IntArray, offsets: IntArray) -> FloatArray:
    """First singular vector over the samples of each set of standardized features.

    Parameters
    ----------
    expression
        (n_samples, n_features); a sample in which no member is measured does not enter, nor does a member that is
        constant, or missing in one of the others.
    columns, offsets
        The sets in compressed form.

    Returns
    -------
    ndarray
        (n_samples, n_sets), each of length one, turned so that it goes with the mean of the members; NaN for a sample
        that does not enter, where no member does, or with fewer than two samples.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    >>> first_right_vectors(x, np.array([0, 1]), np.array([0, 2])).round(4).ravel().tolist()
    [-0.7071, 0.0, 0.7071]
    """
    values = np.asarray(expression, dtype=np.float64)
    vectors = np.full((values.shape[0], len(offsets) - 1), np.nan)
    for chosen in range(len(offsets) - 1):
        members = values[:, columns[offsets[chosen] : offsets[chosen + 1]]]
        enters = ~np.isnan(members).all(axis=1)
        vectors[enters, chosen] = _first_right_vector(members if enters.all() else members[enters])
    return vectors


def _first_right_vector(members: FloatArray) -> FloatArray:
    """Of samples with at least one measured member each, (n_samples,)."""
    moments = feature_moments(members)
    usable = (moments.sd > 0) & (moments.n == len(members))
    if not usable.any():
        return np.full(len(members), np.nan)
    kept = members if usable.all() else members[:, usable]
    z = (kept - moments.mean[usable]) / moments.sd[usable]
    vector: FloatArray = np.linalg.svd(z, full_matrices=False)[0][:, 0]
    return vector * (-1.0 if vector @ z.mean(axis=1) < 0 else 1.0)


@entry_point
def _moments(values, mean, spread, n):  # type: ignore[no-untyped-def]
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if value == value:
                n[column] += 1
                mean[column] += value
    for column in range(values.shape[1]):
        mean[column] = mean[column] / n[column] if n[column] else np.nan
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if value == value:
                spread[column] += (value - mean[column]) ** 2
    for column in range(values.shape[1]):
        spread[column] = spread[column] / (n[column] - 1) if n[column] > 1 else np.nan


@entry_point
def _standardized_sums(values, columns, offsets, reference, results):  # type: ignore[no-untyped-def]
    mean, sd = reference
    sums, counts = results
    for row in range(values.shape[0]):
        for chosen in range(len(offsets) - 1):
            total, count = 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                column = columns[entry]
                z = (values[row, column] - mean[column]) / sd[column] if sd[column] > 0 else np.nan
                if z == z:
                    total += z
                    count += 1
            sums[row, chosen] = total if count else np.nan
            counts[row, chosen] = count
