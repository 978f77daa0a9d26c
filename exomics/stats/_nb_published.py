"""Where the published searches stop: means when the deviance settles, dispersions by steepest ascent."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._nb_dispersion import DispersionProblem, Work, log_posterior, new_work
from exomics.stats._nb_glm import GlmWork, RegressionProblem, climb, find_step, predict_means
from exomics.stats._nb_glm import new_work as new_glm_work
from exomics.stats._nb_likelihood import fitted_log_likelihood
from exomics.stats.negative_binomial_trend import SMALLEST_DISPERSION

FloatArray = NDArray[np.float64]

_SETTLED = 1e-8
_MAX_STEPS = 100
_LARGEST_COEFFICIENT = 30.0

_ENOUGH = 1e-4
_LONGEST = 1.0
_GROWTH = 1.1
_SHORTENED_EVERY = 5
_REACH = (-30.0, 10.0)
_LOWEST = float(np.log(SMALLEST_DISPERSION / 10.0))


class Ascent(NamedTuple):
    """When the search of a feature, any of (n_features,), ends.

    A step gains less log posterior than `tolerance`, or `max_trials` steps were tried.
    """

    tolerance: float = 1e-6
    max_trials: int = 100


class Ascended(NamedTuple):
    """Of each feature: where the search ended, the log posterior at its start and end, how many steps it tried."""

    log_dispersion: FloatArray
    first: FloatArray
    last: FloatArray
    trials: FloatArray


@entry_point
def settled_means(problem: RegressionProblem, coefficients: FloatArray) -> FloatArray:
    """Means (n_features, n_samples) of weighted fits whose last step changed the deviance by less than 1e-8 of itself.

    Where 100 steps do not get there, or a coefficient leaves [-30, 30], those of highest penalized likelihood.
    """
    n_features, n_samples = problem.counts.shape
    means = np.empty((n_features, n_samples))
    work = new_glm_work(problem)
    for g in range(n_features):
        start = coefficients[g].copy()
        if not _settle(problem, g, coefficients[g], work):
            coefficients[g] = start
            climb(problem, g, coefficients[g], work)
        predict_means(problem, coefficients[g], means[g])
    return means


@helper
def _settle(problem: RegressionProblem, g: int, beta: FloatArray, work: GlmWork) -> bool:
    constant, before = _free_of_means(problem.counts[g], problem.dispersions[g]), np.inf
    for _ in range(_MAX_STEPS):
        if not np.isfinite(find_step(problem, g, beta, problem.smallest_mean, work)):
            return False
        for a in range(beta.size):
            beta[a] += work.step[a]
            if abs(beta[a]) > _LARGEST_COEFFICIENT:
                return False
        predict_means(problem, beta, work.means)
        for i in range(work.means.size):
            work.means[i] = max(work.means[i], problem.smallest_mean)
        fitted = fitted_log_likelihood(problem.counts[g], work.means, problem.dispersions[g])
        deviance = -2.0 * (constant + fitted)
        if abs(deviance - before) < _SETTLED * (abs(deviance) + 0.1):
            return True
        before = deviance
    return False


@helper
def _free_of_means(counts: FloatArray, dispersion: float) -> float:
    """The terms of the log likelihood that the means do not touch."""
    r, total = 1.0 / dispersion, 0.0
    for i in range(counts.size):
        y = counts[i]
        total += math.lgamma(y + r) - math.lgamma(r) - math.lgamma(y + 1.0) + y * np.log(dispersion)
    return total


@entry_point
def ascend_dispersions(problem: DispersionProblem, starts: FloatArray, ascent: Ascent) -> Ascended:
    """Steps along the slope of the log posterior by the log dispersion, each taken if it gains enough (Armijo).

    Enough is 1e-4 of what the slope promises. A refused step is halved; one that was taken lets the next be a tenth
    longer, up to once the slope, and every fifth halves it. No step leads out of [-30, 10]; below a tenth of the
    smallest dispersion the search ends.
    """
    n_features = starts.size
    found = Ascended(starts.copy(), np.empty(n_features), np.empty(n_features), np.empty(n_features))
    work = new_work(problem)
    for g in range(n_features):
        _ascend(problem, g, ascent, found, work)
    return found


@helper
def _ascend(problem: DispersionProblem, g: int, ascent: Ascent, found: Ascended, work: Work) -> None:
    x, length, taken, tried = found.log_dispersion[g], _LONGEST, 0, 0
    now = log_posterior(problem, g, x, work)
    found.first[g] = now.value
    while tried < ascent.max_trials:
        tried += 1
        length = _within_reach(x, now.first, length)
        following = log_posterior(problem, g, x + length * now.first, work)
        gain = following.value - now.value
        if not gain >= _ENOUGH * length * now.first * now.first:
            length *= 0.5
            continue
        x += length * now.first
        now = following
        taken += 1
        if gain < ascent.tolerance or x < _LOWEST:
            break
        length = min(_GROWTH * length, _LONGEST)
        if taken % _SHORTENED_EVERY == 0:
            length *= 0.5
    found.log_dispersion[g], found.last[g], found.trials[g] = x, now.value, tried


@helper
def _within_reach(x: float, slope: float, length: float) -> float:
    """The step length, cut where the step would leave the range."""
    low, high = _REACH
    if x + length * slope < low:
        return (low - x) / slope
    if x + length * slope > high:
        return (high - x) / slope
    return length
