"""Abundance of counts, and dispersions that follow it, from the likelihood of features of like abundance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import require_length
from exomics.errors import DesignError, InputError
from exomics.stats._nb_algebra import column_products
from exomics.stats._nb_glm import RegressionProblem
from exomics.stats._nb_profile import profile_on_grid
from exomics.stats.negative_binomial import LOG_TWO, NegativeBinomialFit, checked_counts, refit

__all__ = ["TrendedDispersions", "mean_log_cpm", "trended_dispersions"]

FloatArray = NDArray[np.float64]

_SMALLEST_MEAN = 1e-6
_RIDGE = 1e-10
_FEWEST_COUNTS = 5
_MAX_ANCHORS = 100


class TrendedDispersions(NamedTuple):
    """Dispersions that follow the abundance (n_features,), and the one that suits all features together."""

    trended: FloatArray
    common: float


def mean_log_cpm(counts: ArrayLike, *, library_sizes: ArrayLike, dispersion: float = 0.05) -> FloatArray:
    """log2 of the average count per million of each feature, by a negative binomial fit of one mean.

    Two counts, in proportion to the library, are added to each sample first.

    Parameters
    ----------
    counts
        Raw counts (n_samples, n_features).
    library_sizes
        Effective, (n_samples,).
    dispersion
        Of all features.

    Returns
    -------
    ndarray
        (n_features,).

    Notes
    -----
    As edgeR's ``aveLogCPM``; McCarthy et al. (2012), doi:10.1093/nar/gks042.

    Examples
    --------
    >>> mean_log_cpm([[10, 90], [20, 180]], library_sizes=[100.0, 200.0]).round(3).tolist()
    [16.752, 19.763]
    """
    sizes = np.asarray(library_sizes, dtype=np.float64)
    prior = 2.0 * sizes / sizes.mean()
    values = np.ascontiguousarray((np.asarray(counts, dtype=np.float64) + prior[:, None]).T)
    offsets = np.log(sizes + 2.0 * prior)
    center = offsets.mean()
    fit = regress(values, np.ones((sizes.size, 1)), np.full(values.shape[0], dispersion), offsets - center)
    return np.asarray((fit.coefficients[:, 0] - center + np.log(1e6)) / LOG_TWO)


def trended_dispersions(counts: ArrayLike, design: ArrayLike, *, library_sizes: ArrayLike) -> TrendedDispersions:
    """Dispersions that maximize the adjusted profile likelihood of features of like abundance together.

    The likelihood of each feature at 21 dispersions, ``0.1 * 2^-10 .. 0.1 * 2^10``, is averaged over the nearest share
    of the features in mean log2 count per million (tricube weights); the maximum is that of a cubic spline.

    Parameters
    ----------
    counts
        Raw counts (n_samples, n_features); features with fewer than 5 counts take no part.
    design
        (n_samples, n_coefficients), full column rank, with residual df.
    library_sizes
        Effective, (n_samples,).

    Returns
    -------
    TrendedDispersions
        The trend, and the dispersion that suits all features together.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, no df is left, or no feature has 5 counts.

    Notes
    -----
    McCarthy et al. (2012), doi:10.1093/nar/gks042. The share is ``0.25 + 0.75 sqrt(50 / n)``, as in edgeR's
    ``estimateDisp``, which smooths by another local constant fit: its trend differs by some percent.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.negative_binomial(5.0, 5.0 / (5.0 + 100.0), size=(8, 300))
    >>> found = trended_dispersions(counts, np.repeat(np.eye(2), 4, axis=0), library_sizes=np.full(8, 3e4))
    >>> bool(np.abs(found.trended - 0.2).max() < 0.05)
    True
    """
    values, matrix = checked_counts(counts, design)
    return trended(values, matrix, checked_sizes(matrix, library_sizes))


def trended(values: FloatArray, design: FloatArray, sizes: FloatArray) -> TrendedDispersions:
    """`trended_dispersions` of checked arrays, counts as (n_features, n_samples)."""
    used = values.sum(axis=1) >= _FEWEST_COUNTS
    if not used.any():
        raise InputError("no feature has 5 counts or more, so dispersions cannot be estimated.")
    exponents = np.linspace(-10.0, 10.0, 21)
    offsets = np.log(sizes) - np.log(sizes).mean()
    start = regress(values[used], design, np.full(int(used.sum()), 0.05), offsets)
    coefficients = np.ascontiguousarray(np.nan_to_num(start.coefficients))
    problem = RegressionProblem(
        start.problem.counts,
        offsets,
        np.zeros(coefficients.shape[0]),
        design,
        column_products(design),
        start.problem.ridge,
        _SMALLEST_MEAN,
    )
    profile = profile_on_grid(problem, coefficients, 0.1 * 2.0**exponents)
    common = 0.1 * 2.0 ** _highest(exponents, profile.sum(axis=0))
    abundance = mean_log_cpm(values.T, library_sizes=sizes, dispersion=common)
    anchors, best = _smooth_maxima(abundance[used], profile, exponents)
    return TrendedDispersions(0.1 * 2.0 ** np.interp(abundance, anchors, best), common)


def _smooth_maxima(abundance: FloatArray, profile: FloatArray, exponents: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Anchors over the abundances, ascending, and where the locally averaged profile is highest."""
    n = abundance.size
    n_window = max(1, int(np.ceil(n * (1.0 if n <= 50 else 0.25 + 0.75 * np.sqrt(50.0 / n)))))
    anchors = np.unique(np.quantile(abundance, np.linspace(0.0, 1.0, min(n, _MAX_ANCHORS))))
    best = np.empty(anchors.size)
    for k, anchor in enumerate(anchors):
        distance = np.abs(abundance - anchor)
        reach = np.partition(distance, n_window - 1)[n_window - 1]
        weights = np.clip(1.0 - (distance / max(reach, 1e-12)) ** 3, 0.0, None) ** 3
        weights = weights if weights.sum() > 0 else np.ones(n)
        average = weights @ profile / weights.sum()
        best[k] = _highest(exponents, average)
    return anchors, best


