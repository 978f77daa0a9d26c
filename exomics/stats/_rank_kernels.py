"""Compiled kernels of `exomics.stats.rank_scores`: a radix sort of the bits of each row, and sums over sets.

A sorted row is an array of entries, one per measured feature: its number in the low half, a label in the high half.
Neighbors have the same label if and only if their values are equal.
"""

from __future__ import annotations

import numpy as np

from exomics.stats._compiled import entry_point, helper, inlined

DIGIT_BITS = 11
N_DIGITS = 3
BUCKETS = 1 << DIGIT_BITS
_HALF = np.uint64(32)
_FEATURE = np.uint64((1 << 32) - 1)
_DIGIT = np.uint64(BUCKETS - 1)
_SHORT_RUN = 64


@inlined
def feature_of(entry):  # type: ignore[no-untyped-def]
    return np.intp(entry & _FEATURE)


@inlined
def end_of_run(entries, start):  # type: ignore[no-untyped-def]
    """Place after the last of the values that are equal to the one at `start`."""
    stop = start + 1
    while stop < len(entries) and entries[stop] >> _HALF == entries[start] >> _HALF:
        stop += 1
    return stop


@helper
def _order_preserving_keys(values, bits, keys, entries):  # type: ignore[no-untyped-def]
    """Bits of the values as unsigned integers that sort like the values, missing ones last; how many are measured."""
    sign = bits.dtype.type(8 * bits.itemsize - 1)
    lowest = bits.dtype.type(-(1 << (8 * bits.itemsize - 1)))
    low_half = keys.dtype.type(8 * bits.itemsize - 32)
    n_measured = 0
    for feature in range(len(values)):
        pattern = bits[feature] if bits[feature] != lowest else bits.dtype.type(0)  # -0.0 and 0.0 tie
        is_measured = values[feature] == values[feature]
        key = keys.dtype.type(pattern ^ ((pattern >> sign) | lowest)) if is_measured else ~keys.dtype.type(0)
        keys[feature] = key
        entries[feature] = (np.uint64(key >> low_half) << _HALF) | np.uint64(feature)
        n_measured += is_measured
    return n_measured


@helper
def _sort_by_label(entries, spare, counts):  # type: ignore[no-untyped-def]
    """Stable sort by the high halves, least significant digit first; the array that holds the result, and the other."""
    counts[:] = 0
    for entry in entries:
        label = entry >> _HALF
        for digit in range(N_DIGITS):
            counts[digit, np.intp(label & _DIGIT)] += np.uint32(1)
            label >>= np.uint64(DIGIT_BITS)
    for digit in range(N_DIGITS):
        shift = np.uint64(32 + DIGIT_BITS * digit)
        places, place = counts[digit], np.uint32(0)
        if places[np.intp((entries[0] >> shift) & _DIGIT)] == len(entries):
            continue
        for bucket in range(BUCKETS):
            count = places[bucket]
            places[bucket] = place
            place += count
        for entry in entries:
            bucket = np.intp((entry >> shift) & _DIGIT)
            place = places[bucket]
            places[bucket] = place + np.uint32(1)
            spare[np.intp(place)] = entry
        entries, spare = spare, entries
    return entries, spare


@helper
def _insert(keys, entries):  # type: ignore[no-untyped-def]
    """Insertion sort of a few entries by their keys."""
    for i in range(1, len(entries)):
        entry, place = entries[i], i
        while place > 0 and keys[feature_of(entries[place - 1])] > keys[feature_of(entry)]:
            entries[place] = entries[place - 1]
            place -= 1
        entries[place] = entry


@helper
def _sort_by_low_half(keys, entries, spare, counts):  # type: ignore[no-untyped-def]
    for i in range(len(entries)):
        feature = feature_of(entries[i])
        entries[i] = (np.uint64(keys[feature]) << _HALF) | np.uint64(feature)
    found, _ = _sort_by_label(entries, spare, counts)
    entries[:] = found


@helper
def _settle(keys, entries, spare, counts):  # type: ignore[no-untyped-def]
    """Entries in the order of the high halves of wide keys: brought to that of whole keys, and labeled by them."""
    start = 0
    while start < len(entries):
        stop = end_of_run(entries, start)
        if stop - start > _SHORT_RUN:
            _sort_by_low_half(keys, entries[start:stop], spare[: stop - start], counts)
        elif stop - start > 1:
            _insert(keys, entries[start:stop])
        label, previous = start, keys[feature_of(entries[start])]
        for i in range(start, stop):
            feature = feature_of(entries[i])
            if keys[feature] != previous:
                label, previous = i, keys[feature]
            entries[i] = (np.uint64(label) << _HALF) | np.uint64(feature)
        start = stop


@helper
def sorted_entries(values, bits, work):  # type: ignore[no-untyped-def]
    """Entries of the measured features of one sample, ascending; of equal values the first feature first."""
    keys, entries, spare, counts = work
    n = _order_preserving_keys(values, bits, keys, entries)
    if n == 0:
        return entries[:0]
    found, other = _sort_by_label(entries, spare, counts)
    if keys.itemsize > 4:
        _settle(keys, found[:n], other, counts)
    return found[:n]


