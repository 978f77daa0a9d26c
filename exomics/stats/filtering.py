"""Which features are expressed enough to be tested."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_length
from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats.normalization import effective_library_sizes

_TOLERANCE = 1e-14
_ROUNDING = 1e-10


class ExpressionThresholds(NamedTuple):
    """What counts as expressed: a count of `min_count` in a median library, `min_total_count` over all samples.

    The count must be reached in as many samples as the smallest group has; beyond `large_n` samples only the share
    `min_prop` of the excess is asked for.
    """

    min_count: float = 10.0
    min_total_count: float = 15.0
    large_n: float = 10.0
    min_prop: float = 0.7


def filter_by_expression(
    counts: ArrayLike,
    *,
    group: ArrayLike | None = None,
    design: ArrayLike | None = None,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    thresholds: ExpressionThresholds = ExpressionThresholds(),  # noqa: B008 (immutable)
) -> NDArray[np.bool_]:
    """Keep features with enough counts per million in enough samples, and enough counts in total.

    A feature is kept if ``count * 1e6 / library >= min_count / median(library) * 1e6`` in at least n samples, n being
    the size of the smallest group (or ``1 / largest leverage`` of a design), and its total reaches `min_total_count`.

    Parameters
    ----------
    counts
        Raw counts, (n_samples, n_features).
    group
        Group of every sample, (n_samples,); goes before `design`. With neither, all samples are one group.
    design
        Design matrix (n_samples, n_coefficients); an intercept is added for the leverages.
    library_sizes, norm_factors
        Totals (default: row sums) and factors that multiply them, each (n_samples,).
    thresholds
        See `ExpressionThresholds`.

    Returns
    -------
    numpy.ndarray
        Boolean mask, (n_features,).

    Raises
    ------
    ScaleError
        If counts are negative, missing or infinite.
    InputError, DesignError
        If lengths disagree or a threshold is negative.

    Notes
    -----
    Y. Chen, A. T. L. Lun and G. K. Smyth, F1000Research 5, 1438 (2016), doi:10.12688/f1000research.8987.2; equal to
    edgeR's ``filterByExpr``, which also works on effective library sizes.

    Examples
    --------
    >>> filter_by_expression([[20, 0], [30, 1], [25, 0]], library_sizes=[1e6, 1e6, 1e6]).tolist()
    [True, False]
    """
    values = as_matrix(counts, "counts")
    if values.size and not (values.min() >= 0 and np.isfinite(values.max())):
        raise ScaleError("counts must be finite and not negative; log values, NaN or infinity are no counts.")
    if min(thresholds) < 0:
        raise InputError(f"thresholds must not be negative; got {tuple(thresholds)}.")
    sizes = effective_library_sizes(values, library_sizes, norm_factors)
    needed = _smallest_group(values.shape[0], group, design)
    if needed > thresholds.large_n:
        needed = thresholds.large_n + (needed - thresholds.large_n) * thresholds.min_prop
    cutoff = thresholds.min_count / np.median(sizes) * 1e6
    n_expressed = np.zeros(values.shape[1])
    for row, size in zip(values, sizes, strict=True):
        n_expressed += row * 1e6 / size >= cutoff
    enough = values.sum(axis=0) >= thresholds.min_total_count - _TOLERANCE
    return (n_expressed >= needed - _TOLERANCE) & enough


def _smallest_group(n_samples: int, group: ArrayLike | None, design: ArrayLike | None) -> float:
    if group is not None:
        require_length(group, n_samples, "group")
        return float(np.unique(np.asarray(group), return_counts=True)[1].min())
    if design is None:
        return float(n_samples)
    model = as_matrix(design, "the design")
    if model.shape[0] != n_samples or not np.isfinite(model).all():
        raise DesignError(f"the design must have {n_samples} rows, one per sample, all finite; got {model.shape}.")
    basis = orthogonalize(np.column_stack([np.ones(n_samples), model])).basis
    size = float(1.0 / (basis**2).sum(axis=0).max())
    return float(round(size)) if abs(size - round(size)) < _ROUNDING * size else size
