"""Imputation and logistic models along a path of penalties, in scikit-learn's form."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stats.elastic_net import elastic_net_paths
from exomics.stats.multinomial_net import multinomial_paths
from exomics.stratify.models.linear import Linear, Link, probabilities

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
    in_place
        Set what would be left out to 0 instead, so that every feature stays where it is.

    Examples
    --------
    >>> MedianImputer().fit_transform([[1.0, np.nan], [3.0, np.nan], [np.nan, 1.0], [4.0, 2.0]]).tolist()
    [[1.0], [3.0], [3.0], [4.0]]
    """

    def __init__(self, most_missing: float = 0.3, in_place: bool = False) -> None:
        self.most_missing = most_missing
        self.in_place = in_place

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn medians and which features to keep from the training samples (n_samples, n_features)."""
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        varies = np.fmin.reduce(values, axis=0) < np.fmax.reduce(values, axis=0)
        self.kept_ = np.flatnonzero((np.isnan(values).mean(axis=0) <= self.most_missing) & varies)
        if not len(self.kept_):
            raise DesignError("no feature varies, or all have too many missing values, in the training samples.")
        self.__dict__.pop("medians_", None)
        self._learned = values
        return self

    @cached_property
    def medians_(self) -> FloatArray:
        """Of the kept features, (n_kept,); found when a gap first asks for them."""
        ordered = np.sort(np.ascontiguousarray(self._learned[:, self.kept_].T), axis=1)  # missing values come last
        n_known = np.isfinite(ordered).sum(axis=1)
        rows = np.arange(len(ordered))
        return np.asarray((ordered[rows, (n_known - 1) // 2] + ordered[rows, n_known // 2]) / 2.0)

    def transform(self, X: ArrayLike) -> FloatArray:
        """The kept features of any samples, their gaps filled by the training medians."""
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        filled = values if len(self.kept_) == values.shape[1] else values[:, self.kept_]
        gaps = np.isnan(filled)
        if gaps.any():
            filled = np.where(gaps, self.medians_, filled)
        if not self.in_place:
            return filled
        everywhere = np.zeros_like(values)
        everywhere[:, self.kept_] = filled
        return everywhere


class ElasticNetLogistic(ClassifierMixin, BaseEstimator):
    """Elastic net logistic regression whose whole path of penalties is fitted at once.

    The model of `exomics.stats.elastic_net.elastic_net_paths`; standardization is part of the fit. The penalty is
    chosen by its position on the path (0 the largest), so that positions can be compared between folds. Several
    classes are those of one multinomial model, `exomics.stats.multinomial_net.multinomial_paths`.

    Parameters
    ----------
    alpha
        Weight of the lasso part, in (0, 1].
    n_penalties
        Length of the path.
    position
        Which penalty `predict` uses.
    blocks
        Sizes of blocks of features whose penalties are to be evened out: those of a block are multiplied by the square
        root of its size, over the mean of that over all features. Empty for one penalty throughout.
    several
        Of several classes: ``softmax`` for one multinomial model; ``one_against_rest`` for a model of each class
        against all others, the probabilities divided by their sum.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0], [1.2], [1.8]])
    >>> model = ElasticNetLogistic(n_penalties=5, position=4).fit(x, [0, 0, 1, 1, 1, 0])
    >>> model.prediction_path(x).shape
    (5, 6, 2)
    """

    def __init__(
        self,
        alpha: float = 0.5,
        n_penalties: int = 30,
        position: int = 0,
        blocks: tuple[int, ...] = (),
        several: Literal["softmax", "one_against_rest"] = "softmax",
    ) -> None:
        self.alpha = alpha
        self.n_penalties = n_penalties
        self.position = position
        self.blocks = blocks
        self.several = several

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the path on samples (n_samples, n_features) with at least two classes (n_samples,)."""
        features = validate_data(self, X, dtype=np.float64)
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise DesignError(f"a logistic model needs two classes; the training samples have {len(self.classes_)}.")
        self.link_: Link = "logistic" if len(self.classes_) == 2 else self.several
        if self.link_ == "softmax":
            self.paths_ = multinomial_paths(
                features, labels, alpha=self.alpha, penalties=self.n_penalties, penalty_factors=self.penalty_factors()
            )
            return self
        told = labels == np.arange(len(self.classes_))[:, np.newaxis] if self.link_ != "logistic" else labels
        self.paths_ = elastic_net_paths(
            features, told, alpha=self.alpha, n_penalties=self.n_penalties, penalty_factors=self.penalty_factors()
        )
        return self

    def prediction_path(self, X: ArrayLike) -> FloatArray:
        """Probabilities of the classes at every penalty, shape (n_penalties, n_samples, n_classes)."""
        check_is_fitted(self)
        predictors = self.paths_.predict(validate_data(self, X, dtype=np.float64, reset=False))
        n_predictors, *shape = predictors.shape
        told = probabilities(predictors.reshape(n_predictors, -1).T, self.link_)
        return told.reshape(*shape, len(self.classes_))

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probabilities of the classes at the chosen penalty, shape (n_samples, n_classes)."""
        return self.prediction_path(X)[self.position]

    def predict(self, X: ArrayLike) -> NDArray[np.object_]:
        """The likeliest class of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def linear(self) -> Linear:
        """Coefficients (n_features, n_predictors) and intercepts at the chosen penalty."""
        check_is_fitted(self)
        paths, n_responses = self.paths_, len(self.paths_.penalties)
        coefficients = np.zeros((self.n_features_in_, n_responses))
        for k in range(n_responses):
            row = self.position * n_responses + k
            entries = slice(paths.offsets[row], paths.offsets[row + 1])
            coefficients[paths.indices[entries], k] = paths.values[entries]
        return Linear(coefficients, paths.intercepts[:, self.position], self.link_)

    def penalty_factors(self) -> FloatArray | None:
        """Multiples of the penalty (n_features,), or None where there are no blocks."""
        if not self.blocks:
            return None
        roots = np.repeat(np.sqrt(self.blocks), self.blocks)
        return np.asarray(roots / roots.mean())
