"""Compiled kernels of two-group comparisons, one feature after another (features in rows)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CONVERGED, SEPARATED, NOT_CONVERGED, ONE_GROUP, CONSTANT = range(5)

_MOST_STEPS = 100
_SMALL_STEP = 1e-11


@njit(cache=True)
def _split(values: FloatArray, positive: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Finite values of the positive and of the negative samples."""
    known = np.isfinite(values)
    return values[known & positive], values[known & ~positive]


@njit(cache=True)
def _placements(of: FloatArray, among: FloatArray) -> FloatArray:
    """For each sorted value: how many of the other sorted values lie below it, ties counting one half."""
    result = np.empty(of.size)
    below = 0
    not_above = 0
    for i in range(of.size):
        while below < among.size and among[below] < of[i]:
            below += 1
        while not_above < among.size and among[not_above] <= of[i]:
            not_above += 1
        result[i] = 0.5 * (below + not_above)
    return result


@njit(cache=True)
def _variance(values: FloatArray) -> float:
    if values.size < 2:
        return np.nan
    return float(np.var(values) * values.size / (values.size - 1.0))


@njit(cache=True)
def auc_of_each_feature(features: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """Columns: AUC, DeLong variance, number of positive and of negative samples."""
    result = np.full((features.shape[0], 4), np.nan)
    for feature in range(features.shape[0]):
        high, low = _split(features[feature], positive)
        m, n = high.size, low.size
        result[feature, 2] = m
        result[feature, 3] = n
        if m == 0 or n == 0:
            continue
        high.sort()
        low.sort()
        share_of_low = _placements(high, low) / n
        share_of_high = _placements(low, high) / m
        result[feature, 0] = share_of_low.mean()
        result[feature, 1] = _variance(share_of_low) / m + _variance(share_of_high) / n
    return result


@njit(cache=True)
def means_of_each_feature(features: FloatArray, positive: NDArray[np.bool_]) -> FloatArray:
    """Columns: mean difference, pooled variance, number of positive and of negative samples."""
    result = np.full((features.shape[0], 4), np.nan)
    for feature in range(features.shape[0]):
        high, low = _split(features[feature], positive)
        m, n = high.size, low.size
        result[feature, 2] = m
        result[feature, 3] = n
        if m == 0 or n == 0:
            continue
        result[feature, 0] = high.mean() - low.mean()
        if m + n > 2:
            result[feature, 1] = (np.var(high) * m + np.var(low) * n) / (m + n - 2.0)
    return result


@njit(cache=True)
def _logistic_state(
    x: FloatArray, y: FloatArray, beta: tuple[float, float], firth: bool
) -> tuple[float, tuple[float, float], tuple[float, float, float]]:
    """(Penalized) log likelihood, score and information of intercept and slope."""
    a, b = beta
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    log_likelihood = 0.0
    u0 = 0.0
    u1 = 0.0
    for i in range(x.size):
        predictor = a + b * x[i]
        small = math.exp(-abs(predictor))
        p = 1.0 / (1.0 + small) if predictor >= 0 else small / (1.0 + small)
        w = small / (1.0 + small) ** 2
        s0 += w
        s1 += w * x[i]
        s2 += w * x[i] * x[i]
        log_likelihood += y[i] * predictor - max(predictor, 0.0) - math.log1p(small)
        u0 += y[i] - p
        u1 += (y[i] - p) * x[i]
    determinant = s0 * s2 - s1 * s1
    if firth:
        log_likelihood += 0.5 * math.log(determinant) if determinant > 0.0 else -np.inf
        for i in range(x.size):
            predictor = a + b * x[i]
            small = math.exp(-abs(predictor))
            p = 1.0 / (1.0 + small) if predictor >= 0 else small / (1.0 + small)
            w = small / (1.0 + small) ** 2
            leverage = w * (s2 - 2.0 * x[i] * s1 + x[i] * x[i] * s0) / determinant
            u0 += leverage * (0.5 - p)
            u1 += leverage * (0.5 - p) * x[i]
    return log_likelihood, (u0, u1), (s0, s1, s2)


@njit(cache=True)
def _fit_logistic(x: FloatArray, y: FloatArray, firth: bool) -> tuple[float, float, float, int]:
    """Intercept, slope, variance of the slope, status; x centered and scaled."""
    share = y.mean()
    a, b = math.log(share / (1.0 - share)), 0.0
    value, score, information = _logistic_state(x, y, (a, b), firth)
    for _ in range(_MOST_STEPS):
        s0, s1, s2 = information
        determinant = s0 * s2 - s1 * s1
        step_a = (s2 * score[0] - s1 * score[1]) / determinant
        step_b = (s0 * score[1] - s1 * score[0]) / determinant
        new_value, new_score, new_information = _logistic_state(x, y, (a + step_a, b + step_b), firth)
        for _ in range(60):
            if new_value >= value - 1e-12 * abs(value):
                break
            step_a *= 0.5
            step_b *= 0.5
            new_value, new_score, new_information = _logistic_state(x, y, (a + step_a, b + step_b), firth)
        a += step_a
        b += step_b
        value, score, information = new_value, new_score, new_information
        if max(abs(step_a), abs(step_b)) < _SMALL_STEP * max(1.0, abs(a), abs(b)):
            s0, s1, s2 = information
            return a, b, s0 / (s0 * s2 - s1 * s1), CONVERGED
    return a, b, np.nan, NOT_CONVERGED


@njit(cache=True)
def _fit_logistic_as_published(x: FloatArray, y: FloatArray) -> tuple[float, float, float, int]:
    """Reweighted least squares with the start, the stop and the last weights of R's glm."""
    a = 0.0
    b = 0.0
    deviance = np.inf
    for step in range(25):
        s0 = 0.0
        s1 = 0.0
        s2 = 0.0
        t0 = 0.0
        t1 = 0.0
        for i in range(x.size):
            predictor = a + b * x[i] if step else math.log((y[i] + 0.5) / (1.5 - y[i]))
            p = 1.0 / (1.0 + math.exp(-predictor))
            w = p * (1.0 - p)
            target = w * predictor + y[i] - p
            s0 += w
            s1 += w * x[i]
            s2 += w * x[i] * x[i]
            t0 += target
            t1 += target * x[i]
        determinant = s0 * s2 - s1 * s1
        a = (s2 * t0 - s1 * t1) / determinant
        b = (s0 * t1 - s1 * t0) / determinant
        last = deviance if step else -2.0 * x.size * math.log(0.75)
        deviance = -2.0 * _logistic_state(x, y, (a, b), False)[0]
        if abs(deviance - last) / (abs(deviance) + 0.1) < 1e-8:
            return a, b, s0 / determinant, CONVERGED
    return a, b, np.nan, NOT_CONVERGED


@njit(cache=True)
def logistic_of_each_feature(
    features: FloatArray, positive: NDArray[np.bool_], firth: bool, published: bool
) -> FloatArray:
    """Columns: slope, its standard error, intercept, number of samples, of positive samples, status."""
    result = np.full((features.shape[0], 6), np.nan)
    for feature in range(features.shape[0]):
        row = result[feature]
        known = np.isfinite(features[feature])
        x = features[feature][known]
        y = positive[known]
        row[3] = x.size
        row[4] = y.sum()
        row[5] = ONE_GROUP
        if row[4] == 0 or row[4] == row[3]:
            continue
        center, scale = x.mean(), x.std()
        row[5] = CONSTANT
        if scale <= 1e-13 * abs(center):
            continue
        high, low = x[y], x[~y]
        if not firth and (high.min() >= low.max() or high.max() <= low.min()):
            row[0] = np.inf if high.min() >= low.max() else -np.inf
            row[1] = np.inf
            row[5] = SEPARATED
            continue
        standardized, label = (x - center) / scale, y.astype(np.float64)
        if published:
            intercept, slope, variance, status = _fit_logistic_as_published(standardized, label)
        else:
            intercept, slope, variance, status = _fit_logistic(standardized, label, firth)
        row[5] = status
        if status == CONVERGED:
            row[0] = slope / scale
            row[1] = math.sqrt(variance) / scale
            row[2] = intercept - slope * center / scale
    return result
