"""The moderated F of sets of contrasts: against limma, against least squares, and its invariances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exomics.errors import DesignError
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.omnibus import omnibus_f
from exomics.stats.variance_moderation import SqueezedVariances, squeeze_variances

EXPECTED = Path(__file__).parents[1] / "parity" / "omnibus" / "expected"
CONTRASTS = np.array([[-1.0, -1.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])


def read(name: str) -> np.ndarray:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip").to_numpy()


@pytest.mark.parametrize("case", ["plain", "weights", "missing"])
def test_classic_equals_limma(case: str) -> None:
    values = read("missing_expression" if case == "missing" else "expression").T
    weights = read("weights").T if case == "weights" else None
    fit = fit_linear_models(values, read("design"), weights=weights)
    squeezed = squeeze_variances(fit.sigma**2, fit.df_residual, generation="moments", optimum="published")
    found = omnibus_f(fit, CONTRASTS, squeezed, method="classic")
    expected = read(f"f_{case}")
    np.testing.assert_array_equal(np.isnan(found.statistic), np.isnan(expected[:, 0]))
    np.testing.assert_allclose(found.statistic, expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found.p_value, expected[:, 1], rtol=1e-9)


def plain_variances(sigma: np.ndarray) -> SqueezedVariances:
    """No moderation: the posterior variance is the feature's own."""
    fitted = squeeze_variances(sigma**2, np.full(sigma.size, 4.0))
    return fitted._replace(var_post=sigma**2, df_prior=np.zeros(sigma.size))


@pytest.mark.parametrize("case", ["weights", "missing"])
def test_exact_is_the_f_test_of_two_nested_models(case: str) -> None:
    """Without moderation, each feature's F is that of the drop in the weighted residual sum of squares."""
    values = read("missing_expression" if case == "missing" else "expression").T
    weights = read("weights").T if case == "weights" else np.ones_like(values)
    design = read("design")
    fit = fit_linear_models(values, design, weights=weights if case == "weights" else None)
    found = omnibus_f(fit, CONTRASTS, plain_variances(fit.sigma))
    reduced = np.column_stack([design[:, :4].sum(axis=1), design[:, 4]])
    for feature in range(0, values.shape[1], 7):
        present = ~np.isnan(values[:, feature])
        if np.isnan(fit.coefficients[feature]).any():
            assert np.isnan(found.statistic[feature])
            continue
        root = np.sqrt(weights[present, feature])
        sums = []
        for model in (reduced, design):
            scaled, target = model[present] * root[:, None], values[present, feature] * root
            sums.append(float(((target - scaled @ np.linalg.lstsq(scaled, target, rcond=None)[0]) ** 2).sum()))
        df = present.sum() - design.shape[1]
        expected = (sums[0] - sums[1]) / 3 / (sums[1] / df)
        np.testing.assert_allclose(found.statistic[feature], expected, rtol=1e-9)
        np.testing.assert_allclose(found.p_value[feature], stats.f.sf(expected, 3, df), rtol=1e-8)


@pytest.mark.parametrize("case", ["plain", "weights"])
def test_any_basis_of_the_same_space_gives_the_same_test(case: str) -> None:
    fit = fit_linear_models(
        read("expression").T, read("design"), weights=read("weights").T if case == "weights" else None
    )
    squeezed = squeeze_variances(fit.sigma**2, fit.df_residual)
    one = omnibus_f(fit, CONTRASTS, squeezed)
    mixed = CONTRASTS @ np.array([[1.0, 1.0, 0.0, 1.0], [0.0, 2.0, 1.0, 3.0], [0.5, 0.0, 1.0, 1.5]])
    other = omnibus_f(fit, mixed, squeezed)
    np.testing.assert_array_equal(other.df_numerator, 3.0)
    np.testing.assert_allclose(other.statistic, one.statistic, rtol=1e-8)


def test_one_contrast_is_t_squared() -> None:
    fit = fit_linear_models(read("missing_expression").T, read("design"))
    squeezed = squeeze_variances(fit.sigma**2, fit.df_residual)
    found = omnibus_f(fit, CONTRASTS[:, :1], squeezed)
    from exomics.stats.contrasts import fit_contrasts
    from exomics.stats.moderated_tests import moderated_t

    effects = fit_contrasts(fit, CONTRASTS[:, :1], method="exact")
    tests = moderated_t(effects.estimates, effects.stdev_unscaled, squeezed, df_residual=fit.df_residual)
    np.testing.assert_allclose(found.statistic, tests.statistic[:, 0] ** 2, rtol=1e-12)
    np.testing.assert_allclose(found.p_value, tests.p_value[:, 0], rtol=1e-9)


def test_contrasts_of_another_design_are_refused() -> None:
    fit = fit_linear_models(read("expression").T, read("design"))
    squeezed = squeeze_variances(fit.sigma**2, fit.df_residual)
    with pytest.raises(DesignError, match="one per coefficient"):
        omnibus_f(fit, CONTRASTS[:3], squeezed)
