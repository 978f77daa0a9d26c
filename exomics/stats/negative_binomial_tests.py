"""Wald and likelihood ratio tests of fitted negative binomial regressions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics._checks import as_matrix, require_length
from exomics.errors import DesignError
from exomics.stats._nb_glm import contrast_variances
from exomics.stats.negative_binomial import LOG_TWO, MAX_ITERATIONS, NegativeBinomialFit, refit

__all__ = ["LikelihoodRatioTests", "WaldTests", "hypothesis_design", "likelihood_ratio_tests", "wald_tests"]

FloatArray = NDArray[np.float64]


class WaldTests(NamedTuple):
    """Contrasts in log2 units, each field (n_features, n_contrasts); NaN where a feature cannot estimate one."""

    effect: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray


class LikelihoodRatioTests(NamedTuple):
    """Twice the gain in log likelihood of the full model, its df, and P values, each (n_features,)."""

    statistic: FloatArray
    df: int
    p_value: FloatArray
    converged: NDArray[np.bool_]


def wald_tests(fit: NegativeBinomialFit, contrasts: ArrayLike) -> WaldTests:
    """Contrasts ``c' b`` over their standard errors, against the normal.

    ``var(c' b) = c' A^-1 X'WX A^-1 c`` with ``A = X'WX + penalty``.

    Parameters
    ----------
    fit
        Of all features.
    contrasts
        Weights of the coefficients, (n_coefficients, n_contrasts).

    Returns
    -------
    WaldTests
        NaN where the fit did not converge, and where every sample that the contrast compares counts zero.

    Raises
    ------
    DesignError
        If the contrasts have another number of coefficients than the design.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. For a contrast of groups without any count DESeq2 reports effect
    0 and P 1; here such a feature says nothing about the contrast, hence NaN.

    Examples
    --------
    >>> from exomics.stats.negative_binomial import fit_negative_binomial
    >>> fit = fit_negative_binomial([[10], [12], [40], [44]], [[1, 0], [1, 0], [1, 1], [1, 1]], [0.01],
    ...                             size_factors=[1, 1, 1, 1])
    >>> tests = wald_tests(fit, [[0.0], [1.0]])
    >>> round(float(tests.effect[0, 0]), 3), round(float(tests.standard_error[0, 0]), 3)
    (1.933, 0.374)
    """
    weights = _checked_contrasts(fit, contrasts)
    natural = fit.coefficients @ weights
    safe = np.where(fit.converged[:, None], fit.coefficients, 0.0)
    variance = contrast_variances(fit.problem, safe, np.ascontiguousarray(weights.T))
    usable = fit.converged[:, None] & ~_without_counts(fit, weights) & (variance > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(usable, np.sqrt(variance), np.nan)
        statistic = natural / error
    return WaldTests(
        np.where(usable, natural, np.nan) / LOG_TWO,
        error / LOG_TWO,
        statistic,
        2.0 * special.ndtr(-np.abs(statistic)),
    )


def _checked_contrasts(fit: NegativeBinomialFit, contrasts: ArrayLike) -> FloatArray:
    weights = as_matrix(contrasts, "contrasts")
    if weights.shape[0] != fit.coefficients.shape[1]:
        raise DesignError(
            f"contrasts must have {fit.coefficients.shape[1]} rows, one per coefficient; got {weights.shape[0]}."
        )
    return weights


def _without_counts(fit: NegativeBinomialFit, contrasts: FloatArray) -> NDArray[np.bool_]:
    """Whether all samples that a contrast compares are zero, (n_features, n_contrasts).

    Those whose counts its estimate uses, or, for a difference, those in any of its conditions.
    """
    design = fit.problem.design
    used = np.abs(np.linalg.pinv(design).T @ contrasts)
    empty = (fit.problem.counts @ (used > 1e-9 * used.max(axis=0)).astype(np.float64)) == 0.0
    difference = (contrasts.min(axis=0) < 0) & (contrasts.max(axis=0) > 0)
    named = (np.abs(design) @ (contrasts != 0).astype(np.float64)) > 0
    return np.asarray(empty | (difference & ((fit.problem.counts @ named.astype(np.float64)) == 0.0)))


def hypothesis_design(design: FloatArray, contrasts: FloatArray) -> FloatArray:
    """The design under the hypothesis that all contrasts are zero: (n_samples, n_coefficients - rank of contrasts).

    ``X N`` with N an orthonormal basis of the coefficients b that satisfy ``C' b = 0``.

    Parameters
    ----------
    design
        X, (n_samples, n_coefficients).
    contrasts
        C, (n_coefficients, n_contrasts).

    Returns
    -------
    ndarray
        The reduced design.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8, with the reduced model derived instead of declared.

    Examples
    --------
    >>> hypothesis_design(np.eye(2), np.array([[-1.0], [1.0]])).round(3).tolist()
    [[0.707], [0.707]]
    """
    left, singular_values, _ = np.linalg.svd(contrasts, full_matrices=True)
    rank = int((singular_values > 1e-10 * singular_values[0]).sum())
    free = left[:, rank:]
    return design @ (free * np.where(free.sum(axis=0) < 0, -1.0, 1.0))


def likelihood_ratio_tests(
    fit: NegativeBinomialFit, reduced_design: ArrayLike, *, max_iterations: int = MAX_ITERATIONS
) -> LikelihoodRatioTests:
    """Compare each fit with that of a reduced design at the same dispersions.

    ``2 (l_full - l_reduced)`` against chi-squared with as many df as there are coefficients fewer.

    Parameters
    ----------
    fit
        Of the full design.
    reduced_design
        (n_samples, n_fewer), spanned by the full design; `hypothesis_design` gives that of a set of contrasts.
    max_iterations
        Of the weighted fits of the reduced design, as in `fit_negative_binomial`.

    Returns
    -------
    LikelihoodRatioTests
        NaN where either fit did not converge.

    Raises
    ------
    DesignError
        If the reduced design is not a smaller one within the full design.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. The statistic can be slightly negative where a mean is below 0.5,
    because the fit is then not quite the maximum; its P value is 1.

    Examples
    --------
    >>> from exomics.stats.negative_binomial import fit_negative_binomial
    >>> fit = fit_negative_binomial([[10], [12], [40], [44]], [[1, 0], [1, 0], [1, 1], [1, 1]], [0.01],
    ...                             size_factors=[1, 1, 1, 1])
    >>> likelihood_ratio_tests(fit, [[1], [1], [1], [1]]).p_value.round(10).tolist()
    [2.49e-08]
    """
    full, reduced = fit.problem.design, as_matrix(reduced_design, "the reduced design")
    require_length(reduced, full.shape[0], "the reduced design")
    df = full.shape[1] - reduced.shape[1]
    outside = reduced - full @ np.linalg.lstsq(full, reduced, rcond=None)[0]
    if df < 1 or np.abs(outside).max(initial=0.0) > 1e-8 * np.abs(reduced).max(initial=1.0):
        raise DesignError("the reduced design must have fewer columns, each a combination of those of the full design.")
    smaller = _reduced_fit(fit, np.ascontiguousarray(reduced), max_iterations)
    statistic = 2.0 * (fit.log_likelihood - smaller.log_likelihood)
    converged = fit.converged & smaller.converged
    statistic[~converged] = np.nan
    p_value = special.gammaincc(df / 2.0, np.maximum(statistic, 0.0) / 2.0)
    return LikelihoodRatioTests(statistic, df, np.where(converged, p_value, np.nan), converged)


def _reduced_fit(fit: NegativeBinomialFit, reduced: FloatArray, max_iterations: int) -> NegativeBinomialFit:
    problem = fit.problem
    if reduced.shape[1] == 0:
        raise DesignError("a reduced design without columns has no baseline; keep at least the intercept.")
    penalty = np.full(reduced.shape[1], problem.ridge.min())
    dispersions = np.where(fit.converged, problem.dispersions, np.nan)
    return refit(
        problem.counts,
        reduced,
        dispersions,
        problem.offsets,
        penalty=penalty,
        max_iterations=max_iterations,
        smallest_mean=problem.smallest_mean,
    )
