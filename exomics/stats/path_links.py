"""One link of a causal chain: a coefficient, linear or of log odds, and how much confounding would undo it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.stats.t_distribution import t_upper_tail

__all__ = ["Link", "link_fit", "robustness_of_interval", "robustness_value"]

_MOST_STEPS = 50
_LARGEST_STEP = 5.0
_LEAST_FREE = 1e-6  # of a residual that its own subject fixes


class Link(NamedTuple):
    """One coefficient: one entry of each.

    ``estimate`` and ``standard_error`` per unit of the predictor (log odds for a binary outcome), ``p_value``
    two-sided, ``degrees_of_freedom`` of the residuals.
    """

    estimate: float
    standard_error: float
    p_value: float
    degrees_of_freedom: float


def link_fit(
    outcome: FloatArray, predictor: FloatArray, covariates: FloatArray, *, binary: bool, robust: bool = False
) -> Link:
    """Coefficient of a predictor of an outcome, given covariates.

    Least squares; or, for a binary outcome, the maximum of ``log L(b) + log det(I(b)) / 2`` (Firth), which exists when
    the outcome is separated too.

    Parameters
    ----------
    outcome, predictor
        (n_subjects,) without missing values.
    covariates
        (n_subjects, n_covariates).
    binary
        Whether the outcome is 0 or 1.
    robust
        Let the variance of a linear outcome differ between subjects (HC3).

    Returns
    -------
    Link
        NaN where there are too few subjects, or the predictor is a combination of the covariates.

    Raises
    ------
    InputError
        If a binary outcome holds another value.

    Notes
    -----
    Firth (1993), doi:10.1093/biomet/80.1.27; HC3 of MacKinnon and White (1985), doi:10.1016/0304-4076(85)90158-7. Wald
    tests, t for the linear and normal for the binary model.

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> link_fit(2 * x + np.array([0.1, -0.1] * 4), x, np.empty((8, 0)), binary=False).estimate.__round__(1)
    2.0
    """
    y = np.asarray(outcome, dtype=np.float64)
    design = np.column_stack([np.ones(len(y)), predictor, covariates])
    if binary and not np.isin(y, (0.0, 1.0)).all():
        raise InputError("a binary outcome must hold 0 and 1 only.")
    df = float(len(y) - design.shape[1])
    if df < 1 or np.linalg.matrix_rank(design) < design.shape[1] or np.ptp(y) == 0:
        return Link(np.nan, np.nan, np.nan, df)
    if binary:
        estimate, error = _firth(design, y)
        return Link(estimate, error, float(2 * special.ndtr(-abs(estimate / error))), df)
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residual = y - design @ coefficients
    inverse = np.linalg.inv(design.T @ design)
    if robust:
        leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
        error = float(np.sqrt((((design @ inverse[1]) * residual / np.maximum(1 - leverage, _LEAST_FREE)) ** 2).sum()))
    else:
        error = float(np.sqrt((residual**2).sum() / df * inverse[1, 1]))
    estimate = float(coefficients[1])
    p_value = (
        2 * float(np.asarray(t_upper_tail(np.array([abs(estimate / error)]), df)).ravel()[0]) if error > 0 else 0.0
    )
    return Link(estimate, error, p_value, df)


def _firth(design: FloatArray, y: FloatArray) -> tuple[float, float]:
    centered = np.column_stack([design[:, :1], design[:, 1:] - design[:, 1:].mean(axis=0)])
    b = np.zeros(design.shape[1])
    covariance = np.eye(len(b))
    for _ in range(_MOST_STEPS):
        p = special.expit(centered @ b)
        weight = p * (1 - p)
        covariance = np.linalg.pinv((centered * weight[:, None]).T @ centered)
        leverage = weight * np.einsum("ij,jk,ik->i", centered, covariance, centered)
        step = covariance @ (centered.T @ (y - p + leverage * (0.5 - p)))
        b = b + step / max(1.0, np.abs(step).max() / _LARGEST_STEP)
        if np.abs(step).max() < 1e-9:
            break
    return float(b[1]), float(np.sqrt(covariance[1, 1]))


def robustness_value(statistic: float, degrees_of_freedom: float) -> float:
    """Least share of residual variance that an unmeasured confounder must explain, on both sides, to undo an effect.

    ``RV = (sqrt(f^4 + 4 f^2) - f^2) / 2`` with ``f = |t| / sqrt(df)``.

    Parameters
    ----------
    statistic
        t of the coefficient.
    degrees_of_freedom
        Of the residuals.

    Returns
    -------
    float
        From 0 (any confounder would do) to 1.

    Notes
    -----
    Cinelli and Hazlett (2020), doi:10.1111/rssb.12348. For a logistic coefficient it is an approximation.

    Examples
    --------
    >>> round(robustness_value(4.18, 783), 3)
    0.139
    """
    return _least_share(abs(statistic) / np.sqrt(degrees_of_freedom))


def robustness_of_interval(statistic: float, degrees_of_freedom: float, critical: float) -> float:
    """As `robustness_value`, to bring 0 into the interval instead of the estimate to 0.

    With ``f = |t| / sqrt(df) - critical / sqrt(df - 1)``, 0 where that is negative: the interval holds 0 as it is.

    Parameters
    ----------
    statistic
        t of the coefficient.
    degrees_of_freedom
        Of the residuals.
    critical
        The quantile that the interval is made with, such as 1.96.

    Returns
    -------
    float
        From 0 to 1.

    Notes
    -----
    Cinelli and Hazlett (2020), doi:10.1111/rssb.12348.

    Examples
    --------
    >>> round(robustness_of_interval(4.18, 783, 1.96), 3)
    0.076
    """
    if degrees_of_freedom <= 1:
        return 0.0
    f = abs(statistic) / np.sqrt(degrees_of_freedom) - critical / np.sqrt(degrees_of_freedom - 1)
    return _least_share(max(float(f), 0.0))


def _least_share(f: float) -> float:
    square = f**2
    return float((np.sqrt(square**2 + 4 * square) - square) / 2)
