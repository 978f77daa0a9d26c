"""Fixed- and random-effects meta-analysis of one effect over several studies, for many features at once."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats._meta_kernels import DERSIMONIAN_LAIRD, FIXED, PAULE_MANDEL, REML, combine_each_feature
from exomics.stats.t_distribution import t_quantile, t_tests

__all__ = ["CombinedEffects", "combine_effects"]

FloatArray = NDArray[np.float64]
Estimator = Literal["reml", "dersimonian_laird", "paule_mandel", "fixed"]
Inference = Literal["normal", "hartung_knapp", "hartung_knapp_truncated"]

_CODES = {"fixed": FIXED, "dersimonian_laird": DERSIMONIAN_LAIRD, "paule_mandel": PAULE_MANDEL, "reml": REML}


class CombinedEffects(NamedTuple):
    """Pooled effects, one per feature (every field has shape (n_features,)).

    ``degrees_of_freedom`` are those of the statistic (infinite for the normal); ``i_squared`` is a fraction;
    ``converged`` tells whether the between-study variance was found.
    """

    estimate: FloatArray
    standard_error: FloatArray
    statistic: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    tau_squared: FloatArray
    i_squared: FloatArray
    q: FloatArray
    q_p_value: FloatArray
    n_studies: NDArray[np.int64]
    converged: NDArray[np.bool_]


def combine_effects(
    effects: ArrayLike,
    standard_errors: ArrayLike,
    *,
    method: Estimator = "reml",
    inference: Inference = "normal",
    level: float = 0.95,
) -> CombinedEffects:
    """Pool effects over studies.

    The estimate is the mean of the effects with weights ``w = 1 / (se^2 + tau^2)``.

    Parameters
    ----------
    effects, standard_errors
        Shape (n_features, n_studies), or (n_studies,) for one feature.  A study counts for a feature where the effect
        is finite and the standard error finite and positive.
    method
        Estimator of the between-study variance tau^2: ``"reml"``, ``"dersimonian_laird"``, ``"paule_mandel"``, or
        ``"fixed"`` (tau^2 = 0).
    inference
        ``"normal"``: variance ``1 / sum w`` and normal quantiles.  ``"hartung_knapp"``: variance
        ``sum w (y - mean)^2 / ((k - 1) sum w)`` and t on k - 1 df.  ``"hartung_knapp_truncated"``: the same, but not
        below the normal variance.
    level
        Coverage of the confidence and prediction intervals.

    Returns
    -------
    CombinedEffects
        The 95 % (or `level`) prediction interval ``estimate -/+ t(k - 2) sqrt(se^2 + tau^2)`` is the range of the
        effect in a new study; it needs 3 studies.  With one study the estimate is that study's (tau^2, Q and the
        Hartung-Knapp error are NaN); with none everything is NaN.

    Raises
    ------
    InputError
        If shapes differ, a standard error is negative, or an option is unknown.

    Notes
    -----
    DerSimonian and Laird (1986), doi:10.1016/0197-2456(86)90046-2; Paule and Mandel (1982), doi:10.6028/jres.087.022;
    REML by Fisher scoring from Hedges' estimate, set to zero where the restricted likelihood is higher there; Knapp
    and Hartung (2003), doi:10.1002/sim.1482; prediction interval of Higgins et al. (2009),
    doi:10.1111/j.1467-985X.2008.00552.x.  I^2 is ``tau^2 / (tau^2 + typical within-study variance)``, for ``"fixed"``
    ``max(0, (Q - k + 1) / Q)``.  Numbers agree with metafor's ``rma`` run to a tight threshold; metafor's own
    prediction interval uses the quantile of the test instead of t(k - 2).

    Examples
    --------
    >>> pooled = combine_effects([0.1, 0.5, 0.9, -0.2], [0.2, 0.2, 0.3, 0.15])
    >>> round(float(pooled.estimate[0]), 4), round(float(pooled.tau_squared[0]), 4), int(pooled.n_studies[0])
    (0.2841, 0.1682, 4)
    """
    _require_options(method, inference, level)
    y, se = _checked(effects, standard_errors)
    k, estimate, total, q_weighted, tau_squared, q, typical, converged = combine_each_feature(
        y, se * se, _CODES[method]
    ).T
    with np.errstate(divide="ignore", invalid="ignore"):
        variance, df = _variance_of_estimate(inference, k, total, q_weighted)
        error = np.sqrt(variance)
        statistic = estimate / error
        heterogeneity = np.where(k > 1, tau_squared, np.nan)
        i_squared = tau_squared / (tau_squared + typical)
        if method == "fixed":
            i_squared = np.maximum(0.0, (q - (k - 1.0)) / q)
    margin = t_quantile(0.5 + level / 2.0, df) * error
    reach = _prediction_margin(k, variance + tau_squared, level)
    return CombinedEffects(
        estimate=estimate,
        standard_error=error,
        statistic=statistic,
        degrees_of_freedom=df,
        p_value=t_tests(statistic, df)[0],
        ci_low=estimate - margin,
        ci_high=estimate + margin,
        prediction_low=estimate - reach,
        prediction_high=estimate + reach,
        tau_squared=heterogeneity,
        i_squared=i_squared,
        q=q,
        q_p_value=special.gammaincc((k - 1.0) / 2.0, q / 2.0),
        n_studies=k.astype(np.int64),
        converged=converged == 1.0,
    )


def _require_options(method: str, inference: str, level: float) -> None:
    if method not in _CODES or inference not in get_args(Inference):
        raise InputError(
            f"method must be one of {', '.join(_CODES)} and inference one of {', '.join(get_args(Inference))}; "
            f"got {method!r} and {inference!r}."
        )
    if not 0.0 < level < 1.0:
        raise InputError(f"The confidence level must lie between 0 and 1; got {level}.")


def _checked(effects: ArrayLike, standard_errors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    y = np.atleast_2d(np.asarray(effects, dtype=np.float64))
    se = np.atleast_2d(np.asarray(standard_errors, dtype=np.float64))
    if y.ndim != 2 or y.shape != se.shape:
        raise InputError(
            f"Effects and standard errors must both be features x studies; got shapes {y.shape} and {se.shape}."
        )
    if bool((se < 0.0).any()):
        raise InputError("Standard errors must not be negative; mark a study that has none as NaN.")
    return np.ascontiguousarray(y), np.ascontiguousarray(se)


def _variance_of_estimate(
    inference: Inference, k: FloatArray, total: FloatArray, q_weighted: FloatArray
) -> tuple[FloatArray, FloatArray]:
    if inference == "normal":
        return 1.0 / total, np.where(k > 0, np.inf, np.nan)
    df = np.where(k > 1, k - 1.0, np.nan)
    ratio = q_weighted / df
    if inference == "hartung_knapp_truncated":
        ratio = np.maximum(ratio, 1.0)
    return ratio / total, df


def _prediction_margin(k: FloatArray, variance: FloatArray, level: float) -> FloatArray:
    return t_quantile(0.5 + level / 2.0, np.where(k > 2, k - 2.0, np.nan)) * np.sqrt(variance)
