"""What the numbers of a locked model give, before anything is refused."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Evaluated(NamedTuple):
    """What is told of each sample, (n_samples, n_outputs), the share of the weight that is measured, (n_samples,), and
    which parts each has, (n_samples, n_parts).
    """

    told: FloatArray
    coverage: FloatArray
    measured: NDArray[np.bool_]


def weighed(known: NDArray[np.bool_], weights: FloatArray) -> FloatArray:
    """Sum of the weights (n_features,) of what is known (n_samples, n_features); all in one order, so that 1 is 1."""
    return np.asarray(np.sum(known * weights, axis=1))
