"""Put samples on one scale: library size factors and counts per million for counts, median and MAD for log values."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import as_matrix, require_length
from exomics.errors import InputError, ScaleError
from exomics.stats._log_kernels import log2_of_counts
from exomics.stats._trimmed_means import Library, singleton_pairing_factor, trimmed_mean_factor

FloatArray = NDArray[np.float64]
NormMethod = Literal["tmm", "tmmwsp", "rle", "upper_quartile"]

_MAD_CONSISTENCY = 1.4826
_ABSENT = 1e-20
_NO_COUNTS = "counts must be finite and not negative; log values, NaN or infinity are no counts."


def normalization_factors(
    counts: ArrayLike,
    *,
    method: NormMethod = "tmm",
    library_sizes: ArrayLike | None = None,
    reference_sample: int | None = None,
    log_ratio_trim: float = 0.3,
    sum_trim: float = 0.05,
    quantile: float = 0.75,
) -> FloatArray:
    """Factors that turn library sizes into effective ones, with product 1.

    ``"tmm"``: two to the mean log2 ratio of proportions to a reference sample, weighted by inverse variance, after
    trimming extreme ratios and levels. ``"tmmwsp"``: the same with singletons paired, for sparse counts. ``"rle"``:
    median ratio to the geometric mean over samples. ``"upper_quartile"``: a quantile of the counts.

    Parameters
    ----------
    counts
        Raw counts, (n_samples, n_features).
    method
        Which of the four.
    library_sizes
        Totals of the samples, (n_samples,); default: their sums.
    reference_sample
        Row of the reference. Default: for TMM the sample whose upper quartile of proportions is closest to the mean of
        all; for TMMwsp the one with the largest sum of square roots.
    log_ratio_trim, sum_trim
        Share trimmed at each end of the log ratios and of the mean levels.
    quantile
        Quantile of ``"upper_quartile"``.

    Returns
    -------
    numpy.ndarray
        Factors, (n_samples,).

    Raises
    ------
    ScaleError
        If a count is negative, missing or infinite, or a factor is zero because a sample is too sparse.
    InputError
        If an option is out of range.

    Notes
    -----
    M. D. Robinson and A. Oshlack, Genome Biol. 11, R25 (2010), doi:10.1186/gb-2010-11-3-r25; equal to edgeR's
    ``calcNormFactors``, ties at the trim limits and choice of the reference included. A factor of 0 is an error here.

    Examples
    --------
    >>> counts = np.array([[10, 20, 30, 40], [10, 20, 30, 400]])
    >>> normalization_factors(counts, log_ratio_trim=0.25).round(3).tolist()
    [2.145, 0.466]
    """
    values = _as_counts(counts)
    sizes = effective_library_sizes(values, library_sizes, None)
    _require_trims(log_ratio_trim, sum_trim, quantile)
    present = values.any(axis=0)
    values = np.ascontiguousarray(values if present.all() else values[:, present])
    if values.shape[0] == 1 or values.shape[1] == 0:
        return np.ones(values.shape[0])
    if method == "rle":
        factors = _relative_log_factors(values) / sizes
    elif method == "upper_quartile":
        factors = _row_quantiles(values, quantile) / sizes
    elif method in {"tmm", "tmmwsp"}:
        reference = _reference(values, sizes, method) if reference_sample is None else int(reference_sample)
        if not 0 <= reference < values.shape[0]:
            raise InputError(f"reference_sample must be a row from 0 to {values.shape[0] - 1}; got {reference}.")
        kernel = trimmed_mean_factor if method == "tmm" else singleton_pairing_factor
        libraries = [Library(row, float(size)) for row, size in zip(values, sizes, strict=True)]
        trims = (log_ratio_trim, sum_trim)
        factors = np.array([kernel(library, libraries[reference], trims) for library in libraries])
    else:
        raise InputError(f"method must be 'tmm', 'tmmwsp', 'rle' or 'upper_quartile'; got {method!r}.")
    if not (factors > 0).all():
        poor = np.flatnonzero(~(factors > 0))
        raise ScaleError(f"samples {poor[:3].tolist()} are too sparse for {method!r}; drop them or use 'tmmwsp'.")
    return factors / np.exp(np.log(factors).mean())


def effective_library_sizes(
    counts: ArrayLike, library_sizes: ArrayLike | None = None, norm_factors: ArrayLike | None = None
) -> FloatArray:
    """Library sizes (default: row sums of `counts`) times normalization factors (default: 1), checked positive.

    Examples
    --------
    >>> effective_library_sizes([[1, 3], [2, 2]], norm_factors=[0.5, 2.0]).tolist()
    [2.0, 8.0]
    """
    values = as_matrix(counts, "counts")
    sizes = values.sum(axis=1) if library_sizes is None else np.array(library_sizes, dtype=np.float64)
    require_length(sizes, values.shape[0], "library_sizes")
    if norm_factors is not None:
        require_length(norm_factors, values.shape[0], "norm_factors")
        sizes = sizes * np.asarray(norm_factors, dtype=np.float64)
    if not ((sizes > 0).all() and np.isfinite(sizes).all()):
        if library_sizes is None:
            _as_counts(values)
        bad = np.flatnonzero(~((sizes > 0) & np.isfinite(sizes)))
        raise ScaleError(f"library sizes must be positive and finite; samples {bad[:3].tolist()} are not. Drop them.")
    return sizes


def counts_per_million(
    counts: ArrayLike, *, library_sizes: ArrayLike | None = None, norm_factors: ArrayLike | None = None
) -> FloatArray:
    """``count * 1e6 / effective library size``, (n_samples, n_features).

    Examples
    --------
    >>> counts_per_million([[1, 3]]).tolist()
    [[250000.0, 750000.0]]
    """
    values = _as_counts(counts)
    return values * 1e6 / effective_library_sizes(values, library_sizes, norm_factors)[:, None]


def log_counts_per_million(
    counts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    prior_count: float = 2.0,
) -> FloatArray:
    """Log2 counts per million with a prior count in proportion to the library, (n_samples, n_features).

    With effective library sizes N and ``prior_i = prior_count * N_i / mean(N)`` the value is
    ``log2((count + prior_i) / (N_i + 2 prior_i) * 1e6)``, as edgeR's ``cpm(log = TRUE)``.

    Raises
    ------
    ScaleError
        If counts or library sizes are not what they must be.
    InputError
        If `prior_count` is not positive.

    Examples
    --------
    >>> log_counts_per_million([[0, 100], [100, 0]]).round(4).tolist()
    [[14.2311, 19.9036], [19.9036, 14.2311]]
    """
    if not prior_count > 0:
        raise InputError(f"prior_count must be positive, or the log of a zero count is infinite; got {prior_count}.")
    values = as_matrix(counts, "counts")
    sizes = effective_library_sizes(values, library_sizes, norm_factors)
    prior = prior_count * sizes / sizes.mean()
    return log2_counts(values, prior, 1e6 / (sizes + 2.0 * prior))


def log2_counts(counts: FloatArray, added: FloatArray, factors: FloatArray) -> FloatArray:
    """``log2((counts + added) * factors)``, (n_samples, n_features).

    Parameters
    ----------
    counts
        (n_samples, n_features).
    added, factors
        Positive, (n_samples,).

    Returns
    -------
    numpy.ndarray
        To one unit in the last place, the same on every machine.

    Raises
    ------
    ScaleError
        If a count is negative, missing or infinite.

    Examples
    --------
    >>> log2_counts(np.array([[0.0, 3.0]]), np.array([1.0]), np.array([2.0])).tolist()
    [[1.0, 3.0]]
    """
    result = np.empty(counts.shape)
    if not log2_of_counts(np.ascontiguousarray(counts), added, factors, result):
        raise ScaleError(_NO_COUNTS)
    return result


def median_mad_normalize(expression: ArrayLike) -> FloatArray:
    """Center each sample on its median and give all samples the mean median absolute deviation.

    ``(value - median) / mad * mean(mad)`` with ``mad = 1.4826 median |value - median|`` over the values present.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features); NaN is missing and stays.

    Raises
    ------
    InputError
        If a sample has no values, or a deviation of zero.

    Examples
    --------
    >>> median_mad_normalize([[1.0, 2.0, 3.0], [0.0, 4.0, 8.0]]).round(4).tolist()
    [[-2.5, 0.0, 2.5], [-2.5, 0.0, 2.5]]
    """
    values = as_matrix(expression, "expression")
    empty = np.flatnonzero(np.isnan(values).all(axis=1))
    if empty.size:
        raise InputError(f"samples {empty[:3].tolist()} have no values; drop them before normalizing.")
    centered = values - np.nanmedian(values, axis=1, keepdims=True)
    mads = _MAD_CONSISTENCY * np.nanmedian(np.abs(centered), axis=1)
    if not (mads > 0).all():
        flat = np.flatnonzero(~(mads > 0))
        raise InputError(f"samples {flat[:3].tolist()} have a median absolute deviation of zero and cannot be scaled.")
    return centered / mads[:, None] * mads.mean()


def _as_counts(counts: ArrayLike) -> FloatArray:
    values = as_matrix(counts, "counts")
    if values.size and not (values.min() >= 0 and np.isfinite(values.max())):
        raise ScaleError(_NO_COUNTS)
    return values


def _require_trims(log_ratio_trim: float, sum_trim: float, quantile: float) -> None:
    if not (0 <= log_ratio_trim < 0.5 and 0 <= sum_trim < 0.5 and 0 < quantile <= 1):
        raise InputError(
            f"trims must be in [0, 0.5) and the quantile in (0, 1]; got {log_ratio_trim}, {sum_trim}, {quantile}."
        )


def _reference(values: FloatArray, sizes: FloatArray, method: str) -> int:
    if method == "tmm":
        quartiles = _row_quantiles(values, 0.75) / sizes
        if np.median(quartiles) >= _ABSENT:
            return int(np.argmin(np.abs(quartiles - quartiles.mean())))
    return int(np.argmax(np.sqrt(values).sum(axis=1)))


def _row_quantiles(values: FloatArray, quantile: float) -> FloatArray:
    """Quantile of each row by linear interpolation between order statistics."""
    position = (values.shape[1] - 1) * quantile
    low, high = int(np.floor(position)), int(np.ceil(position))
    wanted = sorted({low, high})
    selected = np.array([np.partition(row, wanted)[wanted] for row in values])
    share = position - low
    return (1.0 - share) * selected[:, 0] + share * selected[:, -1]


def _relative_log_factors(values: FloatArray) -> FloatArray:
    present = values.min(axis=0) > 0
    if not present.any():
        raise ScaleError("no feature has counts in every sample, which 'rle' needs; use 'tmmwsp'.")
    kept = values[:, present]
    return np.median(kept / np.exp(np.log(kept).mean(axis=0)), axis=1)
