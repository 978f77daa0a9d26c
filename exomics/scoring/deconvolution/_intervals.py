"""Intervals of one method: the features of the reference drawn again, everything else the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError

IntArray = NDArray[np.int64]
LEAST_FEATURES = 3


def percentile_interval(
    estimate: Callable[[IntArray], FloatArray],
    profiles: FloatArray,
    *,
    n_resamples: int,
    generator: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """95% percentile interval of each value over resampled features, (n_samples, n_cell_types) twice.

    `estimate` gives the values from chosen rows of the reference, of which `profiles` are the profiles.
    A cell type with fewer than three features of its own has none: it cannot be told how its marker varies. A resample
    that leaves profiles collinear or a type without features is left out for all, or for that type.
    """
    drawn = []
    for _ in range(n_resamples):
        rows = np.asarray(generator.integers(0, profiles.shape[0], profiles.shape[0]), dtype=np.int64)
        try:
            drawn.append(estimate(rows))
        except InputError:
            continue
    if len(drawn) < max(2, n_resamples // 2):
        raise InputError("most resamples of the features cannot be fitted; the reference has too few features.")
    stacked = np.stack(drawn)
    enough = np.isfinite(stacked).sum(axis=0) >= max(2, len(drawn) // 2)
    filled = np.where(enough, stacked, 0.0)
    low, high = np.nanpercentile(filled, [2.5, 97.5], axis=0)
    few = (profiles != 0).sum(axis=0) < LEAST_FEATURES
    if few.size == low.shape[1]:
        enough &= ~few
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)
