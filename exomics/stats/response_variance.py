"""Variance of the individual response: a difference of two variances, with its sign and its interval."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = [
    "ResponseVariance",
    "VarianceInterval",
    "response_variance",
    "signed_root",
    "variance_difference",
]

FloatArray = NDArray[np.float64]
VarianceInterval = Literal["exact_f", "normal"]


class ResponseVariance(NamedTuple):
    """Signed variance of the response, its interval and its one-sided P value; one value of each.

    ``variances`` and ``df`` hold the two variances, shape (2,), that were subtracted.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    variances: FloatArray
    df: FloatArray

    @property
    def sd(self) -> tuple[float, float, float]:
        """Standard deviation of the response with its interval: signed roots, negative where the variance is."""
        estimate, low, high = signed_root([self.estimate, self.ci_low, self.ci_high]).tolist()
        return estimate, low, high


def response_variance(
    trained: ArrayLike, control: ArrayLike, *, level: float = 0.95, interval: VarianceInterval = "exact_f"
) -> ResponseVariance:
    """``V = SD_trained^2 - SD_control^2`` of the changes in two arms: the variance of the response to training.

    Parameters
    ----------
    trained, control
        Changes of the persons of either arm, (n_trained,) and (n_control,); NaN is left out.
    level
        Coverage of the interval.
    interval
        As `variance_difference`.

    Returns
    -------
    ResponseVariance
        Negative where the controls vary more. ``sd`` is its signed root. A larger SD in the trained is neither
        necessary nor sufficient for different responses: training may change the error of measurement, and responses
        may go against the spread that was there.

    Raises
    ------
    InputError
        If an arm has fewer than three changes, or an arm does not vary.

    Notes
    -----
    Atkinson and Batterham (2015), doi:10.1113/EP085070; Hopkins (2018), Sportscience 22, 39.

    Examples
    --------
    >>> found = response_variance([4.0, 9.0, 1.0, 6.0, 10.0], [1.0, -1.0, 0.0, 2.0, -2.0])
    >>> found.estimate, round(found.sd[0], 3)
    (11.0, 3.317)
    """
    arms = [np.asarray(values, dtype=np.float64) for values in (trained, control)]
    arms = [values[np.isfinite(values)] for values in arms]
    if min(map(len, arms)) < 3:
        raise InputError(f"a variance needs three changes in each arm; got {len(arms[0])} and {len(arms[1])}.")
    variances = [float(values.var(ddof=1)) for values in arms]
    return variance_difference(variances, [len(values) - 1 for values in arms], level=level, interval=interval)


def variance_difference(
    variances: ArrayLike, df: ArrayLike, *, level: float = 0.95, interval: VarianceInterval = "exact_f"
) -> ResponseVariance:
    """The first of two independent variances minus the second, each ``variance * chi-square(df) / df``.

    Parameters
    ----------
    variances
        Two positive variances or mean squares, each already multiplied by its constant, (2,).
    df
        Their degrees of freedom, (2,); need not be whole.
    level
        Coverage of the interval.
    interval
        ``"exact_f"``: modified large-sample limits, which exclude 0 exactly where the F test does. ``"normal"``:
        ``V +- z sqrt(2 (v_1^2 / df_1 + v_2^2 / df_2))``, customary and too narrow in small arms.

    Returns
    -------
    ResponseVariance
        The P value is that of the one-sided F test of ``v_1 > v_2``.

    Raises
    ------
    InputError
        If a variance or its degrees of freedom are not positive, or an option is unknown.

    Notes
    -----
    Ting, Burdick, Graybill, Jeyaratnam and Lu (1990), doi:10.1080/00949659008811240. With ``F = F(alpha; df_1, df_2)``
    the upper quantile, ``G_1 = 1 - df_1 / chi2(alpha; df_1)``, ``H_2 = df_2 / chi2(1 - alpha; df_2) - 1`` and
    ``G_12 = ((F - 1)^2 - G_1^2 F^2 - H_2^2) / F`` the lower limit is
    ``V - sqrt(G_1^2 v_1^2 + H_2^2 v_2^2 + G_12 v_1 v_2)``; the upper follows with the arms exchanged.

    Examples
    --------
    >>> found = variance_difference([4.0, 1.0], [20.0, 20.0])
    >>> round(found.ci_low, 3), round(found.ci_high, 3), round(found.p_value, 4)
    (1.05, 7.347, 0.0016)
    """
    v, n = np.asarray(variances, dtype=np.float64), np.asarray(df, dtype=np.float64)
    if v.shape != (2,) or n.shape != (2,) or not bool((v > 0.0).all() and (n > 0.0).all()):
        raise InputError(f"two positive variances with their degrees of freedom are needed; got {v} and {n}.")
    if interval not in get_args(VarianceInterval) or not 0.0 < level < 1.0:
        raise InputError(
            f"interval must be one of {', '.join(get_args(VarianceInterval))} and level between 0 and 1; "
            f"got {interval!r} and {level}."
        )
    estimate = float(v[0] - v[1])
    if interval == "normal":
        half = float(special.ndtri(0.5 + level / 2.0) * np.sqrt(2.0 * (v**2 / n).sum()))
        low, high = estimate - half, estimate + half
    else:
        tail = 0.5 - level / 2.0
        low, high = estimate - _reach(v, n, tail), estimate + _reach(v[::-1], n[::-1], tail)
    p_value = float(special.fdtrc(n[0], n[1], v[0] / v[1]))
    return ResponseVariance(estimate, low, high, p_value, v, n)


def _reach(v: FloatArray, df: FloatArray, tail: float) -> float:
    """Distance from ``v_1 - v_2`` to its lower limit of one-sided level ``1 - tail``."""
    below = 1.0 - df[0] / special.chdtri(df[0], tail)
    above = df[1] / special.chdtri(df[1], 1.0 - tail) - 1.0
    f = special.fdtri(df[0], df[1], 1.0 - tail)
    both = ((f - 1.0) ** 2 - below**2 * f**2 - above**2) / f
    return float(np.sqrt(max((below * v[0]) ** 2 + (above * v[1]) ** 2 + both * v[0] * v[1], 0.0)))


def signed_root(variance: ArrayLike) -> FloatArray:
    """``sign(V) sqrt(abs(V))``, so that a negative variance stays visible as a standard deviation.

    Parameters
    ----------
    variance
        Of any shape.

    Returns
    -------
    ndarray
        Same shape.

    Examples
    --------
    >>> signed_root([-4.0, 0.0, 9.0]).tolist()
    [-2.0, 0.0, 3.0]
    """
    values = np.asarray(variance, dtype=np.float64)
    return np.sign(values) * np.sqrt(np.abs(values))
