"""Genewise least squares and contrasts against limma, against a plain solver, and under awkward input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import fit_linear_models

EXPECTED = Path(__file__).parents[1] / "parity" / "linear_model" / "expected"
# The design "far" holds an intercept beside calendar years: its condition number is 1e6, and R's own error shows.
TOLERANCE = {"means": 1e-12, "covariate": 1e-12, "intercept": 1e-12, "far": 1e-8}
INPUTS = ("plain", "array", "weighted", "missing", "missing_array", "missing_weighted")


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip").to_numpy(dtype=float)


def inputs(name):
    expression = read("missing" if name.startswith("missing") else "complete").T
    weights = {"array": lambda: read("array_weights").ravel(), "weighted": lambda: read("weights").T}
    return expression, next((weights[key]() for key in weights if name.endswith(key)), None)


def columns(table, n_coefficients):
    """Coefficients, deviations, sigma, df, mean, contrasts, their deviations."""
    p = n_coefficients
    return np.split(table, np.cumsum([p, p, 1, 1, 1, 3]), axis=1)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("design", TOLERANCE)
def test_fit_and_classic_contrasts_equal_limma(design, name):
    expression, weights = inputs(name)
    model = read(f"{design}_design")
    fit = fit_linear_models(expression, model, weights=weights)
    found = fit_contrasts(fit, read(f"{design}_contrasts"))
    flat = (
        fit.coefficients,
        fit.stdev_unscaled,
        fit.sigma[:, None],
        fit.df_residual[:, None],
        fit.mean_expression[:, None],
        found.estimates,
        found.stdev_unscaled,
    )
    for ours, limma in zip(flat, columns(read(f"{design}_{name}"), model.shape[1]), strict=True):
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(limma))
        np.testing.assert_allclose(ours, limma, rtol=TOLERANCE[design], atol=1e-12)
    np.testing.assert_allclose(
        fit.cov_coefficients, read(f"{design}_{name}_covariance"), rtol=TOLERANCE[design], atol=1e-12
    )


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("design", TOLERANCE)
def test_exact_contrasts_equal_a_plain_solver(design, name):
    expression, weights = inputs(name)
    model, contrasts = read(f"{design}_design"), read(f"{design}_contrasts")
    found = fit_contrasts(fit_linear_models(expression, model, weights=weights), contrasts, method="exact")
    per_value = np.ones(expression.shape) if weights is None else np.broadcast_to(weights.T, expression.T.shape).T
    n_checked = 0
    for g in range(expression.shape[1]):
        used = ~np.isnan(expression[:, g]) & (per_value[:, g] > 0)
        root = np.sqrt(per_value[used, g])
        scaled = model[used] * root[:, None]
        if np.linalg.matrix_rank(scaled) < model.shape[1]:
            continue
        inverse = np.linalg.pinv(scaled, rcond=1e-12)
        np.testing.assert_allclose(found.estimates[g], contrasts.T @ inverse @ (root * expression[used, g]), rtol=1e-6)
        np.testing.assert_allclose(found.stdev_unscaled[g], np.linalg.norm(contrasts.T @ inverse, axis=1), rtol=1e-6)
        n_checked += 1
    assert n_checked > 10


def test_classic_and_exact_agree_without_weights():
    fit = fit_linear_models(read("complete").T, read("intercept_design"))
    contrasts = read("intercept_contrasts")
    classic, exact = fit_contrasts(fit, contrasts), fit_contrasts(fit, contrasts, method="exact")
    np.testing.assert_allclose(classic.stdev_unscaled, exact.stdev_unscaled, rtol=1e-12)
    np.testing.assert_allclose(classic.stdev_unscaled[0] ** 2, np.diag(classic.cov_estimates), rtol=1e-12)


@pytest.mark.parametrize("name", ["plain", "missing_weighted"])
def test_each_feature_stands_alone(name):
    expression, weights = inputs(name)
    model = read("covariate_design")
    fit = fit_linear_models(expression, model, weights=weights)
    order = np.random.default_rng(0).permutation(expression.shape[1])
    shuffled = fit_linear_models(expression[:, order], model, weights=None if weights is None else weights[:, order])
    np.testing.assert_allclose(shuffled.coefficients, fit.coefficients[order], rtol=1e-12)
    single = fit_linear_models(expression[:, [9]], model, weights=None if weights is None else weights[:, [9]])
    np.testing.assert_allclose(single.sigma, fit.sigma[[9]], rtol=1e-12)


def test_memory_order_and_scale_do_not_matter():
    expression, model = read("complete").T, read("means_design")
    fit = fit_linear_models(np.asfortranarray(expression), model)
    np.testing.assert_array_equal(fit.sigma, fit_linear_models(np.ascontiguousarray(expression), model).sigma)
    moved = fit_linear_models(10 * expression + 1e4, model)
    np.testing.assert_allclose(moved.sigma, 10 * fit.sigma, rtol=1e-10)


def test_common_weights_equal_the_same_weights_per_value():
    expression, weights = inputs("array")
    model = read("covariate_design")
    common = fit_linear_models(expression, model, weights=weights)
    spread = fit_linear_models(expression, model, weights=np.tile(weights[:, None], expression.shape[1]))
    np.testing.assert_allclose(common.coefficients, spread.coefficients, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(common.stdev_unscaled, spread.stdev_unscaled, rtol=1e-12)


def test_weight_zero_is_a_missing_value():
    expression, model = read("complete").T, read("means_design")
    weights = np.ones(expression.shape[0])
    weights[3] = 0
    without = expression.copy()
    without[3] = np.nan
    fit, missing = fit_linear_models(expression, model, weights=weights), fit_linear_models(without, model)
    np.testing.assert_array_equal(fit.df_residual, missing.df_residual)
    np.testing.assert_allclose(fit.sigma, missing.sigma, rtol=1e-12)


@pytest.mark.parametrize("level", [0.0, 25.0, 1e6], ids=["centered", "intensities", "far_from_zero"])
@pytest.mark.parametrize("constant", [True, False], ids=["means_in_the_design", "slope_alone"])
def test_residuals_keep_their_digits_where_squares_would_cancel(level, constant):
    """Levels, and effects a million times the residuals, cost no more digits than the values themselves hold."""
    rng = np.random.default_rng(7)
    slope = np.linspace(-1.0, 1.0, 12)[:, None]
    design = np.hstack([np.ones((12, 1)), slope]) if constant else slope
    values = level * constant + slope @ [[0.0, 1.0, 1e3]] + rng.normal(0.0, 1e-3, (12, 3))
    residuals = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    expected = np.sqrt((residuals**2).sum(axis=0) / (12 - design.shape[1]))
    found = fit_linear_models(values, design)
    np.testing.assert_allclose(found.sigma, expected, rtol=1e-10 + 1e-15 * level / 1e-3)


def test_weights_of_samples_with_a_constant_equal_a_plain_solver():
    rng = np.random.default_rng(8)
    design, weights = np.repeat(np.eye(2), 5, axis=0), rng.uniform(0.2, 3.0, 10)
    values = rng.normal(30.0, 1.0, (10, 4))
    found = fit_linear_models(values, design, weights=weights)
    root = np.sqrt(weights)[:, None]
    expected, squares, _, _ = np.linalg.lstsq(design * root, values * root, rcond=None)
    np.testing.assert_allclose(found.coefficients, expected.T, rtol=1e-12)
    np.testing.assert_allclose(found.sigma, np.sqrt(squares / 8.0), rtol=1e-12)


def test_a_constant_feature_has_no_residual_at_all():
    found = fit_linear_models(np.full((6, 1), 0.1), np.repeat(np.eye(2), 3, axis=0))
    assert found.sigma.tolist() == [0.0]
    np.testing.assert_allclose(found.coefficients, 0.1, rtol=1e-14)


def test_one_missing_value_changes_no_other_feature():
    rng = np.random.default_rng(9)
    design, values = np.repeat(np.eye(2), 4, axis=0), rng.normal(8.0, 1.0, (8, 5))
    whole = fit_linear_models(values, design)
    values[0, 2] = np.nan
    holed = fit_linear_models(values, design)
    others = [0, 1, 3, 4]
    np.testing.assert_allclose(holed.sigma[others], whole.sigma[others], rtol=1e-12)
    assert holed.df_residual.tolist() == [6.0, 6.0, 5.0, 6.0, 6.0]


def test_no_residual_degrees_of_freedom_leaves_sigma_missing():
    fit = fit_linear_models([[1.0, 2.0], [3.0, 5.0]], np.eye(2))
    assert fit.coefficients.tolist() == [[1.0, 3.0], [2.0, 5.0]]
    assert fit.df_residual.tolist() == [0.0, 0.0]
    assert np.isnan(fit.sigma).all()


def test_aliased_columns_are_named():
    model = np.column_stack([np.ones(6), np.arange(6), np.arange(6) * 2 + 1, np.eye(6)[:, 0]])
    with pytest.raises(DesignError, match="week:doubled can be written"):
        fit_linear_models(np.ones((6, 2)), model, coefficient_names=["intercept", "week", "week:doubled", "first"])
    with pytest.raises(DesignError, match="column 3"):
        fit_linear_models(np.ones((6, 2)), model)


GOOD, DESIGN = np.ones((4, 2)), np.eye(4)[:, :2]


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (DesignError, lambda: fit_linear_models(GOOD, np.ones((3, 1)))),
        (DesignError, lambda: fit_linear_models(GOOD, np.ones((4, 0)))),
        (DesignError, lambda: fit_linear_models(GOOD, DESIGN * np.nan)),
        (DesignError, lambda: fit_linear_models(GOOD, DESIGN, coefficient_names=["a"])),
        (DesignError, lambda: fit_linear_models(GOOD, np.eye(4, 5))),
        (InputError, lambda: fit_linear_models(GOOD * np.inf, DESIGN)),
        (InputError, lambda: fit_linear_models(GOOD[:, :0], DESIGN)),
        (InputError, lambda: fit_linear_models(GOOD, DESIGN, weights=-np.ones(4))),
        (InputError, lambda: fit_linear_models(GOOD, DESIGN, weights=np.ones(3))),
        (InputError, lambda: fit_linear_models(GOOD, DESIGN, weights=GOOD * np.nan)),
    ],
)
def test_bad_models_are_refused(error, call):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    ("contrasts", "message"),
    [
        ([[1.0, 0.0], [-1.0, 0.0]], "second"),
        ([[1.0, 1.0]], "2 rows"),
        ([[1.0, np.nan], [0.0, 1.0]], "missing"),
        (np.zeros((2, 0)), "2 rows"),
        ([[1.0], [1.0]], "1 contrasts but 2"),
    ],
)
def test_bad_contrasts_are_refused(contrasts, message):
    fit = fit_linear_models(GOOD, DESIGN)
    with pytest.raises(DesignError, match=message):
        fit_contrasts(fit, contrasts, contrast_names=["first", "second"])


def test_unknown_contrast_method_is_refused():
    with pytest.raises(DesignError, match="classic"):
        fit_contrasts(fit_linear_models(GOOD, DESIGN), [[1.0], [0.0]], method="approximate")
