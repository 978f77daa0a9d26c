"""Leaving features of low abundance out of the adjustment of P values, at the cutoff that gains most rejections."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats.local_regression import lowess
from exomics.stats.multiple_testing import benjamini_hochberg

__all__ = ["FilteredTests", "filter_independently"]

FloatArray = NDArray[np.float64]

_N_QUANTILES = 50
_SMOOTHING = 0.2
_FEW_REJECTIONS = 10


class FilteredTests(NamedTuple):
    """Which tests stay, (n_features,); the cutoff of the filter statistic and its quantile; adjusted P values."""

    kept: NDArray[np.bool_]
    cutoff: float
    quantile: float
    adjusted: FloatArray


def filter_independently(p_values: ArrayLike, statistic: ArrayLike, *, level: float = 0.1) -> FilteredTests:
    """Adjust P values (Benjamini-Hochberg) over the features whose filter statistic reaches a cutoff.

    Of 50 quantiles, from the share of zeros to 0.95, the smallest whose number of adjusted P values below `level`
    exceeds the largest of a smooth curve through the numbers less its root mean squared residual. With at most 10
    rejections everywhere, the first.

    Parameters
    ----------
    p_values
        One per feature, (n_features,); NaN marks a test that was not done.
    statistic
        Independent of the P values under the null hypothesis, such as the mean count, (n_features,).
    level
        Target of the adjusted P values at which rejections are counted.

    Returns
    -------
    FilteredTests
        Adjusted P values are NaN for the features left out.

    Raises
    ------
    InputError
        If lengths differ, the statistic has missing values, or the level is outside (0, 1).

    Notes
    -----
    Bourgon et al. (2010), doi:10.1073/pnas.0914005107; cutoff as in Love et al. (2014),
    doi:10.1186/s13059-014-0550-8. Equal to DESeq2's ``results``.

    Examples
    --------
    >>> p = np.r_[np.linspace(1e-6, 1e-3, 30), np.linspace(0.01, 1.0, 70)]
    >>> found = filter_independently(p, np.r_[np.full(30, 100.0), np.arange(70.0)])
    >>> int(found.kept.sum()), int((found.adjusted < 0.1).sum())
    (99, 31)
    """
    p, abundance = np.asarray(p_values, dtype=np.float64), np.asarray(statistic, dtype=np.float64)
    if p.ndim != 1 or p.shape != abundance.shape:
        raise InputError(
            f"P values and filter statistic must be vectors of one length; got {p.shape}, {abundance.shape}."
        )
    if np.isnan(abundance).any() or not 0.0 < level < 1.0:
        raise InputError("the filter statistic must have no missing values and the level must lie between 0 and 1.")
    lowest = float((abundance == 0.0).mean()) if p.size else 0.0
    quantiles = np.linspace(lowest, 0.95 if lowest < 0.95 else 1.0, _N_QUANTILES)
    cutoffs = np.quantile(abundance, quantiles) if p.size else np.zeros(_N_QUANTILES)
    adjusted = [benjamini_hochberg(np.where(abundance >= cutoff, p, np.nan)) for cutoff in cutoffs]
    chosen = _choose(quantiles, np.array([(values < level).sum() for values in adjusted], dtype=np.float64))
    cutoff = float(cutoffs[chosen])
    return FilteredTests(abundance >= cutoff, cutoff, float(quantiles[chosen]), adjusted[chosen])


def _choose(quantiles: FloatArray, rejections: FloatArray) -> int:
    if rejections.max() <= _FEW_REJECTIONS:
        return 0
    smooth = lowess(quantiles, rejections, _SMOOTHING).fitted
    some = rejections > 0
    typical = float(np.sqrt(((rejections - smooth)[some] ** 2).mean()))
    enough = np.flatnonzero(rejections > smooth.max() - typical)
    return int(enough[0]) if enough.size else 0
