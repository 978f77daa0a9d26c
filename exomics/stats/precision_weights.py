"""Counts to log counts per million with precision weights: voom, and the recipes that add sample weights to it."""

from __future__ import annotations

import warnings
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix
from exomics.errors import InputError, ScaleError
from exomics.stats._structural_zeros import StructuralZeros, find_structural_zeros
from exomics.stats.linear_model import LinearModelFit, as_design, fit_linear_models
from exomics.stats.local_regression import TrendCurve, evaluate_curve, lowess, trend_curve, weighted_lowess
from exomics.stats.normalization import effective_library_sizes
from exomics.stats.sample_weights import estimate_sample_weights

FloatArray = NDArray[np.float64]
SampleGroups = ArrayLike | Literal["each"] | None

_LOG2_MILLION = np.log2(1e6)


class VoomResult(NamedTuple):
    """Log2 counts per million and their precision weights, both (n_samples, n_features), and the trend behind them.

    ``trend.x`` is the mean log2 count, ``trend.y`` the square root of the standard deviation there.
    """

    expression: FloatArray
    weights: FloatArray
    trend: TrendCurve


class WeightedVoom(NamedTuple):
    """A `VoomResult` whose weights include those of the samples, and the sample weights (n_samples,)."""

    voom: VoomResult
    sample_weights: FloatArray


class VoomFit(NamedTuple):
    """Final weights, the linear models fitted with them, and the sample weights if they were estimated."""

    voom: VoomResult
    fit: LinearModelFit
    sample_weights: FloatArray | None


class _Counted(NamedTuple):
    """What the counts fix once: expression, design, effective library sizes, and the cells fitted by zero."""

    expression: FloatArray
    design: FloatArray
    library_sizes: FloatArray
    zeros: StructuralZeros


def voom(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    span: float = 0.5,
) -> VoomResult:
    """Log2 counts per million with a precision weight for every value, from the trend of variance on count size.

    ``expression = log2((count + 0.5) / (library + 1) * 1e6)``; a LOWESS of ``sqrt(sigma)`` on the mean log2 count gives
    a curve f, and ``weight = f(fitted log2 count)**-4``. Beyond the observed range the curve is flat.

    Parameters
    ----------
    counts
        Raw counts, (n_samples, n_features), not negative.
    design
        Design matrix (n_samples, n_coefficients) of full rank.
    library_sizes, norm_factors
        Totals of the samples (default: their sums) and factors that multiply them (default: 1), each (n_samples,).
    sample_weights
        Weights (n_samples,) of the fit behind the trend; they are not part of the weights returned.
    span
        Width of the LOWESS window as a share of the features.

    Raises
    ------
    ScaleError
        If a count is negative, missing or infinite.
    InputError, DesignError
        If there are fewer than 2 features, or shapes or the design are not as described.

    Notes
    -----
    C. W. Law et al., Genome Biol. 15, R29 (2014), doi:10.1186/gb-2014-15-2-r29; equal to limma's ``voom``. Features
    without a single count take no part in the trend. Without residual degrees of freedom all weights are 1 (a warning).

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, size=(6, 200))
    >>> voom(counts, np.ones((6, 1))).weights.shape
    (6, 200)
    """
    counted = _prepare(counts, design, library_sizes, norm_factors, structural=False)
    fit = fit_linear_models(counted.expression, counted.design, weights=sample_weights)
    used = np.flatnonzero(np.asarray(counts).any(axis=0))
    if not (fit.df_residual > 0).any() or used.size < 2:
        return _unweighted(counted.expression)
    trend = _plain_trend(fit.mean_expression[used] + _mean_log_size(counted), fit.sigma[used], span)
    return VoomResult(counted.expression, _trend_weights(fit.coefficients, counted, trend), trend)


