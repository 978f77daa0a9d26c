"""Compiled kernels of `exomics.stats.gene_set_variation`: smoothed distribution functions, and walks down a ranking."""

from __future__ import annotations

import numpy as np
from numba import njit

from exomics.stats._rank_kernels import end_of_run, feature_of, sorted_entries

TILE = 64
GRAIN = 2.0**40  # distributions are rounded to 1 / GRAIN, so that the order of the samples cannot break or make a tie


@njit(cache=True)
def kernel_distributions(values, sample, sds, tables, result):  # type: ignore[no-untyped-def]
    """Smoothed distribution function of every feature of `sample` at `values`; constant features are NaN."""
    n_samples, n_features = values.shape
    points, knots = np.empty(n_samples), np.empty(sample.shape[0])
    tile = np.empty((TILE, n_samples))
    table, derivatives, nodes, direct_up_to = tables
    for start in range(0, n_features, TILE):
        stop = min(start + TILE, n_features)
        for feature in range(start, stop):
            width = sds[feature] / 4
            n_knots = _measured(sample, feature, knots)
            for row in range(n_samples):
                points[row] = values[row, feature]
            if not width > 0 or n_knots == 0:
                tile[feature - start] = np.nan
            elif n_knots <= direct_up_to:
                _directly(points, knots[:n_knots], width, table, tile[feature - start])
            else:
                _by_expansion(points, knots[:n_knots], width, (derivatives, nodes), tile[feature - start])
        for row in range(n_samples):
            for feature in range(start, stop):
                result[row, feature] = np.rint(tile[feature - start, row] * GRAIN) / GRAIN


@njit(cache=True)
def _measured(sample, feature, knots):  # type: ignore[no-untyped-def]
    n = 0
    for row in range(sample.shape[0]):
        value = sample[row, feature]
        if value == value:
            knots[n] = value
            n += 1
    return n


@njit(cache=True)
def _directly(points, knots, width, table, found):  # type: ignore[no-untyped-def]
    """Mean over the knots of the normal distribution, read from a table by the truncated number of its step."""
    last = len(table) - 1
    for at in range(len(points)):
        total = 0.0
        for knot in knots:
            deviate = (points[at] - knot) / width
            size = abs(deviate)
            tail = table[int(size / 10.0 * last)] if size <= 10.0 else 1.0
            total += tail if deviate >= 0 else 1.0 - tail
        found[at] = total / len(knots) if points[at] == points[at] else np.nan


@njit(cache=True)
def _by_expansion(points, knots, width, grid, found):  # type: ignore[no-untyped-def]
    """The same mean by moments of the knots in cells, a convolution on the nodes, and quintic pieces between them."""
    derivatives, nodes = grid
    cell = 0.25
    low = np.inf
    high = -np.inf
    for knot in knots:
        low, high = min(low, knot), max(high, knot)
    origin = low / width - 1.5 * cell
    n_nodes = int((high / width - origin) / cell) + 3
    n_orders, n_moments, n_lags = derivatives.shape
    moments = np.zeros((n_moments, n_nodes))
    for knot in knots:
        place = (knot / width - origin) / cell
        node = int(place + 0.5)
        offset, power = (place - node) * cell, 1.0
        for order in range(n_moments):
            moments[order, node] += power
            power *= offset
    _convolve(moments, derivatives, nodes[:, :n_nodes])
    for at in range(len(points)):
        if points[at] == points[at]:
            place = (points[at] / width - origin) / cell
            node = int(place)
            found[at] = _quintic(nodes, node, place - node, cell) / len(knots)
        else:
            found[at] = np.nan


@njit(cache=True)
def _convolve(moments, derivatives, nodes):  # type: ignore[no-untyped-def]
    """Value, slope and curvature on every node, from the moments of the knots within reach and the number below."""
    n_orders, n_moments, n_lags = derivatives.shape
    n_nodes = moments.shape[1]
    reach = n_lags // 2
    nodes[:] = 0.0
    below = 0.0
    for node in range(reach + 1, n_nodes):
        below += moments[0, node - reach - 1]
        nodes[0, node] = below
    for order in range(n_orders):
        for moment in range(n_moments):
            for lag in range(n_lags):
                weight = derivatives[order, moment, lag]
                shift = lag - reach
                for node in range(max(0, shift), min(n_nodes, n_nodes + shift)):
                    nodes[order, node] += weight * moments[moment, node - shift]


