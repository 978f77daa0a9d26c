"""Several estimates of one quantity, none of them the truth: weighed by what is known of each, joined on one scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError

__all__ = ["Agreement", "agreement_mean"]

_LEAST_RELIABILITY, _MOST_RELIABILITY, _UNKNOWN = 0.02, 0.95, 0.5
_SHARED = 0.22
_PRIOR_DF = 4.0
_WIDTH = 2.2


class Agreement(NamedTuple):
    """``value``, ``ci_low``, ``ci_high`` and ``n_estimates`` are (n_samples,); ``weights`` (n_methods,)."""

    value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_estimates: FloatArray
    weights: FloatArray


def agreement_mean(estimates: FloatArray, reliability: FloatArray | None = None) -> Agreement:
    """Weighted mean of standardized estimates, and an interval from how well they can tell the truth.

    With ``z`` the estimates brought to mean 0 and SD 1 over the samples, ``c_i = sum_m w_m z_mi``, brought to SD 1.
    The weights lie halfway between equal ones and those that are best where errors are independent:

    ``w_m = (1 / M + (p_m / (1 - p_m^2)) / sum_k p_k / (1 - p_k^2)) / 2``

    with p_m the correlation of method m with the truth that is expected. The interval is ``c_i +- 2.2 s_i``,
    ``s_i^2 = 2 (1 - R) (4 + (M - 1) d_i^2 / d^2) / (M + 3)``: R is the correlation of c with the truth where errors of
    two methods correlate by 0.22, d_i^2 the weighted variance of the M estimates of sample i, and d^2 its mean.

    Parameters
    ----------
    estimates
        (n_methods, n_samples) of one quantity, each in its own unit; NaN where a method gives none.
    reliability
        (n_methods,) p, kept within 0.02 to 0.95; 0.5 for all if None.

    Returns
    -------
    Agreement
        Value and 95% interval in SDs of these samples. One estimate alone has no interval.

    Raises
    ------
    InputError
        If there are fewer than 3 samples, or no method that varies.

    Notes
    -----
    The weights do not follow the agreement in these samples: methods that share an error agree too. A method that does
    not vary is left out, with weight 0. The width of 2.2 and the 0.22 are those of simulated cohorts.

    Examples
    --------
    >>> x = np.linspace(0, 1, 12)
    >>> found = agreement_mean(np.vstack([x, 100 * x, np.cos(40 * x)]), np.array([0.8, 0.8, 0.2]))
    >>> found.weights.round(2).tolist(), bool(np.corrcoef(found.value, x)[0, 1] > 0.9)
    ([0.41, 0.41, 0.19], True)
    """
    values = as_matrix(estimates, "estimates")
    n_methods, n_samples = values.shape
    if n_samples < 3:
        raise InputError(f"a consensus ranks samples; it needs at least 3, got {n_samples}.")
    usable = np.array([_varies(row) for row in values])
    if not usable.any():
        raise InputError("no method gives different values for the samples; there is nothing to agree on.")
    z = np.vstack([_standardized(row) for row in values[usable]])
    expected = np.full(n_methods, _UNKNOWN) if reliability is None else np.asarray(reliability, dtype=np.float64)
    p = np.clip(expected[usable], _LEAST_RELIABILITY, _MOST_RELIABILITY)
    weights = _weights(p)
    known = ~np.isnan(z)
    shares = known * weights[:, None]
    totals = shares.sum(axis=0)
    shares = np.divide(shares, totals, out=np.full(shares.shape, np.nan), where=totals > 0)
    filled = np.where(known, z, 0.0)
    center = (shares * filled).sum(axis=0)
    half = _WIDTH * _spread(filled, center, (shares, known)) * _error_of(p, weights)
    value = _standardized(center)
    of_all = np.zeros(n_methods)
    of_all[usable] = weights
    return Agreement(value, value - half, value + half, known.sum(axis=0).astype(np.float64), of_all)


def _varies(row: FloatArray) -> bool:
    known = row[~np.isnan(row)]
    return known.size >= 3 and float(np.ptp(known)) > 0


def _standardized(row: FloatArray) -> FloatArray:
    spread = np.nanstd(row, ddof=1)
    return np.asarray((row - np.nanmean(row)) / (spread if spread > 0 else np.nan))


def _weights(p: FloatArray) -> FloatArray:
    """Halfway between equal weights and p / (1 - p^2), of sum 1."""
    best = p / (1 - p**2)
    return np.asarray((1 / len(p) + best / best.sum()) / 2)


def _error_of(p: FloatArray, weights: FloatArray) -> float:
    """SD of what the weighted mean, brought to SD 1, differs by from the truth."""
    rest = np.sqrt(1 - p**2)
    between = np.outer(p, p) + _SHARED * np.outer(rest, rest)
    np.fill_diagonal(between, 1.0)
    told = float(weights @ p / np.sqrt(weights @ between @ weights))
    return float(np.sqrt(2 * (1 - min(told, 1.0))))


def _spread(z: FloatArray, center: FloatArray, held: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Disagreement in each sample in units of its mean, drawn to 1; NaN where there is one estimate."""
    shares, known = held
    count = known.sum(axis=0)
    several = count > 1
    if not several.any():
        return np.full(center.shape, np.nan)
    variance = (shares * (z - center) ** 2).sum(axis=0) * count / np.maximum(count - 1, 1)
    mean = variance[several].mean()
    relative = variance / mean if mean > 0 else np.ones_like(variance)
    return np.where(several, np.sqrt((_PRIOR_DF + (count - 1) * relative) / (_PRIOR_DF + count - 1)), np.nan)
