"""Gene-by-gene estimation of sample variances: one pass over features, each updating the weights the next one meets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper, inlined
from exomics.stats._conjugate_gradients import clear, invert, new_solver, solve, sum_of
from exomics.stats._design_basis import DesignBasis
from exomics.stats._orthogonalization import fit_one_feature

FloatArray = NDArray[np.float64]

_NEARLY_SINGULAR = 1e-9
_SMALLEST_VARIANCE = 1e-15


class Reach(NamedTuple):
    """For each sample the rows that a forward substitution of its basis row can fill, in compressed form."""

    starts: NDArray[np.uint64]
    rows: NDArray[np.uint64]


class VarianceProblem(NamedTuple):
    """Expression and prior weights (n_samples, n_features; weights may have one column), design, variance groups."""

    expression: FloatArray
    weights: FloatArray
    design: FloatArray
    basis: DesignBasis
    reach: Reach
    groups: NDArray[np.int64]
    n_groups: int
    prior_n: float


class Feature(NamedTuple):
    """One feature's values and weights, and what its weighted fit leaves: squares ``w r^2`` and leverages."""

    values: FloatArray
    weights: FloatArray
    squares: FloatArray
    leverages: FloatArray


class Equations(NamedTuple):
    """Cholesky factor of a feature's Gram matrix (diagonal inverted), its rank or -1, and working vectors."""

    factor: FloatArray
    vector: FloatArray
    residuals: FloatArray
    rank: NDArray[np.int64]


def reach_of_rows(basis: DesignBasis) -> Reach:
    """Rows filled when a sample's basis row is solved against the factor: its own columns, and whatever they reach."""
    rows: list[int] = []
    starts = [0]
    for i in range(basis.starts.size - 1):
        own = set(basis.columns[int(basis.starts[i]) : int(basis.starts[i + 1])].tolist())
        first = min(own, default=basis.envelope.size)
        for a in range(first, basis.envelope.size):
            if a in own or any(d in own for d in range(int(basis.envelope[a]), a)):
                own.add(a)
        rows.extend(sorted(own))
        starts.append(len(rows))
    return Reach(np.array(starts, dtype=np.uint64), np.array(rows, dtype=np.uint64))


@entry_point
def log_variances_by_feature(problem: VarianceProblem) -> FloatArray:
    """Log variance of each variance group after one scoring step per feature, features in order."""
    n_samples, n_features = problem.expression.shape
    n_groups = problem.n_groups
    feature, equations = new_feature(n_samples), new_equations(n_samples, problem.design.shape[1])
    solver = new_solver(n_groups)
    sizes, log_variances, group_weights = np.zeros(n_groups), np.zeros(n_groups), np.ones(n_groups)
    for i in range(n_samples):
        sizes[problem.groups[i]] += 1.0
        solver.information[problem.groups[i], problem.groups[i]] += problem.prior_n
    kept, score, sample_weights = np.zeros(n_groups), np.zeros(n_groups), np.ones(n_samples)
    invert(solver.information, solver.preconditioner)
    for g in range(n_features):
        df = fit_feature(problem, sample_weights, g, feature, equations)
        variance = sum_of(feature.squares) / df if df >= 2.0 else 0.0
        if variance < _SMALLEST_VARIANCE:
            continue
        clear(kept)
        clear(score)
        for i in range(n_samples):
            if feature.weights[i] > 0.0:
                kept[problem.groups[i]] += 1.0 - feature.leverages[i]
                score[problem.groups[i]] += feature.squares[i] / variance - (1.0 - feature.leverages[i])
        excess = sum_of(score) / n_samples
        for k in range(n_groups):
            score[k] -= sizes[k] * excess
        _add_information(kept, solver.information)
        solve(solver, score)
        for k in range(n_groups):
            log_variances[k] += solver.solution[k]
            group_weights[k] = np.exp(-log_variances[k])
        for i in range(n_samples):
            sample_weights[i] = group_weights[problem.groups[i]]
    return log_variances


@helper
def new_feature(n_samples: int) -> Feature:
    return Feature(np.zeros(n_samples), np.zeros(n_samples), np.zeros(n_samples), np.zeros(n_samples))


@helper
def new_equations(n_samples: int, n_columns: int) -> Equations:
    square, rank = np.zeros((n_columns, n_columns)), np.zeros(1, np.int64)
    return Equations(square, np.zeros(n_columns), np.zeros(n_samples), rank)


@helper
def _add_information(kept: FloatArray, information: FloatArray) -> None:
    """Add ``diag(k) - k k' / sum(k)``, the information of one feature whose own variance is estimated too."""
    total = sum_of(kept)
    for a in range(kept.size):
        share = kept[a] / total
        for b in range(kept.size):
            information[a, b] -= share * kept[b]
        information[a, a] += kept[a]


