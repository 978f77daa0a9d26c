"""nu_svr: shares of the cell types of a reference by nu support vector regression (CIBERSORT-type)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference
from exomics.scoring._deconvolution import FRACTION, Deconvolution, Prepared, profile_table
from exomics.stats.nu_support_vectors import nu_regression_fit

__all__ = ["mixture_p_values", "nu_svr"]

NUS = (0.25, 0.5, 0.75)


class _Fit(NamedTuple):
    """Shares (n_samples, n_cell_types), and the correlation of each sample with its fit."""

    shares: FloatArray
    correlation: FloatArray


def nu_svr(
    expression: NDArray[Any],
    profiles: FloatArray,
    *,
    permutations: int = 0,
    largest_p_value: float = 0.05,
    seed: int = 1,
) -> FloatArray:
    """Shares of the cell types of a reference by nu support vector regression, which a few wild features cannot turn.

    ``w = argmin |w|^2 / 2 + nu n e + sum_g max(0, |z_g - x_g w - b| - e)`` with z a sample and x the profiles, each
    scaled to mean 0 and SD 1 (the profiles as one); then ``f = max(w, 0) / sum(max(w, 0))``. Of nu = 0.25, 0.5 and 0.75
    that with the least ``mean((z - x f)^2)`` is kept.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear values; NaN where not measured.
    profiles
        (n_features, n_cell_types) expression of each cell type, linear.
    permutations
        Random mixtures to which each fit is held (see `mixture_p_values`); 0 for none.
    largest_p_value
        With permutations: a sample whose p value is larger has no shares.
    seed
        Of the permutations.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types) shares that sum to one: of the cells that the reference knows, not of all cells. NaN
        for a sample with fewer measured features than cell types or without a positive coefficient.

    Raises
    ------
    InputError
        If the profiles are constant or missing, or a number of permutations is negative.

    Notes
    -----
    Source: Newman et al. 2015, doi:10.1038/nmeth.3337, from the published method. Deviations: the regression is solved
    exactly; samples are not quantile-normalized, which the authors advise against for RNA-seq, and which makes a score
    depend on other samples. Profiles without mRNA content give shares of mRNA.

    Examples
    --------
    >>> A = np.random.default_rng(1).gamma(0.5, 2.0, (60, 3))
    >>> nu_svr((A @ [0.5, 0.3, 0.2])[None, :], A).round(1).tolist()
    [[0.5, 0.3, 0.2]]
    """
    if permutations < 0:
        raise InputError(f"the number of permutations must not be negative; got {permutations}.")
    values = np.asarray(expression, dtype=np.float64)
    found = _fit(profiles, values)
    if not permutations:
        return found.shares
    p = _p_values(found.correlation, profiles, values, (permutations, seed))
    return np.where((p <= largest_p_value)[:, None], found.shares, np.nan)


def mixture_p_values(
    expression: NDArray[Any], profiles: FloatArray, *, permutations: int = 100, seed: int = 1
) -> FloatArray:
    """Whether a sample is a mixture of the profiles at all: its fit beside fits of values drawn at random.

    ``p = (1 + #(r* >= r)) / (1 + n)`` with r the correlation of a sample with its fit, and r* those of n mixtures whose
    values are drawn, without replacement, from the values of all samples.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear values; NaN where not measured.
    profiles
        (n_features, n_cell_types).
    permutations
        n; the authors advise at least 100.
    seed
        Of the draws.

    Returns
    -------
    ndarray
        (n_samples,) one-sided p values; NaN for a sample without a fit.

    Raises
    ------
    InputError
        If the profiles are constant or missing, or no permutation is asked for.

    Notes
    -----
    Source: Newman et al. 2015, doi:10.1038/nmeth.3337. The random mixtures serve all samples. A fit counts as one of
    its own draws, so p is never zero. Genes are drawn as if they were independent, so a small p says that the sample
    is not noise; it does not say that the shares are right.

    Examples
    --------
    >>> A = np.random.default_rng(1).gamma(0.5, 2.0, (60, 3))
    >>> mixture_p_values((A @ [0.5, 0.3, 0.2])[None, :], A, permutations=19).tolist()
    [0.05]
    """
    if permutations < 1:
        raise InputError(f"at least 1 permutation is needed; got {permutations}.")
    values = np.asarray(expression, dtype=np.float64)
    return _p_values(_fit(profiles, values).correlation, profiles, values, (permutations, seed))


def _p_values(r: FloatArray, profiles: FloatArray, values: FloatArray, how: tuple[int, int]) -> FloatArray:
    permutations, seed = how
    generator = np.random.default_rng(seed)
    pool = values[~np.isnan(values)]
    if pool.size < len(profiles):
        return np.full(len(values), np.nan)
    drawn = np.array([generator.choice(pool, len(profiles), replace=False) for _ in range(permutations)])
    null = np.nan_to_num(_fit(profiles, drawn).correlation, nan=-1.0)
    at_least = (null[None, :] >= r[:, None]).sum(axis=1)
    return np.where(np.isnan(r), np.nan, (1 + at_least) / (1 + permutations))


def _fit(profiles: FloatArray, values: FloatArray) -> _Fit:
    """Samples with the same measured features are fitted together."""
    if np.isinf(values).any() or not np.isfinite(profiles).all():
        raise InputError("profiles must be finite, and samples finite or missing; a logarithm of zero?")
    n_types = profiles.shape[1]
    found = _Fit(np.full((len(values), n_types), np.nan), np.full(len(values), np.nan))
    patterns, of_row = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, measured in enumerate(patterns):
        rows = np.flatnonzero(of_row.ravel() == number)
        rows = rows[np.ptp(values[np.ix_(rows, measured)], axis=1) > 0] if measured.any() else rows[:0]
        if measured.sum() >= max(n_types, 2) and rows.size:
            part = _fit_measured(profiles[measured], values[np.ix_(rows, measured)])
            found.shares[rows], found.correlation[rows] = part
    return found


def _fit_measured(profiles: FloatArray, values: FloatArray) -> _Fit:
    if not np.ptp(profiles) > 0:
        raise InputError("the profiles have the same value everywhere; bring expression of cell types.")
    X = (profiles - profiles.mean()) / profiles.std(ddof=1)
    Z = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)
    best = _Fit(np.full((len(Z), X.shape[1]), np.nan), np.full(len(Z), np.nan))
    least = np.full(len(Z), np.inf)
    for nu in NUS:
        weights = np.maximum(nu_regression_fit(X, Z, nu).coefficients, 0.0)
        totals = weights.sum(axis=1, keepdims=True)
        shares = np.divide(weights, totals, out=np.full(weights.shape, np.nan), where=totals > 0)
        fitted = shares @ X.T
        error = ((Z - fitted) ** 2).mean(axis=1)
        better = error < least
        least[better], best.shares[better] = error[better], shares[better]
        best.correlation[better] = _correlation(Z[better], fitted[better])
    return best


def _correlation(Z: FloatArray, fitted: FloatArray) -> FloatArray:
    centered = fitted - fitted.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centered**2).sum(axis=1) * (Z**2).sum(axis=1))
    return np.divide((Z * centered).sum(axis=1), lengths, out=np.zeros(len(Z)), where=lengths > 0)


def _prepare(reference: CellReference) -> Prepared:
    table = profile_table(reference)
    return Prepared(table.rows, table.values, table.columns, {})


SPEC = Deconvolution(
    name="nu_svr",
    kind="deconvolution",
    title="Shares of known cells by nu support vector regression (CIBERSORT-type; bring the profiles)",
    function=nu_svr,
    reference="10.1038/nmeth.3337",
    license="own implementation; the profiles LM22 may not be redistributed, bring them by path",
    input_scale=("linear", "log2"),
    comparable="samples",
    units="fraction of the cells that the reference knows",
    parameters={"permutations": 0, "largest_p_value": 0.05, "seed": 1},
    evidence="format-only",
    works_on="linear",
    prepare=_prepare,
    roles=("profiles",),
    needed=("profiles",),
    unit=FRACTION,
    compares=("samples", "cell_types"),
    cell_types={
        "B cells naive": "B cell naive",
        "B cells memory": "B cell memory",
        "Plasma cells": "plasma cell",
        "T cells CD8": "T cell CD8+",
        "T cells CD4 naive": "T cell CD4+ naive",
        "T cells regulatory (Tregs)": "T cell regulatory",
        "T cells gamma delta": "T cell gamma delta",
        "Monocytes": "monocyte",
        "Macrophages M1": "macrophage M1",
        "Macrophages M2": "macrophage M2",
        "Eosinophils": "eosinophil",
        "Neutrophils": "neutrophil",
    },
)
