"""Bounds on how strongly features pull: they hold for any slopes, and are tight where the features were met."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from exomics.stats._slope_bounds import MOST_DIRECTIONS, Met, bound, remember

N, P = 30, 200


@njit(error_model="numpy")
def _remembered(met: Met, slopes: np.ndarray, products: np.ndarray) -> None:
    remember(met, 0, slopes, products)


@njit(error_model="numpy")
def _bounded(met: Met, slopes: np.ndarray, products: np.ndarray) -> float:
    return bound(met, 0, slopes, products)


@pytest.fixture
def features() -> np.ndarray:
    values = np.random.default_rng(4).normal(size=(P, N))
    values -= values.mean(axis=1, keepdims=True)
    return values / values.std(axis=1, keepdims=True)


def empty() -> Met:
    zeros = np.zeros((1, MOST_DIRECTIONS, N)), np.zeros((1, MOST_DIRECTIONS, P))
    return Met(*zeros, np.zeros(1, dtype=np.int64))


@pytest.mark.parametrize("n_met", [0, 1, 3, MOST_DIRECTIONS, MOST_DIRECTIONS + 2])
def test_a_bound_holds_and_is_tight_in_the_span_of_what_was_met(features: np.ndarray, n_met: int) -> None:
    rng, met, told = np.random.default_rng(n_met), empty(), np.empty(P)
    seen = [rng.normal(size=N) for _ in range(n_met)]
    for slopes in seen:
        _remembered(met, slopes, features @ slopes)
    kept = seen[MOST_DIRECTIONS:] or seen
    assert met.held[0] == len(kept)
    for slopes in (rng.normal(size=N), 1e-3 * rng.normal(size=N)):
        away = _bounded(met, slopes, told)
        assert (np.abs(features @ slopes - told) <= away).all()
    if kept:
        within = np.random.default_rng(1).normal(size=len(kept)) @ np.array(kept)
        assert _bounded(met, within, told) < 1e-9 * np.linalg.norm(within) * N
        np.testing.assert_allclose(told, features @ within, atol=1e-9)


def test_what_was_met_before_adds_no_direction(features: np.ndarray) -> None:
    met, slopes = empty(), np.random.default_rng(0).normal(size=N)
    for scale in (1.0, -2.0):
        _remembered(met, scale * slopes, features @ (scale * slopes))
    assert met.held[0] == 1
