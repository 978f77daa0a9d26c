"""Non-negative least squares from normal equations, many right-hand sides at once: block principal pivoting."""

from __future__ import annotations

import numpy as np

from exomics.stats._compiled import entry_point, helper

_MOST_EXCHANGES = 200
_PATIENCE = 3


@helper
def _solve_free(gram, target, free, work):  # type: ignore[no-untyped-def]
    """Solution of the equations of the free variables, by Cholesky; the others are zero."""
    factor, order, solution = work
    n = 0
    for j in range(len(free)):
        solution[j] = 0.0
        if free[j]:
            order[n] = j
            n += 1
    for row in range(n):
        for column in range(row + 1):
            total = gram[order[row], order[column]]
            for k in range(column):
                total -= factor[row, k] * factor[column, k]
            if row == column:
                factor[row, row] = np.sqrt(total)
            else:
                factor[row, column] = total / factor[column, column]
    for row in range(n):
        total = target[order[row]]
        for k in range(row):
            total -= factor[row, k] * solution[order[k]]
        solution[order[row]] = total / factor[row, row]
    for row in range(n - 1, -1, -1):
        total = solution[order[row]]
        for k in range(row + 1, n):
            total -= factor[k, row] * solution[order[k]]
        solution[order[row]] = total / factor[row, row]


@helper
def _count_infeasible(gram, target, state, infeasible):  # type: ignore[no-untyped-def]
    """Free variables below zero and bound ones with a falling gradient: marked and counted; the last of them."""
    free, solution, tolerance = state
    count, last = 0, -1
    for j in range(len(free)):
        if free[j]:
            infeasible[j] = solution[j] < -tolerance
        else:
            gradient = -target[j]
            for k in range(len(free)):
                gradient += gram[j, k] * solution[k]
            infeasible[j] = gradient < -tolerance
        if infeasible[j]:
            count += 1
            last = j
    return count, last


@helper
def _nonnegative(gram, target, work, room):  # type: ignore[no-untyped-def]
    """One right-hand side; the solution is left in the work space."""
    free, infeasible = room
    solution = work[2]
    n = len(target)
    scale = 0.0
    for j in range(n):
        free[j] = True
        scale = max(scale, abs(target[j]))
    tolerance = 1e-13 * scale
    fewest, patience = n + 1, _PATIENCE
    for _ in range(_MOST_EXCHANGES):
        _solve_free(gram, target, free, work)
        count, last = _count_infeasible(gram, target, (free, solution, tolerance), infeasible)
        if count == 0:
            break
        if count < fewest:
            fewest, patience = count, _PATIENCE
        elif patience > 0:
            patience -= 1
        else:
            free[last] = not free[last]
            continue
        for j in range(n):
            free[j] = free[j] != infeasible[j]
    for j in range(n):
        if not free[j] or solution[j] < 0.0:
            solution[j] = 0.0


@helper
def _within_total(gram, target, bound, work, room):  # type: ignore[no-untyped-def]
    """The same with ``price . x <= 1``: the multiplier of the bound by Newton steps on the free variables."""
    price, shifted, unit = bound
    solution = work[2]
    _nonnegative(gram, target, work, room)
    multiplier, spent = 0.0, 0.0
    for j in range(len(target)):
        spent += price[j] * solution[j]
    for _ in range(_MOST_EXCHANGES):
        if spent <= 1.0 + 1e-12:
            break
        free = room[0]
        for j in range(len(target)):
            free[j] = solution[j] > 0.0
        _solve_free(gram, price, free, work)
        slope = 0.0
        for j in range(len(target)):
            unit[j] = solution[j]
            slope += price[j] * unit[j]
        multiplier += (spent - 1.0) / slope
        for j in range(len(target)):
            shifted[j] = target[j] - multiplier * price[j]
        _nonnegative(gram, shifted, work, room)
        spent = 0.0
        for j in range(len(target)):
            spent += price[j] * solution[j]


@entry_point
def solve_rows(gram, targets, price, solutions):  # type: ignore[no-untyped-def]
    """Each row of `targets` (n_samples, k) against one Gram matrix (k, k); `price` of length 0 sets no bound."""
    k = gram.shape[0]
    work = (np.empty((k, k)), np.empty(k, dtype=np.int64), np.empty(k))
    room = (np.empty(k, dtype=np.bool_), np.empty(k, dtype=np.bool_))
    shifted, unit = np.empty(k), np.empty(k)
    for row in range(targets.shape[0]):
        if len(price):
            _within_total(gram, targets[row], (price, shifted, unit), work, room)
        else:
            _nonnegative(gram, targets[row], work, room)
        for j in range(k):
            solutions[row, j] = work[2][j]
