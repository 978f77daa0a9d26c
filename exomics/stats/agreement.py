"""Several estimates of one quantity, none of them the truth: weighed by how well each agrees with the others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError

__all__ = ["Agreement", "agreement_mean"]

_LEAST_CORRELATION = 0.02
_LEAST_SAMPLES = 10
_PRIOR_DF = 4.0
_WIDTH = 2.0


class Agreement(NamedTuple):
    """``value``, ``ci_low``, ``ci_high`` and ``n_estimates`` are (n_samples,); ``weights`` (n_methods,)."""

    value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_estimates: FloatArray
    weights: FloatArray


def agreement_mean(estimates: FloatArray) -> Agreement:
    """Weighted mean of standardized estimates, and an interval from how far they disagree in each sample.

    With ``z`` the estimates brought to mean 0 and SD 1 over the samples, ``c_i = sum_m w_m z_mi`` with
    ``w_m ~ max(r_m, 0.02)^2``, r the correlation of a method with the mean of the others; c is brought to SD 1. The
    interval is ``c_i +- 2 s_i`` with ``s_i^2 = (4 s_0^2 + (M - 1) d_i^2) / (M + 3)``, d_i^2 the weighted variance of
    the M estimates of sample i and s_0^2 its mean over samples.

    Parameters
    ----------
    estimates
        (n_methods, n_samples) of one quantity, each in its own unit; NaN where a method gives none.

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
    Below 10 samples all methods weigh the same: a correlation would be noise. The exponent, the prior weight of 4 and
    the factor 2 were chosen on simulated mixtures, where the interval held the standardized truth in 92% to 97% of
    samples; that is too few with two methods that err together, and too many with four that do not.
    A method that does not vary is left out, with weight 0.

    Examples
    --------
    >>> x = np.linspace(0, 1, 12)
    >>> found = agreement_mean(np.vstack([x, 100 * x, np.cos(40 * x)]))
    >>> found.weights.round(2).tolist(), bool(np.corrcoef(found.value, x)[0, 1] > 0.99)
    ([0.5, 0.5, 0.0], True)
    """
    values = as_matrix(estimates, "estimates")
    if values.shape[1] < 3:
        raise InputError(f"a consensus ranks samples; it needs at least 3, got {values.shape[1]}.")
    usable = np.array([_varies(row) for row in values])
    if not usable.any():
        raise InputError("no method gives different values for the samples; there is nothing to agree on.")
    z = np.vstack([_standardized(row) for row in values[usable]])
    weights = _weights(z)
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


def _weights(z: FloatArray) -> FloatArray:
    n_methods, n_samples = z.shape
    if n_methods < 3 or n_samples < _LEAST_SAMPLES:
        return np.full(n_methods, 1.0 / n_methods)
    raw = np.array([_with_the_others(z, method) for method in range(n_methods)])
    return np.asarray(raw / raw.sum())


def _with_the_others(z: FloatArray, method: int) -> float:
    others = np.delete(z, method, axis=0)
    known = ~np.isnan(z[method]) & ~np.isnan(others).all(axis=0)
    mean = np.nanmean(others[:, known], axis=0)
    if known.sum() < 3 or np.ptp(mean) == 0 or np.ptp(z[method, known]) == 0:
        return _LEAST_CORRELATION**2
    return float(max(np.corrcoef(z[method, known], mean)[0, 1], _LEAST_CORRELATION) ** 2)


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
