"""Conjugate gradients for a symmetric system that changes a little between one solution and the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics.stats._compiled import helper

FloatArray = NDArray[np.float64]

_RELATIVE_TOLERANCE = 1e-14
_ABSOLUTE_TOLERANCE = 1e-14
_PATIENCE = 4
_MAX_ITERATIONS = 50


class Solver(NamedTuple):
    """The matrix, an inverse it had some solutions ago, the solution, and working vectors."""

    information: FloatArray
    preconditioner: FloatArray
    solution: FloatArray
    remainder: FloatArray
    direction: FloatArray
    image: FloatArray
    conditioned: FloatArray


@helper
def new_solver(size: int) -> Solver:
    return Solver(
        np.zeros((size, size)),
        np.zeros((size, size)),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size),
    )


@helper
def clear(vector: FloatArray) -> None:
    for a in range(vector.size):
        vector[a] = 0.0


@helper
def sum_of(vector: FloatArray) -> float:
    total = 0.0
    for value in vector:
        total += value
    return total


@helper
def _multiply(matrix: FloatArray, vector: FloatArray, out: FloatArray) -> None:
    """Symmetric matrix times vector, four rows at a time, so that the inner loop has no running sum."""
    clear(out)
    whole = vector.size - vector.size % 4
    for a in range(0, whole, 4):
        for b in range(vector.size):
            first = matrix[a, b] * vector[a] + matrix[a + 1, b] * vector[a + 1]
            out[b] += first + (matrix[a + 2, b] * vector[a + 2] + matrix[a + 3, b] * vector[a + 3])
    for a in range(whole, vector.size):
        for b in range(vector.size):
            out[b] += matrix[a, b] * vector[a]


@helper
def _largest(vector: FloatArray) -> float:
    largest = 0.0
    for value in vector:
        largest = max(largest, abs(value))
    return largest


@helper
def _dot(first: FloatArray, second: FloatArray) -> float:
    total = 0.0
    for a in range(first.size):
        total += first[a] * second[a]
    return total


@helper
def invert(matrix: FloatArray, inverse: FloatArray) -> None:
    """Inverse of a positive definite matrix by sweeping one row after the other."""
    size = matrix.shape[0]
    for a in range(size):
        for b in range(size):
            inverse[a, b] = matrix[a, b]
    for k in range(size):
        pivot = 1.0 / inverse[k, k]
        inverse[k, k] = 1.0
        for b in range(size):
            inverse[k, b] *= pivot
        for a in range(size):
            if a != k:
                share = inverse[a, k]
                inverse[a, k] = 0.0
                for b in range(size):
                    inverse[a, b] -= share * inverse[k, b]


@helper
def solve(solver: Solver, right: FloatArray) -> None:
    """Conjugate gradients on the information, preconditioned by the inverse it had a while ago."""
    solution, remainder, direction = solver.solution, solver.remainder, solver.direction
    target = max(_RELATIVE_TOLERANCE * _largest(right), _ABSOLUTE_TOLERANCE * solver.information[0, 0])
    before = 1.0
    for a in range(right.size):
        solution[a], remainder[a], direction[a] = 0.0, right[a], 0.0
    for iteration in range(_MAX_ITERATIONS):
        if _largest(remainder) <= target:
            break
        if iteration == _PATIENCE:
            invert(solver.information, solver.preconditioner)
            clear(direction)
        _multiply(solver.preconditioner, remainder, solver.conditioned)
        now = _dot(remainder, solver.conditioned)
        for a in range(direction.size):
            direction[a] = solver.conditioned[a] + (now / before) * direction[a]
        before = now
        _multiply(solver.information, direction, solver.image)
        step = now / _dot(direction, solver.image)
        for a in range(direction.size):
            solution[a] += step * direction[a]
            remainder[a] -= step * solver.image[a]
