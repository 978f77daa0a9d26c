"""Negative binomial regression when the dispersion differs between the samples of a feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._nb_algebra import factorize, solve, weighted_gram

FloatArray = NDArray[np.float64]

_SMALLEST_COUNT = 1.0 / 6.0
_NEGLIGIBLE_GAIN = 1e-12
_MAX_STEPS = 100
_MAX_HALVINGS = 40


class CellProblem(NamedTuple):
    """Counts, log offsets and dispersions (n_features, n_samples), the design, its column products, a tiny ridge."""

    counts: FloatArray
    offsets: FloatArray
    dispersions: FloatArray
    design: FloatArray
    products: FloatArray
    ridge: FloatArray


@entry_point
def fit_cells(problem: CellProblem, coefficients: FloatArray, means: FloatArray) -> None:
    """Fill in coefficients (n_features, n_columns) and means by scoring, steps halved until the likelihood rises."""
    n_features, n_columns = coefficients.shape
    n_samples = problem.design.shape[0]
    packed, factor = np.zeros(problem.products.shape[1]), np.zeros((n_columns, n_columns))
    step, trial, weights = np.zeros(n_columns), np.zeros(n_columns), np.zeros(n_samples)
    for g in range(n_features):
        _start(problem, g, coefficients[g], (weights, packed, factor))
        value = _evaluate(problem, g, coefficients[g], means[g])
        for _ in range(_MAX_STEPS):
            step[:] = 0.0
            for i in range(n_samples):
                mean = means[g, i]
                spread = 1.0 + problem.dispersions[g, i] * mean
                weights[i] = mean / spread
                for a in range(n_columns):
                    step[a] += problem.design[i, a] * (problem.counts[g, i] - mean) / spread
            trial[:] = step
            weighted_gram(weights, problem.products, packed)
            factorize(packed, problem.ridge, factor)
            solve(factor, step)
            gain = 0.0
            for a in range(n_columns):
                gain += trial[a] * step[a]
            if not gain > _NEGLIGIBLE_GAIN:
                break
            value = _advance(problem, g, (coefficients[g], step, trial), means[g], value)


@helper
def _advance(
    problem: CellProblem, g: int, path: tuple[FloatArray, FloatArray, FloatArray], means: FloatArray, value: float
) -> float:
    beta, step, trial = path
    share = 1.0
    for _ in range(_MAX_HALVINGS):
        for a in range(beta.size):
            trial[a] = beta[a] + share * step[a]
        risen = _evaluate(problem, g, trial, means)
        if risen >= value:
            beta[:] = trial
            return risen
        share *= 0.5
    return _evaluate(problem, g, beta, means)


@helper
def _start(problem: CellProblem, g: int, beta: FloatArray, work: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    """Least squares of log counts."""
    weights, packed, factor = work
    beta[:] = 0.0
    weights[:] = 1.0
    for i in range(weights.size):
        target = np.log(max(problem.counts[g, i], _SMALLEST_COUNT)) - problem.offsets[g, i]
        for a in range(beta.size):
            beta[a] += problem.design[i, a] * target
    weighted_gram(weights, problem.products, packed)
    factorize(packed, problem.ridge, factor)
    solve(factor, beta)


@helper
def _evaluate(problem: CellProblem, g: int, beta: FloatArray, means: FloatArray) -> float:
    """Fill in the means; log likelihood up to terms free of the coefficients."""
    total = 0.0
    for i in range(means.size):
        eta = problem.offsets[g, i]
        for a in range(beta.size):
            eta += problem.design[i, a] * beta[a]
        eta = min(max(eta, -300.0), 300.0)
        mean, dispersion = np.exp(eta), problem.dispersions[g, i]
        means[i] = mean
        total += problem.counts[g, i] * eta - (problem.counts[g, i] + 1.0 / dispersion) * np.log1p(dispersion * mean)
    return total
