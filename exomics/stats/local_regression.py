"""Locally weighted regression on one covariate: LOWESS, its weighted form, and curves between fitted points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError
from exomics.stats._lowess_kernels import Points, cleveland_smooth, find_windows, interpolate, weighted_smooth

FloatArray = NDArray[np.float64]


class LowessFit(NamedTuple):
    """A smooth through points, in the order of the points given."""

    fitted: FloatArray
    robustness_weights: FloatArray
    delta: float


class TrendCurve(NamedTuple):
    """A curve of straight pieces: strictly ascending `x` and the heights `y` there."""

    x: FloatArray
    y: FloatArray


def lowess(
    x: ArrayLike, y: ArrayLike, fraction: float = 2 / 3, *, iterations: int = 3, delta: float | None = None
) -> LowessFit:
    """Smooth a scatter plot by robust local lines (LOWESS).

    At an anchor the value is that of a line fitted to its nearest ``fraction * n`` points with tricube weights
    ``(1 - (distance / reach)**3)**3``; between anchors at most ``delta`` apart values are interpolated. Each further
    iteration multiplies the weights by the bisquare ``(1 - (residual / (6 median |residual|))**2)**2``.

    Parameters
    ----------
    x, y
        Coordinates of the points, each of shape (n,); finite.
    fraction
        Share of the points in a window, in (0, 1].
    iterations
        Number of robust iterations after the first fit; 0 is plain least squares.
    delta
        Largest distance between anchors, in units of `x`. Default: 1 % of the range of `x`.

    Raises
    ------
    InputError
        If lengths differ, a value is not finite, or an option is out of range.

    Notes
    -----
    W. S. Cleveland, J. Am. Stat. Assoc. 74, 829 (1979), doi:10.1080/01621459.1979.10481038; results equal ``lowess``
    of R, which returns them sorted by `x`.

    Examples
    --------
    >>> lowess([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], 1.0).fitted.round(6).tolist()
    [2.0, 4.0, 6.0, 8.0]
    """
    points, order = _sorted_points(x, y, None)
    _require_options(fraction, iterations, delta)
    n = order.size
    step = 0.01 * (points.x[-1] - points.x[0]) if delta is None else float(delta)
    n_window = max(2, min(n, int(fraction * n + 1e-7)))
    fitted, robustness = points.y, points.weights
    if n > 1:
        fitted, robustness = cleveland_smooth(points, n_window, step, iterations)
    return LowessFit(_unsorted(fitted, order), _unsorted(robustness, order), step)


def weighted_lowess(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    span: float = 0.3,
    iterations: int = 4,
    delta: float | None = None,
    n_anchors: int = 200,
) -> LowessFit:
    """Smooth a scatter plot by robust local lines, each point counting as often as its weight says.

    As `lowess`, with prior weights in the lines, in the windows (the nearest points that together hold ``span`` of all
    weight) and in the median residual.

    Parameters
    ----------
    x, y, weights
        Coordinates and non-negative prior weights (default 1), each of shape (n,).
    span
        Share of the total weight in a window, in (0, 1].
    iterations
        Number of fits: 1 is plain least squares, each further one is robust.
    delta
        Largest distance between anchors. Default: the smallest that leaves at most `n_anchors` of them.
    n_anchors
        Approximate number of anchors when `delta` is not given.

    Raises
    ------
    InputError
        If lengths differ, a value is not finite, a weight is negative, or an option is out of range.

    Notes
    -----
    Same definition as ``weightedLowess`` of limma (its `span`, `iterations`, `delta`, `npts`).

    Examples
    --------
    >>> weighted_lowess([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 1.0], span=1.0).fitted.round(6).tolist()
    [1.0, 2.0, 3.0]
    """
    points, order = _sorted_points(x, y, weights)
    _require_options(span, iterations, delta)
    if iterations < 1 or order.size < 2:
        raise InputError(f"weighted_lowess needs at least 1 iteration and 2 points; got {iterations} and {order.size}.")
    step = _anchor_distance(points.x, n_anchors) if delta is None else float(delta)
    windows = find_windows(points.x, points.weights, span * points.weights.sum(), step)
    fitted, robustness = weighted_smooth(points, windows, iterations)
    return LowessFit(_unsorted(fitted, order), _unsorted(robustness, order), step)


def choose_lowess_span(n: int, small_n: int = 50, min_span: float = 0.3, power: float = 1 / 3) -> float:
    """Width of a window as a share of the points: wide for few points, narrowing to `min_span` for many.

    ``min(1, min_span + (1 - min_span) * (small_n / n)**power)``, as limma's ``chooseLowessSpan``.

    Examples
    --------
    >>> choose_lowess_span(50), round(choose_lowess_span(20000), 4)
    (1.0, 0.395)
    """
    if n < 1:
        raise InputError(f"the number of points must be at least 1; got {n}.")
    return float(min(1.0, min_span + (1.0 - min_span) * (small_n / n) ** power))


def trend_curve(x: ArrayLike, y: ArrayLike) -> TrendCurve:
    """The curve through the points of a smooth: sorted by `x`, heights averaged where `x` repeats.

    Examples
    --------
    >>> trend_curve([2.0, 1.0, 2.0], [4.0, 0.0, 6.0]).y.tolist()
    [0.0, 5.0]
    """
    points, _ = _sorted_points(x, y, None)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(points.x) > 0]))
    if starts.size == points.x.size:
        return TrendCurve(points.x, points.y)
    counts = np.diff(np.append(starts, points.x.size))
    return TrendCurve(points.x[starts], np.add.reduceat(points.y, starts) / counts)


def evaluate_curve(curve: TrendCurve, at: ArrayLike) -> FloatArray:
    """Heights of a curve at `at` (any shape): straight between its points, flat beyond its ends.

    Examples
    --------
    >>> evaluate_curve(trend_curve([0.0, 1.0], [0.0, 10.0]), [-1.0, 0.25, 7.0]).tolist()
    [0.0, 2.5, 10.0]
    """
    heights = np.array(at, dtype=np.float64, order="C")
    interpolate(curve.x, curve.y, heights.reshape(-1))
    return heights


def _sorted_points(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> tuple[Points, NDArray[np.int64]]:
    across, up = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    prior = np.ones(across.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if across.ndim != 1 or across.shape != up.shape or across.shape != prior.shape or across.size == 0:
        raise InputError(
            f"x, y and weights must be vectors of one length; got {across.shape}, {up.shape}, {prior.shape}."
        )
    if not (np.isfinite(across).all() and np.isfinite(up).all() and np.isfinite(prior).all()):
        raise InputError("x, y and weights must be finite; drop missing points before smoothing.")
    if prior.min() < 0 or prior.max() <= 0:
        raise InputError("weights must be non-negative and not all zero.")
    order = np.argsort(across, kind="stable")
    return Points(across[order], up[order], prior[order]), order


def _require_options(span: float, iterations: int, delta: float | None) -> None:
    if not 0 < span <= 1:
        raise InputError(f"the window must be a share in (0, 1]; got {span}.")
    if iterations < 0:
        raise InputError(f"iterations must not be negative; got {iterations}.")
    if delta is not None and not delta >= 0:
        raise InputError(f"delta must not be negative; got {delta}.")


def _unsorted(values: FloatArray, order: NDArray[np.int64]) -> FloatArray:
    restored = np.empty_like(values)
    restored[order] = values
    return restored


def _anchor_distance(x: FloatArray, n_anchors: int) -> float:
    """Smallest gap that leaves at most `n_anchors` anchors, if the widest gaps are crossed by single steps."""
    if n_anchors < 1:
        raise InputError(f"the number of anchors must be at least 1; got {n_anchors}.")
    if n_anchors >= x.size:
        return 0.0
    covered = np.cumsum(np.sort(np.diff(x)))
    n_jumps = np.arange(n_anchors)
    return float(np.min(covered[covered.size - 1 - n_jumps] / (n_anchors - n_jumps)))
