"""Linear regression that a few wild features cannot turn: Huber's M-estimate, many samples on one set of profiles."""

from __future__ import annotations

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError

__all__ = ["huber_fit"]

_MAD_OF_NORMAL = 0.6745
_LEAST_SCALE = 1e-12


def huber_fit(
    profiles: FloatArray,
    mixtures: FloatArray,
    *,
    threshold: float = 1.345,
    tolerance: float = 1e-4,
    most_steps: int = 100,
) -> FloatArray:
    """Coefficients of profiles in mixtures by Huber's M-estimate, without intercept.

    Reweighted least squares with weights ``min(1, c s / |r_g|)``, s the median of ``|r_g|`` divided by 0.6745.

    Parameters
    ----------
    profiles
        (n_features, n_profiles).
    mixtures
        (n_samples, n_features); a feature that is NaN in a sample is left out of the fit of that sample.
    threshold
        c, in units of s.
    tolerance
        Steps end when the residuals change by less than this fraction of their length.
    most_steps
        After so many steps the last estimate is given.

    Returns
    -------
    ndarray
        (n_samples, n_profiles), free of any bound; NaN for a sample with fewer measured features than profiles.

    Raises
    ------
    InputError
        If shapes disagree, a profile is missing, or the profiles are collinear.

    Notes
    -----
    Huber (1981), Robust Statistics, doi:10.1002/0471725250; scale re-estimated at every step. Agrees with ``rlm`` of
    the R package MASS, which has the same weights, scale and stopping rule.

    Examples
    --------
    >>> A = np.column_stack([np.ones(9), np.arange(9.0)])
    >>> y = A @ [1.0, 2.0] + 0.01 * np.cos(np.arange(9.0))
    >>> y[4] = 100.0
    >>> huber_fit(A, y[None, :]).round(1).tolist()
    [[1.0, 2.0]]
    """
    A, Y = as_matrix(profiles, "profiles"), as_matrix(mixtures, "mixtures")
    if A.shape[0] != Y.shape[1]:
        raise InputError(f"profiles have {A.shape[0]} features, mixtures {Y.shape[1]}; they must be the same features.")
    if not np.isfinite(A).all() or np.isinf(Y).any():
        raise InputError("profiles must be finite, and mixtures finite or missing.")
    fitted = np.full((len(Y), A.shape[1]), np.nan)
    for row, values in enumerate(Y):
        measured = ~np.isnan(values)
        if measured.sum() >= A.shape[1]:
            fitted[row] = _fit(A[measured], values[measured], (threshold, tolerance, most_steps))
    return fitted


def _fit(A: FloatArray, y: FloatArray, rule: tuple[float, float, int]) -> FloatArray:
    threshold, tolerance, most_steps = rule
    coefficients = _weighted(A, y, np.ones(len(y)))
    residuals = y - A @ coefficients
    for _ in range(most_steps):
        scale = np.median(np.abs(residuals)) / _MAD_OF_NORMAL
        if scale <= _LEAST_SCALE * np.abs(y).max():
            break
        far = np.abs(residuals) / (threshold * scale)
        coefficients = _weighted(A, y, 1.0 / np.maximum(far, 1.0))
        before, residuals = residuals, y - A @ coefficients
        change = ((before - residuals) ** 2).sum() / max(1e-20, float((before**2).sum()))
        if np.sqrt(change) <= tolerance:
            break
    return coefficients


def _weighted(A: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    root = np.sqrt(weights)
    coefficients, _, rank, _ = np.linalg.lstsq(A * root[:, None], y * root, rcond=None)
    if rank < A.shape[1]:
        raise InputError("the profiles are collinear over the measured features; merge those that are alike.")
    return np.asarray(coefficients)