def voom_with_sample_weights(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    sample_groups: ArrayLike | None = None,
    span: float = 0.5,
) -> WeightedVoom:
    """Voom with quality weights: voom, sample weights, voom again with them, sample weights again; both multiplied.

    Arguments as in `voom`; `sample_groups` as in `sample_weights.estimate_sample_weights` (gene by gene).

    Notes
    -----
    R. Liu et al., Nucleic Acids Res. 43, e97 (2015), doi:10.1093/nar/gkv412; equal to limma's
    ``voomWithQualityWeights(method = "genebygene")``.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, size=(6, 200))
    >>> voom_with_sample_weights(counts, np.ones((6, 1))).sample_weights.shape
    (6,)
    """
    sizes = {"library_sizes": library_sizes, "norm_factors": norm_factors}
    found = voom(counts, design, span=span, **sizes)
    quality = estimate_sample_weights(found.expression, design, weights=found.weights, sample_groups=sample_groups)
    found = voom(counts, design, span=span, sample_weights=quality, **sizes)
    quality = estimate_sample_weights(found.expression, design, weights=found.weights, sample_groups=sample_groups)
    return WeightedVoom(found._replace(weights=found.weights * quality[:, None]), quality)


def voom_lm_fit(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    sample_groups: SampleGroups = None,
    prior_n: float = 10.0,
    span: float = 0.5,
) -> VoomFit:
    """Voom and linear models in one, with groups of all-zero counts kept out of the residual variances.

    A zero count whose mean under the design is zero fits perfectly whatever the variance: such cells are treated as
    missing for ``sigma`` and ``df_residual`` (and for the means of the trend), not for the coefficients. If there are
    any, the trend is a LOWESS weighted by the residual degrees of freedom. With sample weights the trend is estimated
    once more under them, and they once more under the new trend; final weights are the product.

    Parameters
    ----------
    counts, design, library_sizes, norm_factors, span
        As in `voom`.
    sample_groups
        None: no sample weights. ``"each"``: one weight per sample. Labels (n_samples,): one per group of samples.
    prior_n
        As in `sample_weights.estimate_sample_weights`.

    Raises
    ------
    ScaleError, InputError, DesignError
        As `voom`.

    Notes
    -----
    Equal to edgeR's ``voomLmFit`` (4.4), described in Y. Chen et al., Nucleic Acids Res. 53, gkaf018 (2025),
    doi:10.1093/nar/gkaf018, with ``var.group`` for `sample_groups`; block correlation is not part of it.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(20, size=(6, 300))
    >>> counts[:3, :10] = 0
    >>> design = np.repeat(np.eye(2), 3, axis=0)
    >>> voom_lm_fit(counts, design).fit.df_residual[[0, 299]].tolist()
    [2.0, 4.0]
    """
    counted = _prepare(counts, design, library_sizes, norm_factors, structural=True)
    plain = fit_linear_models(counted.expression, counted.design)
    fit = _without_zeros(plain, counted)
    replicated = np.flatnonzero(fit.df_residual > 0)
    if replicated.size < 2:
        return VoomFit(_unweighted(counted.expression), fit, None)
    sizes = _observed_means(plain.mean_expression, counted)[replicated] + _mean_log_size(counted)
    quality: FloatArray | None = None
    for _ in range(1 if sample_groups is None else 2):
        if quality is not None:
            fit = _without_zeros(fit_linear_models(counted.expression, counted.design, weights=quality), counted)
        trend = _trend(sizes, fit.sigma[replicated], fit.df_residual[replicated], span, counted.zeros)
        weights = _trend_weights(fit.coefficients, counted, trend)
        if sample_groups is not None:
            quality = _quality(counted, weights, sample_groups, prior_n)
    if quality is not None:
        weights *= quality[:, None]
    final = _without_zeros(fit_linear_models(counted.expression, counted.design, weights=weights), counted)
    return VoomFit(VoomResult(counted.expression, weights, trend), final, quality)


