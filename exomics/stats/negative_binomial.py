"""Negative binomial regression of counts with known dispersions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_counts, require_length
from exomics.errors import DesignError, InputError
from exomics.stats._nb_algebra import column_products
from exomics.stats._nb_glm import RegressionProblem, fit_regressions

__all__ = ["NegativeBinomialFit", "fit_negative_binomial"]

FloatArray = NDArray[np.float64]

LOG_TWO = float(np.log(2.0))
RIDGE = 1e-6
SMALLEST_MEAN = 0.5
MAX_ITERATIONS = 100


class NegativeBinomialFit(NamedTuple):
    """Regressions of all features.

    ``coefficients`` (n_features, n_coefficients) are natural logs; ``means`` (n_features, n_samples) the fitted counts;
    ``log_likelihood`` (n_features,) lacks terms of counts and dispersion alone; ``converged`` (n_features,) tells which
    can be used. `problem` is what was fitted.
    """

    coefficients: FloatArray
    means: FloatArray
    log_likelihood: FloatArray
    iterations: NDArray[np.int64]
    converged: NDArray[np.bool_]
    problem: RegressionProblem


def fit_negative_binomial(
    counts: ArrayLike,
    design: ArrayLike,
    dispersions: ArrayLike,
    *,
    size_factors: ArrayLike,
    ridge: float = RIDGE,
    max_iterations: int = MAX_ITERATIONS,
) -> NegativeBinomialFit:
    """Fit ``count ~ NB(mean = size * exp(X b), variance = mean + dispersion * mean^2)`` in every feature.

    Iteratively reweighted least squares with weights ``1 / (1 / mean + dispersion)``. A weak normal prior on each
    coefficient (precision `ridge` per squared log2 unit) keeps fits finite where a group has no counts.

    Parameters
    ----------
    counts
        Raw counts (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank.
    dispersions
        One per feature, (n_features,); NaN leaves the feature out.
    size_factors
        One per sample, (n_samples,).
    ridge
        Precision of the prior on the log2 scale.
    max_iterations
        After so many, the penalized likelihood is climbed by guarded steps instead.

    Returns
    -------
    NegativeBinomialFit
        Rows that did not converge are NaN.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, the design has not full rank, or lengths disagree.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. As in DESeq2, means below 0.5 count as 0.5 in the weights and
    the working response, so a group without counts gets a finite coefficient. DESeq2 stops when the deviance changes by
    less than 1e-8 of itself; here the steps go on until they gain less than 1e-15. Where the weighted fits do not
    settle, DESeq2 hands over to a quasi-Newton search within 30 log2 units; here the same penalized likelihood is
    climbed to its maximum, without bounds.

    Examples
    --------
    >>> fit = fit_negative_binomial([[10], [12], [40], [44]], [[1, 0], [1, 0], [1, 1], [1, 1]], [0.01],
    ...                             size_factors=[1, 1, 1, 1])
    >>> np.exp(fit.coefficients).round(3).tolist()
    [[11.0, 3.818]]
    """
    values, matrix = checked_counts(counts, design)
    require_length(size_factors, matrix.shape[0], "size_factors")
    alpha = np.asarray(dispersions, dtype=np.float64)
    if alpha.shape != (values.shape[0],):
        raise InputError(f"dispersions must have {values.shape[0]} entries, one per feature; got shape {alpha.shape}.")
    sizes = np.asarray(size_factors, dtype=np.float64)
    if not ((sizes > 0).all() and np.isfinite(sizes).all()):
        raise InputError("size factors must be positive and finite in every sample.")
    return refit(
        values,
        matrix,
        alpha,
        np.log(sizes),
        penalty=np.full(matrix.shape[1], ridge / LOG_TWO**2),
        max_iterations=max_iterations,
    )


def checked_counts(counts: ArrayLike, design: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Counts as (n_features, n_samples) and the design, both checked."""
    values = as_matrix(counts, "counts")
    require_counts(values)
    matrix = as_matrix(design, "the design")
    require_length(matrix, values.shape[0], "the design")
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise DesignError(
            f"the design must have full column rank; its {matrix.shape[1]} columns have rank "
            f"{np.linalg.matrix_rank(matrix)}. Drop the columns that repeat others."
        )
    return np.ascontiguousarray(values.T), np.ascontiguousarray(matrix)


def refit(
    values: FloatArray,
    design: FloatArray,
    dispersions: FloatArray,
    offsets: FloatArray,
    *,
    penalty: FloatArray,
    max_iterations: int = MAX_ITERATIONS,
    smallest_mean: float = SMALLEST_MEAN,
) -> NegativeBinomialFit:
    """`fit_negative_binomial` of checked arrays: counts (n_features, n_samples), log size factors, natural penalty."""
    known = np.isfinite(dispersions)
    alpha = np.where(known, dispersions, 1.0)
    problem, coefficients = posed(values, design, alpha, offsets, penalty=penalty, smallest_mean=smallest_mean)
    means, likelihood, iterations = fit_regressions(problem, coefficients, max_iterations)
    converged = (iterations > 0) & known
    for result in (coefficients, means, likelihood):
        result[~converged] = np.nan
    return NegativeBinomialFit(coefficients, means, likelihood, iterations.astype(np.int64), converged, problem)


def posed(
    values: FloatArray,
    design: FloatArray,
    dispersions: FloatArray,
    offsets: FloatArray,
    *,
    penalty: FloatArray,
    smallest_mean: float = SMALLEST_MEAN,
) -> tuple[RegressionProblem, FloatArray]:
    """The problem of the kernels, and the coefficients from which they start: least squares of log counts."""
    start = np.log(values / np.exp(offsets) + 0.1) @ np.linalg.pinv(design).T
    products, ridge = column_products(design), np.asarray(penalty, dtype=np.float64)
    problem = RegressionProblem(values, offsets, dispersions, design, products, ridge, smallest_mean)
    return problem, np.ascontiguousarray(start)
