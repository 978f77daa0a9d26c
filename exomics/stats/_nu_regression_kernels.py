"""Compiled kernels of `exomics.stats.nu_support_vectors`: a primal-dual interior point method in the coefficients.

Of a feature there are two conditions, ``y - f <= tube + excess`` and ``f - y <= tube + excess``, in rows 0 and 1 of the
arrays of a state: multipliers in (0, cost), slacks and excesses. The unknowns are the coefficients, the intercept, and
the tube, in this order. Steps keep every condition, so the sum of the products is the duality gap.
"""

from __future__ import annotations

import numpy as np

from exomics.stats._compiled import entry_point, helper

_MOST_STEPS = 100
_NEAR = 0.995


@helper
def _start(target, nu, cost, point, state):  # type: ignore[no-untyped-def]
    """No coefficients and equal multipliers: the dual holds exactly, the primal by slack and excess."""
    multiplier, slack, excess = state
    point[:] = 0.0
    point[-2] = np.mean(target)
    point[-1] = 0.5 * np.std(target)
    margin = point[-1] + 1e-3
    multiplier[:] = 0.5 * nu * cost
    for side in range(2):
        sign = 1.0 - 2.0 * side
        for i in range(len(target)):
            inside = point[-1] + sign * (point[-2] - target[i])
            slack[side, i] = max(inside, 0.0) + margin
            excess[side, i] = slack[side, i] - inside


@helper
def _fitted(design, point, fitted):  # type: ignore[no-untyped-def]
    for i in range(design.shape[0]):
        total = 0.0
        for j in range(design.shape[1]):
            total += design[i, j] * point[j]
        fitted[i] = total


@helper
def _curvature(design, weight, matrix):  # type: ignore[no-untyped-def]
    """Weighted cross-products of the conditions, lower triangle, and the ridge of the coefficients."""
    n, k = design.shape
    matrix[:] = 0.0
    for i in range(n):
        both, difference = weight[0, i] + weight[1, i], weight[0, i] - weight[1, i]
        for row in range(k):
            scaled = both * design[i, row]
            for column in range(k):
                matrix[row, column] += scaled * design[i, column]
        for column in range(k):
            matrix[k, column] += difference * design[i, column]
        matrix[k, k] += both
    for row in range(k - 1):
        matrix[row, row] += 1.0


@helper
def _factor(matrix):  # type: ignore[no-untyped-def]
    """Cholesky factor in the lower triangle; a pivot lost to rounding is made so large that its unknown stays."""
    for row in range(len(matrix)):
        for column in range(row + 1):
            total = matrix[row, column]
            for j in range(column):
                total -= matrix[row, j] * matrix[column, j]
            if row > column:
                matrix[row, column] = total / matrix[column, column]
            else:
                matrix[row, row] = np.sqrt(total) if total > 0.0 else 1e150


@helper
def _solve(factor, vector):  # type: ignore[no-untyped-def]
    n = len(vector)
    for row in range(n):
        for j in range(row):
            vector[row] -= factor[row, j] * vector[j]
        vector[row] /= factor[row, row]
    for row in range(n - 1, -1, -1):
        for j in range(row + 1, n):
            vector[row] -= factor[j, row] * vector[j]
        vector[row] /= factor[row, row]


@helper
def _residuals(problem, point, state, room):  # type: ignore[no-untyped-def]
    """By how much the conditions of the optimum are missed: of the unknowns, and of the slacks."""
    design, target, nu, cost = problem
    multiplier, slack, excess = state
    fitted, of_point, of_slack = room
    _fitted(design, point, fitted)
    n, k = design.shape
    of_point[:] = 0.0
    of_point[: k - 1] = point[: k - 1]
    of_point[k] = nu * cost * n
    for i in range(n):
        difference = multiplier[0, i] - multiplier[1, i]
        for j in range(k):
            of_point[j] -= difference * design[i, j]
        of_point[k] -= multiplier[0, i] + multiplier[1, i]
        for side in range(2):
            sign = 1.0 - 2.0 * side
            of_slack[side, i] = point[k] + sign * (fitted[i] - target[i]) + excess[side, i] - slack[side, i]


