"""Activity of a regulator in each sample: the slope of all features on the weights of its targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point

__all__ = ["target_regression"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def target_regression(
    expression: NDArray[Any], columns: IntArray, offsets: IntArray, weights: FloatArray, center: FloatArray
) -> FloatArray:
    """t statistic of the regression of centered values on the weights of the targets, over the features of a sample.

    With ``w`` the weight of a target and 0 elsewhere, ``t = r sqrt((N - 2) / (1 - r^2))``, ``r`` the correlation of
    ``x - center`` with ``w`` over the ``N`` measured features.

    Parameters
    ----------
    expression
        (n_samples, n_features) log values; NaN where not measured.
    columns, offsets
        The targets of each regulator in compressed form.
    weights
        (n_entries,) weight of each target; -1 for a repressed one.
    center
        (n_features,) level of each feature without the regulator: a mean, never zero by default.

    Returns
    -------
    ndarray
        (n_samples, n_regulators); NaN where no target is measured or all features have one value.

    Notes
    -----
    The univariate linear model of Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016.

    Examples
    --------
    >>> x = np.array([[-2.0, -1.8, 0.1, 0.0, -0.1]])
    >>> t = target_regression(x, np.array([0, 1]), np.array([0, 2]), np.array([-1.0, -1.0]), np.zeros(5))
    >>> bool(t[0, 0] > 10)
    True
    """
    t = np.empty((expression.shape[0], len(offsets) - 1))
    targets = (columns, offsets, np.asarray(weights, dtype=np.float64))
    _regress(np.asarray(expression), targets, np.asarray(center, dtype=np.float64), t)
    return t


@entry_point
def _regress(values, targets, center, t):  # type: ignore[no-untyped-def]
    columns, offsets, weights = targets
    for row in range(values.shape[0]):
        n, total, squares = 0, 0.0, 0.0
        for column in range(values.shape[1]):
            value = values[row, column] - center[column]
            if value == value:
                n += 1
                total += value
        mean = total / n if n else np.nan
        for column in range(values.shape[1]):
            value = values[row, column] - center[column]
            if value == value:
                squares += (value - mean) ** 2
        for chosen in range(len(offsets) - 1):
            sum_w, sum_ww, sum_wx = 0.0, 0.0, 0.0
            for entry in range(offsets[chosen], offsets[chosen + 1]):
                value = values[row, columns[entry]] - center[columns[entry]]
                if value == value:
                    sum_w += weights[entry]
                    sum_ww += weights[entry] ** 2
                    sum_wx += weights[entry] * (value - mean)
            spread = sum_ww - sum_w**2 / n if n else 0.0
            if n < 3 or not spread > 0 or not squares > 0:
                t[row, chosen] = np.nan
            else:
                r = sum_wx / np.sqrt(spread * squares)
                t[row, chosen] = r * np.sqrt((n - 2) / max(1.0 - r * r, 1e-300))
