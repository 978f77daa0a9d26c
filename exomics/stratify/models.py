"""Models along a path of penalties, in scikit-learn's form."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stats.elastic_net import elastic_net_paths

__all__ = ["ElasticNetLogistic", "MedianImputer"]

FloatArray = NDArray[np.float64]


class MedianImputer(TransformerMixin, BaseEstimator):
    """Replace missing values by the median of the training samples; leave out features that none of them has.

    The median of feature ``j`` over the training samples stands for a missing ``x_ij``. Features without any value, or
    with one value only, in the training samples are left out: nothing can be learned from them there.

    Parameters
    ----------
    most_missing
        Largest fraction of missing training values with which a feature is kept.

    Examples
    --------
    >>> MedianImputer().fit_transform([[1.0, np.nan], [3.0, np.nan], [np.nan, 1.0], [4.0, 2.0]]).tolist()
    [[1.0], [3.0], [3.0], [4.0]]
    """

    def __init__(self, most_missing: float = 0.3) -> None:
        self.most_missing = most_missing

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn medians and which features to keep from the training samples (n_samples, n_features)."""
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        missing = np.isnan(values)
        enough = missing.mean(axis=0) <= self.most_missing
        enough[enough] = ~missing[:, enough].all(axis=0)
        low = np.where(missing, np.inf, values).min(axis=0)
        high = np.where(missing, -np.inf, values).max(axis=0)
        self.kept_ = np.flatnonzero(enough & (high > low))
        if not len(self.kept_):
            raise DesignError("no feature varies, or all have too many missing values, in the training samples.")
        self.medians_ = np.nanmedian(values[:, self.kept_], axis=0)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """The kept features of any samples, their gaps filled by the training medians."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)[:, self.kept_]
        return np.where(np.isnan(values), self.medians_, values)


class ElasticNetLogistic(ClassifierMixin, BaseEstimator):
    """Elastic net logistic regression whose whole path of penalties is fitted at once.

    The model of `exomics.stats.elastic_net.elastic_net_paths`; standardization is part of the fit. The penalty is
    chosen by its position on the path (0 the largest), so that positions can be compared between folds.

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
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0], [1.2], [1.8]])
    >>> model = ElasticNetLogistic(n_penalties=5, position=4).fit(x, [0, 0, 1, 1, 1, 0])
    >>> model.decision_path(x).shape
    (5, 6)
    """

    def __init__(self, alpha: float = 0.5, n_penalties: int = 30, position: int = 0) -> None:
        self.alpha = alpha
        self.n_penalties = n_penalties
        self.position = position

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the path on samples (n_samples, n_features) with two classes (n_samples,)."""
        features = validate_data(self, X, dtype=np.float64)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            raise DesignError(f"a logistic model needs two classes; the training samples have {len(self.classes_)}.")
        self.paths_ = elastic_net_paths(features, labels, alpha=self.alpha, n_penalties=self.n_penalties)
        return self

    def decision_path(self, X: ArrayLike) -> FloatArray:
        """Log odds of the second class at every penalty, shape (n_penalties, n_samples)."""
        check_is_fitted(self)
        return self.paths_.predict(validate_data(self, X, dtype=np.float64, reset=False))[0]

    def decision_function(self, X: ArrayLike) -> FloatArray:
        """Log odds of the second class at the chosen penalty, shape (n_samples,)."""
        return self.decision_path(X)[self.position]

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probabilities of both classes, shape (n_samples, 2)."""
        positive = 1.0 / (1.0 + np.exp(-self.decision_function(X)))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: ArrayLike) -> NDArray[np.object_]:
        """The likelier class of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])
