"""What a locked sum of trees gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.registry.locked_model import LockedTrees, Trees
from exomics.stratify.locking._evaluated import Evaluated, weighed
from exomics.stratify.models.linear import probabilities

FloatArray = NDArray[np.float64]


def of_trees(model: LockedTrees, values: FloatArray) -> Evaluated:
    """Values (n_samples, n_features) of the features of the model, NaN where not measured."""
    trees, known = model.trees, np.isfinite(values)
    leaves, predictor = trees.value[_leaves(trees, values)], trees.predictor[trees.roots]
    predictors = [_summed(start, leaves[:, predictor == k]) for k, start in enumerate(model.intercepts)]
    told = probabilities(np.stack(predictors, axis=1), model.link)
    gains = np.zeros(len(model.features))
    np.add.at(gains, trees.feature[trees.splits], trees.gain[trees.splits])
    coverage = weighed(known, gains) / weighed(np.ones_like(known), gains)
    return Evaluated(told, coverage, np.stack([known.any(axis=1)], axis=1))


def _leaves(trees: Trees, values: FloatArray) -> NDArray[np.int64]:
    """Where each sample ends in each tree, (n_samples, n_trees): all take one step at a time, at a leaf none."""
    rows, at = np.arange(len(values))[:, np.newaxis], np.tile(trees.roots, (len(values), 1))
    while trees.splits[at].any():
        here = values[rows, trees.feature[at]]
        to_left = np.where(np.isnan(here), trees.missing_left[at], here <= trees.threshold[at])
        at = np.where(to_left, trees.left[at], trees.right[at])
    return at


def _summed(start: float, leaves: FloatArray) -> FloatArray:
    """``start`` and the leaves added one after the other, as they were in training, (n_samples,)."""
    starts = np.full((len(leaves), 1), start)
    return np.asarray(np.cumsum(np.concatenate([starts, leaves], axis=1), axis=1)[:, -1])
