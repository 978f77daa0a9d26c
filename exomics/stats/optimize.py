"""Brent's one-dimensional minimizer and root finder with the stopping rules of the Netlib routines.

Published analyses that were run in R stop where ``optimize`` and ``uniroot`` stop, so a recipe that reproduces them
needs the same iterates, not only the same optimum.  Both functions are plain Python and have a compiled twin for
use inside numba kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

__all__ = [
    "DEFAULT_TOLERANCE",
    "find_root",
    "find_root_compiled",
    "minimize_bounded",
    "minimize_bounded_compiled",
]

_MACHINE_EPSILON = float(np.finfo(np.float64).eps)
ROOT_EPSILON = math.sqrt(_MACHINE_EPSILON)
GOLDEN = (3.0 - math.sqrt(5.0)) * 0.5

#: Default tolerance of R's ``optimize``: machine epsilon to the power 1/4.
DEFAULT_TOLERANCE = _MACHINE_EPSILON**0.25


@njit(cache=True)
def _parabola(
    best: tuple[float, float], second: tuple[float, float], third: tuple[float, float]
) -> tuple[float, float]:
    """Vertex of the parabola through three points: numerator and denominator of the step from `best`."""
    x, fx = best
    w, fw = second
    v, fv = third
    r = (x - w) * (fx - fv)
    q = (x - v) * (fx - fw)
    p = (x - v) * q - (x - w) * r
    q = (q - r) * 2.0
    if q > 0.0:
        return -p, q
    return p, -q


@njit(cache=True)
def minimizer_step(
    bracket: tuple[float, float],
    points: tuple[tuple[float, float], tuple[float, float], tuple[float, float]],
    steps: tuple[float, float],
    smallest: float,
) -> tuple[float, float]:
    """Return the next step from the best point and the length that guards the following parabola."""
    low, high = bracket
    x = points[0][0]
    middle = (low + high) * 0.5
    step, before = steps
    p = 0.0
    q = 0.0
    guard = 0.0
    if abs(before) > smallest:
        p, q = _parabola(points[0], points[1], points[2])
        guard = before
        before = step
    if abs(p) >= abs(q * 0.5 * guard) or p <= q * (low - x) or p >= q * (high - x):
        before = high - x if x < middle else low - x
        return GOLDEN * before, before
    step = p / q
    trial = x + step
    if trial - low < 2.0 * smallest or high - trial < 2.0 * smallest:
        step = smallest if x < middle else -smallest
    return step, before


@njit(cache=True)
def update_points(
    points: tuple[tuple[float, float], tuple[float, float], tuple[float, float]],
    bracket: tuple[float, float],
    trial: tuple[float, float],
) -> tuple[tuple[tuple[float, float], tuple[float, float], tuple[float, float]], tuple[float, float]]:
    """Put an evaluated point among the three best and shrink the bracket around the best."""
    best, second, third = points
    low, high = bracket
    u, fu = trial
    if fu <= best[1]:
        bracket = (low, best[0]) if u < best[0] else (best[0], high)
        return (trial, best, second), bracket
    bracket = (u, high) if u < best[0] else (low, u)
    if fu <= second[1] or second[0] == best[0]:
        return (best, trial, second), bracket
    if fu <= third[1] or third[0] == best[0] or third[0] == second[0]:
        return (best, second, trial), bracket
    return (best, second, third), bracket


def minimize_bounded(
    function: Callable[..., float],
    lower: float,
    upper: float,
    tolerance: float = DEFAULT_TOLERANCE,
    arguments: tuple[Any, ...] = (),
) -> float:
    """Minimize a function of one variable on an interval by golden section and successive parabolas.

    Parameters
    ----------
    function
        Called as ``function(x, *arguments)``.
    lower, upper
        Ends of the interval; the function is never evaluated at them.
    tolerance
        The search stops when the minimizer is known to about ``sqrt(eps) * abs(x) + tolerance / 3``.
    arguments
        Further arguments of the function.

    Returns
    -------
    float
        The abscissa of the lowest value met.

    Notes
    -----
    The sequence of evaluated points is that of Netlib's ``fmin`` and therefore of R's ``optimize``.
    :func:`minimize_bounded_compiled` is the same function compiled by numba; its `function` must be compiled too.

    References
    ----------
    Brent, R. P. (1973). Algorithms for Minimization without Derivatives, chapter 5. ISBN 0-13-022335-2.

    Examples
    --------
    >>> round(minimize_bounded(lambda x: (x - 1 / 3) ** 2, 0.0, 1.0), 7)
    0.3333333
    """
    x = lower + GOLDEN * (upper - lower)
    start = (x, function(x, *arguments))
    points = (start, start, start)
    bracket = (lower, upper)
    steps = (0.0, 0.0)
    while True:
        x = points[0][0]
        smallest = ROOT_EPSILON * abs(x) + tolerance / 3.0
        if abs(x - (bracket[0] + bracket[1]) * 0.5) <= 2.0 * smallest - (bracket[1] - bracket[0]) * 0.5:
            return x
        steps = minimizer_step(bracket, points, steps, smallest)
        step = steps[0]
        if abs(step) < smallest:
            step = smallest if step > 0.0 else -smallest
        trial = x + step
        points, bracket = update_points(points, bracket, (trial, function(trial, *arguments)))


@njit(cache=True)
def _root_step(
    previous: tuple[float, float], best: tuple[float, float], other: tuple[float, float], smallest: float
) -> float:
    """Return the step from `best`: interpolated where that is safe, otherwise half the bracket."""
    a, fa = previous
    b, fb = best
    c, fc = other
    step = (c - b) / 2.0
    if abs(b - a) >= smallest and abs(fa) > abs(fb):
        width = c - b
        if a == c:
            t1 = fb / fa
            p = width * t1
            q = 1.0 - t1
        else:
            q = fa / fc
            t1 = fb / fc
            t2 = fb / fa
            p = t2 * (width * q * (q - t1) - (b - a) * (t1 - 1.0))
            q = (q - 1.0) * (t1 - 1.0) * (t2 - 1.0)
        if p > 0.0:
            q = -q
        else:
            p = -p
        if p < 0.75 * width * q - abs(smallest * q) / 2.0 and p < abs((b - a) * q / 2.0):
            step = p / q
    if abs(step) < smallest:
        step = smallest if step > 0.0 else -smallest
    return step


def find_root(
    function: Callable[..., float],
    ends: tuple[float, float],
    values: tuple[float, float],
    tolerance: float,
    arguments: tuple[Any, ...] = (),
) -> float:
    """Find a root in a bracket by Brent's mixture of bisection, secant and inverse quadratic interpolation.

    Parameters
    ----------
    function
        Called as ``function(x, *arguments)``.
    ends
        The two ends of the bracket.
    values
        Function values at the two ends, of opposite sign (or zero).
    tolerance
        The root is returned when it is known to ``2 * eps * abs(root) + tolerance / 2``.
    arguments
        Further arguments of the function.

    Returns
    -------
    float
        The root.

    Notes
    -----
    The iterates are those of Netlib's ``zeroin`` and therefore of R's ``uniroot`` (at most 1,000 evaluations).
    :func:`find_root_compiled` is the same function compiled by numba; its `function` must be compiled too.

    References
    ----------
    Brent, R. P. (1973). Algorithms for Minimization without Derivatives, chapter 4. ISBN 0-13-022335-2.

    Examples
    --------
    >>> round(find_root(lambda x: x * x - 2.0, (0.0, 2.0), (-2.0, 2.0), 1e-12), 10)
    1.4142135624
    """
    previous = (ends[0], values[0])
    best = (ends[1], values[1])
    other = previous
    if previous[1] == 0.0:
        return previous[0]
    for _ in range(1000):
        if abs(other[1]) < abs(best[1]):
            previous, best, other = best, other, best
        smallest = 2.0 * _MACHINE_EPSILON * abs(best[0]) + tolerance / 2.0
        if abs(other[0] - best[0]) / 2.0 <= smallest or best[1] == 0.0:
            break
        step = _root_step(previous, best, other, smallest)
        previous = best
        x = best[0] + step
        best = (x, function(x, *arguments))
        if (best[1] > 0.0 and other[1] > 0.0) or (best[1] < 0.0 and other[1] < 0.0):
            other = previous
    return best[0]


minimize_bounded_compiled = njit(cache=True)(minimize_bounded)
find_root_compiled = njit(cache=True)(find_root)
