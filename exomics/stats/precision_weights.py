"""Counts to log counts per million with precision weights: voom, and the recipes that add sample weights to it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._voom_parts import (
    Counted,
    Span,
    VoomResult,
    as_span,
    masked_expression,
    mean_log_size,
    observed_means,
    plain_trend,
    prepare,
    trend_weights,
    unweighted,
    without_zeros,
    zero_aware_trend,
)
from exomics.stats.linear_model import LinearModelFit, as_weights, fit_linear_models
from exomics.stats.sample_weights import estimate_sample_weights
from exomics.stats.within_subject import BlockCorrelation, duplicate_correlation

__all__ = ["SampleGroups", "VoomFit", "VoomResult", "WeightedVoom", "voom", "voom_lm_fit", "voom_with_sample_weights"]

FloatArray = NDArray[np.float64]
SampleGroups = ArrayLike | Literal["each"] | None


class WeightedVoom(NamedTuple):
    """A `VoomResult` whose weights include those of the samples, and the sample weights (n_samples,)."""

    voom: VoomResult
    sample_weights: FloatArray


class VoomFit(NamedTuple):
    """Final weights, the linear models fitted with them; sample weights (n_samples,) and block correlation, or None."""

    voom: VoomResult
    fit: LinearModelFit
    sample_weights: FloatArray | None
    correlation: float | None


def voom(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    span: Span = 0.5,
    blocks: BlockCorrelation | None = None,
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
        Width of the LOWESS window as a share of the features, or ``"adaptive"``: narrower the more features there are.
    blocks
        Blocks of correlated samples in the fit behind the trend.

    Returns
    -------
    VoomResult
        Expression and weights (n_samples, n_features), and the trend.

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
    counted = prepare(counts, design, library_sizes, norm_factors, structural=False)
    fit = fit_linear_models(counted.expression, counted.design, weights=sample_weights, blocks=blocks)
    used = np.flatnonzero(np.asarray(counts).any(axis=0))
    if not (fit.df_residual > 0).any() or used.size < 2:
        return unweighted(counted.expression)
    width = as_span(span, counted.expression.shape[1])
    trend = plain_trend(fit.mean_expression[used] + mean_log_size(counted), fit.sigma[used], width)
    return VoomResult(counted.expression, trend_weights(fit.coefficients, counted, trend), trend)


def voom_with_sample_weights(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    sample_groups: ArrayLike | None = None,
    span: Span = 0.5,
) -> WeightedVoom:
    """Voom with quality weights: voom, sample weights, voom again with them, sample weights again; both multiplied.

    Parameters
    ----------
    counts, design, library_sizes, norm_factors, span
        As in `voom`.
    sample_groups
        As in `sample_weights.estimate_sample_weights` (gene by gene).

    Returns
    -------
    WeightedVoom
        Weights of the values with those of the samples in them, and those of the samples.

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
    sizes: dict[str, Any] = {"library_sizes": library_sizes, "norm_factors": norm_factors}
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
    sample_groups: SampleGroups = None,
    prior_weights: ArrayLike | None = None,
    blocks: ArrayLike | None = None,
    span: Span = 0.5,
) -> VoomFit:
    """Voom and linear models in one, with groups of all-zero counts kept out of the residual variances.

    A zero count whose mean under the design is zero fits perfectly whatever the variance: such cells are treated as
    missing for ``sigma`` and ``df_residual`` (and for the means of the trend), not for the coefficients. If there are
    any, the trend is a LOWESS weighted by the residual degrees of freedom. With sample weights or blocks the trend is
    estimated once more under them, and they once more under the new trend; final weights are the product.

    Parameters
    ----------
    counts, design, library_sizes, span
        As in `voom`; library sizes are effective ones.
    sample_groups
        None: no sample weights. ``"each"``: one weight per sample. Labels (n_samples,): one per group of samples. A
        matrix (n_samples, n_columns): log variances follow its columns.
    prior_weights
        Known precision weights (n_samples,) or (n_samples, n_features), instead of estimated sample weights.
    blocks
        Labels (n_samples,) of correlated samples, such as subjects; their correlation is estimated.

    Returns
    -------
    VoomFit
        Final weights and the fit with them; sample weights and the correlation within blocks, where estimated.

    Raises
    ------
    ScaleError, InputError, DesignError
        As `voom`, `estimate_sample_weights` and `duplicate_correlation`; or if prior weights and sample groups are
        both given.

    Notes
    -----
    Equal to edgeR's ``voomLmFit`` (4.4), described in Y. Chen et al., Nucleic Acids Res. 53, gkaf018 (2025),
    doi:10.1093/nar/gkaf018, with ``var.group`` or ``var.design`` for `sample_groups`; with blocks as far as the
    correlations agree (see `duplicate_correlation`).

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(20, size=(6, 300))
    >>> counts[:3, :10] = 0
    >>> design = np.repeat(np.eye(2), 3, axis=0)
    >>> voom_lm_fit(counts, design).fit.df_residual[[0, 299]].tolist()
    [2.0, 4.0]
    """
    if prior_weights is not None and sample_groups is not None:
        raise InputError("give prior weights or let sample weights be estimated, not both.")
    counted = prepare(counts, design, library_sizes, None, structural=True)
    known = as_weights(prior_weights, counted.expression)
    plain = fit_linear_models(counted.expression, counted.design, weights=known)
    fit = without_zeros(plain, counted)
    used = np.flatnonzero(fit.df_residual > 0)
    if used.size < 2:
        return VoomFit(unweighted(counted.expression), fit, None, None)
    sizes = observed_means(plain.mean_expression, counted)[used] + mean_log_size(counted)
    width = as_span(span, counted.expression.shape[1])
    extras = _Extras(known, None)
    for turn in range(1 if sample_groups is None and blocks is None else 2):
        if turn:
            fit = _fit(counted, extras.weights, blocks, extras.correlation)
        zeros = counted.zeros.features.size > 0
        trend = zero_aware_trend(sizes, fit, used, width) if zeros else plain_trend(sizes, fit.sigma[used], width)
        weights = trend_weights(fit.coefficients, counted, trend)
        extras = _estimate_extras(counted, weights, known, (sample_groups, blocks))
    weights = _times(weights, extras.weights)
    final = _fit(counted, weights, blocks, extras.correlation)
    quality = None if sample_groups is None else extras.weights
    return VoomFit(VoomResult(counted.expression, weights, trend), final, quality, extras.correlation)


