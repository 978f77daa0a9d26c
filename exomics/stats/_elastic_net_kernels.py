"""Compiled paths of penalized likelihoods: strong rules, and a check of every feature that was left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._elastic_net_descent import SATURATED, Rules, fit_one
from exomics.stats._elastic_net_families import BINOMIAL, Outcome, deviance, start, working

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_CHECKS = 50
PERFECT = 0.999
SLACK = 1.0 + 1e-9


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
    """(n_responses, n_features) absolute slopes and features allowed; (n_responses,) responses that wait."""

    gradients: FloatArray
    keep: BoolArray
    waiting: BoolArray


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
def _advance(samples: Samples, rules: Rules, state: _State, screen: _Screen, penalty: FloatArray) -> IntArray:
    """Fit the responses that wait at their next penalty until no feature left out should be in; returns statuses.

    The slopes of all of them meet the features in one product of matrices.
    """
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
        found = np.abs(_by_feature(state.slopes[turn], samples.features)) / curve.size
        for k in range(turn.size):
            b = turn[k]
            screen.gradients[b] = found[k]
            missed = (found[k] > rules.alpha * rules.factors * penalty[b] * SLACK) & ~screen.keep[b]
            screen.waiting[b] = missed.any()
            screen.keep[b] |= missed
    return status


@helper
def _allow(screen: _Screen, ever: BoolArray, rules: Rules, penalty: FloatArray, before: FloatArray) -> None:
    """The strong rule: features whose slope may reach the penalty, and those that were in before."""
    for b in range(penalty.size):
        limit = rules.alpha * rules.factors * (2.0 * penalty[b] - before[b])
        screen.keep[b] = ever[b] | (rules.factors == 0.0) | (screen.gradients[b] >= limit)


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
    gradients = np.abs(_by_feature(state.slopes, samples.features)) / n
    ever, keep = np.zeros((many, n_features), dtype=np.bool_), np.zeros((many, n_features), dtype=np.bool_)
    screen = _Screen(gradients, keep, np.ones(many, dtype=np.bool_))
    intercepts, explained = np.zeros(penalties.shape), np.zeros(penalties.shape)
    status, offsets = np.zeros(penalties.shape, dtype=np.int64), np.zeros(penalties.size + 1, dtype=np.int64)
    indices, values = np.empty(64 * many, dtype=np.int64), np.empty(64 * many)
    before = penalties[0].copy()
    for b in range(many if n_features else 0):
        before[b] = max(gradients[b].max() / rules.alpha, before[b])
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
