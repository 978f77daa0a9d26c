"""Quality weights of whole samples: how much more or less a sample scatters than the model and its peers say."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import require_length
from exomics.errors import InputError
from exomics.stats._design_basis import design_basis
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats._restricted_likelihood import log_variances_by_reml
from exomics.stats._sample_weight_kernels import VarianceProblem, log_variances_by_feature, reach_of_rows
from exomics.stats._variance_design_kernels import coefficients_by_feature
from exomics.stats.linear_model import as_design, as_expression, as_weights, mean_of_observed

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


def estimate_sample_weights(
    expression: ArrayLike,
    design: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    sample_groups: ArrayLike | None = None,
    prior_n: float = 10.0,
    method: Literal["gene_by_gene", "reml"] = "gene_by_gene",
    tolerance: float = 1e-5,
) -> FloatArray:
    """Estimate one quality weight per sample, or per group of samples, from the residuals of all features.

    The variance of value i of feature g is ``sigma_g**2 * exp(u_i) / weight_ig`` with log variance factors u that sum
    to zero over the samples; the weights returned are ``exp(-u)``.

    Parameters
    ----------
    expression
        Values on a log scale, (n_samples, n_features); NaN is missing.
    design
        Design matrix (n_samples, n_coefficients) of full rank.
    weights
        Prior precision weights, (n_samples,) or (n_samples, n_features).
    sample_groups
        Labels (n_samples,) of samples that share a weight, or a matrix (n_samples, n_columns) of covariates that log
        variances follow (limma's ``var.design``; columns are centered). Default: each sample has its own weight.
    prior_n
        Weight of the prior that all samples scatter alike, in features.
    method
        ``"gene_by_gene"``: one Fisher scoring step per feature, in the order given. ``"reml"``: scoring to convergence
        on all features together; features with missing values or zero weights are left out.
    tolerance
        Convergence of ``"reml"``, on the scale of limma's ``tol``.

    Returns
    -------
    numpy.ndarray
        Weights (n_samples,) with geometric mean 1. All are 1 when fewer than 2 features or residual degrees of
        freedom are there to judge by.

    Raises
    ------
    DesignError
        If the design is rank-deficient or does not fit the samples.
    InputError
        If shapes disagree, or fewer than 2 groups are named.

    Notes
    -----
    M. E. Ritchie et al., BMC Bioinformatics 7, 261 (2006), doi:10.1186/1471-2105-7-261; the estimates are those of
    limma's ``arrayWeights``. The gene-by-gene weights depend slightly on the order of the features, as there. Each
    scoring step is solved to an absolute error of about 1e-14.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> noise = rng.normal(size=(6, 2000)) * np.array([1, 1, 1, 1, 1, 3.0])[:, None]
    >>> estimate_sample_weights(noise, np.ones((6, 1))).argmin()
    np.int64(5)
    """
    values = as_expression(expression)
    model = as_design(design, values.shape[0])
    precision = as_weights(weights, values)
    columns = _variance_columns(sample_groups, values.shape[0])
    groups = _group_numbers(None if columns is not None else sample_groups, values.shape[0])
    if method not in {"gene_by_gene", "reml"}:
        raise InputError(f"method must be 'gene_by_gene' or 'reml'; got {method!r}.")
    if values.shape[1] < 2 or values.shape[0] - model.shape[1] < 2:
        return np.ones(values.shape[0])
    _, missing = mean_of_observed(values)
    if method == "reml" and (missing or precision is not None):
        values, precision = _complete(values, precision)
    given = np.ones((values.shape[0], 1)) if precision is None else precision.reshape(values.shape[0], -1)
    basis, n_groups = design_basis(model), int(groups.max()) + 1
    problem = VarianceProblem(values, given, model, basis, reach_of_rows(basis), groups, n_groups, float(prior_n))
    if method == "reml":
        return np.exp(-log_variances_by_reml(problem, tolerance, columns))
    if columns is not None:
        return np.exp(-columns @ coefficients_by_feature(problem, columns))
    return np.exp(-log_variances_by_feature(problem)[groups])


def _complete(values: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """The features without missing values and zero weights."""
    present = ~np.isnan(values)
    if weights is not None:
        present &= weights.reshape(values.shape[0], -1) > 0
    kept = present.all(axis=0)
    if weights is not None and weights.ndim == 2:
        weights = np.ascontiguousarray(weights[:, kept])
    return np.ascontiguousarray(values[:, kept]), weights


def _variance_columns(given: ArrayLike | None, n_samples: int) -> FloatArray | None:
    """Centered columns of a variance design that add rank; None where `given` are labels or nothing."""
    if given is None or np.ndim(given) != 2:
        return None
    columns = np.asarray(given, dtype=np.float64)
    if columns.shape[0] != n_samples or not np.isfinite(columns).all():
        raise InputError(f"a variance design must have {n_samples} finite rows, one per sample; got {columns.shape}.")
    centered = columns - columns.mean(axis=0)
    centered[:, np.abs(centered).max(axis=0) <= 1e-12 * np.abs(columns).max(axis=0)] = 0.0
    kept = orthogonalize(np.ascontiguousarray(centered)).kept
    if not kept.any():
        raise InputError("the variance design is constant over the samples; name covariates that differ.")
    return np.ascontiguousarray(centered[:, kept])


def _group_numbers(sample_groups: ArrayLike | None, n_samples: int) -> IndexArray:
    if sample_groups is None:
        return np.arange(n_samples)
    require_length(sample_groups, n_samples, "sample_groups")
    labels, numbers = np.unique(np.asarray(sample_groups), return_inverse=True)
    if labels.size < 2:
        raise InputError("sample_groups must name at least 2 groups; all samples carry one label.")
    return numbers.astype(np.int64)
