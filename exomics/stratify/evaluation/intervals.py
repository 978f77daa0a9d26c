"""The interval of a mean over repeated folds, by what the folds share with each other."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from exomics.errors import DesignError

__all__ = ["Interval", "corrected_interval", "fold_variance"]

FloatArray = NDArray[np.float64]


class Interval(NamedTuple):
    """Mean over folds and its interval, three numbers of the shape of one measure (n_measures,)."""

    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def corrected_interval(values: FloatArray, n_folds: int, *, level: float = 0.95) -> Interval:
    """Mean over repeated folds, with the variance of `fold_variance` and Student's t.

    Parameters
    ----------
    values
        (n_repeats * n_folds, n_measures), the folds of a repeat together; NaN is left out.
    n_folds
        Folds per repeat, at least 3.
    level
        Coverage.

    Returns
    -------
    Interval
        Each (n_measures,); limits are not cut to the range of a measure, and NaN where no repeat has two folds.

    Raises
    ------
    DesignError
        If there are fewer than three folds per repeat, or folds are missing from a repeat.

    Notes
    -----
    What it covers stands in ``tests/stratify/interval_coverage_table.tsv``. Where models often say nothing it holds 1/2
    more often than it says.

    Examples
    --------
    >>> found = corrected_interval(np.array([[0.5], [0.6], [0.4], [0.7], [0.6], [0.5]]), 3)
    >>> [round(float(value[0]), 4) for value in found]
    [0.55, 0.2859, 0.8141]
    """
    variance, degrees = fold_variance(values, n_folds)
    mean = np.ma.masked_invalid(values).mean(axis=0).filled(np.nan)
    margin = stats.t.ppf(0.5 + level / 2.0, degrees) * np.sqrt(variance)
    return Interval(mean, mean - margin, mean + margin)


def fold_variance(values: FloatArray, n_folds: int) -> tuple[FloatArray, FloatArray]:
    """Variance of a mean over repeated folds, and its degrees of freedom, from the spread within and between repeats.

    Let the measure of a fold be a sum over its test samples (variance ``T``) and over pairs of a test and a training
    sample (variance ``D``). Every repeat tests the same samples, and a pair serves from either side, so that with ``K``
    folds in each of ``R`` repeats::

        within a repeat      a = T + D (K - 2) / (K - 1)
        between repeats      b = 2 D / K^2
        of the mean          v = T / K + 2 D (K - 1) / K^2 + b / R
                               = a / K + b (K - 1 - K (K - 2) / (2 (K - 1)) + 1 / R)

    ``a`` and ``b`` are observed. To the ``R - 1`` degrees of freedom of ``b`` one is added by which all variance is of
    pairs, ``b = a 2 (K - 1) / (K^2 (K - 2))``, as in noise; it decides alone if there is one repeat. Degrees of freedom
    of ``v`` are Satterthwaite's, of ``a`` ``R (K - 1)``, of ``b`` ``R``.

    Parameters
    ----------
    values
        (n_repeats * n_folds, n_measures), the folds of a repeat together; NaN is left out, and ``v`` grows as the folds
        become fewer.
    n_folds
        Folds per repeat, at least 3.

    Returns
    -------
    tuple of ndarray
        Variance and degrees of freedom, each (n_measures,).

    Raises
    ------
    DesignError
        If there are fewer than three folds per repeat, or folds are missing from a repeat.

    Notes
    -----
    The parts are the first of Hoeffding's (1948), doi:10.1214/aoms/1177730196; degrees of freedom, Satterthwaite
    (1946), doi:10.2307/3002019. No estimate is free of bias for every learner (Bengio and Grandvalet 2004, JMLR
    5:1089). That of Nadeau and Bengio (2003), doi:10.1023/A:1024068626366, ``s^2 (1 / J + 1 / (K - 1))`` over ``J``
    folds, knows test samples alone: for pairs it is 0.56 of the truth with five folds ten times. Here two things are
    counted as what they are not. What training samples do by themselves goes with T, which is too little; what differs
    between partitions by whim, such as settings chosen or no feature chosen at all, goes with D, which is too much.

    Examples
    --------
    >>> variance, degrees = fold_variance(np.array([[0.5], [0.6], [0.4], [0.7], [0.6], [0.5]]), 3)
    >>> variance.round(5).tolist(), degrees.round(2).tolist()
    ([0.0116], [5.95])
    """
    if n_folds < 3 or len(values) % n_folds:
        raise DesignError(f"an interval needs whole repeats of three or more folds; got {len(values)} of {n_folds}.")
    folds: Any = np.ma.masked_invalid(values).reshape(-1, n_folds, values.shape[1])
    repeats, k = folds.mean(axis=1), n_folds
    n = repeats.count(axis=0).clip(1)
    within = folds.var(axis=1, ddof=1).mean(axis=0).filled(np.nan)
    between = repeats.var(axis=0, ddof=1).filled(0.0)
    all_pairs = 2.0 * (k - 1) / (k**2 * (k - 2))
    weight = (k - 1 - k * (k - 2) / (2.0 * (k - 1)) + 1.0 / n) / n
    by_folds, by_repeats = within * (1.0 / k + weight * all_pairs), between * weight * (n - 1)
    doubt = by_folds**2 / (n * (k - 1)) + by_repeats**2 / n
    variance, degrees = by_folds + by_repeats, np.full(len(doubt), k - 1.0)
    np.divide(variance**2, doubt, out=degrees, where=doubt > 0.0)
    return variance * len(values) / folds.count(axis=(0, 1)).clip(1), degrees
