"""Negative binomial regression with a log link and known dispersion, feature by feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._nb_algebra import factorize, quadratic_form, solve, weighted_gram
from exomics.stats._nb_likelihood import fitted_log_likelihood

FloatArray = NDArray[np.float64]

_NEGLIGIBLE_GAIN = 1e-15
_REACHED_GAIN = 1e-12
_LARGEST_ETA = 700.0
_MAX_ASCENT = 100
_MAX_HALVINGS = 60


class RegressionProblem(NamedTuple):
    """Counts (n_features, n_samples), log size factors, dispersions, design, column products, and the penalty.

    The penalty of a coefficient is ``ridge * beta^2 / 2``. Means below `smallest_mean` are raised to it in the weights
    and in the working response.
    """

    counts: FloatArray
    offsets: FloatArray
    dispersions: FloatArray
    design: FloatArray
    products: FloatArray
    ridge: FloatArray
    smallest_mean: float


class GlmWork(NamedTuple):
    weights: FloatArray
    means: FloatArray
    gram: FloatArray
    factor: FloatArray
    gradient: FloatArray
    step: FloatArray
    trial: FloatArray


@helper
def new_work(problem: RegressionProblem) -> GlmWork:
    n, p = problem.design.shape
    packed = problem.products.shape[1]
    return GlmWork(np.zeros(n), np.zeros(n), np.zeros(packed), np.zeros((p, p)), np.zeros(p), np.zeros(p), np.zeros(p))


@entry_point
def fit_regressions(
    problem: RegressionProblem, coefficients: FloatArray, max_iterations: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Improve the coefficients in place; returns fitted means, log likelihoods, and iterations (-1: no convergence)."""
    n_features, n_samples = problem.counts.shape
    means, likelihoods, iterations = np.empty((n_features, n_samples)), np.empty(n_features), np.empty(n_features)
    work = new_work(problem)
    for g in range(n_features):
        iterations[g] = _fit(problem, g, coefficients[g], max_iterations, work)
        predict_means(problem, coefficients[g], means[g])
        likelihoods[g] = fitted_log_likelihood(problem.counts[g], means[g], problem.dispersions[g])
    return means, likelihoods, iterations


@helper
def predict_means(problem: RegressionProblem, beta: FloatArray, means: FloatArray) -> None:
    for i in range(means.size):
        eta = problem.offsets[i]
        for a in range(beta.size):
            eta += problem.design[i, a] * beta[a]
        means[i] = np.exp(min(max(eta, -_LARGEST_ETA), _LARGEST_ETA))


@helper
def _fit(problem: RegressionProblem, g: int, beta: FloatArray, max_iterations: int, work: GlmWork) -> float:
    """Iteratively reweighted least squares; where it does not settle, a guarded ascent of the penalized likelihood."""
    start = beta.copy()
    for iteration in range(max_iterations):
        gain = find_step(problem, g, beta, problem.smallest_mean, work)
        if not np.isfinite(gain):
            break
        for a in range(beta.size):
            beta[a] += work.step[a]
        if gain < _NEGLIGIBLE_GAIN:
            return iteration + 1.0
    beta[:] = start
    taken = climb(problem, g, beta, work)
    return max_iterations + taken if taken > 0.0 else -1.0


@helper
def find_step(problem: RegressionProblem, g: int, beta: FloatArray, smallest_mean: float, work: GlmWork) -> float:
    """The scoring step from `beta` and twice what it is expected to gain; NaN where the equations are singular."""
    _weigh(problem, g, beta, smallest_mean, work)
    return _solve_step(problem, work)


@helper
def _solve_step(problem: RegressionProblem, work: GlmWork) -> float:
    """The step that the weights and the gradient ask for, and its expected gain."""
    weighted_gram(work.weights, problem.products, work.gram)
    if not np.isfinite(factorize(work.gram, problem.ridge, work.factor)):
        return np.nan
    work.step[:] = work.gradient
    solve(work.factor, work.step)
    gain = 0.0
    for a in range(work.step.size):
        gain += work.gradient[a] * work.step[a]
    return gain


