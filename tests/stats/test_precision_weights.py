"""Voom, voom with sample weights, and the voomLmFit recipe against limma and edgeR; structural zeros by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError, ScaleError
from exomics.stats._structural_zeros import find_structural_zeros
from exomics.stats.local_regression import choose_lowess_span
from exomics.stats.precision_weights import voom, voom_lm_fit, voom_with_sample_weights

EXPECTED = Path(__file__).parents[1] / "parity" / "voom" / "expected"
DESIGNS = ("means", "covariate", "intercept", "trend")
RTOL = 1e-10
N_FROZEN = 40


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip").to_numpy(dtype=float)


def sizes():
    return read("samples")[:, 0]


def assert_weights(found, name):
    np.testing.assert_allclose(found[:, :N_FROZEN].T, read(name), rtol=RTOL)


@pytest.mark.parametrize("design", DESIGNS)
def test_voom_equals_limma(design):
    found = voom(read("counts").T, read(f"{design}_design"), library_sizes=sizes())
    assert_weights(found.weights, f"{design}_voom_weights")
    np.testing.assert_allclose(found.expression[:, :N_FROZEN].T, read("voom_expression"), rtol=1e-13)


@pytest.mark.parametrize("design", DESIGNS)
def test_voom_with_sample_weights_equals_limma(design):
    found = voom_with_sample_weights(read("counts").T, read(f"{design}_design"), library_sizes=sizes())
    np.testing.assert_allclose(found.sample_weights, read(f"{design}_quality_sample_weights").ravel(), rtol=RTOL)
    assert_weights(found.voom.weights, f"{design}_quality_weights")


def recipes():
    for design in DESIGNS:
        for recipe in ("plain", "each", "pairs", "quiet") if design in {"means", "covariate"} else ("plain", "each"):
            yield design, recipe


@pytest.mark.parametrize(("design", "recipe"), list(recipes()))
def test_voom_lm_fit_equals_edger(design, recipe):
    counts = read("quiet_counts" if recipe == "quiet" else "counts").T
    groups = {"plain": None, "each": "each"}.get(recipe, read("samples")[:, 1])
    model = read(f"{design}_design")
    found = voom_lm_fit(counts, model, library_sizes=None if recipe == "quiet" else sizes(), sample_groups=groups)
    fit = found.fit
    flat = (fit.coefficients, fit.stdev_unscaled, fit.sigma[:, None], fit.df_residual[:, None])
    expected = read(f"{design}_{recipe}_fit")
    for ours, edger in zip(
        flat, np.split(expected[:, :-1], np.cumsum([model.shape[1]] * 2 + [1]), axis=1), strict=True
    ):
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(edger))
        np.testing.assert_allclose(ours, edger, rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(fit.mean_expression, expected[:, -1], rtol=RTOL)
    assert_weights(found.voom.weights, f"{design}_{recipe}_weights")
    if recipe == "plain":
        assert found.sample_weights is None
    else:
        expected_weights = read(f"{design}_{recipe}_sample_weights").ravel()
        np.testing.assert_allclose(found.sample_weights, expected_weights, rtol=RTOL)
    assert (np.unique(fit.df_residual).size == 1) == (recipe == "quiet")


def test_norm_factors_multiply_library_sizes():
    counts, model = read("counts").T, read("means_design")
    factors = np.linspace(0.8, 1.2, counts.shape[0])
    ours = voom(counts, model, library_sizes=sizes(), norm_factors=factors)
    same = voom(counts, model, library_sizes=sizes() * factors)
    np.testing.assert_array_equal(ours.weights, same.weights)


def test_an_adaptive_span_is_the_span_for_the_number_of_features():
    counts, model = read("counts").T, read("means_design")
    ours = voom(counts, model, span="adaptive")
    same = voom(counts, model, span=choose_lowess_span(counts.shape[1]))
    np.testing.assert_array_equal(ours.weights, same.weights)
    assert not np.allclose(ours.weights, voom(counts, model).weights)


def test_structural_zeros_of_a_layout_with_and_without_covariate():
    groups = np.repeat(np.eye(2), 4, axis=0)
    counts = np.full((8, 5), 6.0)
    counts[:4, 0] = 0.0
    counts[[0, 1, 2, 4, 5, 6], 1] = 0.0
    counts[:, 2] = 0.0
    library = np.full(8, 1e6)
    for design in (groups, np.column_stack([groups, np.tile([-1.0, 1.0], 4)])):
        zeros = find_structural_zeros(counts, design, library)
        assert 0 in zeros.features
        assert zeros.cells[:, 0].tolist() == [True] * 4 + [False] * 4
        assert zeros.cells[:, list(zeros.features).index(2)].all()
        assert 4 not in zeros.features
    plain = find_structural_zeros(counts, groups, library)
    assert plain.features.tolist() == [0, 2]


def test_without_replication_all_weights_are_one():
    counts = np.random.default_rng(0).poisson(9, size=(3, 20))
    with pytest.warns(RuntimeWarning, match="degrees of freedom"):
        assert (voom(counts, np.eye(3)).weights == 1).all()
    with pytest.warns(RuntimeWarning, match="degrees of freedom"):
        found = voom_lm_fit(counts, np.eye(3), sample_groups="each")
    assert found.sample_weights is None
    assert np.isnan(found.fit.sigma).all()


COUNTS = np.random.default_rng(0).poisson(9, size=(4, 20))


@pytest.mark.parametrize("fit", [voom, voom_with_sample_weights, voom_lm_fit])
@pytest.mark.parametrize(
    ("error", "counts", "design"),
    [
        (ScaleError, COUNTS - 50, np.ones((4, 1))),
        (ScaleError, np.where(COUNTS > 12, np.nan, COUNTS), np.ones((4, 1))),
        (InputError, COUNTS[:, :1], np.ones((4, 1))),
        (DesignError, COUNTS, np.ones((4, 2))),
        (DesignError, COUNTS, np.ones((3, 1))),
    ],
)
def test_bad_input_is_refused(fit, error, counts, design):
    with pytest.raises(error):
        fit(counts, design)


def test_a_sample_without_counts_is_named():
    counts = COUNTS.copy()
    counts[2] = 0
    with pytest.raises(ScaleError, match=r"\[2\]"):
        voom(counts, np.ones((4, 1)))
