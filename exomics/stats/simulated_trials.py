"""Randomized trials simulated by the thousand, each tested for what it was made to show."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._trial_fits import Fits, fit_cox, fit_linear, fit_logistic
from exomics.stats.t_distribution import t_tests

__all__ = ["SimulatedTrials", "TrialModel", "simulate_response_trials", "simulate_trials"]

FloatArray = NDArray[np.float64]
Outcome = Literal["continuous", "binary", "survival"]

_MOST_VALUES = 100_000  # subjects simulated at a time


class TrialModel(NamedTuple):
    """What is assumed of a trial of two arms; one value of each.

    ``effect``, ``arm_effect`` and ``prognosis`` are differences in standard deviations of the outcome, log odds ratios,
    or log hazard ratios. With ``prevalence`` None and ``interaction`` the marker is standard normal; with a number it
    is 1 in that share of subjects, else 0. ``control_rate`` is the share of controls at marker 0 with the event by the
    end of follow-up (the outcome, if binary). Who drops out has no outcome; in survival he is censored at a time spread
    evenly over the follow-up.
    """

    outcome: Outcome
    effect: float
    interaction: bool = False
    arm_effect: float = 0.0
    prognosis: float = 0.0
    prevalence: float | None = 0.5
    share_trained: float = 0.5
    control_rate: float = 0.5
    dropout: float = 0.0


class SimulatedTrials(NamedTuple):
    """P value of each trial, shape (n_trials,), NaN where none can be had; mean number of subjects with the event."""

    p_value: FloatArray
    n_events: float


def simulate_trials(
    model: TrialModel, n_subjects: int, *, n_trials: int, generator: np.random.Generator
) -> SimulatedTrials:
    """Simulate trials of one size, and test each for the effect of the arm, or for marker x arm.

    ``g(outcome) = a + effect arm``, or ``a + b arm + c marker + effect arm x marker``; two-sided tests: t with the
    residual degrees of freedom, Wald of logistic or Cox regression.

    Parameters
    ----------
    model
        What is assumed.
    n_subjects
        Subjects randomized in all.
    n_trials
        Number of trials.
    generator
        Source of chance.

    Returns
    -------
    SimulatedTrials
        P values of the models that `exomics.stats.interactions.interaction_screen` fits to one marker, here in its own
        units.

    Raises
    ------
    InputError
        If fewer than two subjects per coefficient are left to fit.

    Notes
    -----
    Unit variance for continuous outcomes; exponential times, everybody followed for one unit of time, in survival.
    The share in either arm is fixed, markers and outcomes are drawn.

    Examples
    --------
    >>> model = TrialModel("continuous", 0.5)
    >>> found = simulate_trials(model, 128, n_trials=2000, generator=np.random.default_rng(1))
    >>> abs(float((found.p_value < 0.05).mean()) - 0.80) < 0.03
    True
    """
    counted = n_subjects if model.outcome == "survival" else round(n_subjects * (1.0 - model.dropout))
    n_trained = round(counted * model.share_trained)
    if counted < (8 if model.interaction else 4) or not 2 <= n_trained <= counted - 2:
        raise InputError(f"{n_subjects} subjects are too few to fit the model; give at least 8, and 2 in each arm.")
    arm = np.concatenate([np.ones(n_trained), np.zeros(counted - n_trained)])
    at_once = max(1, _MOST_VALUES // counted)
    sizes = [min(at_once, n_trials - begun) for begun in range(0, n_trials, at_once)]
    parts = [_tested(model, np.tile(arm, (size, 1)), generator) for size in sizes]
    events = float(np.average([happened for _, happened in parts], weights=sizes))
    return SimulatedTrials(np.concatenate([p for p, _ in parts]), events)


def simulate_response_trials(
    sd_response: float, n_subjects: int, *, n_trials: int, share_trained: float, generator: np.random.Generator
) -> SimulatedTrials:
    """Simulate trials in which trained subjects respond differently, and test each for a variance of the response.

    ``change = m + r + e`` with ``SD(r) = sd_response`` in the trained alone and ``SD(e) = sqrt(2)``, that of a
    difference of two tests of typical error 1. One-sided F test of ``SD_trained > SD_control``.

    Parameters
    ----------
    sd_response
        Standard deviation of the individual response, in typical errors of one test.
    n_subjects
        Subjects in all.
    n_trials, generator
        As `simulate_trials`.
    share_trained
        Share of subjects in the trained arm.

    Returns
    -------
    SimulatedTrials
        Every subject has a change; none has an event.

    Raises
    ------
    InputError
        If an arm has fewer than three subjects.

    Notes
    -----
    Normal changes, of which variances are drawn directly: ``s^2 = sigma^2 chi2(n - 1) / (n - 1)``. The test is that of
    `exomics.stats.response_variance.variance_difference`.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> found = simulate_response_trials(1.0, 200, n_trials=2000, share_trained=0.5, generator=generator)
    >>> abs(float((found.p_value < 0.05).mean()) - 0.64) < 0.04
    True
    """
    n_trained = round(n_subjects * share_trained)
    df = np.array([n_trained - 1, n_subjects - n_trained - 1])
    if df.min() < 2:
        raise InputError(f"a variance needs three subjects in each arm; got {n_trained} of {n_subjects} trained.")
    trained, control = generator.chisquare(df, size=(n_trials, 2)).T
    ratio = (2.0 + sd_response**2) * trained / df[0] / (2.0 * control / df[1])
    return SimulatedTrials(np.asarray(special.fdtrc(df[0], df[1], ratio)), float("nan"))


def _tested(model: TrialModel, arm: FloatArray, generator: np.random.Generator) -> tuple[FloatArray, float]:
    """P values of the trials of `arm` (n_trials, n), and the mean number of events."""
    columns, truth = [arm], [model.effect]
    if model.interaction:
        marker = _markers(model.prevalence, arm.shape, generator)
        columns, truth = [arm, marker, arm * marker], [model.arm_effect, model.prognosis, model.effect]
    design, start = np.stack(columns, axis=2), np.array(truth)
    signal = design @ start
    if model.outcome == "survival":
        time, event = _follow_up(model, signal, generator)
        return _wald(fit_cox(design, time, event, start)), float(event.sum(axis=1).mean())
    full = np.concatenate([np.ones((*arm.shape, 1)), design], axis=2)
    if model.outcome == "continuous":
        fits = fit_linear(full, signal + generator.standard_normal(arm.shape))
        return _t(fits, full.shape[1] - full.shape[2]), float("nan")
    intercept = float(special.logit(model.control_rate))
    outcome = (generator.random(arm.shape) < special.expit(intercept + signal)).astype(np.float64)
    return _wald(fit_logistic(full, outcome, np.array([intercept, *truth]))), float(outcome.sum(axis=1).mean())


def _markers(prevalence: float | None, shape: tuple[int, ...], generator: np.random.Generator) -> FloatArray:
    if prevalence is None:
        return generator.standard_normal(shape)
    return (generator.random(shape) < prevalence).astype(np.float64)


def _follow_up(model: TrialModel, signal: FloatArray, generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Times and events: exponential, cut at 1, or where a subject drops out."""
    time = generator.standard_exponential(signal.shape) * np.exp(-signal) / -np.log1p(-model.control_rate)
    until = np.ones(signal.shape)
    if model.dropout:
        leaves = generator.random(signal.shape) < model.dropout
        until = np.where(leaves, generator.random(signal.shape), until)
    return np.minimum(time, until), (time < until).astype(np.float64)


def _t(fits: Fits, df: int) -> FloatArray:
    statistic = fits.coefficients[:, -1] / fits.errors[:, -1]
    p_value = np.full(statistic.shape, np.nan)
    known = np.isfinite(statistic)
    p_value[known] = t_tests(statistic[known], np.full(int(known.sum()), float(df)))[0]
    return p_value


def _wald(fits: Fits) -> FloatArray:
    return np.asarray(2.0 * special.ndtr(-np.abs(fits.coefficients[:, -1] / fits.errors[:, -1])))
