"""Cells of a count matrix whose fitted mean is zero: an all-zero group says nothing about a feature's variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ZERO = 1e-4
_MAX_ITERATIONS = 250
_CONVERGED = 1e-6
_TINY = 1e-13
_OFFSET_IN_DEVIANCE = 1e-8


class StructuralZeros(NamedTuple):
    """`cells` (n_samples, features.size) marks zero counts fitted by zero, for the features that have any."""

    features: NDArray[np.int64]
    cells: NDArray[np.bool_]


def find_structural_zeros(counts: FloatArray, design: FloatArray, library_sizes: FloatArray) -> StructuralZeros:
    """Zero counts whose mean in a Poisson log-linear model of the design is (numerically) zero.

    Only features with more zeros than the smallest effective group, ``max(2, 1 / largest leverage)``, can have any. A
    one-way layout has its fit in closed form; otherwise damped scoring runs until the gain is below 1e-6, which leaves
    a mean that tends to zero well below the limit of 1e-4.
    """
    basis = np.linalg.qr(design)[0]
    smallest_group = 1.0 / (basis**2).sum(axis=1).max()
    n_zeros = (counts < _ZERO).sum(axis=0)
    candidates = np.flatnonzero(n_zeros > max(2.0, smallest_group) - _ZERO)
    part = np.ascontiguousarray(counts[:, candidates].T)
    groups = np.unique(design, axis=0, return_inverse=True)[1].reshape(-1)
    if groups.max() + 1 == design.shape[1]:
        means = _group_means(part, groups, library_sizes)
    else:
        start: FloatArray = np.linalg.lstsq(design, np.ones(design.shape[0]), rcond=None)[0].astype(np.float64)
        means = _poisson_means(part, np.ascontiguousarray(design), np.log(library_sizes), start)
    cells = (means < _ZERO) & (part < _ZERO)
    found = cells.any(axis=1)
    return StructuralZeros(candidates[found], np.ascontiguousarray(cells[found].T))


def _group_means(counts: FloatArray, groups: NDArray[np.int64], library_sizes: FloatArray) -> FloatArray:
    membership = np.eye(int(groups.max()) + 1)[groups]
    rates = (counts @ membership) / (library_sizes @ membership)
    return rates[:, groups] * library_sizes


class _Scoring(NamedTuple):
    """Working arrays of one feature: means and coefficients (accepted and tried), gradient, information, step."""

    means: FloatArray
    tried_means: FloatArray
    coefficients: FloatArray
    gradient: FloatArray
    information: FloatArray
    factor: FloatArray
    step: FloatArray


@njit(cache=True, error_model="numpy")
def _poisson_means(counts: FloatArray, design: FloatArray, offsets: FloatArray, start: FloatArray) -> FloatArray:
    """Fitted means of a Poisson log-linear model for every row of `counts`, by scoring with Levenberg's damping."""
    n_features, n_samples = counts.shape
    size = design.shape[1]
    work = _Scoring(
        np.zeros(n_samples),
        np.zeros(n_samples),
        np.zeros(size),
        np.zeros(size),
        np.zeros((size, size)),
        np.zeros((size, size)),
        np.zeros(size),
    )
    means = np.zeros((n_features, n_samples))
    exposure = np.exp(offsets).sum()
    for g in range(n_features):
        total = counts[g].sum()
        if total > 0.0:
            work.coefficients[:] = start * np.log(total / exposure)
            _score_to_convergence(counts[g], design, offsets, work)
            means[g] = work.means
    return means


@njit(cache=True, error_model="numpy")
def _score_to_convergence(values: FloatArray, design: FloatArray, offsets: FloatArray, work: _Scoring) -> None:
    _predict(design, offsets, work.coefficients, work.means)
    deviance, largest = _deviance(values, work.means), values.max()
    damping, most_information = 0.0, 0.0
    for iteration in range(_MAX_ITERATIONS):
        most_information = max(most_information, _derivatives(values, design, work))
        if iteration == 0:
            damping = max(most_information * 1e-6, _TINY)
        tries, perfect, stuck = 0, False, False
        while True:
            tries += 1
            damping = _damped_step(work, damping)
            work.step[:] += work.coefficients
            _predict(design, offsets, work.step, work.tried_means)
            tried = _deviance(values, work.tried_means)
            perfect = tried / largest < _TINY
            if tried <= deviance or perfect:
                break
            damping *= 2.0
            stuck = damping / most_information > 1.0 / _TINY
            if stuck:
                return
        gain = (work.gradient * (work.step - work.coefficients)).sum()
        work.coefficients[:] = work.step
        work.means[:] = work.tried_means
        deviance = tried
        if perfect or gain < _CONVERGED:
            return
        if tries == 1:
            damping /= 10.0


@njit(cache=True, error_model="numpy")
def _predict(design: FloatArray, offsets: FloatArray, coefficients: FloatArray, means: FloatArray) -> None:
    for i in range(offsets.size):
        total = offsets[i]
        for a in range(coefficients.size):
            total += design[i, a] * coefficients[a]
        means[i] = np.exp(total)


@njit(cache=True, error_model="numpy")
def _deviance(values: FloatArray, means: FloatArray) -> float:
    total = 0.0
    for i in range(values.size):
        value, mean = values[i] + _OFFSET_IN_DEVIANCE, means[i] + _OFFSET_IN_DEVIANCE
        total += max(2.0 * (value * np.log(value / mean) - (value - mean)), 0.0)
    return total


@njit(cache=True, error_model="numpy")
def _derivatives(values: FloatArray, design: FloatArray, work: _Scoring) -> float:
    """Gradient and expected information of the log likelihood; returns the largest diagonal entry."""
    work.gradient[:] = 0.0
    work.information[:] = 0.0
    for i in range(values.size):
        rest = values[i] - work.means[i]
        for a in range(work.gradient.size):
            if design[i, a] != 0.0:
                work.gradient[a] += rest * design[i, a]
                share = work.means[i] * design[i, a]
                for c in range(a + 1):
                    work.information[a, c] += share * design[i, c]
    return np.diag(work.information).max()


@njit(cache=True, error_model="numpy")
def _damped_step(work: _Scoring, damping: float) -> float:
    """Solve ``(information + damping I) step = gradient``; raises the damping until the matrix is positive definite."""
    factor, size = work.factor, work.gradient.size
    while not _damped_factor(work, damping):
        damping = max(damping * 10.0, 1e-100)
    for a in range(size):
        work.step[a] = work.gradient[a]
        for d in range(a):
            work.step[a] -= factor[a, d] * work.step[d]
        work.step[a] /= factor[a, a]
    for a in range(size - 1, -1, -1):
        work.step[a] /= factor[a, a]
        for d in range(a):
            work.step[d] -= factor[a, d] * work.step[a]
    return damping


@njit(cache=True, error_model="numpy")
def _damped_factor(work: _Scoring, damping: float) -> bool:
    factor = work.factor
    for a in range(factor.shape[0]):
        for c in range(a + 1):
            rest = work.information[a, c] + (damping if a == c else 0.0)
            for d in range(c):
                rest -= factor[a, d] * factor[c, d]
            if c < a:
                factor[a, c] = rest / factor[c, c]
            elif rest > 0.0:
                factor[a, a] = np.sqrt(rest)
            else:
                return False
    return True