def _highest(x: FloatArray, y: FloatArray) -> float:
    """Where a cubic spline through the points is highest."""
    fine = np.linspace(x[0], x[-1], 20001)
    return float(fine[int(np.argmax(_cubic_spline(x, y, fine)))])


def _cubic_spline(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """The cubic spline through four or more points whose third derivative is continuous at the outermost inner ones.

    Written here because scipy.interpolate takes longer to import than a whole test of counts may take to start.
    """
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    inner = np.arange(1, x.size - 1)
    equations, right = np.zeros((x.size, x.size)), np.zeros(x.size)
    equations[inner, inner - 1], equations[inner, inner + 1] = step[:-1], step[1:]
    equations[inner, inner] = 2.0 * (step[:-1] + step[1:])
    right[inner] = 6.0 * np.diff(slope)
    equations[0, :3] = step[1], -(step[0] + step[1]), step[0]
    equations[-1, -3:] = step[-1], -(step[-2] + step[-1]), step[-2]
    bend = np.linalg.solve(equations, right)
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, x.size - 2)
    t = at - x[k]
    linear = slope[k] - step[k] * (2.0 * bend[k] + bend[k + 1]) / 6.0
    return np.asarray(y[k] + t * (linear + t * (bend[k] / 2.0 + t * (bend[k + 1] - bend[k]) / (6.0 * step[k]))))


def checked_sizes(design: FloatArray, library_sizes: ArrayLike) -> FloatArray:
    """Library sizes that are known and positive, for a design with residual df."""
    n_samples, n_coefficients = design.shape
    if n_samples <= n_coefficients:
        raise DesignError(
            f"dispersions need replicates; the design has {n_coefficients} coefficients for {n_samples} samples. "
            "Use a smaller design."
        )
    require_length(library_sizes, n_samples, "library_sizes")
    sizes = np.asarray(library_sizes, dtype=np.float64)
    if not ((sizes > 0).all() and np.isfinite(sizes).all()):
        raise InputError(
            "library sizes must be known and positive in every sample; compute normalization factors first."
        )
    return sizes


def regress(values: FloatArray, design: FloatArray, alpha: FloatArray, offsets: FloatArray) -> NegativeBinomialFit:
    """Regressions almost without a penalty, with counts (n_features, n_samples) and log size factors."""
    penalty = np.full(design.shape[1], _RIDGE)
    return refit(values, design, alpha, offsets, penalty=penalty, smallest_mean=_SMALLEST_MEAN)
