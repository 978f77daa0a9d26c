"""How strongly the members of a set go together."""

from __future__ import annotations

import numpy as np

from exomics._checks import FloatArray


def mean_correlation(residuals: FloatArray) -> float:
    """Mean correlation between features: what the variance of their mean residual effect has above independence.

    `residuals` is (n_features, n_residual_effects), each feature of mean square 1. NaN with fewer than two features.
    """
    m = len(residuals)
    if m < 2:
        return float("nan")
    inflation = m * np.mean(residuals.mean(axis=0) ** 2)
    return float((inflation - 1.0) / (m - 1.0))
