"""Matched random sets: matched on every stratum, never a member, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.matched_sets import (
    empirical_p_value,
    matched_sets,
    mean_correlations,
    quantile_strata,
)


def test_every_entry_is_of_the_stratum_of_its_member() -> None:
    generator = np.random.default_rng(1)
    strata = quantile_strata(generator.normal(size=500))
    members = np.array([0, 5, 9, 100, 320])
    sets = matched_sets(members, strata, 300, np.random.default_rng(2))
    np.testing.assert_array_equal(strata[sets], np.tile(strata[members], (300, 1)))
    assert not np.isin(sets, members).any()
    assert all(len(set(row)) == 5 for row in sets.tolist())


def test_the_draw_covers_its_stratum_evenly() -> None:
    strata = np.zeros(41, dtype=np.int64)
    sets = matched_sets(np.array([0]), strata, 40_000, np.random.default_rng(3))
    counts = np.bincount(sets.ravel(), minlength=41)[1:]
    assert counts.min() > 850
    assert counts.max() < 1150


def test_the_same_seed_gives_the_same_sets() -> None:
    strata = np.repeat([0, 1], 50)
    draw = [matched_sets(np.array([1, 60]), strata, 20, np.random.default_rng(4)) for _ in range(2)]
    np.testing.assert_array_equal(*draw)


def test_too_few_features_in_a_stratum_are_refused() -> None:
    with pytest.raises(InputError, match="2 members share a stratum with only 1 other"):
        matched_sets(np.array([0, 1]), np.zeros(3, dtype=np.int64), 5, np.random.default_rng(1))
    with pytest.raises(InputError, match="measured in all samples"):
        matched_sets(np.array([0]), np.array([-1, 0]), 5, np.random.default_rng(1))


def test_mean_correlation_equals_numpy() -> None:
    generator = np.random.default_rng(5)
    values = generator.normal(size=(12, 30)) + generator.normal(size=(12, 1))
    sets = np.array([[0, 3, 7, 20], [1, 2, 4, 5]])
    signs = np.array([1.0, 1.0, -1.0, 1.0])
    for with_signs, found in (
        (np.ones(4), mean_correlations(values, sets)),
        (signs, mean_correlations(values, sets, signs)),
    ):
        for row, chosen in enumerate(sets):
            pairs = np.corrcoef(values[:, chosen] * with_signs, rowvar=False)[np.triu_indices(4, 1)]
            assert found[row] == pytest.approx(pairs.mean(), rel=1e-10)


def test_a_single_feature_has_no_correlation() -> None:
    with pytest.raises(InputError, match="at least two"):
        mean_correlations(np.ones((3, 3)), np.array([[1]]))


def test_an_empirical_p_value_is_never_zero() -> None:
    assert empirical_p_value(9.0, np.zeros(999)) == 0.001
    assert empirical_p_value(-9.0, np.full(9, np.nan)) == 1.0
    assert empirical_p_value(0.0, np.zeros(9)) == 1.0


def test_quantile_strata_are_of_equal_size() -> None:
    assert np.bincount(quantile_strata(np.random.default_rng(6).normal(size=1000))).tolist() == [100] * 10
    assert quantile_strata(np.array([np.nan, np.nan])).tolist() == [-1, -1]
