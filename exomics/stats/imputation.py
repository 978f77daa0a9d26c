"""Values for missing ones: below detection by the lower tail of a sample, at random by correlated features.

Each method is fitted on training samples and applied to any: a sample is filled from itself and from what was fitted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from exomics._checks import FloatArray
from exomics.errors import InputError

_FEWEST_VALUES = 10
_FEWEST_SHARED = 3
_UPPER = 0.99


class TailFit(NamedTuple):
    """What `fit_tail` keeps: the typical spread of a feature.

    Parameters
    ----------
    spread
        Median over features of the standard deviation over training samples; one value.
    """

    spread: float


class NeighborFit(NamedTuple):
    """What `fit_neighbors` keeps of the training samples.

    Parameters
    ----------
    means
        Shape (n_features,): mean of each feature over the training samples that have it.
    neighbors
        Shape (n_features, n_neighbors): the features nearest to each.
    offsets
        Shape (n_features, n_neighbors): mean difference of the feature from each neighbor.
    distances
        Shape (n_features, n_neighbors): standard deviation of that difference; infinite where it is not known.
    """

    means: FloatArray
    neighbors: np.ndarray
    offsets: FloatArray
    distances: FloatArray


def impute_tail(values: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Fill one sample by draws from the tail below its observed values (quantile regression, QRILC).

    Parameters
    ----------
    values
        Log values (n_features,); NaN is missing, and held to be below detection.
    generator
        Source of the draws.

    Returns
    -------
    ndarray
        (n_features,) without NaN.

    Raises
    ------
    InputError
        If fewer than 10 values are present, or they do not vary.

    Notes
    -----
    The complete sample is taken to be normal and its smallest share ``p`` to be missing: the observed values are the
    upper ``1 - p`` of it. ``mean`` and ``sd`` are the intercept and slope of the least-squares line of the observed
    quantiles at ``u`` on the normal quantiles at ``p + u (1 - p)``, over u from 0.01 to 0.99. A missing value is a draw
    from that normal below its quantile at p. After Lazar et al. 2016, doi:10.1021/acs.jproteome.5b00981.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> complete = rng.normal(20.0, 2.0, size=2000)
    >>> filled = impute_tail(np.where(complete < 18.0, np.nan, complete), rng)
    >>> abs(float(filled.mean()) - 20.0) < 0.2, abs(float(filled.std()) - 2.0) < 0.2
    (True, True)
    """
    missing = np.isnan(values)
    if not missing.any():
        return values.copy()
    observed = _observed(values, missing)
    share = missing.mean()
    probabilities = np.linspace(1.0 - _UPPER, _UPPER, 99)
    normal = special.ndtri(share + probabilities * (1.0 - share))
    slope, intercept = np.polyfit(normal, np.quantile(observed, probabilities), 1)
    filled = values.copy()
    drawn = special.ndtri(generator.uniform(0.0, share, size=int(missing.sum())))
    filled[missing] = intercept + slope * np.maximum(drawn, special.ndtri(1e-6))
    return filled


def fit_tail(training: FloatArray) -> TailFit:
    """The typical spread of a feature over training samples, for `impute_minimum`.

    Parameters
    ----------
    training
        Log values (n_samples, n_features); NaN is missing.

    Returns
    -------
    TailFit
        Median standard deviation of the features with at least 2 values.

    Raises
    ------
    InputError
        If no feature has 2 values that differ.

    Examples
    --------
    >>> fit_tail(np.array([[1.0, 5.0], [3.0, np.nan]])).spread
    1.4142135623730951
    """
    several = (~np.isnan(training)).sum(axis=0) >= 2
    spreads = np.nanstd(training[:, several], axis=0, ddof=1)
    if not (spreads > 0).any():
        raise InputError("no feature has two values that differ; there is no spread to draw with.")
    return TailFit(float(np.median(spreads)))


def impute_minimum(
    values: FloatArray, fit: TailFit, generator: np.random.Generator, *, quantile: float = 0.01
) -> FloatArray:
    """Fill one sample by draws around its smallest values (MinProb).

    Parameters
    ----------
    values
        Log values (n_features,); NaN is missing, and held to be below detection.
    fit
        The spread of the draws.
    generator
        Source of the draws.
    quantile
        Quantile of the observed values that the draws center on.

    Returns
    -------
    ndarray
        (n_features,) without NaN.

    Raises
    ------
    InputError
        If fewer than 10 values are present, or they do not vary.

    Notes
    -----
    ``draw = Q(quantile) + spread z`` with ``Q`` the quantiles of the observed values of the sample and z standard
    normal. After Lazar et al. 2016, doi:10.1021/acs.jproteome.5b00981.

    Examples
    --------
    >>> sample = np.r_[np.linspace(10.0, 20.0, 100), np.nan]
    >>> bool(impute_minimum(sample, TailFit(0.3), np.random.default_rng(0))[-1] < 12.0)
    True
    """
    missing = np.isnan(values)
    filled = values.copy()
    if missing.any():
        center = np.quantile(_observed(values, missing), quantile)
        filled[missing] = center + fit.spread * generator.standard_normal(int(missing.sum()))
    return filled


