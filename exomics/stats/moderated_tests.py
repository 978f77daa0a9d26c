"""Moderated tests of linear-model effects: t, F over a set of contrasts, and tests against a threshold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.f_distribution import f_upper_tail
from exomics.stats.t_distribution import t_quantile, t_tests, t_upper_tail
from exomics.stats.variance_moderation import SqueezedVariances

__all__ = [
    "ModeratedF",
    "ModeratedT",
    "ThresholdTest",
    "moderated_f",
    "moderated_t",
    "t_confidence_interval",
    "threshold_test",
    "total_df",
]

FloatArray = NDArray[np.float64]


class ModeratedT(NamedTuple):
    """Moderated t tests; every field has the shape of the effects, ``degrees_of_freedom`` shape (n_features,)."""

    statistic: FloatArray
    standard_error: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray
    z: FloatArray


class ModeratedF(NamedTuple):
    """Moderated F tests; every field has shape (n_features,)."""

    statistic: FloatArray
    df_numerator: FloatArray
    df_denominator: FloatArray
    p_value: FloatArray


class ThresholdTest(NamedTuple):
    """Tests of effects against a minimal size, in the shape of the effects."""

    statistic: FloatArray
    p_value: FloatArray


def total_df(df_residual: ArrayLike, df_prior: ArrayLike) -> FloatArray:
    """Residual plus prior df, at most the residual df of all features together.

    Parameters
    ----------
    df_residual
        Residual degrees of freedom, (n_features,).
    df_prior
        Prior degrees of freedom, (n_features,) or one number; may be infinite.

    Returns
    -------
    ndarray
        (n_features,)

    Examples
    --------
    >>> total_df([4.0, 5.0], [3.0, np.inf]).tolist()
    [7.0, 9.0]
    """
    residual = np.asarray(df_residual, dtype=np.float64)
    return np.minimum(residual + np.asarray(df_prior, dtype=np.float64), np.nansum(residual))


def moderated_t(
    effects: ArrayLike, unscaled_errors: ArrayLike, squeezed: SqueezedVariances, *, df_residual: ArrayLike
) -> ModeratedT:
    """Test effects with moderated t statistics.

    ``t = effect / (unscaled_error * sqrt(var_post))`` on ``min(d + d0, sum of d)`` degrees of freedom.

    Parameters
    ----------
    effects
        Effects, shape (n_features,) or (n_features, n_contrasts); NaN where not estimable.
    unscaled_errors
        Standard errors divided by the residual standard deviation, same shape.
    squeezed
        Posterior variances and prior df of the features.
    df_residual
        Residual degrees of freedom, a number or shape (n_features,).

    Returns
    -------
    ModeratedT
        ``p_value`` is two-sided; ``z`` is the exact normal deviate with the same tail probability as t.

    Raises
    ------
    InputError
        If the shapes do not fit.

    Notes
    -----
    Smyth (2004), doi:10.2202/1544-6115.1027, sections 4 and 5.

    Examples
    --------
    >>> from exomics.stats.variance_moderation import squeeze_variances
    >>> squeezed = squeeze_variances([0.2, 1.0, 1.5, 4.0], 6.0)
    >>> moderated_t([1.0, 0.5, -2.0, 0.1], np.full(4, 0.5), squeezed, df_residual=6.0).p_value.round(4).tolist()
    [0.0108, 0.331, 0.0071, 0.9114]
    """
    effect, unscaled = np.asarray(effects, dtype=np.float64), np.asarray(unscaled_errors, dtype=np.float64)
    n = squeezed.var_post.size
    if effect.ndim not in (1, 2) or effect.shape != unscaled.shape or effect.shape[0] != n:
        raise InputError(
            f"Effects and unscaled errors must be vectors or matrices with {n} rows, one per feature; got shapes "
            f"{effect.shape} and {unscaled.shape}."
        )
    residual = np.broadcast_to(np.asarray(df_residual, dtype=np.float64), (n,))
    df = total_df(residual, squeezed.df_prior)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = unscaled * _as_column(np.sqrt(squeezed.var_post), effect)
        statistic = effect / error
    p_value, z = t_tests(statistic, _as_column(df, effect))
    return ModeratedT(statistic, error, df, p_value, z)


def t_confidence_interval(
    effects: ArrayLike, standard_errors: ArrayLike, degrees_of_freedom: ArrayLike, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Two-sided confidence limits of effects.

    Parameters
    ----------
    effects, standard_errors
        Shape (n_features,) or (n_features, n_contrasts).
    degrees_of_freedom
        A number or shape (n_features,); infinite gives normal limits.
    level
        Coverage, in (0, 1).

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, in the shape of the effects.

    Raises
    ------
    InputError
        If `level` is outside (0, 1).

    Examples
    --------
    >>> low, high = t_confidence_interval([1.0], [0.5], 10.0)
    >>> round(float(low[0]), 4), round(float(high[0]), 4)
    (-0.1141, 2.1141)
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"The confidence level must lie between 0 and 1; got {level}.")
    effect = np.asarray(effects, dtype=np.float64)
    df = np.asarray(degrees_of_freedom, dtype=np.float64)
    factor = t_quantile(0.5 + level / 2.0, df)
    margin = np.asarray(standard_errors, dtype=np.float64) * (_as_column(factor, effect) if df.ndim else factor)
    return effect - margin, effect + margin


def moderated_f(
    t_statistics: ArrayLike, correlation: ArrayLike, df_denominator: ArrayLike, *, tolerance: float = 1e-8
) -> ModeratedF:
    """Test a set of contrasts together: F = t' R^- t / rank(R), with R the correlation of the estimates.

    Parameters
    ----------
    t_statistics
        Moderated t statistics, shape (n_features, n_contrasts).
    correlation
        Correlation (or covariance of unit scale) of the contrast estimates, shape (n_contrasts, n_contrasts), or
        one per feature with shape (n_features, n_contrasts, n_contrasts).
    df_denominator
        Residual plus prior df, a number or shape (n_features,).
    tolerance
        Eigenvalues of R below this share of the largest count as zero: redundant contrasts are allowed.

    Returns
    -------
    ModeratedF
        NaN for a feature with a missing t statistic.

    Raises
    ------
    InputError
        If the shapes do not fit.

    Notes
    -----
    limma uses one correlation for all features, even where weights or missing values make it an approximation, and
    does not limit the denominator df to the pooled residual df; pass ``df_residual + df_prior`` to reproduce it.
    Smyth (2004), doi:10.2202/1544-6115.1027, section 5.

    Examples
    --------
    >>> moderated_f([[2.0, 1.0]], np.eye(2), 10.0).statistic.tolist()
    [2.5]
    """
    t, R = np.asarray(t_statistics, dtype=np.float64), np.asarray(correlation, dtype=np.float64)
    n, k = t.shape if t.ndim == 2 else (-1, -1)
    if n < 0 or R.shape not in ((k, k), (n, k, k)):
        raise InputError(
            f"t statistics must be features x contrasts and the correlation contrasts x contrasts, alone or per "
            f"feature; got shapes {t.shape} and {R.shape}."
        )
    usable = np.isfinite(R).all(axis=(-2, -1))
    values, vectors = np.linalg.eigh(np.where(np.expand_dims(usable, (-2, -1)), R, np.eye(k)))
    kept = values > tolerance * values[..., -1:]
    rank = kept.sum(axis=-1)
    root = np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    projected = t @ (vectors * root) if R.ndim == 2 else np.einsum("ni,nij,nj->nj", t, vectors, root)
    statistic = np.where(usable, (projected**2).sum(axis=1) / rank, np.nan)
    d1 = np.broadcast_to(rank.astype(np.float64), (n,))
    d2 = np.broadcast_to(np.asarray(df_denominator, dtype=np.float64), (n,))
    return ModeratedF(statistic, d1, d2, f_upper_tail(statistic, d1, d2))


def threshold_test(
    effects: ArrayLike, standard_errors: ArrayLike, degrees_of_freedom: ArrayLike, *, threshold: float
) -> ThresholdTest:
    """Test whether effects are larger in size than a threshold.

    ``P = P(T > (|b| - tau) / se) + P(T > (|b| + tau) / se)``: the largest two-sided P value over all effects within
    the threshold.  The statistic is ``sign(b) max(0, |b| - tau) / se``.

    Parameters
    ----------
    effects, standard_errors
        Shape (n_features,) or (n_features, n_contrasts).
    degrees_of_freedom
        A number or shape (n_features,).
    threshold
        Smallest effect of interest tau, not negative; in units of the effects.

    Returns
    -------
    ThresholdTest
        Statistic and P value.

    Raises
    ------
    InputError
        If the threshold is negative or not finite.

    Notes
    -----
    TREAT: McCarthy and Smyth (2009), doi:10.1093/bioinformatics/btp053.

    Examples
    --------
    >>> threshold_test([2.0, 0.5], [0.5, 0.5], 10.0, threshold=1.0).statistic.tolist()
    [2.0, 0.0]
    """
    if not 0.0 <= threshold < np.inf:
        raise InputError(f"The threshold must be a non-negative number; got {threshold}.")
    effect, error = np.asarray(effects, dtype=np.float64), np.asarray(standard_errors, dtype=np.float64)
    df = np.asarray(degrees_of_freedom, dtype=np.float64)
    df = _as_column(df, effect) if df.ndim else df
    size = np.abs(effect)
    beyond = (size - threshold) / error
    p_value = t_upper_tail(beyond, df) + t_upper_tail((size + threshold) / error, df)
    return ThresholdTest(np.sign(effect) * np.maximum(beyond, 0.0), p_value)


def _as_column(values: FloatArray, like: FloatArray) -> FloatArray:
    """Per-feature values that broadcast against effects of shape (n,) or (n, k)."""
    return values[:, None] if like.ndim == 2 else values
