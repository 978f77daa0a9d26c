"""ComBat: batch effects on location and scale, shrunken over features, taken out of log values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_length
from exomics.errors import DesignError, InputError
from exomics.stats._combat_kernels import average_effects
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats.linear_model import as_expression, fit_linear_models

__all__ = ["BatchDesign", "batch_design", "combat"]

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_CONVERGED = 1e-4
_MAX_ITERATIONS = 10_000


class BatchDesign(NamedTuple):
    """Batch numbers (n_samples,), sizes, the design (batches first, then what is protected) and the reference batch."""

    numbers: IndexArray
    sizes: FloatArray
    design: FloatArray
    reference: int | None


class _Standardized(NamedTuple):
    """Values with mean and protected effects taken off over the pooled deviation, and those two to restore them."""

    values: FloatArray
    center: FloatArray
    deviation: FloatArray


def combat(
    expression: ArrayLike,
    batch: ArrayLike,
    *,
    protect: ArrayLike | None = None,
    parametric: bool = True,
    mean_only: bool = False,
    reference: object | None = None,
) -> FloatArray:
    """Adjust log values for known batches, with shift and scale of each batch shrunken toward those of all features.

    Standardized values of feature g in batch i have mean ``gamma_ig`` and variance ``delta_ig^2``; posterior estimates
    under a normal and an inverse gamma prior per batch (or, nonparametric, averaged over all other features by their
    likelihood) are taken off: ``(z - gamma) / delta``, and the standardization is undone.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features); NaN is missing and stays.
    batch
        Labels (n_samples,), at least 2 levels.
    protect
        Columns (n_samples, n_columns) of effects to keep, constant columns ignored. Protecting what is tested later
        makes its p-values too small.
    parametric
        Normal and inverse gamma priors, or empirical ones.
    mean_only
        Leave the scale of the batches alone; so it is when a batch has a single sample.
    reference
        Level of `batch` whose values stay as they are, the others being moved to it.

    Returns
    -------
    numpy.ndarray
        Adjusted values, (n_samples, n_features). A feature that is constant within a batch stays as it is.

    Raises
    ------
    DesignError
        If batches are confounded with what is to be protected.
    InputError
        If there is one batch only, the reference is none of them, or shapes disagree.

    Notes
    -----
    W. E. Johnson, C. Li and A. Rabinovic, Biostatistics 8, 118 (2007), doi:10.1093/biostatistics/kxj037; equal to
    ``ComBat`` of sva, whose iteration stops at a relative change of 1e-4 over all features, and which pools variances
    about the mean of the residuals as soon as any value is missing. Likelihoods of the nonparametric form do not
    underflow here.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(12, 200)) + np.repeat([0.0, 3.0], 6)[:, None]
    >>> found = combat(values, np.repeat(["a", "b"], 6))
    >>> bool(abs((found[:6] - found[6:]).mean()) < 0.2)
    True
    """
    values = as_expression(expression)
    model = batch_design(batch, values.shape[0], protect, reference)
    mean_only = mean_only or bool((model.sizes == 1).any())
    kept = np.flatnonzero(_varies(values, model))
    if kept.size == 0:
        return values.copy()
    part = np.ascontiguousarray(values[:, kept])
    standardized = _standardize(part, model)
    moments = _batch_moments(standardized.values, model, mean_only)
    shifts, scales = _posterior(standardized.values, model, moments, (parametric, mean_only))
    moved = standardized.values - model.design[:, : model.sizes.size] @ shifts
    moved /= np.sqrt(scales)[model.numbers]
    adjusted = values.copy()
    adjusted[:, kept] = moved * standardized.deviation + standardized.center
    if model.reference is not None:
        own = model.numbers == model.reference
        adjusted[own] = values[own]
    return adjusted


def batch_design(
    batch: ArrayLike, n_samples: int, protect: ArrayLike | None, reference: object | None = None
) -> BatchDesign:
    """Indicators of batches and the columns to protect, checked not to be confounded.

    Parameters
    ----------
    batch, protect, reference
        As in `combat`.
    n_samples
        Number of samples.

    Returns
    -------
    BatchDesign
        The column of a reference batch is constant.

    Raises
    ------
    DesignError, InputError
        As in `combat`.

    Examples
    --------
    >>> batch_design(["a", "a", "b"], 3, None).sizes.tolist()
    [2.0, 1.0]
    """
    require_length(batch, n_samples, "batch")
    levels, numbers = np.unique(np.asarray(batch), return_inverse=True)
    if levels.size < 2:
        raise InputError(f"batch must have at least 2 levels; all samples carry {levels.tolist()}.")
    indicators, place = np.eye(levels.size)[numbers.reshape(-1)], None
    if reference is not None:
        if reference not in levels.tolist():
            raise InputError(f"the reference batch {reference!r} is none of {', '.join(map(str, levels[:20]))}.")
        place = int(np.flatnonzero(levels == reference)[0])
        indicators[:, place] = 1.0
    columns = np.zeros((n_samples, 0)) if protect is None else as_matrix(protect, "protect")
    if columns.shape[0] != n_samples or not np.isfinite(columns).all():
        raise DesignError(f"protect must have {n_samples} rows, one per sample, all finite; got {columns.shape}.")
    design = np.ascontiguousarray(np.hstack([indicators, columns[:, np.ptp(columns, axis=0) > 0]]))
    if not orthogonalize(design).kept.all():
        raise DesignError(
            "the batches are confounded with the conditions to protect (or those with each other): no adjustment can "
            "tell them apart. Leave batch uncorrected, or protect less."
        )
    sizes = np.bincount(numbers.reshape(-1)).astype(np.float64)
    return BatchDesign(numbers.reshape(-1).astype(np.int64), sizes, design, place)


def _varies(values: FloatArray, model: BatchDesign) -> NDArray[np.bool_]:
    """Features that are not constant within a batch of several samples."""
    varied = np.ones(values.shape[1], dtype=bool)
    for number in np.flatnonzero(model.sizes > 1):
        part = values[model.numbers == number]
        varied &= ~(part == part[0]).all(axis=0)
    return varied


def _standardize(values: FloatArray, model: BatchDesign) -> _Standardized:
    n_batches = model.sizes.size
    coefficients = fit_linear_models(values, model.design).coefficients
    if np.isnan(coefficients).any():
        lost = int(np.isnan(coefficients).any(axis=1).sum())
        raise InputError(
            f"{lost} features have no values in some batch or condition, so its effect is unknown. Drop those features."
        )
    if model.reference is None:
        grand = coefficients[:, :n_batches] @ (model.sizes / model.sizes.sum())
    else:
        grand = coefficients[:, model.reference]
    rest = values - model.design @ coefficients.T
    own = rest if model.reference is None else rest[model.numbers == model.reference]
    pooled = np.nanvar(own, axis=0, ddof=1) if np.isnan(values).any() else (own**2).mean(axis=0)
    center = grand + model.design[:, n_batches:] @ coefficients[:, n_batches:].T
    deviation = np.sqrt(pooled)
    return _Standardized((values - center) / deviation, center, deviation)


def _batch_moments(values: FloatArray, model: BatchDesign, mean_only: bool) -> tuple[FloatArray, FloatArray]:
    """Shift and variance of every batch and feature, (n_batches, n_features)."""
    means = np.array([np.nanmean(values[model.numbers == i], axis=0) for i in range(model.sizes.size)])
    if model.reference is not None:
        others = np.arange(model.sizes.size) != model.reference
        means[others] -= means[model.reference]
    if mean_only:
        return means, np.ones_like(means)
    return means, np.array([np.nanvar(values[model.numbers == i], axis=0, ddof=1) for i in range(model.sizes.size)])


def _posterior(
    values: FloatArray, model: BatchDesign, moments: tuple[FloatArray, FloatArray], kind: tuple[bool, bool]
) -> tuple[FloatArray, FloatArray]:
    parametric, mean_only = kind
    shifts, scales = np.empty_like(moments[0]), np.ones_like(moments[1])
    for i, (shift, variance) in enumerate(zip(*moments, strict=True)):
        part = values[model.numbers == i]
        if i == model.reference:
            shifts[i] = 0.0
        elif parametric and mean_only:
            prior = shift.var(ddof=1)
            shifts[i] = (prior * shift + shift.mean()) / (prior + 1.0)
        elif parametric:
            shifts[i], scales[i] = _iterate(part, shift, variance)
        else:
            n, mean, squares = _summaries(part)
            shifts[i], scales[i] = average_effects(n, mean, squares, shift, variance)
    return shifts, scales


def _summaries(part: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number of values, their mean, and their sum of squares about it."""
    mean = np.nanmean(part, axis=0)
    return (~np.isnan(part)).sum(axis=0).astype(np.float64), mean, np.nansum((part - mean) ** 2, axis=0)


def _iterate(part: FloatArray, shift: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and variance in turn, until no feature moves by 1e-4 of itself."""
    n, mean, squares = _summaries(part)
    prior_mean, prior_variance = shift.mean(), shift.var(ddof=1)
    level, spread = variance.mean(), variance.var(ddof=1)
    a, b = (2.0 * spread + level**2) / spread, (level * spread + level**3) / spread
    old_shift, old_scale = shift, variance
    for _ in range(_MAX_ITERATIONS):
        new_shift = (prior_variance * n * shift + old_scale * prior_mean) / (prior_variance * n + old_scale)
        new_scale = (0.5 * (squares + n * (mean - new_shift) ** 2) + b) / (n / 2.0 + a - 1.0)
        change = max(_relative_change(new_shift, old_shift), _relative_change(new_scale, old_scale))
        old_shift, old_scale = new_shift, new_scale
        if not change > _CONVERGED:
            break
    return old_shift, old_scale


def _relative_change(new: FloatArray, old: FloatArray) -> float:
    """Largest change as a share of the old value, with its sign: negative shifts never hold the iteration up."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nanmax(np.abs(new - old) / old))
