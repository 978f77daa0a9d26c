"""Give all samples one distribution: quantile normalization."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.linear_model import as_expression

__all__ = ["quantile_normalize"]

FloatArray = NDArray[np.float64]


def quantile_normalize(expression: ArrayLike) -> FloatArray:
    """Replace the values of each sample by the mean over samples of the values of their rank.

    With r the rank of a value among the n present in its sample (ties share their mean rank), the result is the mean
    quantile function at ``(r - 1) / (n - 1)``, straight between its ``n_features`` points.

    Parameters
    ----------
    expression
        Values, (n_samples, n_features); NaN is missing and stays, its sample's quantiles being interpolated.

    Returns
    -------
    numpy.ndarray
        Normalized values, (n_samples, n_features).

    Raises
    ------
    InputError
        If a sample has fewer than 2 values or an infinite one.

    Notes
    -----
    B. M. Bolstad et al., Bioinformatics 19, 185 (2003), doi:10.1093/bioinformatics/19.2.185; equal to limma's
    ``normalizeQuantiles(ties = TRUE)``.

    Examples
    --------
    >>> quantile_normalize([[1.0, 2.0, 6.0], [30.0, 10.0, 20.0]]).tolist()
    [[5.5, 11.0, 18.0], [18.0, 5.5, 11.0]]
    """
    values = as_expression(expression)
    present = ~np.isnan(values)
    counts = present.sum(axis=1)
    if counts.min() < 2 or np.isinf(values).any():
        poor = np.flatnonzero((counts < 2) | np.isinf(values).any(axis=1))
        raise InputError(f"samples {poor[:3].tolist()} have fewer than 2 values or infinite ones; drop them first.")
    n_features = values.shape[1]
    places = np.linspace(0.0, 1.0, n_features)
    mean = np.zeros(n_features)
    for row, count in zip(values, counts, strict=True):
        ordered = np.sort(row)[:count]
        mean += ordered if count == n_features else np.interp(places, np.linspace(0.0, 1.0, count), ordered)
    mean /= len(values)
    found = np.full(values.shape, np.nan)
    for i, count in enumerate(counts):
        place = (_mean_ranks(values[i, present[i]]) - 1.0) / (count - 1.0)
        found[i, present[i]] = np.interp(place * (n_features - 1.0), np.arange(float(n_features)), mean)
    return found


def _mean_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1; ties share the mean of theirs."""
    _, place, ties = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(ties) - (ties - 1) / 2.0)[place])
