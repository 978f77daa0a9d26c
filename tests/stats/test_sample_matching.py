"""Matching of samples: planted exchanges are found, chance ones are not called, and weak data say so."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.sample_matching import match_samples


def two_assays(n_samples: int, n_features: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A person's own level of each feature, measured twice; the assays agree in the first half of the features."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=(n_samples, n_features))
    shared = np.arange(n_features) < n_features // 2
    left = person + noise * rng.normal(size=person.shape)
    right = np.where(shared, person, rng.normal(size=person.shape)) + noise * rng.normal(size=person.shape)
    return left, right


def test_an_exchange_is_found_and_no_other_is_claimed() -> None:
    left, right = two_assays(30, 600, 0.7, seed=1)
    order = np.arange(30)
    order[[4, 19]] = [19, 4]
    found = match_samples(left, right[order])
    assert np.unravel_index(found.swap.argmax(), found.swap.shape) in ((4, 19), (19, 4))
    assert abs(found.swap[4, 19] - found.expected) < 3
    rest = np.delete(np.delete(found.swap, [4, 19], axis=0), [4, 19], axis=1)
    assert rest.max() < 0
    assert found.own[[4, 19]].max() < np.delete(found.own, [4, 19]).min()


def test_a_wrong_label_does_not_choose_the_features_that_flatter_it() -> None:
    """Without agreement, a sample's own label is no better than any other: chosen in sample, it would look best."""
    rng = np.random.default_rng(2)
    own = np.concatenate([match_samples(*rng.normal(size=(2, 20, 500))).own for _ in range(10)])
    assert abs(own.mean()) < 0.6
    assert (own > 3.5).mean() < 0.01


def test_matching_does_not_depend_on_units_or_order() -> None:
    left, right = two_assays(15, 100, 0.5, seed=3)
    found = match_samples(left, right)
    features, samples = np.random.default_rng(4).permutation(100), np.random.default_rng(5).permutation(15)
    again = match_samples(3 * left[samples][:, features] + 7, 0.1 * right[samples][:, features] - 2)
    np.testing.assert_allclose(again.similarity, found.similarity[np.ix_(samples, samples)], atol=1e-10)
    np.testing.assert_allclose(match_samples(right, left).swap, found.swap.T, atol=1e-10)


def test_incomplete_features_are_left_out() -> None:
    left, right = two_assays(15, 100, 0.5, seed=6)
    left[0, :30], right[3, 30:40] = np.nan, np.nan
    right[:, 40] = 1.0
    assert match_samples(left, right).n_features == 59


@pytest.mark.parametrize(("rows", "columns"), [(5, 100), (15, 9)])
def test_too_little_is_refused(rows: int, columns: int) -> None:
    with pytest.raises(InputError, match="matching needs 6 samples and 10 features"):
        match_samples(*two_assays(rows, columns, 0.5, seed=7))


def test_unlike_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="same samples and features"):
        match_samples(np.ones((6, 10)), np.ones((7, 10)))