@helper
def _weigh(problem: RegressionProblem, g: int, beta: FloatArray, smallest_mean: float, work: GlmWork) -> None:
    """Working weights, and the gradient: ``X' W (working response - X beta) - ridge beta``."""
    predict_means(problem, beta, work.means)
    for a in range(beta.size):
        work.gradient[a] = -problem.ridge[a] * beta[a]
    for i in range(work.means.size):
        mean, raised = work.means[i], 0.0
        if mean < smallest_mean:
            raised = np.log(smallest_mean / mean)
            mean = smallest_mean
        weight = mean / (1.0 + problem.dispersions[g] * mean)
        pull = weight * (raised + (problem.counts[g, i] - mean) / mean)
        work.weights[i] = weight
        for a in range(beta.size):
            work.gradient[a] += problem.design[i, a] * pull


@helper
def _find_newton_step(problem: RegressionProblem, g: int, beta: FloatArray, work: GlmWork) -> float:
    """Newton's step and its expected gain: ``-d2 l / d eta2 = mu (1 + a y) / (1 + a mu)^2``, positive everywhere."""
    alpha = problem.dispersions[g]
    predict_means(problem, beta, work.means)
    for a in range(beta.size):
        work.gradient[a] = -problem.ridge[a] * beta[a]
    for i in range(work.means.size):
        mean, count = work.means[i], problem.counts[g, i]
        spread = 1.0 + alpha * mean
        work.weights[i] = mean * (1.0 + alpha * count) / (spread * spread)
        for a in range(beta.size):
            work.gradient[a] += problem.design[i, a] * (count - mean) / spread
    return _solve_step(problem, work)


@helper
def _penalized(problem: RegressionProblem, g: int, beta: FloatArray, work: GlmWork) -> float:
    predict_means(problem, beta, work.means)
    value = fitted_log_likelihood(problem.counts[g], work.means, problem.dispersions[g])
    for a in range(beta.size):
        value -= 0.5 * problem.ridge[a] * beta[a] * beta[a]
    return value


@helper
def climb(problem: RegressionProblem, g: int, beta: FloatArray, work: GlmWork) -> float:
    """Newton steps, each halved until the penalized likelihood rises; the number taken, -1 without convergence.

    The likelihood is concave in the coefficients, so they arrive from anywhere, where scoring steps can swing about.
    """
    value = _penalized(problem, g, beta, work)
    for taken in range(1, _MAX_ASCENT + 1):
        gain = _find_newton_step(problem, g, beta, work)
        if not np.isfinite(gain):
            return -1.0
        if gain < _REACHED_GAIN:
            return float(taken)
        share = 1.0
        for _ in range(_MAX_HALVINGS):
            for a in range(beta.size):
                work.trial[a] = beta[a] + share * work.step[a]
            risen = _penalized(problem, g, work.trial, work)
            if risen >= value + 1e-4 * share * gain:
                break
            share *= 0.5
        else:
            return float(taken) if gain < 1e-8 else -1.0
        beta[:] = work.trial
        value = risen
    return -1.0


@entry_point
def contrast_variances(problem: RegressionProblem, coefficients: FloatArray, contrasts: FloatArray) -> FloatArray:
    """``c' A^-1 X'WX A^-1 c`` with ``A = X'WX + ridge`` for each feature and each row of `contrasts`."""
    n_features, n_contrasts = problem.counts.shape[0], contrasts.shape[0]
    variances = np.full((n_features, n_contrasts), np.nan)
    work = new_work(problem)
    for g in range(n_features):
        if np.isfinite(find_step(problem, g, coefficients[g], problem.smallest_mean, work)):
            for c in range(n_contrasts):
                work.step[:] = contrasts[c]
                solve(work.factor, work.step)
                variances[g, c] = quadratic_form(work.gram, work.step)
    return variances


@entry_point
def leverages(problem: RegressionProblem, coefficients: FloatArray) -> FloatArray:
    """Diagonal of the hat matrix of each feature, (n_features, n_samples)."""
    n_features, n_samples = problem.counts.shape
    diagonal = np.full((n_features, n_samples), np.nan)
    work = new_work(problem)
    for g in range(n_features):
        if np.isfinite(find_step(problem, g, coefficients[g], problem.smallest_mean, work)):
            for i in range(n_samples):
                work.step[:] = problem.design[i]
                solve(work.factor, work.step)
                total = 0.0
                for a in range(work.step.size):
                    total += work.step[a] * problem.design[i, a]
                diagonal[g, i] = work.weights[i] * total
    return diagonal
