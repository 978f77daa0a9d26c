"""The running sum against its definition and a frozen reference, and its permutation null."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.running_sum import prerank, rank_features, running_sum_curve, running_sum_scores

EXPECTED = Path(__file__).parents[1] / "parity" / "prerank" / "expected"


def by_definition(statistic: np.ndarray, members: np.ndarray, exponent: float) -> float:
    """The largest deviation, read only between distinct values of the statistic."""
    values = np.unique(statistic)[::-1]
    inside = np.isin(np.arange(statistic.size), members)
    weights = np.where(inside, np.abs(statistic) ** exponent, 0.0)
    if weights.sum() == 0:
        weights = inside.astype(float)
    at = [statistic >= value for value in values]
    sums = [weights[up].sum() / weights.sum() - (up & ~inside).sum() / (~inside).sum() for up in at]
    return max(sums) if max(*sums, 0.0) >= -min(*sums, 0.0) else min(sums)


@pytest.fixture(scope="module")
def frozen() -> tuple[np.ndarray, list[np.ndarray], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")

    sets = [rows["rank"].to_numpy() - 1 for _, rows in read("sets").groupby("set")]
    return read("statistic")["statistic"].to_numpy(), sets, read("scores")


def compressed(sets: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(sets), np.cumsum([0, *map(len, sets)])


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5])
def test_scores_and_leading_edges_equal_the_reference(frozen, exponent: float) -> None:
    statistic, sets, scores = frozen
    expected = scores[scores["exponent"] == exponent]
    found = running_sum_scores(rank_features(statistic, exponent=exponent), *compressed(sets))
    np.testing.assert_allclose(found.score, expected["es"], rtol=1e-12, atol=1e-15)
    assert np.diff(found.leading_offsets).tolist() == expected["leading"].tolist()


def test_normalized_scores_and_p_values_agree_with_another_null(frozen) -> None:
    """Two independent nulls of 20,000: means within 5 of their standard errors, p within 5 binomial ones."""
    statistic, sets, scores = frozen
    expected = scores[scores["exponent"] == 1.0]
    found = prerank(
        rank_features(statistic),
        *compressed(sets),
        generator=np.random.default_rng(7),
        n_permutations=20000,
        add_one=False,
    )
    np.testing.assert_allclose(found.normalized_score, expected["nes"], rtol=0.02)
    p, n_same = expected["p"].to_numpy(), expected["n_same"].to_numpy()
    assert (np.abs(found.p_value - p) <= 5 * np.sqrt(2 * p * (1 - p) / n_same) + 2 / n_same).all()
    assert (np.abs(found.n_same_sign - n_same) < 5 * np.sqrt(2 * 20000 * 0.25)).all()


def test_scores_equal_the_definition_with_and_without_ties() -> None:
    rng = np.random.default_rng(3)
    for trial in range(60):
        statistic = rng.normal(size=40) if trial % 2 else rng.integers(-3, 4, 40).astype(float)
        members = rng.choice(40, rng.integers(1, 39), replace=False)
        exponent = (0.0, 1.0, 2.0)[trial % 3]
        ranking = rank_features(statistic, exponent=exponent)
        found = running_sum_scores(ranking, members, [0, members.size])
        assert found.score[0] == pytest.approx(by_definition(statistic, members, exponent), abs=1e-12)
        curve = running_sum_curve(ranking, members)
        assert np.max(np.abs(curve)) == pytest.approx(abs(found.score[0]), abs=1e-12)


def test_the_order_of_the_features_does_not_matter_even_with_ties() -> None:
    rng = np.random.default_rng(4)
    statistic = np.round(rng.normal(size=300), 1)
    members = np.arange(25)
    order = rng.permutation(300)
    first = prerank(rank_features(statistic), members, [0, 25], generator=np.random.default_rng(1))
    second = prerank(
        rank_features(statistic[order]), np.argsort(order)[members], [0, 25], generator=np.random.default_rng(1)
    )
    assert first.score == second.score
    assert first.p_value == second.p_value
    assert set(order[second.leading_columns]) == set(first.leading_columns)


def test_reversing_the_statistic_reverses_the_score() -> None:
    statistic = np.random.default_rng(5).normal(size=200)
    members = np.arange(0, 60, 3)
    up = running_sum_scores(rank_features(statistic), members, [0, 20])
    down = running_sum_scores(rank_features(-statistic), members, [0, 20])
    assert down.score[0] == pytest.approx(-up.score[0], abs=1e-12)
    assert up.leading_columns.tolist() == down.leading_columns.tolist()


def test_the_null_of_a_small_ranking_is_that_of_all_its_subsets() -> None:
    statistic = np.array([3.0, 2.5, 1.0, 0.4, -0.2, -1.1, -2.0])
    everything = [by_definition(statistic, np.array(pair), 1.0) for pair in combinations(range(7), 2)]
    members = np.array([0, 2])
    observed = by_definition(statistic, members, 1.0)
    positive = [score for score in everything if score >= 0]
    exact = np.mean([score >= observed - 1e-12 for score in positive])
    found = prerank(
        rank_features(statistic),
        members,
        [0, 2],
        generator=np.random.default_rng(2),
        n_permutations=40000,
        add_one=False,
    )
    assert found.p_value[0] == pytest.approx(exact, abs=0.015)
    assert found.normalized_score[0] == pytest.approx(observed / np.mean(positive), rel=0.01)


def test_a_set_has_the_same_result_alone_and_among_others() -> None:
    rng = np.random.default_rng(6)
    ranking = rank_features(rng.normal(size=500))
    sets = [rng.choice(500, size, replace=False) for size in (5, 12, 12, 90, 300, 499, 1)]
    together = prerank(ranking, *compressed(sets), generator=np.random.default_rng(9), n_permutations=300)
    backward = prerank(ranking, *compressed(sets[::-1]), generator=np.random.default_rng(9), n_permutations=300)
    assert backward.p_value[::-1].tolist() == together.p_value.tolist()
    for which, members in enumerate(sets):
        alone = prerank(ranking, members, [0, len(members)], generator=np.random.default_rng(9), n_permutations=300)
        assert alone.p_value[0] == together.p_value[which]
        assert alone.normalized_score[0] == together.normalized_score[which]


def test_p_values_of_random_sets_are_uniform_and_never_zero() -> None:
    rng = np.random.default_rng(8)
    ranking = rank_features(rng.normal(size=2000))
    sets = [rng.choice(2000, 15 + which % 40, replace=False) for which in range(2000)]
    found = prerank(ranking, *compressed(sets), generator=rng, n_permutations=1000)
    assert found.p_value.min() > 0
    share = np.histogram(found.p_value, bins=5, range=(0, 1))[0] / 2000
    assert np.abs(share - 0.2).max() < 0.04


def test_members_of_weight_zero_weigh_alike() -> None:
    statistic = np.array([2.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0])
    ranking = rank_features(statistic)
    assert running_sum_scores(ranking, [2, 3], [0, 2]).score[0] == pytest.approx(
        by_definition(statistic, np.array([2, 3]), 1)
    )
    assert np.isfinite(prerank(ranking, [2, 3], [0, 2], generator=np.random.default_rng(1)).p_value).all()


@pytest.mark.parametrize(
    ("columns", "offsets", "words"),
    [([0, 0], [0, 2], "twice"), ([], [0, 0], "between 1 and"), ([0, 1, 2], [0, 3], "between 1 and")],
)
def test_sets_that_cannot_be_tested_are_refused(columns, offsets, words: str) -> None:
    with pytest.raises(InputError, match=words):
        running_sum_scores(rank_features([1.0, 2.0, 3.0]), columns, offsets)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="finite"):
        rank_features([1.0, np.nan])
    with pytest.raises(InputError, match="exponent"):
        rank_features([1.0, 2.0], exponent=-1)
    with pytest.raises(InputError, match="n_permutations"):
        prerank(rank_features([1.0, 2.0]), [0], [0, 1], generator=np.random.default_rng(0), n_permutations=0)


def test_no_sets_give_no_results() -> None:
    found = prerank(rank_features([1.0, 2.0, 3.0]), [], [0], generator=np.random.default_rng(0))
    assert found.score.size == found.p_value.size == found.leading_columns.size == 0