@helper
def _direction(problem, state, room, aim, step):  # type: ignore[no-untyped-def]
    """Newton step towards products that equal `aim`, the second-order terms of the step at hand taken off."""
    design, _, _, cost = problem
    multiplier, slack, excess = state
    factor, weight, of_point, of_slack, wanted, fitted = room
    d_point, d_multiplier, d_slack, d_excess = step
    n, k = design.shape
    d_point[:] = -of_point
    for i in range(n):
        for side in range(2):
            below, above = multiplier[side, i], cost - multiplier[side, i]
            change = d_multiplier[side, i]
            d_slack[side, i] = (aim - change * d_slack[side, i]) / below - slack[side, i]
            d_excess[side, i] = (aim + change * d_excess[side, i]) / above - excess[side, i]
            wanted[side, i] = d_slack[side, i] - d_excess[side, i] - of_slack[side, i]
        up, down = weight[0, i] * wanted[0, i], weight[1, i] * wanted[1, i]
        for j in range(k):
            d_point[j] += (up - down) * design[i, j]
        d_point[k] += up + down
    _solve(factor, d_point)
    _fitted(design, d_point, fitted)
    for side in range(2):
        sign = 1.0 - 2.0 * side
        for i in range(n):
            change = weight[side, i] * (wanted[side, i] - d_point[k] - sign * fitted[i])
            d_multiplier[side, i] = change
            d_slack[side, i] -= slack[side, i] / multiplier[side, i] * change
            d_excess[side, i] += excess[side, i] / (cost - multiplier[side, i]) * change


@helper
def _longest(state, cost, step):  # type: ignore[no-untyped-def]
    """Largest part of a step that leaves every multiplier, slack and excess in its bounds."""
    multiplier, slack, excess = state
    _, d_multiplier, d_slack, d_excess = step
    fastest = 0.0
    for side in range(2):
        for i in range(multiplier.shape[1]):
            change = d_multiplier[side, i]
            room = multiplier[side, i] if change < 0.0 else cost - multiplier[side, i]
            fastest = max(fastest, abs(change) / room)
            fastest = max(fastest, -d_slack[side, i] / slack[side, i])
            fastest = max(fastest, -d_excess[side, i] / excess[side, i])
    return 1.0 / fastest if fastest > 1.0 else 1.0


@helper
def _gap(state, cost, step, length):  # type: ignore[no-untyped-def]
    """Sum of the products after a part of a step."""
    multiplier, slack, excess = state
    _, d_multiplier, d_slack, d_excess = step
    total = 0.0
    for side in range(2):
        for i in range(multiplier.shape[1]):
            moved = multiplier[side, i] + length * d_multiplier[side, i]
            total += moved * (slack[side, i] + length * d_slack[side, i])
            total += (cost - moved) * (excess[side, i] + length * d_excess[side, i])
    return total


@helper
def _move(point, state, step, length):  # type: ignore[no-untyped-def]
    for j in range(len(point)):
        point[j] += length * step[0][j]
    for side in range(2):
        for i in range(state[0].shape[1]):
            state[0][side, i] += length * step[1][side, i]
            state[1][side, i] += length * step[2][side, i]
            state[2][side, i] += length * step[3][side, i]


@helper
def _weigh(state, cost, weight):  # type: ignore[no-untyped-def]
    multiplier, slack, excess = state
    for side in range(2):
        for i in range(multiplier.shape[1]):
            below = multiplier[side, i]
            weight[side, i] = 1.0 / (slack[side, i] / below + excess[side, i] / (cost - below))


@entry_point
def nu_regression(design, targets, how, tolerances, found):  # type: ignore[no-untyped-def]
    """Each row of `targets` on `design`, whose last column is one; unknowns, multipliers and gap of each."""
    nu, cost = how
    points, multipliers, gaps = found
    n, k = design.shape
    state, step_state = np.empty((3, 2, n)), np.empty((3, 2, n))
    state = (state[0], state[1], state[2])
    step = (np.empty(k + 1), step_state[0], step_state[1], step_state[2])
    matrix, of_point, fitted = np.empty((k + 1, k + 1)), np.empty(k + 1), np.empty(n)
    weight, of_slack, wanted = np.empty((2, n)), np.empty((2, n)), np.empty((2, n))
    room = (matrix, weight, of_point, of_slack, wanted, fitted)
    for row in range(len(targets)):
        problem, point = (design, targets[row], nu, cost), points[row]
        _start(targets[row], nu, cost, point, state)
        step_state[:] = 0.0
        for _ in range(_MOST_STEPS):
            gap = _gap(state, cost, step, 0.0)
            if not gap > tolerances[row]:
                break
            _residuals(problem, point, state, (fitted, of_point, of_slack))
            _weigh(state, cost, weight)
            _curvature(design, weight, matrix)
            _factor(matrix)
            step_state[:] = 0.0
            _direction(problem, state, room, 0.0, step)
            reached = _gap(state, cost, step, _longest(state, cost, step))
            _direction(problem, state, room, (reached / gap) ** 3 * gap / (4 * n), step)
            _move(point, state, step, _NEAR * _longest(state, cost, step))
        gaps[row] = _gap(state, cost, step, 0.0)
        multipliers[row] = state[0][0] - state[0][1]
