"""The differential core on MoTrPAC's gastrocnemius: normalization, weights and fits before the variance prior."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from exomics.stats.batch import remove_batch_effect
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.filtering import ExpressionThresholds, filter_by_expression
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.normalization import (
    effective_library_sizes,
    log_counts_per_million,
    median_mad_normalize,
    normalization_factors,
)
from exomics.stats.precision_weights import voom, voom_lm_fit, voom_with_sample_weights
from exomics.stats.sample_weights import estimate_sample_weights

pytestmark = pytest.mark.real_data

GROUPS = [f"{sex}_{week}" for sex in "FM" for week in ("SED", "1W", "2W", "4W", "8W")]
COVARIATES = ["rin", "pct_globin", "pct_umi_dup", "median_5_3_bias"]
PAIRS = [(f"{sex}_{week}", f"{sex}_SED") for sex in "FM" for week in ("1W", "2W", "4W", "8W")]
PAIRS += [("M_SED", "F_SED"), ("M_8W", "F_8W")]
FACTORS = {"tmm": "TMM", "tmmwsp": "TMMwsp", "rle": "RLE", "upper_quartile": "upperquartile"}
RTOL = 1e-10


@pytest.fixture(scope="module")
def folder(reference_folder):
    return reference_folder / "motrpac"


def table(path, **options):
    options = {"float_precision": "round_trip", "quoting": 3, "keep_default_na": False, "na_values": ["NA"], **options}
    return pd.read_csv(path, sep="\t", **options)


def samples_of(folder, dataset):
    return table(folder / f"{dataset}.samples.tsv.gz", dtype={"sample_id": str})


def expected_weights(folder, dataset):
    weights = table(folder / "reference" / "sample_weights.tsv.gz")
    return weights.loc[weights["dataset"] == dataset, "weight"].to_numpy()


def group_means(samples):
    return (samples["group"].to_numpy()[:, None] == np.array(GROUPS)).astype(float)


def contrasts(n_coefficients):
    wanted = np.zeros((n_coefficients, len(PAIRS)))
    for column, (treated, control) in enumerate(PAIRS):
        wanted[GROUPS.index(treated), column], wanted[GROUPS.index(control), column] = 1.0, -1.0
    return wanted


@pytest.fixture(scope="module")
def rna(folder):
    counts = table(folder / "TRNSCRPT_GN.counts.tsv.gz", index_col=0).to_numpy(dtype=float).T
    samples = samples_of(folder, "TRNSCRPT_GN")
    design = np.column_stack([group_means(samples), samples[COVARIATES]])
    return counts, samples, design, normalization_factors(counts)


def assert_recipe(folder, dataset, found):
    """Estimates, standard errors and degrees of freedom against the unrounded recipe of limma 3.62."""
    recipe = table(folder / "reference" / f"ebayes_recipe_{dataset}.tsv.gz")
    np.testing.assert_array_equal(found.df_residual, recipe["df_residual"])
    np.testing.assert_allclose(found.sigma, recipe["sigma"], rtol=RTOL)
    np.testing.assert_allclose(found.mean_expression, recipe["Amean"], rtol=1e-12, atol=1e-12)
    for column, (treated, control) in enumerate(PAIRS):
        change = recipe[f"logFC|{treated}-{control}"].to_numpy()
        np.testing.assert_array_equal(np.isnan(found.estimates[:, column]), np.isnan(change))
        np.testing.assert_allclose(found.estimates[:, column], change, rtol=RTOL, atol=1e-10)
        clear = np.abs(change) > 1e-3
        deviation = change / recipe[f"t|{treated}-{control}"] / np.sqrt(recipe["s2_post"])
        np.testing.assert_allclose(found.stdev_unscaled[clear, column], deviation[clear], rtol=RTOL)


@pytest.mark.parametrize("method", FACTORS)
@pytest.mark.parametrize("dataset", ["TRNSCRPT_GN", "TRNSCRPT_WAT"])
def test_normalization_factors(folder, dataset, method):
    counts = table(folder / f"{dataset}.counts.tsv.gz", index_col=0).to_numpy().T
    factors = table(folder / "reference" / "norm_factors.tsv.gz")
    expected = factors.loc[factors["dataset"] == dataset, FACTORS[method]]
    np.testing.assert_allclose(normalization_factors(counts, method=method), expected, rtol=1e-13)


def test_filter(folder, rna):
    counts, samples, design, factors = rna
    kept = table(folder / "reference" / "filterByExpr_TRNSCRPT_GN.tsv.gz")
    settings = {
        "default_design": {"design": design},
        "default_group": {"group": samples["group"]},
        "mincount50_group": {
            "group": samples["group"],
            "thresholds": ExpressionThresholds(min_count=50, min_total_count=100),
        },
        "mincount200_design": {"design": design, "thresholds": ExpressionThresholds(min_count=200)},
    }
    for name, options in settings.items():
        found = filter_by_expression(counts, norm_factors=factors, **options)
        np.testing.assert_array_equal(found, kept[name].astype(str).str.upper() == "TRUE")
    assert filter_by_expression(counts, group=samples["group"]).all()


def test_log_counts_per_million(folder, rna):
    counts, _, _, factors = rna
    expected = table(folder / "reference" / "logcpm_prior2_TMM_TRNSCRPT_GN_first200.tsv.gz", index_col=0)
    found = log_counts_per_million(counts, norm_factors=factors)[:, :200].T
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_plain_voom(folder, rna):
    counts, _, design, factors = rna
    reference = folder / "reference"
    found = voom(counts, design, norm_factors=factors)
    for values, name in ((found.expression, "voom_E"), (found.weights, "voom_weights")):
        expected = table(reference / f"{name}_TRNSCRPT_GN_first200.tsv.gz", index_col=0)
        np.testing.assert_allclose(values[:, :200].T, expected, rtol=RTOL, atol=1e-13)
    fit = fit_linear_models(found.expression, design, weights=found.weights)
    expected = table(reference / "ebayes_voom_unweighted_robustFALSE_TRNSCRPT_GN.tsv.gz")
    np.testing.assert_allclose(fit.sigma, expected["sigma"], rtol=RTOL)
    np.testing.assert_array_equal(fit.df_residual, expected["df_residual"])
    classic = fit_contrasts(fit, contrasts(14)).estimates
    np.testing.assert_allclose(classic[:, 3], expected["logFC|F_8W-F_SED"], rtol=RTOL, atol=1e-11)


def test_voom_with_sample_weights(folder, rna):
    counts, _, design, factors = rna
    found = voom_with_sample_weights(counts, design, norm_factors=factors)
    expected = expected_weights(folder, "TRNSCRPT_GN_voomWithQualityWeights")
    np.testing.assert_allclose(found.sample_weights, expected, rtol=RTOL)


def test_rna_recipe(folder, rna):
    counts, _, design, factors = rna
    sizes = effective_library_sizes(counts, None, factors)
    found = voom_lm_fit(counts, design, library_sizes=sizes, sample_groups="each")
    np.testing.assert_allclose(found.sample_weights, expected_weights(folder, "TRNSCRPT_GN"), rtol=RTOL)
    weights = table(folder / "reference" / "voomLmFit_weights_TRNSCRPT_GN_first200.tsv.gz", index_col=0)
    np.testing.assert_allclose(found.voom.weights[:, :200].T, weights, rtol=RTOL)
    assert_recipe(folder, "TRNSCRPT_GN", fit_contrasts(found.fit, contrasts(14)))


def test_classic_errors_differ_from_exact_ones_by_what_is_known(rna):
    counts, _, design, factors = rna
    sizes = effective_library_sizes(counts, None, factors)
    fit = voom_lm_fit(counts, design, library_sizes=sizes, sample_groups="each").fit
    classic, exact = (fit_contrasts(fit, contrasts(14), method=method) for method in ("classic", "exact"))
    np.testing.assert_allclose(classic.estimates, exact.estimates, rtol=1e-9, atol=1e-11)
    ratio = np.abs(exact.stdev_unscaled[:, 3] / classic.stdev_unscaled[:, 3] - 1)
    assert 0.010 < np.median(ratio) < 0.014


@pytest.mark.parametrize("dataset", ["PROT_GN", "ACETYL_GN", "METAB_GN"])
def test_array_weight_recipes(folder, dataset):
    expression = table(folder / f"{dataset}.expr.tsv.gz", index_col=0).to_numpy(dtype=float).T
    design = group_means(samples_of(folder, dataset))
    weights = estimate_sample_weights(expression, design)
    np.testing.assert_allclose(weights, expected_weights(folder, dataset), rtol=RTOL)
    fit = fit_linear_models(expression, design, weights=weights)
    assert_recipe(folder, dataset, fit_contrasts(fit, contrasts(10)))


def test_native_acetyl_ratios_become_the_published_matrix(folder):
    native = folder / "native"
    ratios = table(native / "MOTRPAC_PASS1B-06_T55_AC_PN-RN7-lncRNA-20240228_151732-ip-results_ratio.txt")
    vials = table(native / "MOTRPAC_PASS1B-06_T55_AC_PN_20230616_vial_metadata.txt", dtype=str)
    animals = table(folder / "PHENO_SKM.tsv.gz", dtype=str).set_index("viallabel")
    labels = [column for column in ratios if column in animals.index]
    genuine = ~ratios["is_contaminant"].astype(bool) & ratios["protein_id"].str.match(r"[A-Z]P_")
    kept = ratios[genuine & (ratios[labels].notna().sum(axis=1) >= 2 / 6 * len(labels))]
    normalized = median_mad_normalize(kept[labels].to_numpy(dtype=float).T)
    plex = vials.set_index("vial_label")["tmt_plex"].loc[labels]
    found = remove_batch_effect(normalized, plex, group=animals.loc[labels, "group"])
    expected = table(folder / "ACETYL_GN.expr.tsv.gz", index_col=0)
    sites = [re.sub(r"k(?=K|$)", ";", site).rstrip(";") for site in kept["ptm_id"]]
    ours = pd.DataFrame(found.T, index=sites, columns=labels).loc[expected.index, expected.columns]
    assert ours.shape == (1764, 60)
    np.testing.assert_array_equal(ours.isna(), expected.isna())
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
