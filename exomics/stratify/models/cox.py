"""Cox models along a path of penalties, in scikit-learn's form."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.stats.elastic_net import elastic_net_path
from exomics.stratify.models.linear import Linear

__all__ = ["ElasticNetCox", "cumulative_hazard"]

FloatArray = NDArray[np.float64]


class ElasticNetCox(BaseEstimator):
    """Elastic net Cox regression whose whole path of penalties is fitted at once.

    The model of `exomics.stats.elastic_net.elastic_net_path` with Breslow's baseline hazard. The penalty is chosen by
    its position on the path (0 the largest, at which there is no feature).

    Parameters
    ----------
    alpha
        Weight of the lasso part, in (0, 1].
    n_penalties
        Length of the path.
    position
        Which penalty `predict` uses.

    Examples
    --------
    >>> x, y = np.array([[3.0], [2.0], [1.0], [0.0]]), np.array([[1.0, 1], [3.0, 1], [2.0, 0], [4.0, 1]])
    >>> model = ElasticNetCox(n_penalties=4).fit(x, y)
    >>> model.survival(x[:1], np.array([1.5, 3.5])).round(3).tolist()
    [[0.779, 0.472]]
    """

    def __init__(self, alpha: float = 0.5, n_penalties: int = 30, position: int = 0) -> None:
        self.alpha = alpha
        self.n_penalties = n_penalties
        self.position = position

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the path on samples (n_samples, n_features) with times and events (n_samples, 2)."""
        features = validate_data(self, X, dtype=np.float64)
        self.response_ = np.asarray(y, dtype=np.float64)
        self.path_ = elastic_net_path(
            features, self.response_, family="cox", alpha=self.alpha, penalties=self.n_penalties
        )
        self.risks_ = self.prediction_path(features)[:, :, 0]
        return self

    def prediction_path(self, X: ArrayLike) -> FloatArray:
        """Log hazards, relative to the mean training sample, at every penalty, shape (n_penalties, n_samples, 1)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, reset=False)
        return (self.path_.coefficients @ features.T + self.path_.intercepts[:, np.newaxis])[:, :, np.newaxis]

    def predict(self, X: ArrayLike) -> FloatArray:
        """Log hazards at the chosen penalty, shape (n_samples,)."""
        return self.prediction_path(X)[self.position, :, 0]

    def survival(self, X: ArrayLike, horizons: FloatArray) -> FloatArray:
        """Probability of no event by each horizon, ``exp(-H_0(t) exp(risk))``, shape (n_samples, n_horizons)."""
        return np.exp(-self.baseline(horizons) * np.exp(self.predict(X))[:, np.newaxis])

    def linear(self) -> Linear:
        """Coefficients (n_features, 1) and intercept of the log hazard at the chosen penalty."""
        check_is_fitted(self)
        coefficients = self.path_.coefficients[self.position][:, np.newaxis]
        return Linear(coefficients, self.path_.intercepts[self.position : self.position + 1], "log_hazard")

    def baseline(self, horizons: FloatArray) -> FloatArray:
        """Breslow's cumulative hazard of the mean training sample at each horizon."""
        return cumulative_hazard(self.risks_[self.position], self.response_, horizons)


def cumulative_hazard(risk: FloatArray, response: FloatArray, horizons: FloatArray) -> FloatArray:
    """Breslow's baseline: ``H_0(t) = sum over events up to t of 1 / sum over those at risk of exp(risk)``.

    Parameters
    ----------
    risk
        (n_samples,) log hazards.
    response
        (n_samples, 2): time, and 1 for an event.
    horizons
        (n_horizons,) times.

    Returns
    -------
    ndarray
        (n_horizons,).

    Examples
    --------
    >>> cumulative_hazard(np.zeros(2), np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([1.0, 2.0])).tolist()
    [0.5, 1.5]
    """
    time, event = response.T
    events = np.flatnonzero(event == 1.0)
    steps = 1.0 / (np.exp(risk) * (time >= time[events, np.newaxis])).sum(axis=1)
    return np.asarray(((time[events] <= horizons[:, np.newaxis]) * steps).sum(axis=1))
