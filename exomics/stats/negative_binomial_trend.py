"""The dispersion-mean trend of negative binomial counts, and how far features scatter around it."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError
from exomics.stats.local_regression import weighted_lowess

__all__ = ["DispersionTrend", "TrendKind", "fit_dispersion_trend", "prior_variance_of"]

FloatArray = NDArray[np.float64]
TrendKind = Literal["parametric", "local", "mean"]

SMALLEST_DISPERSION = 1e-8
INFORMATIVE = 100.0 * SMALLEST_DISPERSION
SMALLEST_PRIOR_VARIANCE = 0.25
_MAD_CONSISTENCY = 1.4826
_FEW_FOR_LOCAL = 20
_LOCAL_SPAN = 0.7


class DispersionTrend(NamedTuple):
    """A trend: `kind` that was fitted, `coefficients` (asymptotic, extra-Poisson) of ``parametric``, or a curve.

    `curve` holds log means, ascending, and log dispersions, (n_points,) each; one point is a constant.
    """

    kind: str
    coefficients: tuple[float, float]
    curve: tuple[FloatArray, FloatArray]

    def at(self, means: ArrayLike) -> FloatArray:
        """The trend at the given mean counts."""
        mean = np.asarray(means, dtype=np.float64)
        if self.kind == "parametric":
            return self.coefficients[0] + self.coefficients[1] / mean
        return np.exp(np.interp(np.log(mean), *self.curve))


def fit_dispersion_trend(
    means: ArrayLike, dispersions: ArrayLike, *, kind: TrendKind = "parametric"
) -> DispersionTrend:
    """Fit dispersion as a function of the mean count over features.

    ``parametric``: ``a0 + a1 / mean`` by a gamma regression with identity link, repeated without features more than 15
    times above or 1e4 times below the curve, until ``sum log^2`` of the change is below 1e-6. ``local``: a local line
    of log dispersion on log mean, weighted by the mean. ``mean``: the mean dispersion, 0.1 % trimmed at each end.

    Parameters
    ----------
    means, dispersions
        Mean normalized counts and gene-wise dispersions, (n_features,); those not above 1e-6 carry no trend.
    kind
        Which trend. Where ``parametric`` fails, ``local`` is used, and with fewer than 20 features ``mean``.

    Returns
    -------
    DispersionTrend
        Its `kind` is the one that was fitted.

    Raises
    ------
    InputError
        If the kind is unknown, or no dispersion is above 1e-6: the counts vary no more than Poisson.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. The parametric fit stops where DESeq2's stops. The local line is
    LOWESS with a window of 70 % of the weight, where DESeq2 uses a local quadratic of another smoother; its trend
    therefore differs.

    Examples
    --------
    >>> mean = np.geomspace(2.0, 2000.0, 50)
    >>> [round(value, 6) for value in fit_dispersion_trend(mean, 0.02 + 3.0 / mean).coefficients]
    [0.02, 3.0]
    """
    if kind not in get_args(TrendKind):
        raise InputError(f"the trend must be one of {', '.join(get_args(TrendKind))}; got {kind!r}.")
    mean, dispersion = np.asarray(means, dtype=np.float64), np.asarray(dispersions, dtype=np.float64)
    informative = dispersion > INFORMATIVE
    if not informative.any():
        raise InputError(
            "no feature varies more than Poisson counts do, so dispersions have no trend; "
            "check that the counts are raw and that the samples are replicates, not copies."
        )
    x, y = mean[informative], dispersion[informative]
    if kind == "parametric":
        coefficients = _parametric(x, y)
        if coefficients is not None:
            return DispersionTrend("parametric", coefficients, (np.zeros(0), np.zeros(0)))
        kind = "local"
    if kind == "local" and np.unique(x).size >= _FEW_FOR_LOCAL:
        return DispersionTrend("local", (np.nan, np.nan), _local(x, y))
    constant = float(np.log(_trimmed_mean(dispersion[dispersion > 10.0 * SMALLEST_DISPERSION], 0.001)))
    return DispersionTrend("mean", (np.nan, np.nan), (np.zeros(1), np.array([constant])))


def _parametric(mean: FloatArray, dispersion: FloatArray) -> tuple[float, float] | None:
    coefficients: FloatArray = np.array([0.1, 1.0])
    for _ in range(11):
        ratio = dispersion / (coefficients[0] + coefficients[1] / mean)
        kept = (ratio > 1e-4) & (ratio < 15.0)
        if kept.sum() < 3:
            return None
        updated, converged = _gamma_regression(1.0 / mean[kept], dispersion[kept], coefficients)
        if not (np.isfinite(updated).all() and (updated > 0).all()):
            return None
        change = float((np.log(updated / coefficients) ** 2).sum())
        coefficients = updated
        if change < 1e-6 and converged:
            return float(coefficients[0]), float(coefficients[1])
    return None


def _gamma_regression(x: FloatArray, y: FloatArray, start: FloatArray) -> tuple[FloatArray, bool]:
    """Gamma regression of y on (1, x) with identity link: scoring until the deviance changes by less than 1e-8."""
    design = np.column_stack([np.ones_like(x), x])
    coefficients, fitted = start, design @ start
    deviance = _gamma_deviance(y, fitted)
    for _ in range(25):
        root = design / fitted[:, None]
        try:
            coefficients = np.asarray(np.linalg.solve(root.T @ root, root.T @ (y / fitted)), dtype=np.float64)
        except np.linalg.LinAlgError:
            return np.full(2, np.nan), False
        fitted = design @ coefficients
        if not (fitted > 0).all():
            return coefficients, False
        last, deviance = deviance, _gamma_deviance(y, fitted)
        if abs(deviance - last) < 1e-8 * (abs(deviance) + 0.1):
            return coefficients, True
    return coefficients, False


def _gamma_deviance(y: FloatArray, fitted: FloatArray) -> float:
    ratio = y / fitted
    return float(-2.0 * (np.log(ratio) - ratio + 1.0).sum())


def _local(mean: FloatArray, dispersion: FloatArray) -> tuple[FloatArray, FloatArray]:
    log_mean = np.log(mean)
    fitted = weighted_lowess(log_mean, np.log(dispersion), mean, span=_LOCAL_SPAN, iterations=1).fitted
    ascending, first = np.unique(log_mean, return_index=True)
    return ascending, fitted[first]


def _trimmed_mean(values: FloatArray, share: float) -> float:
    cut = int(np.floor(values.size * share))
    return float(np.sort(values)[cut : values.size - cut].mean())


def prior_variance_of(log_residuals: ArrayLike, df_residual: int) -> tuple[float, float]:
    """Variance of true log dispersions around the trend, and of the estimates, from residuals of the estimates.

    The variance of the estimates is ``(1.4826 median |e - median e|)^2``; taking off ``trigamma(df / 2)``, the sampling
    variance, leaves the prior variance, at least 0.25. With 3 or fewer df the sampling error is far from normal: the
    prior variance is then the one, in [0, 8], whose convolution with the log of chi-squared over df is closest
    (Kullback-Leibler, bins of 0.5) to the residuals.

    Parameters
    ----------
    log_residuals
        Log gene-wise dispersion less log trend, of the features above the smallest dispersions.
    df_residual
        Samples less coefficients.

    Returns
    -------
    tuple
        Prior variance, variance of the estimates.

    Notes
    -----
    Love et al. (2014), doi:10.1186/s13059-014-0550-8. For few df DESeq2 draws random numbers; the distribution is
    computed here.

    Examples
    --------
    >>> [round(value, 4) for value in prior_variance_of([-1.0, -0.5, 0.0, 0.5, 1.0], 20)]
    [0.4444, 0.5495]
    """
    residuals = np.asarray(log_residuals, dtype=np.float64)
    spread = _MAD_CONSISTENCY * float(np.median(np.abs(residuals - np.median(residuals))))
    if df_residual <= 3:
        return max(_closest_variance(residuals, df_residual), SMALLEST_PRIOR_VARIANCE), spread**2
    sampling = float(special.polygamma(1, df_residual / 2.0))
    return max(spread**2 - sampling, SMALLEST_PRIOR_VARIANCE), spread**2


def _closest_variance(residuals: FloatArray, df: int) -> float:
    edges = np.arange(-20, 21) / 2.0
    inside = residuals[(residuals > edges[0]) & (residuals < edges[-1])]
    observed = np.histogram(inside, bins=edges)[0] / max(inside.size, 1)
    if not observed.any():
        return SMALLEST_PRIOR_VARIANCE
    levels = (np.arange(2000) + 0.5) / 2000.0
    sampling = np.log(special.chdtri(df, 1.0 - levels) / df)
    small = observed[observed > 0].min()
    grid = np.linspace(0.0, 8.0, 801)[1:]
    divergences = []
    for variance in grid:
        below = special.ndtr((edges[:, None] - sampling) / np.sqrt(variance)).mean(axis=1)
        expected = np.diff(below) / (below[-1] - below[0])
        divergences.append(float((observed * (np.log(observed + small) - np.log(expected + small))).sum()))
    return float(grid[int(np.argmin(divergences))])
