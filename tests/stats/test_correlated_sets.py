"""Random sets that move together: as much as the members, in their strata, never a member, the arms apart."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.stats.correlated_sets import correlated_sets
from exomics.stats.matched_sets import mean_correlations


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 2.0])
def test_sets_are_as_correlated_as_the_members_whatever_that_is(strength: float) -> None:
    """Modules of fifty features; the members are of one of them, the sets never hold a member."""
    generator = np.random.default_rng(6)
    load = np.repeat(np.linspace(0.0, 2.5, 20), 50)
    load[:50] = strength
    values = generator.normal(size=(25, 1000)) + load * np.repeat(generator.normal(size=(25, 20)), 50, axis=1)
    members, strata = np.arange(0, 50, 4), np.arange(1000) % 4
    members = np.concatenate([members, members[:3] + 1])
    signs = np.ones(len(members))
    sets = correlated_sets(values, members, strata, 150, generator, signs=signs)
    np.testing.assert_array_equal(strata[sets], np.tile(strata[members], (150, 1)))
    assert not np.isin(sets, members).any()
    assert all(len(set(row)) == len(members) for row in sets.tolist())
    gap = mean_correlations(values, sets) - mean_correlations(values, members[None])
    assert abs(gap.mean()) < 0.1
    assert np.abs(gap).max() < 0.25


def test_the_two_arms_of_a_set_are_drawn_apart() -> None:
    generator = np.random.default_rng(7)
    latent = generator.normal(size=(30, 1)) * np.repeat([1.0, -1.0], 150)
    values = np.hstack([generator.normal(size=(30, 300)) + latent, generator.normal(size=(30, 300)) - 0.8 * latent])
    members, signs = np.array([*range(6), *range(150, 156)]), np.repeat([1.0, -1.0], 6)
    sets = correlated_sets(values, members, np.zeros(600, dtype=np.int64), 60, generator, signs=signs)
    found, wanted = mean_correlations(values, sets, signs), mean_correlations(values, members[None], signs)[0]
    assert wanted > 0.3
    assert np.abs(found - wanted).mean() < 0.05
    assert mean_correlations(values, sets).mean() < 0.1  # without the signs the arms cancel


def test_the_same_seed_gives_the_same_correlated_sets() -> None:
    values, strata = np.random.default_rng(8).normal(size=(12, 300)), np.arange(300) % 3
    draw = [correlated_sets(values, np.arange(9), strata, 20, np.random.default_rng(9)) for _ in range(2)]
    np.testing.assert_array_equal(*draw)
