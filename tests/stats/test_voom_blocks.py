"""The voomLmFit recipe with blocks, prior weights and variance designs, and sample weights that follow covariates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.precision_weights import voom, voom_lm_fit
from exomics.stats.sample_weights import estimate_sample_weights
from exomics.stats.within_subject import BlockCorrelation

EXPECTED = Path(__file__).parents[1] / "parity" / "within_subject" / "expected"


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def options(recipe):
    given = {}
    if "block" in recipe:
        given["blocks"] = read("samples")["uneven"].to_numpy()
    if "samples" in recipe:
        given["sample_groups"] = "each"
    if "prior" in recipe:
        given["prior_weights"] = read("prior_weights").to_numpy().T
    if "var_design" in recipe:
        given["sample_groups"] = read("var_design").to_numpy(dtype=float)
    return given


@pytest.mark.parametrize("design", ["means", "covariate"])
@pytest.mark.parametrize("recipe", ["block", "block_samples", "prior", "prior_block", "var_design"])
def test_voom_lm_fit_equals_edger(design, recipe):
    model = read(f"{design}_design").to_numpy(dtype=float)
    found = voom_lm_fit(read("counts").to_numpy().T, model, **options(recipe))
    expected = read(f"voom_{design}_{recipe}_fit").to_numpy()
    fit = found.fit
    ours = np.column_stack([fit.coefficients, fit.stdev_unscaled, fit.sigma, fit.df_residual, fit.mean_expression])
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
    blocked = "block" in recipe
    if blocked:
        # 8 blocks leave some likelihoods two maxima
        assert abs(found.correlation - read(f"voom_{design}_{recipe}_value")["correlation"][0]) < 6e-3
    else:
        assert found.correlation is None
    tolerance = {"rtol": 2e-2, "atol": 2e-3} if blocked else {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(ours, expected, **tolerance)
    weights = read(f"voom_{design}_{recipe}_weights").to_numpy()
    np.testing.assert_allclose(found.voom.weights[:, :40].T, weights, rtol=1e-2 if blocked else 1e-9)


def test_voom_under_a_known_correlation_equals_limma():
    model = read("means_design").to_numpy(dtype=float)
    blocks = BlockCorrelation(read("samples")["uneven"], 0.3)
    found = voom(read("counts").to_numpy().T, model, blocks=blocks)
    np.testing.assert_allclose(found.weights[:, :40].T, read("voom_correlated_weights").to_numpy(), rtol=1e-9)


@pytest.mark.real_data
def test_muscle_counts_with_blocks_equal_edger(reference_folder):
    """edgeR 3.40.2 on the same call gives the correlation 0.126408930940."""
    table = pd.read_csv(reference_folder / "motrpac" / "TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0)
    counts = table.to_numpy(dtype=float).T
    counts = counts[:, ((counts * 1e6 / counts.sum(axis=1, keepdims=True)) > 0.5).sum(axis=0) >= 5]
    found = voom_lm_fit(counts, np.eye(10)[np.arange(50) % 10], blocks=np.arange(50) // 2)
    assert abs(found.correlation - 0.126408930940) < 1e-5


@pytest.mark.parametrize("method", ["genebygene", "reml"])
def test_weights_of_a_variance_design_equal_limma(method):
    values, weights = read("complete").to_numpy().T, np.maximum(read("weights").to_numpy().T, 0.1)
    columns, expected = read("var_design").to_numpy(dtype=float), read(f"var_design_{method}")
    chosen = {"method": "reml" if method == "reml" else "gene_by_gene", "tolerance": 1e-12}
    design = read("means_design").to_numpy(dtype=float)
    found = estimate_sample_weights(values, design, sample_groups=columns, **chosen)
    np.testing.assert_allclose(found, expected["complete"], rtol=1e-7)
    redundant = np.column_stack([columns[:, 1], 2.0 * columns[:, 1], 1.0 - columns[:, 2] - columns[:, 3]])
    found = estimate_sample_weights(values, design, weights=weights, sample_groups=redundant, **chosen)
    np.testing.assert_allclose(found, expected["weighted"], rtol=1e-7)


def test_groups_and_their_indicators_give_the_same_weights():
    values, design = read("missing").to_numpy().T, read("means_design").to_numpy(dtype=float)
    groups = np.arange(18) // 6
    one = estimate_sample_weights(values, design, sample_groups=groups)
    other = estimate_sample_weights(values, design, sample_groups=np.eye(3)[groups])
    np.testing.assert_allclose(one, other, rtol=1e-9)


@pytest.mark.parametrize("columns", [np.ones((18, 1)), np.ones((3, 1)), np.full((18, 1), np.nan)])
def test_variance_designs_without_information_are_refused(columns):
    with pytest.raises(InputError, match="variance design"):
        estimate_sample_weights(np.eye(18), np.ones((18, 1)), sample_groups=columns)


def test_prior_and_estimated_weights_exclude_each_other():
    counts = read("counts").to_numpy().T
    with pytest.raises(InputError, match="not both"):
        voom_lm_fit(counts, np.ones((18, 1)), prior_weights=np.ones(18), sample_groups="each")
