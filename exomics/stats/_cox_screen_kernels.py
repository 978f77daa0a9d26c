"""Compiled loop that fits a Cox model to each of many features on the same follow-up."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from exomics.stats._cox_kernels import CONSTANT, CONVERGED, NO_EVENTS, fit_one, fit_several

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@njit(cache=True)
def _fit_feature(x: FloatArray, groups: IntArray, event: NDArray[np.bool_], efron: bool, row: FloatArray) -> None:
    row[2] = x.shape[0]
    row[3] = event.sum()
    row[4] = NO_EVENTS
    if row[3] == 0:
        return
    center = x[:, 0].mean()
    scale = x[:, 0].std()
    row[4] = CONSTANT
    if scale <= 1e-13 * abs(center):
        return
    x[:, 0] = (x[:, 0] - center) / scale
    if x.shape[1] == 1:
        estimate, variance, _, status = fit_one(x[:, 0].copy(), groups, event, efron)
        row[0] = estimate / scale
        row[1] = np.sqrt(variance) / scale
        row[4] = status
        return
    several, covariance, _, status = fit_several(x.copy(), groups, event, efron)
    row[4] = status
    if status == CONVERGED:
        row[0] = several[0] / scale
        row[1] = np.sqrt(covariance[0, 0]) / scale


@njit(cache=True)
def fit_each_feature(
    features: FloatArray, adjust: FloatArray, time: FloatArray, event: NDArray[np.bool_], efron: bool
) -> FloatArray:
    """Columns: log hazard ratio, its error, samples, events, status; one row per feature (rows of `features`)."""
    n_features, n_samples = features.shape
    q = adjust.shape[1]
    result = np.full((n_features, 5), np.nan)
    x = np.empty((n_samples, q + 1))
    groups = np.empty(n_samples + 1, dtype=np.int64)
    indicator = np.empty(n_samples, dtype=np.bool_)
    for feature in range(n_features):
        n = 0
        n_groups = 0
        last = np.nan
        for i in range(n_samples):
            if not np.isfinite(features[feature, i]):
                continue
            if n == 0 or time[i] != last:
                groups[n_groups] = n
                n_groups += 1
                last = time[i]
            x[n, 0] = features[feature, i]
            x[n, 1:] = adjust[i]
            indicator[n] = event[i]
            n += 1
        groups[n_groups] = n
        _fit_feature(x[:n], groups[: n_groups + 1], indicator[:n], efron, result[feature])
    return result
