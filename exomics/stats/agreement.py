"""Several estimates of one quantity, none of them the truth: weighed by how well each agrees with the others."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError

__all__ = ["Agreement", "agreement_mean"]

_LEAST_SAMPLES, _LEAST_ESTIMATES = 10, 3
_LEAST_PRIOR, _MOST_PRIOR, _UNKNOWN_PRIOR = 0.2, 0.8, 0.5
_PRIOR_SAMPLES = 80.0
_LEAST_LOADING, _MOST_LOADING = 0.05, 0.95
_LEAST_CORRELATION = 0.05
_DRAWN_BY = 10.0
_STEPS = 25
_PRIOR_DF = 4.0
_WIDTH = 2.0


class Agreement(NamedTuple):
    """``value``, ``ci_low``, ``ci_high`` and ``n_estimates`` are (n_samples,); ``weights`` (n_methods,)."""

    value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_estimates: FloatArray
    weights: FloatArray


def agreement_mean(estimates: FloatArray, reliability: FloatArray | None = None) -> Agreement:
    """Weighted mean of standardized estimates, and an interval from how far they disagree in each sample.

    With ``z`` the estimates brought to mean 0 and SD 1 over the samples, ``c_i = sum_m w_m z_mi`` with
    ``w_m ~ rho_m / (1 - rho_m^2)``, the best weights where errors are independent and rho_m is the correlation of
    method m with the truth; ``rho_m = (80 p_m + n l_m) / (80 + n)``, p the reliability known beforehand and l the
    loading of the method on the one common factor of all methods in these n samples. c is brought to SD 1. The
    interval is ``c_i +- 2 s_i`` with ``s_i^2 = (4 s_0^2 + (M - 1) d_i^2) / (M + 3)``, d_i^2 the weighted variance of
    the M estimates of sample i and s_0^2 its mean over samples.

    Parameters
    ----------
    estimates
        (n_methods, n_samples) of one quantity, each in its own unit; NaN where a method gives none.
    reliability
        (n_methods,) p, correlation with the truth to be expected of each method, kept within 0.2 to 0.8; 0.5 for all
        if None.

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
    Below 10 samples, or with two methods, rho is p: a correlation would be noise, or tell nothing. The loadings are
    found by alternating least squares from the correlations of the methods, drawn to their mean by the weight of 10
    samples. A method that does not vary is left out, with weight 0. Chosen on simulated mixtures alone.

    Examples
    --------
    >>> x = np.linspace(0, 1, 12)
    >>> found = agreement_mean(np.vstack([x, 100 * x, np.cos(40 * x)]))
    >>> bool(found.weights[2] < found.weights[0]), bool(np.corrcoef(found.value, x)[0, 1] > 0.9)
    (True, True)
    """
    values = as_matrix(estimates, "estimates")
    if values.shape[1] < 3:
        raise InputError(f"a consensus ranks samples; it needs at least 3, got {values.shape[1]}.")
    usable = np.array([_varies(row) for row in values])
    if not usable.any():
        raise InputError("no method gives different values for the samples; there is nothing to agree on.")
    z = np.vstack([_standardized(row) for row in values[usable]])
    prior = np.full(len(values), _UNKNOWN_PRIOR) if reliability is None else np.asarray(reliability, dtype=np.float64)
    weights = _weights(z, np.clip(prior[usable], _LEAST_PRIOR, _MOST_PRIOR))
    known = ~np.isnan(z)
    shares = known * weights[:, None]
    totals = shares.sum(axis=0)
    shares = np.divide(shares, totals, out=np.full(shares.shape, np.nan), where=totals > 0)
    filled = np.where(known, z, 0.0)
    center = (shares * filled).sum(axis=0)
    half = _WIDTH * _spread(filled, center, (shares, known))
    value = _standardized(center)
    of_all = np.zeros(len(values))
    of_all[usable] = weights
    return Agreement(value, value - half, value + half, known.sum(axis=0).astype(np.float64), of_all)


def _varies(row: FloatArray) -> bool:
    known = row[~np.isnan(row)]
    return known.size >= 3 and float(np.ptp(known)) > 0


def _standardized(row: FloatArray) -> FloatArray:
    spread = np.nanstd(row, ddof=1)
    return np.asarray((row - np.nanmean(row)) / (spread if spread > 0 else np.nan))


def _weights(z: FloatArray, prior: FloatArray) -> FloatArray:
    n_methods, n_samples = z.shape
    reliability = prior
    if n_methods >= _LEAST_ESTIMATES and n_samples >= _LEAST_SAMPLES:
        reliability = (_PRIOR_SAMPLES * prior + n_samples * _loadings(z)) / (_PRIOR_SAMPLES + n_samples)
    raw = reliability / (1 - reliability**2)
    return np.asarray(raw / raw.sum())


def _loadings(z: FloatArray) -> FloatArray:
    """Correlation of each method with the one factor that they have in common, (n_methods,)."""
    n_methods, n_samples = z.shape
    apart = ~np.eye(n_methods, dtype=bool)
    found = _correlations(z)
    mean = max(float(found[apart].mean()), _LEAST_CORRELATION)
    drawn = (n_samples * found + _DRAWN_BY * mean) / (n_samples + _DRAWN_BY)
    loading = np.full(n_methods, np.sqrt(mean))
    for _ in range(_STEPS):
        for method in range(n_methods):
            others = apart[method]
            slope = drawn[method, others] @ loading[others] / (loading[others] @ loading[others])
            loading[method] = np.clip(slope, _LEAST_LOADING, _MOST_LOADING)
    return loading


def _correlations(z: FloatArray) -> FloatArray:
    """Between methods, over the samples that both give; 0 where there are fewer than 3 or nothing varies."""
    found = np.eye(len(z))
    for one, other in combinations(range(len(z)), 2):
        both = ~np.isnan(z[one]) & ~np.isnan(z[other])
        pair = z[[one, other]][:, both]
        if both.sum() >= 3 and (np.ptp(pair, axis=1) > 0).all():
            found[one, other] = found[other, one] = np.corrcoef(pair[0], pair[1])[0, 1]
    return found


def _spread(z: FloatArray, center: FloatArray, held: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Disagreement in each sample, drawn to its mean over the samples; NaN where there is one estimate."""
    shares, known = held
    count = known.sum(axis=0)
    several = count > 1
    if not several.any():
        return np.full(center.shape, np.nan)
    variance = (shares * (z - center) ** 2).sum(axis=0) * count / np.maximum(count - 1, 1)
    prior = variance[several].mean()
    moderated = (_PRIOR_DF * prior + (count - 1) * variance) / (_PRIOR_DF + count - 1)
    return np.where(several, np.sqrt(moderated), np.nan)
