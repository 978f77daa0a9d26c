"""Combined p-values: against scipy and the consortium's rule, missing ones, and the level under the null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exomics.errors import InputError
from exomics.stats.combine_p_values import combine_p_values

P = np.random.default_rng(1).random((200, 3))
EFFECTS = np.random.default_rng(2).normal(size=(200, 3))


def test_fisher_equals_scipy():
    found = combine_p_values(P)
    expected = [stats.combine_pvalues(row, method="fisher") for row in P]
    np.testing.assert_allclose(found.p_value, [one.pvalue for one in expected], rtol=1e-12)
    np.testing.assert_allclose(found.statistic, [one.statistic for one in expected], rtol=1e-12)
    np.testing.assert_array_equal(found.degrees_of_freedom, 6.0)


def test_stouffer_equals_scipy_on_one_sided_values():
    weights = np.array([1.0, 2.0, 0.5])
    found = combine_p_values(P, method="stouffer", effects=EFFECTS, weights=weights)
    up = np.where(EFFECTS > 0, P / 2, 1 - P / 2)
    one_sided = [stats.combine_pvalues(row, method="stouffer", weights=weights) for row in up]
    np.testing.assert_allclose(found.statistic, [one.statistic for one in one_sided], rtol=1e-9, atol=1e-12)
    expected = np.array([one.pvalue for one in one_sided])
    np.testing.assert_allclose(found.p_value, 2 * np.minimum(expected, 1 - expected), rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"method": "stouffer", "effects": np.array([[1.0, np.nan], [2.0, 1.0]])}])
def test_the_one_that_is_left_is_the_result(options):
    found = combine_p_values([[0.03, np.nan], [0.5, 0.5]], **options)
    np.testing.assert_allclose(found.p_value[0], 0.03, rtol=1e-12)
    np.testing.assert_array_equal(found.n_combined, [1, 2])


def test_missing_as_one():
    found = combine_p_values([[0.03, np.nan], [np.nan, np.nan]], missing="one")
    expected = stats.combine_pvalues([0.03, 1.0]).pvalue
    np.testing.assert_allclose(found.p_value, [expected, np.nan], rtol=1e-12)
    np.testing.assert_array_equal(np.isnan(found.statistic), [False, True])


def test_extreme_values():
    found = combine_p_values([[0.0, 0.5], [1e-300, 1e-300], [1.0, 1.0]])
    assert found.p_value[0] == 0.0 and found.p_value[2] == 1.0
    np.testing.assert_allclose(found.statistic[1], -4 * np.log(1e-300))


def test_level_under_the_null():
    p = np.random.default_rng(3).random((20000, 2))
    assert abs((combine_p_values(p).p_value < 0.05).mean() - 0.05) < 0.006
    signs = np.random.default_rng(4).choice([-1.0, 1.0], size=p.shape)
    assert abs((combine_p_values(p, method="stouffer", effects=signs).p_value < 0.05).mean() - 0.05) < 0.006


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="features x tests"):
        combine_p_values([0.1, 0.2])
    with pytest.raises(InputError, match=r"must lie in \[0, 1\]"):
        combine_p_values([[0.1, 1.2]])
    with pytest.raises(InputError, match="needs the effects"):
        combine_p_values([[0.1, 0.2]], method="stouffer")
    with pytest.raises(InputError, match="an omnibus test has none"):
        combine_p_values([[0.1, 0.2]], method="stouffer", effects=[[1.0, np.nan]])
    with pytest.raises(InputError, match="non-negative"):
        combine_p_values([[0.1, 0.2]], method="stouffer", effects=[[1.0, 1.0]], weights=[1.0, -1.0])


@pytest.mark.real_data
def test_the_combined_likelihood_ratio_tests_of_the_two_sexes(reference_folder):
    path = reference_folder / "motrpac" / "reference" / "deseq2_lrt_TRNSCRPT_GN_training.tsv.gz"
    table = pd.read_csv(path, sep="\t", float_precision="round_trip")
    found = combine_p_values(table[["p_value_female", "p_value_male"]].to_numpy())
    np.testing.assert_allclose(found.p_value, table["p_value"], rtol=1e-9)
