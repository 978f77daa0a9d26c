"""Dispersions of negative binomial counts gene by gene: the maximum of the likelihood, or where a search ended."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._nb_algebra import column_products
from exomics.stats._nb_dispersion import DispersionProblem, evaluate_dispersions, maximize_dispersions
from exomics.stats._nb_published import Ascent, ascend_dispersions, settled_means
from exomics.stats.negative_binomial import LOG_TWO, RIDGE, SMALLEST_MEAN, posed, refit
from exomics.stats.negative_binomial_trend import SMALLEST_DISPERSION

FloatArray = NDArray[np.float64]

_NO_GAIN = 1e-6
_N_GRID = 20


class Profile(NamedTuple):
    """Features with counts: (n_features, n_samples) counts and means, mean counts, moment estimates, and cells."""

    problem: DispersionProblem
    mean_count: FloatArray
    moments: FloatArray
    bounds: tuple[float, float]
    df_residual: int


def profile_of(values: FloatArray, design: FloatArray, sizes: FloatArray, *, published: bool = False) -> Profile:
    """Means of every feature at its moment dispersion, and what the likelihood of the dispersion needs."""
    n_samples, n_coefficients = design.shape
    rows, cells = np.unique(design, axis=0, return_inverse=True)
    cells = cells.ravel()
    saturated = rows.shape[0] == n_coefficients
    normalized = values / sizes
    fitted = normalized @ (design @ np.linalg.pinv(design))
    largest = float(max(10, n_samples))
    moments = np.clip(_moment_dispersions(normalized, fitted, sizes, n_coefficients), SMALLEST_DISPERSION, largest)
    means = fitted * sizes if saturated else _means(values, design, moments, np.log(sizes), published)
    orthonormal = np.linalg.qr(design)[0]
    first = np.array([int(np.argmax(cells == cell)) for cell in range(rows.shape[0])])
    problem = DispersionProblem(
        values,
        np.maximum(means, SMALLEST_MEAN),
        cells.astype(np.int64),
        column_products(orthonormal[first]),
        saturated,
        np.zeros(values.shape[0]),
        np.inf,
    )
    bounds = (float(np.log(SMALLEST_DISPERSION / 10.0)), float(np.log(largest)))
    return Profile(problem, normalized.mean(axis=1), moments, bounds, n_samples - n_coefficients)


def _means(
    values: FloatArray, design: FloatArray, dispersions: FloatArray, offsets: FloatArray, published: bool
) -> FloatArray:
    """Fitted means, (n_features, n_samples): where the fits gain nothing more, or where the published ones stop."""
    penalty = np.full(design.shape[1], RIDGE / LOG_TWO**2)
    if published:
        return np.asarray(settled_means(*posed(values, design, dispersions, offsets, penalty=penalty)))
    fit = refit(values, design, dispersions, offsets, penalty=penalty)
    sizes = np.exp(offsets)
    return np.where(fit.converged[:, None], fit.means, np.outer((values / sizes).mean(axis=1), sizes))


def _moment_dispersions(
    normalized: FloatArray, fitted: FloatArray, sizes: FloatArray, n_coefficients: int
) -> FloatArray:
    """The smaller of two moment estimates: from residuals of the linear model, and from the whole variance."""
    n_samples = sizes.size
    about = np.maximum(fitted, 1.0)
    residual = (((normalized - about) ** 2 - about) / about**2).sum(axis=1) / (n_samples - n_coefficients)
    mean, variance = normalized.mean(axis=1), normalized.var(axis=1, ddof=1)
    return np.minimum(np.maximum(residual, 0.0), (variance - (1.0 / sizes).mean() * mean) / mean**2)


def largest_likelihood(profile: Profile) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The dispersion of highest adjusted profile likelihood of every feature, and whether it was reached."""
    found, _, converged = maximize_dispersions(profile.problem, np.log(profile.moments), profile.bounds)
    return _clipped(np.exp(found), profile), converged == 1.0


def published_search(profile: Profile, ascent: Ascent) -> FloatArray:
    """Where an ascent from the moment estimates ends.

    A feature that gains less than a millionth of the log likelihood keeps its moment estimate. One whose ascent ended
    with its first step or not at all, and not at the bottom, gets the best of a grid instead.
    """
    problem, moments = profile.problem, profile.moments
    found = ascend_dispersions(problem, np.log(moments), ascent)
    dispersions = np.minimum(np.exp(found.log_dispersion), np.exp(profile.bounds[1]))
    kept = found.last < found.first + _NO_GAIN * np.abs(found.first)
    dispersions[kept] = moments[kept]
    arrived = (found.trials > 1) & (found.trials < ascent.max_trials)
    rows = np.flatnonzero(~arrived & (dispersions > 10.0 * SMALLEST_DISPERSION))
    if rows.size:
        dispersions[rows] = np.exp(_best_of_grids(profile, rows))
    return _clipped(dispersions, profile)


def _best_of_grids(profile: Profile, rows: NDArray[np.int64]) -> FloatArray:
    """The best of 20 log dispersions over the whole range, then of 20 between the neighbors of that one."""
    problem = profile.problem._replace(
        counts=profile.problem.counts[rows],
        means=profile.problem.means[rows],
        prior_means=profile.problem.prior_means[rows],
    )
    coarse = np.linspace(np.log(SMALLEST_DISPERSION), profile.bounds[1], _N_GRID)
    best = np.zeros(rows.size)
    for offsets in (coarse, np.linspace(-1.0, 1.0, _N_GRID) * (coarse[1] - coarse[0])):
        values = [evaluate_dispersions(problem, best + offset)[:, 0] for offset in offsets]
        best = best + offsets[np.argmax(values, axis=0)]
    return best


def _clipped(dispersions: FloatArray, profile: Profile) -> FloatArray:
    return np.clip(dispersions, SMALLEST_DISPERSION, float(np.exp(profile.bounds[1])))
