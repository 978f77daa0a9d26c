"""Student's t: tails, two-sided P values and the exact normal deviate, accurate in the far tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.stats._t_kernels import LARGEST_DF, LARGEST_T, upper_tails
from exomics.stats.incomplete_beta import SMALLEST_DIRECT, log_small_incomplete_beta

__all__ = ["log_t_upper_tail", "normal_deviate_of_t", "t_quantile", "t_tests", "t_upper_tail"]

FloatArray = NDArray[np.float64]

_NORMAL_DF = 1e15


def t_upper_tail(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """P(T > statistic); infinite df gives the normal.

    Parameters
    ----------
    statistic
        Value of T.
    degrees_of_freedom
        Positive, may be infinite; broadcasts with `statistic`.

    Returns
    -------
    ndarray
        Probabilities, in the broadcast shape.

    Examples
    --------
    >>> t_upper_tail([0.0, 1.0], 1.0).round(6).tolist()
    [0.5, 0.25]
    """
    t, df = np.broadcast_arrays(
        np.asarray(statistic, dtype=np.float64), np.asarray(degrees_of_freedom, dtype=np.float64)
    )
    result = upper_tails(t.flatten(), df.flatten()).reshape(t.shape)
    rare = (df > LARGEST_DF) | (np.abs(t) > LARGEST_T)
    if rare.any():
        infinite = np.isinf(df[rare])
        finite = np.where(infinite, 1.0, df[rare])
        result[rare] = np.where(infinite, special.ndtr(-t[rare]), special.stdtr(finite, -t[rare]))
    return result


def t_quantile(probability: float, degrees_of_freedom: ArrayLike) -> FloatArray:
    """Value that T does not exceed with the given probability; equal df are solved once.

    Parameters
    ----------
    probability
        Between 0 and 1.
    degrees_of_freedom
        Positive, may be infinite; any shape.

    Returns
    -------
    ndarray
        Quantiles, in the shape of `degrees_of_freedom`.

    Examples
    --------
    >>> t_quantile(0.975, [1.0, np.inf]).round(4).tolist()
    [12.7062, 1.96]
    """
    df = np.asarray(degrees_of_freedom, dtype=np.float64)
    distinct, index = np.unique(df, return_inverse=True)
    finite = np.where(np.isinf(distinct), 1.0, distinct)
    quantile = np.where(np.isinf(distinct), special.ndtri(probability), special.stdtrit(finite, probability))
    return np.asarray(quantile[index].reshape(df.shape))


def t_tests(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Two-sided P values of t statistics, and the normal deviates with the same tail probabilities.

    The deviate is exact, not an approximation by moments: the logarithm of the tail is used where the probability
    itself would underflow, so deviates beyond 37 keep their accuracy.

    Parameters
    ----------
    statistic, degrees_of_freedom
        Arrays that broadcast; NaN gives NaN.

    Returns
    -------
    tuple of ndarray
        P values and deviates.

    Examples
    --------
    >>> p_value, z = t_tests([-3.0, 0.5], 10.0)
    >>> p_value.round(6).tolist(), z.round(6).tolist()
    ([0.013344, 0.627894], [-2.474463, 0.484694])
    """
    t = np.asarray(statistic, dtype=np.float64)
    size = np.abs(t)
    upper = t_upper_tail(size, degrees_of_freedom)
    z = np.asarray(-special.ndtri(upper))
    deep = (upper < SMALLEST_DIRECT) & np.isfinite(size)
    if deep.any():
        df = np.broadcast_to(np.asarray(degrees_of_freedom, dtype=np.float64), z.shape)
        z[deep] = -special.ndtri_exp(log_t_upper_tail(np.broadcast_to(size, z.shape)[deep], df[deep]))
    return 2.0 * upper, np.copysign(z, t)


def log_t_upper_tail(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """log P(T > statistic), also where the probability underflows.

    Parameters
    ----------
    statistic
        Value of T.
    degrees_of_freedom
        Positive, may be infinite; broadcasts with `statistic`.

    Returns
    -------
    ndarray
        Natural logarithms, in the broadcast shape.

    Examples
    --------
    >>> round(float(log_t_upper_tail(80.0, 1e4)), 4)
    -2478.535
    """
    t, df = np.broadcast_arrays(
        np.asarray(statistic, dtype=np.float64), np.asarray(degrees_of_freedom, dtype=np.float64)
    )
    probability = np.atleast_1d(t_upper_tail(t, df))
    with np.errstate(divide="ignore"):
        result = np.log(probability)
    t, df = np.atleast_1d(t), np.atleast_1d(df)
    deep = (probability < SMALLEST_DIRECT) & np.isfinite(t)
    normal = deep & (df > _NORMAL_DF)
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

    Parameters
    ----------
    statistic
        Value of T.
    degrees_of_freedom
        Positive, may be infinite; broadcasts with `statistic`.

    Returns
    -------
    ndarray
        z with ``P(Z > z) = P(T > t)``, in the broadcast shape.

    Examples
    --------
    >>> round(float(normal_deviate_of_t(-3.0, 10.0)), 6)
    -2.474463
    """
    return t_tests(statistic, degrees_of_freedom)[1]
