"""The inner cross-validation: settings of a pipeline chosen, every step fitted, inside the training samples alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from exomics.stratify.pipelines import Built
from exomics.stratify.splits import Fold

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CLIP = 1e-6
_ALONG = "model__position"  # the one parameter whose values a path model gives all at once


class Chosen(NamedTuple):
    """The fitted pipeline, its settings, and their mean log loss in the inner folds (one number per setting tried)."""

    pipeline: Pipeline
    settings: dict[str, Any]
    losses: FloatArray


def fit_chosen(built: Built, features: FloatArray, labels: IntArray, inner: list[Fold]) -> Chosen:
    """Choose the settings with the least log loss over the inner folds, and fit the pipeline with them.

    Of settings that are equally good the first stands, which is the simplest where a grid begins with it.
    """
    settings = list(ParameterGrid(built.grid))
    if len(settings) == 1:
        return Chosen(_fitted(built.pipeline, settings[0], features, labels), settings[0], np.zeros(1))
    total = np.zeros(len(settings))
    for train, test in inner:
        predicted = _predictions(built, settings, (features[train], labels[train]), features[test])
        total += log_losses(predicted, labels[test]).sum(axis=1)
    losses = total / sum(len(fold.test) for fold in inner)
    best = settings[int(np.argmin(losses))]
    return Chosen(_fitted(built.pipeline, best, features, labels), best, losses)


def log_losses(probability: FloatArray, labels: IntArray) -> FloatArray:
    """``-log`` of the probability given to what happened, same shape as `probability` (..., n_samples)."""
    kept = np.clip(probability, _CLIP, 1.0 - _CLIP)
    return -np.where(labels == 1, np.log(kept), np.log1p(-kept))


def _predictions(
    built: Built, settings: list[dict[str, Any]], train: tuple[FloatArray, IntArray], test: FloatArray
) -> FloatArray:
    """Probabilities (n_settings, n_test): a model with a path gives all of them by one fit."""
    if list(built.grid) == [_ALONG]:
        fitted = _fitted(built.pipeline, {}, *train)
        decisions = fitted[-1].decision_path(fitted[:-1].transform(test))
        return 1.0 / (1.0 + np.exp(-decisions[[found[_ALONG] for found in settings]]))
    return np.stack([_fitted(built.pipeline, found, *train).predict_proba(test)[:, 1] for found in settings])


def _fitted(pipeline: Pipeline, settings: dict[str, Any], features: FloatArray, labels: IntArray) -> Pipeline:
    return clone(pipeline).set_params(**settings).fit(features, labels)
