"""Scores of gene sets against frozen values of the package GSVA, and against published formulas written plainly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, rankdata

from exomics.stats.gene_set_variation import gene_set_variation, kernel_distribution
from exomics.stats.linear_activity import target_regression
from exomics.stats.rank_scores import enrichment_scores, recovery_areas
from exomics.stats.standardization import (
    feature_moments,
    first_right_vectors,
    set_lowest,
    set_standardized_sums,
)

EXPECTED = Path(__file__).parents[1] / "parity" / "gene_set_scores" / "expected"


@dataclass(frozen=True)
class Frozen:
    values: np.ndarray
    columns: np.ndarray
    offsets: np.ndarray
    names: list[str]

    def expected(self, table: str) -> np.ndarray:
        return _read(table)[self.names].to_numpy()


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def frozen() -> Frozen:
    values = _read("values").set_index("feature")
    place = {name: column for column, name in enumerate(values.index)}
    sets = _read("sets").groupby("set", sort=False)["feature"].apply(list)
    columns = np.array([place[name] for members in sets for name in members], dtype=np.int64)
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    return Frozen(values.to_numpy().T, columns, offsets, list(sets.index))


@pytest.mark.parametrize(
    ("table", "options"),
    [("gsva", {}), ("gsva_largest", {"difference": False}), ("gsva_quarter", {"exponent": 0.25})],
)
def test_gene_set_variation_equals_the_package(frozen: Frozen, table: str, options: dict) -> None:
    places = kernel_distribution(frozen.values, frozen.values, feature_moments(frozen.values).sd)
    found = gene_set_variation(places, frozen.columns, frozen.offsets, **options)
    np.testing.assert_allclose(found, frozen.expected(table), rtol=0, atol=1e-10)


def test_enrichment_scores_equal_the_package(frozen: Frozen) -> None:
    found = enrichment_scores(frozen.values, frozen.columns, frozen.offsets)
    np.testing.assert_allclose(found, frozen.expected("ssgsea"), rtol=1e-9)


@pytest.fixture(scope="module")
def tied(frozen: Frozen) -> np.ndarray:
    """As in generate.R: values without decimals, and every sixth feature a copy of the one before."""
    values = np.round(frozen.values)
    values[:, 1::6] = values[:, 0::6]
    return values


def test_enrichment_scores_of_ties_equal_the_package_by_its_rule(frozen: Frozen, tied: np.ndarray) -> None:
    found = enrichment_scores(tied, frozen.columns, frozen.offsets, ties="position")
    np.testing.assert_allclose(found, frozen.expected("ssgsea_tied"), rtol=1e-9)
    untied = enrichment_scores(frozen.values, frozen.columns, frozen.offsets, ties="position")
    np.testing.assert_array_equal(
        untied[:, 1:], enrichment_scores(frozen.values, frozen.columns, frozen.offsets)[:, 1:]
    )


def test_ties_move_gene_set_variation_by_thousandths(frozen: Frozen, tied: np.ndarray) -> None:
    places = kernel_distribution(tied, tied, feature_moments(tied).sd)
    found = gene_set_variation(places, frozen.columns, frozen.offsets)
    np.testing.assert_allclose(found, frozen.expected("gsva_tied"), rtol=0, atol=1e-2)


def test_combined_z_scores_equal_the_package(frozen: Frozen) -> None:
    moments = feature_moments(frozen.values)
    sums, n = set_standardized_sums(frozen.values, frozen.columns, frozen.offsets, moments.mean, moments.sd)
    np.testing.assert_allclose(sums / np.sqrt(n), frozen.expected("zscore"), rtol=1e-9, atol=1e-12)


def test_first_vectors_equal_the_package_up_to_the_sign(frozen: Frozen) -> None:
    found, expected = first_right_vectors(frozen.values, frozen.columns, frozen.offsets), frozen.expected("plage")
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, rtol=1e-8, atol=1e-11)


def test_a_planted_set_is_raised_in_its_samples(frozen: Frozen) -> None:
    places = kernel_distribution(frozen.values, frozen.values, feature_moments(frozen.values).sd)
    scores = gene_set_variation(places, frozen.columns, frozen.offsets)[:, 0]
    assert scores[15:].min() > scores[:15].max()


@pytest.mark.parametrize("n_samples", [40, 400])
def test_the_smoothed_distribution_is_the_mean_of_normal_ones(n_samples: int) -> None:
    generator = np.random.default_rng(0)
    x = generator.standard_t(3, size=(n_samples, 12))
    x[:, 1] = generator.gamma(0.3, 1.0, n_samples)
    x[:, 2] = np.arange(n_samples) == 0
    x[:, 3] = 1.0
    x[3, 4] = np.nan
    sds = feature_moments(x).sd
    found = kernel_distribution(x, x, sds)
    for column in (0, 1, 2, 4):
        kept = x[~np.isnan(x[:, column]), column]
        expected = norm.cdf((x[:, [column]] - kept) * 4 / sds[column]).mean(axis=1)
        tolerance = 1e-8 if n_samples > 256 else 5e-4  # up to 256: the table of the package, step 0.001
        np.testing.assert_allclose(found[:, column], expected, rtol=0, atol=tolerance)
    assert np.isnan(found[:, 3]).all()


def test_float32_values_give_the_same_distribution() -> None:
    x = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)
    sds = feature_moments(x).sd
    np.testing.assert_allclose(
        kernel_distribution(x, x, sds), kernel_distribution(x.astype(float), x.astype(float), sds), atol=1e-9
    )


def test_ties_do_not_depend_on_the_order_of_the_features() -> None:
    places = np.round(np.random.default_rng(2).random((4, 60)), 1)
    members = np.arange(0, 60, 4)
    order = np.random.default_rng(3).permutation(60)
    first = gene_set_variation(places, members, np.array([0, 15]))
    second = gene_set_variation(places[:, order], np.argsort(order)[members], np.array([0, 15]))
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_a_set_of_nothing_or_of_everything_has_no_variation() -> None:
    places = np.random.default_rng(4).random((2, 5))
    found = gene_set_variation(places, np.arange(5), np.array([0, 0, 5]))
    assert np.isnan(found).all()


def plain_recovery(values: np.ndarray, members: np.ndarray, top: float) -> float:
    """The area of AUCell as published: the recovery curve of the members, up to a rank."""
    limit = int(np.ceil(top * len(values)))
    ranks = np.sort(rankdata(-values, method="ordinal")[members])
    inside = ranks[ranks < limit]
    area = np.sum(np.diff([*inside, limit]) * np.arange(1, len(inside) + 1))
    most = min(len(members), limit - 1)
    return area / np.sum(np.diff([*range(1, most + 1), limit]) * np.arange(1, most + 1))


def test_recovery_is_the_area_of_the_published_curve() -> None:
    x = np.random.default_rng(5).normal(size=(4, 500))
    sets = [np.arange(10), np.arange(100, 200), np.argsort(-x[0])[:40]]
    columns, offsets = np.concatenate(sets), np.cumsum([0, *map(len, sets)])
    found = recovery_areas(x, columns, offsets, top=0.1)
    expected = [[plain_recovery(row, members, 0.1) for members in sets] for row in x]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_recovery_of_ties_is_the_mean_over_random_orders() -> None:
    generator = np.random.default_rng(6)
    x = np.where(np.arange(200) < 12, 5.0, np.where(np.arange(200) < 40, 1.0, 0.0))
    members = np.array([3, 20, 30, 150])
    drawn = [plain_recovery(x + 1e-6 * generator.random(200), members, 0.1) for _ in range(4000)]
    found = recovery_areas(x[None], members, np.array([0, 4]), top=0.1)[0, 0]
    assert found == pytest.approx(np.mean(drawn), abs=5 * np.std(drawn) / np.sqrt(4000))


def test_activity_is_the_t_of_a_regression() -> None:
    generator = np.random.default_rng(7)
    x, center = generator.normal(size=(3, 80)), generator.normal(size=80)
    members, weights = np.arange(12), generator.choice([-1.0, 1.0], 12)
    found = target_regression(x, members, np.array([0, 12]), weights, center)[:, 0]
    w = np.zeros(80)
    w[:12] = weights
    for sample in range(3):
        design = np.column_stack([np.ones(80), w])
        beta, residual, _, _ = np.linalg.lstsq(design, x[sample] - center, rcond=None)
        error = np.sqrt(residual[0] / 78 * np.linalg.inv(design.T @ design)[1, 1])
        assert found[sample] == pytest.approx(beta[1] / error, rel=1e-10)


def test_moments_leave_missing_values_out() -> None:
    x = np.random.default_rng(8).normal(size=(9, 4))
    x[:4, 1], x[:, 2], x[1:, 3] = np.nan, np.nan, np.nan
    found = feature_moments(x)
    np.testing.assert_allclose(found.mean[:2], np.nanmean(x[:, :2], axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.sd[:2], np.nanstd(x[:, :2], axis=0, ddof=1), rtol=1e-12)
    assert found.n.tolist() == [9, 5, 0, 1]
    assert np.isnan(found.mean[2])
    assert np.isnan(found.sd[2:]).all()


def test_the_lowest_member_decides_and_two_low_ones_never_make_a_high_one() -> None:
    x = np.array([[-3.0, -3.0], [3.0, -3.0], [3.0, 2.0], [np.nan, 5.0]])
    found = set_lowest(x, np.array([0, 1]), np.array([0, 2]), np.zeros(2), np.ones(2))[:, 0]
    np.testing.assert_array_equal(found, [-3.0, -3.0, 2.0, np.nan])
