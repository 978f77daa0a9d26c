"""Dispersions of negative binomial counts: gene by gene, a trend over the mean, and a compromise of both."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats._nb_algebra import column_products
from exomics.stats._nb_dispersion import DispersionProblem, evaluate_dispersions, maximize_dispersions
from exomics.stats.negative_binomial import LOG_TWO, RIDGE, SMALLEST_MEAN, checked_counts, refit
from exomics.stats.negative_binomial_trend import (
    INFORMATIVE,
    SMALLEST_DISPERSION,
    DispersionTrend,
    TrendKind,
    fit_dispersion_trend,
    prior_variance_of,
)

__all__ = ["DispersionPrior", "Dispersions", "GeneWiseStart", "estimate_dispersions"]

FloatArray = NDArray[np.float64]
GeneWiseStart = Literal["moments", "none"]

_NO_GAIN = 1e-6
_FAR_BELOW_TREND = 0.1


class DispersionPrior(NamedTuple):
    """What features tell each other: the trend, the variance of true log dispersions around it, and of estimates.

    One trend and two numbers for all features, whatever their number (n_features,).
    """

    trend: DispersionTrend
    variance: float
    estimate_variance: float


class Dispersions(NamedTuple):
    """Dispersions of all features, each field (n_features,); NaN where every count is zero.

    ``final`` is ``posterior``, or ``gene_wise`` where ``is_outlier``; ``mean_count`` is the mean normalized count.
    """

    final: FloatArray
    posterior: FloatArray
    trend: FloatArray
    gene_wise: FloatArray
    is_outlier: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    mean_count: FloatArray
    prior: DispersionPrior


class _Profile(NamedTuple):
    """Features with counts: (n_features, n_samples) counts and means, mean counts, moment estimates, and cells."""

    problem: DispersionProblem
    mean_count: FloatArray
    moments: FloatArray
    bounds: tuple[float, float]
    df_residual: int


def estimate_dispersions(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    size_factors: ArrayLike,
    trend: TrendKind = "parametric",
    start: GeneWiseStart = "moments",
    outlier_threshold: float = 2.0,
    prior: DispersionPrior | None = None,
) -> Dispersions:
    """Estimate the dispersion of every feature by maximum posterior, with a prior from all features.

    1. Gene by gene: the maximum of the Cox-Reid adjusted profile likelihood
       ``l(mean, a) - log det(X' W X) / 2``, ``W = 1 / (1 / mean + a)``, at means fitted once.
    2. The trend of these over the mean count (`fit_dispersion_trend`).
    3. The maximum of that likelihood times a normal prior on ``log a`` around the trend (`prior_variance_of`).
    4. A feature whose gene-wise value exceeds the trend by `outlier_threshold` deviations of the estimates keeps it.

    Parameters
    ----------
    counts
        Raw counts (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank, fewer columns than samples.
    size_factors
        One per sample.
    trend
        ``parametric``, ``local`` or ``mean``.
    start
        ``"moments"``: a feature whose moment estimate shows no more than Poisson variation keeps the smallest
        dispersion, 1e-8, gene-wise, and one whose likelihood gains less than a millionth over its moment estimate
        keeps that. ``"none"``: the maximum, always.
    outlier_threshold
        Number of deviations.
    prior
        Of another fit, for a few features fitted again; default: estimated from these.

    Returns
    -------
    Dispersions
        Within [1e-8, max(10, n_samples)].

    Raises
    ------
    DesignError
        If no residual degree of freedom is left: without replicates there is no dispersion.
    ScaleError, InputError
        If the counts are not counts, or no feature varies more than Poisson counts.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8; Cox and Reid (1987), doi:10.1111/j.2517-6161.1987.tb01422.x.
    Every posterior is maximized by Newton steps until one is shorter than 2e-5, whose end is exact to about 1e-9,
    where DESeq2 stops when the log posterior rises by less than 1e-6 of itself; ``start="moments"`` is what DESeq2
    does, and part of its trend. Where the parametric trend fails, and for 3 or fewer residual df, see
    `fit_dispersion_trend` and `prior_variance_of`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.negative_binomial(5.0, 5.0 / (5.0 + 100.0), size=(12, 300))
    >>> found = estimate_dispersions(counts, np.repeat(np.eye(2), 6, axis=0), size_factors=np.ones(12))
    >>> bool(abs(np.median(found.final) - 0.2) < 0.03), found.prior.variance
    (True, 0.25)
    """
    values, matrix = checked_counts(counts, design)
    sizes = np.asarray(size_factors, dtype=np.float64)
    _require(matrix, sizes, start)
    present = np.asarray(values.any(axis=1))
    profile = _profile(np.ascontiguousarray(values[present]), matrix, sizes)
    gene_wise, settled = _gene_wise(profile, start)
    found = _prior(gene_wise, profile, trend) if prior is None else prior
    fitted = found.trend.at(profile.mean_count)
    posterior, reached = _posterior(profile, gene_wise, fitted, found.variance)
    outlier = np.log(gene_wise) > np.log(fitted) + outlier_threshold * np.sqrt(found.estimate_variance)
    final = np.where(outlier, gene_wise, posterior)
    return Dispersions(
        final=_spread(final, present),
        posterior=_spread(posterior, present),
        trend=_spread(fitted, present),
        gene_wise=_spread(gene_wise, present),
        is_outlier=_spread(outlier.astype(np.float64), present) == 1.0,
        converged=_spread((settled & reached).astype(np.float64), present) == 1.0,
        mean_count=_spread(profile.mean_count, present),
        prior=found,
    )


def _require(design: FloatArray, sizes: FloatArray, start: str) -> None:
    n_samples, n_coefficients = design.shape
    if n_samples <= n_coefficients:
        raise DesignError(
            f"dispersions need replicates; the design has {n_coefficients} coefficients for {n_samples} samples. "
            "Use a smaller design."
        )
    if sizes.shape != (n_samples,) or not ((sizes > 0).all() and np.isfinite(sizes).all()):
        raise InputError(f"size_factors must be {n_samples} positive numbers, one per sample.")
    if start not in get_args(GeneWiseStart):
        raise InputError(f"start must be one of {', '.join(get_args(GeneWiseStart))}; got {start!r}.")


def _spread(values: FloatArray, present: NDArray[np.bool_]) -> FloatArray:
    full = np.full(present.size, np.nan)
    full[present] = values
    return full


def _profile(values: FloatArray, design: FloatArray, sizes: FloatArray) -> _Profile:
    n_samples, n_coefficients = design.shape
    rows, cells = np.unique(design, axis=0, return_inverse=True)
    cells = cells.ravel()
    saturated = rows.shape[0] == n_coefficients
    normalized = values / sizes
    hat = design @ np.linalg.pinv(design)
    fitted = normalized @ hat
    largest = float(max(10, n_samples))
    moments = np.clip(_moment_dispersions(normalized, fitted, sizes, n_coefficients), SMALLEST_DISPERSION, largest)
    if saturated:
        means = fitted * sizes
    else:
        penalty = np.full(n_coefficients, RIDGE / LOG_TWO**2)
        fit = refit(values, design, moments, np.log(sizes), penalty=penalty)
        means = np.where(fit.converged[:, None], fit.means, fitted * sizes)
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
    return _Profile(problem, normalized.mean(axis=1), moments, bounds, n_samples - n_coefficients)


def _moment_dispersions(
    normalized: FloatArray, fitted: FloatArray, sizes: FloatArray, n_coefficients: int
) -> FloatArray:
    """The smaller of two moment estimates: from residuals of the linear model, and from the whole variance."""
    n_samples = sizes.size
    about = np.maximum(fitted, 1.0)
    residual = (((normalized - about) ** 2 - about) / about**2).sum(axis=1) / (n_samples - n_coefficients)
    mean, variance = normalized.mean(axis=1), normalized.var(axis=1, ddof=1)
    return np.minimum(np.maximum(residual, 0.0), (variance - (1.0 / sizes).mean() * mean) / mean**2)


def _gene_wise(profile: _Profile, start: GeneWiseStart) -> tuple[FloatArray, NDArray[np.bool_]]:
    problem, moments = profile.problem, profile.moments
    largest = float(np.exp(profile.bounds[1]))
    found, values, converged = maximize_dispersions(problem, np.log(moments), profile.bounds)
    dispersions = np.clip(np.exp(found), SMALLEST_DISPERSION, largest)
    if start == "moments":
        first = evaluate_dispersions(problem, np.log(moments))[:, 0]
        kept = (values < first + _NO_GAIN * np.abs(first)) | (moments <= SMALLEST_DISPERSION)
        dispersions[kept] = moments[kept]
    return dispersions, converged == 1.0


def _prior(gene_wise: FloatArray, profile: _Profile, kind: TrendKind) -> DispersionPrior:
    trend = fit_dispersion_trend(profile.mean_count, gene_wise, kind=kind)
    informative = gene_wise >= INFORMATIVE
    residuals = np.log(gene_wise[informative]) - np.log(trend.at(profile.mean_count[informative]))
    return DispersionPrior(trend, *prior_variance_of(residuals, profile.df_residual))


def _posterior(
    profile: _Profile, gene_wise: FloatArray, fitted: FloatArray, variance: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    start = np.where(gene_wise > _FAR_BELOW_TREND * fitted, gene_wise, fitted)
    problem = profile.problem._replace(prior_means=np.log(fitted), prior_variance=variance)
    found, _, converged = maximize_dispersions(problem, np.log(start), profile.bounds)
    return np.clip(np.exp(found), SMALLEST_DISPERSION, float(np.exp(profile.bounds[1]))), converged == 1.0
