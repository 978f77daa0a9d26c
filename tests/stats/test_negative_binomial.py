"""Negative binomial fits and tests against DESeq2 at its own dispersions, and their invariances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats.negative_binomial import fit_negative_binomial
from exomics.stats.negative_binomial_tests import hypothesis_design, likelihood_ratio_tests, wald_tests
from exomics.stats.size_factors import size_factors

EXPECTED = Path(__file__).parents[1] / "parity" / "negative_binomial" / "expected"
COEFFICIENTS = ("Intercept", "group_b_vs_a", "group_c_vs_a", "age")


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return read("covariate_counts").to_numpy(dtype=float).T


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    return read("covariate_samples")


@pytest.fixture(scope="module")
def design(samples) -> np.ndarray:
    group = samples["group"].to_numpy()
    return np.column_stack([np.ones(12), group == "b", group == "c", samples["age"]]).astype(float)


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return read("covariate_wald")


@pytest.fixture(scope="module")
def fit(counts, design, samples, reference):
    sizes = samples["size_factor"]
    return fit_negative_binomial(counts, design, reference["dispersion"], size_factors=sizes, max_iterations=500)


def options_of(samples: pd.DataFrame) -> dict[str, Any]:
    return {"size_factors": samples["size_factor"], "max_iterations": 500}


def settled(reference: pd.DataFrame) -> np.ndarray:
    """Features for which DESeq2's weighted fits settled; for the others it hands over to a coarse search."""
    return (reference["betaIter"] < 500).to_numpy()


def relative(ours: np.ndarray, theirs: pd.Series) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.abs(ours / theirs.to_numpy() - 1.0)


@pytest.mark.parametrize("method", ["median_of_ratios", "poscounts"])
def test_size_factors_equal_deseq2(counts, samples, method):
    column = {"median_of_ratios": "size_factor", "poscounts": "poscounts"}[method]
    np.testing.assert_allclose(size_factors(counts, method=method), samples[column], rtol=1e-13)


def test_size_factors_say_what_they_need(counts):
    sparse = counts * (np.arange(12)[:, None] != np.arange(400) % 12)
    with pytest.raises(ScaleError, match="use 'poscounts'"):
        size_factors(sparse)
    assert (size_factors(sparse, method="poscounts") > 0).all()
    with pytest.raises(InputError, match="median_of_ratios, poscounts"):
        size_factors(counts, method="tmm")
    with pytest.raises(ScaleError, match="whole numbers"):
        size_factors(counts + 0.5)


@pytest.mark.parametrize("position", range(4))
def test_at_the_reference_dispersions_it_is_deseq2(fit, reference, position):
    name = COEFFICIENTS[position]
    tests = wald_tests(fit, np.eye(4))
    missing = reference[name].isna().to_numpy()
    assert missing.sum() == 3
    np.testing.assert_array_equal(np.isnan(tests.p_value[:, position]), missing)
    kept = settled(reference) & ~missing
    assert kept.sum() >= 395
    away = np.abs(tests.effect[:, position] - reference[name]) / reference[f"SE_{name}"]
    assert away[kept].max() < 1e-6
    assert relative(tests.standard_error[:, position], reference[f"SE_{name}"])[kept].max() < 1e-6
    measurable = kept & (reference[f"WaldPvalue_{name}"] > 1e-50).to_numpy()
    difference = relative(tests.p_value[:, position], reference[f"WaldPvalue_{name}"])[measurable]
    assert np.quantile(difference, 0.9) < 1e-6 and difference.max() < 1e-5


def test_a_likelihood_ratio_keeps_the_limit_of_iterations_it_is_given(fit, design):
    """Fits that hand over to the ascent of the penalized likelihood at once reach the same maxima."""
    settled_fits = likelihood_ratio_tests(fit, design[:, [0, 3]], max_iterations=500)
    handed_over = likelihood_ratio_tests(fit, design[:, [0, 3]], max_iterations=1)
    large = fit.means.min(axis=1) > 1.0
    np.testing.assert_allclose(handed_over.statistic[large], settled_fits.statistic[large], rtol=1e-6, atol=1e-8)
    assert (handed_over.statistic != settled_fits.statistic).any()


def test_contrasts_and_likelihood_ratios_equal_deseq2(fit, reference, design):
    expected = read("covariate_tests")
    kept = settled(reference) & ~reference["Intercept"].isna().to_numpy()
    contrast = wald_tests(fit, np.array([[0.0], [-1.0], [1.0], [0.0]]))
    said_nothing = (expected["c_vs_b_p"] == 1.0).to_numpy() & (expected["c_vs_b"] == 0.0).to_numpy()
    np.testing.assert_array_equal(np.isnan(contrast.p_value[kept, 0]), said_nothing[kept])
    both = kept & ~said_nothing
    assert (np.abs(contrast.effect[:, 0] - expected["c_vs_b"]) / expected["c_vs_b_se"])[both].max() < 1e-6
    assert relative(contrast.standard_error[:, 0], expected["c_vs_b_se"])[both].max() < 1e-6
    ratio = likelihood_ratio_tests(fit, design[:, [0, 3]])
    assert ratio.df == 2
    assert np.quantile(relative(ratio.p_value, expected["p"])[kept], 0.99) < 1e-6
    assert np.abs(ratio.statistic - expected["statistic"])[kept].max() < 1e-7


