"""The searches visit the points that R's optimize and uniroot visit."""

from __future__ import annotations

import math

import pytest
from numba import njit

from exomics.stats.optimize import (
    DEFAULT_TOLERANCE,
    find_root,
    find_root_compiled,
    minimize_bounded,
    minimize_bounded_compiled,
)

# Printed by R 4.2.2: optimize(function(x) (x - 0.37)^4 + sin(5 * x), c(-1, 2))
MINIMIZER_POINTS = [
    0.14589803375031529,
    0.85410196624968437,
    1.2917960675006308,
    0.70026686931559157,
    1.0212862362522079,
    0.91196282645095728,
    0.91540696173378855,
    0.9163935123663921,
    0.9163153884063171,
    0.91627468464798711,
]
# Printed by R 4.2.2: uniroot(function(x) exp(x) - 3 - x / 7, c(-1, 4), tol = 1e-8)
ROOT_POINTS = [
    -0.76742804774491902,
    1.6162859761275405,
    0.59989900629202264,
    1.0186731074859234,
    1.1654432435041444,
    1.1510597444308293,
    1.1520117470305997,
    1.1520184706582546,
    1.1520184656582542,
]


@njit
def wavy(x, shift):
    return (x - shift) ** 4 + math.sin(5 * x)


@njit
def rising(x):
    return math.exp(x) - 3.0 - x / 7.0


def test_minimizer_visits_the_points_of_optimize():
    visited = []

    def function(x: float) -> float:
        visited.append(x)
        return (x - 0.37) ** 4 + math.sin(5 * x)

    assert minimize_bounded(function, -1.0, 2.0) == 0.9163153884063171
    assert visited == MINIMIZER_POINTS


def test_root_finder_visits_the_points_of_uniroot():
    visited = []

    def function(x: float) -> float:
        visited.append(x)
        return math.exp(x) - 3 - x / 7

    root = find_root(function, (-1.0, 4.0), (math.exp(-1) - 3 + 1 / 7, math.exp(4) - 3 - 4 / 7), 1e-8)
    assert root == 1.1520184706582546
    assert visited == ROOT_POINTS


def test_compiled_twins_agree():
    assert minimize_bounded_compiled(wavy, -1.0, 2.0, DEFAULT_TOLERANCE, (0.37,)) == 0.9163153884063171
    values = (math.exp(-1) - 3 + 1 / 7, math.exp(4) - 3 - 4 / 7)
    assert find_root_compiled(rising, (-1.0, 4.0), values, 1e-8, ()) == 1.1520184706582546


def test_minimum_at_an_end_is_approached():
    assert minimize_bounded(lambda x: x, 0.5, 2.0) == pytest.approx(0.5, abs=1e-4)
    assert minimize_bounded(lambda x: -x, 0.5, 2.0) == pytest.approx(2.0, abs=1e-4)


def test_root_at_an_end_is_returned():
    assert find_root(lambda x: x, (0.0, 1.0), (0.0, 1.0), 1e-8) == 0.0
    assert find_root(lambda x: x - 1.0, (0.0, 1.0), (-1.0, 0.0), 1e-8) == 1.0
