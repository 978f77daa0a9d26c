"""Random feature sets matched to a given one on size and on a stratum of every member, and what they are for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.stats.set_means import set_means

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def quantile_strata(values: FloatArray, n_strata: int = 10) -> IntArray:
    """Stratum of every feature by the rank of its value: ``n_strata`` of nearly equal size; -1 where it is missing.

    Examples
    --------
    >>> quantile_strata(np.array([5.0, 1.0, np.nan, 3.0, 4.0]), 2).tolist()
    [1, 0, -1, 0, 1]
    """
    strata = np.full(len(values), -1, dtype=np.int64)
    measured = np.flatnonzero(~np.isnan(values))
    order = measured[np.argsort(values[measured], kind="stable")]
    strata[order] = np.arange(len(order)) * n_strata // max(len(order), 1)
    return strata


def matched_sets(members: IntArray, strata: IntArray, n_sets: int, generator: np.random.Generator) -> IntArray:
    """Random sets with as many features of each stratum as `members` has, drawn without replacement.

    Parameters
    ----------
    members
        (k,) columns of the set to match; never drawn.
    strata
        (n_features,) stratum of each feature; features of stratum -1 are never drawn.
    n_sets
        How many sets.
    generator
        Source of randomness.

    Returns
    -------
    ndarray
        (n_sets, k) columns; entry ``j`` of a set is of the stratum of ``members[j]``.

    Raises
    ------
    InputError
        If a stratum has too few other features, or a member is in none.

    Examples
    --------
    >>> strata = np.array([0, 0, 1, 1])
    >>> matched_sets(np.array([0, 3]), strata, 2, np.random.default_rng(1)).tolist()
    [[1, 2], [1, 2]]
    """
    own = np.asarray(strata)[members]
    if (own < 0).any():
        raise InputError("every member must be measured in all samples to be matched.")
    sets = np.empty((n_sets, len(members)), dtype=np.int64)
    is_member = np.zeros(len(strata), dtype=bool)
    is_member[members] = True
    for stratum in np.unique(own):
        pool = np.flatnonzero((strata == stratum) & ~is_member)
        places = np.flatnonzero(own == stratum)
        if len(pool) < len(places):
            raise InputError(
                f"{len(places)} members share a stratum with only {len(pool)} other features; use fewer strata."
            )
        keys = generator.random((n_sets, len(pool)))
        drawn = np.argpartition(keys, len(places) - 1, axis=1)[:, : len(places)]
        sets[:, places] = pool[drawn]
    return sets


def mean_correlations(expression: NDArray[Any], sets: IntArray, signs: FloatArray | None = None) -> FloatArray:
    """Mean pairwise Pearson correlation within each set.

    With every feature centered and scaled to length one, it is ``(|sum s z|^2 - k) / (k (k - 1))``.

    Parameters
    ----------
    expression
        (n_samples, n_features) without missing values in the columns used.
    sets
        (n_sets, k) columns, ``k >= 2``.
    signs
        (k,) +1 or -1 for each entry of a set: the down arm counts with its sign turned. None for +1.

    Returns
    -------
    ndarray
        (n_sets,). A constant feature counts as uncorrelated.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 2.0], [3.0, 6.0, 1.0]])
    >>> mean_correlations(x, np.array([[0, 1], [0, 2]])).round(6).tolist()
    [1.0, -1.0]
    """
    n_sets, size = sets.shape
    if size < 2:
        raise InputError(f"a mean correlation needs sets of at least two features; got {size}.")
    used, position = np.unique(sets, return_inverse=True)
    scaled = of_length_one(np.asarray(expression, dtype=np.float64)[:, used])
    offsets = np.arange(0, n_sets * size + 1, size, dtype=np.int64)
    turned = np.ones(size) if signs is None else np.asarray(signs, dtype=np.float64)
    both = np.hstack([scaled, -scaled])
    entry = position.reshape(n_sets, size) + len(used) * (turned < 0)
    sums = set_means(both, entry.astype(np.int64).ravel(), offsets) * size
    return ((sums**2).sum(axis=0) - size) / (size * (size - 1))


def of_length_one(values: FloatArray) -> FloatArray:
    """Every feature centered and scaled to length one; a constant one is zero."""
    centered = values - values.mean(axis=0)
    length = np.sqrt((centered**2).sum(axis=0))
    return np.divide(centered, length, out=np.zeros_like(centered), where=length > 0)


def empirical_p_value(observed: float, controls: FloatArray) -> float:
    """Two-sided ``(1 + #{|control| >= |observed|}) / (1 + n_controls)``: never zero (doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    observed
        Statistic of the set, centered so that 0 is no effect.
    controls
        (n_controls,) the statistic of each control set; missing ones count as at least as extreme.

    Examples
    --------
    >>> empirical_p_value(3.0, np.array([0.0, 1.0, -4.0]))
    0.5
    """
    extreme = ~(np.abs(np.asarray(controls)) < abs(observed))
    return float((1 + extreme.sum()) / (1 + len(controls)))


def row_p_values(observed: FloatArray, controls: FloatArray) -> FloatArray:
    """Two-sided empirical p-value of each observed value among the controls of its row.

    ``min(1, 2 min(1 + #{control >= observed}, 1 + #{control <= observed}) / (1 + n_controls))``: never zero, and
    without a center, as the controls of a row have a level of their own (doi:10.2202/1544-6115.1585).

    Parameters
    ----------
    observed
        (n_rows,).
    controls
        (n_rows, n_controls); missing ones count as at least as extreme on both sides.

    Returns
    -------
    ndarray
        (n_rows,); NaN where nothing is observed.

    Examples
    --------
    >>> row_p_values(np.array([9.0, 2.0]), np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])).tolist()
    [0.5, 1.0]
    """
    level = np.asarray(observed, dtype=np.float64)[:, None]
    above, below = (~(controls < level)).sum(axis=1), (~(controls > level)).sum(axis=1)
    p_values = np.minimum(1.0, 2.0 * (1 + np.minimum(above, below)) / (1 + controls.shape[1]))
    return np.where(np.isnan(observed), np.nan, p_values)
