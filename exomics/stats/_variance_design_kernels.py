"""Sample variances that follow covariates, gene by gene: as `_sample_weight_kernels`, for few columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._sample_weight_kernels import Feature, VarianceProblem, fit_feature, new_equations, new_feature

FloatArray = NDArray[np.float64]

_SMALLEST_VARIANCE = 1e-15


@entry_point
def coefficients_by_feature(problem: VarianceProblem, columns: FloatArray) -> FloatArray:
    """Coefficients of the log variances on centered `columns` after one scoring step per feature, in order."""
    n_samples, n_columns = columns.shape
    feature, equations = new_feature(n_samples), new_equations(n_samples, problem.design.shape[1])
    coefficients, sample_weights = np.zeros(n_columns), np.ones(n_samples)
    information = problem.prior_n * (columns.T @ columns)
    for g in range(problem.expression.shape[1]):
        df = fit_feature(problem, sample_weights, g, feature, equations)
        if df < 2.0:
            continue
        variance = feature.squares.sum() / df
        if variance < _SMALLEST_VARIANCE:
            continue
        score = _add_feature(columns, feature, variance, information)
        coefficients += np.linalg.solve(information, score)
        for i in range(n_samples):
            total = 0.0
            for a in range(n_columns):
                total += columns[i, a] * coefficients[a]
            sample_weights[i] = np.exp(-total)
    return coefficients


@helper
def _add_feature(columns: FloatArray, feature: Feature, variance: float, information: FloatArray) -> FloatArray:
    """Add one feature's information, its own variance estimated too; returns its score."""
    n_samples, n_columns = columns.shape
    score, shares, total = np.zeros(n_columns), np.zeros(n_columns), 0.0
    for i in range(n_samples):
        left = 1.0 - feature.leverages[i] if feature.weights[i] > 0.0 else 0.0
        excess = feature.squares[i] / variance - left
        total += left
        for a in range(n_columns):
            score[a] += columns[i, a] * excess
            shares[a] += columns[i, a] * left
            for c in range(n_columns):
                information[a, c] += left * columns[i, a] * columns[i, c]
    for a in range(n_columns):
        for c in range(n_columns):
            information[a, c] -= shares[a] * shares[c] / total
    return score
