"""The variance prior on the real gastrocnemius fits, from residual SD, df and mean expression alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.stats.t_distribution import normal_deviate_of_t
from exomics.stats.variance_moderation import squeeze_variances

pytestmark = pytest.mark.real_data

OMES = {"TRNSCRPT_GN": False, "PROT_GN": True, "ACETYL_GN": True, "METAB_GN": True}


def read(folder, name):
    return pd.read_csv(folder / "motrpac" / "reference" / name, sep="\t", float_precision="round_trip")


def squeeze(table, trend, **options):
    return squeeze_variances(
        table["sigma"] ** 2, table["df_residual"], covariate=table["Amean"] if trend else None, **options
    )


@pytest.mark.parametrize("ome", OMES)
def test_published_stop_gives_the_published_deviates(reference_folder, ome):
    table = read(reference_folder, f"ebayes_recipe_{ome}.tsv.gz")
    squeezed = squeeze(table, OMES[ome], robust=True, optimum="published")
    assert squeezed.generation == "likelihood"
    np.testing.assert_allclose(squeezed.var_prior, table["s2_prior"], rtol=1e-10)
    np.testing.assert_allclose(squeezed.df_prior, table["df_prior"], rtol=1e-9)
    np.testing.assert_allclose(squeezed.var_post, table["s2_post"], rtol=1e-10)
    df = np.minimum(table["df_residual"] + squeezed.df_prior, table["df_residual"].sum())
    t = table[[column for column in table if column.startswith("t|")]].to_numpy()
    ours = t * np.sqrt(table["s2_post"] / squeezed.var_post).to_numpy()[:, None]
    difference = normal_deviate_of_t(ours, df.to_numpy()[:, None]) - normal_deviate_of_t(
        t, table["df_total"].to_numpy()[:, None]
    )
    assert np.nanmax(np.abs(difference)) < 1e-10


@pytest.mark.parametrize("ome", OMES)
def test_exact_optimum_moves_little(reference_folder, ome):
    table = read(reference_folder, f"ebayes_recipe_{ome}.tsv.gz")
    squeezed = squeeze(table, OMES[ome], robust=True)
    relative = np.abs(squeezed.var_post / table["s2_post"] - 1.0).max()
    assert 1e-9 < relative < 5e-4


@pytest.mark.parametrize("robust", [False, True])
def test_equal_df_use_the_moments(reference_folder, robust):
    table = read(reference_folder, f"ebayes_voom_unweighted_robust{str(robust).upper()}_TRNSCRPT_GN.tsv.gz")
    squeezed = squeeze(table, False, robust=robust, optimum="published")
    assert squeezed.generation == "moments"
    assert squeezed.n_outliers == (2266 if robust else 0)
    np.testing.assert_allclose(squeezed.df_prior, table["df_prior"], rtol=1e-12)
    np.testing.assert_allclose(squeezed.var_post, table["s2_post"], rtol=1e-12)


@pytest.mark.parametrize("ome", OMES)
def test_moments_equal_the_older_release(reference_folder, ome):
    table = read(reference_folder, f"legacy_limma_3.54.1/ebayes_recipe_{ome}.tsv.gz")
    squeezed = squeeze(table, OMES[ome], robust=True, generation="moments", optimum="published")
    np.testing.assert_allclose(squeezed.var_prior, table["s2_prior"], rtol=1e-12)
    np.testing.assert_allclose(squeezed.df_prior, table["df_prior"], rtol=1e-12)
    np.testing.assert_allclose(squeezed.var_post, table["s2_post"], rtol=1e-12)


@pytest.mark.parametrize("generation", ["moments", "likelihood"])
def test_prior_without_robust_step(reference_folder, generation):
    folder = "legacy_limma_3.54.1/" if generation == "moments" else ""
    scalars = read(reference_folder, f"{folder}ebayes_scalars.tsv.gz").set_index(["model", "quantity"])["value"]
    for ome in ["PROT_GN", "ACETYL_GN", "METAB_GN"]:
        table = read(reference_folder, f"ebayes_recipe_{ome}.tsv.gz")
        for trend, first in [(False, "s2.prior"), (True, "s2.prior.first")]:
            squeezed = squeeze(table, trend, generation=generation, optimum="published")
            model = f"{ome}_{'' if trend else 'no'}trend_nonrobust"
            assert squeezed.var_prior[0] == pytest.approx(scalars[model, first], rel=1e-9)
            assert squeezed.df_prior_common == pytest.approx(scalars[model, "df.prior"], rel=1e-9)
