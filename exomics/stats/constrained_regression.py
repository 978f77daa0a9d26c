"""Regression of mixtures on profiles with coefficients that cannot be negative and, if wanted, cannot exceed a sum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray, as_matrix, require_length
from exomics.errors import InputError
from exomics.stats._constrained_kernels import solve_rows

__all__ = ["nonnegative_fit"]

_SMALLEST_EIGENVALUE = 1e-12


def nonnegative_fit(
    profiles: FloatArray, mixtures: FloatArray, *, weights: FloatArray | None = None, at_most: float | None = None
) -> FloatArray:
    """Coefficients of profiles in mixtures by least squares under ``x >= 0`` and, if wanted, ``sum(x) <= at_most``.

    ``x = argmin sum_g w_g (y_g - sum_k A_gk x_k)^2``

    Parameters
    ----------
    profiles
        (n_features, n_profiles) A, without missing values.
    mixtures
        (n_samples, n_features) y; a feature that is NaN in a sample is left out of the fit of that sample.
    weights
        (n_features,) w, not negative; None for 1.
    at_most
        Largest sum of the coefficients; None for no bound.

    Returns
    -------
    ndarray
        (n_samples, n_profiles); NaN for a sample with fewer measured features than profiles.

    Raises
    ------
    InputError
        If shapes disagree, a profile or weight is missing or negative weights are given, the bound is not positive, or
        the profiles are collinear over the features of a sample.

    Notes
    -----
    The normal equations A'WA and A'Wy are formed once for all samples with the same measured features; each sample is
    then solved among the profiles alone, by block principal pivoting (Portugal et al. 1994,
    doi:10.1090/S0025-5718-1994-1250776-4), the bound by Newton steps on its multiplier. Profiles are scaled to length
    one first, so their units do not matter. Forming A'WA squares the condition number: profiles that are equal to eight
    digits are refused as collinear.

    Examples
    --------
    >>> A = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> nonnegative_fit(A, np.array([[3.0, -1.0, 2.0]])).round(12).tolist()
    [[2.5, 0.0]]
    >>> nonnegative_fit(A, np.array([[3.0, 1.0, 4.0]]), at_most=1.0).round(12).tolist()
    [[1.0, 0.0]]
    """
    A, Y = as_matrix(profiles, "profiles"), as_matrix(mixtures, "mixtures")
    if A.shape[0] != Y.shape[1]:
        raise InputError(f"profiles have {A.shape[0]} features, mixtures {Y.shape[1]}; they must be the same features.")
    if not np.isfinite(A).all():
        raise InputError("profiles must be finite; drop the features that a profile lacks.")
    if at_most is not None and not at_most > 0:
        raise InputError(f"the largest sum of coefficients must be positive; got {at_most}.")
    root = _root_weights(weights, A.shape[0])
    fitted = np.full((Y.shape[0], A.shape[1]), np.nan)
    for rows, measured in _same_features(Y):
        if measured.sum() >= A.shape[1]:
            scaled = root[measured]
            fitted[rows] = _solve(A[measured] * scaled[:, None], Y[np.ix_(rows, measured)] * scaled, at_most)
    return fitted


def _root_weights(weights: FloatArray | None, n_features: int) -> FloatArray:
    if weights is None:
        return np.ones(n_features)
    require_length(weights, n_features, "weights")
    given = np.asarray(weights, dtype=np.float64)
    if not (given >= 0).all() or np.isinf(given).any():
        raise InputError("weights must be finite and not negative.")
    return np.sqrt(given)


def _same_features(mixtures: FloatArray) -> list[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Rows of samples that share their measured features, and those features."""
    if np.isinf(mixtures).any():
        raise InputError("mixtures hold infinite values; a logarithm of zero?")
    measured = ~np.isnan(mixtures)
    if measured.all():
        return [(np.arange(len(mixtures)), np.ones(mixtures.shape[1], dtype=bool))]
    patterns, of_row = np.unique(measured, axis=0, return_inverse=True)
    return [(np.flatnonzero(of_row.ravel() == number), pattern) for number, pattern in enumerate(patterns)]


def _solve(A: FloatArray, Y: FloatArray, at_most: float | None) -> FloatArray:
    lengths = np.sqrt((A**2).sum(axis=0))
    if (lengths == 0).any():
        raise InputError("a profile is zero in every measured feature; its coefficient cannot be estimated.")
    unit: Any = A / lengths
    gram = unit.T @ unit
    if np.linalg.eigvalsh(gram)[0] < _SMALLEST_EIGENVALUE:
        raise InputError(
            "the profiles are collinear over the measured features; merge the profiles that cannot be told apart, or "
            "measure more of their features."
        )
    price = np.empty(0) if at_most is None else 1.0 / (lengths * at_most)
    solutions = np.empty((len(Y), A.shape[1]))
    solve_rows(gram, np.ascontiguousarray(Y @ unit), price, solutions)
    return solutions / lengths
