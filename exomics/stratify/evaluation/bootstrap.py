"""Subjects drawn again: intervals of measures over what cross-validation held out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stratify.models.search import log_losses

__all__ = ["HeldOut", "bootstrapped", "subject_weights"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class HeldOut(NamedTuple):
    """What one repeat held out: predictions (n_samples, n_outputs), class called and test fold of each (n_samples,)."""

    predicted: FloatArray
    called: IntArray
    fold: IntArray


def subject_weights(groups: IntArray, n_draws: int, generator: np.random.Generator) -> FloatArray:
    """How often each sample is drawn when groups are drawn with replacement; the first row is the data as they are.

    Parameters
    ----------
    groups
        (n_samples,) what stays together.
    n_draws
        Number of bootstrap samples.
    generator
        Of the draws.

    Returns
    -------
    ndarray
        (1 + n_draws, n_samples).

    Examples
    --------
    >>> subject_weights(np.array([0, 0, 1]), 1, np.random.default_rng(1))[0].tolist()
    [1.0, 1.0, 1.0]
    """
    names, place = np.unique(groups, return_inverse=True)
    drawn = generator.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=n_draws)
    return np.concatenate([np.ones((1, len(groups))), drawn[:, place].astype(np.float64)])


def bootstrapped(repeats: list[HeldOut], response: NDArray[Any], weights: FloatArray) -> dict[str, FloatArray]:
    """Each measure with each row of weights, its mean over the repeats.

    Pairs are compared within their test fold alone, since each fold has a model of its own. Of survival Harrell's
    concordance; of classes AUC (of several, the mean of each against all others), Brier score, log loss, and the
    balanced error of the classes called.

    Parameters
    ----------
    repeats
        What each repeat held out.
    response
        (n_samples,) classes, or (n_samples, 2) times and events.
    weights
        (n_draws, n_samples), as from `subject_weights`.

    Returns
    -------
    dict
        (n_draws,) per measure; NaN where a draw lacks what it compares.

    Notes
    -----
    Models are not fitted again, so that the interval holds the chance of which subjects were tested, not of which were
    learned from.

    Examples
    --------
    >>> told = HeldOut(np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0, 1]), np.zeros(2, dtype=np.int64))
    >>> bootstrapped([told], np.array([0, 1]), np.ones((1, 2)))["auc"].tolist()
    [1.0]
    """
    measure = _of_survival if response.ndim == 2 else _of_classes
    found = [measure(told, response, weights) for told in repeats]
    return {name: np.mean([each[name] for each in found], axis=0) for name in found[0]}


def _of_survival(told: HeldOut, response: FloatArray, weights: FloatArray) -> dict[str, FloatArray]:
    time, event = response.T
    later = (time > time[:, np.newaxis]) | ((time == time[:, np.newaxis]) & (event == 0.0))
    pairs = later & (event == 1.0)[:, np.newaxis] & (told.fold == told.fold[:, np.newaxis])
    return {"concordance": _agreement(told.predicted[:, 0], pairs, weights)}


def _of_classes(told: HeldOut, labels: IntArray, weights: FloatArray) -> dict[str, FloatArray]:
    n_classes = told.predicted.shape[1]
    happened = labels[:, np.newaxis] == np.arange(n_classes)
    together = told.fold == told.fold[:, np.newaxis]
    auc = [
        _agreement(told.predicted[:, k], happened[:, [k]] & ~happened[:, k] & together, weights)
        for k in (range(1, 2) if n_classes == 2 else range(n_classes))
    ]
    brier = np.sum((told.predicted - happened) ** 2, axis=1) / 2.0
    losses = log_losses(told.predicted[happened], np.ones(len(labels), dtype=np.int64))
    wrong = (told.called != labels).astype(np.float64)
    with np.errstate(invalid="ignore"):
        errors = (weights * wrong) @ happened / (weights @ happened)
    return {
        "auc": np.mean(auc, axis=0),
        "brier": weights @ brier / weights.sum(axis=1),
        "log_loss": weights @ losses / weights.sum(axis=1),
        "balanced_error_tuned": errors.mean(axis=1),
    }


def _agreement(score: FloatArray, pairs: NDArray[np.bool_], weights: FloatArray) -> FloatArray:
    """Weighted share of `pairs` (row above column expected) that agree, ties counting one half; (n_draws,)."""
    above = (score[:, np.newaxis] > score) + 0.5 * (score[:, np.newaxis] == score)
    agreeing = np.einsum("bi,bi->b", weights @ (pairs * above), weights)
    with np.errstate(invalid="ignore"):
        return np.asarray(agreeing / np.einsum("bi,bi->b", weights @ pairs.astype(np.float64), weights))
