"""What the paths of elastic nets are given: features standardized in rows, and a response the kernels can follow."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._elastic_net_families import BINOMIAL, COX, GAUSSIAN

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Family = Literal["gaussian", "binomial", "cox"]

FAMILIES = {"gaussian": GAUSSIAN, "binomial": BINOMIAL, "cox": COX}


class Standardized(NamedTuple):
    """Features in rows, shape (n_features, n_samples), and what makes them so, one entry per feature."""

    values: FloatArray
    mean: FloatArray
    deviation: FloatArray


class Followed(NamedTuple):
    """What the kernel follows: one entry per sample, in the order of ``order``."""

    response: FloatArray
    first: IntArray
    order: IntArray


def checked(
    features: ArrayLike, response: ArrayLike, family: Family, alpha: float, penalty_factors: ArrayLike | None
) -> tuple[Standardized, Followed, FloatArray]:
    scaled, factors = checked_features(features, alpha, penalty_factors)
    if family not in FAMILIES:
        raise InputError(f"family must be one of {', '.join(FAMILIES)}; got {family!r}.")
    return scaled, _followed(np.asarray(response, dtype=np.float64), family, scaled.values.shape[1]), factors


def checked_features(
    features: ArrayLike, alpha: float, penalty_factors: ArrayLike | None
) -> tuple[Standardized, FloatArray]:
    """Features standardized, and the factors of their penalties."""
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise InputError("features must be a matrix (n_samples, n_features) without missing or endless values.")
    if not 0.0 < alpha <= 1.0:
        raise InputError(f"alpha must lie in (0, 1]; got {alpha}.")
    factors = np.ones(matrix.shape[1]) if penalty_factors is None else np.asarray(penalty_factors, dtype=np.float64)
    if factors.shape != (matrix.shape[1],) or not (np.isfinite(factors) & (factors >= 0)).all():
        raise InputError(f"penalty_factors must be {matrix.shape[1]} finite numbers >= 0.")
    mean = matrix.mean(axis=0)
    centered = matrix.T - mean[:, np.newaxis]
    deviation = np.sqrt(np.einsum("ij,ij->i", centered, centered) / len(matrix))
    deviation[deviation <= 1e-12 * np.maximum(np.abs(mean), 1e-300)] = np.inf
    return Standardized(centered / deviation[:, np.newaxis], mean, deviation), factors


def _followed(response: FloatArray, family: Family, n_samples: int) -> Followed:
    shape = (n_samples, 2) if family == "cox" else (n_samples,)
    if response.shape != shape or not np.isfinite(response).all():
        raise InputError(f"the response of {family} must have shape {shape} and no missing value.")
    if family == "cox":
        time, event = response.T
        if (time <= 0).any() or not np.isin(event, (0, 1)).all() or not event.any():
            raise InputError("cox needs times > 0, events 0 or 1, and at least one event.")
        order = np.argsort(time, kind="stable")
        _, first = np.unique(time[order], return_index=True)
        tied = np.repeat(first, np.diff([*first, n_samples]))
        return Followed(np.ascontiguousarray(event[order]), tied.astype(np.int64), order)
    if family == "binomial" and (not np.isin(response, (0, 1)).all() or len(np.unique(response)) != 2):
        raise InputError("binomial needs 0 and 1, and both of them.")
    return Followed(response.copy(), np.zeros(n_samples, dtype=np.int64), np.arange(n_samples))


def each_followed(labels: FloatArray, family: Family) -> bool:
    """Whether every response (n_responses, n_samples) can be followed."""
    if family == "gaussian":
        return bool(np.isfinite(labels).all())
    return bool(np.isin(labels, (0, 1)).all() and (np.ptp(labels, axis=1) == 1).all())
