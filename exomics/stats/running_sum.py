"""Pre-ranked gene-set enrichment: the weighted running sum, and its null by permutation of the features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.stats import _running_sum_kernels as kernels

__all__ = [
    "PrerankTests",
    "Ranking",
    "RunningSumScores",
    "prerank",
    "rank_features",
    "running_sum_curve",
    "running_sum_scores",
]

IntArray = NDArray[np.int64]


class Ranking(NamedTuple):
    """Features in descending order of a statistic; all arrays are (n_features,).

    ``order`` holds features by rank and ``place`` the rank of each feature, from 0; ``weights`` is |statistic| to the
    exponent, by rank; ``before`` and ``through`` count, by rank, the features with a larger, and with a larger or
    equal, statistic; ``tied`` tells whether any are equal.
    """

    order: IntArray
    place: NDArray[np.int32]
    weights: FloatArray
    before: NDArray[np.int32]
    through: NDArray[np.int32]
    tied: bool


class RunningSumScores(NamedTuple):
    """Enrichment score of each set (n_sets,), and its leading features in compressed form, strongest first."""

    score: FloatArray
    leading_columns: IntArray
    leading_offsets: IntArray


class PrerankTests(NamedTuple):
    """Per set (n_sets,): score, score over the mean null score of its sign, P value, null scores of its sign."""

    score: FloatArray
    normalized_score: FloatArray
    p_value: FloatArray
    n_same_sign: IntArray
    leading_columns: IntArray
    leading_offsets: IntArray


def rank_features(statistic: ArrayLike, *, exponent: float = 1.0) -> Ranking:
    """Rank features by a signed statistic, largest first.

    Parameters
    ----------
    statistic
        (n_features,), finite.
    exponent
        Power of |statistic| that a member weighs; 0 gives the Kolmogorov-Smirnov sum.

    Returns
    -------
    Ranking
        What `prerank` and its kernels read.

    Raises
    ------
    InputError
        If a value is missing or infinite, or the exponent is negative.

    Examples
    --------
    >>> rank_features([0.5, -2.0, 3.0]).order.tolist()
    [2, 0, 1]
    """
    values = np.asarray(statistic, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise InputError("the ranking statistic must be a vector of finite numbers; leave out features without one.")
    if not exponent >= 0:
        raise InputError(f"the exponent of the running sum must be 0 or more; got {exponent}.")
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    place = np.empty(values.size, dtype=np.int32)
    place[order] = np.arange(values.size)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if values.size else np.empty(0, int)
    sizes = np.diff(np.append(starts, values.size))
    before = np.repeat(starts, sizes).astype(np.int32)
    through = np.repeat(starts + sizes, sizes).astype(np.int32)
    return Ranking(order, place, np.abs(ordered) ** exponent, before, through, bool(starts.size < values.size))


def running_sum_scores(ranking: Ranking, columns: ArrayLike, offsets: ArrayLike) -> RunningSumScores:
    """Enrichment scores of sets in one ranking.

    Going down the ranking, the sum rises by ``w_i / sum(w)`` at each of the k members and falls by ``1 / (N - k)`` at
    each other feature; the score is its largest deviation from zero, with sign (doi:10.1073/pnas.0506580102).

    Parameters
    ----------
    ranking
        Of N features, from `rank_features`.
    columns, offsets
        Sets in compressed form: set s holds the features ``columns[offsets[s]:offsets[s + 1]]``, each once.

    Returns
    -------
    RunningSumScores
        Scores in [-1, 1]. Leading features are the members up to the maximum, or, for a negative score, from the
        minimum on.

    Raises
    ------
    InputError
        If a set is empty, repeats a feature, or holds every feature.

    Notes
    -----
    Features with equal statistics have no order among them, so the sum is read where a block of equal values starts or
    ends; programs that order ties by position give scores that change with the order of the input. Where the maximum
    and the minimum are equally far from zero the score is positive. Where all members have weight 0 they weigh alike.

    Examples
    --------
    >>> found = running_sum_scores(rank_features([4.0, 3.0, 2.0, -1.0]), [0, 3], [0, 2])
    >>> round(float(found.score[0]), 12), found.leading_columns.tolist()
    (0.8, [0])
    """
    positions, limits = _positions(ranking, columns, offsets)
    n_sets = limits.size - 1
    scores, turns = np.empty(n_sets), np.empty(n_sets, dtype=np.int64)
    kernels.set_scores(_arrays(ranking), positions, limits, scores, turns)
    leading = [
        positions[first : first + turn + 1] if score >= 0 else positions[first + turn : last][::-1]
        for first, last, turn, score in zip(limits[:-1], limits[1:], turns, scores, strict=True)
    ]
    found = np.concatenate([*leading, np.empty(0, dtype=np.int32)])
    ends = np.cumsum([0, *(len(members) for members in leading)])
    return RunningSumScores(scores, ranking.order[found], ends.astype(np.int64))


def prerank(
    ranking: Ranking,
    columns: ArrayLike,
    offsets: ArrayLike,
    *,
    generator: np.random.Generator,
    n_permutations: int = 1000,
    add_one: bool = True,
) -> PrerankTests:
    """Pre-ranked enrichment with a null from permuted features.

    With the null scores of random sets of the same size, ``NES = ES / |mean of the null scores of the sign of ES|`` and
    ``p = (b + 1) / (m + 1)``, where m null scores have the sign of ES and b of them are at least as far from zero
    (doi:10.1073/pnas.0506580102; without `add_one`, ``b / m`` as printed there).

    Parameters
    ----------
    ranking
        From `rank_features`.
    columns, offsets
        Sets in compressed form.
    generator
        One number is drawn from it; the same state gives the same result, whatever the threads or the order of sets.
    n_permutations
        Shuffles of the ranking. One shuffle serves every set: its first k places are the random set of size k.
    add_one
        Count the observed score as one of the null, so that no P value is 0 (doi:10.2202/1544-6115.1585).

    Returns
    -------
    PrerankTests
        NaN for the normalized score and the P value where no null score has the sign of the score.

    Raises
    ------
    InputError
        As in `running_sum_scores`, or if `n_permutations` is not positive.

    Notes
    -----
    Permuting features ignores correlation between them, so these P values are too small for sets of co-regulated
    genes; `exomics.stats.competitive_tests` models it. Deviations from the first implementation: ties (see
    `running_sum_scores`) and `add_one`. Memory is O(n_features + n_sets), whatever the number of permutations; time is
    O(n_permutations times the sum of the distinct set sizes).

    Examples
    --------
    >>> ranking = rank_features(np.linspace(3, -3, 200))
    >>> found = prerank(ranking, np.arange(10), [0, 10], generator=np.random.default_rng(0))
    >>> float(found.p_value[0]) < 0.01, round(float(found.score[0]), 6)
    (True, 1.0)
    """
    if n_permutations < 1:
        raise InputError(f"n_permutations must be 1 or more; got {n_permutations}.")
    found = running_sum_scores(ranking, columns, offsets)
    limits = np.asarray(offsets, dtype=np.int64)
    key = generator.integers(2**64, dtype=np.uint64)
    if limits.size == 1:
        empty = np.empty(0)
        return PrerankTests(found.score, empty, empty, empty.astype(np.int64), found.leading_columns, limits)
    sizes, which = np.unique(np.diff(limits), return_inverse=True)
    by_size = np.argsort(which, kind="stable")
    groups = np.searchsorted(which[by_size], np.arange(sizes.size + 1))
    counts, sums, beyond = kernels.null_counts(
        _arrays(ranking), sizes, (found.score[by_size], groups), key, int(n_permutations)
    )
    side = np.where(found.score >= 0, 0, 1)
    n_same, total = counts[which, side], np.abs(sums[which, side])
    n_beyond = np.empty_like(beyond)
    n_beyond[by_size] = beyond
    with np.errstate(divide="ignore", invalid="ignore"):
        normalized = np.where(n_same > 0, found.score * n_same / total, np.nan)
        p_value = np.where(n_same > 0, (n_beyond + add_one) / (n_same + add_one), np.nan)
    return PrerankTests(found.score, normalized, p_value, n_same, found.leading_columns, found.leading_offsets)


def running_sum_curve(ranking: Ranking, members: ArrayLike) -> FloatArray:
    """The running sum of one set at each rank, for a figure.

    Parameters
    ----------
    ranking
        From `rank_features`.
    members
        Columns of the set.

    Returns
    -------
    ndarray
        (n_features,), the sum after each rank; within a block of equal statistics, the sum at its end.

    Raises
    ------
    InputError
        As in `running_sum_scores`.

    Examples
    --------
    >>> running_sum_curve(rank_features([4.0, 3.0, 2.0, -1.0]), [0, 3]).round(3).tolist()
    [0.8, 0.3, -0.2, 0.0]
    """
    chosen = np.asarray(members, dtype=np.int64)
    positions, _ = _positions(ranking, chosen, [0, chosen.size])
    return np.asarray(kernels.running_sum(_arrays(ranking), positions))


def _arrays(ranking: Ranking) -> tuple[FloatArray, NDArray[np.int32], NDArray[np.int32], bool]:
    return ranking.weights, ranking.before, ranking.through, ranking.tied


def _positions(ranking: Ranking, columns: ArrayLike, offsets: ArrayLike) -> tuple[NDArray[np.int32], IntArray]:
    """Ranks of the members of each set, ascending within the set."""
    chosen, limits = np.asarray(columns, dtype=np.int64), np.asarray(offsets, dtype=np.int64)
    sizes = np.diff(limits)
    n_features = ranking.order.size
    if sizes.size and (sizes.min() < 1 or sizes.max() >= n_features):
        raise InputError(
            f"each set must hold between 1 and {n_features - 1} of the {n_features} ranked features; the sets hold "
            f"{sizes.min()} to {sizes.max()}."
        )
    owner = np.repeat(np.arange(sizes.size), sizes)
    positions = ranking.place[chosen]
    ordered = np.lexsort((positions, owner))
    positions = positions[ordered]
    if bool(((positions[1:] == positions[:-1]) & (owner[1:] == owner[:-1])).any()):
        raise InputError("a set names the same feature twice; name each member once.")
    return positions, limits
