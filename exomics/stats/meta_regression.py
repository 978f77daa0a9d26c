"""Effects of several studies explained by what the studies did: meta-regression, many features at once."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics._checks import as_matrix
from exomics.errors import DesignError, InputError
from exomics.stats._meta_regression_kernels import (
    BoolArray,
    FloatArray,
    Studies,
    WeightedFit,
    between_study_variance,
    fit_at,
    projection_traces,
)
from exomics.stats.f_distribution import f_upper_tail
from exomics.stats.meta_analysis import Estimator
from exomics.stats.t_distribution import t_quantile, t_tests

__all__ = ["MetaRegression", "meta_regression"]

_SINGULAR = 1e-10


class MetaRegression(NamedTuple):
    """Fitted meta-regressions.

    Parameters
    ----------
    coefficients, standard_error, statistic, p_value, ci_low, ci_high
        (n_features, n_coefficients).
    degrees_of_freedom
        Of the statistics, (n_features,); infinite for the normal.
    tau_squared, i_squared
        Variance between studies that the moderators leave, and its share of the variance left.
    r_squared
        Share of the variance between studies that the moderators explain; NaN where there is none.
    q_residual, q_residual_p
        Cochran's Q of what is left.
    q_moderators, df_moderators, q_moderators_p
        Test of all coefficients but the intercept: chi-squared, or F with Hartung and Knapp's errors.
    n_studies, converged
        Per feature.
    """

    coefficients: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    degrees_of_freedom: FloatArray
    tau_squared: FloatArray
    i_squared: FloatArray
    r_squared: FloatArray
    q_residual: FloatArray
    q_residual_p: FloatArray
    q_moderators: FloatArray
    df_moderators: float
    q_moderators_p: FloatArray
    n_studies: NDArray[np.int64]
    converged: BoolArray


def meta_regression(
    effects: ArrayLike,
    standard_errors: ArrayLike,
    moderators: ArrayLike,
    *,
    method: Estimator = "reml",
    inference: Literal["normal", "hartung_knapp"] = "normal",
    level: float = 0.95,
) -> MetaRegression:
    """Regress the effects of studies on properties of the studies.

    ``y_i = x_i' b + u_i + e_i``, ``var(u_i) = tau^2``, ``var(e_i) = se_i^2``; weights ``1 / (se_i^2 + tau^2)``.

    Parameters
    ----------
    effects, standard_errors
        (n_features, n_studies), or (n_studies,) for one feature; NaN where a study did not measure it.
    moderators
        (n_studies, n_coefficients), full column rank, with an intercept column of ones if there is to be one.
    method
        Estimator of tau^2: ``reml``, ``dersimonian_laird``, ``paule_mandel``, or ``fixed`` (0).
    inference
        ``normal``; or ``hartung_knapp``: errors scaled by the residual Q over its degrees of freedom, t on
        studies - coefficients.
    level
        Coverage of the confidence intervals.

    Returns
    -------
    MetaRegression
        NaN for a feature whose studies cannot tell the coefficients apart, or with no study more than coefficients.

    Raises
    ------
    InputError
        If shapes differ, a standard error is negative, or an option is unknown.
    DesignError
        If the moderators are not of full rank or not finite.

    Notes
    -----
    Thompson and Higgins (2002), doi:10.1002/sim.1187; Knapp and Hartung (2003), doi:10.1002/sim.1482. REML by Fisher
    scoring from the Hedges estimate, zero where the restricted likelihood is higher there. Numbers agree with
    metafor's ``rma(yi, sei, mods)`` run to a tight threshold.

    Examples
    --------
    >>> weeks = np.column_stack([np.ones(5), [4.0, 8.0, 8.0, 12.0, 24.0]])
    >>> found = meta_regression([0.1, 0.3, 0.35, 0.4, 0.9], np.full(5, 0.1), weeks)
    >>> found.coefficients.round(4).tolist(), found.tau_squared.tolist()
    ([[-0.0176, 0.0382]], [0.0])
    """
    studies = _checked(effects, standard_errors, moderators, (method, inference, level))
    usable = _usable(studies)
    k, p = studies.present.sum(axis=1), studies.X.shape[1]
    tau_squared, converged = np.full(len(k), np.nan), np.zeros(len(k), dtype=bool)
    part = studies.part(usable)
    tau_squared[usable], converged[usable] = between_study_variance(part, method)
    null = Studies(part.y, part.v, part.present, np.ones((part.X.shape[0], 1)))
    r_squared = np.full(len(k), np.nan)
    if p > 1 and method != "fixed" and _intercept(studies.X) is not None:
        total = between_study_variance(null, method)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            r_squared[usable] = np.where(total > 0, np.maximum(0.0, 1.0 - tau_squared[usable] / total), np.nan)
    return _inference(studies, (usable, tau_squared, converged, r_squared), inference, level)


def _checked(
    effects: ArrayLike, standard_errors: ArrayLike, moderators: ArrayLike, options: tuple[str, str, float]
) -> Studies:
    method, inference, level = options
    if method not in get_args(Estimator) or inference not in ("normal", "hartung_knapp") or not 0.0 < level < 1.0:
        raise InputError(
            f"method must be one of {', '.join(get_args(Estimator))}, inference normal or hartung_knapp, and level "
            f"between 0 and 1; got {method!r}, {inference!r} and {level}."
        )
    y = np.atleast_2d(np.asarray(effects, dtype=np.float64))
    se = np.atleast_2d(np.asarray(standard_errors, dtype=np.float64))
    X = as_matrix(moderators, "moderators")
    if y.shape != se.shape or y.ndim != 2 or X.shape[0] != y.shape[1]:
        raise InputError(
            f"effects and standard errors must be features x studies and moderators studies x coefficients; got "
            f"{y.shape}, {se.shape} and {X.shape}."
        )
    if bool((se < 0.0).any()):
        raise InputError("standard errors must not be negative; mark a study that has none as NaN.")
    if not np.isfinite(X).all() or np.linalg.matrix_rank(X) < X.shape[1]:
        raise DesignError(
            f"the moderators must be finite and tell {X.shape[1]} coefficients apart in {X.shape[0]} studies; leave "
            "out those that are combinations of others."
        )
    present = np.isfinite(y) & np.isfinite(se) & (se > 0.0)
    return Studies(np.where(present, y, 0.0), np.where(present, se * se, 1.0), present, X)


def _usable(studies: Studies) -> BoolArray:
    """Features with a study more than coefficients, whose studies tell them apart."""
    unit = studies.X / np.linalg.norm(studies.X, axis=0)
    gram = np.einsum("nk,kp,kq->npq", studies.present.astype(np.float64), unit, unit)
    enough = studies.present.sum(axis=1) > studies.X.shape[1]
    return enough & (np.linalg.eigvalsh(gram)[:, 0] > _SINGULAR)


def _intercept(X: FloatArray) -> int | None:
    constant = np.flatnonzero((X[0] == X).all(axis=0) & (X[0] != 0.0))
    return int(constant[0]) if constant.size else None


def _inference(
    studies: Studies, found: tuple[BoolArray, FloatArray, BoolArray, FloatArray], inference: str, level: float
) -> MetaRegression:
    usable, tau_squared, converged, r_squared = found
    part = studies.part(usable)
    fit, plain = fit_at(part, tau_squared[usable]), fit_at(part, np.zeros(len(part.y)))
    left = part.present.sum(axis=1) - float(part.X.shape[1])
    knapp = inference == "hartung_knapp"
    scale, df = (_weighted_q(fit) / left, left) if knapp else (np.ones(len(left)), np.full(len(left), np.inf))
    error = np.sqrt(np.einsum("npp->np", fit.inverse) * scale[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = fit.coefficients / error
    q = _weighted_q(plain)
    typical = left / projection_traces(part, plain)[0]
    margin = t_quantile(0.5 + level / 2.0, df)[:, None] * error
    tested = [j for j in range(part.X.shape[1]) if j != _intercept(part.X)] or [0]
    moved, moved_p = _moderators_test(fit, tested, scale, left if knapp else None)
    fields = {
        "coefficients": fit.coefficients,
        "standard_error": error,
        "statistic": statistic,
        "p_value": t_tests(statistic, np.broadcast_to(df[:, None], statistic.shape))[0],
        "ci_low": fit.coefficients - margin,
        "ci_high": fit.coefficients + margin,
        "degrees_of_freedom": df,
        "i_squared": tau_squared[usable] / (tau_squared[usable] + typical),
        "q_residual": q,
        "q_residual_p": special.gammaincc(left / 2.0, q / 2.0),
        "q_moderators": moved,
        "q_moderators_p": moved_p,
    }
    return MetaRegression(
        **{name: _spread(values, usable) for name, values in fields.items()},
        tau_squared=tau_squared,
        r_squared=r_squared,
        df_moderators=float(len(tested)),
        n_studies=studies.present.sum(axis=1).astype(np.int64),
        converged=converged,
    )


def _weighted_q(fit: WeightedFit) -> FloatArray:
    return np.asarray((fit.weights * fit.residuals**2).sum(axis=1))


def _spread(values: FloatArray, usable: BoolArray) -> FloatArray:
    full = np.full((usable.size, *values.shape[1:]), np.nan)
    full[usable] = values
    return full


def _moderators_test(
    fit: WeightedFit, tested: list[int], scale: FloatArray, df: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Chi-squared of the tested coefficients, or F on `df`."""
    b, precision = fit.coefficients[:, tested], np.linalg.inv(fit.inverse[:, tested][:, :, tested])
    moved = np.einsum("np,npq,nq->n", b, precision, b) / scale
    if df is None:
        return moved, special.gammaincc(len(tested) / 2.0, moved / 2.0)
    moved = moved / len(tested)
    return moved, f_upper_tail(moved, np.full(len(df), float(len(tested))), df)
