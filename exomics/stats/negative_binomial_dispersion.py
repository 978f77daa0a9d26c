"""Dispersions of negative binomial counts: gene by gene, a trend over the mean, and a compromise of both."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats._nb_dispersion import maximize_dispersions
from exomics.stats._nb_gene_wise import Profile, largest_likelihood, profile_of, published_search
from exomics.stats._nb_published import Ascent
from exomics.stats.negative_binomial import checked_counts
from exomics.stats.negative_binomial_trend import (
    INFORMATIVE,
    SMALLEST_DISPERSION,
    DispersionTrend,
    TrendKind,
    fit_dispersion_trend,
    prior_variance_of,
)

__all__ = ["Ascent", "DispersionPrior", "Dispersions", "estimate_dispersions"]

FloatArray = NDArray[np.float64]

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


def estimate_dispersions(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    size_factors: ArrayLike,
    trend: TrendKind = "parametric",
    ascent: Ascent | None = None,
    outlier_threshold: float = 2.0,
    prior: DispersionPrior | None = None,
) -> Dispersions:
    """Estimate the dispersion of every feature by maximum posterior, with a prior from all features.

    1. Gene by gene: the maximum of the Cox-Reid adjusted profile likelihood
       ``l(mean, a) - log det(X' W X) / 2``, ``W = 1 / (1 / mean + a)``, at means fitted once. A feature whose moment
       estimate shows no more than Poisson variation has the smallest, 1e-8, and no say in what follows.
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
    ascent
        Instead of the gene-wise maxima, the values at which the published search ends: ``Ascent()`` with DESeq2's
        tolerance, ``Ascent(1e-12, 20000)`` with a tight one.
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
    Every posterior is maximized by Newton steps until one is shorter than 2e-5, whose end is exact to about 1e-9.
    DESeq2 climbs by steepest ascent until a step gains less than 1e-6; a feature that gains less than a millionth of
    its log likelihood keeps its moment estimate, and the means stop when the deviance does. Gene by gene these stops
    are far from the maximum in some per cent of features, and with them the trend: by 1 to 2 % at a tight tolerance.
    With an `ascent` the gene-wise values, the trend and the prior variance are DESeq2's; every posterior is still the
    maximum. Where the parametric trend fails, and for 3 or fewer residual df, see `fit_dispersion_trend` and
    `prior_variance_of`.

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
    _require(matrix, sizes)
    present = np.asarray(values.any(axis=1))
    profile = profile_of(np.ascontiguousarray(values[present]), matrix, sizes, published=ascent is not None)
    gene_wise, settled = _gene_wise(profile, ascent)
    found = _prior(gene_wise, profile, trend) if prior is None else prior
    fitted = found.trend.at(profile.mean_count)
    posterior, reached = _posterior(profile, gene_wise, fitted, found.variance)
    outlier = np.log(gene_wise) > np.log(fitted) + outlier_threshold * np.sqrt(found.estimate_variance)
    return Dispersions(
        final=_spread(np.where(outlier, gene_wise, posterior), present),
        posterior=_spread(posterior, present),
        trend=_spread(fitted, present),
        gene_wise=_spread(gene_wise, present),
        is_outlier=_spread(outlier.astype(np.float64), present) == 1.0,
        converged=_spread((settled & reached).astype(np.float64), present) == 1.0,
        mean_count=_spread(profile.mean_count, present),
        prior=found,
    )


def require_replicates(design: FloatArray) -> None:
    """Refuse a design without residual degrees of freedom."""
    n_samples, n_coefficients = design.shape
    if n_samples <= n_coefficients:
        raise DesignError(
            f"dispersions need replicates; the design has {n_coefficients} coefficients for {n_samples} samples. "
            "Use a smaller design."
        )


def _require(design: FloatArray, sizes: FloatArray) -> None:
    require_replicates(design)
    if sizes.shape != (len(design),) or not ((sizes > 0).all() and np.isfinite(sizes).all()):
        raise InputError(f"size_factors must be {len(design)} positive numbers, one per sample.")


def _spread(values: FloatArray, present: NDArray[np.bool_]) -> FloatArray:
    full = np.full(present.size, np.nan)
    full[present] = values
    return full


def _gene_wise(profile: Profile, ascent: Ascent | None) -> tuple[FloatArray, NDArray[np.bool_]]:
    if ascent is not None:
        return published_search(profile, ascent), np.ones(profile.moments.size, dtype=bool)
    largest, settled = largest_likelihood(profile)
    return np.where(profile.moments > SMALLEST_DISPERSION, largest, SMALLEST_DISPERSION), settled


def _prior(gene_wise: FloatArray, profile: Profile, kind: TrendKind) -> DispersionPrior:
    trend = fit_dispersion_trend(profile.mean_count, gene_wise, kind=kind)
    informative = gene_wise >= INFORMATIVE
    residuals = np.log(gene_wise[informative]) - np.log(trend.at(profile.mean_count[informative]))
    return DispersionPrior(trend, *prior_variance_of(residuals, profile.df_residual))


def _posterior(
    profile: Profile, gene_wise: FloatArray, fitted: FloatArray, variance: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    start = np.where(gene_wise > _FAR_BELOW_TREND * fitted, gene_wise, fitted)
    problem = profile.problem._replace(prior_means=np.log(fitted), prior_variance=variance)
    found, _, converged = maximize_dispersions(problem, np.log(start), profile.bounds)
    return np.clip(np.exp(found), SMALLEST_DISPERSION, float(np.exp(profile.bounds[1]))), converged == 1.0
