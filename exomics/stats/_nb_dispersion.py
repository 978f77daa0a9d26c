"""Maximizing the Cox-Reid adjusted profile posterior of the log dispersion, feature by feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._nb_algebra import factorize, invert, weighted_gram
from exomics.stats._nb_likelihood import Derivatives, log_likelihood

FloatArray = NDArray[np.float64]

_CLOSE = 2e-5
_MAX_EVALUATIONS = 200


class DispersionProblem(NamedTuple):
    """Counts and means (n_features, n_samples), what the Cox-Reid term needs, and the prior on the log dispersion.

    `cells` numbers the distinct rows of the design and `products` holds the pairwise products of their entries in an
    orthonormal basis, one row per cell; `saturated` says that there are as many cells as coefficients.
    """

    counts: FloatArray
    means: FloatArray
    cells: NDArray[np.int64]
    products: FloatArray
    saturated: bool
    prior_means: FloatArray
    prior_variance: float


class Work(NamedTuple):
    cell_weights: FloatArray
    cell_slopes: FloatArray
    cell_curvatures: FloatArray
    gram: FloatArray
    slope: FloatArray
    curvature: FloatArray
    factor: FloatArray
    inverse: FloatArray
    turned: FloatArray
    no_ridge: FloatArray


@entry_point
def maximize_dispersions(
    problem: DispersionProblem, starts: FloatArray, bounds: tuple[float, float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log dispersion of highest posterior, the log posterior there, and 1 where the search ended, else 0."""
    n_features = starts.size
    found, values, converged = np.empty(n_features), np.empty(n_features), np.zeros(n_features)
    work = new_work(problem)
    for g in range(n_features):
        found[g], converged[g] = _maximize(problem, g, starts[g], bounds, work)
        values[g] = log_posterior(problem, g, found[g], work).value
    return found, values, converged


@entry_point
def evaluate_dispersions(problem: DispersionProblem, log_dispersions: FloatArray) -> FloatArray:
    """Log posterior, its slope and curvature of each feature at the given log dispersions, (n_features, 3)."""
    values = np.empty((log_dispersions.size, 3))
    work = new_work(problem)
    for g in range(log_dispersions.size):
        values[g] = log_posterior(problem, g, log_dispersions[g], work)
    return values


@helper
def new_work(problem: DispersionProblem) -> Work:
    n_cells, packed = problem.products.shape
    p = int((np.sqrt(8.0 * packed + 1.0) - 1.0) / 2.0 + 0.5)
    return Work(
        np.zeros(n_cells),
        np.zeros(n_cells),
        np.zeros(n_cells),
        np.zeros(packed),
        np.zeros(packed),
        np.zeros(packed),
        np.zeros((p, p)),
        np.zeros((p, p)),
        np.zeros((p, p)),
        np.zeros(p),
    )


@helper
def log_posterior(problem: DispersionProblem, g: int, log_dispersion: float, work: Work) -> Derivatives:
    """Adjusted profile log likelihood of feature g, plus the log prior, with derivatives by the log dispersion."""
    dispersion = np.exp(log_dispersion)
    likelihood = log_likelihood(problem.counts[g], problem.means[g], dispersion)
    adjustment = _cox_reid(problem, g, dispersion, work)
    value = likelihood.value + adjustment.value
    first = likelihood.first + adjustment.first
    second = likelihood.second + adjustment.second
    if problem.prior_variance < np.inf:
        away = log_dispersion - problem.prior_means[g]
        value -= 0.5 * away * away / problem.prior_variance
        first -= away / problem.prior_variance
        second -= 1.0 / problem.prior_variance
    return Derivatives(value, first, second)


@helper
def _cox_reid(problem: DispersionProblem, g: int, dispersion: float, work: Work) -> Derivatives:
    """``-log det(X' W X) / 2`` with ``w = 1 / (1 / mu + dispersion)``, and derivatives by the log dispersion."""
    weights, slopes, curvatures = work.cell_weights, work.cell_slopes, work.cell_curvatures
    weights[:] = 0.0
    slopes[:] = 0.0
    curvatures[:] = 0.0
    for i in range(problem.cells.size):
        mean, cell = problem.means[g, i], problem.cells[i]
        weight = mean / (1.0 + dispersion * mean)
        shrink = dispersion * weight
        weights[cell] += weight
        slopes[cell] -= shrink * weight
        curvatures[cell] += shrink * weight * (2.0 * shrink - 1.0)
    value = first = second = 0.0
    if problem.saturated:
        for c in range(weights.size):
            share = slopes[c] / weights[c]
            value += np.log(weights[c])
            first += share
            second += curvatures[c] / weights[c] - share * share
        return Derivatives(-0.5 * value, -0.5 * first, -0.5 * second)
    weighted_gram(weights, problem.products, work.gram)
    weighted_gram(slopes, problem.products, work.slope)
    weighted_gram(curvatures, problem.products, work.curvature)
    value = factorize(work.gram, work.no_ridge, work.factor)
    invert(work.factor, work.inverse)
    first, second = _traces(work)
    return Derivatives(-0.5 * value, -0.5 * first, -0.5 * second)


@helper
def _traces(work: Work) -> tuple[float, float]:
    """First and second derivative of the log determinant: ``tr(B^-1 B')`` and ``tr(B^-1 B'') - tr((B^-1 B')^2)``."""
    inverse, turned = work.inverse, work.turned
    n = inverse.shape[0]
    turned[:] = 0.0
    first = second = 0.0
    k = 0
    for a in range(n):
        for b in range(a + 1):
            slope, times = work.slope[k], 1.0 if a == b else 2.0
            first += times * inverse[a, b] * slope
            second += times * inverse[a, b] * work.curvature[k]
            for c in range(n):
                turned[a, c] += slope * inverse[b, c]
            if a != b:
                for c in range(n):
                    turned[b, c] += slope * inverse[a, c]
            k += 1
    for a in range(n):
        for b in range(n):
            second -= turned[a, b] * turned[b, a]
    return first, second


@helper
def _maximize(
    problem: DispersionProblem, g: int, start: float, bounds: tuple[float, float], work: Work
) -> tuple[float, float]:
    """Newton steps on the slope, kept inside a bracket of its sign change; longer and longer where it is flat."""
    low, high = bounds
    x = min(max(start, low), high)
    reach = 1.0
    for _ in range(_MAX_EVALUATIONS):
        now = log_posterior(problem, g, x, work)
        if now.first > 0.0:
            low = x
        elif now.first < 0.0:
            high = x
        else:
            return x, 1.0
        step = -now.first / now.second if now.second < 0.0 else (np.inf if now.first > 0.0 else -np.inf)
        if abs(step) > reach:
            step = reach if step > 0.0 else -reach
            reach *= 2.0
        else:
            reach = max(1.0, 2.0 * abs(step))
        following = x + step
        if following <= low or following >= high:
            following = _inside(low, high, bounds, step)
        if abs(following - x) < _CLOSE:
            return following, 1.0
        x = following
    return x, 0.0


@helper
def _inside(low: float, high: float, bounds: tuple[float, float], step: float) -> float:
    """Where to go when a step leaves the bracket: an end that is still open, else the middle."""
    if step > 0.0 and high == bounds[1]:
        return high
    if step < 0.0 and low == bounds[0]:
        return low
    return 0.5 * (low + high)