@njit(cache=True)
def _quintic(nodes, node, t, cell):  # type: ignore[no-untyped-def]
    """The quintic that has value, slope and curvature of two neighboring nodes, at the fraction `t` between them."""
    f0, d0, c0 = nodes[0, node], nodes[1, node] * cell, nodes[2, node] * cell * cell
    f1, d1, c1 = nodes[0, node + 1], nodes[1, node + 1] * cell, nodes[2, node + 1] * cell * cell
    rise = f1 - f0 - d0 - 0.5 * c0
    slope = d1 - d0 - c0
    curve = c1 - c0
    cubic = 10 * rise - 4 * slope + 0.5 * curve
    quartic = -15 * rise + 7 * slope - curve
    fifth = 6 * rise - 3 * slope + 0.5 * curve
    return f0 + t * (d0 + t * (0.5 * c0 + t * (cubic + t * (quartic + t * fifth))))


@njit(cache=True)
def walk_rankings(rows, columns, offsets, scores, how):  # type: ignore[no-untyped-def]
    """Largest deviations of the running sum of each set down the descending ranking of each sample."""
    matrix, bits, work = rows
    exponent, is_difference = how
    n_features = matrix.shape[1]
    starts, stops = np.empty(n_features, dtype=np.int64), np.empty(n_features, dtype=np.int64)
    largest = 0
    for chosen in range(len(offsets) - 1):
        largest = max(largest, offsets[chosen + 1] - offsets[chosen])
    places = np.empty((largest, 2), dtype=np.int64)
    for sample in range(matrix.shape[0]):
        entries = sorted_entries(matrix[sample], bits[sample], work)
        _runs(entries, starts, stops)
        for chosen in range(len(offsets) - 1):
            k = 0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                column = columns[entry]
                if matrix[sample, column] == matrix[sample, column]:
                    places[k, 0], places[k, 1] = starts[column], stops[column]
                    k += 1
            scores[sample, chosen] = _deviation(places[:k], len(entries), exponent, is_difference)


@njit(cache=True)
def _runs(entries, starts, stops):  # type: ignore[no-untyped-def]
    """First place, and place after the last, of the run of equal values of each feature, from the top."""
    n, start = len(entries), 0
    while start < n:
        stop = end_of_run(entries, start)
        for i in range(start, stop):
            feature = feature_of(entries[i])
            starts[feature], stops[feature] = n - stop, n - start
        start = stop


@njit(cache=True)
def _deviation(places, n, exponent, is_difference):  # type: ignore[no-untyped-def]
    """Of members at `places`; the running sum is read between runs of equal values only."""
    k = len(places)
    if k == 0 or k == n:
        return np.nan
    first, last = np.sort(places[:, 0]), np.sort(places[:, 1])
    total = 0.0
    for j in range(k):
        total += _weight(first[j], last[j], n, exponent)
    if total == 0:
        return np.nan
    step = 1.0 / (n - k)
    highest, lowest, inside = 0.0, 0.0, 0.0
    j = 0
    while j < k:
        lowest = min(lowest, inside / total - (first[j] - j) * step)
        start = first[j]
        while j < k and first[j] == start:
            inside += _weight(first[j], last[j], n, exponent)
            j += 1
        highest = max(highest, inside / total - (last[j - 1] - j) * step)
    if is_difference:
        return highest + lowest
    return highest if highest > -lowest else lowest


@njit(cache=True)
def _weight(start, stop, n, exponent):  # type: ignore[no-untyped-def]
    """Distance of a rank from the middle; that of the mean rank of a run."""
    size = abs(n - 0.5 * (start + stop - 1) - 0.5 * n)
    return size if exponent == 1.0 else size**exponent
