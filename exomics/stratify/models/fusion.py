"""Late fusion: a model per block, combined by how much each is worth on samples held out in the inner folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stratify.models.built import Built
from exomics.stratify.models.linear import probabilities
from exomics.stratify.models.search import Chosen, fit_chosen
from exomics.stratify.study.splits import Fold

__all__ = ["LARGEST_WEIGHT", "LateFusion", "block_slices", "evidence", "fused", "measured_rows", "restricted_folds"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CLIP = 1e-6
#: The most that the evidence of a block may be multiplied by.
LARGEST_WEIGHT = 3.0


class LateFusion(ClassifierMixin, BaseEstimator):
    """One model per block of features, and the weight of its evidence.

    ``log p_k = log prior_k + sum_b w_b (log p_bk - log prior_bk) - log of their sum``: a block that a sample lacks adds
    nothing. Weights in [0, 3] minimize the log loss of what the inner folds held out.

    Parameters
    ----------
    member
        Pipeline of one block and what its inner folds search.
    blocks
        Sizes of the blocks, in the order of their features; empty for one.
    """

    def __init__(self, member: Built, blocks: tuple[int, ...] = ()) -> None:
        self.member = member
        self.blocks = blocks

    def fit(self, X: ArrayLike, y: ArrayLike, inner: Sequence[Fold]) -> Self:
        """Fit each block where it is measured, by the inner folds, and then the weights."""
        features = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        self.log_prior_ = np.log(np.bincount(labels) / len(labels))
        self.members_: list[Chosen | None] = []
        self.log_priors_ = []
        held_out = []
        for columns in block_slices(self.blocks, features.shape[1]):
            found, prior, told = _fit_member(self.member, features[:, columns], labels, inner)
            self.members_.append(found)
            self.log_priors_.append(prior)
            held_out.append(told)
        if not any(self.members_):
            raise DesignError("no block is measured in samples of every class of the training part.")
        self.weights_ = _weights(np.stack(held_out), self.log_prior_, labels)
        self.held_out_ = fused(np.stack(held_out), self.log_prior_, self.weights_)
        return self

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Probabilities of the classes, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        told = np.zeros((len(self.members_), len(features), len(self.classes_)))
        for b, columns in enumerate(block_slices(self.blocks, features.shape[1])):
            rows, member = measured_rows(features[:, columns]), self.members_[b]
            if member is not None and len(rows):
                probability = member.pipeline.predict_proba(features[rows][:, columns])
                told[b, rows] = evidence(probability, self.log_priors_[b])
        return fused(told, self.log_prior_, self.weights_)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest class of each sample, shape (n_samples,)."""
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])


def block_slices(blocks: Sequence[int], n_features: int) -> list[slice]:
    """Columns of each block; all in one if there is none.

    Parameters
    ----------
    blocks
        Sizes, in order.
    n_features
        Their sum.

    Returns
    -------
    list of slice
        One per block.

    Raises
    ------
    DesignError
        If the sizes do not add up.

    Examples
    --------
    >>> block_slices((2, 3), 5)
    [slice(0, 2, None), slice(2, 5, None)]
    """
    sizes = tuple(blocks) or (n_features,)
    if sum(sizes) != n_features:
        raise DesignError(f"blocks of {', '.join(map(str, sizes))} features are not the {n_features} that came.")
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def measured_rows(block: FloatArray) -> IntArray:
    """Samples with any value of a block.

    Parameters
    ----------
    block
        (n_samples, n_features of the block).

    Returns
    -------
    ndarray
        Positions.

    Examples
    --------
    >>> measured_rows(np.array([[np.nan, np.nan], [1.0, np.nan]])).tolist()
    [1]
    """
    return np.flatnonzero(np.isfinite(block).any(axis=1))


def evidence(probability: FloatArray, log_prior: FloatArray) -> FloatArray:
    """What a model says beyond the frequencies of its training samples: ``log p_k - log prior_k``.

    Parameters
    ----------
    probability
        (n_samples, n_classes); cut to at least 1e-6.
    log_prior
        (n_classes,).

    Returns
    -------
    ndarray
        (n_samples, n_classes).

    Examples
    --------
    >>> evidence(np.array([[0.5, 0.5]]), np.log([0.5, 0.5])).tolist()
    [[0.0, 0.0]]
    """
    return np.asarray(np.log(np.clip(probability, _CLIP, 1.0)) - log_prior)


