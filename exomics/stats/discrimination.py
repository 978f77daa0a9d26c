"""How well single features tell two groups apart: AUC, standardized mean difference, logistic regression."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._discrimination_kernels import (
    auc_of_each_feature,
    logistic_of_each_feature,
    means_of_each_feature,
)

__all__ = [
    "LOGISTIC_STATUS",
    "Auc",
    "LogisticScreen",
    "MeanDifference",
    "area_under_curve",
    "logistic_screen",
    "standardized_mean_difference",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Names of the status codes of a logistic fit, in order.
LOGISTIC_STATUS = ("converged", "separated", "not_converged", "one_group", "constant")


class Auc(NamedTuple):
    """Area under the ROC curve of each feature; every field has shape (n_features,)."""

    estimate: FloatArray
    standard_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_positive: IntArray
    n_negative: IntArray


class MeanDifference(NamedTuple):
    """Standardized mean difference of each feature; every field has shape (n_features,)."""

    estimate: FloatArray
    standard_error: FloatArray
    n_positive: IntArray
    n_negative: IntArray


class LogisticScreen(NamedTuple):
    """Logistic regression on each feature alone; every field has shape (n_features,).

    ``status`` holds indices into :data:`LOGISTIC_STATUS`.
    """

    log_odds_ratio: FloatArray
    standard_error: FloatArray
    z: FloatArray
    p_value: FloatArray
    intercept: FloatArray
    n_samples: IntArray
    n_positive: IntArray
    status: IntArray


def area_under_curve(features: ArrayLike, positive: ArrayLike, *, level: float = 0.95) -> Auc:
    """Probability that a positive sample has the higher value (ties count one half), with DeLong's standard error.

    Parameters
    ----------
    features
        Shape (n_samples, n_features), or (n_samples,) for one; higher values should mean positive.  NaN is left out.
    positive
        1 for positive, 0 for negative samples, NaN for neither; shape (n_samples,).
    level
        Coverage of the interval, which is symmetric on the logit scale.

    Returns
    -------
    Auc
        The error needs two samples in each group; the limits are NaN where it is missing or the AUC is 0 or 1.

    Raises
    ------
    InputError
        If the shapes do not fit, a label is not 0, 1 or NaN, or `level` is outside (0, 1).

    Notes
    -----
    DeLong et al. (1988), doi:10.2307/2531595; the AUC is the Mann-Whitney statistic divided by the number of pairs.

    Examples
    --------
    >>> auc = area_under_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> auc.estimate.tolist(), auc.standard_error.round(4).tolist()
    ([0.75], [0.3536])
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"The confidence level must lie between 0 and 1; got {level}.")
    estimate, variance, n_positive, n_negative = auc_of_each_feature(*_checked(features, positive)).T
    error = np.sqrt(variance)
    interior = (estimate > 0.0) & (estimate < 1.0)
    inside = np.where(interior, estimate, np.nan)
    logit = special.logit(inside)
    margin = special.ndtri(0.5 + level / 2.0) * error / (inside * (1.0 - inside))
    return Auc(
        estimate=estimate,
        standard_error=error,
        ci_low=special.expit(logit - margin),
        ci_high=special.expit(logit + margin),
        n_positive=n_positive.astype(np.int64),
        n_negative=n_negative.astype(np.int64),
    )


