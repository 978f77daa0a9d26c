"""Sample variances by restricted maximum likelihood, each feature's own variance profiled out."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats._sample_weight_kernels import (
    Equations,
    VarianceProblem,
    fit_feature,
    new_equations,
    new_feature,
    solve_row,
)

FloatArray = NDArray[np.float64]

_SMALLEST_VARIANCE = 1e-15
_MAX_ITERATIONS = 50


class _Derivatives(NamedTuple):
    """Sums over features: score (n_samples,) and expected information (n_samples, n_samples) of log variances."""

    score: FloatArray
    information: FloatArray


def log_variances_by_reml(problem: VarianceProblem, tolerance: float, columns: FloatArray | None = None) -> FloatArray:
    """Log variances of the samples where scoring converges; `problem` has no missing values and no zero weights.

    They are those of the groups, or follow centered `columns` (n_samples, n_columns).
    """
    log_variances = np.zeros(problem.groups.size)
    common = problem.weights.shape[1] == 1 and bool((problem.weights == problem.weights[0]).all())
    values = _varied(problem) if common else problem.expression
    if values.shape[1] < 2:
        return log_variances
    n_effective, last = values.shape[1] + problem.prior_n, np.inf
    for _ in range(_MAX_ITERATIONS):
        sample_weights = np.exp(-log_variances)
        sums = _common_sums(values, problem.design, sample_weights) if common else _sums(problem, sample_weights)
        step, gain = _scoring_step(problem, sums, sample_weights, columns)
        size = gain / n_effective if common else gain / n_effective**2
        if not size < last and (common or np.isnan(size)):
            warnings.warn(
                "sample weights: the tolerance cannot be reached; stopped early", RuntimeWarning, stacklevel=3
            )
            return log_variances
        log_variances = log_variances + step
        if size < tolerance:
            return log_variances
        last = size
    warnings.warn(f"sample weights: no convergence in {_MAX_ITERATIONS} iterations", RuntimeWarning, stacklevel=3)
    return log_variances


def _scoring_step(
    problem: VarianceProblem, sums: _Derivatives, sample_weights: FloatArray, columns: FloatArray | None
) -> tuple[FloatArray, float]:
    """Step of the samples' log variances, which keeps their sum, and the gain per parameter."""
    score = sums.score + problem.prior_n * (sample_weights - 1.0)
    information = sums.information + problem.prior_n * np.eye(sample_weights.size)
    basis = np.eye(problem.n_groups)[problem.groups] if columns is None else columns
    along = basis.T @ (score - score.mean())
    step = np.linalg.solve(basis.T @ information @ basis, along)
    n_parameters = problem.n_groups - 1 if columns is None else columns.shape[1]
    return basis @ step, float(along @ step) / n_parameters


def _varied(problem: VarianceProblem) -> FloatArray:
    """The features that vary at all about the model."""
    basis = np.linalg.qr(problem.design)[0]
    residuals = problem.expression - basis @ (basis.T @ problem.expression)
    df = problem.design.shape[0] - problem.design.shape[1]
    varied = (residuals**2).sum(axis=0) / df >= _SMALLEST_VARIANCE
    return problem.expression[:, varied]


def _common_sums(values: FloatArray, design: FloatArray, sample_weights: FloatArray) -> _Derivatives:
    """Derivatives when all features share their weights, hence one decomposition."""
    n_features = values.shape[1]
    root = np.sqrt(sample_weights)[:, None]
    basis = np.linalg.qr(design * root)[0]
    scaled = values * root
    squares = (scaled - basis @ (basis.T @ scaled)) ** 2
    hat = basis @ basis.T
    freedom = 1.0 - np.diag(hat)
    relative = squares / (squares.sum(axis=0) / (design.shape[0] - design.shape[1]))
    information = hat**2 + np.diag(1.0 - 2.0 * np.diag(hat)) - np.outer(freedom, freedom) / freedom.sum()
    return _Derivatives(relative.sum(axis=1) - n_features * freedom, n_features * information)


@entry_point
def _sums(problem: VarianceProblem, sample_weights: FloatArray) -> _Derivatives:
    """Derivatives when every feature has its own weights."""
    n_samples, n_features = problem.expression.shape
    feature, equations = new_feature(n_samples), new_equations(n_samples, problem.design.shape[1])
    rows = np.zeros((problem.design.shape[1], n_samples))
    score, information = np.zeros(n_samples), np.zeros((n_samples, n_samples))
    for g in range(n_features):
        df = fit_feature(problem, sample_weights, g, feature, equations)
        total = freedom = 0.0
        for i in range(n_samples):
            total += feature.squares[i]
            freedom += 1.0 - feature.leverages[i]
        if total / df > _SMALLEST_VARIANCE:
            for i in range(n_samples):
                score[i] += feature.squares[i] * df / total - (1.0 - feature.leverages[i])
        _orthonormal_rows(problem, feature.weights, equations, rows)
        for i in range(n_samples):
            share = (1.0 - feature.leverages[i]) / freedom
            information[i, i] += 1.0 - 2.0 * feature.leverages[i]
            for j in range(n_samples):
                information[i, j] -= share * (1.0 - feature.leverages[j])
        _add_squared_products(rows, feature.values, information)
    return _Derivatives(score, information)


@helper
def _orthonormal_rows(problem: VarianceProblem, weights: FloatArray, equations: Equations, rows: FloatArray) -> None:
    """An orthonormal basis of the weighted design, one row per coordinate: the hat matrix is ``rows.T @ rows``."""
    if equations.rank[0] < 0:
        scaled = np.zeros((rows.shape[1], rows.shape[0]))
        for i in range(scaled.shape[0]):
            for a in range(scaled.shape[1]):
                scaled[i, a] = np.sqrt(weights[i]) * problem.design[i, a]
        found = orthogonalize(scaled).basis
        for a in range(rows.shape[0]):
            for i in range(rows.shape[1]):
                rows[a, i] = found[a, i] if a < found.shape[0] else 0.0
        return
    for i in range(rows.shape[1]):
        for a in range(rows.shape[0]):
            rows[a, i] = 0.0
        solve_row(problem, i, equations)
        for k in range(problem.reach.starts[i], problem.reach.starts[i + 1]):
            a = problem.reach.rows[k]
            rows[a, i] = equations.vector[a] * np.sqrt(weights[i])


@helper
def _add_squared_products(rows: FloatArray, buffer: FloatArray, information: FloatArray) -> None:
    """Add the squared entries of ``rows.T @ rows``; `buffer` is overwritten."""
    for i in range(rows.shape[1]):
        for j in range(buffer.size):
            buffer[j] = 0.0
        for a in range(rows.shape[0]):
            share = rows[a, i]
            if share != 0.0:
                for j in range(buffer.size):
                    buffer[j] += share * rows[a, j]
        for j in range(buffer.size):
            information[i, j] += buffer[j] * buffer[j]
