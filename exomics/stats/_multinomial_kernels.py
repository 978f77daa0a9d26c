"""Compiled paths of penalized multinomial likelihoods: one class after the other, strong rules, all features checked.

Features lie in rows and are standardized. A feature is allowed in all classes or in none.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import entry_point, helper
from exomics.stats._elastic_net_descent import (
    CONVERGED,
    MOST_REWEIGHTINGS,
    NOT_CONVERGED,
    SATURATED,
    Rules,
    descend,
    dot,
    squares_of,
)
from exomics.stats._elastic_net_kernels import MOST_CHECKS, PERFECT, SLACK, append_row

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LEAST_CURVATURE = 1e-5


class Members(NamedTuple):
    """``features`` (n_features, n_samples), and which class each sample is of, (n_classes, n_samples) of 0 and 1."""

    features: FloatArray
    belongs: FloatArray


class _State(NamedTuple):
    """Where the path stands: a row, or an entry, per class (n_classes, ...); `given` is room for probabilities."""

    beta: FloatArray
    predictor: FloatArray
    given: FloatArray
    intercepts: FloatArray


class _Screen(NamedTuple):
    """(n_features,) largest absolute slopes over the classes, and features allowed."""

    pulls: FloatArray
    keep: BoolArray


@helper
def _probabilities(predictor: FloatArray, found: FloatArray) -> float:
    """Write the softmax over the classes, shape (n_classes, n_samples); returns the summed log of its denominators."""
    n_classes, n = predictor.shape
    denominators = 0.0
    for i in range(n):
        top = predictor[0, i]
        for k in range(1, n_classes):
            top = max(top, predictor[k, i])
        total = 0.0
        for k in range(n_classes):
            found[k, i] = math.exp(predictor[k, i] - top)
            total += found[k, i]
        for k in range(n_classes):
            found[k, i] /= total
        denominators += top + math.log(total)
    return denominators


@helper
def _deviance(belongs: FloatArray, predictor: FloatArray, given: FloatArray) -> float:
    """-2 x log likelihood; `given` is overwritten."""
    total = _probabilities(predictor, given)
    for k in range(len(belongs)):
        total -= dot(belongs[k], predictor[k])
    return 2.0 * total


@helper
def _least_shift(coefficients: FloatArray, alpha: float) -> float:
    """What to take off a feature's coefficients in all classes: the likelihood stays, the penalty is least.

    The least of ``sum_k alpha |b_k - c| + (1 - alpha) (b_k - c)^2 / 2`` lies at the median of the coefficients and of
    the points where its derivative would vanish between any two of them; of several, nearest to 0.
    """
    n_classes = coefficients.size
    mean = coefficients.sum() / n_classes
    places = np.empty(2 * n_classes + 1)
    for at in range(places.size):
        if at < n_classes:
            place = coefficients[at]
        elif alpha < 1.0:
            place = mean + alpha * (3 * n_classes - 2 * at) / (n_classes * (1.0 - alpha))
        else:
            tilt = float(3 * n_classes - 2 * at)
            place = math.copysign(math.inf, tilt) if tilt != 0.0 else 0.0
        behind = at
        while behind > 0 and places[behind - 1] > place:
            places[behind] = places[behind - 1]
            behind -= 1
        places[behind] = place
    return places[n_classes]


@helper
def _is_in(beta: FloatArray, j: int) -> bool:
    """Whether a feature has a coefficient in any class."""
    found = False
    for k in range(len(beta)):
        found |= beta[k, j] != 0.0
    return found


@helper
def _center(members: Members, chosen: IntArray, state: _State, rules: Rules) -> None:
    """Take off each feature's least shift; of features without a penalty the mean."""
    n_classes, n = state.predictor.shape
    coefficients = np.empty(n_classes)
    for j in chosen:
        if not _is_in(state.beta, j):
            continue
        for k in range(n_classes):
            coefficients[k] = state.beta[k, j]
        free = rules.factors[j] == 0.0
        shift = coefficients.sum() / n_classes if free else _least_shift(coefficients, rules.alpha)
        if shift != 0.0:
            for k in range(n_classes):
                state.beta[k, j] -= shift
                for i in range(n):
                    state.predictor[k, i] -= shift * members.features[j, i]


@helper
def _turn(members: Members, chosen: IntArray, state: _State, penalty: float, rules: Rules) -> float:
    """Reweight and descend in each class once, then center; returns the largest weighted squared change before that."""
    n_classes, n = state.predictor.shape
    given, curve, slope, before = state.given, np.empty(n), np.empty(n), np.empty(chosen.size)
    largest = 0.0
    for k in range(n_classes):
        _probabilities(state.predictor, given)
        for i in range(n):
            slope[i] = members.belongs[k, i] - given[k, i]
            curve[i] = max(given[k, i] * (1.0 - given[k, i]), _LEAST_CURVATURE)
        for at in range(chosen.size):
            before[at] = state.beta[k, chosen[at]]
        squares = squares_of(members.features, chosen, curve)
        shift = descend(squares, (curve, slope), state.beta[k], penalty, rules)
        state.intercepts[k] += shift
        largest = max(largest, curve.sum() / n * shift * shift)
        for i in range(n):
            state.predictor[k, i] += shift
        for at in range(chosen.size):
            change = state.beta[k, chosen[at]] - before[at]
            if change != 0.0:
                largest = max(largest, squares.spread[at] * change * change)
                for i in range(n):
                    state.predictor[k, i] += change * members.features[chosen[at], i]
    _center(members, chosen, state, rules)
    return largest


