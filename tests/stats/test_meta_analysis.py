"""Meta-analysis against metafor, and its behaviour on few or degenerate studies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.meta_analysis import combine_effects

EXPECTED = Path(__file__).parents[1] / "parity" / "meta_analysis" / "expected"
METHODS = {"FE": "fixed", "DL": "dersimonian_laird", "REML": "reml", "PM": "paule_mandel"}
INFERENCE = {"z": "normal", "knha": "hartung_knapp"}
COLUMNS = {
    "estimate": "estimate",
    "standard_error": "se",
    "statistic": "statistic",
    "p_value": "p",
    "ci_low": "low",
    "ci_high": "high",
    "prediction_low": "prediction_low",
    "tau_squared": "tau2",
    "i_squared": "i2",
    "q": "q",
    "q_p_value": "q_p",
    "n_studies": "n_studies",
}


@pytest.fixture(scope="module")
def studies() -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(EXPECTED / "inputs.tsv.gz", sep="\t", float_precision="round_trip").to_numpy()
    return table[:, :8], table[:, 8:]


@pytest.mark.parametrize("test", INFERENCE)
@pytest.mark.parametrize("method", METHODS)
def test_equals_metafor(studies, method, test):
    table = pd.read_csv(EXPECTED / "pooled.tsv.gz", sep="\t", float_precision="round_trip")
    expected = table[(table["method"] == method) & (table["test"] == test)]
    pooled = combine_effects(*studies, method=METHODS[method], inference=INFERENCE[test])
    assert len(expected) == 60
    assert pooled.converged.all()
    for field, column in COLUMNS.items():
        ours = getattr(pooled, field)[expected["feature"]]
        np.testing.assert_array_equal(np.isnan(ours), expected[column].isna(), err_msg=field)
        np.testing.assert_allclose(ours, expected[column], rtol=1e-10, atol=1e-11, err_msg=field)


@pytest.mark.parametrize("method", METHODS.values())
def test_one_feature_equals_its_row(studies, method):
    pooled = combine_effects(*studies, method=method)
    for row in (0, 7, 31):
        alone = combine_effects(studies[0][row], studies[1][row], method=method)
        for field in pooled._fields:
            np.testing.assert_array_equal(getattr(alone, field), getattr(pooled, field)[[row]], err_msg=field)


@pytest.mark.parametrize("method", METHODS.values())
def test_order_of_studies_does_not_matter(studies, method):
    order = np.random.default_rng(0).permutation(8)
    one = combine_effects(*studies, method=method)
    other = combine_effects(studies[0][:, order], studies[1][:, order], method=method)
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS.values())
def test_units_do_not_matter(studies, method):
    one = combine_effects(*studies, method=method)
    other = combine_effects(studies[0] * 1024.0, studies[1] * 1024.0, method=method)
    np.testing.assert_allclose(one.tau_squared * 1024.0**2, other.tau_squared, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=1e-7)


def test_truncated_interval_is_never_narrower():
    effects, errors = np.array([[0.10, 0.11, 0.12], [0.1, 0.9, 2.0]]), np.full((2, 3), 0.2)
    plain = combine_effects(effects, errors, inference="hartung_knapp")
    truncated = combine_effects(effects, errors, inference="hartung_knapp_truncated")
    normal = combine_effects(effects, errors)
    assert plain.standard_error[0] < truncated.standard_error[0] == normal.standard_error[0]
    assert plain.standard_error[1] == pytest.approx(truncated.standard_error[1])


@pytest.mark.parametrize("method", METHODS.values())
def test_few_studies(method):
    effects = np.array([[0.5, np.nan, np.nan], [0.5, 0.7, np.nan], [np.nan, np.inf, 0.1]])
    errors = np.array([[0.2, 0.1, 0.1], [0.2, 0.1, 0.1], [0.1, 0.1, 0.0]])
    pooled = combine_effects(effects, errors, method=method)
    np.testing.assert_array_equal(pooled.n_studies, [1, 2, 0])
    np.testing.assert_array_equal(pooled.estimate[[0, 2]], [0.5, np.nan])
    np.testing.assert_array_equal(np.isnan(pooled.tau_squared), [True, False, True])
    np.testing.assert_array_equal(np.isnan(pooled.prediction_low), True)
    knapp = combine_effects(effects, errors, method=method, inference="hartung_knapp")
    np.testing.assert_array_equal(np.isnan(knapp.standard_error), [True, False, True])


@pytest.mark.parametrize("method", METHODS.values())
def test_identical_effects_have_no_heterogeneity(method):
    pooled = combine_effects(np.full((1, 5), 0.3), np.linspace(0.1, 0.5, 5)[None], method=method)
    assert pooled.tau_squared[0] == 0.0
    assert pooled.estimate[0] == pytest.approx(0.3)


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="features x studies"):
        combine_effects([[0.1, 0.2]], [[0.1]])
    with pytest.raises(InputError, match="not be negative"):
        combine_effects([0.1, 0.2], [0.1, -0.1])
    with pytest.raises(InputError, match="method must be"):
        combine_effects([0.1, 0.2], [0.1, 0.1], method="ml")
    with pytest.raises(InputError, match="between 0 and 1"):
        combine_effects([0.1, 0.2], [0.1, 0.1], level=95)


@pytest.mark.real_data
def test_cxcl9_over_six_cohorts(reference_folder):
    table = pd.read_csv(reference_folder / "tumor" / "ref_ICB_CXCL9_by_cohort.tsv", sep="\t")
    pooled = combine_effects(table["cox_logHR"], table["cox_SE"])
    assert round(pooled.estimate[0], 4) == -0.2987
    assert round(pooled.standard_error[0], 4) == 0.0636
    assert pooled.tau_squared[0] == 0.0
