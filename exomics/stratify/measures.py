"""How well held-out probabilities tell classes apart, fold by fold, and the interval that folds in common allow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from exomics.stats.discrimination import area_under_curve
from exomics.stratify.search import log_losses

__all__ = ["MEASURES", "Interval", "corrected_interval", "fold_measures"]

FloatArray = NDArray[np.float64]

#: The measures of a fold, in order.
MEASURES = ("auc", "brier", "log_loss", "balanced_error")


class Interval(NamedTuple):
    """Mean over folds and its interval, three numbers of the shape of one measure (n_measures,)."""

    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray


def fold_measures(probability: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """The measures of one test part.

    ``brier = mean (p - y)^2``; ``log_loss = -mean log p(y)``; ``balanced_error`` = mean of the two classes' error rates
    when ``p > 0.5`` means positive; AUC with ties counting one half.

    Parameters
    ----------
    probability
        (n_test,) probabilities of class 1.
    labels
        (n_test,) 0 or 1.

    Returns
    -------
    ndarray
        (4,) in the order of :data:`MEASURES`; NaN where a class is absent.

    Notes
    -----
    AUC: DeLong et al. (1988), doi:10.2307/2531595; Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Examples
    --------
    >>> fold_measures(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])).round(4).tolist()
    [0.75, 0.1581, 0.4723, 0.25]
    """
    called = probability > 0.5
    errors = [np.mean(called[labels == value] != value) if (labels == value).any() else np.nan for value in (0, 1)]
    both = len(np.unique(labels)) == 2
    auc = area_under_curve(probability, labels).estimate[0] if both else np.nan
    brier = np.mean((probability - labels) ** 2)
    return np.array([auc, brier, np.mean(log_losses(probability, labels)), np.mean(errors)])


def corrected_interval(values: FloatArray, n_folds: int, *, level: float = 0.95) -> Interval:
    """Mean over repeated folds with the variance of Nadeau and Bengio.

    ``variance = s^2 (1 / J + n_test / n_train)`` over ``J`` folds in all, ``n_test / n_train = 1 / (n_folds - 1)``, and
    Student's t with ``J - 1`` degrees of freedom. The plain ``s^2 / J`` forgets that training parts overlap.

    Parameters
    ----------
    values
        (J, n_measures), one row per fold of each repeat; NaN is left out.
    n_folds
        Folds per repeat.
    level
        Coverage.

    Returns
    -------
    Interval
        Each (n_measures,); limits are not cut to the range of a measure.

    Notes
    -----
    Nadeau and Bengio (2003), doi:10.1023/A:1024068626366.

    Examples
    --------
    >>> found = corrected_interval(np.array([[0.5], [0.6], [0.4], [0.7]]), 2)
    >>> [round(float(value[0]), 4) for value in found]
    [0.55, 0.0907, 1.0093]
    """
    n = np.sum(np.isfinite(values), axis=0)
    mean = np.nanmean(values, axis=0)
    spread = np.nanvar(values, axis=0) * n / np.maximum(n - 1, 1)
    error = np.sqrt(spread * (1.0 / n + 1.0 / (n_folds - 1)))
    margin = stats.t.ppf(0.5 + level / 2.0, np.maximum(n - 1, 1)) * error
    return Interval(mean, mean - margin, mean + margin)
