"""Posterior batch effects of ComBat, each feature's averaged over the effects of all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point

FloatArray = NDArray[np.float64]


@entry_point
def average_effects(
    sizes: FloatArray, means: FloatArray, squares: FloatArray, shifts: FloatArray, variances: FloatArray
) -> FloatArray:
    """Mean shift and variance (2, n_features) under the likelihood of a feature's values at those of all others.

    A feature enters by its number of values, their mean, and their sum of squares about it. Log likelihoods are taken
    relative to the highest, so that none underflows together.
    """
    n_features = means.size
    found, logs = np.empty((2, n_features)), np.empty(n_features)
    half_log = 0.5 * np.log(2.0 * np.pi * variances)
    for i in range(n_features):
        highest = -np.inf
        for g in range(n_features):
            distance = squares[i] + sizes[i] * (means[i] - shifts[g]) ** 2
            logs[g] = -sizes[i] * half_log[g] - distance / (2.0 * variances[g])
            if g != i and variances[g] > 0.0 and logs[g] > highest:
                highest = logs[g]
        total = shift = variance = 0.0
        for g in range(n_features):
            if g != i and variances[g] > 0.0:
                weight = np.exp(logs[g] - highest)
                total += weight
                shift += weight * shifts[g]
                variance += weight * variances[g]
        found[0, i], found[1, i] = shift / total, variance / total
    return found