@helper
def _minimum_ranks(entries, ranks):  # type: ignore[no-untyped-def]
    if len(entries) < len(ranks):
        ranks[:] = np.nan
    previous, rank = np.uint64(0), np.float32(1)
    for i in range(len(entries)):
        label = entries[i] >> _HALF
        rank = np.float32(i + 1) if label != previous else rank
        previous = label
        ranks[feature_of(entries[i])] = rank


@helper
def _average_ranks(entries, ranks):  # type: ignore[no-untyped-def]
    if len(entries) < len(ranks):
        ranks[:] = np.nan
    n, start = len(entries), 0
    for stop in range(1, n + 1):
        if stop < n and entries[stop] >> _HALF == entries[start] >> _HALF:
            continue
        rank = np.float32(0.5 * (start + 1 + stop))
        ranks[feature_of(entries[start])] = rank
        for i in range(start + 1, stop):
            ranks[feature_of(entries[i])] = rank
        start = stop


@helper
def _rank_row(entries, ranks, average):  # type: ignore[no-untyped-def]
    """Ranks of one sample into `ranks`, NaN for missing."""
    if average:
        _average_ranks(entries, ranks)
    else:
        _minimum_ranks(entries, ranks)


@entry_point
def rank_rows(rows, ranks, average):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    for sample in range(matrix.shape[0]):
        _rank_row(sorted_entries(matrix[sample], bits[sample], work), ranks[sample], average)


@entry_point
def set_rank_means(rows, columns, offsets, results, average):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    mean_rank, n_measured, n_universe = results
    ranks = np.empty(matrix.shape[1], dtype=np.float32)
    for sample in range(matrix.shape[0]):
        entries = sorted_entries(matrix[sample], bits[sample], work)
        _rank_row(entries, ranks, average)
        n_universe[sample] = len(entries)
        for chosen in range(len(offsets) - 1):
            total, count = 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                rank = ranks[columns[entry]]
                if rank == rank:
                    total += rank
                    count += 1
            n_measured[sample, chosen] = count
            mean_rank[sample, chosen] = total / count if count else np.nan


@helper
def _positions(entries, ranks, places):  # type: ignore[no-untyped-def]
    """Ascending place of every feature, of equal values the first column highest; ranks lose their halves."""
    start = 0
    while start < len(entries):
        stop = end_of_run(entries, start)
        for i in range(start, stop):
            feature = feature_of(entries[i])
            places[feature] = np.float32(stop - (i - start))
            ranks[feature] = np.floor(ranks[feature])
        start = stop


@helper
def _rank_powers(n, exponent):  # type: ignore[no-untyped-def]
    """``r^a`` of whole ranks 0 to `n` in the first row, and of the halves above them in the second."""
    powers = np.empty((2, n + 1))
    for rank in range(n + 1):
        powers[0, rank] = np.float64(rank) ** exponent
        powers[1, rank] = (rank + 0.5) ** exponent
    return powers


@entry_point
def set_enrichment(rows, columns, offsets, scores, how):  # type: ignore[no-untyped-def]
    matrix, bits, work = rows
    exponent, by_position = how
    ranks = np.empty(matrix.shape[1], dtype=np.float32)
    places = np.empty(matrix.shape[1], dtype=np.float32) if by_position else ranks
    powers = _rank_powers(matrix.shape[1], exponent)
    for sample in range(matrix.shape[0]):
        entries = sorted_entries(matrix[sample], bits[sample], work)
        n = len(entries)
        _average_ranks(entries, ranks)
        if by_position:
            _positions(entries, ranks, places)
        for chosen in range(len(offsets) - 1):
            weighted, weight, total, count = 0.0, 0.0, 0.0, 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                rank = ranks[columns[entry]]
                if rank == rank:
                    twice = np.int64(2 * rank)
                    power = powers[twice & 1, twice >> 1]
                    place = np.float64(places[columns[entry]])
                    weighted += place * power
                    weight += power
                    total += place
                    count += 1
            if count == 0 or count == n:
                scores[sample, chosen] = np.nan
            else:
                scores[sample, chosen] = weighted / weight - (n * (n + 1) / 2 - total) / (n - count)


@entry_point
def set_recovery(rows, columns, offsets, areas, top):  # type: ignore[no-untyped-def]
    """Area under the recovery curve of each set among the `top` fraction of each sample, over the largest possible."""
    matrix, bits, work = rows
    gains = np.empty(matrix.shape[1])
    for sample in range(matrix.shape[0]):
        entries = sorted_entries(matrix[sample], bits[sample], work)
        limit = np.int64(np.ceil(top * len(entries)))
        _gains(entries, limit, gains)
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


@helper
def _gains(entries, limit, gains):  # type: ignore[no-untyped-def]
    """Width of the curve to the right of each feature; the mean over the places of a run of equal values."""
    n = len(entries)
    if n < len(gains):
        gains[:] = np.nan
    start = 0
    while start < n:
        stop = end_of_run(entries, start)
        above = n - stop
        inside = max(min(n - start, limit) - above, 0)
        gain = (inside * limit - inside * (2 * above + inside + 1) / 2.0) / (stop - start)
        for i in range(start, stop):
            gains[feature_of(entries[i])] = gain
        start = stop
