"""Do predicted risks come true? Calibration of a binary outcome and of survival at a horizon."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.discrimination import LOGISTIC_STATUS, logistic_screen
from exomics.stats.kaplan_meier import kaplan_meier
from exomics.stats.local_regression import lowess
from exomics.stats.natural_spline import natural_spline_basis
from exomics.stats.survival import censor_at, cox_regression

__all__ = ["BinaryCalibration", "SurvivalCalibration", "binary_calibration", "survival_calibration"]

FloatArray = NDArray[np.float64]

_SPAN: Final = 2.0 / 3.0
_MOST_STEPS: Final = 100
_EDGE: Final = 1e-12
_QUANTILES: Final = (0.0, 0.1, 0.5, 0.9, 1.0)


class BinaryCalibration(NamedTuple):
    """Calibration of predicted risks; ``predicted`` and ``observed`` are the curve at each sample, shape (n_samples,).

    ``intercept`` is calibration in the large (0 if right), ``slope`` 1 if right and below 1 if predictions are too
    extreme; ``ici``, ``e50`` and ``e90`` are mean, median and 90 % quantile of ``|observed - predicted|``.
    """

    intercept: float
    intercept_error: float
    slope: float
    slope_error: float
    ici: float
    e50: float
    e90: float
    brier: float
    predicted: FloatArray
    observed: FloatArray


class SurvivalCalibration(NamedTuple):
    """Calibration of predicted risks at a horizon; the curve has shape (n_samples,), in the order of the samples.

    ``observed_risk`` is one minus the Kaplan-Meier estimate, ``ratio`` that over the mean prediction (1 if right).
    """

    observed_risk: float
    ratio: float
    ratio_low: float
    ratio_high: float
    slope: float
    slope_error: float
    ici: float
    e50: float
    e90: float
    predicted: FloatArray
    observed: FloatArray


def binary_calibration(predicted: ArrayLike, outcome: ArrayLike) -> BinaryCalibration:
    """Calibration of predicted probabilities of a binary outcome.

    ``logit P(y = 1) = intercept + logit(p)`` gives the intercept, ``logit P(y = 1) = a + slope logit(p)`` the slope;
    the curve is LOWESS of the outcome on p (span 2/3, no robustness iterations), cut to [0, 1].

    Parameters
    ----------
    predicted
        Probabilities strictly between 0 and 1, (n_samples,).
    outcome
        1 or 0, (n_samples,); samples with a NaN are left out.

    Returns
    -------
    BinaryCalibration
        The slope is NaN where the predictions do not vary, or separate the outcomes.

    Raises
    ------
    InputError
        If shapes differ, a prediction is no probability, or one outcome is missing altogether.

    Notes
    -----
    Cox (1958), doi:10.1093/biomet/45.3-4.562; Van Calster et al. (2019), doi:10.1186/s12916-019-1466-7; ICI of Austin
    and Steyerberg (2019), doi:10.1002/sim.8281.

    Examples
    --------
    >>> found = binary_calibration([0.1, 0.2, 0.4, 0.6, 0.7, 0.9], [0, 0, 1, 0, 1, 1])
    >>> round(found.slope, 3), round(found.intercept, 3)
    (1.465, 0.097)
    """
    p, y = _checked(predicted, outcome)
    if not 0.0 < y.mean() < 1.0:
        raise InputError("calibration needs samples with and without the outcome; all have the same.")
    logit = special.logit(p)
    fit = logistic_screen(logit, y)
    converged = LOGISTIC_STATUS[fit.status[0]] == "converged"
    slope, error = (
        float(field[0]) if converged else float("nan") for field in (fit.log_odds_ratio, fit.standard_error)
    )
    observed = np.clip(lowess(p, y, _SPAN, iterations=0, delta=0.0).fitted, 0.0, 1.0)
    off = np.abs(observed - p)
    shift = _intercept(logit, y)
    return BinaryCalibration(
        *shift, slope, error, *_summaries(off), float(((p - y) ** 2).mean()), predicted=p, observed=observed
    )


def survival_calibration(
    risk: ArrayLike, time: ArrayLike, event: ArrayLike, *, horizon: float, level: float = 0.95
) -> SurvivalCalibration:
    """Calibration of predicted risks of an event by `horizon`, censoring allowed for.

    The slope is the coefficient of ``log(-log(1 - p))`` in a Cox model; the curve is that of a Cox model with a natural
    spline of it (knots at quantiles 0, .1, .5, .9, 1), its risk at the horizon with Breslow's baseline.

    Parameters
    ----------
    risk
        Probabilities strictly between 0 and 1, (n_samples,).
    time, event
        Follow-up, (n_samples,); samples with a NaN are left out.
    horizon
        In the units of `time`; at least one event and somebody followed as long.
    level
        Coverage of the interval of observed over expected.

    Returns
    -------
    SurvivalCalibration
        Slope and curve are NaN where the Cox model does not converge.

    Raises
    ------
    InputError
        If shapes differ, a prediction is no probability, or nobody is followed to the horizon.

    Notes
    -----
    Austin, Harrell and Steyerberg (2020), doi:10.1002/sim.8570; McLernon et al. (2023), doi:10.7326/M22-0844.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = rng.uniform(0.05, 0.9, 400)
    >>> found = survival_calibration(risk, rng.exponential(-1.0 / np.log1p(-risk)), np.ones(400), horizon=1.0)
    >>> round(found.slope, 1), round(found.ici, 2)
    (1.1, 0.04)
    """
    followed = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    p, times, events = _followed(risk, *followed)
    if not (times >= horizon).any() or not ((times <= horizon) & (events == 1.0)).any():
        raise InputError(f"calibration at {horizon:g} needs an event by then and somebody followed as long.")
    curve = kaplan_meier(*censor_at(times, events, horizon), level=level, interval="log-log")
    limits = 1.0 - np.array([curve.survival[-1], curve.ci_high[-1], curve.ci_low[-1]])
    expected = float(p.mean())
    transformed = np.log(-np.log1p(-p))
    line = cox_regression(transformed, times, events)
    observed = _spline_risk(transformed, times, events, horizon)
    ici, e50, e90 = _summaries(np.abs(observed - p))
    return SurvivalCalibration(
        observed_risk=float(limits[0]),
        ratio=float(limits[0]) / expected,
        ratio_low=float(limits[1]) / expected,
        ratio_high=float(limits[2]) / expected,
        slope=float(line.log_hazard_ratio[0]),
        slope_error=float(line.standard_error[0]),
        ici=ici,
        e50=e50,
        e90=e90,
        predicted=p,
        observed=observed,
    )


def _checked(predicted: ArrayLike, outcome: ArrayLike) -> tuple[FloatArray, FloatArray]:
    p, y = np.asarray(predicted, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if p.ndim != 1 or p.shape != y.shape:
        raise InputError(f"one outcome is needed for each prediction; got shapes {p.shape} and {y.shape}.")
    known = np.isfinite(p) & np.isfinite(y)
    p, y = p[known], y[known]
    if not p.size or bool(((p <= 0.0) | (p >= 1.0)).any()):
        raise InputError("predictions must be probabilities strictly between 0 and 1; these are not risks.")
    if not bool(np.isin(y, (0.0, 1.0)).all()):
        raise InputError("outcomes must be 0 or 1 (NaN: unknown); recode them first.")
    return p, y


def _followed(risk: ArrayLike, time: FloatArray, event: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    p, events = _checked(np.where(np.isfinite(time), np.asarray(risk, dtype=np.float64), np.nan), event)
    known = np.isfinite(time) & np.isfinite(event) & np.isfinite(np.asarray(risk, dtype=np.float64))
    return p, time[known], events


def _intercept(logit: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Intercept beside the offset `logit`, by Newton's method, and its standard error."""
    intercept = 0.0
    for _ in range(_MOST_STEPS):
        fitted = special.expit(intercept + logit)
        information = float((fitted * (1.0 - fitted)).sum())
        step = float((y - fitted).sum()) / information
        intercept += float(np.clip(step, -2.0, 2.0))
        if abs(step) < _EDGE:
            break
    return intercept, information**-0.5


def _summaries(off: FloatArray) -> tuple[float, float, float]:
    return float(off.mean()), float(np.quantile(off, 0.5)), float(np.quantile(off, 0.9))


def _spline_risk(x: FloatArray, time: FloatArray, event: FloatArray, horizon: float) -> FloatArray:
    """Risk at the horizon of each sample, from a Cox model with a natural spline of x."""
    knots = np.unique(np.quantile(x, _QUANTILES))
    if knots.size < 3:
        return np.full(x.size, np.nan)
    spline = natural_spline_basis(x, knots)
    basis = np.linalg.svd(spline - spline.mean(axis=0), full_matrices=False)[0][:, : knots.size - 1]
    fit = cox_regression(basis, time, event, ties="breslow")
    if fit.status != "converged":
        return np.full(x.size, np.nan)
    weights = np.exp(basis @ fit.log_hazard_ratio)
    order = np.argsort(time, kind="stable")
    at_risk = np.cumsum(weights[order][::-1])[::-1]
    happened = time[(event == 1.0) & (time <= horizon)]
    hazard = float((1.0 / at_risk[np.searchsorted(time[order], happened, side="left")]).sum())
    return -np.expm1(-hazard * weights)
