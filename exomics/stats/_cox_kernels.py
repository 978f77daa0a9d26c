"""Compiled kernels of the Cox partial likelihood. Subjects are sorted by descending time."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CONVERGED, MONOTONE, NOT_CONVERGED, NO_EVENTS, CONSTANT, SINGULAR = range(6)

_MOST_STEPS = 60
_SMALL_STEP = 1e-9
_WIDE_PREDICTOR = 30.0


@njit(cache=True)
def _add_moments(moments: tuple[FloatArray, FloatArray], x: FloatArray, weight: float) -> None:
    """Add w x and w x x' (lower triangle) of one subject."""
    first, second = moments
    for j in range(x.size):
        wx = weight * x[j]
        first[j] += wx
        for k in range(j + 1):
            second[j, k] += wx * x[k]


@njit(cache=True)
def _subtract_group(
    risk: tuple[FloatArray, FloatArray, FloatArray],
    tied: tuple[FloatArray, FloatArray, FloatArray],
    share: float,
    out: tuple[FloatArray, FloatArray],
) -> float:
    """Take out one tied event: subtract the mean and the covariance of the risk set, return the log of its sum."""
    score, information = out
    s0 = risk[0][0] - share * tied[0][0]
    for j in range(score.size):
        mean_j = (risk[1][j] - share * tied[1][j]) / s0
        score[j] -= mean_j
        for k in range(j + 1):
            mean_k = (risk[1][k] - share * tied[1][k]) / s0
            information[j, k] += (risk[2][j, k] - share * tied[2][j, k]) / s0 - mean_j * mean_k
    return math.log(s0)


@njit(cache=True)
def partial_likelihood(
    x: FloatArray, groups: IntArray, event: NDArray[np.bool_], beta: FloatArray, efron: bool
) -> tuple[float, FloatArray, FloatArray]:
    """Log partial likelihood, score and information (lower triangle); `groups` holds the borders of tied times."""
    n, p = x.shape
    predictor = x @ beta
    largest = predictor.max()
    log_likelihood = 0.0
    score = np.zeros(p)
    information = np.zeros((p, p))
    risk = (np.zeros(1), np.zeros(p), np.zeros((p, p)))
    for g in range(groups.size - 1):
        tied = (np.zeros(1), np.zeros(p), np.zeros((p, p)))
        n_events = 0
        for i in range(groups[g], groups[g + 1]):
            weight = math.exp(predictor[i] - largest)
            risk[0][0] += weight
            _add_moments((risk[1], risk[2]), x[i], weight)
            if event[i]:
                n_events += 1
                tied[0][0] += weight
                _add_moments((tied[1], tied[2]), x[i], weight)
                log_likelihood += predictor[i] - largest
                for j in range(p):
                    score[j] += x[i, j]
        for event_number in range(n_events):
            share = event_number / n_events if efron else 0.0
            log_likelihood -= _subtract_group(risk, tied, share, (score, information))
    return log_likelihood, score, information


@njit(cache=True)
def partial_likelihood_of_one(
    x: FloatArray, groups: IntArray, event: NDArray[np.bool_], beta: float, efron: bool
) -> tuple[float, float, float]:
    """The same for a single covariate."""
    largest = max(beta * x.min(), beta * x.max())
    log_likelihood = 0.0
    score = 0.0
    information = 0.0
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    for g in range(groups.size - 1):
        d0 = 0.0
        d1 = 0.0
        d2 = 0.0
        n_events = 0
        for i in range(groups[g], groups[g + 1]):
            value = x[i]
            weight = math.exp(beta * value - largest)
            s0 += weight
            s1 += weight * value
            s2 += weight * value * value
            if event[i]:
                n_events += 1
                d0 += weight
                d1 += weight * value
                d2 += weight * value * value
                log_likelihood += beta * value - largest
                score += value
        for event_number in range(n_events):
            share = event_number / n_events if efron else 0.0
            total = s0 - share * d0
            mean = (s1 - share * d1) / total
            log_likelihood -= math.log(total)
            score -= mean
            information += (s2 - share * d2) / total - mean * mean
    return log_likelihood, score, information


@njit(cache=True)
def monotone_direction(x: FloatArray, groups: IntArray, event: NDArray[np.bool_]) -> int:
    """1 or -1 if every event has the largest or the smallest value at risk, 2 if both, otherwise 0."""
    largest = -np.inf
    smallest = np.inf
    rising = True
    falling = True
    for g in range(groups.size - 1):
        for i in range(groups[g], groups[g + 1]):
            largest = max(largest, x[i])
            smallest = min(smallest, x[i])
        for i in range(groups[g], groups[g + 1]):
            if event[i]:
                rising = rising and x[i] == largest
                falling = falling and x[i] == smallest
    if rising and falling:
        return 2
    return int(rising) - int(falling)


