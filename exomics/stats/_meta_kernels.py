"""Compiled kernels of the meta-analysis of one feature after another."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FIXED, DERSIMONIAN_LAIRD, PAULE_MANDEL, REML = range(4)

_MOST_STEPS = 500
_RELATIVE_STEP = 1e-13


@njit(cache=True)
def weighted_sums(effects: FloatArray, variances: FloatArray, tau_squared: float) -> tuple[float, float, float, float]:
    """Sum of the weights w = 1 / (v + tau^2), weighted mean, Q = sum w (y - mean)^2, and sum w^2 (y - mean)^2."""
    total = 0.0
    mean = 0.0
    for i in range(effects.size):
        weight = 1.0 / (variances[i] + tau_squared)
        total += weight
        mean += weight * effects[i]
    mean /= total
    q = 0.0
    q_squared = 0.0
    for i in range(effects.size):
        weight = 1.0 / (variances[i] + tau_squared)
        part = weight * (effects[i] - mean) ** 2
        q += part
        q_squared += weight * part
    return total, mean, q, q_squared


@njit(cache=True)
def _power_sums(variances: FloatArray, tau_squared: float) -> tuple[float, float, float]:
    """Sums of w, w^2 and w^3."""
    first = 0.0
    second = 0.0
    third = 0.0
    for i in range(variances.size):
        weight = 1.0 / (variances[i] + tau_squared)
        first += weight
        second += weight**2
        third += weight**3
    return first, second, third


@njit(cache=True)
def _dersimonian_laird(effects: FloatArray, variances: FloatArray) -> float:
    q = weighted_sums(effects, variances, 0.0)[2]
    first, second, _ = _power_sums(variances, 0.0)
    return max(0.0, (q - (effects.size - 1)) / (first - second / first))


@njit(cache=True)
def _paule_mandel(effects: FloatArray, variances: FloatArray) -> tuple[float, bool]:
    """Root of Q(tau^2) = k - 1 by Newton steps, which approach it from below because Q is convex and falls."""
    target = effects.size - 1.0
    tau_squared = 0.0
    for _ in range(_MOST_STEPS):
        _, _, q, slope = weighted_sums(effects, variances, tau_squared)
        if q <= target:
            return tau_squared, True
        step = (q - target) / slope
        tau_squared += step
        if step <= _RELATIVE_STEP * tau_squared:
            return tau_squared, True
    return tau_squared, False


@njit(cache=True)
def _restricted_log_likelihood(effects: FloatArray, variances: FloatArray, tau_squared: float) -> float:
    total, _, q, _ = weighted_sums(effects, variances, tau_squared)
    logs = 0.0
    for i in range(variances.size):
        logs += math.log(variances[i] + tau_squared)
    return -0.5 * (logs + math.log(total) + q)


@njit(cache=True)
def _hedges_start(effects: FloatArray, variances: FloatArray) -> float:
    return max(0.0, np.var(effects) * effects.size / (effects.size - 1.0) - variances.mean())


@njit(cache=True)
def _reml(effects: FloatArray, variances: FloatArray) -> tuple[float, bool]:
    """Fisher scoring, halved until the restricted likelihood does not fall; zero where that is likelier."""
    at_zero = _restricted_log_likelihood(effects, variances, 0.0)
    tau_squared = _hedges_start(effects, variances)
    current = _restricted_log_likelihood(effects, variances, tau_squared)
    converged = False
    for _ in range(_MOST_STEPS):
        _, _, _, q_squared = weighted_sums(effects, variances, tau_squared)
        first, second, third = _power_sums(variances, tau_squared)
        score = q_squared - (first - second / first)
        information = second - 2.0 * third / first + (second / first) ** 2
        proposal = max(0.0, tau_squared + score / information)
        value = _restricted_log_likelihood(effects, variances, proposal)
        while value < current - 1e-14 * abs(current) and abs(proposal - tau_squared) > _RELATIVE_STEP * tau_squared:
            proposal = 0.5 * (proposal + tau_squared)
            value = _restricted_log_likelihood(effects, variances, proposal)
        change = abs(proposal - tau_squared)
        tau_squared = proposal
        current = value
        if change <= _RELATIVE_STEP * tau_squared or (tau_squared == 0.0 and score <= 0.0):
            converged = True
            break
    if at_zero > current:
        return 0.0, converged
    return tau_squared, converged


@njit(cache=True)
def _between_study_variance(effects: FloatArray, variances: FloatArray, method: int) -> tuple[float, bool]:
    if method == DERSIMONIAN_LAIRD:
        return _dersimonian_laird(effects, variances), True
    if method == PAULE_MANDEL:
        return _paule_mandel(effects, variances)
    if method == REML:
        return _reml(effects, variances)
    return 0.0, True


@njit(cache=True)
def combine_each_feature(effects: FloatArray, variances: FloatArray, method: int) -> FloatArray:
    """Pool every row over its measured studies.

    Columns of the result: number of studies, estimate, sum of weights, Q with weights 1 / (v + tau^2), tau^2, Q with
    weights 1 / v, typical within-study variance, converged (0 or 1).
    """
    n_features, n_studies = effects.shape
    result = np.full((n_features, 8), np.nan)
    y = np.empty(n_studies)
    v = np.empty(n_studies)
    for feature in range(n_features):
        k = 0
        for study in range(n_studies):
            if math.isfinite(effects[feature, study]) and 0.0 < variances[feature, study] < np.inf:
                y[k] = effects[feature, study]
                v[k] = variances[feature, study]
                k += 1
        row = result[feature]
        row[0] = k
        if k == 0:
            continue
        tau_squared, converged = 0.0, True
        if k > 1:
            tau_squared, converged = _between_study_variance(y[:k], v[:k], method)
            first, second, _ = _power_sums(v[:k], 0.0)
            row[5] = weighted_sums(y[:k], v[:k], 0.0)[2]
            row[6] = (k - 1) / (first - second / first)
        total, mean, q, _ = weighted_sums(y[:k], v[:k], tau_squared)
        row[1] = mean
        row[2] = total
        row[3] = q
        row[4] = tau_squared
        row[7] = 1.0 if converged else 0.0
    return result
