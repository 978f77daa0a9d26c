"""Compiled paths of penalized likelihoods: strong rules, and a check of every feature that was left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._elastic_net_descent import SATURATED, Rules, dot, fit_one
from exomics.stats._elastic_net_families import BINOMIAL, Outcome, deviance, start, working
from exomics.stats._slope_bounds import MOST_DIRECTIONS, Met, bound, remember

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_CHECKS = 50
PERFECT = 0.999
SLACK = 1.0 + 1e-9
_MOST_DOUBTFUL = 8  # a feature met alone costs about that many met in one product


class Samples(NamedTuple):
    """``features`` (n_features, n_samples), ``responses`` (n_responses, n_samples), ``first`` (n_samples,) of ties."""

    features: FloatArray
    responses: FloatArray
    first: IntArray
    family: int


class _State(NamedTuple):
    """Where each response's path stands: one row, or one entry, per response (n_responses, ...)."""

    beta: FloatArray
    predictor: FloatArray
    slopes: FloatArray
    intercepts: FloatArray


class _Screen(NamedTuple):
    """(n_responses, n_features) inner products with the slopes and features allowed; (n_responses,) responses that
    wait; and the directions that all features have met."""

    gradients: FloatArray
    keep: BoolArray
    waiting: BoolArray
    met: Met


@helper
def _begin(samples: Samples, rules: Rules, state: _State) -> FloatArray:
    """Fit every response by the unpenalized features alone; returns the deviances without any (n_responses,)."""
    free, curve = np.flatnonzero(rules.factors == 0.0), np.empty(samples.first.size)
    null = np.empty(state.intercepts.size)
    for b in range(state.intercepts.size):
        outcome = Outcome(samples.responses[b], samples.first, samples.family)
        state.intercepts[b] = start(outcome, state.predictor[b])
        null[b] = max(deviance(outcome, state.predictor[b]), 1e-300)
        shift, _ = fit_one((samples.features, outcome), free, (state.beta[b], state.predictor[b]), 0.0, rules)
        state.intercepts[b] += shift
        working(outcome, state.predictor[b], state.slopes[b], curve)
    return null


@helper
def _by_feature(slopes: FloatArray, features: FloatArray) -> FloatArray:
    """Inner products (n_rows, n_features); of one row by a vector, since a product of matrices would copy them."""
    if len(slopes) == 1:
        return np.dot(features, slopes[0]).reshape(1, len(features))
    return np.dot(slopes, features.T)


