"""The negative binomial tests on public counts: MoTrPAC muscle against DESeq2's tables, and sparse miRNA counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.differential.methods.deseq2_wald import negative_binomial_wald
from exomics.differential.methods.limma_voom import limma_voom
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stats.negative_binomial import fit_negative_binomial
from exomics.stats.negative_binomial_tests import likelihood_ratio_tests, wald_tests
from exomics.stats.normalization import normalization_factors
from exomics.stats.size_factors import size_factors

pytestmark = pytest.mark.real_data
COVARIATES = ["pct_globin", "rin", "pct_umi_dup", "median_5_3_bias"]
SEXES = ("Female", "Male")
PUBLISHED = {"optimum": "published"}


def read(path: Path, **options) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", float_precision="round_trip", **options)


def study(folder: Path, sex: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Counts of one sex (features x samples), and the consortium's design with covariates scaled within sex."""
    counts = read(folder / "motrpac" / "TRNSCRPT_GN.counts.tsv.gz", index_col=0)
    samples = read(folder / "motrpac" / "TRNSCRPT_GN.samples.tsv.gz", dtype={"sample_id": str})
    chosen = (samples["sex"] == sex).to_numpy()
    samples = samples[chosen]
    covariates = samples[COVARIATES].to_numpy()
    covariates = (covariates - covariates.mean(axis=0)) / covariates.std(axis=0, ddof=1)
    weeks = [samples["timepoint"] == week for week in ("1W", "2W", "4W", "8W")]
    return counts.loc[:, chosen], np.column_stack([np.ones(chosen.sum()), *weeks, covariates]).astype(float)


@pytest.fixture(scope="module", params=SEXES)
def sex(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def tested(reference_folder, sex):
    """Week 8 against control by Wald, all weeks by likelihood ratio; and DESeq2's table, features with counts."""
    counts, design = study(reference_folder, sex)
    present = counts.to_numpy().any(axis=1)
    unit = np.eye(design.shape[1])
    found = negative_binomial_wald(
        counts.to_numpy()[present].T, design, unit[:, [4]], omnibus=[unit[:, 1:5]], **PUBLISHED
    )
    name = f"deseq2_wald_TRNSCRPT_GN_{sex}_8w_vs_control.tsv.gz"
    expected = read(reference_folder / "motrpac" / "reference" / name, index_col=0)
    return found, expected.loc[counts.index][present]


def test_size_factors(reference_folder, sex):
    expected = read(reference_folder / "motrpac" / "reference" / "deseq2_size_factors_TRNSCRPT_GN.tsv.gz")
    counts, _ = study(reference_folder, sex)
    within = expected.loc[expected["sex"] == sex, "within_sex"]
    np.testing.assert_allclose(size_factors(counts.to_numpy().T), within, rtol=1e-13)


def test_at_the_reference_dispersions(reference_folder, sex, tested):
    """These tables stop when the deviance changes by 1e-8 of itself; the simulated ones, run tighter, agree to 1e-6."""
    _, expected = tested
    counts, design = study(reference_folder, sex)
    values = counts.loc[expected.index].to_numpy().T
    fit = fit_negative_binomial(values, design, expected["dispersion"], size_factors=size_factors(counts.to_numpy().T))
    found = wald_tests(fit, np.eye(design.shape[1])[:, [4]])
    away = np.abs(found.effect[:, 0] - expected["log2FoldChange"]) / expected["lfcSE"]
    assert np.isfinite(away).sum() >= len(away) - 2
    assert np.nanmedian(away) < 3e-5 and np.nanquantile(away, 0.99) < 1e-3
    assert np.nanmedian(np.abs(found.p_value[:, 0] / expected["pvalue"] - 1.0)) < 3e-5
    lrt = read(reference_folder / "motrpac" / "reference" / "deseq2_lrt_TRNSCRPT_GN_training.tsv.gz", index_col=0)
    ratio = likelihood_ratio_tests(fit, design[:, [0, 5, 6, 7, 8]]).statistic
    difference = np.abs(ratio - lrt.loc[expected.index, f"lrt_{sex.lower()}"])
    assert np.nanmedian(difference) < 1e-6 and np.nanquantile(difference, 0.99) < 1e-4


def test_with_own_dispersions_every_call_is_that_of_stock_deseq2(sex, tested):
    found, expected = tested
    difference = np.abs(found.p_value[:, 0] / expected["pvalue"] - 1.0)
    assert np.nanmedian(difference) < 5e-5 and np.nanquantile(difference, 0.99) < 1e-3
    adjusted = benjamini_hochberg(found.p_to_adjust[:, 0])
    np.testing.assert_array_equal(adjusted < 0.05, expected["padj"] < 0.05)
    assert int((adjusted < 0.05).sum()) == {"Female": 22, "Male": 513}[sex]
    assert found.details["n_not_converged"] <= 2


def test_thyroid_mirna(reference_folder):
    counts = read(reference_folder / "tumor" / "MIRit_thyroid_mirnaCounts.tsv.gz", index_col=0)
    counts = counts[counts.sum(axis=1) >= 10]
    tumor = counts.columns.str.startswith("PTC")
    design = np.column_stack([np.ones(16), tumor]).astype(float)
    tests = negative_binomial_wald(counts.to_numpy().T, design, [[0.0], [1.0]], **PUBLISHED)
    adjusted = benjamini_hochberg(tests.p_to_adjust[:, 0])
    assert (len(counts), int((adjusted < 0.05).sum())) == (836, 80)
    mir146b, mir29a = (counts.index.get_loc(name) for name in ("hsa-miR-146b-5p", "hsa-miR-29a-3p"))
    assert round(float(tests.effect[mir146b, 0]), 2) == 5.84
    assert round(float(tests.effect[mir29a, 0]), 3) == 0.224
    assert float(adjusted[mir29a]) == pytest.approx(0.339, abs=1e-3)


LEVELS = (0.05, 0.01, 0.001)
DESEQ2_RATES = (0.06615, 0.02015, 0.00436)
"""Rates of P values below the levels in DESeq2 1.38.3 itself, at the same 20 shuffles (seed 0, poscounts)."""


def test_shuffled_labels_of_sparse_vesicle_mirna(reference_folder):
    """False positives under the null in real, sparse counts of unequal depth; 29 % are zero.

    Their tails are heavier than those of a negative binomial: DESeq2 finds too many, and so does the same model here.
    Linear models of log counts with precision weights keep their level.
    """
    folder = reference_folder / "exercise"
    counts = read(folder / "Saiki2021_serumEV_miRNA_counts.tsv.gz", index_col=0)
    group = read(folder / "Saiki2021_serumEV_miRNA_samples.tsv")["group"].to_numpy() == "PD"
    values = counts[((counts >= 5).sum(axis=1) >= 10)].to_numpy(dtype=float).T
    sizes = values.sum(axis=1) * normalization_factors(values)
    rng, wald, voom = np.random.default_rng(0), [], []
    for _ in range(20):
        design = np.column_stack([np.ones(76), rng.permutation(group)]).astype(float)
        contrast = [[0.0], [1.0]]
        wald.append(negative_binomial_wald(values, design, contrast, size_factors="poscounts", **PUBLISHED).p_value)
        voom.append(limma_voom(values, design, contrast, library_sizes=sizes, sample_weights="none").p_value)
    rates = [[(np.array(found) < level).mean() for level in LEVELS] for found in (wald, voom)]
    np.testing.assert_allclose(rates[0], DESEQ2_RATES, atol=3e-4)
    assert 0.03 < rates[1][0] < 0.06 and rates[1][1] < 0.012 and rates[1][2] < 0.002
