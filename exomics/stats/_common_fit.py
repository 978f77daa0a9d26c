"""Least squares of all features at once, where they share the design, the weights, and no value is missing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._projection_kernels import Projections, project_features

FloatArray = NDArray[np.float64]

_BLOCK_BYTES = 2**20  # a block and its fitted values stay in the cache
_CANCELS = 1e-3
_IN_SPAN = 1e-10


class CommonFit(NamedTuple):
    """Coefficients (n_features, n_coefficients), sums of squared residuals and means (n_features,).

    ``to_coefficients @ to_coefficients.T`` is the unscaled covariance of the coefficients.
    """

    coefficients: FloatArray
    sum_of_squares: FloatArray
    means: FloatArray
    to_coefficients: FloatArray


def common_fit(values: FloatArray, design: FloatArray, root: FloatArray) -> CommonFit:
    """Fit ``design`` to every column of `values`, rows of both times `root`; a column with missing values becomes NaN.

    The residual sum of squares is that of the values less that of their coordinates in an orthonormal basis, after each
    feature is moved to 0 in the first sample where the design holds a constant; where more than three digits cancel,
    the residuals themselves are squared.
    """
    n_samples, n_features = values.shape
    basis, triangle = np.linalg.qr(design * root[:, None])
    constant = basis.T @ root
    movable = np.linalg.norm(root - basis @ constant) < _IN_SPAN * np.linalg.norm(root)
    origin = values[0] if movable else np.zeros(n_features)
    found = Projections(np.zeros((basis.shape[1], n_features)), np.zeros(n_features), np.zeros(n_features))
    project_features(values, root, origin, np.ascontiguousarray(basis), found)
    to_coefficients = np.linalg.inv(triangle)
    with np.errstate(invalid="ignore"):
        sum_of_squares = found.squares - (found.coordinates**2).sum(axis=0)
        coefficients = to_coefficients @ (found.coordinates + np.outer(constant, origin))
        cancelled = np.flatnonzero(sum_of_squares < _CANCELS * found.squares)
    sum_of_squares[cancelled] = _squared_residuals(values, cancelled, root, basis)
    return CommonFit(np.ascontiguousarray(coefficients.T), sum_of_squares, found.totals / n_samples, to_coefficients)


def _squared_residuals(
    values: FloatArray, features: NDArray[np.int64], root: FloatArray, basis: FloatArray
) -> FloatArray:
    sums = np.empty(features.size)
    width = max(64, _BLOCK_BYTES // (8 * root.size))
    for start in range(0, features.size, width):
        rest = values[:, features[start : start + width]] * root[:, None]
        rest -= basis @ (basis.T @ rest)
        sums[start : start + width] = np.einsum("ij,ij->j", rest, rest)
    return sums
