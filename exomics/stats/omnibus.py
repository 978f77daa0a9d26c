"""Sets of contrasts of fitted linear models tested together: the moderated F."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import LinearModelFit, fit_combinations
from exomics.stats.moderated_tests import ModeratedF, moderated_f, total_df
from exomics.stats.variance_moderation import SqueezedVariances

__all__ = ["omnibus_f"]

FloatArray = NDArray[np.float64]


def omnibus_f(
    fit: LinearModelFit,
    contrasts: ArrayLike,
    squeezed: SqueezedVariances,
    *,
    method: Literal["classic", "exact"] = "exact",
) -> ModeratedF:
    """Moderated F of a set of contrasts: is any of them different from zero?

    ``F = e' V^- e / (rank(V) s^2)`` for the estimates e, their unscaled covariance ``V = C' (X' W X)^-1 C`` and the
    posterior variance ``s^2``; F on ``rank(V)`` and residual plus prior degrees of freedom.

    Parameters
    ----------
    fit
        Of all features.
    contrasts
        (n_coefficients, n_contrasts); redundant ones are allowed and do not count.
    squeezed
        Posterior variances and prior df of the features.
    method
        ``exact``: V with each feature's own weights and missing values, and the denominator df at most the residual
        df of all features together, as for t. ``classic``: limma's F, with one correlation for all features, the
        approximate errors of `fit_contrasts`, and no limit of the df.

    Returns
    -------
    ModeratedF
        (n_features,) each; NaN for a feature that cannot estimate one of the contrasts.

    Raises
    ------
    DesignError
        If the contrasts do not fit the coefficients.

    Notes
    -----
    Smyth (2004), doi:10.2202/1544-6115.1027, section 5. The two agree where weights and missing values do not differ
    between features, but for the limit of the df.

    Examples
    --------
    >>> from exomics.stats.linear_model import fit_linear_models
    >>> from exomics.stats.variance_moderation import squeeze_variances
    >>> values = np.random.default_rng(0).normal(size=(9, 40))
    >>> values[6:, 0] += 5.0
    >>> fit = fit_linear_models(values, np.repeat(np.eye(3), 3, axis=0))
    >>> squeezed = squeeze_variances(fit.sigma**2, fit.df_residual)
    >>> found = omnibus_f(fit, [[-1, -1], [1, 0], [0, 1]], squeezed)
    >>> int(found.p_value.argmin()), float(found.df_numerator[0])
    (0, 2.0)
    """
    wanted = as_matrix(contrasts, "contrasts")
    effects = fit_contrasts(fit, wanted, method="classic" if method == "classic" else "exact")
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effects.estimates / (effects.stdev_unscaled * np.sqrt(squeezed.var_post)[:, None])
    if method == "classic":
        return moderated_f(t, _correlation(effects.cov_estimates), fit.df_residual + squeezed.df_prior)
    each = _differs_between_features(fit)
    correlation = _feature_correlations(fit, wanted, effects.stdev_unscaled) if each else effects.cov_estimates
    return moderated_f(
        t, correlation if each else _correlation(correlation), total_df(fit.df_residual, squeezed.df_prior)
    )


def _differs_between_features(fit: LinearModelFit) -> bool:
    """Whether the covariance of the coefficients is not the common one of `fit` for every feature."""
    if fit.weights is not None and (fit.weights.ndim == 2 or fit.weights.min() == 0.0):
        return True
    return bool(np.isnan(fit.expression).any())


def _correlation(covariance: FloatArray) -> FloatArray:
    deviations = np.sqrt(np.diagonal(covariance))
    return np.asarray(covariance / np.outer(deviations, deviations))


def _feature_correlations(fit: LinearModelFit, contrasts: FloatArray, deviations: FloatArray) -> FloatArray:
    """Correlations (n_features, k, k) of the k estimates: cov(a, b) = (var(a + b) - var(a - b)) / 4."""
    k = contrasts.shape[1]
    rows, columns = np.triu_indices(k, 1)
    correlations = np.broadcast_to(np.eye(k), (deviations.shape[0], k, k)).copy()
    if rows.size == 0:
        return correlations
    unit = contrasts / np.linalg.norm(contrasts, axis=0)
    pairs = np.hstack([unit[:, rows] + unit[:, columns], unit[:, rows] - unit[:, columns]])
    spread = fit_combinations(fit.expression, fit.design, fit.weights, np.ascontiguousarray(pairs.T), fit.blocks)[1]
    lengths = deviations / np.linalg.norm(contrasts, axis=0)
    covariance = (spread[:, : rows.size] ** 2 - spread[:, rows.size :] ** 2) / 4.0
    correlations[:, rows, columns] = covariance / (lengths[:, rows] * lengths[:, columns])
    correlations[:, columns, rows] = correlations[:, rows, columns]
    return correlations