@helper
def _fit(members: Members, chosen: IntArray, state: _State, penalty: float, rules: Rules) -> int:
    """Turn over the classes until nothing moves: with the features that are in, then once with all allowed ones."""
    inside = np.empty(chosen.size, dtype=np.int64)
    for _ in range(MOST_REWEIGHTINGS):
        if _turn(members, chosen, state, penalty, rules) < rules.tolerance:
            return CONVERGED
        n_inside = 0
        for j in chosen:
            if _is_in(state.beta, j):
                inside[n_inside] = j
                n_inside += 1
        for _ in range(MOST_REWEIGHTINGS):
            if _turn(members, inside[:n_inside], state, penalty, rules) < rules.tolerance:
                break
    return NOT_CONVERGED


@helper
def _write_pulls(members: Members, state: _State, pulls: FloatArray) -> None:
    """Each feature's largest absolute slope of the log likelihood over the classes, / n_samples; (n_features,)."""
    n_classes, n = state.predictor.shape
    _probabilities(state.predictor, state.given)
    for k in range(n_classes):
        for i in range(n):
            state.given[k, i] = (members.belongs[k, i] - state.given[k, i]) / n
    slopes = np.dot(state.given, members.features.T)
    for j in range(pulls.size):
        pulls[j] = 0.0
        for k in range(n_classes):
            pulls[j] = max(pulls[j], abs(slopes[k, j]))


@helper
def _allow(keep: BoolArray, pulls: FloatArray, rules: Rules, limit: float) -> int:
    """Let in features whose slope, over their factor, is above the limit; returns how many of them were out."""
    missed = 0
    for j in range(keep.size):
        if not keep[j] and pulls[j] > rules.alpha * rules.factors[j] * limit:
            keep[j] = True
            missed += 1
    return missed


@helper
def _advance(members: Members, state: _State, screen: _Screen, penalty: float, rules: Rules) -> int:
    """Fit at one penalty until no feature left out should be in; returns the status."""
    status = NOT_CONVERGED
    for _ in range(MOST_CHECKS):
        status = _fit(members, np.flatnonzero(screen.keep), state, penalty, rules)
        _write_pulls(members, state, screen.pulls)
        if not _allow(screen.keep, screen.pulls, rules, penalty * SLACK):
            break
    return status


@helper
def _begin(members: Members, rules: Rules) -> tuple[_State, float]:
    """The model of the features without a penalty; and the deviance of the classes' frequencies."""
    n_classes, n = members.belongs.shape
    beta, shape = np.zeros((n_classes, len(members.features))), (n_classes, n)
    state = _State(beta, np.empty(shape), np.empty(shape), np.empty(n_classes))
    for k in range(n_classes):
        state.intercepts[k] = math.log(members.belongs[k].sum() / n)
        state.predictor[k, :] = state.intercepts[k]
    null = _deviance(members.belongs, state.predictor, state.given)
    _fit(members, np.flatnonzero(rules.factors == 0.0), state, 0.0, rules)
    return state, null


@entry_point
def descend_classes(
    members: Members, penalties: FloatArray, rules: Rules
) -> tuple[tuple[IntArray, FloatArray, IntArray], FloatArray, IntArray]:
    """The path over falling penalties (n_penalties,).

    Returns the nonzero coefficients in compressed rows (indices, values, offsets; row = penalty x n_classes + class),
    intercepts (n_penalties, n_classes), and status (n_penalties,).
    """
    n_classes, n_penalties, n_features = len(members.belongs), penalties.size, len(members.features)
    state, null = _begin(members, rules)
    screen = _Screen(np.empty(n_features), np.zeros(n_features, dtype=np.bool_))
    _write_pulls(members, state, screen.pulls)
    before = penalties[0]
    for j in range(n_features):
        before = max(before, screen.pulls[j] / rules.alpha)
    intercepts, status = np.empty((n_penalties, n_classes)), np.full(n_penalties, SATURATED)
    offsets = np.zeros(n_penalties * n_classes + 1, dtype=np.int64)
    indices, values = np.empty(64 * n_classes, dtype=np.int64), np.empty(64 * n_classes)
    unexplained = null
    for step in range(n_penalties):
        if step == 0 or unexplained >= (1.0 - PERFECT) * null:
            for j in range(n_features):
                screen.keep[j] = rules.factors[j] == 0.0 or _is_in(state.beta, j)
            _allow(screen.keep, screen.pulls, rules, 2.0 * penalties[step] - before)
            status[step] = _advance(members, state, screen, penalties[step], rules)
            unexplained = _deviance(members.belongs, state.predictor, state.given)
            before = penalties[step]
        intercepts[step] = state.intercepts
        for k in range(n_classes):
            row, inside = step * n_classes + k, np.flatnonzero(state.beta[k])
            indices, values = append_row(indices, values, offsets[row], state.beta[k], inside)
            offsets[row + 1] = offsets[row] + inside.size
    used = offsets[-1]
    return (indices[:used], values[:used], offsets), intercepts, status