def standardized_mean_difference(
    features: ArrayLike, positive: ArrayLike, *, small_sample_correction: bool = True
) -> MeanDifference:
    """Difference of the group means in units of the pooled standard deviation.

    ``g = J (mean_1 - mean_0) / s_pooled`` with ``J = gamma(m / 2) / (sqrt(m / 2) gamma((m - 1) / 2))``,
    ``m = n_1 + n_0 - 2``, and ``variance = 1 / n_1 + 1 / n_0 + g^2 / (2 (n_1 + n_0))``.

    Parameters
    ----------
    features
        Shape (n_samples, n_features), or (n_samples,) for one.  NaN is left out.
    positive
        1 for positive, 0 for negative samples, NaN for neither; shape (n_samples,).
    small_sample_correction
        Multiply by J (Hedges' g); otherwise Cohen's d.

    Returns
    -------
    MeanDifference
        NaN where a group is empty, fewer than 3 samples are measured, or the feature does not vary within groups.

    Raises
    ------
    InputError
        If the shapes do not fit or a label is not 0, 1 or NaN.

    Notes
    -----
    Hedges (1981), doi:10.3102/10769986006002107; agrees with ``escalc(measure = "SMD")`` of metafor.

    Examples
    --------
    >>> standardized_mean_difference([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]).estimate.round(4).tolist()
    [1.5958]
    """
    difference, variance, n_positive, n_negative = means_of_each_feature(*_checked(features, positive)).T
    total = n_positive + n_negative
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(variance > 0.0, difference / np.sqrt(variance), np.nan)
        if small_sample_correction:
            half = (total - 2.0) / 2.0
            estimate = estimate * np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half)
        error = np.sqrt(1.0 / n_positive + 1.0 / n_negative + estimate**2 / (2.0 * total))
    return MeanDifference(estimate, error, n_positive.astype(np.int64), n_negative.astype(np.int64))


def logistic_screen(
    features: ArrayLike, positive: ArrayLike, *, firth: bool = False, optimum: Literal["exact", "published"] = "exact"
) -> LogisticScreen:
    """Fit ``logit P(positive) = intercept + slope * feature`` to each feature alone.

    Parameters
    ----------
    features
        Shape (n_samples, n_features), or (n_samples,) for one; standardize them for slopes per standard deviation.
        NaN is left out.
    positive
        1 for positive, 0 for negative samples, NaN for neither; shape (n_samples,).
    firth
        Maximize the likelihood times the root of the determinant of the information, which keeps the slope finite
        when the feature separates the groups.
    optimum
        ``"exact"``: the true optimum.  ``"published"``: where R's ``glm`` stops, with the standard error from its
        last weights (those before the last step), for recipes that reproduce a paper.

    Returns
    -------
    LogisticScreen
        P values are Wald's.  A feature that separates the groups (completely, or up to one shared value) has an
        infinite slope with its sign and a missing P value, unless `firth`.

    Raises
    ------
    InputError
        If the shapes do not fit, a label is not 0, 1 or NaN, or `firth` is asked for with ``optimum="published"``.

    Notes
    -----
    Newton's method (iteratively reweighted least squares) to machine precision; Firth (1993),
    doi:10.1093/biomet/80.1.27, with the standard error from the information at the estimate.  The standard error of
    ``glm`` at its default tolerance can be off by 1e-4 relative.

    Examples
    --------
    >>> fit = logistic_screen([0.0, 1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1, 1])
    >>> fit.log_odds_ratio.round(4).tolist(), LOGISTIC_STATUS[fit.status[0]]
    ([1.0904], 'converged')
    """
    if optimum not in ("exact", "published") or (firth and optimum == "published"):
        raise InputError(f"optimum must be 'exact', or 'published' without firth; got {optimum!r} with firth={firth}.")
    values, labels = _checked(features, positive)
    fits = logistic_of_each_feature(values, labels, firth, optimum == "published")
    slope, error, intercept, n_samples, n_positive, status = fits.T
    with np.errstate(invalid="ignore"):
        z = slope / error
    return LogisticScreen(
        log_odds_ratio=slope,
        standard_error=error,
        z=z,
        p_value=2.0 * special.ndtr(-np.abs(z)),
        intercept=intercept,
        n_samples=n_samples.astype(np.int64),
        n_positive=n_positive.astype(np.int64),
        status=status.astype(np.int64),
    )


def _checked(features: ArrayLike, positive: ArrayLike) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Features in rows over the labeled samples, and the labels."""
    values, labels = np.asarray(features, dtype=np.float64), np.asarray(positive, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or labels.shape != (values.shape[0],):
        raise InputError(
            f"Features must be samples x features with one label per sample; got shapes {values.shape} and "
            f"{labels.shape}."
        )
    labeled = ~np.isnan(labels)
    if not bool(np.isin(labels[labeled], (0.0, 1.0)).all()):
        raise InputError("Labels must be 1 (positive), 0 (negative) or NaN; recode the two groups first.")
    return np.ascontiguousarray(values[labeled].T), labels[labeled] == 1.0