def _prepare(
    counts: ArrayLike,
    design: ArrayLike,
    library_sizes: ArrayLike | None,
    norm_factors: ArrayLike | None,
    *,
    structural: bool,
) -> _Counted:
    values = as_matrix(counts, "counts")
    if values.shape[1] < 2:
        raise InputError(f"a trend of variance on count size needs at least 2 features; got {values.shape[1]}.")
    if not (values.min() >= 0 and np.isfinite(values.max())):
        raise ScaleError("counts must be finite and not negative; log values, NaN or infinity are no counts.")
    model = as_design(design, values.shape[0])
    sizes = effective_library_sizes(values, library_sizes, norm_factors)
    expression = np.add(values, 0.5, order="C")
    expression /= (sizes + 1.0)[:, None]
    expression *= 1e6
    np.log2(expression, out=expression)
    none = StructuralZeros(np.zeros(0, dtype=np.int64), np.zeros((values.shape[0], 0), dtype=bool))
    zeros = find_structural_zeros(values, model, sizes) if structural else none
    return _Counted(expression, model, sizes, zeros)


def _mean_log_size(counted: _Counted) -> float:
    return float(np.log2(counted.library_sizes + 1.0).mean() - _LOG2_MILLION)


def _unweighted(expression: FloatArray) -> VoomResult:
    warnings.warn("the design leaves no residual degrees of freedom; all weights are 1", RuntimeWarning, stacklevel=3)
    return VoomResult(expression, np.ones_like(expression), TrendCurve(np.zeros(1), np.ones(1)))


def _plain_trend(sizes: FloatArray, sigma: FloatArray, span: float) -> TrendCurve:
    root = np.sqrt(sigma)
    return trend_curve(sizes, lowess(sizes, root, span).fitted)


def _trend(sizes: FloatArray, sigma: FloatArray, df: FloatArray, span: float, zeros: StructuralZeros) -> TrendCurve:
    if zeros.features.size == 0:
        return _plain_trend(sizes, sigma, span)
    return trend_curve(sizes, weighted_lowess(sizes, np.sqrt(sigma), df, span=span).fitted)


def _trend_weights(coefficients: FloatArray, counted: _Counted, trend: TrendCurve) -> FloatArray:
    log_counts = counted.design @ coefficients.T
    log_counts += (np.log2(counted.library_sizes + 1.0) - _LOG2_MILLION)[:, None]
    weights = evaluate_curve(trend, log_counts)
    weights *= weights
    weights *= weights
    return np.divide(1.0, weights, out=weights)


def _masked(expression: FloatArray, zeros: StructuralZeros) -> FloatArray:
    """The features with structural zeros, those cells missing."""
    part = expression[:, zeros.features]
    part[zeros.cells] = np.nan
    return part


def _without_zeros(fit: LinearModelFit, counted: _Counted) -> LinearModelFit:
    """`fit` with sigma and residual df of features that have structural zeros taken from the other cells."""
    zeros = counted.zeros
    if zeros.features.size == 0:
        return fit
    weights = fit.weights
    if weights is not None and weights.ndim == 2:
        weights = weights[:, zeros.features]
    partial = fit_linear_models(_masked(counted.expression, zeros), counted.design, weights=weights)
    sigma, df = fit.sigma.copy(), fit.df_residual.copy()
    sigma[zeros.features], df[zeros.features] = partial.sigma, partial.df_residual
    return fit._replace(sigma=sigma, df_residual=df)


def _observed_means(means: FloatArray, counted: _Counted) -> FloatArray:
    zeros, observed = counted.zeros, means.copy()
    present = ~zeros.cells
    total = np.where(present, counted.expression[:, zeros.features], 0.0).sum(axis=0)
    n_present = present.sum(axis=0)
    observed[zeros.features] = np.divide(total, n_present, out=np.full(total.shape, np.nan), where=n_present > 0)
    return observed


def _quality(counted: _Counted, weights: FloatArray, groups: SampleGroups, prior_n: float) -> FloatArray:
    expression = counted.expression
    if counted.zeros.features.size:
        expression = expression.copy()
        expression[:, counted.zeros.features] = _masked(counted.expression, counted.zeros)
    labels = None if isinstance(groups, str) and groups == "each" else groups
    return estimate_sample_weights(expression, counted.design, weights=weights, sample_groups=labels, prior_n=prior_n)
