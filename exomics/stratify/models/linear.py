"""What a fitted linear model is made of, so that it can be written out as numbers."""

from __future__ import annotations

from typing import NamedTuple, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from exomics.registry.locked_model import Link

__all__ = ["LINKS", "Linear", "LinearModel", "Link", "probabilities"]

FloatArray = NDArray[np.float64]

#: What linear predictors stand for: log odds of the second of two classes, a predictor per class of probabilities that
#: add up, log odds of each class against all others, or the log hazard.
LINKS: tuple[Link, ...] = get_args(Link)


class Linear(NamedTuple):
    """Predictors ``intercept_k + sum_j coefficient_jk x_j`` and what they stand for.

    ``coefficients`` has shape (n_features, n_predictors), ``intercepts`` (n_predictors,): one predictor for
    ``logistic`` and ``log_hazard``, one per class for the others.
    """

    coefficients: FloatArray
    intercepts: FloatArray
    link: Link


@runtime_checkable
class LinearModel(Protocol):
    """A fitted model that can say what it is made of."""

    def linear(self) -> Linear:
        """The model at its chosen settings, in the features that it was fitted to."""
        ...


def probabilities(predictors: FloatArray, link: Link) -> FloatArray:
    """Probabilities of the classes from linear predictors.

    ``logistic``: ``p_1 = 1 / (1 + exp(-eta))``; ``softmax``: ``p_k = exp(eta_k) / sum_l exp(eta_l)``;
    ``one_against_rest``: ``p_k = q_k / sum_l q_l`` with ``q_k = 1 / (1 + exp(-eta_k))``.

    Parameters
    ----------
    predictors
        (n_samples, n_predictors).
    link
        One of these three.

    Returns
    -------
    ndarray
        (n_samples, n_classes).

    Examples
    --------
    >>> probabilities(np.array([[0.0]]), "logistic").tolist()
    [[0.5, 0.5]]
    >>> probabilities(np.array([[0.0, 0.0, np.log(2.0)]]), "softmax").round(4).tolist()
    [[0.25, 0.25, 0.5]]
    """
    if link == "softmax":
        odds = np.exp(predictors - predictors.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))
    each = 1.0 / (1.0 + np.exp(-predictors))
    if link == "logistic":
        return np.concatenate([1.0 - each, each], axis=1)
    return np.asarray(each / each.sum(axis=1, keepdims=True))
