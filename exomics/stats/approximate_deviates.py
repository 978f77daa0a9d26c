"""Fast approximations to the normal deviate of a t statistic, as the set tests of limma use them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_LARGEST_DF = 1e100


def hill_deviate(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """Normal deviate of t by G. W. Hill's expansion, doi:10.1145/355598.355600.

    Examples
    --------
    >>> round(float(hill_deviate(-3.0, 10.0)), 6)
    -2.474463
    """
    t, df = np.asarray(statistic, dtype=np.float64), np.minimum(degrees_of_freedom, _LARGEST_DF)
    a = df - 0.5
    b = 48.0 * a * a
    z = a * np.log1p(t / df * t)
    numerator = (((-0.4 * z - 3.3) * z - 24.0) * z - 85.5) / (0.8 * z * z + 100.0 + b)
    return np.copysign(((numerator + z + 3.0) / b + 1.0) * np.sqrt(z), t)


def bailey_deviate(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> FloatArray:
    """Normal deviate of t by B. J. R. Bailey's formula, doi:10.2307/2346904.

    ``sign(t) (d + 1/8) / (d + 9/8) sqrt((d + 19/12) log(1 + t^2 / (d + 1/12)))``.

    Examples
    --------
    >>> round(float(bailey_deviate(-3.0, 10.0)), 3)
    -2.474
    """
    t, df = np.asarray(statistic, dtype=np.float64), np.asarray(degrees_of_freedom, dtype=np.float64)
    size = np.sqrt((df + 19.0 / 12.0) * np.log1p(t / (df + 1.0 / 12.0) * t))
    return np.copysign((df + 0.125) / (df + 1.125) * size, t)