@helper
def _pulls(samples: Samples, rules: Rules, state: _State, screen: _Screen, penalty: FloatArray) -> None:
    """Meet the features where the responses that wait stand: gradients, exact for each feature that may be missed.

    Most are told from products made before. Where too many could be missed, all features are met, by all such
    responses in one product of matrices.
    """
    n_features, n = samples.features.shape
    turn = np.flatnonzero(screen.waiting)
    whole = np.zeros(turn.size, dtype=np.bool_)
    for k in range(turn.size):
        b = turn[k]
        near = bound(screen.met, b, state.slopes[b], screen.gradients[b])
        limits = rules.alpha * penalty[b] * n
        doubtful, found = np.empty(n_features // _MOST_DOUBTFUL + 1, dtype=np.int64), 0
        for j in range(n_features):
            if abs(screen.gradients[b, j]) + near > limits * rules.factors[j] and not screen.keep[b, j]:
                doubtful[found] = j
                found += 1
                if found == doubtful.size:
                    whole[k] = True
                    break
        for j in doubtful[: 0 if whole[k] else found]:
            screen.gradients[b, j] = dot(samples.features[j], state.slopes[b])
    if whole.any():
        products = _by_feature(state.slopes[turn[whole]], samples.features)
        for k, b in enumerate(turn[whole]):
            screen.gradients[b] = products[k]
            remember(screen.met, b, state.slopes[b], products[k])


@helper
def _advance(samples: Samples, rules: Rules, state: _State, screen: _Screen, penalty: FloatArray) -> IntArray:
    """Fit the responses that wait at their next penalty until no feature left out should be in; returns statuses."""
    status, curve = np.full(penalty.size, SATURATED, dtype=np.int64), np.empty(samples.first.size)
    for _ in range(MOST_CHECKS):
        turn = np.flatnonzero(screen.waiting)
        if turn.size == 0:
            break
        for b in turn:
            outcome = Outcome(samples.responses[b], samples.first, samples.family)
            here = (state.beta[b], state.predictor[b])
            chosen = np.flatnonzero(screen.keep[b])
            shift, status[b] = fit_one((samples.features, outcome), chosen, here, penalty[b], rules)
            state.intercepts[b] += shift
            working(outcome, state.predictor[b], state.slopes[b], curve)
        _pulls(samples, rules, state, screen, penalty)
        for b in turn:
            limit = rules.alpha * penalty[b] * SLACK * curve.size
            screen.waiting[b] = False
            for j in range(rules.factors.size):
                if abs(screen.gradients[b, j]) > limit * rules.factors[j] and not screen.keep[b, j]:
                    screen.keep[b, j] = screen.waiting[b] = True
    return status


@helper
def _allow(screen: _Screen, ever: BoolArray, rules: Rules, penalty: FloatArray, before: FloatArray) -> None:
    """The strong rule: features whose slope may reach the penalty, and those that were in before."""
    n = screen.met.directions.shape[2]
    for b in range(penalty.size):
        limit = rules.alpha * (2.0 * penalty[b] - before[b]) * n
        for j in range(rules.factors.size):
            strong = abs(screen.gradients[b, j]) >= limit * rules.factors[j]
            screen.keep[b, j] = ever[b, j] or rules.factors[j] == 0.0 or strong


@helper
def append_row(
    indices: IntArray, values: FloatArray, used: int, beta: FloatArray, inside: IntArray
) -> tuple[IntArray, FloatArray]:
    """Write the nonzero coefficients behind the `used` first ones, in arrays twice as long if need be."""
    if used + inside.size > indices.size:
        longer = max(2 * indices.size, used + inside.size)
        more_indices, more_values = np.empty(longer, dtype=np.int64), np.empty(longer)
        more_indices[:used] = indices[:used]
        more_values[:used] = values[:used]
        indices, values = more_indices, more_values
    indices[used : used + inside.size] = inside
    values[used : used + inside.size] = beta[inside]
    return indices, values


@entry_point
def descend_paths(
    samples: Samples, penalties: FloatArray, rules: Rules
) -> tuple[tuple[IntArray, FloatArray, IntArray], FloatArray, FloatArray, IntArray]:
    """Paths of several responses over the same samples, penalty by penalty, all of them in step.

    ``penalties`` (n_penalties, n_responses), each falling. Returns the nonzero coefficients in compressed rows
    (indices, values, offsets; row = penalty x n_responses + response), and intercepts, deviances explained and status
    as ``penalties``.
    """
    n_features, n = samples.features.shape
    n_penalties, many = penalties.shape
    state = _State(np.zeros((many, n_features)), np.zeros((many, n)), np.empty((many, n)), np.zeros(many))
    null = _begin(samples, rules, state)
    gradients = _by_feature(state.slopes, samples.features)
    ever, keep = np.zeros((many, n_features), dtype=np.bool_), np.zeros((many, n_features), dtype=np.bool_)
    met = Met(
        np.zeros((many, MOST_DIRECTIONS, n)),
        np.zeros((many, MOST_DIRECTIONS, n_features)),
        np.zeros(many, dtype=np.int64),
    )
    screen = _Screen(gradients, keep, np.ones(many, dtype=np.bool_), met)
    intercepts, explained = np.zeros(penalties.shape), np.zeros(penalties.shape)
    status, offsets = np.zeros(penalties.shape, dtype=np.int64), np.zeros(penalties.size + 1, dtype=np.int64)
    indices, values = np.empty(64 * many, dtype=np.int64), np.empty(64 * many)
    before = penalties[0].copy()
    for b in range(many if n_features else 0):
        remember(met, b, state.slopes[b], gradients[b])
        before[b] = max(np.abs(gradients[b]).max() / (n * rules.alpha), before[b])
    for step in range(n_penalties):
        for b in range(many):
            screen.waiting[b] = step == 0 or samples.family != BINOMIAL or explained[step - 1, b] <= PERFECT
        _allow(screen, ever, rules, penalties[step], before)
        status[step] = _advance(samples, rules, state, screen, penalties[step])
        intercepts[step] = state.intercepts
        before = penalties[step]
        for b in range(many):
            inside = np.flatnonzero(state.beta[b])
            ever[b, inside] = True
            row = step * many + b
            indices, values = append_row(indices, values, offsets[row], state.beta[b], inside)
            offsets[row + 1] = offsets[row] + inside.size
            outcome = Outcome(samples.responses[b], samples.first, samples.family)
            explained[step, b] = 1.0 - deviance(outcome, state.predictor[b]) / null[b]
    used = offsets[-1]
    return (indices[:used], values[:used], offsets), intercepts, explained, status
