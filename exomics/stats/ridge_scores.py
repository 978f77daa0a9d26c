"""Ridge regression of many responses on the same features, at every penalty, by one decomposition of the samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = ["RidgePaths", "ridge_paths"]

FloatArray = NDArray[np.float64]

_LOWEST = 1e-4


class RidgePaths(NamedTuple):
    """Ridge regressions of n_responses on the features, by falling penalty.

    ``penalties`` has shape (n_penalties,); ``mean`` and ``inverse`` (n_features,) standardize a feature, 0 where it is
    constant; ``rows`` (n_samples, n_features) are the standardized samples; ``values`` (n_samples,) and ``vectors``
    (n_samples, n_samples) decompose their inner products; ``turned`` (n_samples, n_responses) are the centered
    responses in the directions of the vectors, and ``intercepts`` (n_responses,) their means.
    """

    penalties: FloatArray
    mean: FloatArray
    inverse: FloatArray
    rows: FloatArray
    values: FloatArray
    vectors: FloatArray
    turned: FloatArray
    intercepts: FloatArray

    def scores(self, features: ArrayLike) -> FloatArray:
        """``z' w`` of standardized samples, without the intercepts, (n_penalties, n_responses, n_new)."""
        new = (np.asarray(features, dtype=np.float64) - self.mean) * self.inverse
        turned = new @ self.rows.T @ self.vectors
        shrunk = self.turned.T / (self.values + self.penalties[:, np.newaxis])[:, np.newaxis]
        return np.asarray(shrunk @ turned.T)

    def coefficients(self, position: int) -> FloatArray:
        """Coefficients of the features as given at one penalty, (n_features, n_responses)."""
        dual = self.vectors @ (self.turned / (self.values + self.penalties[position])[:, np.newaxis])
        return np.asarray(self.inverse[:, np.newaxis] * (self.rows.T @ dual))


def ridge_paths(features: ArrayLike, responses: ArrayLike, *, n_penalties: int = 20) -> RidgePaths:
    """Ridge regressions of several responses, such as shuffled labels, at every penalty.

    Minimizes ``sum_i (y_i - mean y - z_i' w)^2 + penalty |w|^2`` over the weights of standardized features z (deviation
    with denominator n): ``w = Z' V (D + penalty)^-1 V' (y - mean y)`` with the decomposition ``Z Z' = V D V'``, which
    serves all responses and penalties.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    responses
        (n_responses, n_samples), or (n_samples,) for one; finite.
    n_penalties
        From the sum of the eigenvalues D down to 1e-4 of it, evenly on the log scale.

    Returns
    -------
    RidgePaths
        With methods ``scores`` and ``coefficients``.

    Raises
    ------
    InputError
        If shapes do not fit, a value is missing, there is no penalty, or no feature varies.

    Notes
    -----
    Hoerl and Kennard (1970), doi:10.1080/00401706.1970.10488634; Hastie and Tibshirani (2004),
    doi:10.1093/biostatistics/kxh010, for more features than samples. Memory: that of the features once more.

    Examples
    --------
    >>> x = np.array([[1.0, 0.2], [2.0, -0.1], [3.0, 0.3], [4.0, 0.1]])
    >>> paths = ridge_paths(x, [0, 0, 1, 1], n_penalties=3)
    >>> paths.scores(x).shape, paths.coefficients(2).round(3).ravel().tolist()
    ((3, 1, 4), [0.385, 1.494])
    """
    matrix, told = np.asarray(features, dtype=np.float64), np.atleast_2d(np.asarray(responses, dtype=np.float64))
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise InputError("features must be a matrix (n_samples, n_features) without missing or endless values.")
    if told.ndim != 2 or told.shape[1] != len(matrix) or not np.isfinite(told).all():
        raise InputError(f"responses must be rows of {len(matrix)} numbers without a missing one.")
    if n_penalties < 1:
        raise InputError(f"the number of penalties must be at least 1; got {n_penalties}.")
    mean = matrix.mean(axis=0)
    rows = matrix - mean
    deviation = np.sqrt(np.einsum("ij,ij->j", rows, rows) / len(rows))
    varies = deviation > 1e-12 * np.maximum(np.abs(mean), 1e-300)
    if not varies.any():
        raise InputError("no feature varies between the samples.")
    inverse = np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0)
    rows *= inverse
    values, vectors = np.linalg.eigh(rows @ rows.T)
    values = np.maximum(values, 0.0)
    penalties = values.sum() * np.geomspace(1.0, _LOWEST, n_penalties)
    intercepts = told.mean(axis=1)
    turned = vectors.T @ (told - intercepts[:, np.newaxis]).T
    return RidgePaths(penalties, mean, inverse, rows, values, vectors, turned, intercepts)
