"""Natural cubic regression splines on one covariate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = ["NaturalSpline", "fit_natural_spline", "natural_spline_basis", "natural_spline_knots"]

FloatArray = NDArray[np.float64]


class NaturalSpline(NamedTuple):
    """A least-squares natural spline: knots and coefficients (df,), fitted (n,), rank and residual sum of squares."""

    knots: FloatArray
    coefficients: FloatArray
    fitted: FloatArray
    rank: int
    residual_sum_of_squares: float


def natural_spline_knots(x: ArrayLike, df: int) -> FloatArray:
    """Boundary knots at the range of x and ``df - 2`` interior knots at equally spaced quantiles.

    Parameters
    ----------
    x
        Argument, (n,).
    df
        Number of coefficients, at least 2.

    Returns
    -------
    ndarray
        (df,), ascending.

    Examples
    --------
    >>> natural_spline_knots([0.0, 1.0, 2.0, 3.0], 4).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    values = np.asarray(x, dtype=np.float64)
    if df < 2:
        raise InputError(f"A natural spline has at least 2 degrees of freedom (a straight line); got {df}.")
    interior = np.quantile(values, np.linspace(0.0, 1.0, df)[1:-1])
    low, high = values.min(), values.max()
    return np.concatenate([[low], interior[(interior > low) & (interior < high)], [high]])


def natural_spline_basis(x: ArrayLike, knots: ArrayLike) -> FloatArray:
    """Basis of the cubic splines that are straight beyond the outer knots, intercept included.

    Parameters
    ----------
    x
        Points, shape (n,), inside or outside the outer knots.
    knots
        Ascending knots, shape (k,), the first and the last being the boundary.

    Returns
    -------
    ndarray
        Shape (n, k): B-splines projected on the space with zero second derivative at both boundaries.

    Notes
    -----
    Spans the same space as ``splines::ns(x, knots=..., intercept=TRUE)`` of R; interior knots that coincide with a
    boundary are to be dropped beforehand.

    Examples
    --------
    >>> natural_spline_basis([0.0, 1.0, 5.0], [0.0, 1.0, 2.0]).shape
    (3, 3)
    """
    points, ascending = np.asarray(x, dtype=np.float64), np.asarray(knots, dtype=np.float64)
    low, high = ascending[0], ascending[-1]
    full = np.concatenate([np.repeat(low, 3), ascending, np.repeat(high, 3)])
    curvature = _b_splines(np.array([low, high]), full, 3, derivative=2)
    free = np.linalg.qr(curvature, mode="complete")[0][:, 2:]
    nearest = np.clip(points, low, high)
    splines = _b_splines(nearest, full, 3)
    outside = np.flatnonzero(points != nearest)
    if outside.size:
        beyond = (points - nearest)[outside]
        splines[:, outside] += beyond * _b_splines(nearest[outside], full, 3, derivative=1)
    return np.asarray(splines.T @ free)


def _b_splines(x: FloatArray, knots: FloatArray, degree: int, *, derivative: int = 0) -> FloatArray:
    """B-splines on `knots` (repeated at the ends), or a derivative, at points between them: (n_knots - degree - 1, n).

    The recursion of Cox and de Boor, written here because scipy.interpolate takes longer to import than to use.
    """
    if degree == 0:
        last = int(np.flatnonzero(np.diff(knots) > 0)[-1])
        interval = np.minimum(np.searchsorted(knots, x, side="right") - 1, last)
        return (interval == np.arange(knots.size - 1)[:, None]).astype(np.float64)
    width = knots[degree:] - knots[:-degree]
    inverse = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)[:, None]
    if derivative:
        steep = degree * inverse * _b_splines(x, knots, degree - 1, derivative=derivative - 1)
        return steep[:-1] - steep[1:]
    lower = inverse * _b_splines(x, knots, degree - 1)
    rising, falling = x - knots[: -degree - 1, None], knots[degree + 1 :, None] - x
    return rising * lower[:-1] + falling * lower[1:]


def fit_natural_spline(x: ArrayLike, y: ArrayLike, df: int) -> NaturalSpline:
    """Fit a natural cubic spline with `df` coefficients by least squares.

    Parameters
    ----------
    x, y
        Argument and value, (n,).
    df
        Number of coefficients, at least 2.

    Returns
    -------
    NaturalSpline
        With fitted values in the order of `x`.

    Examples
    --------
    >>> fit_natural_spline([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0], 2).fitted.round(6).tolist()
    [1.0, 3.0, 5.0, 7.0]
    """
    knots = natural_spline_knots(x, df)
    basis = natural_spline_basis(x, knots)
    values = np.asarray(y, dtype=np.float64)
    coefficients, _, rank, _ = np.linalg.lstsq(basis, values, rcond=1e-7)
    fitted: FloatArray = basis @ coefficients
    residuals = values - fitted
    return NaturalSpline(
        knots, np.asarray(coefficients, dtype=np.float64), fitted, int(rank), float(residuals @ residuals)
    )
