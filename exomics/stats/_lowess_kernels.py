"""Compiled loops of local regression: lines in sliding windows, robustness weights, pieces between anchors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper

FloatArray = NDArray[np.float64]

_NEGLIGIBLE = 1e-7


class Points(NamedTuple):
    x: FloatArray
    y: FloatArray
    weights: FloatArray


class Windows(NamedTuple):
    anchors: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    reach: FloatArray


class _LocalLine(NamedTuple):
    total: float
    mean_x: float
    mean_y: float
    spread: float
    joint: float


@helper
def _local_line(points: Points, at: float, reach: float, trim: float, buffer: FloatArray) -> _LocalLine:
    """Weighted moments of the points around `at`; distances within `trim` of 0 or 1 (in reaches) count as 0 or 1."""
    x, y, weights = points
    scale = 1.0 / reach if reach > 0.0 else 0.0
    for i in range(x.size):
        ratio = abs(x[i] - at) * scale
        rest = 1.0 - ratio * ratio * ratio
        tricube = rest * rest * rest
        tricube = 1.0 if ratio <= trim else tricube
        buffer[i] = weights[i] * (0.0 if ratio > 1.0 - trim else tricube)
    total = mean_x = mean_y = 0.0
    for i in range(x.size):
        total += buffer[i]
        mean_x += buffer[i] * x[i]
        mean_y += buffer[i] * y[i]
    mean_x = mean_x / total if total > 0.0 else 0.0
    mean_y = mean_y / total if total > 0.0 else 0.0
    spread = joint = 0.0
    for i in range(x.size):
        moved = buffer[i] * (x[i] - mean_x)
        spread += moved * (x[i] - mean_x)
        joint += moved * (y[i] - mean_y)
    return _LocalLine(total, mean_x, mean_y, spread, joint)


@entry_point
def _cleveland_pass(points: Points, n_window: int, delta: float, fitted: FloatArray) -> None:
    """One fit: local lines at anchors at most `delta` apart, straight pieces between them."""
    x, y, weights = points
    n = x.size
    buffer = np.empty(n)
    left, previous, i = 0, -1, 0
    while previous < n - 1:
        while left + n_window < n and x[i] - x[left] > x[left + n_window] - x[i]:
            left += 1
        end = left + n_window
        reach = max(x[i] - x[left], x[end - 1] - x[i])
        while end < n and x[end] - x[i] <= 0.999 * reach:
            end += 1
        window = Points(x[left:end], y[left:end], weights[left:end])
        line = _local_line(window, x[i], reach, 0.001, buffer)
        fitted[i] = line.mean_y if line.total > 0.0 else y[i]
        if reach > 0.0 and line.total > 0.0 and np.sqrt(line.spread / line.total) > 0.001 * (x[n - 1] - x[0]):
            fitted[i] += (x[i] - line.mean_x) * line.joint / line.spread
        for j in range(previous + 1, i):
            share = (x[j] - x[previous]) / (x[i] - x[previous])
            fitted[j] = share * fitted[i] + (1.0 - share) * fitted[previous]
        previous = i
        i += 1
        while i < n and x[i] <= x[previous] + delta:
            if x[i] == x[previous]:
                fitted[i] = fitted[previous]
                previous = i
            i += 1
        i = max(previous + 1, i - 1)


def _bisquare(residuals: FloatArray, scale: float, trim: float) -> FloatArray:
    """Robustness weights of absolute residuals; those within `trim` of 0 or 1 (in scales) count as 0 or 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = (1.0 - (residuals / scale) ** 2) ** 2
    weights[residuals > (1.0 - trim) * scale] = 0.0
    weights[residuals <= trim * scale] = 1.0
    return weights


def cleveland_smooth(points: Points, n_window: int, delta: float, iterations: int) -> tuple[FloatArray, FloatArray]:
    """Fit, then `iterations` robust fits; returns fitted values and the robustness weights of the last."""
    fitted, robustness = points.y.copy(), np.ones(points.x.size)
    for iteration in range(iterations + 1):
        _cleveland_pass(Points(points.x, points.y, robustness), n_window, delta, fitted)
        residuals = np.abs(points.y - fitted)
        scale = 6.0 * np.median(residuals)
        if iteration == iterations or scale < _NEGLIGIBLE * residuals.mean():
            break
        robustness = _bisquare(residuals, scale, 0.001)
    return fitted, robustness


@helper
def _anchors(x: FloatArray, delta: float) -> NDArray[np.int64]:
    """First and last point, and between them every point more than `delta` beyond the anchor before."""
    chosen, count = np.zeros(x.size, np.int64), 1
    for i in range(1, x.size - 1):
        if x[i] - x[chosen[count - 1]] > delta:
            chosen[count] = i
            count += 1
    chosen[count] = x.size - 1
    return chosen[: count + 1]