def fit_neighbors(training: FloatArray, *, n_neighbors: int = 10) -> NeighborFit:
    """The features nearest to each, over training samples, for `impute_neighbors`.

    Parameters
    ----------
    training
        Log values (n_samples, n_features); NaN is missing.
    n_neighbors
        Neighbors of a feature.

    Returns
    -------
    NeighborFit
        Neighbors in order of distance.

    Raises
    ------
    InputError
        If there are not more features than neighbors, fewer than 3 samples, or a feature has no value.

    Notes
    -----
    The distance of two features is the standard deviation of their difference over the samples that have both; at least
    3 must. After Troyanskaya et al. 2001, doi:10.1093/bioinformatics/17.6.520, on differences in place of levels.

    Examples
    --------
    >>> base = np.random.default_rng(0).normal(size=(8, 1))
    >>> fit = fit_neighbors(np.hstack([base, base + 5.0, -base]), n_neighbors=1)
    >>> fit.neighbors[0].tolist()
    [1]
    """
    present = ~np.isnan(training)
    n_samples, n_features = training.shape
    if n_features <= n_neighbors or n_samples < _FEWEST_SHARED:
        raise InputError(
            f"neighbors need {_FEWEST_SHARED} samples and more than {n_neighbors} features; "
            f"got {n_samples} and {n_features}."
        )
    n_empty = int((~present.any(axis=0)).sum())
    if n_empty:
        raise InputError(f"{n_empty} features have no value in the training samples; drop them first.")
    means = np.nanmean(training, axis=0)
    centered, held = np.where(present, training - means, 0.0), present.astype(np.float64)
    shared, sums, squares = held.T @ held, centered.T @ held, (centered**2).T @ held
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts = (sums - sums.T) / shared
        variances = (squares + squares.T - 2.0 * centered.T @ centered) / shared - shifts**2
    distances = np.sqrt(np.maximum(variances, 0.0))
    distances[shared < _FEWEST_SHARED] = np.inf
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbors]
    offsets = np.take_along_axis(shifts, nearest, axis=1) + means[:, None] - means[nearest]
    return NeighborFit(means, nearest, offsets, np.take_along_axis(distances, nearest, axis=1))


def impute_neighbors(values: FloatArray, fit: NeighborFit) -> FloatArray:
    """Fill samples from the neighbors of each missing feature that the sample has.

    Parameters
    ----------
    values
        Log values (n_samples, n_features) of any samples; NaN is missing, and held to be missing at random.
    fit
        Of the training samples.

    Returns
    -------
    ndarray
        (n_samples, n_features) without NaN: where a sample has no neighbor of a feature, the training mean.

    Notes
    -----
    ``sum_k w_k (x_k + d_jk) / sum_k w_k`` over the neighbors k that the sample has, with ``d_jk`` the mean difference
    of feature j from k and ``w = 1 / distance``.
    A sample is filled from itself and the fit alone: other samples of its batch do not matter.

    Examples
    --------
    >>> base = np.random.default_rng(0).normal(size=(8, 1))
    >>> fit = fit_neighbors(np.hstack([base, base + 5.0, -base]), n_neighbors=1)
    >>> filled = impute_neighbors(np.array([[1.0, np.nan, -1.0]]), fit)
    >>> bool(np.isclose(filled[0, 1], 6.0))
    True
    """
    known = np.isfinite(fit.distances)
    smallest = np.finfo(np.float64).tiny ** 0.5
    weights = np.where(known, 1.0 / np.maximum(fit.distances, smallest), 0.0)
    filled = values.copy()
    for row, sample in enumerate(values):
        columns = np.flatnonzero(np.isnan(sample))
        near = sample[fit.neighbors[columns]] + fit.offsets[columns]
        held = ~np.isnan(near) & known[columns]
        weight = np.where(held, weights[columns], 0.0)
        total = weight.sum(axis=1)
        told = (weight * np.where(held, near, 0.0)).sum(axis=1) / np.where(total > 0, total, 1.0)
        filled[row, columns] = np.where(total > 0, told, fit.means[columns])
    return filled


def _observed(values: FloatArray, missing: np.ndarray) -> FloatArray:
    observed: FloatArray = values[~missing]
    if len(observed) < _FEWEST_VALUES or observed.min() == observed.max():
        raise InputError(
            f"a sample needs {_FEWEST_VALUES} values that differ to fill the others from; got {len(observed)}."
        )
    return observed
