"""Adjusted profile log likelihood of features on a grid of dispersions, each with means fitted at that dispersion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point
from exomics.stats._nb_algebra import factorize, weighted_gram
from exomics.stats._nb_glm import RegressionProblem, find_step, new_work, predict_means
from exomics.stats._nb_likelihood import log_likelihood

FloatArray = NDArray[np.float64]

_SMALL_GAIN = 1e-6
_MAX_STEPS = 30


@entry_point
def profile_on_grid(problem: RegressionProblem, coefficients: FloatArray, grid: FloatArray) -> FloatArray:
    """Log likelihood less half the log determinant of ``X' W X``, (n_features, n_grid); moves the coefficients."""
    n_features = problem.counts.shape[0]
    values = np.empty((n_features, grid.size))
    work = new_work(problem)
    for g in range(n_features):
        for k in range(grid.size):
            problem.dispersions[g] = grid[k]
            for _ in range(_MAX_STEPS):
                gain = find_step(problem, g, coefficients[g], problem.smallest_mean, work)
                if not gain >= 0.0:
                    break
                for a in range(coefficients.shape[1]):
                    coefficients[g, a] += work.step[a]
                if gain < _SMALL_GAIN:
                    break
            predict_means(problem, coefficients[g], work.means)
            total = 0.0
            for i in range(work.means.size):
                work.means[i] = max(work.means[i], problem.smallest_mean)
                total += problem.counts[g, i] * np.log(work.means[i])
                work.weights[i] = work.means[i] / (1.0 + grid[k] * work.means[i])
            weighted_gram(work.weights, problem.products, work.gram)
            adjustment = factorize(work.gram, problem.ridge, work.factor)
            values[g, k] = total + log_likelihood(problem.counts[g], work.means, grid[k]).value - 0.5 * adjustment
    return values
