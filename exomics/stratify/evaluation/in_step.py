"""Shuffles that go in step: what a fold needs for any outcome is made once, and serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import get_tags

from exomics.stats.elastic_net import elastic_net_paths
from exomics.stats.ridge_scores import ridge_paths
from exomics.stratify.evaluation.work import Work
from exomics.stratify.models.built import Built
from exomics.stratify.models.logistic import ElasticNetLogistic
from exomics.stratify.models.ridge import RidgeScore, squared_losses
from exomics.stratify.models.search import ALONG, log_losses
from exomics.stratify.study.splits import Fold

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_BLOCK = 64  # shuffles whose coefficients fill 64 x n_features doubles, and whose pairs are counted at once


class Stepper(NamedTuple):
    """How the shuffles of one model go in step, and how many sums over held-out samples choose its penalty.

    ``told`` takes the model, training and test features and labels (n_labelings, n_train), and yields blocks of
    labelings with their predictions (n_rows, n_penalties, n_test); ``tallied`` turns those, training labels and test
    labels into sums over the test samples, (n_sums, n_rows, n_penalties), the loss first; ``heard`` turns the sums of
    all inner folds into whether the model says anything at a penalty, (n_labelings, n_penalties).
    """

    n_sums: int
    told: Callable[[Any, FloatArray, FloatArray, IntArray], Iterator[tuple[slice, FloatArray]]]
    tallied: Callable[[FloatArray, IntArray, IntArray], FloatArray]
    heard: Callable[[FloatArray], BoolArray]


def stepper_of(built: Built) -> Stepper | None:
    """The stepper of a pipeline, None if it searches more than a path, or a step asks for the outcome."""
    *before, model = (step for _, step in built.pipeline.steps)
    if any(get_tags(step).target_tags.required for step in before):
        return None
    if isinstance(model, ElasticNetLogistic) and list(built.grid) == [ALONG]:
        return _NET
    return _RIDGE if isinstance(model, RidgeScore) and not built.grid else None


def in_step(
    built: Built, features: FloatArray, shuffled: IntArray, parts: list[tuple[Fold, list[Fold]]], work: Work
) -> FloatArray:
    """Mean AUC over the outer folds of all labelings (n_labelings, n_samples), shape (n_labelings,)."""
    work.begin("shuffled outcomes", sum(1 + len(inner) for _, inner in parts))
    auc = np.empty((len(shuffled), len(parts)))
    for f, (fold, inner) in enumerate(parts):
        whole = _prepared(built, features, fold.train)
        tallies = []
        for i, part in enumerate(inner):
            data = whole if built.stacked else _prepared(built, features, part.train)
            tallies.append(work.once(f"shuffles {f} {i}", partial(_tally, built, data, shuffled, part)))
        judged = partial(_judged, built, whole, shuffled, fold, np.sum(tallies, axis=0))
        auc[:, f] = work.once(f"shuffles {f}", judged)
    return auc.mean(axis=1)


def _prepared(built: Built, features: FloatArray, train: IntArray) -> FloatArray:
    """All samples after the steps before the model, fitted to the training samples."""
    return np.asarray(clone(built.pipeline[:-1]).fit(features[train]).transform(features))


def _tally(built: Built, data: FloatArray, shuffled: IntArray, part: Fold) -> FloatArray:
    """Sums (n_sums, n_labelings, n_penalties) of one inner fold; 0 where its training part has one class."""
    stepper, model = _stepper(built), built.pipeline[-1]
    both = np.flatnonzero(np.ptp(shuffled[:, part.train], axis=1) == 1)
    train, test = shuffled[both][:, part.train], shuffled[both][:, part.test]
    sums = np.zeros((stepper.n_sums, len(shuffled), model.n_penalties))
    for block, told in stepper.told(model, data[part.train], data[part.test], train):
        sums[:, both[block]] = stepper.tallied(told, train[block], test[block])
    return sums


def _judged(built: Built, data: FloatArray, shuffled: IntArray, fold: Fold, sums: FloatArray) -> FloatArray:
    """AUC (n_labelings,) in one outer fold, at the penalty that the inner folds of each labeling chose."""
    stepper, model = _stepper(built), built.pipeline[-1]
    best = np.argmin(sums[0], axis=1)
    chosen = np.empty((len(shuffled), len(fold.test)))
    for block, told in stepper.told(model, data[fold.train], data[fold.test], shuffled[:, fold.train]):
        chosen[block] = np.take_along_axis(told, best[block, np.newaxis, np.newaxis], axis=1)[:, 0]
    chosen[~stepper.heard(sums)[np.arange(len(best)), best]] = 0.0
    return _areas(chosen, shuffled[:, fold.test])


def _stepper(built: Built) -> Stepper:
    stepper = stepper_of(built)
    assert stepper is not None
    return stepper


def _areas(scores: FloatArray, labels: IntArray) -> FloatArray:
    """AUC of each row of scores for the same row of labels, both (n_rows, n_samples)."""
    area = np.empty(len(scores))
    for start in range(0, len(scores), _BLOCK):
        score, first = scores[start : start + _BLOCK], labels[start : start + _BLOCK] == 1
        pairs = first[:, :, np.newaxis] & ~first[:, np.newaxis]
        left, right = score[:, :, np.newaxis], score[:, np.newaxis]
        won = ((left > right) & pairs).sum(axis=(1, 2)) + 0.5 * ((left == right) & pairs).sum(axis=(1, 2))
        area[start : start + _BLOCK] = won / pairs.sum(axis=(1, 2))
    return area


def _told_by_net(
    model: ElasticNetLogistic, train: FloatArray, test: FloatArray, labels: IntArray
) -> Iterator[tuple[slice, FloatArray]]:
    """Probabilities of the second class."""
    for start in range(0, len(labels), _BLOCK):
        block = slice(start, start + _BLOCK)
        paths = elastic_net_paths(
            train, labels[block], alpha=model.alpha, n_penalties=model.n_penalties,
            penalty_factors=model.penalty_factors(),
        )  # fmt: skip
        yield block, 1.0 / (1.0 + np.exp(-paths.predict(test)))


def _told_by_ridge(
    model: RidgeScore, train: FloatArray, test: FloatArray, labels: IntArray
) -> Iterator[tuple[slice, FloatArray]]:
    """Scores without the intercept; one decomposition serves all labelings."""
    if len(labels):
        paths = ridge_paths(train, labels, n_penalties=model.n_penalties)
        yield slice(len(labels)), paths.scores(test).swapaxes(0, 1)


def _loss_alone(told: FloatArray, train: IntArray, test: IntArray) -> FloatArray:
    return log_losses(told, test[:, np.newaxis]).sum(axis=2)[np.newaxis]


def _loss_and_rise(told: FloatArray, train: IntArray, test: IntArray) -> FloatArray:
    """Squared loss, score x label, score, label, and number of samples."""
    loss = squared_losses(told, train.mean(axis=1)[:, np.newaxis, np.newaxis], test[:, np.newaxis])
    both = (told @ test[:, :, np.newaxis].astype(np.float64))[:, :, 0]
    n_second = np.broadcast_to(test.sum(axis=1)[:, np.newaxis], loss.shape)
    return np.stack([loss, both, told.sum(axis=2), n_second, np.full(loss.shape, test.shape[1])])


def _always(sums: FloatArray) -> BoolArray:
    return np.ones(sums.shape[1:], dtype=np.bool_)


def _where_it_rises(sums: FloatArray) -> BoolArray:
    """Where held-out scores go up with the class; elsewhere the model gives every sample the frequency of the class."""
    _, both, score, n_second, n = sums
    return np.asarray(both - score * n_second / np.maximum(n, 1.0) > 0.0)


_NET = Stepper(1, _told_by_net, _loss_alone, _always)
_RIDGE = Stepper(5, _told_by_ridge, _loss_and_rise, _where_it_rises)