@njit(cache=True)
def fit_one(x: FloatArray, groups: IntArray, event: NDArray[np.bool_], efron: bool) -> tuple[float, float, float, int]:
    """Log hazard ratio, its variance, log likelihood and status of one centered and scaled covariate."""
    direction = monotone_direction(x, groups, event)
    if direction == 2:
        return np.nan, np.nan, np.nan, CONSTANT
    if direction != 0:
        return direction * np.inf, np.inf, np.nan, MONOTONE
    beta = 0.0
    current, score, information = partial_likelihood_of_one(x, groups, event, beta, efron)
    for _ in range(_MOST_STEPS):
        step = score / information
        value, new_score, new_information = partial_likelihood_of_one(x, groups, event, beta + step, efron)
        while not value >= current - 1e-12 * abs(current):
            step *= 0.5
            value, new_score, new_information = partial_likelihood_of_one(x, groups, event, beta + step, efron)
            if abs(step) < 1e-14:
                break
        beta += step
        current, score, information = value, new_score, new_information
        if abs(step) < _SMALL_STEP * max(1.0, abs(beta)):
            return beta, 1.0 / information, current, CONVERGED
    return beta, 1.0 / information, current, NOT_CONVERGED


@njit(cache=True)
def _inverse(matrix: FloatArray) -> tuple[FloatArray, bool]:
    """Inverse of a symmetric matrix given by its lower triangle, by Cholesky; False if it is not positive definite."""
    p = matrix.shape[0]
    factor = np.zeros((p, p))
    for j in range(p):
        for k in range(j + 1):
            rest = matrix[j, k]
            for m in range(k):
                rest -= factor[j, m] * factor[k, m]
            if j == k:
                if not rest > 1e-11 * max(matrix[j, j], 1e-300):
                    return factor, False
                factor[j, j] = math.sqrt(rest)
            else:
                factor[j, k] = rest / factor[k, k]
    half = np.zeros((p, p))
    for j in range(p):
        half[j, j] = 1.0 / factor[j, j]
        for i in range(j + 1, p):
            rest = 0.0
            for m in range(j, i):
                rest += factor[i, m] * half[m, j]
            half[i, j] = -rest / factor[i, i]
    return half.T @ half, True


@njit(cache=True)
def fit_several(
    x: FloatArray, groups: IntArray, event: NDArray[np.bool_], efron: bool
) -> tuple[FloatArray, FloatArray, float, int]:
    """Log hazard ratios, their covariance, log likelihood and status of centered and scaled covariates."""
    p = x.shape[1]
    beta = np.zeros(p)
    current, score, information = partial_likelihood(x, groups, event, beta, efron)
    covariance, definite = _inverse(information)
    if not definite:
        return np.full(p, np.nan), np.full((p, p), np.nan), current, SINGULAR
    for _ in range(_MOST_STEPS):
        step = covariance @ score
        value, new_score, new_information = partial_likelihood(x, groups, event, beta + step, efron)
        for _ in range(50):
            if value >= current - 1e-12 * abs(current):
                break
            step = 0.5 * step
            value, new_score, new_information = partial_likelihood(x, groups, event, beta + step, efron)
        beta = beta + step
        current, score, information = value, new_score, new_information
        candidate, definite = _inverse(information)
        predictor = x @ beta
        wide = predictor.max() - predictor.min() > _WIDE_PREDICTOR
        if not definite or (wide and not np.max(np.abs(step)) < _SMALL_STEP):
            return beta, covariance, current, MONOTONE if wide else SINGULAR
        covariance = candidate
        if np.max(np.abs(step)) < _SMALL_STEP * max(1.0, np.max(np.abs(beta))):
            return beta, covariance, current, CONVERGED
    return beta, covariance, current, NOT_CONVERGED


@njit(cache=True)
def concordance_counts(time: FloatArray, event: NDArray[np.bool_], risk: FloatArray) -> FloatArray:
    """Number of comparable pairs each subject is in: ranked rightly, ranked wrongly, tied in risk (columns)."""
    n = time.size
    counts = np.zeros((n, 3))
    for i in range(n):
        if not event[i]:
            continue
        for j in range(n):
            if time[j] > time[i] or (time[j] == time[i] and not event[j]):
                column = 0 if risk[i] > risk[j] else (1 if risk[i] < risk[j] else 2)
                counts[i, column] += 1.0
                counts[j, column] += 1.0
    return counts
