"""Random feature sets that move together about as much as a given one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.stats.matched_sets import matched_sets, mean_correlations, of_length_one

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_STRONGEST = 64.0  # far above the spread of the noise: the features nearest to the anchor
_STEPS = 7
_PER_BLOCK = 128
_SHORT = 0.2  # of the correlation of the members; without it few groups of features would stand for all
_LEAST_ABLE = 20  # one anchor in so many is kept at least


def correlated_sets(
    expression: NDArray[Any],
    members: IntArray,
    strata: IntArray,
    n_sets: int,
    generator: np.random.Generator,
    *,
    signs: FloatArray | None = None,
) -> IntArray:
    """Random sets matched on strata, as `matched_sets`, and about as correlated within as `members`.

    Each set is drawn around a random feature a: of every stratum those with the highest ``g + b s cor(x, x_a)``, with
    Gumbel noise g, the sign s of the entry, and b from 0 (any feature is as likely) upward. Of each set that b is kept,
    found by bisection, at which its mean correlation is nearest to that of the members. Features around which nothing
    is as correlated as the members are no anchors, unless nearly all are such.

    Parameters
    ----------
    expression
        (n_samples, n_features) without missing values in the columns of a stratum.
    members
        (k,) columns of the set to match, ``k >= 2``; never drawn.
    strata
        (n_features,) stratum of each feature; features of stratum -1 are never drawn.
    n_sets
        How many sets.
    generator
        Source of randomness.
    signs
        (k,) +1 or -1 for each entry of a set, as in `mean_correlations`. None for +1.

    Returns
    -------
    ndarray
        (n_sets, k) columns; entry ``j`` of a set is of the stratum of ``members[j]``. Where nothing is as correlated
        as the members, the sets are as near as the features allow: look at their `mean_correlations`.

    Raises
    ------
    InputError
        As `matched_sets`.

    Notes
    -----
    The draw is that of Yellott 1977, doi:10.1016/0022-2496(77)90026-8 (the largest of utilities with Gumbel noise),
    with correlation as the utility. Random sets of single features are hardly correlated, so that the scores of a
    coherent set stand out among theirs in any sample; sets of other features that move together do not make that claim.
    There are as many independent sets as groups of features that move together: with few of them p-values stay coarse.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x = generator.normal(size=(30, 400)) + np.repeat(generator.normal(size=(30, 8)), 50, axis=1)
    >>> sets = correlated_sets(x, np.arange(10), np.zeros(400, dtype=np.int64), 50, generator)
    >>> gap = mean_correlations(x, sets) - mean_correlations(x, np.arange(10)[None])
    >>> bool(np.abs(gap).mean() < 0.1)
    True
    """
    matched_sets(members, strata, 1, generator)  # refuses what cannot be matched
    turned = np.ones(len(members)) if signs is None else np.asarray(signs, dtype=np.float64)
    own = np.asarray(strata)[members]
    pool = np.setdiff1d(np.flatnonzero(np.isin(strata, own)), members)
    scaled = of_length_one(np.asarray(expression, dtype=np.float64)[:, pool])
    narrow = scaled.astype(np.float32)  # to choose by; what is chosen is measured in full
    cells = [
        (np.flatnonzero((own == stratum) & (turned == sign)), np.flatnonzero(strata[pool] == stratum), sign)
        for stratum, sign in sorted(set(zip(own.tolist(), turned.tolist(), strict=True)))
    ]
    target = float(mean_correlations(expression, np.asarray(members)[None], turned)[0])

    def gap_of(places: IntArray) -> FloatArray:
        return mean_correlations(scaled, places, turned) - target

    def around(anchors: IntArray) -> _Draw:
        noise = generator.gumbel(size=(len(anchors), len(pool))).astype(np.float32)
        return _Draw(noise, narrow[:, anchors].T @ narrow, cells)

    tried = generator.integers(len(pool), size=n_sets)
    most = [gap_of(around(one).highest(np.full(len(one), _STRONGEST))) for one in _blocks(tried)]
    able = tried[_able(np.concatenate(most) + _SHORT * abs(target))]
    found = [_nearest(around(one), gap_of) for one in _blocks(generator.choice(able, size=n_sets))]
    return np.asarray(pool[np.concatenate(found)])


def _blocks(anchors: IntArray) -> list[IntArray]:
    return [anchors[start : start + _PER_BLOCK] for start in range(0, len(anchors), _PER_BLOCK)]


def _able(reach: FloatArray) -> NDArray[np.bool_]:
    """The anchors around which a set is correlated enough; where these are few, those that come nearest."""
    few = max(1, len(reach) // _LEAST_ABLE)
    return np.asarray(reach >= min(0.0, float(np.sort(reach)[-few])))


@dataclass(frozen=True)
class _Draw:
    """Noise and correlation with the anchor of each set, (n_sets, n_pool), and the cells that are drawn together: the
    entries of a set, the places in the pool, the sign."""

    noise: NDArray[np.float32]
    correlation: NDArray[np.float32]
    cells: list[tuple[IntArray, IntArray, float]]

    def highest(self, strength: FloatArray) -> IntArray:
        """For every set the places with the highest keys, cell by cell; none twice."""
        chosen = np.empty((len(strength), sum(len(entries) for entries, _, _ in self.cells)), dtype=np.int64)
        free = self.noise.copy()
        for entries, places, sign in self.cells:
            pull = np.float32(sign) * strength[:, None].astype(np.float32)
            keys = free[:, places] + pull * self.correlation[:, places]
            top = places[np.argpartition(-keys, len(entries) - 1, axis=1)[:, : len(entries)]]
            np.put_along_axis(free, top, -np.inf, axis=1)
            chosen[:, entries] = top
        return chosen


def _nearest(draw: _Draw, gap_of: Callable[[IntArray], FloatArray]) -> IntArray:
    """The sets, by bisection of the strength of each, whose gap is the least in size."""
    low, high = np.zeros(len(draw.noise)), np.full(len(draw.noise), _STRONGEST)
    strength, least = low, np.full(len(low), np.inf)
    best = draw.highest(strength)
    for _ in range(_STEPS):
        sets = draw.highest(strength)
        gap = gap_of(sets)
        best = np.where((np.abs(gap) < least)[:, None], sets, best)
        least = np.fmin(np.abs(gap), least)
        low, high = np.where(gap < 0, strength, low), np.where(gap < 0, high, strength)
        strength = (low + high) / 2
    return best
