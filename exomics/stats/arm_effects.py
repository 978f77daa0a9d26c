"""The effect of an arm, within levels of a variable, and whether it differs between them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.interactions import Family, fit_model
from exomics.stats.t_distribution import t_quantile

__all__ = ["ArmEffect", "arm_effect", "difference_of_effects"]

FloatArray = NDArray[np.float64]


class ArmEffect(NamedTuple):
    """Effect of the arm with its standard error and 95 % interval; one value of each, NaN where there is none."""

    estimate: float
    standard_error: float
    ci_low: float
    ci_high: float


def arm_effect(arm: ArrayLike, outcome: ArrayLike, *, family: Family) -> ArmEffect:
    """``g(outcome) = a + b arm``: the difference of means, log odds ratio, or log hazard ratio ``b``.

    Parameters
    ----------
    arm
        (n_samples,) 1 trained, 0 control.
    outcome
        As `exomics.stats.interactions.interaction_screen`; rows with NaN are left out.
    family
        ``linear``, ``logistic`` or ``cox``.

    Returns
    -------
    ArmEffect
        NaN with fewer than three samples in an arm, or where the arm separates the outcome.

    Raises
    ------
    InputError
        If shapes differ.

    Notes
    -----
    t interval for ``linear``, Wald intervals otherwise.

    Examples
    --------
    >>> round(arm_effect([0, 0, 0, 1, 1, 1], [1.0, 2.0, 3.0, 3.0, 4.0, 5.0], family="linear").estimate, 9)
    2.0
    """
    arms, values = np.asarray(arm, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if arms.ndim != 1 or len(values) != len(arms):
        raise InputError(f"one outcome is needed for each of {arms.size} arms; got {len(values)}.")
    known = np.isfinite(arms) & np.isfinite(values.reshape(len(arms), -1)).all(axis=1)
    arms, values = arms[known], values[known]
    nothing = ArmEffect(*[float("nan")] * 4)
    if min((arms == 1.0).sum(), (arms == 0.0).sum()) < 3 or (family == "cox" and not values[:, 1].any()):
        return nothing
    beta, covariance, df = fit_model(arms[:, np.newaxis], values, family)
    if not (np.isfinite(beta[0]) and covariance[0, 0] > 0.0):
        return nothing
    estimate, error = float(beta[0]), float(np.sqrt(covariance[0, 0]))
    half = float(t_quantile(0.975, [df if df else np.inf])[0]) * error
    return ArmEffect(estimate, error, estimate - half, estimate + half)


def difference_of_effects(estimates: ArrayLike, errors: ArrayLike) -> float:
    """P value of equal effects in all levels: ``Q = sum (b_k - mean)^2 / se_k^2``, chi-square on levels - 1.

    Parameters
    ----------
    estimates, errors
        Of independent levels, (n_levels,); levels with NaN are left out.

    Returns
    -------
    float
        NaN with fewer than two levels.

    Notes
    -----
    Cochran (1954), doi:10.2307/3001666; with two levels the usual test of interaction of Altman and Bland (2003),
    doi:10.1136/bmj.326.7382.219.

    Examples
    --------
    >>> round(difference_of_effects([1.0, 0.0], [0.5, 0.5]), 4)
    0.1573
    """
    b, e = np.asarray(estimates, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    known = np.isfinite(b) & (e > 0.0)
    if known.sum() < 2:
        return float("nan")
    weight = e[known] ** -2.0
    mean = float((weight * b[known]).sum() / weight.sum())
    return float(special.chdtrc(float(known.sum() - 1), float((weight * (b[known] - mean) ** 2).sum())))