class _Extras(NamedTuple):
    """What multiplies the weights of the trend (known or sample weights), and the correlation within blocks."""

    weights: FloatArray | None
    correlation: float | None


def _estimate_extras(
    counted: Counted, weights: FloatArray, known: FloatArray | None, wanted: tuple[SampleGroups, ArrayLike | None]
) -> _Extras:
    groups, blocks = wanted
    extra, correlation = known, None
    if groups is None and blocks is None:
        return _Extras(extra, None)
    expression = masked_expression(counted)
    if groups is not None:
        labels = None if isinstance(groups, str) and groups == "each" else groups
        extra = estimate_sample_weights(expression, counted.design, weights=weights, sample_groups=labels)
    if blocks is not None:
        found = duplicate_correlation(expression, counted.design, blocks, weights=_times(weights, extra))
        correlation = 0.0 if np.isnan(found.consensus) else found.consensus
    return _Extras(extra, correlation)


def _fit(
    counted: Counted, weights: FloatArray | None, blocks: ArrayLike | None, correlation: float | None
) -> LinearModelFit:
    correlated = None if blocks is None or correlation is None else BlockCorrelation(blocks, correlation)
    fit = fit_linear_models(counted.expression, counted.design, weights=weights, blocks=correlated)
    return without_zeros(fit, counted)


def _times(weights: FloatArray, extra: FloatArray | None) -> FloatArray:
    if extra is None:
        return weights
    return weights * (extra[:, None] if extra.ndim == 1 else extra)
