"""The inner cross-validation: settings of a pipeline chosen, every step fitted, inside the training samples alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from exomics.stratify.models.built import Built
from exomics.stratify.study.splits import Fold

FloatArray = NDArray[np.float64]

_CLIP = 1e-6
ALONG = "model__position"  # the one parameter whose values a path model gives all at once


class Chosen(NamedTuple):
    """The fitted pipeline, its settings, the mean loss of each setting in the inner folds (n_settings,), and what the
    chosen setting predicted for samples held out there (n_samples, n_outputs), NaN where none did.
    """

    pipeline: Pipeline
    settings: dict[str, Any]
    losses: FloatArray
    held_out: FloatArray


def fit_chosen(built: Built, features: FloatArray, response: NDArray[Any], inner: list[Fold]) -> Chosen:
    """Choose the settings with the least loss over the inner folds, and fit the pipeline with them.

    Of settings that are equally good the first stands, which is the simplest where a grid begins with it. The loss is
    the mean log loss of the classes; of survival, the negative log partial likelihood per event of all held-out risks.
    """
    if built.stacked:
        fitted = clone(built.pipeline).fit(features, response, model__inner=inner)
        return Chosen(fitted, {}, np.zeros(1), fitted[-1].held_out_)
    settings = list(ParameterGrid(built.grid))
    held_out = np.full((len(settings), len(features), _n_outputs(response)), np.nan)
    for part in inner:
        train = (features[part.train], response[part.train])
        held_out[:, part.test] = _predictions(built, settings, train, features[part.test])
    tested = np.isfinite(held_out[0, :, 0])
    losses = losses_of(held_out[:, tested], response[tested]) if tested.any() else np.zeros(len(settings))
    best = int(np.argmin(losses))
    return Chosen(_fitted(built.pipeline, settings[best], features, response), settings[best], losses, held_out[best])


def predictions(pipeline: Pipeline, features: FloatArray) -> FloatArray:
    """What a fitted pipeline says, (n_samples, n_outputs): a probability per class, or the log hazard alone."""
    if is_classifier(pipeline):
        return np.asarray(pipeline.predict_proba(features))
    return np.asarray(pipeline.predict(features))[:, np.newaxis]


def log_losses(probability: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """``-log`` of the probability given to what happened, same shape as `probability` (..., n_samples)."""
    kept = np.clip(probability, _CLIP, 1.0 - _CLIP)
    return -np.where(labels == 1, np.log(kept), np.log1p(-kept))


def losses_of(predicted: FloatArray, response: NDArray[Any]) -> FloatArray:
    """Loss of each setting, (n_settings,), from predictions (n_settings, n_samples, n_outputs)."""
    if response.ndim == 2:
        return _partial_losses(predicted[:, :, 0], *response.T)
    given = np.take_along_axis(predicted, response[np.newaxis, :, np.newaxis].astype(np.int64), axis=2)[:, :, 0]
    return np.asarray(-np.log(np.clip(given, _CLIP, 1.0 - _CLIP)).mean(axis=1))


def _partial_losses(risk: FloatArray, time: FloatArray, event: FloatArray) -> FloatArray:
    """``-(1 / d) sum over d events of risk_i - log sum over time_j >= time_i of exp risk_j`` (Breslow's ties)."""
    order = np.argsort(-time, kind="stable")
    falling = time[order]
    at_risk = np.logaddexp.accumulate(risk[:, order], axis=1)
    last = np.searchsorted(-falling, -falling, side="right") - 1
    terms = (risk[:, order] - at_risk[:, last]) * event[order]
    return np.asarray(-terms.sum(axis=1) / max(event.sum(), 1.0))


def _n_outputs(response: NDArray[Any]) -> int:
    return 1 if response.ndim == 2 else int(response.max()) + 1


def _predictions(
    built: Built, settings: list[dict[str, Any]], train: tuple[FloatArray, NDArray[Any]], test: FloatArray
) -> FloatArray:
    """Predictions (n_settings, n_test, n_outputs): a model with a path gives all of them by one fit."""
    if list(built.grid) == [ALONG]:
        fitted = _fitted(built.pipeline, {}, *train)
        path = fitted[-1].prediction_path(fitted[:-1].transform(test))
        return np.asarray(path[[found[ALONG] for found in settings]])
    return np.stack([predictions(_fitted(built.pipeline, found, *train), test) for found in settings])


def _fitted(pipeline: Pipeline, settings: dict[str, Any], features: FloatArray, response: NDArray[Any]) -> Pipeline:
    return clone(pipeline).set_params(**settings).fit(features, response)
