"""Contrasts of fitted coefficients, with limma's approximate standard errors or with exact ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix
from exomics.errors import DesignError
from exomics.stats.linear_model import LinearModelFit, fit_combinations

FloatArray = NDArray[np.float64]


class ContrastFit(NamedTuple):
    """Contrasts, one row per feature and one column per contrast; NaN where a feature cannot estimate one.

    ``stdev_unscaled * sigma`` is the standard error. `cov_estimates` is the unscaled covariance between contrasts that
    the design gives before weights and missing values of single features.
    """

    estimates: FloatArray
    stdev_unscaled: FloatArray
    sigma: FloatArray
    df_residual: FloatArray
    mean_expression: FloatArray
    cov_estimates: FloatArray
    contrasts: FloatArray


def fit_contrasts(
    fit: LinearModelFit,
    contrasts: ArrayLike,
    *,
    method: Literal["classic", "exact"] = "classic",
    contrast_names: Sequence[str] | None = None,
) -> ContrastFit:
    """Estimate ``coefficients @ contrasts`` for every feature, with unscaled standard deviations.

    Parameters
    ----------
    fit
        Result of `fit_linear_models`.
    contrasts
        Weights of the coefficients, (n_coefficients, n_contrasts).
    method
        ``"exact"``: ``sqrt(c' (X' W X)^-1 c)`` with each feature's own weights and missing values. ``"classic"``:
        limma's approximation ``sqrt((c * s)' R (c * s))``, where s are the feature's own unscaled deviations and R the
        correlations of coefficients in one common design, ``fit.cov_coefficients``.
    contrast_names
        Names of the contrasts, for error messages.

    Returns
    -------
    ContrastFit
        Estimates and unscaled standard deviations, each (n_features, n_contrasts).

    Raises
    ------
    DesignError
        If the shape does not fit the coefficients, a weight is not finite, or a contrast is zero throughout.

    Notes
    -----
    The two agree without weights and missing values that differ between features, and wherever the coefficients are
    uncorrelated (a design of group means alone). With precision weights and covariates the classic error differs from
    the exact one by a few per cent; published limma tables use it. A contrast is NaN for a feature where a coefficient
    it uses is.

    Examples
    --------
    >>> from exomics.stats.linear_model import fit_linear_models
    >>> fit = fit_linear_models([[1.0], [3.0], [6.0], [8.0]], [[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> found = fit_contrasts(fit, [[-1.0], [1.0]])
    >>> found.estimates.round(6).tolist(), found.stdev_unscaled.round(6).tolist()
    ([[5.0]], [[1.0]])
    """
    wanted = _as_contrasts(contrasts, fit.coefficients.shape[1], contrast_names)
    if method == "exact":
        estimates, stdev, _, _ = fit_combinations(
            fit.expression, fit.design, fit.weights, np.ascontiguousarray(wanted.T), fit.blocks
        )
    elif method == "classic":
        estimates, stdev = _classic(fit, wanted)
    else:
        raise DesignError(f"method must be 'classic' or 'exact'; got {method!r}.")
    return ContrastFit(
        estimates=estimates,
        stdev_unscaled=stdev,
        sigma=fit.sigma,
        df_residual=fit.df_residual,
        mean_expression=fit.mean_expression,
        cov_estimates=wanted.T @ fit.cov_coefficients @ wanted,
        contrasts=wanted,
    )


def _classic(fit: LinearModelFit, contrasts: FloatArray) -> tuple[FloatArray, FloatArray]:
    deviations = np.sqrt(np.diag(fit.cov_coefficients))
    correlations = fit.cov_coefficients / np.outer(deviations, deviations)
    shape = (fit.coefficients.shape[0], contrasts.shape[1])
    estimates, stdev = np.empty(shape), np.empty(shape)
    for k in range(contrasts.shape[1]):
        used = np.flatnonzero(contrasts[:, k])
        share = contrasts[used, k]
        root = np.linalg.cholesky(correlations[np.ix_(used, used)])
        estimates[:, k] = fit.coefficients[:, used] @ share
        stdev[:, k] = np.sqrt((((fit.stdev_unscaled[:, used] * share) @ root) ** 2).sum(axis=1))
    return estimates, stdev


def _as_contrasts(contrasts: ArrayLike, n_coefficients: int, names: Sequence[str] | None) -> FloatArray:
    wanted = as_matrix(contrasts, "contrasts")
    if wanted.shape[0] != n_coefficients or wanted.shape[1] == 0:
        raise DesignError(
            f"contrasts must have {n_coefficients} rows, one per coefficient, and a column each; got {wanted.shape}."
        )
    if not np.isfinite(wanted).all():
        raise DesignError("contrasts hold missing or infinite weights; give every coefficient a number.")
    labels = [f"contrast {k + 1}" for k in range(wanted.shape[1])] if names is None else [str(name) for name in names]
    if len(labels) != wanted.shape[1]:
        raise DesignError(f"there are {wanted.shape[1]} contrasts but {len(labels)} contrast names.")
    empty = [label for label, used in zip(labels, (wanted != 0).any(axis=0), strict=True) if not used]
    if empty:
        raise DesignError(f"{', '.join(empty)}: all weights are zero, so nothing is compared. Name two conditions.")
    return wanted
