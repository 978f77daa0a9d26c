"""A selector as a step of a pipeline: features chosen from the training samples alone."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stratify.selection.selectors import DEFAULT_SELECTOR, Selectors

__all__ = ["FeatureSelector"]

FloatArray = NDArray[np.float64]


class FeatureSelector(TransformerMixin, BaseEstimator):
    """Keep the features that a selector selects in the training samples.

    Where nothing is selected, one column of zeros stands for the features: the model behind it then knows the frequency
    of the classes and no more.

    Parameters
    ----------
    selector
        Name in `Selectors`.
    target
        Features with a level up to this are kept.
    seed
        Of the selector.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x, y = generator.normal(size=(40, 50)), np.repeat(["no", "yes"], 20)
    >>> x[:, 7] += 3 * (y == "yes")
    >>> FeatureSelector().fit(x, y).get_support().nonzero()[0].tolist()
    [7]
    """

    def __init__(self, selector: str = DEFAULT_SELECTOR, target: float = 0.2, seed: int = 1) -> None:
        self.selector = selector
        self.target = target
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Select on samples (n_samples, n_features) of two classes (n_samples,)."""
        features = validate_data(self, X, dtype=np.float64)
        classes, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(classes) != 2:
            raise DesignError(f"selection needs two classes; the training samples have {len(classes)}.")
        function = Selectors[self.selector].function
        self.levels_ = function(features, labels, generator=np.random.default_rng(self.seed)).level
        return self

    def __sklearn_tags__(self) -> Tags:
        """A selector asks for the outcome, so that nobody fits it once for many."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def get_support(self) -> NDArray[np.bool_]:
        """Which features are kept, shape (n_features,)."""
        check_is_fitted(self)
        return np.asarray(self.levels_ <= self.target)

    def transform(self, X: ArrayLike) -> FloatArray:
        """The kept features of any samples, (n_samples, n_kept); a column of zeros where there are none."""
        kept = self.get_support()
        values = validate_data(self, X, dtype=np.float64, reset=False)
        return values[:, kept] if kept.any() else np.zeros((len(values), 1))
