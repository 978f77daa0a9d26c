"""The kernels: known answers, invariances, and the options that distinguish our defaults from the published ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from exomics.differential import FeatureTests, Tests
from exomics.differential.methods.limma_trend import limma_trend
from exomics.differential.methods.limma_voom import limma_voom
from exomics.differential.methods.voom_lm_fit import voom_lm_fit
from exomics.errors import InputError, ScaleError

DESIGN = np.repeat(np.eye(3), 5, axis=0)
CONTRASTS = np.array([[-1.0, 0.0], [1.0, -1.0], [0.0, 1.0]])
ARRAYS = [
    name
    for name in FeatureTests._fields
    if name not in ("test", "df_numerator", "details", "omnibus", "log_odds", "status", "p_to_adjust")
]
Kernel = Callable[..., FeatureTests]


@pytest.fixture
def log_values() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(5.0, 1.0, (15, 250)) * rng.gamma(5.0, 0.2, 250)


@pytest.fixture
def counts() -> np.ndarray:
    rng = np.random.default_rng(2)
    shape = rng.gamma(2.0, 10.0, 250) + 2.0
    return rng.poisson(rng.gamma(1.0, 100.0, 250) * rng.gamma(shape, 1.0 / shape, (15, 250))).astype(float)


def values_for(kernel: Kernel, log_values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return log_values if kernel is limma_trend else counts


KERNELS = [limma_trend, limma_voom, voom_lm_fit]


def assert_same(left: FeatureTests, right: FeatureTests, tolerance: float = 1e-9) -> None:
    for name in ARRAYS:
        np.testing.assert_allclose(
            getattr(left, name), getattr(right, name), rtol=tolerance, atol=tolerance, err_msg=name
        )


def test_every_method_is_declared_once() -> None:
    assert {"limma_trend", "limma_voom", "voom_lm_fit", "limma_ancova"} <= set(Tests.names)
    assert len(set(Tests.names)) == len(Tests)
    assert all(spec.reference and spec.input_scale and spec.parameters for spec in Tests)


def test_without_a_usable_prior_it_is_the_classical_t_test(log_values: np.ndarray) -> None:
    two = limma_trend(log_values[:10, :2], DESIGN[:10, :2], [[-1.0], [1.0]], trend=False)
    expected = stats.ttest_ind(log_values[5:10, :2], log_values[:5, :2])
    np.testing.assert_allclose(two.statistic[:, 0], expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(two.p_value[:, 0], expected.pvalue, rtol=1e-10)
    interval = expected.confidence_interval()
    np.testing.assert_allclose(two.ci_low[:, 0], interval.low, rtol=1e-10)
    np.testing.assert_allclose(two.ci_high[:, 0], interval.high, rtol=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_standard_error_is_effect_over_statistic(
    kernel: Kernel, log_values: np.ndarray, counts: np.ndarray
) -> None:
    tests = kernel(values_for(kernel, log_values, counts), DESIGN, CONTRASTS)
    assert tests.effect.shape == tests.p_value.shape == (250, 2)
    np.testing.assert_allclose(tests.standard_error, np.abs(tests.effect / tests.statistic), rtol=1e-12)
    assert ((tests.ci_low < tests.effect) & (tests.effect < tests.ci_high)).all()
    significant = tests.p_value < 0.05
    np.testing.assert_array_equal(significant, (tests.ci_low > 0) | (tests.ci_high < 0))


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_order_of_the_samples_does_not_matter(kernel: Kernel, log_values: np.ndarray, counts: np.ndarray) -> None:
    values = values_for(kernel, log_values, counts)
    order = np.random.default_rng(3).permutation(15)
    sizes = {} if kernel is limma_trend else {"library_sizes": counts.sum(axis=1)[order]}
    assert_same(
        kernel(values[order], DESIGN[order], CONTRASTS, robust=True, **sizes),
        kernel(values, DESIGN, CONTRASTS, robust=True),
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_order_of_the_features_does_not_matter_without_sample_weights(
    kernel: Kernel, log_values: np.ndarray, counts: np.ndarray
) -> None:
    values = values_for(kernel, log_values, counts)
    order = np.random.default_rng(4).permutation(250)
    moved = kernel(values[:, order], DESIGN, CONTRASTS, sample_weights="none")
    back = moved._replace(**{name: getattr(moved, name)[np.argsort(order)] for name in ARRAYS})
    assert_same(back, kernel(values, DESIGN, CONTRASTS, sample_weights="none"), tolerance=1e-8)


def test_shifting_and_scaling_log_values(log_values: np.ndarray) -> None:
    plain = limma_trend(log_values, DESIGN, CONTRASTS, trend=False)
    shifted = limma_trend(log_values + 7.0, DESIGN, CONTRASTS, trend=False)
    scaled = limma_trend(3.0 * log_values, DESIGN, CONTRASTS, trend=False)
    np.testing.assert_allclose(shifted.effect, plain.effect, atol=1e-11)
    np.testing.assert_allclose(shifted.p_value, plain.p_value, rtol=1e-8)
    np.testing.assert_allclose(scaled.effect, 3.0 * plain.effect, rtol=1e-11)
    np.testing.assert_allclose(scaled.p_value, plain.p_value, rtol=1e-8)


def test_contrast_errors_agree_for_group_means_and_differ_with_covariates(counts: np.ndarray) -> None:
    exact = limma_voom(counts, DESIGN, CONTRASTS)
    classic = limma_voom(counts, DESIGN, CONTRASTS, contrast_errors="classic")
    assert_same(exact, classic)
    covariate = np.column_stack([DESIGN, np.random.default_rng(5).normal(size=15)])
    with_covariate = np.vstack([CONTRASTS, np.zeros((1, 2))])
    exact = limma_voom(counts, covariate, with_covariate)
    classic = limma_voom(counts, covariate, with_covariate, contrast_errors="classic")
    np.testing.assert_allclose(exact.effect, classic.effect, rtol=1e-9, atol=1e-12)
    assert np.abs(exact.statistic / classic.statistic - 1).max() > 1e-4


def test_sample_weights_find_the_noisy_sample(log_values: np.ndarray) -> None:
    log_values[4] += np.random.default_rng(6).normal(0.0, 4.0, 250)
    weighted = limma_trend(log_values, DESIGN, CONTRASTS, sample_weights="gene_by_gene")
    assert int(np.argmin(weighted.details["sample_weights"])) == 4
    plain = limma_trend(log_values, DESIGN, CONTRASTS)
    assert np.median(weighted.standard_error[:, 0]) < np.median(plain.standard_error[:, 0])


def test_known_weights_multiply_the_estimated_ones(log_values: np.ndarray) -> None:
    known = np.linspace(0.5, 2.0, 15)
    by_sample = limma_trend(log_values, DESIGN, CONTRASTS, weights=known, sample_weights="gene_by_gene")
    by_value = limma_trend(
        log_values, DESIGN, CONTRASTS, weights=np.tile(known[:, None], 250), sample_weights="gene_by_gene"
    )
    np.testing.assert_allclose(by_sample.effect, by_value.effect, rtol=1e-8)


def test_a_group_without_values_has_no_contrast(log_values: np.ndarray) -> None:
    log_values[:5, 0] = np.nan
    tests = limma_trend(log_values, DESIGN, CONTRASTS)
    assert np.isnan(tests.p_value[0, 0]) and np.isfinite(tests.p_value[0, 1])
    assert np.isfinite(tests.p_value[1:]).all()


@pytest.mark.parametrize("options", [{}, {"robust": True}, {"prior": "likelihood"}, {"optimum": "published"}])
@pytest.mark.parametrize("kernel", KERNELS)
def test_p_values_of_pure_noise_are_uniform(
    kernel: Kernel, options: dict[str, Any], log_values: np.ndarray, counts: np.ndarray
) -> None:
    tests = kernel(values_for(kernel, log_values, counts), DESIGN, CONTRASTS, **options)
    assert stats.kstest(tests.p_value[:, 0], "uniform").pvalue > 1e-3


def test_groups_of_zeros_lose_residual_degrees_of_freedom(counts: np.ndarray) -> None:
    counts[:5, :20] = 0
    tests = voom_lm_fit(counts, DESIGN, CONTRASTS)
    np.testing.assert_allclose(tests.degrees_of_freedom[:20], np.median(tests.degrees_of_freedom) - 4.0)
    assert tests.details["prior_generation"] == "likelihood"


@pytest.mark.parametrize("kernel", [limma_voom, voom_lm_fit])
def test_log_values_are_no_counts(kernel: Kernel, log_values: np.ndarray) -> None:
    with pytest.raises(ScaleError, match="counts must be finite and not negative"):
        kernel(log_values - 10.0, DESIGN, CONTRASTS)


@pytest.mark.parametrize("method", [limma_voom, voom_lm_fit])
def test_subjects_as_blocks_sharpen_a_change_within_them(method):
    rng, subject = np.random.default_rng(2), np.repeat(np.arange(10), 2)
    level = rng.normal(0.0, 0.8, (10, 400))[subject]
    counts = rng.poisson(np.exp(4.0 + level + rng.normal(0.0, 0.1, (20, 400))))
    visits = np.tile(np.eye(2), (10, 1))
    blocked = method(counts, visits, [[-1.0], [1.0]], block=subject, sample_weights="none")
    loose = method(counts, visits, [[-1.0], [1.0]], sample_weights="none")
    assert blocked.details["correlation_within_blocks"] > 0.8
    assert np.median(blocked.standard_error / loose.standard_error) < 0.5


def test_voom_takes_blocks_or_sample_weights():
    counts = np.random.default_rng(0).poisson(50, size=(8, 30))
    with pytest.raises(InputError, match="voom_lm_fit does both"):
        limma_voom(counts, np.ones((8, 1)), [[1.0]], block=np.arange(8) // 2, sample_weights="gene_by_gene")
