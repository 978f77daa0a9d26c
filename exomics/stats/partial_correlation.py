"""Correlation of two variables after covariates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from exomics.errors import InputError
from exomics.stats.t_distribution import t_tests

__all__ = ["PartialCorrelation", "partial_correlation"]

FloatArray = NDArray[np.float64]


class PartialCorrelation(NamedTuple):
    """Correlation of two variables given others, with a 95 % interval; one value each."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    n: int


def partial_correlation(
    left: FloatArray, right: FloatArray, covariates: FloatArray | None = None, *, confidence: float = 0.95
) -> PartialCorrelation:
    """Pearson correlation of the residuals of two variables on an intercept and covariates.

    Parameters
    ----------
    left, right
        (n_samples,); samples with a missing value anywhere are left out.
    covariates
        (n_samples, n_covariates); None for the plain correlation.
    confidence
        Of the interval, by Fisher's z with ``n - k - 3`` in place of ``n - 3``.

    Returns
    -------
    PartialCorrelation
        With the two-sided p of t on ``n - k - 2`` degrees of freedom. NaN where a residual does not vary.

    Raises
    ------
    InputError
        If fewer than ``k + 4`` samples are complete.

    Notes
    -----
    Fisher 1924, The distribution of the partial correlation coefficient, Metron 3:329.

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> found = partial_correlation(x, x + np.tile([0.5, -0.5], 4))
    >>> round(found.estimate, 3), found.n
    (0.976, 8)
    """
    others = np.empty((len(left), 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    table = np.column_stack([left, right, others])
    table = table[~np.isnan(table).any(axis=1)]
    n, k = len(table), table.shape[1] - 2
    if n < k + 4:
        raise InputError(f"a partial correlation given {k} covariates needs at least {k + 4} samples; got {n}.")
    design = np.column_stack([np.ones(n), table[:, 2:]])
    residuals = table[:, :2] - design @ np.linalg.lstsq(design, table[:, :2], rcond=None)[0]
    spread = np.sqrt((residuals**2).sum(axis=0))
    if not (spread > 1e-12 * np.maximum(1.0, np.abs(table[:, :2]).max(axis=0))).all():
        return PartialCorrelation(np.nan, np.nan, np.nan, np.nan, n)
    r = float(np.clip(residuals[:, 0] @ residuals[:, 1] / spread.prod(), -1.0, 1.0))
    statistic = r * np.sqrt((n - k - 2) / max(1.0 - r * r, 1e-300))
    p_value, _ = t_tests(np.array([statistic]), np.array([n - k - 2.0]))
    half = ndtri(0.5 + confidence / 2) / np.sqrt(n - k - 3)
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    return PartialCorrelation(r, float(np.tanh(z - half)), float(np.tanh(z + half)), float(p_value[0]), n)
