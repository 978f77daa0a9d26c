"""Cells of a count matrix whose fitted mean is zero: an all-zero group says nothing about a feature's variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper

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
    """Working arrays of one feature: means and coefficients (accepted and tried), gradient, information, factor."""

    means: FloatArray
    tried_means: FloatArray
    coefficients: FloatArray
    tried_coefficients: FloatArray
    gradient: FloatArray
    information: FloatArray
    factor: FloatArray


@entry_point
def _poisson_means(counts: FloatArray, design: FloatArray, offsets: FloatArray, start: FloatArray) -> FloatArray:
    """Fitted means of a Poisson log-linear model for every row of `counts`, by scoring with Levenberg's damping."""
    n_features, n_samples = counts.shape
    size = design.shape[1]
    work = _Scoring(
        np.zeros(n_samples),
        np.zeros(n_samples),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
        np.zeros((size, size)),
        np.zeros((size, size)),
    )
    means = np.zeros((n_features, n_samples))
    exposure = 0.0
    for i in range(n_samples):
        exposure += np.exp(offsets[i])
    for g in range(n_features):
        total = 0.0
        for i in range(n_samples):
            total += counts[g, i]
        if total > 0.0:
            for a in range(size):
                work.coefficients[a] = start[a] * np.log(total / exposure)
            _score_to_convergence(counts[g], design, offsets, work)
            for i in range(n_samples):
                means[g, i] = work.means[i]
    return means


@helper
def _score_to_convergence(values: FloatArray, design: FloatArray, offsets: FloatArray, work: _Scoring) -> None:
    _predict(design, offsets, work.coefficients, work.means)
    deviance, largest = _deviance(values, work.means), 0.0
    for value in values:
        largest = max(largest, value)
    damping, most_information = 0.0, 0.0
    for iteration in range(_MAX_ITERATIONS):
        most_information = max(most_information, _derivatives(values, design, work))
        if iteration == 0:
            damping = max(most_information * 1e-6, _TINY)
        n_tries, tried, perfect = 0, np.inf, False
        while tried > deviance and not perfect:
            if n_tries > 0:
                damping *= 2.0
            if damping / most_information > 1.0 / _TINY:
                return
            n_tries += 1
            damping = _damped_step(work, damping)
            _predict(design, offsets, work.tried_coefficients, work.tried_means)
            tried = _deviance(values, work.tried_means)
            perfect = tried / largest < _TINY
        deviance = tried
        if _accept(work) < _CONVERGED or perfect:
            return
        if n_tries == 1:
            damping /= 10.0


@helper
def _accept(work: _Scoring) -> float:
    """Take the tried step; returns what it gains to first order."""
    gain = 0.0
    for a in range(work.gradient.size):
        gain += work.gradient[a] * (work.tried_coefficients[a] - work.coefficients[a])
        work.coefficients[a] = work.tried_coefficients[a]
    for i in range(work.means.size):
        work.means[i] = work.tried_means[i]
    return gain


@helper
def _predict(design: FloatArray, offsets: FloatArray, coefficients: FloatArray, means: FloatArray) -> None:
    for i in range(offsets.size):
        total = offsets[i]
        for a in range(coefficients.size):
            total += design[i, a] * coefficients[a]
        means[i] = np.exp(total)


@helper
def _deviance(values: FloatArray, means: FloatArray) -> float:
    total = 0.0
    for i in range(values.size):
        value, mean = values[i] + _OFFSET_IN_DEVIANCE, means[i] + _OFFSET_IN_DEVIANCE
        total += max(2.0 * (value * np.log(value / mean) - (value - mean)), 0.0)
    return total


@helper
def _derivatives(values: FloatArray, design: FloatArray, work: _Scoring) -> float:
    """Gradient and expected information of the log likelihood; returns the largest diagonal entry."""
    for a in range(work.gradient.size):
        work.gradient[a] = 0.0
        for c in range(a + 1):
            work.information[a, c] = 0.0
    for i in range(values.size):
        rest = values[i] - work.means[i]
        for a in range(work.gradient.size):
            if design[i, a] != 0.0:
                work.gradient[a] += rest * design[i, a]
                share = work.means[i] * design[i, a]
                for c in range(a + 1):
                    work.information[a, c] += share * design[i, c]
    largest = 0.0
    for a in range(work.gradient.size):
        largest = max(largest, work.information[a, a])
    return largest


@helper
def _damped_step(work: _Scoring, damping: float) -> float:
    """Try the step of ``(information + damping I) step = gradient``; raises the damping until that can be solved."""
    factor, step = work.factor, work.tried_coefficients
    while not _damped_factor(work, damping):
        damping = max(damping * 10.0, 1e-100)
    for a in range(step.size):
        step[a] = work.gradient[a]
        for d in range(a):
            step[a] -= factor[a, d] * step[d]
        step[a] /= factor[a, a]
    for a in range(step.size - 1, -1, -1):
        step[a] /= factor[a, a]
        for d in range(a):
            step[d] -= factor[a, d] * step[a]
    for a in range(step.size):
        step[a] += work.coefficients[a]
    return damping


@helper
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
