"""Late fusion of survival models: a Cox model per block, combined by what each is worth on held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from exomics.errors import DesignError
from exomics.stratify.models.built import Built
from exomics.stratify.models.cox import cumulative_hazard
from exomics.stratify.models.fusion import LARGEST_WEIGHT, block_slices, measured_rows, restricted_folds
from exomics.stratify.models.search import Chosen, fit_chosen, losses_of
from exomics.stratify.study.splits import Fold

__all__ = ["SurvivalFusion"]

FloatArray = NDArray[np.float64]


class SurvivalFusion(BaseEstimator):
    """One Cox model per block of features, and the weight of its log hazard.

    ``log hazard = sum_b w_b risk_b`` over the blocks that a sample has, each relative to the mean training sample of
    the block: a block that a sample lacks adds nothing. Weights in [0, 3] maximize Breslow's partial likelihood of the
    risks that the inner folds held out, and the baseline hazard is that of those risks.

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
        self.response_ = np.asarray(y, dtype=np.float64)
        slices = block_slices(self.blocks, features.shape[1])
        self.members_ = [self._member(features[:, columns], inner) for columns in slices]
        if not any(self.members_):
            raise DesignError("no block is measured in a sample with an event of the training part.")
        told = np.zeros((len(slices), len(features)))
        for b, (columns, member) in enumerate(zip(slices, self.members_, strict=True)):
            if member is not None:
                told[b, measured_rows(features[:, columns])] = np.nan_to_num(member.held_out[:, 0])
        self.weights_ = _weights(told, self.response_)
        self.held_out_ = (self.weights_ @ told)[:, np.newaxis]
        return self

    def predict(self, X: ArrayLike) -> FloatArray:
        """Log hazards, shape (n_samples,)."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        risk = np.zeros(len(features))
        for b, columns in enumerate(block_slices(self.blocks, features.shape[1])):
            rows, member = measured_rows(features[:, columns]), self.members_[b]
            if member is not None and len(rows):
                risk[rows] += self.weights_[b] * member.pipeline.predict(features[rows][:, columns])
        return risk

    def survival(self, X: ArrayLike, horizons: FloatArray) -> FloatArray:
        """Probability of no event by each horizon, ``exp(-H_0(t) exp(risk))``, shape (n_samples, n_horizons)."""
        return np.exp(-self.baseline(horizons) * np.exp(self.predict(X))[:, np.newaxis])

    def baseline(self, horizons: FloatArray) -> FloatArray:
        """Breslow's cumulative hazard at the log hazard 0, at each horizon."""
        return cumulative_hazard(self.held_out_[:, 0], self.response_, horizons)

    def _member(self, block: FloatArray, inner: Sequence[Fold]) -> Chosen | None:
        """The fitted pipeline of a block; none if no sample with an event has it, or no inner fold is left."""
        rows, event = measured_rows(block), self.response_[:, 1] == 1.0
        parts = restricted_folds(inner, rows, lambda train: bool(event[train].any()))
        if not event[rows].any() or not parts:
            return None
        return fit_chosen(self.member, block[rows], self.response_[rows], parts)


def _weights(told: FloatArray, response: FloatArray) -> FloatArray:
    """Weights (n_blocks,) in [0, 3] with the least loss of the risks (n_blocks, n_samples); of silent blocks, 0."""
    silent = np.asarray(~told.any(axis=1))
    bounds = [(0.0, 0.0 if none else LARGEST_WEIGHT) for none in silent]
    start = np.where(silent, 0.0, 1.0 / max(int((~silent).sum()), 1))

    def loss(weights: FloatArray) -> float:
        return float(losses_of((weights @ told)[np.newaxis, :, np.newaxis], response)[0])

    return np.asarray(optimize.minimize(loss, start, method="L-BFGS-B", bounds=bounds).x)
