"""Correlation within blocks, and fits that allow for it, against limma and a tight REML; real counts where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.normalization import normalization_factors
from exomics.stats.precision_weights import voom
from exomics.stats.within_subject import BlockCorrelation, _consensus, duplicate_correlation

EXPECTED = Path(__file__).parents[1] / "parity" / "within_subject" / "expected"
CASES = [(d, b) for d in ("means", "covariate") for b in ("pairs", "uneven")]
GASTROCNEMIUS_CONSENSUS = 0.116472936021  # limma 3.54.1 on the call of test_muscle_counts_equal_limma
VARIANTS = ("complete", "missing", "weighted", "missing_weighted", "samples")


def read(name):
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def inputs(variant):
    values = read("missing" if "missing" in variant else "complete").to_numpy().T
    if variant == "samples":
        return values, read("samples")["quality"].to_numpy()
    return values, read("weights").to_numpy().T if "weighted" in variant else None


def criterion(correlation, y, design, indicators):
    """Minus twice the restricted log-likelihood from the eigenvalues of the blocks in the residual space."""
    space = np.linalg.svd(design)[0][:, np.linalg.matrix_rank(design) :]
    values, vectors = np.linalg.eigh(space.T @ indicators @ indicators.T @ space)
    scale = 1.0 + correlation / (1.0 - correlation) * values
    return np.log(scale).sum() + values.size * np.log((((space @ vectors).T @ y) ** 2 / scale).sum())


@pytest.mark.parametrize(("design", "block"), CASES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_correlations_are_those_of_limma_or_likelier(design, block, variant):
    values, weights = inputs(variant)
    model, labels = read(f"{design}_design").to_numpy(dtype=float), read("samples")[block].to_numpy()
    found = duplicate_correlation(values, model, labels, weights=weights)
    expected = read(f"{design}_{block}_{variant}_correlation")
    np.testing.assert_array_equal(np.isnan(found.correlations), expected["limma"].isna())
    lowest = 0.01 - 1.0 / (np.unique(labels, return_counts=True)[1].max() - 1)
    tight = expected["tight"].clip(lowest, 0.99).to_numpy()
    assert np.nanmedian(np.abs(found.correlations - tight)) < 1e-6
    assert np.nanmedian(np.abs(found.correlations - expected["limma"])) < 5e-5
    for g in np.flatnonzero(np.abs(found.correlations - expected["limma"]) > 1e-4):
        weight = np.ones(18) if weights is None else weights if weights.ndim == 1 else weights[:, g]
        used = np.isfinite(values[:, g]) & (weight > 0)
        root, indicators = np.sqrt(weight[used]), np.eye(10)[labels[used]]
        part = (root * values[used, g], root[:, None] * model[used], indicators)
        assert criterion(found.correlations[g], *part) <= criterion(expected["limma"][g], *part) + 1e-9


def test_consensus_of_limmas_correlations_is_limmas_consensus():
    for design, block in CASES:
        expected = read(f"{design}_{block}_missing_correlation")
        np.testing.assert_allclose(_consensus(expected["limma"].to_numpy(), 0.15), expected["consensus"][0], rtol=1e-12)


@pytest.mark.parametrize(("design", "block"), CASES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_blocked_fits_equal_limma(design, block, variant):
    values, weights = inputs(variant)
    model = read(f"{design}_design").to_numpy(dtype=float)
    blocks = BlockCorrelation(read("samples")[block], 0.3)
    found = fit_linear_models(values, model, weights=weights, blocks=blocks)
    ours = np.column_stack([found.coefficients, found.stdev_unscaled, found.sigma, found.df_residual])
    expected = read(f"{design}_{block}_{variant}_fit").to_numpy()
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(expected))
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(
        found.cov_coefficients, read(f"{design}_{block}_{variant}_covariance"), rtol=1e-9, atol=1e-12
    )


def test_negative_correlation_equals_limma():
    values, weights = inputs("weighted")
    blocks = BlockCorrelation(read("samples")["pairs"], -0.4)
    found = fit_linear_models(values, read("means_design").to_numpy(dtype=float), weights=weights, blocks=blocks)
    ours = np.column_stack([found.coefficients, found.stdev_unscaled, found.sigma, found.df_residual])
    np.testing.assert_allclose(ours, read("negative_fit").to_numpy(), rtol=1e-9, atol=1e-11)


def test_exact_contrasts_are_those_of_a_design_with_the_contrast_as_coefficient():
    values, weights = inputs("missing_weighted")
    model = read("means_design").to_numpy(dtype=float)
    blocks = BlockCorrelation(read("samples")["uneven"], 0.3)
    fit = fit_linear_models(values, model, weights=weights, blocks=blocks)
    found = fit_contrasts(fit, [[-1.0], [1.0], [0.0]], method="exact")
    turned = model @ np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]])
    direct = fit_linear_models(values, turned, weights=weights, blocks=blocks)
    known = ~np.isnan(found.estimates[:, 0])
    assert known.sum() > 140
    np.testing.assert_allclose(found.estimates[known, 0], direct.coefficients[known, 1], rtol=1e-9)
    np.testing.assert_allclose(found.stdev_unscaled[known, 0], direct.stdev_unscaled[known, 1], rtol=1e-9)


def test_no_correlation_is_an_ordinary_fit_and_order_of_samples_does_not_matter():
    values, weights = inputs("missing_weighted")
    model, labels = read("covariate_design").to_numpy(dtype=float), read("samples")["uneven"].to_numpy()
    plain = fit_linear_models(values, model, weights=weights)
    zero = fit_linear_models(values, model, weights=weights, blocks=BlockCorrelation(labels, 0.0))
    np.testing.assert_allclose(zero.coefficients, plain.coefficients, rtol=1e-9, atol=1e-12)
    order = np.random.default_rng(0).permutation(18)
    one = duplicate_correlation(values, model, labels, weights=weights)
    other = duplicate_correlation(values[order], model[order], labels[order], weights=weights[order])
    np.testing.assert_allclose(one.correlations, other.correlations, atol=2e-6)


def test_a_constant_feature_cannot_tell_and_planted_correlation_is_found():
    rng, subject = np.random.default_rng(5), np.repeat(np.arange(30), 3)
    values = rng.normal(size=(90, 300)) + np.sqrt(1.5) * rng.normal(size=(30, 300))[subject]
    values[:, 0] = 7.0
    found = duplicate_correlation(values, np.ones((90, 1)), subject)
    assert np.isnan(found.correlations[0])
    assert abs(found.consensus - 0.6) < 0.02


@pytest.mark.real_data
def test_muscle_counts_equal_limma(reference_folder):
    folder = reference_folder / "motrpac"
    counts = pd.read_csv(folder / "TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0).to_numpy(dtype=float).T
    counts = counts[:, ((counts * 1e6 / counts.sum(axis=1, keepdims=True)) > 0.5).sum(axis=0) >= 5]
    groups = np.arange(50) % 10
    design = np.eye(10)[groups]
    found = voom(counts, design, norm_factors=normalization_factors(counts))
    correlation = duplicate_correlation(found.expression, design, np.repeat(np.arange(25), 2), weights=found.weights)
    assert np.isfinite(correlation.correlations).all()
    assert abs(correlation.consensus - GASTROCNEMIUS_CONSENSUS) < 1e-5


@pytest.mark.parametrize(
    ("error", "change"),
    [
        (InputError, {"blocks": np.arange(6)}),
        (InputError, {"blocks": [1, 1]}),
        (InputError, {"trim": 0.5}),
        (InputError, {"weights": -np.ones(6)}),
        (DesignError, {"design": np.repeat(np.eye(3), 2, axis=0)}),
        (DesignError, {"design": np.ones((6, 2))}),
    ],
)
def test_bad_input_is_refused(error, change):
    given = {"expression": np.ones((6, 3)), "design": np.ones((6, 1)), "blocks": [1, 1, 2, 2, 3, 3], **change}
    with pytest.raises(error):
        duplicate_correlation(**given)


@pytest.mark.parametrize("correlation", [1.0, -1.0, -0.5, np.nan])
def test_impossible_correlations_are_refused(correlation):
    with pytest.raises(InputError, match="correlation"):
        fit_linear_models(np.eye(6), np.ones((6, 1)), blocks=BlockCorrelation([1, 1, 1, 2, 2, 2], correlation))