@entry_point
def find_windows(x: FloatArray, weights: FloatArray, needed: float, delta: float) -> Windows:
    """For each anchor the nearest points that together weigh at least `needed`, with ties at both edges."""
    anchors = _anchors(x, delta)
    first, last, reach = np.zeros_like(anchors), np.zeros_like(anchors), np.zeros(anchors.size)
    n = x.size
    for k in range(anchors.size):
        at, left, right = x[anchors[k]], anchors[k], anchors[k]
        weight = weights[left]
        while weight < needed and (left > 0 or right < n - 1):
            if right == n - 1 or (left > 0 and at - x[left - 1] < x[right + 1] - at):
                left -= 1
                weight += weights[left]
                reach[k] = max(reach[k], at - x[left])
            else:
                right += 1
                weight += weights[right]
                reach[k] = max(reach[k], x[right] - at)
        while left > 0 and x[left - 1] == x[left]:
            left -= 1
        while right < n - 1 and x[right + 1] == x[right]:
            right += 1
        first[k], last[k] = left, right
    return Windows(anchors, first, last, reach)


@entry_point
def _weighted_pass(points: Points, windows: Windows, fitted: FloatArray) -> None:
    x, y, weights = points
    buffer = np.empty(x.size)
    step = _NEGLIGIBLE * (x[-1] - x[0]) / x.size
    for k in range(windows.anchors.size):
        i, reach = windows.anchors[k], windows.reach[k]
        cut = slice(windows.first[k], windows.last[k] + 1)
        line = _local_line(Points(x[cut], y[cut], weights[cut]), x[i], max(reach, 0.0), 0.0, buffer)
        if line.total > 0.0:
            fitted[i] = line.mean_y
        if reach >= _NEGLIGIBLE and line.spread >= _NEGLIGIBLE:
            fitted[i] += (x[i] - line.mean_x) * line.joint / line.spread
        before = windows.anchors[max(k - 1, 0)]
        gap = x[i] - x[before]
        for j in range(before + 1, i):
            share = (x[j] - x[before]) / gap if gap > step else 0.5
            fitted[j] = fitted[before] + share * (fitted[i] - fitted[before])


def _weighted_median_scale(residuals: FloatArray, weights: FloatArray) -> float:
    """Six times the weighted median of absolute residuals (midpoint on an exact half)."""
    order = np.argsort(residuals)
    covered = np.cumsum(weights[order])
    half = weights.sum() / 2.0
    k = int(np.searchsorted(covered, half))
    if covered[k] == half and k + 1 < order.size:
        return float(3.0 * (residuals[order[k]] + residuals[order[k + 1]]))
    return float(6.0 * residuals[order[k]])


def weighted_smooth(points: Points, windows: Windows, iterations: int) -> tuple[FloatArray, FloatArray]:
    """`iterations` fits, all but the first robust; returns fitted values and the robustness weights that follow."""
    fitted, robustness = np.zeros(points.x.size), np.ones(points.x.size)
    for _ in range(iterations):
        _weighted_pass(Points(points.x, points.y, points.weights * robustness), windows, fitted)
        residuals = np.abs(points.y - fitted)
        scale = _weighted_median_scale(residuals, points.weights)
        if scale <= _NEGLIGIBLE * residuals.mean():
            break
        robustness = _bisquare(residuals, scale, 0.0)
    return fitted, robustness


@entry_point
def interpolate(knots: FloatArray, heights: FloatArray, values: FloatArray) -> None:
    """Replace each of `values` by the height of the polyline there, flat beyond its ends; NaN stays.

    A table over equal cells holds the first knot of each, so a look-up searches few of them.
    """
    last = knots.size - 1
    n_cells = 2 * knots.size
    low, scale = knots[0], n_cells / (knots[last] - knots[0]) if last > 0 else 0.0
    first = np.zeros(n_cells + 2, np.int64)
    k = 0
    for cell in range(n_cells + 2):
        while k < last and (knots[k + 1] - low) * scale < cell:
            k += 1
        first[cell] = k
    for i in range(values.size):
        value = values[i]
        if value <= low:
            values[i] = heights[0]
        elif value >= knots[last]:
            values[i] = heights[last]
        elif value == value:
            cell = int((value - low) * scale)
            left, right = first[cell], min(first[cell + 1] + 1, last)
            while right - left > 1:
                middle = (left + right) // 2
                if knots[middle] <= value:
                    left = middle
                else:
                    right = middle
            share = (value - knots[left]) / (knots[left + 1] - knots[left])
            values[i] = heights[left] + (heights[left + 1] - heights[left]) * share
