"""What both generations of the variance prior share: the result, the trend covariate, and the prior df of outliers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats.f_distribution import log_f_upper_tail

__all__ = [
    "VariancePrior",
    "average_ranks",
    "constant_prior",
    "finite_covariate",
    "log_minus_digamma",
    "shrunken_outlier_df",
]

FloatArray = NDArray[np.float64]


class VariancePrior(NamedTuple):
    """Scaled inverse chi-squared prior of the residual variances.

    ``scale`` and ``df`` hold one value per feature; ``df_common`` is the prior df of features that are no outliers;
    ``n_offset`` counts (nearly) zero variances that were moved away from zero, ``n_outliers`` the features whose
    prior df was lowered.
    """

    scale: FloatArray
    df: FloatArray
    df_common: float
    n_offset: int
    n_outliers: int


def constant_prior(n: int, scale: float, df: float, *, n_offset: int = 0) -> VariancePrior:
    """Return a prior with one scale and one df for all n features.

    Parameters
    ----------
    n
        Number of features.
    scale
        Prior variance.
    df
        Prior degrees of freedom.
    n_offset
        Features with a variance that were not used.

    Returns
    -------
    VariancePrior
        With fields of shape (n,).
    """
    return VariancePrior(np.full(n, scale), np.full(n, df), df, n_offset, 0)


def finite_covariate(covariate: FloatArray) -> FloatArray:
    """Move infinite covariates one unit beyond the finite ones; NaN stays NaN.

    Parameters
    ----------
    covariate
        (n,)

    Returns
    -------
    ndarray
        (n,)

    Examples
    --------
    >>> finite_covariate(np.array([1.0, 3.0, np.inf])).tolist()
    [1.0, 3.0, 4.0]
    """
    infinite = np.isinf(covariate)
    if not infinite.any():
        return covariate
    finite = covariate[np.isfinite(covariate)]
    if finite.size == 0:
        return np.sign(covariate)
    return np.clip(covariate, finite.min() - 1.0, finite.max() + 1.0)


def log_minus_digamma(x: float | FloatArray) -> FloatArray:
    """log(x) - digamma(x), by recurrence and the asymptotic series, without cancellation for large x.

    Parameters
    ----------
    x
        Positive; any shape.

    Returns
    -------
    float or ndarray
        In the shape of `x`.

    Examples
    --------
    >>> float(log_minus_digamma(1.0).round(10))
    0.5772156649
    """
    values = np.asarray(x, dtype=np.float64)
    shifted = values.copy()
    correction = np.zeros_like(shifted)
    for _ in range(10):
        small = shifted < 10.0
        safe = np.where(small, shifted, 1.0)
        correction += np.where(small, 1.0 / safe + np.log(safe) - np.log(safe + 1.0), 0.0)
        shifted = np.where(small, shifted + 1.0, shifted)
    s = 1.0 / (shifted * shifted)
    series = s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * (691 / 32760 - s / 12))))
    return correction + 0.5 / shifted + s * (1 / 12 - s * (1 / 120 - series))


def average_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, ties averaged.

    Parameters
    ----------
    values
        (n,), without NaN.

    Returns
    -------
    ndarray
        (n,)

    Examples
    --------
    >>> average_ranks(np.array([5.0, 2.0, 5.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate([[0], changes])
    ends = np.concatenate([changes, [values.size]])
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((starts + ends + 1) / 2.0, ends - starts)
    return ranks


def shrunken_outlier_df(
    log_upper_tail: FloatArray, probability_not_outlier: FloatArray, df_common: float, *, worst: tuple[float, float]
) -> FloatArray:
    """Prior df of each feature when some variances are outliers.

    The largest statistic is made the median of F with numerator df d1 and the outliers' prior df, found by two
    proportional steps on the log tail.  A feature's prior df is the mean of the common and of the outliers' df,
    weighted by the probability that it is no outlier, and made monotone in the tail probability.

    Parameters
    ----------
    log_upper_tail
        log P(F > f) of each feature under the prior, shape (n,); minus infinity where it underflows.
    probability_not_outlier
        Ratio of that tail to the empirical tail, at most 1; shape (n,).
    df_common
        Prior df of features that are no outliers.
    worst
        The largest F statistic and its numerator df.

    Returns
    -------
    ndarray
        Prior df, shape (n,), not above `df_common`.

    Notes
    -----
    Phipson et al. (2016), doi:10.1214/16-AOAS920, section 3.5.
    """
    df_outlier = 0.0
    smallest = float(log_upper_tail.min())
    if smallest > -np.inf:
        df_outlier = np.log(0.5) / smallest * df_common
        again = float(log_f_upper_tail(worst[0], worst[1], df_outlier))
        df_outlier = float(np.log(0.5) / again * df_outlier)
    shrunken = probability_not_outlier * df_common + (1.0 - probability_not_outlier) * df_outlier
    order = np.argsort(log_upper_tail, kind="stable")
    ordered = shrunken[order]
    running_mean = np.cumsum(ordered) / np.arange(1, ordered.size + 1)
    lowest = int(np.argmin(running_mean))
    ordered[: lowest + 1] = running_mean[lowest]
    result = np.empty_like(shrunken)
    result[order] = np.maximum.accumulate(ordered)
    return result
