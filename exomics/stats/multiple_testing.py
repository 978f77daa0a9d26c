"""Adjustment of P values for multiplicity, within declared families of tests."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = [
    "AdjustmentMethod",
    "adjust_over_contrasts",
    "adjust_p_values",
    "adjust_within_families",
    "benjamini_hochberg",
]

FloatArray = NDArray[np.float64]
AdjustmentMethod = Literal["benjamini_hochberg", "benjamini_yekutieli", "bonferroni", "holm"]

_METHODS: tuple[str, ...] = get_args(AdjustmentMethod)


def adjust_p_values(p_values: ArrayLike, *, method: AdjustmentMethod = "benjamini_hochberg") -> FloatArray:
    """Adjust all P values as one family.

    With the m measured P values in ascending order,

    * Benjamini-Hochberg: ``min over j >= i of (m / j) p_j``;
    * Benjamini-Yekutieli: the same times ``sum over k of 1 / k``;
    * Bonferroni: ``m p_i``;
    * Holm: ``max over j <= i of (m + 1 - j) p_j``;

    each cut at 1.

    Parameters
    ----------
    p_values
        P values of any shape; NaN marks a test that was not done.
    method
        Name of the procedure.

    Returns
    -------
    ndarray
        Adjusted P values, same shape; NaN stays NaN and does not count in m.

    Raises
    ------
    InputError
        If a P value is outside [0, 1] or the method is unknown.

    Notes
    -----
    Equal to R's ``p.adjust`` to the last bit. Sources: doi:10.1111/j.2517-6161.1995.tb02031.x (Benjamini-Hochberg),
    doi:10.1214/aos/1013699998 (Benjamini-Yekutieli), Holm (1979) Scand. J. Statist. 6, 65-70.

    Examples
    --------
    >>> adjust_p_values([0.01, float("nan"), 0.02, 0.5]).tolist()
    [0.03, nan, 0.03, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    return adjust_within_families(p.ravel(), np.zeros(p.size, dtype=np.int64), method=method).reshape(p.shape)


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Benjamini-Hochberg adjusted P values of one family; NaN is kept and not counted.

    Parameters
    ----------
    p_values
        Any shape; all of one family.

    Returns
    -------
    ndarray
        ``min over j >= i of m p_(j) / j``, at most 1, in the shape of `p_values`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.02, 0.03]).tolist()
    [0.03, 0.03, 0.03]
    """
    return adjust_p_values(p_values)


def adjust_within_families(
    p_values: ArrayLike, family_codes: ArrayLike, *, method: AdjustmentMethod = "benjamini_hochberg"
) -> FloatArray:
    """Adjust P values within each family of tests separately.

    Parameters
    ----------
    p_values
        P values of shape (n_tests,); NaN marks a test that was not done.
    family_codes
        Integer code of each test's family, shape (n_tests,).
    method
        As in :func:`adjust_p_values`.

    Returns
    -------
    ndarray
        Adjusted P values of shape (n_tests,).

    Raises
    ------
    InputError
        If lengths differ, a P value is outside [0, 1], or the method is unknown.

    Examples
    --------
    >>> adjust_within_families([0.01, 0.04, 0.03], [0, 0, 1]).tolist()
    [0.02, 0.04, 0.03]
    """
    p = np.asarray(p_values, dtype=np.float64)
    codes = np.asarray(family_codes)
    _check(p, codes, method)
    adjusted = np.full(p.shape, np.nan)
    measured = np.flatnonzero(~np.isnan(p))
    if measured.size == 0:
        return adjusted
    one_family = bool((codes == codes[0]).all())
    keys = p[measured] if one_family else None
    order = measured[np.argsort(keys) if keys is not None else np.lexsort((p[measured], codes[measured]))]
    sorted_codes = codes[order]
    starts = np.concatenate([[0], np.flatnonzero(sorted_codes[1:] != sorted_codes[:-1]) + 1, [order.size]])
    adjusted[order] = _adjust_sorted(p[order], starts.astype(np.int64), _METHODS.index(method))
    return adjusted


def adjust_over_contrasts(
    p_values: ArrayLike, contrast_families: ArrayLike, *, method: AdjustmentMethod = "benjamini_hochberg"
) -> FloatArray:
    """Adjust a table of P values, pooling all rows of the contrasts that share a family.

    Parameters
    ----------
    p_values
        P values of shape (n_features, n_contrasts).
    contrast_families
        Integer family code of each contrast, shape (n_contrasts,).
    method
        As in :func:`adjust_p_values`.

    Returns
    -------
    ndarray
        Adjusted P values of shape (n_features, n_contrasts).

    Raises
    ------
    InputError
        If the shapes do not fit, a P value is outside [0, 1], or the method is unknown.

    Examples
    --------
    >>> adjust_over_contrasts([[0.01, 0.04], [0.03, 0.5]], [0, 0])[0].tolist()
    [0.04, 0.05333333333333333]
    """
    p = np.asarray(p_values, dtype=np.float64)
    families = np.asarray(contrast_families)
    if p.ndim != 2 or families.shape != (p.shape[1],):
        raise InputError(
            f"P values must be features x contrasts with one family code per contrast; got shapes {p.shape} "
            f"and {families.shape}."
        )
    adjusted = np.empty(p.shape)
    for family in np.unique(families):
        chosen = families == family
        pooled = p[:, chosen]
        adjusted[:, chosen] = adjust_p_values(pooled.ravel(), method=method).reshape(pooled.shape)
    return adjusted


def _check(p: FloatArray, codes: NDArray[np.generic], method: str) -> None:
    if method not in _METHODS:
        raise InputError(f"Adjustment must be one of {', '.join(_METHODS)}; got {method!r}.")
    if p.ndim != 1 or codes.shape != p.shape:
        raise InputError(f"P values and family codes must be vectors of one length; got {p.shape} and {codes.shape}.")
    if bool((p < 0.0).any()) or bool((p > 1.0).any()):
        raise InputError("P values must lie in [0, 1]; mark a test that was not done as NaN.")


@njit(cache=True)
def _harmonic_number(n: int) -> float:
    """Sum of the first n reciprocals, compensated."""
    total = 0.0
    lost = 0.0
    for i in range(n, 0, -1):
        term = 1.0 / i
        updated = total + term
        lost += (term - updated) + total if term > total else (total - updated) + term
        total = updated
    return total + lost


@njit(cache=True)
def _adjust_sorted(p: FloatArray, starts: NDArray[np.int64], method: int) -> FloatArray:
    """Adjust P values that ascend within each family; `starts` holds the family borders."""
    adjusted = np.empty_like(p)
    for family in range(starts.size - 1):
        first = starts[family]
        n = starts[family + 1] - first
        if method == 2:
            for i in range(n):
                adjusted[first + i] = min(1.0, n * p[first + i])
        elif method == 3:
            running = 0.0
            for i in range(n):
                running = max(running, (n - i) * p[first + i])
                adjusted[first + i] = min(1.0, running)
        else:
            scale = 1.0
            if method == 1:
                scale = _harmonic_number(n)
            running = np.inf
            for i in range(n - 1, -1, -1):
                running = min(running, scale * n / (i + 1) * p[first + i])
                adjusted[first + i] = min(1.0, running)
    return adjusted
