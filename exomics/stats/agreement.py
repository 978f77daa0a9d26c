"""Several estimates of one quantity, none of them the truth: weighed by what is known of each and by how they agree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray, as_matrix
from exomics.errors import InputError
from exomics.stats.constrained_regression import nonnegative_fit

__all__ = ["Agreement", "agreement_mean", "indicator_correlation"]

_LEAST_SAMPLES, _LEAST_ESTIMATES, _LEAST_INDICATORS = 10, 3, 3
_LEAST_RELIABILITY, _MOST_RELIABILITY, _UNKNOWN = 0.02, 0.95, 0.5
_PRIOR_SD, _SHARED_SD, _OUTSIDE_SD = 0.18, 0.03, 0.15
_LEAST_ALPHA = 0.3
_LEAST_EIGENVALUE = 0.02
_STEPS, _SETTLED = 500, 1e-13
_PRIOR_DF = 4.0
_WIDTH = 2.2


class Agreement(NamedTuple):
    """``value``, ``ci_low``, ``ci_high`` and ``n_estimates`` are (n_samples,); ``weights`` (n_methods,)."""

    value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n_estimates: FloatArray
    weights: FloatArray


class _Model(NamedTuple):
    """Correlations of the methods with the truth (n_methods,) and with each other (n_methods, n_methods)."""

    reliability: FloatArray
    between: FloatArray


def agreement_mean(
    estimates: FloatArray,
    reliability: FloatArray | None = None,
    *,
    shared: FloatArray | None = None,
    outside: FloatArray | None = None,
) -> Agreement:
    """Weighted mean of standardized estimates, and an interval from how well they can tell the truth.

    With ``z`` the estimates brought to mean 0 and SD 1 over the samples, ``c_i = sum_m w_m z_mi``, brought to SD 1.
    ``w = C^-1 r``, none negative, are the weights of the sum that correlates most with the truth, where r_m is the
    correlation of method m with it and ``C_mk = r_m r_k + s_mk sqrt((1 - r_m^2)(1 - r_k^2))``, s the correlation of
    their errors: methods that err alike count as one. r is known beforehand as p, and by these n samples in two ways:

    ``r = argmin sum_m (r_m - p_m)^2 / 0.18^2 + sum_m<k (c_mk - C_mk)^2 / (1/n + 0.03^2)
    + sum_m (r_m - e_m)^2 / (1/n + 0.15^2)``

    with c the correlations of the methods and e that of each with evidence from outside. The interval is
    ``c_i +- 2.2 s_i``, ``s_i^2 = 2 (1 - R) (4 + (M - 1) d_i^2 / d^2) / (M + 3)``: R is the correlation of c with the
    truth by the model, d_i^2 the weighted variance of the M estimates of sample i, and d^2 its mean over samples.

    Parameters
    ----------
    estimates
        (n_methods, n_samples) of one quantity, each in its own unit; NaN where a method gives none.
    reliability
        (n_methods,) p, kept within 0.02 to 0.95; 0.5 for all if None.
    shared
        (n_methods, n_methods) s; 0 between methods if None.
    outside
        (n_methods,) e, from `indicator_correlation`; NaN where there is none.

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
    Below 10 samples or 3 methods r is p: a correlation would be noise, or tell nothing. r is found by fixed-point
    steps, s taken at the r before. A method that does not vary is left out, with weight 0. The SDs of 0.18, 0.03 and
    0.15, how far r, c and e are from what is expected of them, and the width of 2.2 are those of simulated cohorts.

    Examples
    --------
    >>> x = np.linspace(0, 1, 12)
    >>> found = agreement_mean(np.vstack([x, 100 * x, np.cos(40 * x)]))
    >>> bool(found.weights[2] < found.weights[0]), bool(np.corrcoef(found.value, x)[0, 1] > 0.9)
    (True, True)
    """
    values = as_matrix(estimates, "estimates")
    n_methods, n_samples = values.shape
    if n_samples < 3:
        raise InputError(f"a consensus ranks samples; it needs at least 3, got {n_samples}.")
    usable = np.array([_varies(row) for row in values])
    if not usable.any():
        raise InputError("no method gives different values for the samples; there is nothing to agree on.")
    z = np.vstack([_standardized(row) for row in values[usable]])
    prior = np.full(n_methods, _UNKNOWN) if reliability is None else np.asarray(reliability, dtype=np.float64)
    errors = np.zeros((n_methods, n_methods)) if shared is None else np.asarray(shared, dtype=np.float64)
    evidence = np.full(n_methods, np.nan) if outside is None else np.asarray(outside, dtype=np.float64)
    model = _model(z, prior[usable], errors[np.ix_(usable, usable)], evidence[usable])
    weights = _weights(model)
    known = ~np.isnan(z)
    shares = known * weights[:, None]
    totals = shares.sum(axis=0)
    shares = np.divide(shares, totals, out=np.full(shares.shape, np.nan), where=totals > 0)
    filled = np.where(known, z, 0.0)
    center = (shares * filled).sum(axis=0)
    half = _WIDTH * _spread(filled, center, (shares, known)) * _error_of(model, weights)
    value = _standardized(center)
    of_all = np.zeros(n_methods)
    of_all[usable] = weights
    return Agreement(value, value - half, value + half, known.sum(axis=0).astype(np.float64), of_all)


def indicator_correlation(estimate: FloatArray, indicators: FloatArray) -> float:
    """Correlation of an estimate with what several indicators have in common.

    ``e = corr(x, mean of the standardized indicators) / sqrt(alpha)``, alpha Cronbach's: ``k c / (1 + (k - 1) c)``, c
    the mean correlation between the k indicators. Where the errors of x and of the indicators have nothing in common, e
    is the correlation of x with the quantity behind all of them.

    Parameters
    ----------
    estimate
        (n_samples,) x.
    indicators
        (n_indicators, n_samples), each in its own unit, each the higher the more there is.

    Returns
    -------
    float
        Kept within 0.02 to 0.95; NaN below 10 samples or 3 indicators that vary, or with alpha below 0.3: they do not
        tell one thing.

    Raises
    ------
    InputError
        If the numbers of samples differ.

    Notes
    -----
    Sources: Cronbach 1951, doi:10.1007/BF02310555; Spearman 1904, doi:10.2307/1412159 (correction for attenuation).
    Indicators with a missing value are left out, and so are samples without an estimate.

    Examples
    --------
    >>> x = np.linspace(0, 1, 12)
    >>> indicator_correlation(x, np.vstack([x, 2 * x, x + 1]))
    0.95
    """
    values = np.asarray(estimate, dtype=np.float64)
    table = as_matrix(indicators, "indicators")
    if table.shape[1] != len(values):
        raise InputError(f"the estimate is of {len(values)} samples, the indicators of {table.shape[1]}.")
    known = np.isfinite(values)
    table = table[np.isfinite(table).all(axis=1)][:, known]
    table = table[[_varies(row) for row in table]] if known.any() else table[:0]
    if known.sum() < _LEAST_SAMPLES or len(table) < _LEAST_INDICATORS or not _varies(values):
        return float("nan")
    z = np.vstack([_standardized(row) for row in table])
    k = len(z)
    mean = (np.corrcoef(z).sum() - k) / (k * (k - 1))
    alpha = k * mean / (1 + (k - 1) * mean)
    if not alpha >= _LEAST_ALPHA:
        return float("nan")
    raw = np.corrcoef(values[known], z.mean(axis=0))[0, 1] / np.sqrt(alpha)
    return float(np.clip(raw, _LEAST_RELIABILITY, _MOST_RELIABILITY))


def _varies(row: FloatArray) -> bool:
    known = row[~np.isnan(row)]
    return known.size >= 3 and float(np.ptp(known)) > 0


def _standardized(row: FloatArray) -> FloatArray:
    spread = np.nanstd(row, ddof=1)
    return np.asarray((row - np.nanmean(row)) / (spread if spread > 0 else np.nan))


def _model(z: FloatArray, prior: FloatArray, shared: FloatArray, outside: FloatArray) -> _Model:
    """What is known of the methods beforehand and by these samples."""
    n_methods, n_samples = z.shape
    known = np.clip(prior, _LEAST_RELIABILITY, _MOST_RELIABILITY)
    reliability = known.copy()
    if n_methods >= _LEAST_ESTIMATES and n_samples >= _LEAST_SAMPLES:
        found, weight = _correlations(z)
        told = np.isfinite(outside)
        of_outside = np.where(told, 1 / (1 / n_samples + _OUTSIDE_SD**2), 0.0)
        fixed = known / _PRIOR_SD**2 + of_outside * np.where(told, outside, 0.0)
        for _ in range(_STEPS):
            of_truth = found - _of_errors(reliability, shared)
            above = fixed + (weight * of_truth) @ reliability
            below = 1 / _PRIOR_SD**2 + of_outside + weight @ reliability**2
            before = reliability
            reliability = np.clip((before + above / below) / 2, _LEAST_RELIABILITY, _MOST_RELIABILITY)
            if np.abs(reliability - before).max() < _SETTLED:
                break
    between = np.outer(reliability, reliability) + _of_errors(reliability, shared)
    np.fill_diagonal(between, 1.0)
    return _Model(reliability, between)


def _of_errors(reliability: FloatArray, shared: FloatArray) -> FloatArray:
    """The part of the correlations between methods that their errors make."""
    rest = np.sqrt(1 - reliability**2)
    return np.asarray(shared * np.outer(rest, rest))


def _correlations(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Between methods over the samples that both give, and the weight of each; none where nothing tells."""
    found, weight = np.zeros((len(z), len(z))), np.zeros((len(z), len(z)))
    for one in range(len(z)):
        for other in range(one):
            pair = z[[one, other]][:, ~np.isnan(z[one]) & ~np.isnan(z[other])]
            if pair.shape[1] >= 3 and (np.ptp(pair, axis=1) > 0).all():
                found[one, other] = found[other, one] = np.corrcoef(pair[0], pair[1])[0, 1]
                weight[one, other] = weight[other, one] = 1 / (1 / pair.shape[1] + _SHARED_SD**2)
    return found, weight


def _weights(model: _Model) -> FloatArray:
    """``C^-1 r``, none negative, of sum 1."""
    values, vectors = np.linalg.eigh(model.between)
    scale = np.sqrt(np.maximum(values, _LEAST_EIGENVALUE))
    root, inverse = (vectors * scale) @ vectors.T, (vectors / scale) @ vectors.T
    raw = nonnegative_fit(root, (inverse @ model.reliability)[None])[0]
    return np.asarray(raw / raw.sum())


def _error_of(model: _Model, weights: FloatArray) -> float:
    """SD of what the weighted mean, brought to SD 1, differs by from the truth."""
    told = float(weights @ model.reliability / np.sqrt(weights @ model.between @ weights))
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
