"""The frozen reference as kernels take it: moments and quantiles of every feature, in the order of the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.stats.standardization import feature_moments

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureReference:
    """Each feature in the samples of reference, on the log2 scale.

    Parameters
    ----------
    mean, sd
        (n_features,); NaN for a feature that the reference does not have.
    detected
        (n_features,) fraction of the samples of reference in which the feature is above what a zero is on the scale.
    quantiles
        (n_quantiles, n_features) of a reference cohort; None where the samples are their own reference.
    """

    mean: FloatArray
    sd: FloatArray
    detected: FloatArray
    quantiles: FloatArray | None = None


def own_reference(expression: NDArray[Any], zero: float = -np.inf) -> FeatureReference:
    """The samples as their own reference.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    zero
        What a zero is on the scale; minus infinity where there is none, so that whatever is measured is detected.

    Returns
    -------
    FeatureReference
        Without quantiles: the values themselves are there.
    """
    moments = feature_moments(expression)
    with np.errstate(invalid="ignore"):
        detected = (np.asarray(expression) > zero).sum(axis=0)
    return FeatureReference(moments.mean, moments.sd, detected / max(len(expression), 1))