def fused(told: FloatArray, log_prior: FloatArray, weights: FloatArray) -> FloatArray:
    """Probabilities from the weighted sum of the evidence of all blocks.

    Parameters
    ----------
    told
        (n_blocks, n_samples, n_classes) evidence, 0 where a block is missing.
    log_prior
        (n_classes,).
    weights
        (n_blocks,); or (n_blocks, n_samples).

    Returns
    -------
    ndarray
        (n_samples, n_classes).

    Examples
    --------
    >>> fused(np.zeros((2, 1, 2)), np.log([0.25, 0.75]), np.ones(2)).round(2).tolist()
    [[0.25, 0.75]]
    """
    each = weights if weights.ndim == 2 else weights[:, np.newaxis]
    total = log_prior + np.einsum("bn,bnk->nk", np.broadcast_to(each, told.shape[:2]), told)
    return probabilities(total, "softmax")


def restricted_folds(inner: Sequence[Fold], rows: IntArray, enough: Callable[[IntArray], bool]) -> list[Fold]:
    """The folds of the samples that have a block.

    Parameters
    ----------
    inner
        Folds of all samples.
    rows
        Positions of the samples that have the block, ascending.
    enough
        Whether a model can be learned from samples at these positions.

    Returns
    -------
    list of Fold
        As positions among `rows`; without those that hold out nothing, or have too little to learn from.

    Examples
    --------
    >>> halves = [Fold(np.array([0, 1]), np.array([2, 3])), Fold(np.array([2, 3]), np.array([0, 1]))]
    >>> [part.test.tolist() for part in restricted_folds(halves, np.array([1, 2, 3]), lambda train: len(train) > 1)]
    [[0]]
    """
    placed = []
    for part in inner:
        train, test = np.intersect1d(rows, part.train), np.intersect1d(rows, part.test)
        if len(test) and enough(train):
            placed.append(Fold(np.searchsorted(rows, train), np.searchsorted(rows, test)))
    return placed


def _fit_member(
    member: Built, block: FloatArray, labels: IntArray, inner: Sequence[Fold]
) -> tuple[Chosen | None, FloatArray, FloatArray]:
    """The fitted pipeline of a block, its log prior, and its held-out evidence, 0 where there is none.

    A block that is missing from a class, or leaves no inner fold, has no pipeline.
    """
    rows, n_classes = measured_rows(block), int(labels.max()) + 1
    held_out = np.zeros((len(labels), n_classes))
    counts = np.bincount(labels[rows], minlength=n_classes)
    parts = restricted_folds(inner, rows, lambda train: len(np.unique(labels[train])) == n_classes)
    if not counts.all() or not parts:
        return None, np.zeros(n_classes), held_out
    prior = np.log(counts / counts.sum())
    found = fit_chosen(member, block[rows], labels[rows], parts)
    known = np.isfinite(found.held_out[:, 0])
    held_out[rows[known]] = evidence(found.held_out[known], prior)
    return found, prior, held_out


def _weights(told: FloatArray, log_prior: FloatArray, labels: IntArray) -> FloatArray:
    """Weights (n_blocks,) in [0, 3] with the least log loss; of blocks that say nothing, 0."""

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        probability = fused(told, log_prior, weights)
        given = np.take_along_axis(probability, labels[:, np.newaxis], axis=1)[:, 0]
        own = np.take_along_axis(told, labels[np.newaxis, :, np.newaxis], axis=2)[:, :, 0]
        slope = own - np.einsum("nk,bnk->bn", probability, told)
        return -float(np.mean(np.log(np.clip(given, 1e-12, 1.0)))), -slope.mean(axis=1)

    silent = np.asarray(~told.any(axis=(1, 2)))
    bounds = [(0.0, 0.0 if none else LARGEST_WEIGHT) for none in silent]
    start = np.where(silent, 0.0, 1.0 / max(int((~silent).sum()), 1))
    return np.asarray(optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
