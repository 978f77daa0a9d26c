"""Half-samples, the bounds of Shah and Samworth, and the three rules built on them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.stats.elastic_net import elastic_net_path
from exomics.stats.half_samples import HalfSamples, lasso_on_half_samples
from exomics.stats.stability_bounds import Assumption, _largest_tails, expected_false_selections
from exomics.stats.stability_selection import (
    select_against_decoys,
    select_by_complementary_pairs,
    select_by_integrated_paths,
)

LABELS = np.repeat([0, 1], 25)


@pytest.fixture(scope="module")
def noise() -> NDArray[np.float64]:
    return np.random.default_rng(11).normal(size=(50, 80))


@pytest.fixture(scope="module")
def paths(noise: NDArray[np.float64]) -> HalfSamples:
    return lasso_on_half_samples(noise, LABELS, n_pairs=4, generator=np.random.default_rng(2))


def test_halves_are_complementary_and_balanced(noise: NDArray[np.float64]) -> None:
    """A feature that marks one sample varies in exactly one half of every pair."""
    marked = np.column_stack([np.eye(50)[:, 7], noise[:, 0]])
    paths = lasso_on_half_samples(marked, LABELS, n_pairs=6, n_penalties=40, generator=np.random.default_rng(1))
    entered = (paths.entry[:, 0] < 40).reshape(6, 2)
    assert np.all(entered.sum(axis=1) <= 1)
    assert entered.any()


def test_frequencies_count_entries(paths: HalfSamples) -> None:
    assert np.all(np.diff(paths.penalties) < 0)
    ever = (paths.entry < len(paths.penalties)).mean(axis=0)
    assert np.all(paths.frequency.max(axis=0) <= ever + 1e-12)
    first = paths.entry.min(axis=0)
    for j in np.flatnonzero(ever > 0):
        assert paths.frequency[first[j], j] > 0
        assert np.all(paths.frequency[: first[j], j] == 0)


def test_a_half_is_fitted_as_the_plain_path_does(noise: NDArray[np.float64]) -> None:
    """The first half is known by the seed."""
    generator = np.random.default_rng(9)
    drawn = [generator.permutation(np.flatnonzero(label == LABELS))[:12] for label in (0, 1)]
    rows = np.sort(np.concatenate(drawn))
    paths = lasso_on_half_samples(noise, LABELS, n_pairs=1, generator=np.random.default_rng(9))
    plain = elastic_net_path(
        noise[rows], LABELS[rows], family="gaussian", alpha=1.0, penalties=paths.penalties, tolerance=1e-12
    )
    inside = plain.coefficients != 0.0
    entry = np.where(inside.any(axis=0), inside.argmax(axis=0), len(paths.penalties))
    assert np.mean(entry == paths.entry[0]) > 0.97  # a coefficient of about zero may enter one penalty apart
    assert np.all(np.abs(entry - paths.entry[0])[inside.any(axis=0)] <= 2)


@pytest.mark.parametrize(
    ("assumption", "at_ninety"), [("none", 0.125), ("unimodal", 4 * (0.1 + 0.01) / 1.02 * 0.1), ("r_concave", 0.00627)]
)
def test_bounds_are_those_of_the_paper(assumption: Assumption, at_ninety: float) -> None:
    """Ten of a thousand features in each half, 50 pairs, frequency 0.9; no bound grows with the frequency."""
    bound = expected_false_selections(10, 1000, 50, assumption=assumption)
    assert bound[90] == pytest.approx(at_ninety, rel=2e-3)
    assert np.all(np.diff(bound) <= 1e-12)
    assert np.all(bound[:51] == 1000)


def test_stronger_assumptions_give_smaller_bounds() -> None:
    none, unimodal, concave = (
        expected_false_selections(12, 300, 25, assumption=word)  # type: ignore[arg-type]
        for word in ("none", "unimodal", "r_concave")
    )
    assert np.all(unimodal[30:] <= none[30:])
    assert np.all(concave[30:] <= unimodal[30:] + 1e-12)


@pytest.mark.parametrize(("power", "n", "mean"), [(2.0, 20, 0.02), (4.0, 40, 0.15)])
def test_no_tail_of_the_family_exceeds_its_bound(power: float, n: int, mean: float) -> None:
    """Tails (a + i)^-power, cut anywhere, of the mean of the bound at most; some come close to it."""
    largest = np.zeros(n + 1)
    for k in range(1, n + 1):
        for a in np.geomspace(1e-4, 1e4, 300):
            mass = (a + np.arange(k + 1.0)) ** -power
            mass /= mass.sum()
            if mass @ np.arange(k + 1) <= mean * n:
                largest[: k + 1] = np.maximum(largest[: k + 1], mass[::-1].cumsum()[::-1])  # P(Z >= i / n)
    bound = _largest_tails(mean, n, power)
    assert np.all(largest <= bound * (1.0 + 1e-3))
    informative = bound < 1.0
    assert informative.any()
    assert np.max(largest[informative] / bound[informative]) > 0.9


@pytest.mark.parametrize(
    ("n_selected", "n_pairs", "assumption", "message"),
    [(5, 0, "none", "at least one pair"), (101, 10, "none", "0 to n_features"), (5, 10, "convex", "got 'convex'")],
)
def test_bad_bounds_are_refused(n_selected: float, n_pairs: int, assumption: Assumption, message: str) -> None:
    with pytest.raises(InputError, match=message):
        expected_false_selections(n_selected, 100, n_pairs, assumption=assumption)


def test_the_integrated_score_is_its_formula(noise: NDArray[np.float64]) -> None:
    """The bound, the score and the level, written out feature by feature."""
    x = noise.copy()
    x[25:, :4] += 2.0
    found = select_by_integrated_paths(x, LABELS, n_pairs=8, generator=np.random.default_rng(4))
    paths = lasso_on_half_samples(x, LABELS, n_pairs=8, generator=np.random.default_rng(4))
    total, used, b, p = 0.0, 0, 8, 80
    for frequency in paths.frequency:
        q = frequency.sum()
        step = (q**2 / p / b**2 + 3 * (b - 1) / b**2 * q**4 / p**3 + (b - 1) * (b - 2) / b**2 * q**6 / p**5) / 30
        if total + step > 0.05:
            break
        total, used = total + step, used + 1
    score = [sum(max(0.0, 2 * f - 1) ** 3 for f in paths.frequency[:used, j]) / 30 for j in range(p)]
    np.testing.assert_allclose(found.statistic, score, rtol=1e-10, atol=1e-15)
    for j in np.flatnonzero(np.array(score) > 0):
        ratios = [min(total / s, p) / sum(k >= s for k in score) for s in score if 0 < s <= score[j]]
        assert found.level[j] == pytest.approx(min(ratios), rel=1e-9)


def test_decoys_refuse_noise_and_levels_are_ratios(noise: NDArray[np.float64]) -> None:
    found = select_against_decoys(noise, LABELS, n_pairs=10, generator=np.random.default_rng(5))
    assert found.level.min() > 0.2
    finite = np.isfinite(found.level)
    assert len(np.unique(found.level[finite])) == 1
    assert found.statistic[finite].min() > found.statistic[~finite].max()


def test_pairs_bound_what_is_as_frequent(noise: NDArray[np.float64]) -> None:
    x = noise.copy()
    x[25:, :3] += 3.0
    strict, plain = (
        select_by_complementary_pairs(x, LABELS, n_pairs=20, assumption=word, generator=np.random.default_rng(6))
        for word in ("none", "unimodal")
    )
    np.testing.assert_array_equal(strict.statistic, plain.statistic)
    assert np.all(plain.level <= strict.level)
    assert np.flatnonzero(plain.level <= 0.2).tolist() == [0, 1, 2]
    assert strict.level[:3].min() > 0.2  # the worst case allows 0.4 wrong features even at frequency 1


@pytest.mark.parametrize(("n_pairs", "n_penalties"), [(0, 30), (5, 1)])
def test_too_few_pairs_or_penalties_are_refused(noise: NDArray[np.float64], n_pairs: int, n_penalties: int) -> None:
    with pytest.raises(InputError, match="at least 1 pair and 2 penalties"):
        lasso_on_half_samples(
            noise, LABELS, n_pairs=n_pairs, n_penalties=n_penalties, generator=np.random.default_rng(1)
        )


def test_small_classes_and_constant_features_are_refused(noise: NDArray[np.float64]) -> None:
    with pytest.raises(DesignError, match="at least 4 samples of each class"):
        lasso_on_half_samples(noise[:8], np.repeat([0, 1], [5, 3]), generator=np.random.default_rng(1))
    with pytest.raises(DesignError, match="no feature varies"):
        lasso_on_half_samples(np.ones((50, 3)), LABELS, generator=np.random.default_rng(1))
