"""Grids of penalties: from the least one that lets no feature in, evenly down on the log scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._elastic_net_descent import Rules
from exomics.stats._elastic_net_families import BINOMIAL, COX, GAUSSIAN
from exomics.stats._elastic_net_inputs import Standardized
from exomics.stats._elastic_net_kernels import Samples, descend_paths

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ABOVE = 1.0 + 1e-9  # the first model of a grid has no feature, whatever the last digits say


def dense_rows(rows: tuple[IntArray, FloatArray, IntArray], n_features: int) -> FloatArray:
    """Compressed rows as a matrix (n_rows, n_features)."""
    indices, values, offsets = rows
    matrix = np.zeros((len(offsets) - 1, n_features))
    matrix[np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), indices] = values
    return matrix


def on_given_scale(
    rows: tuple[IntArray, FloatArray, IntArray], intercepts: FloatArray, scaled: Standardized
) -> tuple[tuple[IntArray, FloatArray, IntArray], FloatArray]:
    """Rows of coefficients, and intercepts (one per row, any shape), of the features before they were standardized."""
    indices, values, offsets = rows
    coefficients = values / scaled.deviation[indices]
    shifts = np.add.reduceat(np.append(coefficients * scaled.mean[indices], 0.0), offsets[:-1])
    shifts = np.where(np.diff(offsets) > 0, shifts, 0.0).reshape(intercepts.shape)
    return (indices, coefficients, offsets), intercepts - shifts


def grid_of(samples: Samples, alpha: float, factors: FloatArray, penalties: ArrayLike | int) -> FloatArray:
    if isinstance(penalties, (int, np.integer)):
        return falling_grids(largest_penalties(samples, alpha, factors), samples.features.shape, int(penalties))[:, 0]
    return checked_grid(penalties)


def checked_grid(penalties: ArrayLike) -> FloatArray:
    grid = np.asarray(penalties, dtype=np.float64)
    if grid.ndim != 1 or not grid.size or not (np.isfinite(grid) & (grid >= 0)).all() or (np.diff(grid) > 0).any():
        raise InputError("the penalties must be a falling list of finite numbers >= 0.")
    return grid


def falling_grids(top: FloatArray, shape: tuple[int, ...], n_penalties: int) -> FloatArray:
    """Grids (n_penalties, n_responses), even on the log scale."""
    if n_penalties < 1:
        raise InputError(f"the number of penalties must be at least 1; got {n_penalties}.")
    n_features, n_samples = shape
    ratio = 0.05 if n_samples <= n_features else 1e-3
    return np.geomspace(_ABOVE, ratio, n_penalties)[:, np.newaxis] * top


def largest_penalties(samples: Samples, alpha: float, factors: FloatArray) -> FloatArray:
    """The least penalty without features of each response, (n_responses,)."""
    penalized = factors > 0
    if not penalized.any():
        raise InputError("no feature is penalized, so there is no grid to choose; give the penalties.")
    free = np.ascontiguousarray(samples.features[~penalized])
    n_responses = len(samples.responses)
    rules = Rules(np.zeros(len(free)), float(alpha), 1e-14, samples.family != COX)
    rows, intercepts, _, _ = descend_paths(samples._replace(features=free), np.zeros((1, n_responses)), rules)
    slopes = _slopes(samples, dense_rows(rows, len(free)) @ free + intercepts.T)
    pull = np.abs(slopes @ samples.features.T)[:, penalized] / factors[penalized]
    return np.asarray(pull.max(axis=1) / (samples.features.shape[1] * alpha))


def _slopes(samples: Samples, predictor: FloatArray) -> FloatArray:
    """Derivative of each response's log likelihood by its predictor (n_responses, n_samples)."""
    if samples.family == GAUSSIAN:
        return samples.responses - predictor
    if samples.family == BINOMIAL:
        return samples.responses - 1.0 / (1.0 + np.exp(-predictor))
    risk = np.exp(predictor - predictor.max(axis=1, keepdims=True))
    at_risk = np.cumsum(risk[:, ::-1], axis=1)[:, ::-1][:, samples.first]
    hazard = np.cumsum(samples.responses / at_risk, axis=1)
    last = np.searchsorted(samples.first, samples.first, side="right") - 1
    return samples.responses - risk * hazard[:, last]
