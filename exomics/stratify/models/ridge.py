"""The ridge score: least squares on all features at once, made a probability by what inner folds held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stats.ridge_scores import ridge_paths
from exomics.stratify.models.linear import Linear, probabilities
from exomics.stratify.study.splits import Fold

__all__ = ["RidgeScore"]

FloatArray = NDArray[np.float64]

_MOST_STEPS = 50


class RidgeScore(ClassifierMixin, BaseEstimator):
    """Ridge regression of two classes, 0 and 1, and the log odds ``a + b score`` with ``b >= 0``.

    The penalty has the least squared error in the inner folds. a and b fit the scores that they held out, by Platt's
    targets ``(n_1 + 1) / (n_1 + 2)`` and ``1 / (n_0 + 2)``; where held-out scores do not rise with the class, b is 0
    and every sample has the frequency of the class.

    Parameters
    ----------
    n_penalties
        Penalties tried, as in `exomics.stats.ridge_scores.ridge_paths`.

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0], [2.0], [3.0], [0.4], [2.7]]), np.array([0, 0, 1, 1, 0, 1])
    >>> inner = [Fold(np.array([0, 1, 2, 3]), np.array([4, 5])), Fold(np.array([2, 3, 4, 5]), np.array([0, 1]))]
    >>> RidgeScore().fit(x, y, inner).predict(x).tolist()
    [0, 0, 1, 1, 0, 1]
    """

    def __init__(self, n_penalties: int = 20) -> None:
        self.n_penalties = n_penalties

    def fit(self, X: ArrayLike, y: ArrayLike, inner: Sequence[Fold]) -> Self:
        """Fit on samples (n_samples, n_features) of two classes (n_samples,); choose by the inner folds."""
        features = validate_data(self, X, dtype=np.float64)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise DesignError(f"a ridge score tells two classes apart; the training samples have {len(self.classes_)}.")
        held_out = np.full((self.n_penalties, len(labels)), np.nan)
        losses = np.zeros(self.n_penalties)
        for part in inner:
            paths = ridge_paths(features[part.train], labels[part.train], n_penalties=self.n_penalties)
            held_out[:, part.test] = paths.scores(features[part.test])[:, 0]
            losses += squared_losses(held_out[:, part.test], paths.intercepts, labels[part.test])
        self.position_ = int(np.argmin(losses))
        whole = ridge_paths(features, labels, n_penalties=self.n_penalties)
        intercept, slope = _calibration(held_out[self.position_], labels)
        self.coefficients_ = slope * whole.coefficients(self.position_)
        self.intercepts_ = intercept - whole.mean @ self.coefficients_
        odds = intercept + slope * held_out[self.position_][:, np.newaxis]
        self.held_out_ = probabilities(odds, "logistic")
        return self

    def linear(self) -> Linear:
        """Coefficients (n_features, 1) and the intercept of the log odds."""
        check_is_fitted(self)
        return Linear(self.coefficients_, self.intercepts_, "logistic")

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probabilities of the classes, shape (n_samples, 2)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return probabilities(features @ self.coefficients_ + self.intercepts_, "logistic")

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likelier class of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


def squared_losses(scores: FloatArray, intercept: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """Summed squares of label less intercept and score, over the last axis; the others are those of `scores`.

    Parameters
    ----------
    scores
        (..., n_samples) without the intercept.
    intercept
        Share of the second class in the training samples, of a shape that broadcasts.
    labels
        (..., n_samples) 0 and 1.

    Returns
    -------
    ndarray
        (...).

    Examples
    --------
    >>> squared_losses(np.array([[0.5, -0.5]]), np.array([0.5]), np.array([1, 1])).tolist()
    [1.0]
    """
    return np.asarray(((labels - intercept - scores) ** 2).sum(axis=-1))


def _calibration(scores: FloatArray, labels: NDArray[np.int64]) -> tuple[float, float]:
    """Intercept and slope of the log odds on the known scores (n_samples,), by Newton steps that never overshoot."""
    known = np.isfinite(scores)
    share = float(labels.mean())
    without = float(np.log(share / (1.0 - share))), 0.0
    if not known.any() or not rises(scores[known], labels[known]):
        return without
    told, n_second = labels[known], labels[known].sum()
    target = np.where(told == 1, (n_second + 1.0) / (n_second + 2.0), 1.0 / (len(told) - n_second + 2.0))
    mean, deviation = scores[known].mean(), scores[known].std()
    design = np.column_stack([np.ones(len(told)), (scores[known] - mean) / deviation])
    found = np.array([np.log(target.mean() / (1.0 - target.mean())), 0.0])
    loss = _log_loss(design @ found, target)
    for _ in range(_MOST_STEPS):
        given = 1.0 / (1.0 + np.exp(-design @ found))
        step = np.linalg.solve((design.T * (given * (1.0 - given))) @ design, design.T @ (target - given))
        while _log_loss(design @ (found + step), target) > loss and np.abs(step).max() > 1e-12:
            step /= 2.0
        found, loss = found + step, _log_loss(design @ (found + step), target)
        if np.abs(step).max() < 1e-10:
            break
    slope = found[1] / deviation
    return float(found[0] - slope * mean), float(slope)


def rises(scores: FloatArray, labels: NDArray[np.int64]) -> bool:
    """Whether scores (n_samples,) go up with the class: then the slope of a logistic curve on them is above 0."""
    return bool(scores @ (labels - labels.mean()) > 0.0)


def _log_loss(odds: FloatArray, target: FloatArray) -> float:
    return float(np.sum(np.logaddexp(0.0, odds) - target * odds))
