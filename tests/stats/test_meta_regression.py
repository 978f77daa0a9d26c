"""Meta-regression against metafor, and what must not change it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.meta_analysis import combine_effects
from exomics.stats.meta_regression import meta_regression

EXPECTED = Path(__file__).parents[1] / "parity" / "meta_regression" / "expected"
METHODS = {"FE": "fixed", "DL": "dersimonian_laird", "REML": "reml", "PM": "paule_mandel"}
PER_COEFFICIENT = {
    "coefficients": "estimate",
    "standard_error": "se",
    "statistic": "statistic",
    "p_value": "p",
    "ci_low": "low",
    "ci_high": "high",
}
PER_FEATURE = {
    "tau_squared": "tau2",
    "q_residual": "q",
    "q_residual_p": "q_p",
    "q_moderators": "qm",
    "q_moderators_p": "qm_p",
    "n_studies": "n_studies",
}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def studies() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = read("inputs").to_numpy()
    return table[:, :10], table[:, 10:], read("moderators").to_numpy()


@pytest.mark.parametrize("test", ["z", "knha"])
@pytest.mark.parametrize("method", METHODS)
def test_equals_metafor(studies, method, test):
    table = read("fitted")
    expected = table[(table["method"] == method) & (table["test"] == test)]
    inference = "normal" if test == "z" else "hartung_knapp"
    found = meta_regression(*studies, method=METHODS[method], inference=inference)
    assert found.converged.all() and found.df_moderators == 2.0
    for field, column in PER_COEFFICIENT.items():
        theirs = expected[column].to_numpy().reshape(40, 3)
        np.testing.assert_allclose(getattr(found, field), theirs, rtol=1e-7, atol=1e-9, err_msg=field)
    first = expected[expected["coefficient"] == 0]
    fields = dict(PER_FEATURE) if method == "FE" else {**PER_FEATURE, "i_squared": "i2"}
    for field, column in fields.items():
        np.testing.assert_allclose(getattr(found, field), first[column], rtol=1e-7, atol=1e-9, err_msg=field)


def test_explained_variance_equals_metafor(studies):
    table = read("fitted")
    expected = table[(table["method"] == "REML") & (table["test"] == "z") & (table["coefficient"] == 0)][
        "r2"
    ].to_numpy()
    found = meta_regression(*studies).r_squared
    both = np.isfinite(found) & np.isfinite(expected)
    assert both.sum() > 20
    np.testing.assert_allclose(found[both], expected[both], atol=1e-6)


@pytest.mark.parametrize("inference", ["normal", "hartung_knapp"])
@pytest.mark.parametrize("method", METHODS.values())
def test_an_intercept_alone_is_the_pooled_effect(studies, method, inference):
    effects, errors, _ = studies
    found = meta_regression(effects, errors, np.ones((10, 1)), method=method, inference=inference)
    pooled = combine_effects(effects, errors, method=method, inference=inference)
    np.testing.assert_allclose(found.coefficients[:, 0], pooled.estimate, rtol=1e-9)
    np.testing.assert_allclose(found.standard_error[:, 0], pooled.standard_error, rtol=1e-8)
    np.testing.assert_allclose(found.tau_squared, pooled.tau_squared, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found.p_value[:, 0], pooled.p_value, rtol=1e-7)


@pytest.mark.parametrize("method", METHODS.values())
def test_one_feature_equals_its_row_and_order_does_not_matter(studies, method):
    effects, errors, moderators = studies
    whole = meta_regression(effects, errors, moderators, method=method)
    order = np.random.default_rng(0).permutation(10)
    for row in (0, 3, 17):
        alone = meta_regression(effects[row, order], errors[row, order], moderators[order], method=method)
        np.testing.assert_allclose(alone.coefficients[0], whole.coefficients[row], rtol=1e-8, atol=1e-10)


def test_features_whose_studies_cannot_tell_are_missing(studies):
    effects, errors, moderators = studies[0].copy(), studies[1], studies[2]
    effects[0, 3:] = np.nan
    effects[1, moderators[:, 2] == 1] = np.nan
    effects[2] = np.nan
    found = meta_regression(effects, errors, moderators)
    assert np.isnan(found.coefficients[:3]).all() and np.isfinite(found.coefficients[3:]).all()
    np.testing.assert_array_equal(
        found.n_studies[:3],
        [3 - np.isnan(studies[0][0, :3]).sum(), 5 - np.isnan(studies[0][1, moderators[:, 2] == 0]).sum(), 0],
    )
    assert not found.converged[:3].any()


def test_bad_input_is_refused(studies):
    effects, errors, moderators = studies
    with pytest.raises(InputError, match="features x studies"):
        meta_regression(effects, errors[:, :4], moderators)
    with pytest.raises(DesignError, match="tell 4 coefficients apart in 10 studies"):
        meta_regression(effects, errors, np.column_stack([moderators, moderators[:, 1] * 2]))
    with pytest.raises(InputError, match="method must be one of"):
        meta_regression(effects, errors, moderators, method="ml")
    with pytest.raises(InputError, match="must not be negative"):
        meta_regression(effects, -errors, moderators)
