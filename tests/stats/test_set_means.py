"""Means, medians and counts of feature sets leave missing values out."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.stats.set_means import count_measured, set_means, set_medians

COLUMNS, OFFSETS = np.array([0, 2, 3, 1], dtype=np.int64), np.array([0, 3, 3, 4])


@pytest.fixture
def values() -> np.ndarray:
    return np.array([[1.0, np.nan, 4.0, 10.0], [2.0, 5.0, np.nan, 3.0]])


def test_means(values: np.ndarray) -> None:
    np.testing.assert_array_equal(set_means(values, COLUMNS, OFFSETS), [[5.0, np.nan, np.nan], [2.5, np.nan, 5.0]])


def test_medians(values: np.ndarray) -> None:
    np.testing.assert_array_equal(set_medians(values, COLUMNS, OFFSETS), [[4.0, np.nan, np.nan], [2.5, np.nan, 5.0]])


def test_counts(values: np.ndarray) -> None:
    np.testing.assert_array_equal(count_measured(values, COLUMNS, OFFSETS), [[3, 0, 0], [2, 0, 1]])


def test_memory_order_does_not_matter(values: np.ndarray) -> None:
    fortran = np.asfortranarray(values)
    np.testing.assert_array_equal(set_means(fortran, COLUMNS, OFFSETS), set_means(values, COLUMNS, OFFSETS))
