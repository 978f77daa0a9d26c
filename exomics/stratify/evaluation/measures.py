"""How well held-out predictions do, fold by fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from exomics.stats.concordance import concordance
from exomics.stats.discrimination import area_under_curve
from exomics.stats.survival_accuracy import brier_scores, uno_concordance
from exomics.stratify.evaluation.intervals import Interval
from exomics.stratify.models.search import log_losses

__all__ = [
    "MEASURES",
    "SURVIVAL_MEASURES",
    "balanced_error",
    "exact_balanced_error",
    "fold_measures",
    "horizons_of",
    "survival_measures",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: The measures of a fold whose outcome are classes, in order; the first is compared between models.
MEASURES = ("auc", "brier", "log_loss", "balanced_error")
#: The measures of a fold whose outcome is survival, in order; the first is compared between models.
SURVIVAL_MEASURES = ("concordance", "uno_concordance", "integrated_brier")


def fold_measures(probability: FloatArray, labels: IntArray) -> FloatArray:
    """The measures of one test part whose outcome are classes.

    ``brier = mean sum_k (p_k - y_k)^2 / 2``, which of two classes is ``mean (p - y)^2``; ``log_loss = -mean log p(y)``;
    ``balanced_error`` = mean over the classes of their error rates when the likeliest class is called; AUC with ties
    counting one half, of several classes the mean over each against all others.

    Parameters
    ----------
    probability
        (n_test,) probabilities of class 1, or (n_test, n_classes).
    labels
        (n_test,) positions of classes.

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
    each = probability if probability.ndim == 2 else np.column_stack([1.0 - probability, probability])
    happened = labels[:, np.newaxis] == np.arange(each.shape[1])
    auc = np.nan
    if happened.any(axis=0).all():
        told = range(1, 2) if each.shape[1] == 2 else range(each.shape[1])
        auc = float(np.mean([area_under_curve(each[:, k], happened[:, k]).estimate[0] for k in told]))
    brier = np.mean(np.sum((each - happened) ** 2, axis=1) / 2.0)
    losses = log_losses(each[happened], np.ones(len(labels), dtype=np.int64))
    return np.array([auc, brier, np.mean(losses), balanced_error(np.argmax(each, axis=1), labels, each.shape[1])])


def balanced_error(called: IntArray, labels: IntArray, n_classes: int) -> float:
    """Mean of the classes' error rates.

    Parameters
    ----------
    called, labels
        (n_samples,) positions of classes.
    n_classes
        How many there are.

    Returns
    -------
    float
        NaN where a class is absent.

    Examples
    --------
    >>> balanced_error(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    0.25
    """
    totals = np.bincount(labels, minlength=n_classes)
    wrong = np.bincount(labels[called != labels], minlength=n_classes)
    return float(np.mean(wrong / totals)) if totals.all() else np.nan


def exact_balanced_error(called: IntArray, labels: IntArray, n_classes: int, *, level: float = 0.95) -> Interval:
    """Balanced error of samples that no model has seen, with an interval that covers at least as often as it says.

    Each class has the interval of Clopper and Pearson at the level ``1 - (1 - level) / n_classes``; the limits of the
    mean are the means of the limits.

    Parameters
    ----------
    called, labels
        (n_samples,) positions of classes.
    n_classes
        How many there are, each with a sample at least.
    level
        Least coverage.

    Returns
    -------
    Interval
        Three numbers; of two classes with no error among 10 each, 0 to 0.35.

    Notes
    -----
    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404, joined by Bonferroni's inequality.

    Examples
    --------
    >>> none_wrong = np.repeat([0, 1], 10)
    >>> [round(float(value), 4) for value in exact_balanced_error(none_wrong, none_wrong, 2)]
    [0.0, 0.0, 0.3548]
    """
    totals = np.bincount(labels, minlength=n_classes)
    wrong = np.bincount(labels[called != labels], minlength=n_classes)
    beyond = (1.0 - level) / n_classes / 2.0
    low = np.where(wrong > 0, stats.beta.ppf(beyond, np.maximum(wrong, 1), totals - wrong + 1), 0.0)
    high = np.where(wrong < totals, stats.beta.isf(beyond, wrong + 1, np.maximum(totals - wrong, 1)), 1.0)
    return Interval(*(np.asarray(np.mean(part), dtype=np.float64) for part in (wrong / totals, low, high)))


def survival_measures(predicted: FloatArray, response: FloatArray, horizons: FloatArray) -> FloatArray:
    """The measures of one test part whose outcome is survival.

    Harrell's concordance; Uno's up to the last horizon; and the Brier score integrated over the horizons within the
    follow-up of the test part.

    Parameters
    ----------
    predicted
        (n_test, 1 + n_horizons): risk, and survival at each horizon.
    response
        (n_test, 2): time, and 1 for an event.
    horizons
        (n_horizons,), ascending.

    Returns
    -------
    ndarray
        (3,) in the order of :data:`SURVIVAL_MEASURES`; NaN where no pair can be compared.

    Notes
    -----
    Harrell et al. (1982), doi:10.1001/jama.1982.03320430047030; Uno et al. (2011), doi:10.1002/sim.4154; Graf et al.
    (1999), doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5.

    Examples
    --------
    >>> told = np.array([[2.0, 0.1], [1.0, 0.9], [0.0, 0.8]])
    >>> survival_measures(told, np.array([[1.0, 1], [3.0, 1], [4.0, 0]]), np.array([2.0])).round(3).tolist()
    [1.0, 1.0, 0.02]
    """
    time, event = response.T
    risk, within = predicted[:, 0], horizons < time.max()
    brier = np.nan
    if within.any():
        survival = predicted[:, 1:][:, within]
        brier = brier_scores(survival, time, event, horizons=horizons[within]).integrated
    uno = uno_concordance(risk, time, event, horizon=float(horizons[-1]))
    return np.array([concordance(risk, time, event).estimate, uno, brier])


def horizons_of(time: FloatArray) -> FloatArray:
    """Times at which predicted survival is judged: eight quantiles, 0.1 to 0.8, of the follow-up.

    Parameters
    ----------
    time
        (n_samples,) follow-up.

    Returns
    -------
    ndarray
        (n_horizons,) ascending, at most eight.

    Examples
    --------
    >>> horizons_of(np.arange(1.0, 12.0)).round(1).tolist()
    [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    """
    return np.unique(np.quantile(time, np.linspace(0.1, 0.8, 8)))
