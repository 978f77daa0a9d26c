"""Known answers of single methods."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from scipy import stats

from exomics.enrichment import EnrichmentMethods, FeatureStatistics, SetArrays
from exomics.enrichment._method import EnrichmentMethod
from exomics.errors import InputError, RegistryError
from exomics.stats.competitive_tests import camera_preranked


def features(score: np.ndarray) -> FeatureStatistics:
    p = 2 * stats.norm.sf(np.abs(score))
    return FeatureStatistics(score, score, p, p)


def one_set(columns: list[int], signs: list[float] | None = None) -> SetArrays:
    return SetArrays(np.array(columns), np.array([0, len(columns)]), np.array(signs or [1.0] * len(columns)))


def test_gseapy_gives_the_scores_it_is_known_to_give() -> None:
    """ES of a ranking 10, 9, ..., -9 and members at ranks 1, 3 and 6, by hand: hits 10/23, 8/23, 5/23; misses 1/17."""
    score = np.arange(10.0, -10.0, -1.0)
    sets = one_set([0, 2, 5])
    spec = EnrichmentMethods["gseapy_prerank"]
    found = spec.function(features(score), sets, generator=np.random.default_rng(0), n_permutations=200)
    assert found.effect[0] == pytest.approx(1 - 3 / 17, abs=1e-9)
    assert found.leading[0].tolist() == [0, 2, 5]
    assert 0 < found.p_value[0, 0] < 0.2
    ours = EnrichmentMethods["prerank"].function(
        features(score), sets, generator=np.random.default_rng(0), n_permutations=5000, add_one=False
    )
    assert ours.effect[0] == pytest.approx(found.effect[0], abs=1e-9)
    assert ours.statistic[0, 0] == pytest.approx(found.statistic[0, 0], rel=0.1)


def test_our_scores_equal_those_of_gseapy_where_nothing_is_tied() -> None:
    rng = np.random.default_rng(3)
    score = rng.normal(size=400)
    columns = [rng.choice(400, size, replace=False) for size in (5, 17, 40, 120)]
    sets = SetArrays(np.concatenate(columns), np.cumsum([0, 5, 17, 40, 120]), np.ones(182))
    arguments = {"generator": np.random.default_rng(1), "n_permutations": 100}
    theirs = EnrichmentMethods["gseapy_prerank"].function(features(score), sets, **arguments)
    ours = EnrichmentMethods["prerank"].function(features(score), sets, **arguments)
    np.testing.assert_allclose(ours.effect, theirs.effect, atol=1e-9)
    for mine, other in zip(ours.leading, theirs.leading, strict=True):
        assert set(mine) == set(other)


def test_gseapy_is_imported_only_when_called() -> None:
    code = "import sys, exomics.enrichment; print('gseapy' in sys.modules)"
    subprocess = importlib.import_module("subprocess")
    assert (
        subprocess.run([importlib.import_module("sys").executable, "-c", code], capture_output=True, text=True).stdout
        == "False\n"
    )


def test_kinase_z_without_correlation_is_the_published_statistic() -> None:
    score = np.random.default_rng(5).normal(size=300)
    members, signs = [3, 50, 120, 200], [1.0, 1.0, -1.0, 1.0]
    spec = EnrichmentMethods["kinase_activity"]
    found = spec.function(features(score), one_set(members, signs), inter_gene_correlation=0)
    moved = np.array(signs) * (score[members] - score.mean())
    assert found.statistic[0, 0] == pytest.approx(moved.mean() * 2 / score.std(ddof=1), rel=1e-12)
    assert found.p_value[0, 0] == pytest.approx(2 * stats.norm.sf(abs(found.statistic[0, 0])), rel=1e-12)


def test_kinase_ulm_without_correlation_is_the_t_of_a_regression() -> None:
    score = np.random.default_rng(6).normal(size=300)
    members, signs = [3, 50, 120, 200, 7], [1.0, 1.0, -1.0, 1.0, -1.0]
    weights = np.zeros(300)
    weights[members] = signs
    expected = stats.linregress(weights, score)
    spec = EnrichmentMethods["kinase_activity"]
    found = spec.function(features(score), one_set(members, signs), estimator="ulm", inter_gene_correlation="0,0.1")
    assert found.statistic[0, 0] == pytest.approx(expected.slope / expected.stderr, rel=1e-10)
    assert found.p_value[0, 0] == pytest.approx(expected.pvalue, rel=1e-8)
    assert found.statistic[0, 1] == pytest.approx(found.statistic[0, 0] / np.sqrt(1.4), rel=1e-12)


def test_planted_kinases_are_found_and_an_inhibited_one_has_a_negative_activity() -> None:
    rng = np.random.default_rng(8)
    score = rng.normal(size=1000)
    sites = rng.permutation(1000)[:60].reshape(6, 10)
    signs = np.where(rng.random((6, 10)) < 0.3, -1.0, 1.0)
    truth = np.array([2.0, -2.0, 0, 0, 0, 0])
    for kinase in range(6):
        score[sites[kinase]] += truth[kinase] * signs[kinase]
    sets = SetArrays(sites.ravel(), np.arange(0, 61, 10), signs.ravel())
    for estimator in ("z", "ulm"):
        spec = EnrichmentMethods["kinase_activity"]
        found = spec.function(features(score), sets, estimator=estimator, inter_gene_correlation=0.05)
        assert (np.sign(found.effect[:2]) == [1, -1]).all()
        assert (found.p_value[:2, 0] < 5e-3).all()
        assert (found.p_value[2:, 0] > 0.01).all()


@pytest.mark.parametrize("parameters", [{"estimator": "mean"}, {"inter_gene_correlation": -0.1}])
def test_kinase_activity_refuses_what_it_does_not_know(parameters) -> None:
    with pytest.raises(InputError):
        EnrichmentMethods["kinase_activity"].function(features(np.arange(9.0)), one_set([1, 2]), **parameters)


def test_camera_preranked_is_the_competitive_test() -> None:
    score = np.random.default_rng(9).normal(size=200)
    spec = EnrichmentMethods["camera_preranked"]
    found = spec.function(features(score), one_set(list(range(12))), inter_gene_correlation=0.03)
    expected = camera_preranked(score, [np.arange(12)], inter_gene_correlation=0.03)
    assert found.p_value[0, 0] == expected.p_value[0]
    assert found.effect[0] == pytest.approx(score[:12].mean() - score[12:].mean(), rel=1e-12)


def test_every_method_names_its_source_and_what_its_numbers_are() -> None:
    for spec in EnrichmentMethods:
        assert spec.reference.startswith("10.")
        assert "effect: " in spec.units
        assert "statistic: " in spec.units
        assert {"min_size", "duplicates", "rank_by", "names"} <= set(spec.parameters)


def test_a_malformed_declaration_is_refused() -> None:
    with pytest.raises(RegistryError, match="reads must be"):
        EnrichmentMethod(name="x", kind="enrichment", title="x", function=sum, reads="tea leaves")
