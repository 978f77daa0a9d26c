"""One contrast of every feature and its residuals, as orthogonal effects of unit variance per residual variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lapack

from exomics._checks import require_length
from exomics.errors import DesignError, InputError
from exomics.stats._blocks import BlockCorrelation, Blocks, as_blocks, whiten, whitening
from exomics.stats._effect_kernels import EffectsProblem, reflect_features
from exomics.stats.linear_model import as_design, as_expression, as_weights

FloatArray = NDArray[np.float64]

_BLOCK_BYTES = 2**24


def linear_effects(
    expression: ArrayLike,
    design: ArrayLike,
    contrast: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    blocks: BlockCorrelation | None = None,
) -> FloatArray:
    """Orthogonal effects of each feature: that of a contrast, then those left as residuals.

    Under the model all effects of feature g are independent with variance ``sigma_g**2``; the first has mean
    ``contrast' b_g / u_g`` with u the unscaled standard deviation, the others have mean 0.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features), none missing.
    design
        Design matrix (n_samples, n_coefficients) of full rank, fewer coefficients than samples.
    contrast
        Weights of the coefficients, (n_coefficients,).
    weights
        Precision weights, positive, (n_samples,) or (n_samples, n_features).
    blocks
        Blocks of correlated samples.

    Returns
    -------
    numpy.ndarray
        (n_features, n_samples - n_coefficients + 1).

    Raises
    ------
    InputError
        If a value is missing or a weight is not positive.
    DesignError
        If the design or the contrast cannot be estimated, or no residual degree of freedom is left.

    Notes
    -----
    The residual effects are those of Householder reflections of the weighted design with the contrast turned into its
    last coefficient, as limma's set tests use them. Only with weights that differ between features does the choice of
    basis matter to a set's correlation.

    Examples
    --------
    >>> effects = linear_effects([[1.0], [3.0], [6.0], [8.0]], [[1, 0], [1, 0], [0, 1], [0, 1]], [-1.0, 1.0])
    >>> effects.shape, effects[:, 0].round(6).tolist()
    ((1, 3), [5.0])
    """
    values = complete_expression(expression)
    model = as_design(design, values.shape[0])
    if values.shape[0] <= model.shape[1]:
        raise DesignError(
            f"{values.shape[0]} samples and {model.shape[1]} coefficients leave no residual degree of freedom."
        )
    turned = _contrast_last(model, as_contrast(contrast, model.shape[1]))
    precision = _positive_weights(weights, values)
    grouped = as_blocks(blocks, values.shape[0])
    if precision is None or precision.ndim == 1:
        return _common_effects(values, turned, precision, grouped)
    effects = np.empty((values.shape[1], values.shape[0] - model.shape[1] + 1))
    steps = whitening(grouped, values.shape[0])
    reflect_features(EffectsProblem(values, precision, turned, steps), effects)
    return effects


def complete_expression(expression: ArrayLike) -> FloatArray:
    """Expression without missing values, or an `InputError` that counts the features that have some."""
    values = as_expression(expression)
    with np.errstate(invalid="ignore"):
        incomplete = int((~np.isfinite(values.sum(axis=0))).sum())
    if incomplete:
        raise InputError(
            f"set tests need complete values; {incomplete} of {values.shape[1]} features have missing ones. "
            "Drop those features, or test their moderated statistics with camera_preranked."
        )
    return values


def as_contrast(contrast: ArrayLike, n_coefficients: int) -> FloatArray:
    """One contrast as a finite vector (n_coefficients,), not all zero."""
    wanted = np.asarray(contrast, dtype=np.float64)
    if wanted.shape != (n_coefficients,) or not np.isfinite(wanted).all() or not wanted.any():
        raise DesignError(
            f"the contrast must be {n_coefficients} finite numbers, one per coefficient and not all zero; got "
            f"{wanted.tolist() if wanted.size < 20 else wanted.shape}."
        )
    return wanted


def _contrast_last(design: FloatArray, contrast: FloatArray) -> FloatArray:
    """An equivalent design whose last coefficient is the contrast, up to a positive factor."""
    mirror = contrast / np.copysign(np.linalg.norm(contrast), contrast[0] if contrast[0] != 0.0 else 1.0)
    mirror[0] += 1.0
    turned = design - np.outer(design @ mirror, mirror / mirror[0])
    first = turned[:, :1] if contrast[0] < 0.0 else -turned[:, :1]
    return np.ascontiguousarray(np.hstack([turned[:, 1:], first]))


def _positive_weights(weights: ArrayLike | None, values: FloatArray) -> FloatArray | None:
    precision = as_weights(weights, values)
    if precision is not None and precision.min() <= 0.0:
        raise InputError("set tests need positive weights; drop the samples or features whose weight is 0.")
    return precision


def _common_effects(
    values: FloatArray, design: FloatArray, weights: FloatArray | None, blocks: Blocks | None
) -> FloatArray:
    """Effects when all features share one decomposition."""
    n_samples, n_columns = design.shape
    if weights is not None:
        require_length(weights, n_samples, "weights")
    root = np.ones((n_samples, 1)) if weights is None else np.sqrt(weights)[:, None]
    steps = whitening(blocks, n_samples)
    white = (lambda part: whiten(part, steps)) if blocks is not None else (lambda part: part)
    reflectors, scales, _, _ = lapack.dgeqrf(white(design * root))
    effects = np.empty((values.shape[1], n_samples - n_columns + 1))
    width = max(64, _BLOCK_BYTES // (8 * n_samples))
    for start in range(0, values.shape[1], width):
        part = np.asfortranarray(white(values[:, start : start + width] * root))
        turned, _, _ = lapack.dormqr("L", "T", reflectors, scales, part, 64 * part.shape[1], overwrite_c=1)
        effects[start : start + width] = turned[n_columns - 1 :].T
    if reflectors[n_columns - 1, n_columns - 1] < 0.0:
        effects[:, 0] *= -1.0
    return effects
