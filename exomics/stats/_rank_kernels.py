"""Compiled kernels of `exomics.stats.rank_scores`: a radix sort of the bits of each row, and sums over sets."""

from __future__ import annotations

import numpy as np
from numba import njit

DIGIT_BITS = 11
BUCKETS = 1 << DIGIT_BITS


@njit(cache=True)
def _order_preserving_keys(values, bits, keys, order):  # type: ignore[no-untyped-def]
    """Bits of the measured values as unsigned integers that sort like the values; returns how many are measured."""
    width = 8 * bits.itemsize
    lowest = -(np.int64(1) << np.int64(width - 1))
    n_measured = 0
    for feature in range(values.shape[0]):
        value = values[feature]
        if value == value:
            pattern = np.int64(bits[feature]) if value != 0 else np.int64(0)  # -0.0 and 0.0 tie
            keys[n_measured] = pattern ^ ((pattern >> np.int64(width - 1)) | lowest)
            order[n_measured] = feature
            n_measured += 1
    return n_measured


@njit(cache=True)
def _radix_sort(work, n):  # type: ignore[no-untyped-def]
    """Sort ``keys[:n]`` and carry `order`; returns the arrays that hold the result."""
    keys, spare_keys, order, spare_order, counts = work
    n_passes = counts.shape[0]
    width = keys.dtype.type(DIGIT_BITS)
    mask = keys.dtype.type(BUCKETS - 1)
    counts[:] = 0
    for i in range(n):
        key = keys[i]
        for digit in range(n_passes):
            counts[digit, np.uintp(key & mask)] += np.uint32(1)
            key = key >> width
    for digit in range(n_passes):
        shift = keys.dtype.type(DIGIT_BITS * digit)
        positions = counts[digit]
        if positions[np.uintp((keys[0] >> shift) & mask)] == n:
            continue
        position = np.uint32(0)
        for bucket in range(BUCKETS):
            count = positions[bucket]
            positions[bucket] = position
            position += count
        for i in range(n):
            key = keys[i]
            bucket = np.uintp((key >> shift) & mask)
            target = positions[bucket]
            positions[bucket] = target + np.uint32(1)
            spare_keys[target] = key
            spare_order[target] = order[i]
        keys, spare_keys = spare_keys, keys
        order, spare_order = spare_order, order
    return keys, order


@njit(cache=True)
def _rank_row(values, bits, work, ranks, average):  # type: ignore[no-untyped-def]
    """Ranks of one sample into `ranks` (NaN for missing); returns the number of measured features."""
    n = _order_preserving_keys(values, bits, work[0], work[2])
    if n < values.shape[0]:
        ranks[:] = np.nan
    if n == 0:
        return 0
    keys, order = _radix_sort(work, n)
    if average:
        _average_ranks(keys, order, ranks, n)
    else:
        _minimum_ranks(keys, order, ranks, n)
    return n


@njit(cache=True)
def _minimum_ranks(keys, order, ranks, n):  # type: ignore[no-untyped-def]
    previous, rank = keys[0], np.float32(1)
    for i in range(n):
        if keys[i] != previous:
            previous, rank = keys[i], np.float32(i + 1)
        ranks[order[i]] = rank


@njit(cache=True)
def _average_ranks(keys, order, ranks, n):  # type: ignore[no-untyped-def]
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and keys[stop] == keys[start]:
            stop += 1
        for i in range(start, stop):
            ranks[order[i]] = np.float32(0.5 * (start + 1 + stop))
        start = stop


@njit(cache=True)
def rank_rows(rows, ranks, average):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    for sample in range(matrix.shape[0]):
        _rank_row(matrix[sample], bits[sample], work, ranks[sample], average)


@njit(cache=True)
def set_rank_means(rows, columns, offsets, results, average):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    mean_rank, n_measured, n_universe = results
    ranks = np.empty(matrix.shape[1], dtype=np.float32)
    for sample in range(matrix.shape[0]):
        n_universe[sample] = _rank_row(matrix[sample], bits[sample], work, ranks, average)
        for chosen in range(len(offsets) - 1):
            total, count = 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                rank = ranks[columns[entry]]
                if rank == rank:
                    total += rank
                    count += 1
            n_measured[sample, chosen] = count
            mean_rank[sample, chosen] = total / count if count else np.nan


@njit(cache=True)
def _positions(keys, order, ranks, places, n):  # type: ignore[no-untyped-def]
    """Ascending place of every feature, of equal values the first column highest; ranks lose their halves."""
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and keys[stop] == keys[start]:
            stop += 1
        for i in range(start, stop):
            places[order[i]] = np.float32(stop - (i - start))
            ranks[order[i]] = np.floor(ranks[order[i]])
        start = stop


@njit(cache=True)
def set_enrichment(rows, columns, offsets, scores, how):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    exponent, by_position = how
    ranks = np.empty(matrix.shape[1], dtype=np.float32)
    places = np.empty(matrix.shape[1], dtype=np.float32) if by_position else ranks
    powers = np.arange(2 * matrix.shape[1] + 1).astype(np.float64) / 2
    powers = powers**exponent
    for sample in range(matrix.shape[0]):
        n = _order_preserving_keys(matrix[sample], bits[sample], work[0], work[2])
        if n < matrix.shape[1]:
            ranks[:] = np.nan
        if n:
            keys, order = _radix_sort(work, n)
            _average_ranks(keys, order, ranks, n)
            if by_position:
                _positions(keys, order, ranks, places, n)
        for chosen in range(len(offsets) - 1):
            weighted, weight, total, count = 0.0, 0.0, 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                rank = np.float64(ranks[columns[entry]])
                if rank == rank:
                    power = powers[np.int64(2 * rank)]
                    place = np.float64(places[columns[entry]]) if by_position else rank
                    weighted += place * power
                    weight += power
                    total += place
                    count += 1
            if count == 0 or count == n:
                scores[sample, chosen] = np.nan
            else:
                scores[sample, chosen] = weighted / weight - (n * (n + 1) / 2 - total) / (n - count)


@njit(cache=True)
def set_recovery(rows, columns, offsets, areas, top):  # type: ignore[no-untyped-def]
    """Area under the recovery curve of each set among the `top` fraction of each sample, over the largest possible."""
    matrix, bits, work = rows
    gains = np.empty(matrix.shape[1])
    for sample in range(matrix.shape[0]):
        n = _order_preserving_keys(matrix[sample], bits[sample], work[0], work[2])
        limit = np.int64(np.ceil(top * n))
        gains[:] = np.nan
        if n:
            keys, order = _radix_sort(work, n)
            _gains(keys, order, n, limit, gains)
        for chosen in range(len(offsets) - 1):
            total, count = 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                gain = gains[columns[entry]]
                if gain == gain:
                    total += gain
                    count += 1
            reached = min(count, limit - 1)
            most = reached * limit - reached * (reached + 1) / 2.0
            areas[sample, chosen] = total / most if most > 0 else np.nan


@njit(cache=True)
def _gains(keys, order, n, limit, gains):  # type: ignore[no-untyped-def]
    """Width of the curve to the right of each feature; the mean over the places of a run of equal values."""
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and keys[n - 1 - stop] == keys[n - 1 - start]:
            stop += 1
        inside = max(min(stop, limit) - start, 0)
        gain = (inside * limit - inside * (2 * start + inside + 1) / 2.0) / (stop - start)
        for i in range(start, stop):
            gains[order[n - 1 - i]] = gain
        start = stop
