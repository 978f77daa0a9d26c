"""Quasi-likelihood F tests of counts: negative binomial regression with a moderated variance per feature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.stats.f_distribution import f_upper_tail
from exomics.stats.negative_binomial import NegativeBinomialFit, checked_counts
from exomics.stats.negative_binomial_abundance import (
    TrendedDispersions,
    checked_sizes,
    mean_log_cpm,
    regress,
    trended,
)
from exomics.stats.negative_binomial_tests import hypothesis_design, likelihood_ratio_tests
from exomics.stats.variance_moderation import Generation, SqueezedVariances, squeeze_variances

__all__ = ["QuasiLikelihoodFit", "QuasiLikelihoodTests", "fit_quasi_likelihood"]

FloatArray = NDArray[np.float64]

_ZERO = 1e-4


class QuasiLikelihoodFit(NamedTuple):
    """Regressions at a dispersion, with the variances of their deviance residuals (n_features,) and the posterior."""

    fit: NegativeBinomialFit
    mean_log_cpm: FloatArray
    df_residual: FloatArray
    variances: SqueezedVariances

    @property
    def df_total(self) -> FloatArray:
        """Residual and prior df of each feature, not more than all residual df together."""
        n_samples, n_coefficients = self.fit.problem.design.shape
        most = self.df_residual.size * (n_samples - n_coefficients)
        return np.minimum(self.df_residual + self.variances.df_prior, most)

    def f_tests(self, contrasts: ArrayLike, *, poisson_bound: bool = True) -> QuasiLikelihoodTests:
        """Test that all contrasts are zero in each feature.

        ``F = LR / df / posterior variance``, the likelihood ratio at the feature's dispersion.

        Parameters
        ----------
        contrasts
            (n_coefficients, n_contrasts).
        poisson_bound
            A feature whose variance is below Poisson's gets no smaller P value than a Poisson test gives.

        Returns
        -------
        QuasiLikelihoodTests
            One per feature; NaN where a fit did not converge.
        """
        weights = np.asarray(contrasts, dtype=np.float64)
        reduced = hypothesis_design(self.fit.problem.design, weights)
        ratio = likelihood_ratio_tests(self.fit, reduced)
        statistic = np.maximum(ratio.statistic, 0.0) / ratio.df / self.variances.var_post
        p_value = f_upper_tail(statistic, float(ratio.df), self.df_total)
        if poisson_bound:
            p_value = self._bounded(p_value, reduced)
        p_value = np.where(np.isnan(statistic), np.nan, p_value)
        return QuasiLikelihoodTests(statistic, float(ratio.df), self.df_total, p_value)

    def _bounded(self, p_value: FloatArray, reduced: FloatArray) -> FloatArray:
        problem = self.fit.problem
        scale = (1.0 + problem.dispersions[:, None] * self.fit.means) * self.variances.var_post[:, None]
        below = np.flatnonzero((scale < 1.0).any(axis=1))
        bounded = p_value.copy()
        if below.size:
            poisson = np.full(below.size, 1e-12)
            fit = regress(problem.counts[below], problem.design, poisson, problem.offsets)
            bounded[below] = np.fmax(p_value[below], likelihood_ratio_tests(fit, reduced).p_value)
        return bounded


class QuasiLikelihoodTests(NamedTuple):
    """F statistics (n_features,), numerator df, denominator df (n_features,) and P values (n_features,)."""

    statistic: FloatArray
    df_numerator: float
    df_denominator: FloatArray
    p_value: FloatArray


def fit_quasi_likelihood(
    counts: ArrayLike,
    design: ArrayLike,
    *,
    library_sizes: ArrayLike,
    dispersions: TrendedDispersions | None = None,
    robust: bool = False,
    generation: Generation = "auto",
) -> QuasiLikelihoodFit:
    """Fit negative binomial regressions at a trended dispersion and moderate what varies beyond it.

    ``s^2 = deviance / df``, where samples that the design fits by zero count for no df; squeezed to a trend over the
    mean log2 count per million.

    Parameters
    ----------
    counts
        Raw counts (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank, with residual df.
    library_sizes
        Effective, (n_samples,).
    dispersions
        Default: `trended_dispersions`.
    robust
        Let hypervariable features keep their own variance.
    generation
        Of the variance prior, see `squeeze_variances`; ``moments`` is that of edgeR before limma 3.62.

    Returns
    -------
    QuasiLikelihoodFit
        See its ``f_tests``.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, no df is left, or lengths disagree.

    Notes
    -----
    Lund et al. (2012), doi:10.1515/1544-6115.1826; McCarthy et al. (2012), doi:10.1093/nar/gks042. The model of
    edgeR's ``glmQLFit`` before version 4 (``legacy``). A mean
    is never taken below 1e-6, where edgeR lets it reach zero.

    Examples
    --------
    >>> counts = np.random.default_rng(0).negative_binomial(10, 0.1, size=(8, 300))
    >>> fit = fit_quasi_likelihood(counts, np.repeat(np.eye(2), 4, axis=0), library_sizes=counts.sum(axis=1))
    >>> bool((fit.f_tests([[-1.0], [1.0]]).p_value < 0.01).mean() < 0.03)
    True
    """
    values, matrix = checked_counts(counts, design)
    sizes = checked_sizes(matrix, library_sizes)
    found = trended(values, matrix, sizes) if dispersions is None else dispersions
    alpha = np.array(np.broadcast_to(np.asarray(found.trended, dtype=np.float64), values.shape[:1]))
    offsets = np.log(sizes) - np.log(sizes).mean()
    fit = regress(values, matrix, alpha, offsets)
    abundance = mean_log_cpm(values.T, library_sizes=sizes, dispersion=found.common)
    df = _df_residual((fit.means < _ZERO) & (values < _ZERO), matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        variances = np.where(df > 0, np.maximum(_deviances(fit), 0.0) / df, 0.0)
    return QuasiLikelihoodFit(
        fit, abundance, df, squeeze_variances(variances, df, covariate=abundance, robust=robust, generation=generation)
    )


def _deviances(fit: NegativeBinomialFit) -> FloatArray:
    counts, means, alpha = fit.problem.counts, fit.means, fit.problem.dispersions[:, None]
    ratio = np.log1p(alpha * counts) - np.log1p(alpha * means)
    saturated = special.xlogy(counts, np.where(counts > 0, counts / means, 1.0))
    return np.asarray(2.0 * (saturated - (counts + 1.0 / alpha) * ratio).sum(axis=1))


def _df_residual(zero_cells: NDArray[np.bool_], design: FloatArray) -> FloatArray:
    """Samples that are not fitted by zero, less the rank of the design over them."""
    n_samples, n_coefficients = design.shape
    df = np.full(zero_cells.shape[0], float(n_samples - n_coefficients))
    some = np.flatnonzero(zero_cells.any(axis=1))
    patterns, which = np.unique(zero_cells[some], axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        kept = design[~pattern]
        rank = np.linalg.matrix_rank(kept) if kept.size else 0
        df[some[which.ravel() == k]] = max(0.0, float(kept.shape[0] - rank))
    return df
