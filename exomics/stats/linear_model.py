"""One linear model fitted to every feature: ordinary or weighted least squares, missing values allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix
from exomics.errors import DesignError, InputError
from exomics.stats._blocked_kernels import Correlated, fit_blocked_features
from exomics.stats._blocks import BlockCorrelation, Blocks, as_blocks, whiten, whitening
from exomics.stats._common_fit import common_fit
from exomics.stats._design_basis import design_basis
from exomics.stats._feature_kernels import FeatureFits, Problem, fit_features
from exomics.stats._orthogonalization import orthogonalize

FloatArray = NDArray[np.float64]


class LinearModelFit(NamedTuple):
    """Genewise fits, one row per feature; a coefficient that a feature's samples cannot estimate is NaN.

    ``stdev_unscaled * sigma`` is the standard error of a coefficient. `cov_coefficients` is the unscaled covariance
    that all features share where weights and missing values do not differ between them, and that of the unweighted
    design otherwise (see `contrasts.fit_contrasts`). `expression` and `weights` are the arrays fitted, not copies;
    `blocks` is what was given.
    """

    coefficients: FloatArray
    stdev_unscaled: FloatArray
    sigma: FloatArray
    df_residual: FloatArray
    mean_expression: FloatArray
    cov_coefficients: FloatArray
    design: FloatArray
    expression: FloatArray
    weights: FloatArray | None
    blocks: BlockCorrelation | None = None


def fit_linear_models(
    expression: ArrayLike,
    design: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    coefficient_names: Sequence[str] | None = None,
    blocks: BlockCorrelation | None = None,
) -> LinearModelFit:
    """Fit ``expression[:, g] = design @ coefficients[g] + error`` to every feature g by least squares.

    With blocks it is generalized least squares: weighted errors of two samples of one block have the correlation given.

    Parameters
    ----------
    expression
        Values on a log scale, (n_samples, n_features); NaN is missing and leaves that sample out of that feature's fit.
    design
        Design matrix (n_samples, n_coefficients) of full column rank.
    weights
        Precision weights, (n_samples,) for whole samples or (n_samples, n_features). Weight 0 leaves a value out.
    coefficient_names
        Names of the columns of `design`, for error messages.
    blocks
        Blocks of samples, such as subjects, and the correlation within them (`within_subject.duplicate_correlation`).

    Returns
    -------
    LinearModelFit
        Coefficients and unscaled standard deviations (n_features, n_coefficients); residual standard deviation,
        residual degrees of freedom and mean expression (n_features,).

    Raises
    ------
    DesignError
        If columns of the design are linear combinations of earlier ones (they are named), or its values are not finite.
    InputError
        If shapes disagree, a value is infinite, a weight is negative or not finite, or the correlation is out of range.

    Notes
    -----
    The definitions are those of limma's ``lmFit`` (doi:10.2202/1544-6115.1027; with blocks doi:10.1093/bioinformatics/
    bti270). A rank-deficient design is an error here, not a message. When only the samples left for one feature make
    columns collinear, later columns are NaN for that feature, as in limma; the decision uses the same relative
    tolerance of 1e-7. Features with weights or missing values are solved by refined normal equations (relative
    agreement with a QR decomposition about 1e-13), nearly singular ones by orthogonalization.

    Examples
    --------
    >>> fit = fit_linear_models([[1.0], [3.0], [6.0], [8.0]], [[1, 0], [1, 0], [1, 1], [1, 1]])
    >>> fit.coefficients.round(6).tolist(), float(round(fit.sigma[0] ** 2, 6)), fit.df_residual.tolist()
    ([[2.0, 5.0]], 2.0, [2.0])
    """
    values = as_expression(expression)
    model = as_design(design, values.shape[0], coefficient_names)
    precision = as_weights(weights, values)
    grouped = as_blocks(blocks, values.shape[0])
    separate = precision is not None and (precision.ndim == 2 or precision.min() == 0.0)
    if grouped is None and not separate:
        fit = _fit_together(values, model, precision)
        if np.isfinite(fit.mean_expression).all():
            return fit
    means, missing = mean_of_observed(values)
    if grouped is None or missing or separate:
        fit = _fit_each(values, model, precision, means, blocks)
        return fit if grouped is None else fit._replace(cov_coefficients=unscaled_covariance(_whitened(model, grouped)))
    root = np.ones((values.shape[0], 1)) if precision is None else np.sqrt(precision)[:, None]
    fit = _fit_together(_whitened(values * root, grouped), _whitened(model * root, grouped), None)
    return fit._replace(design=model, expression=values, weights=precision, blocks=blocks, mean_expression=means)


def _whitened(columns: FloatArray, blocks: Blocks) -> FloatArray:
    return whiten(columns, whitening(blocks, columns.shape[0]))


def _fit_each(
    values: FloatArray,
    design: FloatArray,
    weights: FloatArray | None,
    means: FloatArray,
    blocks: BlockCorrelation | None,
) -> LinearModelFit:
    estimates, stdev, sum_of_squares, df = fit_combinations(values, design, weights, np.eye(design.shape[1]), blocks)
    return LinearModelFit(
        coefficients=estimates,
        stdev_unscaled=stdev,
        sigma=residual_deviation(sum_of_squares, df),
        df_residual=df,
        mean_expression=means,
        cov_coefficients=unscaled_covariance(design),
        design=design,
        expression=values,
        weights=weights,
        blocks=blocks,
    )


def fit_combinations(
    values: FloatArray,
    design: FloatArray,
    weights: FloatArray | None,
    combinations: FloatArray,
    blocks: BlockCorrelation | None = None,
) -> FeatureFits:
    """Feature by feature: estimates of combinations (rows) of the coefficients, their unscaled deviations, residuals.

    Arrays as in `fit_linear_models`, already checked.
    """
    n_samples, n_features = values.shape
    precision = np.ones((n_samples, 1)) if weights is None else weights.reshape(n_samples, -1)
    fits = FeatureFits(
        np.empty((n_features, combinations.shape[0])),
        np.empty((n_features, combinations.shape[0])),
        np.empty(n_features),
        np.empty(n_features),
    )
    basis, grouped = design_basis(design), as_blocks(blocks, n_samples)
    if grouped is None:
        fit_features(Problem(values, precision, design, combinations, combinations @ basis.back, basis), fits)
        return fits
    full = basis._replace(envelope=np.zeros_like(basis.envelope))
    problem = Problem(values, precision, design, combinations, combinations @ basis.back, full)
    dense = np.ascontiguousarray(design @ basis.back)
    correlated = Correlated(grouped.numbers, grouped.n_blocks, grouped.correlation, dense)
    fit_blocked_features(problem, correlated, fits)
    return fits


def _fit_together(values: FloatArray, design: FloatArray, weights: FloatArray | None) -> LinearModelFit:
    """All features at once; those with missing values become NaN."""
    n_samples, n_features = values.shape
    found = common_fit(values, design, np.ones(n_samples) if weights is None else np.sqrt(weights))
    df = np.full(n_features, float(n_samples - design.shape[1]))
    deviations = np.sqrt((found.to_coefficients**2).sum(axis=1))
    return LinearModelFit(
        coefficients=found.coefficients,
        stdev_unscaled=np.tile(deviations, (n_features, 1)),
        sigma=residual_deviation(found.sum_of_squares, df),
        df_residual=df,
        mean_expression=found.means,
        cov_coefficients=found.to_coefficients @ found.to_coefficients.T,
        design=design,
        expression=values,
        weights=weights,
    )


def residual_deviation(sum_of_squares: FloatArray, df: FloatArray) -> FloatArray:
    """``sqrt(sum_of_squares / df)``, NaN without residual degrees of freedom."""
    return np.sqrt(np.divide(sum_of_squares, df, out=np.full(df.shape, np.nan), where=df > 0))


def unscaled_covariance(design: FloatArray) -> FloatArray:
    """Inverse of ``design.T @ design``."""
    inverse = np.linalg.inv(np.linalg.qr(design, mode="r"))
    return inverse @ inverse.T


def mean_of_observed(values: FloatArray) -> tuple[FloatArray, bool]:
    """Column means over the values present (NaN where there are none), and whether any value is missing.

    An infinite value is an `InputError`.
    """
    with np.errstate(invalid="ignore"):
        means = values.mean(axis=0)
    incomplete = np.flatnonzero(~np.isfinite(means))
    if incomplete.size == 0:
        return means, False
    part = values[:, incomplete]
    infinite = int(np.isinf(part).any(axis=0).sum())
    if infinite:
        raise InputError(
            f"expression must be finite or NaN; {infinite} features hold infinite values. Mark them missing."
        )
    present = ~np.isnan(part)
    n_present = present.sum(axis=0)
    total = np.where(present, part, 0.0).sum(axis=0)
    means[incomplete] = np.divide(total, n_present, out=np.full(total.shape, np.nan), where=n_present > 0)
    return means, True


def as_expression(expression: ArrayLike) -> FloatArray:
    """Expression as a C-ordered float matrix (n_samples, n_features) with at least one value."""
    values = np.ascontiguousarray(as_matrix(expression, "expression"))
    if values.size == 0:
        raise InputError(f"expression has no values; its shape is {values.shape}. Pass samples in rows.")
    return values


def as_design(design: ArrayLike, n_samples: int, names: Sequence[str] | None = None) -> FloatArray:
    """The design as a finite matrix of full column rank; aliased columns are named in the error."""
    model = as_matrix(design, "the design")
    if model.shape[0] != n_samples or model.shape[1] == 0:
        raise DesignError(f"the design must have {n_samples} rows, one per sample, and a column; got {model.shape}.")
    if not np.isfinite(model).all():
        raise DesignError("the design holds missing or infinite values; drop those samples or impute the covariate.")
    labels = [f"column {j + 1}" for j in range(model.shape[1])] if names is None else [str(name) for name in names]
    if len(labels) != model.shape[1]:
        raise DesignError(f"the design has {model.shape[1]} columns but {len(labels)} coefficient names were given.")
    kept = orthogonalize(np.ascontiguousarray(model)).kept
    if not kept.all():
        aliased = ", ".join(label for label, estimable in zip(labels, kept, strict=True) if not estimable)
        raise DesignError(
            f"the design has rank {int(kept.sum())} but {kept.size} columns: {aliased} can be written through the "
            "columns before. Drop them, or drop the covariate that is confounded."
        )
    return np.ascontiguousarray(model)


def as_weights(weights: ArrayLike | None, values: FloatArray) -> FloatArray | None:
    """Weights per sample (n_samples,) or per value, finite and not negative."""
    if weights is None:
        return None
    precision = np.ascontiguousarray(weights, dtype=np.float64)
    if precision.shape not in {(values.shape[0],), values.shape}:
        raise InputError(
            f"weights must have shape ({values.shape[0]},) or {values.shape}, as the expression; got {precision.shape}."
        )
    lowest = precision.min()
    if not (lowest >= 0 and np.isfinite(precision.max())):
        raise InputError("weights must be finite and not negative; give a value weight 0 to leave it out.")
    return precision
