"""Ranks of features within each sample, and scores of feature sets from one ranking.

A row is sorted once by its bits (least-significant-digit radix sort, stable), whatever the number of sets; the rank of
a feature depends only on the values of its own sample.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.stats._rank_kernels import (
    BUCKETS,
    N_DIGITS,
    rank_rows,
    set_enrichment,
    set_rank_means,
    set_recovery,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LARGEST_EXACT = 1 << 23  # halves of larger ranks are not exact in float32


class RankMeans(NamedTuple):
    """Mean rank of each set in each sample."""

    mean_rank: FloatArray
    """(n_samples, n_sets) mean rank of the measured members; NaN where none is measured."""
    n_measured: IntArray
    """(n_samples, n_sets) members that are not missing."""
    n_universe: IntArray
    """(n_samples,) features that are not missing: the ranks run from 1 to this number."""


def within_sample_ranks(expression: NDArray[Any], *, ties: str = "min") -> NDArray[np.float32]:
    """Ascending rank of every feature within its sample, from 1; missing values stay missing and are not counted.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale. float32 is ranked as float32, everything else as float64.
    ties
        ``min``: equal values all get the smallest rank of their run; ``average``: the mean rank of the run.

    Returns
    -------
    ndarray
        (n_samples, n_features) float32, exact for fewer than 8,388,608 features.

    Raises
    ------
    InputError
        If `ties` is unknown, or `expression` is not a matrix.

    Examples
    --------
    >>> within_sample_ranks(np.array([[3.0, 1.0, 3.0, np.nan]])).tolist()
    [[2.0, 1.0, 2.0, nan]]
    """
    matrix = _rankable(expression)
    ranks = np.empty(matrix.shape, dtype=np.float32)
    rank_rows(_rows(matrix), ranks, uses_average(ties))
    return ranks


def rank_means(expression: NDArray[Any], columns: IntArray, offsets: IntArray, *, ties: str = "min") -> RankMeans:
    """Mean rank of several feature sets in every sample, from one ranking per sample.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; NaN where a feature was not measured.
    columns, offsets
        The sets in compressed form: set ``s`` has the columns ``columns[offsets[s]:offsets[s + 1]]``.
    ties
        ``min`` or ``average``, see `within_sample_ranks`.

    Returns
    -------
    RankMeans
        Mean rank, members measured, and size of the ranking.

    Examples
    --------
    >>> found = rank_means(np.array([[5.0, 1.0, 3.0]]), np.array([0, 2]), np.array([0, 2]))
    >>> found.mean_rank.tolist(), found.n_measured.tolist(), found.n_universe.tolist()
    ([[2.5]], [[2]], [3])
    """
    matrix = _rankable(expression)
    n_samples, n_sets = matrix.shape[0], len(offsets) - 1
    mean_rank = np.empty((n_samples, n_sets))
    n_measured = np.empty((n_samples, n_sets), dtype=np.int64)
    n_universe = np.empty(n_samples, dtype=np.int64)
    average = uses_average(ties)
    set_rank_means(_rows(matrix), columns, offsets, (mean_rank, n_measured, n_universe), average)
    return RankMeans(mean_rank, n_measured, n_universe)


def normalized_mean_rank(mean_rank: FloatArray, n_members: IntArray, n_universe: IntArray) -> FloatArray:
    """Mean rank brought to [-0.5, 0.5] by the lowest and highest mean that so many members can have.

    ``(mean - low) / (high - low) - 0.5`` with ``low = (k + 1) / 2`` and ``high = (2 N - k + 1) / 2`` for ``k`` members
    among ``N`` features (singscore, doi:10.1186/s12859-018-2435-4). NaN where ``k = 0`` or ``k = N``.

    Parameters
    ----------
    mean_rank, n_members
        (n_samples, n_sets).
    n_universe
        (n_samples,) features ranked.

    Returns
    -------
    ndarray
        (n_samples, n_sets).

    Examples
    --------
    >>> normalized_mean_rank(np.array([[9.5]]), np.array([[2]]), np.array([10])).tolist()
    [[0.5]]
    """
    universe = np.asarray(n_universe)[:, None]
    span = (universe - n_members).astype(np.float64)
    usable = (span > 0) & (np.asarray(n_members) > 0)
    low = (np.asarray(n_members) + 1) / 2
    return np.where(usable, (mean_rank - low) / np.where(usable, span, 1.0) - 0.5, np.nan)


def enrichment_scores(
    expression: NDArray[Any], columns: IntArray, offsets: IntArray, *, exponent: float = 0.25, ties: str = "average"
) -> FloatArray:
    """Single-sample enrichment score (ES) of each set: the summed difference of two running distributions.

    With ``r`` the ascending rank within the sample,
    ``ES = sum(r * r^a) / sum(r^a) - (N (N + 1) / 2 - sum(r)) / (N - k)`` over the ``k`` members among ``N`` features:
    the closed form of summing, over all positions, the weighted distribution of the members minus that of the others
    (doi:10.1038/nature08460).

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; missing values are left out of the ranking.
    columns, offsets
        The sets in compressed form.
    exponent
        Weight exponent ``a``.
    ties
        ``average``: equal values share their mean rank in both terms. ``position``: of equal values the first column is
        the highest, and the weight is of the mean rank without its half, as the package GSVA 1.46 has it.

    Returns
    -------
    ndarray
        (n_samples, n_sets) ES, unnormalized: it does not change with other samples or sets. NaN where no member, or
        every feature, is in the set.

    Notes
    -----
    With ``average`` the order of the features does not matter; with ``position`` it does, and the score equals that of
    the package GSVA to rounding, ties or none. gseapy 1.3 takes the last of equal values as the highest, and the weight
    of their whole mean rank. Without ties all are the same.

    Examples
    --------
    >>> enrichment_scores(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([3]), np.array([0, 1])).tolist()
    [[2.0]]
    """
    matrix = _rankable(expression)
    scores = np.empty((matrix.shape[0], len(offsets) - 1))
    set_enrichment(_rows(matrix), columns, offsets, scores, (float(exponent), not uses_average(ties, "position")))
    return scores


def _rankable(expression: NDArray[Any]) -> NDArray[Any]:
    values = np.asarray(expression)
    if values.ndim != 2:
        raise InputError(f"expression must be (n_samples, n_features); got {values.ndim} dimensions.")
    if values.shape[1] >= _LARGEST_EXACT:
        raise InputError(f"at most {_LARGEST_EXACT - 1} features can be ranked; got {values.shape[1]}.")
    return np.ascontiguousarray(values, dtype=np.float32 if values.dtype == np.float32 else np.float64)


def recovery_areas(expression: NDArray[Any], columns: IntArray, offsets: IntArray, *, top: float = 0.05) -> FloatArray:
    """Area under the recovery curve of each set among the highest features of every sample.

    With descending ranks ``r`` and ``T = ceil(top N)``,
    ``area = sum(max(0, T - r)) / sum(T - j, j = 1 .. min(k, T - 1))`` over the ``k`` members
    (AUCell, doi:10.1038/nmeth.4463).

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; missing values are left out of the ranking.
    columns, offsets
        The sets in compressed form.
    top
        Fraction of the ranking that counts.

    Returns
    -------
    ndarray
        (n_samples, n_sets) in [0, 1]; NaN where no member is measured or the top holds one feature.

    Notes
    -----
    Of equal values each gets the mean over the places of their run, what breaking ties at random gives on average: the
    order of the features does not matter, and no seed is needed.

    Examples
    --------
    >>> recovery_areas(np.arange(40.0)[None], np.array([39, 0]), np.array([0, 1, 2]), top=0.1).tolist()
    [[1.0, 0.0]]
    """
    matrix = _rankable(expression)
    areas = np.empty((matrix.shape[0], len(offsets) - 1))
    set_recovery(_rows(matrix), columns, offsets, areas, float(top))
    return areas


def prepare_rows(expression: NDArray[Any]) -> tuple[Any, ...]:
    """What the kernels that sort rows take; an `InputError` where the rows cannot be ranked."""
    return _rows(_rankable(expression))


def _rows(matrix: NDArray[Any]) -> tuple[Any, ...]:
    """The matrix, its bits as signed integers, and room for one sort: keys, entries twice, digit counts."""
    n_features = matrix.shape[1]
    signed, unsigned = (np.int32, np.uint32) if matrix.dtype == np.float32 else (np.int64, np.uint64)
    keys = np.empty(n_features, dtype=unsigned)
    entries, spare = np.empty((2, n_features), dtype=np.uint64)
    return matrix, matrix.view(signed), (keys, entries, spare, np.empty((N_DIGITS, BUCKETS), dtype=np.uint32))


def uses_average(ties: str, other: str = "min") -> bool:
    """Whether equal values share their mean rank; an `InputError` for a word that is neither this nor `other`."""
    if ties not in (other, "average"):
        raise InputError(f"ties must be {other!r} or 'average'; got {ties!r}.")
    return ties == "average"
