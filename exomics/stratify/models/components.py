"""Discriminant models on sparse components, in scikit-learn's form."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stats.sparse_components import sparse_components
from exomics.stratify.models.fusion import block_slices, evidence, fused, measured_rows

__all__ = ["SparsePlsDiscriminant"]

FloatArray = NDArray[np.float64]


class _Scaling(NamedTuple):
    """Median, mean and inverse deviation of each feature of a block, 0 where it does not vary; (n_features,) each."""

    fill: FloatArray
    mean: FloatArray
    inverse: FloatArray

    def scaled(self, block: FloatArray) -> FloatArray:
        """The block standardized, its gaps filled."""
        return np.asarray((np.where(np.isnan(block), self.fill, block) - self.mean) * self.inverse)


class _Member(NamedTuple):
    """A block: its scaling, its rotations (n_features, n_components), its logistic model and log prior (n_classes,)."""

    scaling: _Scaling
    rotations: FloatArray
    model: LogisticRegression
    log_prior: FloatArray


class SparsePlsDiscriminant(ClassifierMixin, BaseEstimator):
    """Sparse components of each block, and a ridge logistic model on the scores of each.

    Blocks are standardized by the samples that have them; a sample without a block has zeros there while components
    are sought. The evidence ``log p_bk - log prior_k`` is averaged over the blocks that a sample has.

    Parameters
    ----------
    blocks
        Sizes of the blocks, in the order of their features; empty for one.
    n_components
        Components per block.
    n_kept
        Features per component and block.

    Examples
    --------
    >>> x = np.array([[0.0, 1.0], [1.0, -1.0], [2.0, 1.0], [3.0, -1.0], [0.4, 0.0], [2.7, 0.0]])
    >>> SparsePlsDiscriminant(n_kept=1).fit(x, [0, 0, 1, 1, 0, 1]).predict(x).tolist()
    [0, 0, 1, 1, 0, 1]
    """

    def __init__(self, blocks: tuple[int, ...] = (), n_components: int = 1, n_kept: int = 15) -> None:
        self.blocks = blocks
        self.n_components = n_components
        self.n_kept = n_kept

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit on samples (n_samples, n_features) with at least two classes (n_samples,)."""
        features = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        self.log_prior_ = np.log(np.bincount(labels) / len(labels))
        scaled, usable = [], []
        for b, columns in enumerate(block_slices(self.blocks, features.shape[1])):
            rows = measured_rows(features[:, columns])
            if len(np.unique(labels[rows])) == len(self.classes_):
                usable.append((b, rows, _scaling(features[rows][:, columns])))
                block = np.zeros((len(features), columns.stop - columns.start))
                block[rows] = usable[-1][2].scaled(features[rows][:, columns])
                scaled.append(block)
        if not usable:
            raise DesignError("no block is measured in samples of every class of the training part.")
        target = np.eye(len(self.classes_))[labels]
        found = sparse_components(
            scaled, target - target.mean(axis=0), n_components=self.n_components, n_kept=self.n_kept
        )
        self.members_: dict[int, _Member] = {}
        for (b, rows, scaling), block, rotations in zip(usable, scaled, found.rotations, strict=True):
            deviation = (block[rows] @ rotations).std(axis=0)
            unit = rotations / np.where(deviation > 0.0, deviation, 1.0)
            model = LogisticRegression(C=1.0).fit(block[rows] @ unit, labels[rows])
            prior = np.log(np.bincount(labels[rows]) / len(rows))
            self.members_[b] = _Member(scaling, unit, model, prior)
        return self

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probabilities of the classes, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        slices = block_slices(self.blocks, features.shape[1])
        told = np.zeros((len(slices), len(features), len(self.classes_)))
        present = np.zeros(told.shape[:2])
        for b, member in self.members_.items():
            rows = measured_rows(features[:, slices[b]])
            if len(rows):
                scores = member.scaling.scaled(features[rows][:, slices[b]]) @ member.rotations
                told[b, rows] = evidence(member.model.predict_proba(scores), member.log_prior)
                present[b, rows] = 1.0
        return fused(told, self.log_prior_, present / np.maximum(present.sum(axis=0), 1.0))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest class of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


def _scaling(block: FloatArray) -> _Scaling:
    """Learned from the samples that have the block; a feature without any value there stays at 0."""
    known = np.isfinite(block).any(axis=0)
    fill = np.zeros(block.shape[1])
    fill[known] = np.nanmedian(block[:, known], axis=0)
    filled = np.where(np.isnan(block), fill, block)
    mean, deviation = filled.mean(axis=0), filled.std(axis=0)
    varies = deviation > 1e-12 * np.abs(mean)
    return _Scaling(fill, mean, np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0))
