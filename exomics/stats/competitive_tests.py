"""Competitive tests of feature sets: do the members' statistics differ from all others', their correlation counted?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._feature_sets import as_sets
from exomics.stats._set_correlation import mean_correlation
from exomics.stats.approximate_deviates import hill_deviate
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_effects import as_contrast, complete_expression, linear_effects
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.t_distribution import t_upper_tail
from exomics.stats.variance_moderation import squeeze_variances

__all__ = ["CameraResult", "camera", "camera_preranked"]

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_SMALLEST_VARIANCE = 1e-8


class CameraResult(NamedTuple):
    """One entry per set: size, inter-gene correlation, direction (1 up, -1 down, 0 untested), p-value, statistic.

    `statistic` is a two-sample t (or, by ranks, a normal deviate). A set that is empty or holds every feature is NaN.
    """

    n_measured: IndexArray
    correlation: FloatArray
    direction: IndexArray
    p_value: FloatArray
    statistic: FloatArray


class _Moderated(NamedTuple):
    """Normal deviates of moderated t (n_features,), and residual df."""

    statistic: FloatArray
    df_residual: float


def camera(
    expression: ArrayLike,
    design: ArrayLike,
    contrast: ArrayLike,
    sets: Sequence[ArrayLike],
    *,
    weights: ArrayLike | None = None,
    inter_gene_correlation: float | None = None,
    trend: bool = False,
) -> CameraResult:
    """Test whether features of a set change more than the others, allowing for correlation between features.

    Moderated t statistics of a contrast become normal deviates z. With m members, m2 others and mean difference D,
    ``t = D / (s sqrt(v / m + 1 / m2))`` where s is the pooled deviation of z and ``v = 1 + (m - 1) r`` the variance
    inflation by the mean correlation r between members.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features), none missing; every feature measured, not only members of sets.
    design
        Design matrix (n_samples, n_coefficients) of full rank.
    contrast
        Weights of the coefficients, (n_coefficients,).
    sets
        Positions of each set's features.
    weights
        Precision weights, positive, (n_samples,) or (n_samples, n_features).
    inter_gene_correlation
        One correlation for all sets (limma's preset is 0.01), or None: estimated per set from the residuals, with
        ``v`` at least 1. A preset gives more power, an estimate strict control of false positives.
    trend
        Let the prior variance follow the mean expression.

    Returns
    -------
    CameraResult
        Two-sided p-values, on ``n_features - 2`` df with a preset and on at most the residual df with an estimate.

    Raises
    ------
    InputError
        If values are missing, weights are not positive, a set is malformed or a correlation is not in (-1, 1).
    DesignError
        If the design or the contrast cannot be estimated.

    Notes
    -----
    D. Wu and G. K. Smyth, Nucleic Acids Res. 40, e133 (2012), doi:10.1093/nar/gks461; equal to limma's ``camera``
    called with a contrast vector (a coefficient number gives limma another residual basis, hence other estimates of
    correlation when weights differ between features). With sample weights and `trend`, the covariate is the mean of
    the values, not of the values times root weights. To test ranks, pass statistics to `camera_preranked`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> design = np.repeat(np.eye(2), 4, axis=0)
    >>> values = rng.normal(size=(8, 500))
    >>> values[4:, :20] += 1.5
    >>> found = camera(values, design, [-1.0, 1.0], [np.arange(20), np.arange(100, 150)])
    >>> found.direction.tolist(), bool(found.p_value[0] < 0.01), bool(found.p_value[1] > 0.05)
    ([1, -1], True, True)
    """
    values = complete_expression(expression)
    members = as_sets(sets, values.shape[1])
    if values.shape[1] < 3:
        raise InputError(f"a competitive test needs at least 3 features; got {values.shape[1]}.")
    if inter_gene_correlation is None:
        moderated, residuals = _moderated_effects(values, design, contrast, weights, trend)
        correlations = np.array([mean_correlation(residuals[positions]) for positions in members])
        inflation = np.fmax(1.0, 1.0 + (_sizes(members) - 1.0) * np.nan_to_num(correlations))
        return _two_sample(
            moderated.statistic, members, (correlations, inflation), min(moderated.df_residual, values.shape[1] - 2.0)
        )
    correlations = _as_correlations(inter_gene_correlation, len(members))
    moderated = _moderated_contrast(values, design, contrast, weights, trend)
    inflation = 1.0 + (_sizes(members) - 1.0) * correlations
    return _two_sample(moderated.statistic, members, (correlations, inflation), values.shape[1] - 2.0)


def camera_preranked(
    statistic: ArrayLike,
    sets: Sequence[ArrayLike],
    *,
    inter_gene_correlation: ArrayLike = 0.01,
    use_ranks: bool = False,
) -> CameraResult:
    """Test sets on statistics that are already there, with a given correlation between members.

    Parameters
    ----------
    statistic
        One per feature, (n_features,), none missing; roughly normal unless `use_ranks`.
    sets
        Positions of each set's features.
    inter_gene_correlation
        One correlation, or one per set.
    use_ranks
        Compare rank sums (Wilcoxon) instead of means, their variance inflated by the correlation.

    Returns
    -------
    CameraResult
        Two-sided p-values; a t test on ``n_features - 2`` df, or a normal test with continuity correction.

    Raises
    ------
    InputError
        If a statistic is missing, a set is malformed or a correlation is not in (-1, 1).

    Notes
    -----
    Wu and Smyth (2012), doi:10.1093/nar/gks461; equal to limma's ``cameraPR``.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=300)
    >>> found = camera_preranked(z + (np.arange(300) < 20), [np.arange(20)])
    >>> found.direction.tolist(), bool(found.p_value[0] < 0.05)
    ([1], True)
    """
    values = np.asarray(statistic, dtype=np.float64)
    if values.ndim != 1 or values.size < 3 or not np.isfinite(values).all():
        raise InputError(
            f"statistics must be a vector of at least 3 finite numbers; got shape {values.shape}. Drop features "
            "without a statistic first."
        )
    members = as_sets(sets, values.size)
    correlations = _as_correlations(inter_gene_correlation, len(members))
    if use_ranks:
        return _rank_sums(values, members, correlations)
    inflation = 1.0 + (_sizes(members) - 1.0) * correlations
    return _two_sample(values, members, (correlations, inflation), values.size - 2.0)


def _moderated_effects(
    values: FloatArray, design: ArrayLike, contrast: ArrayLike, weights: ArrayLike | None, trend: bool
) -> tuple[_Moderated, FloatArray]:
    """And the residual effects (n_features, df), each feature of mean square 1."""
    effects = linear_effects(values, design, contrast, weights=weights)
    residuals = effects[:, 1:]
    variances = np.einsum("ij,ij->i", residuals, residuals) / residuals.shape[1]
    z = _deviates(effects[:, 0], variances, float(residuals.shape[1]), values if trend else None)
    residuals /= np.sqrt(np.maximum(variances, _SMALLEST_VARIANCE))[:, None]
    return _Moderated(z, float(residuals.shape[1])), residuals


def _moderated_contrast(
    values: FloatArray, design: ArrayLike, contrast: ArrayLike, weights: ArrayLike | None, trend: bool
) -> _Moderated:
    fit = fit_linear_models(values, design, weights=weights)
    if weights is not None and np.min(weights) <= 0.0:
        raise InputError("set tests need positive weights; drop the samples or features whose weight is 0.")
    df = float(fit.df_residual[0])
    if df < 1.0:
        raise InputError("the design leaves no residual degree of freedom, so no statistic can be computed.")
    wanted = as_contrast(contrast, fit.coefficients.shape[1])
    found = fit_contrasts(fit, wanted[:, None], method="exact")
    unscaled = found.estimates[:, 0] / found.stdev_unscaled[:, 0]
    return _Moderated(_deviates(unscaled, fit.sigma**2, df, values if trend else None), df)


def _deviates(effect: FloatArray, variances: FloatArray, df: float, values: FloatArray | None) -> FloatArray:
    squeezed = squeeze_variances(variances, df, covariate=None if values is None else values.mean(axis=0))
    total = np.minimum(df + squeezed.df_prior, effect.size * df)
    return hill_deviate(effect / np.sqrt(squeezed.var_post), total)


def _sizes(members: list[IndexArray]) -> FloatArray:
    return np.array([positions.size for positions in members], dtype=np.float64)


def _as_correlations(given: ArrayLike, n_sets: int) -> FloatArray:
    values = np.asarray(given, dtype=np.float64)
    if values.shape not in {(), (n_sets,)} or not (np.abs(values) < 1.0).all():
        raise InputError(
            f"inter-gene correlations must be one number, or one per set ({n_sets}), between -1 and 1; got {given!r}."
        )
    return np.broadcast_to(values, (n_sets,)).copy()


def _two_sample(
    statistic: FloatArray, members: list[IndexArray], correlation: tuple[FloatArray, FloatArray], df: float
) -> CameraResult:
    """Two-sample t of members against the others; `correlation` holds correlations and variance inflations."""
    sizes, n = _sizes(members), statistic.size
    others = n - sizes
    sums = np.array([statistic[positions].sum() for positions in members], dtype=np.float64).reshape(sizes.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = n / others * (sums / sizes - statistic.mean())
        pooled = ((n - 1) * statistic.var(ddof=1) - difference**2 * sizes * others / n) / (n - 2)
        t = difference / np.sqrt(pooled * (correlation[1] / sizes + 1.0 / others))
    p_value = np.where(np.isnan(t), np.nan, 2.0 * t_upper_tail(np.abs(t), df))
    return _result(sizes, correlation[0], t, p_value)


def _rank_sums(statistic: FloatArray, members: list[IndexArray], correlations: FloatArray) -> CameraResult:
    """Rank-sum tests; the variance under correlation r follows from arcsines of normal orthant probabilities."""
    _, place, ties = np.unique(statistic, return_inverse=True, return_counts=True)
    ranks, m, n = (np.cumsum(ties) - (ties - 1) / 2.0)[place], _sizes(members), statistic.size
    others = n - m
    centered = np.array([ranks[positions].sum() for positions in members]).reshape(m.shape) - m * (n + 1) / 2.0
    pairs, r = m * others, np.where(m == 1, 0.0, correlations)
    variance = np.arcsin(1.0) + np.arcsin(0.5) * (others - 1)
    variance = variance + np.arcsin(r / 2.0) * (m - 1) * (others - 1) + np.arcsin((r + 1.0) / 2.0) * (m - 1)
    variance = np.where(r == 0.0, pairs * (n + 1) / 12.0, pairs * variance / (2.0 * np.pi))
    ties = ties.astype(np.float64)
    deviation = np.sqrt(variance * (1.0 - (ties * (ties + 1) * (ties - 1)).sum() / (n * (n + 1.0) * (n - 1.0))))
    with np.errstate(invalid="ignore", divide="ignore"):
        z, nearer = centered / deviation, (np.abs(centered) - 0.5) / deviation
    p_value = np.where(np.isnan(z), np.nan, np.minimum(1.0, 2.0 * t_upper_tail(nearer, np.inf)))
    return _result(m, correlations, z, p_value)


def _result(sizes: FloatArray, correlations: FloatArray, statistic: FloatArray, p_value: FloatArray) -> CameraResult:
    tested = np.isfinite(p_value)
    direction = np.where(tested, np.where(statistic < 0.0, -1, 1), 0)
    return CameraResult(sizes.astype(np.int64), correlations, direction, p_value, np.where(tested, statistic, np.nan))
