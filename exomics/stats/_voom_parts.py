"""Parts that voom and the recipes around it share: log counts, trends, and cells fitted by zero."""

from __future__ import annotations

import warnings
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix
from exomics.errors import InputError
from exomics.stats._structural_zeros import StructuralZeros, find_structural_zeros
from exomics.stats.linear_model import LinearModelFit, as_design, fit_linear_models
from exomics.stats.local_regression import (
    TrendCurve,
    choose_lowess_span,
    evaluate_curve,
    lowess,
    trend_curve,
    weighted_lowess,
)
from exomics.stats.normalization import effective_library_sizes, log2_counts

FloatArray = NDArray[np.float64]
Span = float | Literal["adaptive"]

_LOG2_MILLION = np.log2(1e6)


class VoomResult(NamedTuple):
    """Log2 counts per million and their precision weights, both (n_samples, n_features), and the trend behind them.

    ``trend.x`` is the mean log2 count, ``trend.y`` the square root of the standard deviation there.
    """

    expression: FloatArray
    weights: FloatArray
    trend: TrendCurve


class Counted(NamedTuple):
    """What the counts fix once: expression, design, effective library sizes, and the cells fitted by zero."""

    expression: FloatArray
    design: FloatArray
    library_sizes: FloatArray
    zeros: StructuralZeros


def prepare(
    counts: ArrayLike,
    design: ArrayLike,
    library_sizes: ArrayLike | None,
    norm_factors: ArrayLike | None,
    *,
    structural: bool,
) -> Counted:
    """Log counts per million and the checked design; with `structural` also the cells fitted by zero."""
    values = as_matrix(counts, "counts")
    if values.shape[1] < 2:
        raise InputError(f"a trend of variance on count size needs at least 2 features; got {values.shape[1]}.")
    sizes = effective_library_sizes(values, library_sizes, norm_factors)
    expression = log2_counts(values, np.full(sizes.size, 0.5), 1e6 / (sizes + 1.0))
    model = as_design(design, values.shape[0])
    none = StructuralZeros(np.zeros(0, dtype=np.int64), np.zeros((values.shape[0], 0), dtype=bool))
    zeros = find_structural_zeros(values, model, sizes) if structural else none
    return Counted(expression, model, sizes, zeros)


def as_span(span: Span, n_features: int) -> float:
    """The width of the window; ``"adaptive"`` narrows it with the number of features (limma 3.62)."""
    return choose_lowess_span(n_features) if span == "adaptive" else float(span)


def mean_log_size(counted: Counted) -> float:
    """Mean of log2 library size, in millions: what turns log counts per million into log counts."""
    return float(np.log2(counted.library_sizes + 1.0).mean() - _LOG2_MILLION)


def unweighted(expression: FloatArray) -> VoomResult:
    """All weights 1, with a warning."""
    warnings.warn("the design leaves no residual degrees of freedom; all weights are 1", RuntimeWarning, stacklevel=3)
    return VoomResult(expression, np.ones_like(expression), TrendCurve(np.zeros(1), np.ones(1)))


def plain_trend(sizes: FloatArray, sigma: FloatArray, span: float) -> TrendCurve:
    """LOWESS of ``sqrt(sigma)`` on the mean log count."""
    root = np.sqrt(sigma)
    return trend_curve(sizes, lowess(sizes, root, span).fitted)


def zero_aware_trend(sizes: FloatArray, fit: LinearModelFit, used: NDArray[np.int64], span: float) -> TrendCurve:
    """The same weighted by the residual degrees of freedom of the features `used`."""
    return trend_curve(sizes, weighted_lowess(sizes, np.sqrt(fit.sigma[used]), fit.df_residual[used], span=span).fitted)


def trend_weights(coefficients: FloatArray, counted: Counted, trend: TrendCurve) -> FloatArray:
    """Weight of every value: the trend at its fitted log count, to the power -4."""
    log_counts = counted.design @ coefficients.T
    log_counts += (np.log2(counted.library_sizes + 1.0) - _LOG2_MILLION)[:, None]
    weights = evaluate_curve(trend, log_counts)
    weights *= weights
    weights *= weights
    return np.divide(1.0, weights, out=weights)


def masked_part(counted: Counted) -> FloatArray:
    """The features with structural zeros, those cells missing."""
    part = counted.expression[:, counted.zeros.features]
    part[counted.zeros.cells] = np.nan
    return part


def masked_expression(counted: Counted) -> FloatArray:
    """All features, structural zeros missing."""
    if counted.zeros.features.size == 0:
        return counted.expression
    expression = counted.expression.copy()
    expression[:, counted.zeros.features] = masked_part(counted)
    return expression


def without_zeros(fit: LinearModelFit, counted: Counted) -> LinearModelFit:
    """`fit` with sigma and residual df of features that have structural zeros taken from the other cells."""
    zeros = counted.zeros
    if zeros.features.size == 0:
        return fit
    weights = fit.weights
    if weights is not None and weights.ndim == 2:
        weights = weights[:, zeros.features]
    partial = fit_linear_models(masked_part(counted), counted.design, weights=weights, blocks=fit.blocks)
    sigma, df = fit.sigma.copy(), fit.df_residual.copy()
    sigma[zeros.features], df[zeros.features] = partial.sigma, partial.df_residual
    return fit._replace(sigma=sigma, df_residual=df)


def observed_means(means: FloatArray, counted: Counted) -> FloatArray:
    """Mean expression of the cells that are not structural zeros."""
    zeros, observed = counted.zeros, means.copy()
    present = ~zeros.cells
    total = np.where(present, counted.expression[:, zeros.features], 0.0).sum(axis=0)
    n_present = present.sum(axis=0)
    observed[zeros.features] = np.divide(total, n_present, out=np.full(total.shape, np.nan), where=n_present > 0)
    return observed
