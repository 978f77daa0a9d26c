"""Student's t: tails, two-sided P values and the exact normal deviate, accurate in the far tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.stats.incomplete_beta import SMALLEST_DIRECT, log_small_incomplete_beta

__all__ = ["log_t_upper_tail", "normal_deviate_of_t", "t_two_sided"]

FloatArray = NDArray[np.float64]

_LARGEST_DF = 1e15


def t_two_sided(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """Two-sided P value of a t statistic; infinite df gives the normal.

    Examples
    --------
    >>> round(float(t_two_sided(2.0, 10.0)), 6)
    0.073388
    """
    return 2.0 * _t_upper(np.abs(np.asarray(statistic, dtype=np.float64)), degrees_of_freedom)


def _t_upper(statistic: FloatArray, degrees_of_freedom: ArrayLike) -> FloatArray:
    df = np.asarray(degrees_of_freedom, dtype=np.float64)
    if np.isinf(df).any():
        t, df = np.broadcast_arrays(statistic, df)
        infinite = np.isinf(df)
        return np.where(infinite, special.ndtr(-t), special.stdtr(np.where(infinite, 1.0, df), -t))
    return special.stdtr(df, -statistic)


def log_t_upper_tail(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """log P(T > statistic), also where the probability underflows.

    Examples
    --------
    >>> round(float(log_t_upper_tail(80.0, 1e4)), 4)
    -2478.535
    """
    t, df = np.broadcast_arrays(
        np.asarray(statistic, dtype=np.float64), np.asarray(degrees_of_freedom, dtype=np.float64)
    )
    probability = np.atleast_1d(_t_upper(t, df))
    with np.errstate(divide="ignore"):
        result = np.log(probability)
    t, df = np.atleast_1d(t), np.atleast_1d(df)
    deep = (probability < SMALLEST_DIRECT) & np.isfinite(t)
    normal = deep & (df > _LARGEST_DF)
    result[normal] = special.log_ndtr(-t[normal])
    deep &= ~normal
    if deep.any():
        ratio = t[deep] ** 2 / df[deep]
        half = np.full(ratio.shape, 0.5)
        tail = log_small_incomplete_beta(df[deep] / 2.0, half, 1.0 / (1.0 + ratio), ratio / (1.0 + ratio))
        result[deep] = tail - np.log(2.0)
    return result.reshape(np.broadcast_shapes(np.shape(statistic), np.shape(degrees_of_freedom)))


def normal_deviate_of_t(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """Return the standard normal deviate with the same tail probability as a t statistic.

    The exact deviate, not an approximation by moments: the logarithm of the tail is used where the probability
    itself would underflow, so deviates beyond 37 keep their accuracy.

    Examples
    --------
    >>> round(float(normal_deviate_of_t(-3.0, 10.0)), 6)
    -2.474463
    """
    t = np.asarray(statistic, dtype=np.float64)
    size = np.abs(t)
    upper = np.asarray(_t_upper(size, degrees_of_freedom))
    z = np.asarray(-special.ndtri(upper))
    deep = (upper < SMALLEST_DIRECT) & np.isfinite(size)
    if deep.any():
        df = np.broadcast_to(np.asarray(degrees_of_freedom, dtype=np.float64), z.shape)
        z[deep] = -special.ndtri_exp(log_t_upper_tail(np.broadcast_to(size, z.shape)[deep], df[deep]))
    return np.copysign(z, t)
