"""Rounding as R rounds, so that a recomputed number can be compared with a published one digit by digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray


def round_decimals(values: ArrayLike, digits: int) -> FloatArray:
    """`values` rounded to `digits` decimals: the nearer of the two candidates, the even one when they are as near.

    Parameters
    ----------
    values
        Numbers; NaN stays.
    digits
        Decimals.

    Returns
    -------
    ndarray
        Same shape.

    Notes
    -----
    The rule of R >= 4.0 (``round``): both candidates are doubles, and the one closer to the value wins. ``np.round``
    multiplies first and so differs where the product rounds to a half.

    Examples
    --------
    >>> round_decimals([0.15, 2.675, -0.285], 2).tolist()
    [0.15, 2.67, -0.28]
    """
    x = np.asarray(values, dtype=np.float64)
    power = 10.0**digits
    low, high = np.floor(x * power), np.ceil(x * power)
    below, above = x - low / power, high / power - x
    upper = (above < below) | ((above == below) & (high % 2 == 0))
    return np.where(upper, high, low) / power


def round_significant(values: ArrayLike, digits: int) -> FloatArray:
    """`values` rounded to `digits` significant digits, halves to the even digit.

    Parameters
    ----------
    values
        Numbers; NaN and 0 stay.
    digits
        Significant digits.

    Returns
    -------
    ndarray
        Same shape.

    Notes
    -----
    The rule of R's ``signif``: scale by a power of ten, round to the nearest integer, scale back.

    Examples
    --------
    >>> round_significant([0.04951, 123.0, 1.25e-7, 0.0], 2).tolist()
    [0.05, 120.0, 1.2e-07, 0.0]
    """
    x = np.asarray(values, dtype=np.float64)
    usable = np.isfinite(x) & (x != 0)
    exponent = digits - 1 - np.floor(np.log10(np.abs(np.where(usable, x, 1.0))))
    power = 10.0 ** np.abs(exponent)
    rounded = np.where(exponent > 0, np.rint(x * power) / power, np.rint(x / power) * power)
    return np.where(usable, rounded, x)