@helper
def fit_feature(
    problem: VarianceProblem, sample_weights: FloatArray, g: int, feature: Feature, equations: Equations
) -> float:
    """Weighted fit of feature `g`; returns its residual degrees of freedom (0 where too few values are present)."""
    column = 0 if problem.weights.shape[1] == 1 else g
    n_used = 0
    for i in range(sample_weights.size):
        value, prior = problem.expression[i, g], problem.weights[i, column]
        used = value == value and prior > 0.0
        feature.values[i] = value if used else 0.0
        feature.weights[i] = sample_weights[i] * prior if used else 0.0
        n_used += 1 if used else 0
    if n_used <= 2:
        return 0.0
    rank = _factorize(problem.basis, feature.weights, equations)
    equations.rank[0] = rank
    if rank < 0:
        found = fit_one_feature(feature.values, feature.weights, problem.design, np.zeros((0, problem.design.shape[1])))
        for i in range(feature.squares.size):
            feature.squares[i] = found.residuals[i] ** 2
            feature.leverages[i] = found.leverages[i]
        return float(n_used - found.rank)
    for i in range(feature.values.size):
        equations.residuals[i] = feature.values[i]
    for _ in range(2):
        _refine(problem.basis, feature.weights, equations)
    for i in range(feature.values.size):
        feature.squares[i] = feature.weights[i] * equations.residuals[i] ** 2
    _leverages(problem, feature, equations)
    return float(n_used - rank)


@helper
def _factorize(basis: DesignBasis, weights: FloatArray, equations: Equations) -> int:
    """Cholesky factor of the weighted Gram matrix; its rank, or -1 where the equations are nearly singular.

    The diagonal of the factor is stored inverted, 0 where a column is empty.
    """
    factor, envelope, rank = equations.factor, basis.envelope, 0
    for a in range(factor.shape[0]):
        clear(factor[a])
    for i in range(weights.size):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            product, row = weights[i] * basis.values[s], basis.columns[s]
            for t in range(basis.starts[i], s):
                factor[row, basis.columns[t]] += product * basis.values[t]
            factor[row, row] += product * basis.values[s]
    for a in range(factor.shape[0]):
        whole = factor[a, a]
        for c in range(envelope[a], a):
            rest = factor[a, c]
            for d in range(max(envelope[a], envelope[c]), c):
                rest -= factor[a, d] * factor[c, d]
            factor[a, c] = rest * factor[c, c]
            factor[a, a] -= factor[a, c] ** 2
        if factor[a, a] > _NEARLY_SINGULAR * whole:
            factor[a, a] = 1.0 / np.sqrt(factor[a, a])
            rank += 1
        elif whole == 0.0 and basis.separable:
            factor[a, a] = 0.0
        else:
            return -1
    return rank


@helper
def _refine(basis: DesignBasis, weights: FloatArray, equations: Equations) -> None:
    """Take out of the residuals what the basis explains of them."""
    factor, vector, residuals = equations.factor, equations.vector, equations.residuals
    clear(vector)
    for i in range(residuals.size):
        moved = weights[i] * residuals[i]
        for s in range(basis.starts[i], basis.starts[i + 1]):
            vector[basis.columns[s]] += moved * basis.values[s]
    for a in range(vector.size):
        total = vector[a]
        for d in range(basis.envelope[a], a):
            total -= factor[a, d] * vector[d]
        vector[a] = total * factor[a, a]
    for a in range(vector.size - 1, -1, -1):
        vector[a] *= factor[a, a]
        for d in range(basis.envelope[a], a):
            vector[d] -= factor[a, d] * vector[a]
    for i in range(residuals.size):
        for s in range(basis.starts[i], basis.starts[i + 1]):
            residuals[i] -= vector[basis.columns[s]] * basis.values[s]


@helper
def _leverages(problem: VarianceProblem, feature: Feature, equations: Equations) -> None:
    """Squared lengths of ``inverse(factor) @ row`` for every sample's weighted basis row."""
    for i in range(feature.weights.size):
        feature.leverages[i] = feature.weights[i] * solve_row(problem, i, equations)


@inlined
def solve_row(problem: VarianceProblem, i: int, equations: Equations) -> float:
    """``inverse(factor) @ row`` of sample `i`, into `vector` where the row reaches; returns its squared length."""
    basis, reach, factor, vector = problem.basis, problem.reach, equations.factor, equations.vector
    for k in range(reach.starts[i], reach.starts[i + 1]):
        vector[reach.rows[k]] = 0.0
    for s in range(basis.starts[i], basis.starts[i + 1]):
        vector[basis.columns[s]] = basis.values[s]
    length = 0.0
    for k in range(reach.starts[i], reach.starts[i + 1]):
        row = reach.rows[k]
        total = vector[row]
        for d in range(reach.starts[i], k):
            total -= factor[row, reach.rows[d]] * vector[reach.rows[d]]
        vector[row] = total * factor[row, row]
        length += vector[row] ** 2
    return length