def test_a_fit_is_the_maximum_of_the_likelihood(fit):
    problem, size = fit.problem, np.exp(fit.problem.offsets)
    rows = np.flatnonzero(fit.converged & (fit.means.min(axis=1) > 1.0))[:20]
    for row in rows:
        r = 1.0 / problem.dispersions[row]

        def loss(beta, row=row, r=r):
            mean = size * np.exp(problem.design @ beta)
            return -stats.nbinom.logpmf(problem.counts[row], r, r / (r + mean)).sum()

        best = optimize.minimize(loss, fit.coefficients[row], method="BFGS")
        assert loss(fit.coefficients[row]) <= best.fun + 1e-6


def test_features_do_not_touch_each_other(fit, counts, design, samples, reference):
    for row in (0, 11, 200):
        alone = fit_negative_binomial(
            counts[:, [row]], design, reference["dispersion"][[row]], size_factors=samples["size_factor"]
        )
        np.testing.assert_allclose(alone.coefficients[0], fit.coefficients[row], rtol=1e-9, atol=1e-12)


def test_order_of_samples_and_coding_of_the_design_do_not_matter(fit, counts, design, samples, reference):
    order = np.random.default_rng(0).permutation(12)
    moved = fit_negative_binomial(
        counts[order],
        design[order],
        reference["dispersion"],
        size_factors=samples["size_factor"][order],
        max_iterations=500,
    )
    np.testing.assert_allclose(moved.coefficients[8:], fit.coefficients[8:], rtol=1e-7, atol=1e-7)
    cells = design @ np.array([[1.0, 0, 0, 0], [-1, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 1]])
    coded = fit_negative_binomial(counts, cells, reference["dispersion"], **options_of(samples))
    same = wald_tests(coded, np.array([[-1.0], [1.0], [0.0], [0.0]])).p_value[8:, 0]
    np.testing.assert_allclose(same, wald_tests(fit, np.eye(4)).p_value[8:, 1], rtol=1e-4)


def test_a_scaled_covariate_scales_its_coefficient(fit, counts, design, samples, reference):
    scaled = design * np.array([1.0, 1.0, 1.0, 50.0])
    found = fit_negative_binomial(counts, scaled, reference["dispersion"], **options_of(samples))
    tests, plain = wald_tests(found, np.eye(4)), wald_tests(fit, np.eye(4))
    np.testing.assert_allclose(tests.effect[8:, 3] * 50.0, plain.effect[8:, 3], rtol=1e-4, atol=1e-4)


def test_separated_groups_and_groups_of_zeros_stay_finite():
    design = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    counts = np.array([[0, 0, 0, 0, 9, 12, 7, 10], [1000, 1200, 900, 1100, 0, 0, 0, 0], [0] * 8]).T
    fit = fit_negative_binomial(counts, design, [0.1, 0.1, np.nan], size_factors=np.ones(8))
    tests = wald_tests(fit, np.eye(2))
    assert fit.converged.tolist() == [True, True, False]
    assert np.isfinite(tests.effect[:2, 1]).all() and np.isnan(tests.effect[2]).all()
    assert tests.effect[0, 1] > 3.0 and tests.effect[1, 1] < -8.0


def test_a_contrast_of_groups_without_counts_is_not_estimable():
    design = np.repeat(np.eye(3), 3, axis=0)
    counts = np.array([[0, 0, 0, 0, 0, 0, 40, 50, 60]]).T
    fit = fit_negative_binomial(counts, design, [0.1], size_factors=np.ones(9))
    tests = wald_tests(fit, np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert np.isnan(tests.p_value[0]).tolist() == [True, False]


def test_the_null_design_of_a_set_of_contrasts():
    contrasts = np.array([[-1.0, -1.0, 0.0], [1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    design = np.repeat(np.eye(3), 2, axis=0)
    reduced = hypothesis_design(design, contrasts)
    assert reduced.shape == (6, 1) and np.ptp(reduced) < 1e-12


def test_bad_input_is_named(counts, design, samples):
    sizes = samples["size_factor"]
    with pytest.raises(ScaleError, match="whole numbers"):
        fit_negative_binomial(np.log2(counts + 1.0), design, np.full(400, 0.1), size_factors=sizes)
    with pytest.raises(DesignError, match="rank 4"):
        fit_negative_binomial(counts, np.column_stack([design, design[:, 1]]), np.full(400, 0.1), size_factors=sizes)
    with pytest.raises(InputError, match="one per feature"):
        fit_negative_binomial(counts, design, [0.1], size_factors=sizes)
    with pytest.raises(InputError, match="positive"):
        fit_negative_binomial(counts, design, np.full(400, 0.1), size_factors=np.zeros(12))
    fit = fit_negative_binomial(counts[:, 8:20], design, np.full(12, 0.1), size_factors=sizes)
    with pytest.raises(DesignError, match="one per coefficient"):
        wald_tests(fit, [[1.0]])
    with pytest.raises(DesignError, match="fewer columns"):
        likelihood_ratio_tests(fit, design)
