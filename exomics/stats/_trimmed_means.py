"""Trimmed means of log ratios of one library to a reference library: the kernels behind TMM and its variant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper

FloatArray = NDArray[np.float64]

_ALIKE = 1e-6


class Library(NamedTuple):
    """Counts of one sample and its total."""

    counts: FloatArray
    size: float


class _Ratios(NamedTuple):
    """Per feature present in both libraries: log2 ratio, mean log2 proportion, and variance of the ratio."""

    ratio: FloatArray
    level: FloatArray
    variance: FloatArray


class _Bounds(NamedTuple):
    """Order statistics between which values are kept, and whether values tied with them are."""

    low: float
    high: float
    keep_low: bool
    keep_high: bool


@entry_point
def _log2(values: FloatArray) -> FloatArray:
    """Elementwise, by the mathematical library's scalar function: ties then fall as they do in R."""
    result = np.empty_like(values)
    for i in range(values.size):
        result[i] = np.log2(values[i])
    return result


@entry_point
def _ratios(observed: Library, reference: Library, reference_logs: FloatArray) -> _Ratios:
    counts, size = observed
    n, found = counts.size, 0
    ratio, level, variance = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        if counts[i] > 0.0 and reference.counts[i] > 0.0:
            share, other = counts[i] / size, reference.counts[i] / reference.size
            ratio[found] = np.log2(share / other)
            level[found] = (np.log2(share) + reference_logs[i]) / 2.0
            own = (size - counts[i]) / size / counts[i]
            variance[found] = own + (reference.size - reference.counts[i]) / reference.size / reference.counts[i]
            found += 1
    return _Ratios(ratio[:found], level[:found], variance[:found])


@entry_point
def _kept_mean(ratios: _Ratios, by_ratio: _Bounds, by_level: _Bounds) -> float:
    total = weight = 0.0
    for i in range(ratios.ratio.size):
        if _inside(ratios.ratio[i], by_ratio) and _inside(ratios.level[i], by_level):
            total += ratios.ratio[i] / ratios.variance[i]
            weight += 1.0 / ratios.variance[i]
    return total / weight


@helper
def _inside(value: float, bounds: _Bounds) -> bool:
    if value < bounds.low or value > bounds.high:
        return False
    if value == bounds.low and not bounds.keep_low:
        return False
    return bounds.keep_high or value != bounds.high


def _trim_bounds(values: FloatArray, trim: float) -> _Bounds:
    """Keep average ranks from ``floor(n * trim) + 1`` to the same from above; found by selection, not by ranking."""
    n = values.size
    low_rank = int(n * trim) + 1
    high_rank = n + 1 - low_rank
    selected = np.partition(values, sorted({low_rank - 1, max(high_rank, 1) - 1}))
    low, high = selected[low_rank - 1], selected[max(high_rank, 1) - 1]

    def kept(value: float) -> bool:
        n_below, n_tied = int((values < value).sum()), int((values == value).sum())
        return low_rank <= n_below + (n_tied + 1) / 2 <= high_rank

    return _Bounds(float(low), float(high), kept(low), kept(high))


def trimmed_mean_factor(observed: Library, reference: Library, trims: tuple[float, float]) -> float:
    """TMM: two to the weighted mean log2 ratio, after trimming `trims` of the ratios and of the levels at each end."""
    proportions = np.maximum(reference.counts, 0.0) / reference.size
    with np.errstate(divide="ignore"):
        ratios = _ratios(observed, reference, _log2(proportions))
    if ratios.ratio.size == 0 or np.abs(ratios.ratio).max() < _ALIKE:
        return 1.0
    mean = _kept_mean(ratios, _trim_bounds(ratios.ratio, trims[0]), _trim_bounds(ratios.level, trims[1]))
    return float(2.0 ** (mean if np.isfinite(mean) else 0.0))


def singleton_pairing_factor(observed: Library, reference: Library, trims: tuple[float, float]) -> float:
    """TMMwsp: as TMM, with features present in one library only paired by size to those present only in the other."""
    present = (observed.counts > 0) & (reference.counts > 0)
    only = (observed.counts > 0) ^ (reference.counts > 0)
    n_pairs = min(int((observed.counts[only] > 0).sum()), int((reference.counts[only] > 0).sum()))
    own, other = (
        np.concatenate([counts[present], np.sort(counts[only])[::-1][:n_pairs]])
        for counts in (observed.counts, reference.counts)
    )
    if own.size == 0:
        return 1.0
    share, other_share = own / observed.size, other / reference.size
    ratio = _log2(share / other_share)
    if np.abs(ratio).max() < _ALIKE:
        return 1.0
    shrunk = _log2(((own + 0.5) / (observed.size + 0.5)) / ((other + 0.5) / (reference.size + 0.5)))
    kept = np.zeros((2, own.size), dtype=bool)
    orders = (np.lexsort((shrunk, ratio)), np.argsort(0.5 * _log2(share * other_share), kind="stable"))
    for row, (order, trim) in enumerate(zip(orders, trims, strict=True)):
        n_cut = int(own.size * trim)
        kept[row, order[n_cut : own.size - n_cut]] = True
    both = kept.all(axis=0)
    variance = (1 - share) / share / observed.size + (1 - other_share) / other_share / reference.size
    weight = (1.0 + 1e-6) / (variance[both] + 1e-6)
    return float(2.0 ** ((weight * ratio[both]).sum() / weight.sum()))
