"""P values of the same hypothesis from several independent tests, combined into one."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = ["CombinedPValues", "combine_p_values"]

FloatArray = NDArray[np.float64]
Combination = Literal["fisher", "stouffer"]
Missing = Literal["other", "one"]


class CombinedPValues(NamedTuple):
    """Combined tests.

    Parameters
    ----------
    statistic
        Chi-squared (Fisher) or the normal deviate (Stouffer), (n_features,).
    degrees_of_freedom
        Of the chi-squared: two per p-value; NaN for Stouffer.
    p_value
        (n_features,).
    n_combined
        P-values that entered.
    """

    statistic: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray
    n_combined: NDArray[np.int64]


def combine_p_values(
    p_values: ArrayLike,
    *,
    method: Combination = "fisher",
    effects: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    missing: Missing = "other",
) -> CombinedPValues:
    """Combine p-values of independent tests, feature by feature.

    Fisher: ``-2 sum log p`` is chi-squared on 2 k degrees of freedom: is there an effect in any of the k tests, in
    whatever direction? Stouffer: ``sum w z / sqrt(sum w^2)`` of the signed normal deviates: is there an effect of one
    direction over all?

    Parameters
    ----------
    p_values
        Two-sided p-values (n_features, n_tests); NaN was not tested.
    method
        ``fisher`` or ``stouffer``.
    effects
        Effects in the shape of the p-values, whose signs Stouffer needs.
    weights
        Of Stouffer's deviates, (n_tests,) or in the shape of the p-values, such as the square root of the numbers of
        samples; default equal.
    missing
        What stands for a p-value that is missing: ``other``: nothing, the others are combined alone (the one that is
        left is the result). ``one``: the value 1, which costs degrees of freedom.

    Returns
    -------
    CombinedPValues
        NaN where every p-value is missing, under either rule.

    Raises
    ------
    InputError
        If shapes disagree, a p-value is outside [0, 1], an option is unknown, or Stouffer has no effects.

    Notes
    -----
    Fisher (1932), Statistical Methods for Research Workers, section 21.1 (``sumlog`` of the R package metap); Stouffer
    et al. (1949), The American Soldier. With one p-value left both give that p-value back.

    Examples
    --------
    >>> combine_p_values([[0.01, 0.2], [0.04, float("nan")]]).p_value.round(6).tolist()
    [0.014429, 0.04]
    >>> combine_p_values([[0.04, 0.04]], method="stouffer", effects=[[1.0, -1.0]]).p_value.tolist()
    [1.0]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 2 or method not in get_args(Combination) or missing not in get_args(Missing):
        raise InputError(
            f"p-values must be features x tests, method one of {', '.join(get_args(Combination))} and missing one of "
            f"{', '.join(get_args(Missing))}; got shape {p.shape}, {method!r} and {missing!r}."
        )
    if bool((p < 0.0).any()) or bool((p > 1.0).any()):
        raise InputError("p-values must lie in [0, 1]; mark a test that was not done as NaN.")
    present = ~np.isnan(p)
    some: NDArray[np.bool_] = np.asarray(present.any(axis=1))
    filled = np.where(present, p, 1.0)
    used = present if missing == "other" else np.broadcast_to(some[:, None], p.shape)
    n_combined = np.asarray(used.sum(axis=1), dtype=np.int64)
    if method == "stouffer":
        deviates = _signed_deviates(filled, present, effects)
        statistic, combined = _stouffer(deviates, used, weights)
        return CombinedPValues(statistic, np.full(len(p), np.nan), combined, n_combined)
    statistic, combined = _fisher(filled, used)
    alone = n_combined == 1
    combined[alone] = np.where(used, filled, np.inf)[alone].min(axis=1)
    df = np.where(some, 2.0 * n_combined, np.nan)
    return CombinedPValues(np.where(some, statistic, np.nan), df, np.where(some, combined, np.nan), n_combined)


def _fisher(filled: FloatArray, used: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    with np.errstate(divide="ignore"):
        logs = np.where(used, np.log(filled), 0.0)
    statistic = 0.0 - 2.0 * logs.sum(axis=1)
    half_df = np.maximum(used.sum(axis=1), 1).astype(np.float64)
    finite = np.isfinite(statistic)
    return statistic, np.where(finite, special.gammaincc(half_df, np.where(finite, statistic, 0.0) / 2.0), 0.0)


def _signed_deviates(filled: FloatArray, present: NDArray[np.bool_], effects: ArrayLike | None) -> FloatArray:
    if effects is None or np.shape(effects) != filled.shape:
        raise InputError(f"Stouffer's test needs the effects {filled.shape} of the tests for their signs; give them.")
    signs = np.sign(np.asarray(effects, dtype=np.float64))
    if np.isnan(signs[present]).any():
        raise InputError("Stouffer's test needs a sign for every p-value; an omnibus test has none. Use fisher.")
    with np.errstate(invalid="ignore"):
        deviates = -special.ndtri(filled / 2.0) * signs
    return np.where(present & (signs != 0.0), deviates, 0.0)


def _stouffer(
    deviates: FloatArray, used: NDArray[np.bool_], weights: ArrayLike | None
) -> tuple[FloatArray, FloatArray]:
    given = np.ones(deviates.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape not in (deviates.shape[1:], deviates.shape) or not (given >= 0).all():
        raise InputError(f"weights must be non-negative, one per test or per p-value; got shape {given.shape}.")
    share = np.where(used, given, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.where(share > 0, share * deviates, 0.0)
        statistic = terms.sum(axis=1) / np.sqrt((share**2).sum(axis=1))
    return statistic, 2.0 * special.ndtr(-np.abs(statistic))
