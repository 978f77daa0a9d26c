"""Survival analysis: Cox regression of a few covariates or of many single features, and administrative censoring.

Kaplan-Meier curves and the concordance index live in their own files and are available from here too.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._cox_kernels import CONVERGED, fit_several, partial_likelihood
from exomics.stats._cox_screen_kernels import fit_each_feature
from exomics.stats._follow_up import checked_follow_up, descending_order, tie_borders
from exomics.stats.concordance import Concordance, concordance
from exomics.stats.kaplan_meier import KaplanMeier, kaplan_meier

__all__ = [
    "COX_STATUS",
    "Concordance",
    "CoxFit",
    "CoxScreen",
    "KaplanMeier",
    "censor_at",
    "concordance",
    "cox_regression",
    "cox_screen",
    "kaplan_meier",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Ties = Literal["efron", "breslow"]

#: Names of the status codes of a Cox fit, in order.
COX_STATUS = ("converged", "monotone_likelihood", "not_converged", "no_events", "constant", "singular")


class CoxFit(NamedTuple):
    """Cox regression of several covariates; vectors have one entry per covariate.

    ``status`` is one of :data:`COX_STATUS`; unless it is ``"converged"`` the estimates are NaN.
    """

    log_hazard_ratio: FloatArray
    standard_error: FloatArray
    z: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    log_likelihood: float
    null_log_likelihood: float
    n_samples: int
    n_events: int
    status: str


class CoxScreen(NamedTuple):
    """Cox regression of one feature after another; every field has shape (n_features,).

    ``status`` holds indices into :data:`COX_STATUS`.
    """

    log_hazard_ratio: FloatArray
    standard_error: FloatArray
    z: FloatArray
    p_value: FloatArray
    n_samples: IntArray
    n_events: IntArray
    status: IntArray


def censor_at(time: ArrayLike, event: ArrayLike, horizon: float) -> tuple[FloatArray, FloatArray]:
    """Censor follow-up at a horizon: later events become censored observations at the horizon.

    An event exactly at the horizon counts.

    Parameters
    ----------
    time, event
        Follow-up times and event indicators (1 event, 0 censored), shape (n_samples,); NaN where unknown.
    horizon
        Last time looked at, in the units of `time`.

    Returns
    -------
    tuple of ndarray
        Times and indicators.

    Raises
    ------
    InputError
        If the horizon is not positive, or the follow-up is malformed.

    Examples
    --------
    >>> time, event = censor_at([10.0, 36.0, 50.0], [1, 1, 1], 36.0)
    >>> time.tolist(), event.tolist()
    ([10.0, 36.0, 36.0], [1.0, 1.0, 0.0])
    """
    if not horizon > 0.0:
        raise InputError(f"The censoring horizon must be positive; got {horizon}.")
    times, events = checked_follow_up(time, event)
    return np.minimum(times, horizon), np.where(times > horizon, 0.0, events)


def cox_regression(covariates: ArrayLike, time: ArrayLike, event: ArrayLike, *, ties: Ties = "efron") -> CoxFit:
    """Fit a Cox proportional hazards model with a few covariates.

    Maximizes the partial likelihood ``sum over events of x_i b - log(sum over the risk set of exp(x_j b))`` by
    Newton's method on centered and scaled covariates.

    Parameters
    ----------
    covariates
        Shape (n_samples, n_covariates), or (n_samples,) for one; samples with a NaN are left out.
    time, event
        Follow-up times and event indicators (1 event, 0 censored), shape (n_samples,); NaN where unknown.
    ties
        ``"efron"`` or ``"breslow"`` treatment of events at the same time.

    Returns
    -------
    CoxFit
        ``"monotone_likelihood"``: a combination of covariates orders all events, so an estimate is infinite.
        ``"singular"``: covariates are linearly dependent in the risk sets.

    Raises
    ------
    InputError
        If the shapes do not fit, an indicator is not 0 or 1, a time is negative, or `ties` is unknown.

    Notes
    -----
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x; Efron (1977), doi:10.1080/01621459.1977.10480613.  Agrees
    with ``coxph`` of R's survival, including its merging of times that differ by rounding only; the Newton steps go
    on to machine precision instead of its tolerance of 1e-9.

    Examples
    --------
    >>> fit = cox_regression([0.0, 1.0, 2.0, 1.5, 0.5], [5.0, 3.0, 1.0, 4.0, 2.0], [1, 1, 1, 0, 1])
    >>> fit.status, fit.log_hazard_ratio.round(4).tolist()
    ('converged', [0.8372])
    """
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    times, events, order = _prepared(x, time, event, ties)
    order = order[np.isfinite(x[order]).all(axis=1)]
    x, indicator = x[order], events[order] == 1.0
    p, n_events = x.shape[1], int(indicator.sum())
    if n_events == 0 or p == 0:
        return _empty_fit(p, x.shape[0], n_events, "no_events" if n_events == 0 else "constant")
    center, scale = x.mean(axis=0), x.std(axis=0)
    if bool((scale <= 1e-13 * np.abs(center)).any()):
        return _empty_fit(p, x.shape[0], n_events, "constant")
    standardized = np.ascontiguousarray((x - center) / scale)
    groups = tie_borders(times[order])
    beta, covariance, log_likelihood, status = fit_several(standardized, groups, indicator, ties == "efron")
    null = partial_likelihood(standardized, groups, indicator, np.zeros(p), ties == "efron")[0]
    if status != CONVERGED:
        return _empty_fit(p, x.shape[0], n_events, COX_STATUS[status])._replace(null_log_likelihood=null)
    estimate, covariance = beta / scale, covariance / np.outer(scale, scale)
    error = np.sqrt(np.diag(covariance))
    z = estimate / error
    return CoxFit(
        log_hazard_ratio=estimate,
        standard_error=error,
        z=z,
        p_value=2.0 * special.ndtr(-np.abs(z)),
        covariance=covariance,
        log_likelihood=log_likelihood,
        null_log_likelihood=null,
        n_samples=x.shape[0],
        n_events=n_events,
        status=COX_STATUS[status],
    )


def cox_screen(
    features: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    adjust_for: ArrayLike | None = None,
    ties: Ties = "efron",
) -> CoxScreen:
    """Fit a Cox model to each feature alone, or to each feature beside the same few covariates.

    Parameters
    ----------
    features
        Shape (n_samples, n_features); a sample is left out of the features in which it is NaN.
    time, event
        Follow-up times and event indicators (1 event, 0 censored), shape (n_samples,); NaN where unknown.
    adjust_for
        Covariates that every model contains, shape (n_samples, n_covariates).
    ties
        ``"efron"`` or ``"breslow"`` treatment of events at the same time.

    Returns
    -------
    CoxScreen
        Per unit of the feature.  With a monotone likelihood (the feature orders all events) the log hazard ratio of an
        unadjusted model is infinite with its sign, and its P value NaN; every other failure gives NaN.

    Raises
    ------
    InputError
        As :func:`cox_regression`.

    Examples
    --------
    >>> screen = cox_screen([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [0.5, 4.0]], [5.0, 3.0, 4.0, 2.0], [1, 1, 1, 1])
    >>> [COX_STATUS[code] for code in screen.status], screen.log_hazard_ratio.round(4).tolist()
    (['converged', 'converged'], [0.2843, 1.1257])
    """
    x = np.asarray(features, dtype=np.float64)
    if x.ndim != 2:
        raise InputError(f"Features must be samples x features; got {x.ndim} dimension(s).")
    times, events, order = _prepared(x, time, event, ties)
    adjust = np.empty((x.shape[0], 0))
    if adjust_for is not None:
        adjust = np.asarray(adjust_for, dtype=np.float64).reshape(x.shape[0], -1)
        order = order[np.isfinite(adjust[order]).all(axis=1)]
        scale = adjust[order].std(axis=0)
        adjust = (adjust - adjust[order].mean(axis=0)) / np.where(scale > 0.0, scale, 1.0)
    result = fit_each_feature(
        np.ascontiguousarray(x[order].T),
        np.ascontiguousarray(adjust[order]),
        times[order],
        events[order] == 1.0,
        ties == "efron",
    )
    estimate, error, n_samples, n_events, status = result.T
    with np.errstate(invalid="ignore"):
        z = estimate / error
    codes = n_samples.astype(np.int64), n_events.astype(np.int64), status.astype(np.int64)
    return CoxScreen(estimate, error, z, 2.0 * special.ndtr(-np.abs(z)), *codes)


def _prepared(x: FloatArray, time: ArrayLike, event: ArrayLike, ties: str) -> tuple[FloatArray, FloatArray, IntArray]:
    """Checked times and indicators, and the known samples by descending time."""
    times, events = checked_follow_up(time, event)
    if x.ndim != 2 or x.shape[0] != times.size:
        raise InputError(
            f"Covariates must have one row per follow-up time ({times.size}); got shape {x.shape}. Align the samples."
        )
    if ties not in ("efron", "breslow"):
        raise InputError(f"ties must be 'efron' or 'breslow'; got {ties!r}.")
    return times, events, descending_order(times, events)


def _empty_fit(p: int, n_samples: int, n_events: int, status: str) -> CoxFit:
    missing = np.full(p, np.nan)
    square = np.full((p, p), np.nan)
    return CoxFit(missing, missing, missing, missing, square, np.nan, np.nan, n_samples, n_events, status)
