"""The chance that effects of either direction in a set are as large by rotation alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]


def mixed_probability(part: FloatArray) -> float:
    """Upper tail of the sum of squared first effects among all rotations, by a beta distribution of equal moments."""
    gram = part @ part.T if len(part) < part.shape[1] else part.T @ part
    values = np.linalg.eigvalsh(gram)[::-1]
    n = values.size
    width, lowest = values[0] - values[-1], values[-1]
    variance = (n - 1.0) / n / n / (n / 2.0 + 1.0)
    spread = variance * ((values**2).sum() - (values.sum() ** 2 - (values**2).sum()) / (n - 1.0)) / width**2
    mean = (values.mean() - lowest) / width
    both = mean * (1.0 - mean) / spread - 1.0
    observed = ((part[:, 0] ** 2).sum() - lowest) / width
    return float(special.betainc(both * (1.0 - mean), both * mean, 1.0 - min(max(observed, 0.0), 1.0)))
