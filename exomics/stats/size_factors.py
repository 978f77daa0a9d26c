"""Size factors of sequencing libraries from ratios to a pseudo-reference sample."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_counts
from exomics.errors import InputError, ScaleError

__all__ = ["RatioMethod", "size_factors"]

FloatArray = NDArray[np.float64]
RatioMethod = Literal["median_of_ratios", "poscounts"]


def size_factors(counts: ArrayLike, *, method: RatioMethod = "median_of_ratios") -> FloatArray:
    """Median over features of the ratio of a sample's count to the geometric mean over samples.

    Parameters
    ----------
    counts
        Raw counts, (n_samples, n_features).
    method
        ``"median_of_ratios"``: only features counted in every sample have a geometric mean. ``"poscounts"``: zeros
        count as one in it, for sparse counts where no feature is everywhere; factors are divided by their geometric
        mean.

    Returns
    -------
    ndarray
        Factors, (n_samples,); divide a sample's counts by its factor to compare samples.

    Raises
    ------
    ScaleError
        If the counts are not counts, no feature serves the method, or a sample has no count in those that do.
    InputError
        If the method is unknown.

    Notes
    -----
    Anders and Huber (2010), doi:10.1186/gb-2010-11-10-r106; equal to ``estimateSizeFactors`` of DESeq2 with ``type``
    ``ratio`` and ``poscounts``.

    Examples
    --------
    >>> size_factors([[10, 20, 30], [20, 40, 60]]).round(4).tolist()
    [0.7071, 1.4142]
    """
    values = as_matrix(counts, "counts")
    require_counts(values)
    if method not in get_args(RatioMethod):
        raise InputError(f"the method must be one of {', '.join(get_args(RatioMethod))}; got {method!r}.")
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    present = values > 0
    if method == "median_of_ratios":
        kept = present.all(axis=0)
        reference = logs[:, kept].mean(axis=0)
    else:
        kept = present.any(axis=0)
        reference = np.where(present[:, kept], logs[:, kept], 0.0).mean(axis=0)
    if not kept.any():
        raise ScaleError(
            "no feature has counts in every sample, so there is no reference for size factors; "
            "filter first, or use 'poscounts' (for sparse counts)."
        )
    logs, present = logs[:, kept], present[:, kept]
    if not present.any(axis=1).all():
        empty = np.flatnonzero(~present.any(axis=1))
        raise ScaleError(f"samples {empty[:3].tolist()} have no count in the reference features; drop them.")
    factors = np.array([np.exp(np.median((row - reference)[here])) for row, here in zip(logs, present, strict=True)])
    return factors if method == "median_of_ratios" else factors / np.exp(np.log(factors).mean())
