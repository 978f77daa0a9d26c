"""Dispersions against DESeq2: gene by gene, trend, prior, posterior; outlying counts; independent filtering."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stats._nb_dispersion import evaluate_dispersions
from exomics.stats._nb_gene_wise import largest_likelihood, profile_of
from exomics.stats.independent_filtering import filter_independently
from exomics.stats.negative_binomial import fit_negative_binomial
from exomics.stats.negative_binomial_dispersion import Ascent, DispersionPrior, estimate_dispersions
from exomics.stats.negative_binomial_outliers import cooks_distances, replacement_counts
from exomics.stats.negative_binomial_tests import wald_tests
from exomics.stats.negative_binomial_trend import DispersionTrend, fit_dispersion_trend, prior_variance_of
from exomics.stats.size_factors import size_factors

EXPECTED = Path(__file__).parents[1] / "parity" / "negative_binomial" / "expected"
TIGHT = Ascent(1e-12, 20000)
"""The control of the search with which the tables of three groups and of two pairs were made."""


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def shared(name: str) -> DispersionPrior:
    """What DESeq2 estimated over all features."""
    found = read(name).iloc[0]
    trend = DispersionTrend("parametric", (found["asymptotic"], found["extra"]), (np.zeros(0), np.zeros(0)))
    return DispersionPrior(trend, found["prior_variance"], found["estimate_variance"])


@pytest.fixture(scope="module")
def study() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    samples = read("covariate_samples")
    group = samples["group"].to_numpy()
    design = np.column_stack([np.ones(12), group == "b", group == "c", samples["age"]]).astype(float)
    return read("covariate_counts").to_numpy(dtype=float).T, design, samples["size_factor"].to_numpy()


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray]:
    return read("outlier_counts").to_numpy(dtype=float).T, np.column_stack([np.ones(16), np.arange(16) >= 8]).astype(
        float
    )


def gain(study, ours: np.ndarray, theirs: np.ndarray, prior: DispersionPrior) -> np.ndarray:
    """Log posterior at our dispersions less that at theirs: the integral of its slope (Simpson).

    A difference of two log posteriors of 1e7 would be rounding.
    """
    counts, design, sizes = study
    present = counts.any(axis=0)
    profile = profile_of(np.ascontiguousarray(counts.T[present]), design, sizes)
    means = np.log(prior.trend.at(profile.mean_count))
    problem = profile.problem._replace(prior_means=means, prior_variance=prior.variance)
    low, high = np.log(theirs[present]), np.log(ours[present])
    points = low + (high - low) * np.linspace(0.0, 1.0, 201)[:, None]
    slopes = np.array([evaluate_dispersions(problem, point)[:, 1] for point in points])
    shares = np.r_[1.0, np.tile([4.0, 2.0], 100)[:-1], 1.0] / 600.0
    return (high - low) * (shares @ slopes)


def test_no_log_posterior_is_below_the_reference(study):
    """Both with the prior of the reference and gene by gene."""
    counts, design, sizes = study
    expected, prior = read("covariate_wald"), shared("covariate_shared")
    found = estimate_dispersions(counts, design, size_factors=sizes, prior=prior)
    assert gain(study, found.posterior, expected["dispMAP"].to_numpy(), prior).min() > -1e-8
    exact = np.full(counts.shape[1], np.nan)
    present = counts.any(axis=0)
    exact[present], reached = largest_likelihood(profile_of(np.ascontiguousarray(counts.T[present]), design, sizes))
    flat = prior._replace(variance=np.inf)
    gained = gain(study, exact, expected["dispGeneEst"].to_numpy(), flat)
    assert gained.min() > -1e-8 and reached.all()
    assert (gained > 0.01).sum() > 3


def test_given_the_prior_the_posterior_dispersions_are_those_of_deseq2(study):
    expected = read("covariate_wald")
    counts, design, sizes = study
    found = estimate_dispersions(counts, design, size_factors=sizes, ascent=TIGHT, prior=shared("covariate_shared"))
    np.testing.assert_array_equal(np.isnan(found.final), expected["dispersion"].isna())
    np.testing.assert_allclose(found.mean_count, expected["baseMean"].where(expected["baseMean"] > 0), rtol=1e-12)
    np.testing.assert_allclose(found.trend, expected["dispFit"], rtol=1e-10)
    present = expected["dispersion"].notna().to_numpy()
    difference = np.abs(np.log(found.posterior / expected["dispMAP"]))[present]
    assert np.median(difference) < 1e-7 and difference.max() < 1e-4
    np.testing.assert_array_equal(found.is_outlier[present], expected["dispOutlier"][present].astype(bool))
    assert found.converged[present].all()


@pytest.mark.parametrize("name", ["covariate", "few"])
def test_the_published_search_stops_where_that_of_deseq2_stops(study, name):
    counts, design, sizes = study
    if name == "few":
        counts = read("few_counts").to_numpy(dtype=float).T
        design, sizes = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]]), size_factors(counts)
    found, expected = estimate_dispersions(counts, design, size_factors=sizes, ascent=TIGHT), shared(f"{name}_shared")
    np.testing.assert_allclose(found.prior.trend.coefficients, expected.trend.coefficients, rtol=1e-6)
    assert found.prior.variance == pytest.approx(expected.variance, rel=1e-6)
    if name == "covariate":
        table = read("covariate_wald")
        difference = np.abs(np.log(found.gene_wise / table["dispGeneEst"]))
        assert difference.max() < 1e-4 and np.nanmedian(difference) < 1e-7
        np.testing.assert_array_equal(found.is_outlier, table["dispOutlier"].astype(str) == "True")


def test_with_the_published_search_p_values_are_those_of_deseq2(study):
    """DESeq2 with its searches tightened (dispTol 1e-12, betaTol 1e-14); ours with dispersions of their own."""
    counts, design, sizes = study
    expected = read("covariate_wald")
    found = estimate_dispersions(counts, design, size_factors=sizes, ascent=TIGHT)
    fit = fit_negative_binomial(counts, design, found.final, size_factors=sizes, max_iterations=500)
    ours = wald_tests(fit, np.eye(4)).p_value
    for position, name in enumerate(("Intercept", "group_b_vs_a", "group_c_vs_a", "age")):
        theirs = expected[f"WaldPvalue_{name}"]
        measurable = ((theirs > 1e-50) & (expected["betaIter"] < 500)).to_numpy()
        assert measurable.sum() >= 100
        difference = np.abs(ours[:, position] / theirs - 1.0)[measurable]
        assert (difference < 1e-4).mean() >= 0.99 and np.median(difference) < 1e-6


def test_the_exact_maxima_move_the_trend_by_little(study, pairs):
    for (counts, design), sizes in ((study[:2], study[2]), (pairs, size_factors(pairs[0]))):
        exact, published = (
            estimate_dispersions(counts, design, size_factors=sizes, ascent=ascent) for ascent in (None, Ascent())
        )
        assert exact.converged[counts.any(axis=0)].all()
        np.testing.assert_allclose(exact.prior.trend.coefficients, published.prior.trend.coefficients, rtol=0.1)
        assert np.nanmedian(np.abs(exact.final / published.final - 1.0)) < 0.02


def test_features_that_vary_as_poisson_counts_keep_the_smallest(study):
    counts, design, sizes = study
    present = counts.any(axis=0)
    profile = profile_of(np.ascontiguousarray(counts.T[present]), design, sizes)
    still = profile.moments <= 1e-8
    found = estimate_dispersions(counts, design, size_factors=sizes).gene_wise[present]
    assert 10 < still.sum() < 100
    assert (found[still] == 1e-8).all() and (largest_likelihood(profile)[0][still] > 1e-6).any()


def test_stock_deseq2(pairs):
    expected, results = read("outlier_shared").iloc[0], read("outlier_results")
    present = (results["replace"].astype(str) == "False").to_numpy() & results["dispersion"].notna().to_numpy()
    counts, design = pairs
    found = estimate_dispersions(counts, design, size_factors=size_factors(counts), ascent=Ascent())
    np.testing.assert_allclose(found.prior.trend.coefficients, [expected["asymptotic"], expected["extra"]], rtol=1e-6)
    assert found.prior.variance == pytest.approx(expected["prior_variance"], rel=1e-6)
    assert np.abs(np.log(found.gene_wise / results["dispGeneEst"]))[present].max() < 1e-6
    assert np.median(np.abs(found.final / results["dispersion"] - 1.0)[present]) < 1e-4


def test_the_prior_variance_of_few_df_finds_what_was_planted():
    rng = np.random.default_rng(4)
    for variance in (0.5, 2.0):
        residuals = np.log(rng.chisquare(2, 20000) / 2) + rng.normal(0, np.sqrt(variance), 20000)
        assert prior_variance_of(residuals, 2)[0] == pytest.approx(variance, rel=0.15)


def test_trends_other_than_parametric():
    mean = np.geomspace(1.0, 1e4, 200)
    rising = fit_dispersion_trend(mean, 0.01 * mean**0.3)
    assert rising.kind == "local"
    np.testing.assert_allclose(rising.at(mean[20:-20]), 0.01 * mean[20:-20] ** 0.3, rtol=0.02)
    assert fit_dispersion_trend(mean[:10], 0.01 * mean[:10] ** 0.3).kind == "mean"
    flat = fit_dispersion_trend(mean, np.full(200, 0.2), kind="mean")
    np.testing.assert_allclose(flat.at([1.0, 1e6]), 0.2)
    with pytest.raises(InputError, match="no more than|varies more than Poisson"):
        fit_dispersion_trend(mean, np.full(200, 1e-8))
    with pytest.raises(InputError, match="parametric, local, mean"):
        fit_dispersion_trend(mean, mean, kind="loess")


def test_without_replicates_there_is_no_dispersion():
    with pytest.raises(DesignError, match="need replicates; the design has 2 coefficients for 2 samples"):
        estimate_dispersions([[1, 2], [3, 4]], np.eye(2), size_factors=[1.0, 1.0])


def test_one_sample_of_a_group_is_enough_when_others_repeat():
    rng = np.random.default_rng(3)
    counts = rng.negative_binomial(5, 0.05, size=(5, 100))
    design = np.column_stack([np.ones(5), [0.0, 0.0, 0.0, 0.0, 1.0]])
    assert np.isfinite(estimate_dispersions(counts, design, size_factors=np.ones(5)).final).all()


def test_constant_features_are_fitted_at_the_smallest_dispersion(pairs):
    counts, design = pairs
    counts = counts.copy()
    counts[:, 0] = 50
    found = estimate_dispersions(counts, design, size_factors=np.ones(16))
    assert found.gene_wise[0] == 1e-8 and found.final[0] > 1e-8


def test_order_of_features_does_not_matter(study):
    counts, design, sizes = study
    order = np.random.default_rng(1).permutation(400)
    moved = estimate_dispersions(counts[:, order], design, size_factors=sizes).final
    np.testing.assert_allclose(moved, estimate_dispersions(counts, design, size_factors=sizes).final[order], rtol=1e-9)


def test_cooks_distances_and_replacements_are_those_of_deseq2(pairs):
    counts, design = pairs
    results = read("outlier_results")
    plain = estimate_dispersions(counts, design, size_factors=size_factors(counts))
    fit = fit_negative_binomial(counts, design, plain.final, size_factors=size_factors(counts))
    largest = cooks_distances(fit).max(axis=1)
    present = results["cooks"].notna().to_numpy()
    difference = np.abs(largest / results["cooks"] - 1.0)[present]
    assert np.median(difference) < 1e-4 and np.quantile(difference, 0.99) < 2e-2
    _, replaced = replacement_counts(fit, cooks_distances(fit))
    np.testing.assert_array_equal(replaced[present], (results["replace"].astype(str) == "True")[present])


@pytest.mark.parametrize(("p", "adjusted"), [("p", "adjusted"), ("p_unreplaced", "adjusted_unreplaced")])
def test_independent_filtering_is_that_of_deseq2(p, adjusted):
    results = read("outlier_results")
    mean = (
        results["baseMean"]
        if p == "p"
        else read("outlier_counts").pipe(lambda counts: (counts / size_factors(counts.to_numpy().T)).mean(axis=1))
    )
    found = filter_independently(results[p], mean)
    np.testing.assert_allclose(found.adjusted, results[adjusted], rtol=1e-9)
    if p == "p":
        assert found.cutoff == pytest.approx(read("outlier_shared")["threshold"][0], rel=1e-9)


def test_independent_filtering_of_nothing_and_of_bad_input():
    assert filter_independently(np.full(30, 0.9), np.arange(1.0, 31.0)).kept.all()
    with pytest.raises(InputError, match="one length"):
        filter_independently([0.1, 0.2], [1.0])
    with pytest.raises(InputError, match="no missing values"):
        filter_independently([0.1, 0.2], [1.0, np.nan])
