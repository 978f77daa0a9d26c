"""Quasi-likelihood F tests against edgeR at its own dispersions, and the dispersion trend on its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.differential.methods.edger_ql import quasi_likelihood_f
from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats.negative_binomial_abundance import TrendedDispersions, trended_dispersions
from exomics.stats.quasi_likelihood import fit_quasi_likelihood

EXPECTED = Path(__file__).parents[1] / "parity" / "negative_binomial" / "expected"
TWO_GROUPS = np.repeat(np.eye(2), 4, axis=0)
DIFFERENCE = np.array([[-1.0], [1.0]])


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    samples = read("covariate_samples")
    group = samples["group"].to_numpy()
    design = np.column_stack([np.ones(12), group == "b", group == "c", samples["age"]]).astype(float)
    counts = read("covariate_counts").to_numpy(dtype=float).T
    return counts[:, counts.any(axis=0)], design, read("quasi_likelihood_samples")["library_size"].to_numpy()


@pytest.mark.parametrize("robust", [False, True])
def test_at_the_dispersions_of_edger_it_is_edger(study, robust):
    counts, design, sizes = study
    expected, suffix = read("quasi_likelihood"), "_robust" if robust else ""
    given = TrendedDispersions(expected["trended"].to_numpy(), float(expected["common"][0]))
    fit = fit_quasi_likelihood(
        counts, design, library_sizes=sizes, dispersions=given, robust=robust, generation="moments"
    )
    np.testing.assert_allclose(fit.mean_log_cpm, expected["abundance"], rtol=1e-9)
    np.testing.assert_array_equal(fit.df_residual, expected[f"df{suffix}"])
    np.testing.assert_allclose(fit.variances.df_prior, expected[f"prior_df{suffix}"], rtol=1e-5)
    np.testing.assert_allclose(fit.variances.var_post, expected[f"posterior{suffix}"], rtol=1e-5)
    unit = np.eye(4)
    for contrasts, name in ((unit[:, [2]], ""), (unit[:, 1:3], "_both")):
        tests = fit.f_tests(contrasts)
        difference = np.abs(tests.p_value / expected[f"p{name}{suffix}"] - 1.0)
        assert np.median(difference) < 1e-7 and np.quantile(difference, 0.99) < 2e-5 and difference.max() < 1e-2


def test_the_trend_is_near_that_of_edger(study):
    counts, design, sizes = study
    expected = read("quasi_likelihood")
    found = trended_dispersions(counts, design, library_sizes=sizes)
    assert found.common == pytest.approx(expected["common"][0], rel=1e-2)
    difference = np.abs(np.log(found.trended / expected["trended"]))
    assert np.median(difference) < 0.1 and difference.max() < 0.5


def test_false_positives_with_three_replicates():
    rng = np.random.default_rng(8)
    means, dispersion = rng.gamma(1.0, 150.0, 2000) + 5.0, 0.05 * rng.gamma(3.0, 1 / 3.0, 2000) + 0.01
    counts = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * means), size=(6, 2000))
    tests = quasi_likelihood_f(counts, np.repeat(np.eye(2), 3, axis=0), DIFFERENCE)
    assert 0.035 < (tests.p_value < 0.05).mean() < 0.065


def test_what_was_planted_is_found_and_sets_are_tested_together():
    rng = np.random.default_rng(9)
    fold = np.ones((12, 400))
    fold[8:, :40] = 4.0
    counts = rng.negative_binomial(10.0, 10.0 / (10.0 + 100.0 * fold))
    design = np.repeat(np.eye(3), 4, axis=0)
    contrasts = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
    tests = quasi_likelihood_f(counts, design, contrasts, library_sizes=np.full(12, 4e4), omnibus=[contrasts])
    assert (tests.p_value[:40, 1] < 1e-3).mean() > 0.9 and (tests.p_value[:40, 0] < 0.05).mean() < 0.2
    assert (tests.omnibus.df_numerator == 2.0).all() and (tests.omnibus.p_value[:40, 0] < 1e-3).mean() > 0.9
    assert abs(np.median(tests.effect[:40, 1]) - 2.0) < 0.2


def test_groups_of_zeros_and_constant_features_do_not_stop_the_run():
    counts = np.random.default_rng(10).negative_binomial(10, 0.1, size=(8, 300)).astype(float)
    counts[:4, 0] = 0.0
    counts[:, 1] = 40.0
    counts[1:, 2] = 0.0
    tests = quasi_likelihood_f(counts, TWO_GROUPS, DIFFERENCE)
    assert (tests.status == "").all() and np.isfinite(tests.p_value).all()
    assert tests.p_value[0, 0] < 1e-3 and tests.p_value[1, 0] > 0.9


def test_bad_input_is_one_clear_line():
    counts = np.random.default_rng(11).negative_binomial(10, 0.1, size=(8, 50)).astype(float)
    sizes = counts.sum(axis=1)
    with pytest.raises(DesignError, match="need replicates"):
        fit_quasi_likelihood(counts[:2], np.eye(2), library_sizes=sizes[:2])
    with pytest.raises(ScaleError, match="whole numbers"):
        fit_quasi_likelihood(counts + 0.5, TWO_GROUPS, library_sizes=sizes)
    with pytest.raises(InputError, match="library sizes must be known"):
        fit_quasi_likelihood(counts, TWO_GROUPS, library_sizes=np.zeros(8))
    with pytest.raises(InputError, match="5 counts or more"):
        trended_dispersions(np.eye(8), TWO_GROUPS, library_sizes=np.ones(8))
