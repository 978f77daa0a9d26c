"""Gene set variation: every feature on the scale of its own distribution, then a running sum down each sample."""

from __future__ import annotations

from functools import cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from exomics.stats._variation_kernels import kernel_distributions, walk_rankings
from exomics.stats.rank_scores import prepare_rows

__all__ = ["gene_set_variation", "kernel_distribution"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TABLE_UP_TO = 256
_STEPS = 10_000
_CELL, _REACH, _MOMENTS = 0.25, 28, 6


def kernel_distribution(
    values: NDArray[Any], sample: NDArray[Any], sds: FloatArray, *, table_up_to: int = TABLE_UP_TO
) -> FloatArray:
    """Where every value stands in the smoothed distribution of its feature.

    ``F(y) = mean_k Phi((y - x_k) / h)`` with ``h = sd / 4``.

    Parameters
    ----------
    values
        (n_samples, n_features); NaN where not measured.
    sample
        (n_reference, n_features) values ``x_k`` that make the distribution; NaN is left out.
    sds
        (n_features,) standard deviation of each feature.
    table_up_to
        From up to so many values the normal distribution is read from a table.

    Returns
    -------
    ndarray
        (n_samples, n_features) within (0, 1); NaN where the value is missing or the feature is constant.

    Notes
    -----
    Hanzelmann et al. 2013, doi:10.1186/1471-2105-14-7, Gaussian kernel. From up to 256 values the normal distribution
    is read from a table of step 0.001 without interpolation, as GSVA and gseapy do, so that ranks agree with theirs;
    from more it is expanded around a grid, exact to 1e-8, in time that does not grow with the square of their number.
    Their table is off by up to 4e-4 in ``F``: neighbors in a ranking change places, and scores move by a few
    ``1 / n_features``. A large `table_up_to` gives their scores for any number.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> kernel_distribution(x, x, np.array([1.0])).round(4).ravel().tolist()
    [0.1667, 0.5, 0.8333]
    """
    result = np.empty(values.shape)
    nodes = np.empty((3, _most_nodes(sample.shape[0])))
    tables = (_table(), _derivatives(), nodes, table_up_to)
    widths = np.asarray(sds, dtype=np.float64)
    kernel_distributions(_floating(values), _floating(sample), widths, tables, result)
    return result


def gene_set_variation(
    distribution: FloatArray, columns: IntArray, offsets: IntArray, *, exponent: float = 1.0, difference: bool = True
) -> FloatArray:
    """Scores of feature sets from the place of every value in the distribution of its feature.

    Features are ranked within each sample, descending; with ``r`` the distance of a rank from the middle, the running
    sum rises by ``r^a / sum(r^a)`` at a member and falls by ``1 / (N - k)`` at any other feature. ``score = max + min``
    of it (or, with `difference` False, the one that is larger in size).

    Parameters
    ----------
    distribution
        (n_samples, n_features), as from `kernel_distribution`; NaN is left out of the ranking.
    columns, offsets
        The sets in compressed form: set ``s`` has the columns ``columns[offsets[s]:offsets[s + 1]]``.
    exponent
        ``a``.
    difference
        Whether the largest deviations on both sides are joined.

    Returns
    -------
    ndarray
        (n_samples, n_sets) in [-1, 1]; NaN where no member, or every feature, is in the set.

    Notes
    -----
    Hanzelmann et al. 2013, doi:10.1186/1471-2105-14-7. Equal values have one rank, the mean of their run, and the sum
    is read only between runs: the order of the features does not matter. The package GSVA breaks such ties by the
    rounding of its sums and then by position: where many values tie, scores differ by a few thousandths.

    Examples
    --------
    >>> gene_set_variation(np.array([[0.9, 0.1, 0.5, 0.4]]), np.array([0]), np.array([0, 1])).tolist()
    [[1.0]]
    """
    scores = np.empty((distribution.shape[0], len(offsets) - 1))
    walk_rankings(prepare_rows(distribution), columns, offsets, scores, (float(exponent), bool(difference)))
    return scores


def _floating(values: NDArray[Any]) -> NDArray[Any]:
    found = np.asarray(values)
    return found if found.dtype in (np.float32, np.float64) else found.astype(np.float64)


def _most_nodes(n_reference: int) -> int:
    """Nodes that the widest possible sample of this size needs: its range is at most ``sqrt(2 (n - 1))`` sd."""
    return int(np.sqrt(2.0 * max(n_reference - 1, 1)) * 4 / _CELL) + 8


@cache
def _table() -> FloatArray:
    return ndtr(np.arange(_STEPS + 1) * 10.0 / _STEPS)


@cache
def _derivatives() -> FloatArray:
    """``(-1)^m / m!`` times derivative ``m + j`` of the normal distribution at every lag of the grid, (3, m, lags)."""
    lags = np.arange(-_REACH, _REACH + 1) * _CELL
    density = np.exp(-0.5 * lags**2) / np.sqrt(2 * np.pi)
    hermite = [np.ones_like(lags), lags]
    for order in range(2, _MOMENTS + 3):
        hermite.append(lags * hermite[-1] - (order - 1) * hermite[-2])
    derivative = [ndtr(lags), *((-1) ** order * hermite[order] * density for order in range(_MOMENTS + 2))]
    return np.array(
        [[(-1) ** m / factorial(m) * derivative[m + j] for m in range(_MOMENTS)] for j in range(3)], dtype=np.float64
    )
