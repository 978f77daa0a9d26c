"""MoTrPAC objects equal the exported tables bit for bit, and meet the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from exomics.schema import layer_of, scale_of

MATRICES = {
    "motrpac_gn_rna": ("TRNSCRPT_GN", "counts", "muscle_rna", "count"),
    "motrpac_gn_protein": ("PROT_GN", "expr", "muscle_protein", "ratio"),
    "motrpac_gn_acetyl": ("ACETYL_GN", "expr", "muscle_acetyl", "ratio"),
    "motrpac_gn_metabolite": ("METAB_GN", "expr", "muscle_metabolite", "intensity"),
    "motrpac_wat_rna": ("TRNSCRPT_WAT", "counts", "adipose_rna", "count"),
}


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("dataset", MATRICES)
def test_matrix_equals_the_export(
    dataset: str, exported: Callable[..., pd.DataFrame], same_matrix: Callable[..., None]
) -> None:
    name, kind, layer, quantity = MATRICES[dataset]
    table = exported(f"motrpac/{name}.{kind}.tsv.gz")
    data = load(dataset)
    assert list(data.obs_names) == list(table.columns)
    assert list(data.var_names) == list(table.index)
    same_matrix(data.X.T, table)
    assert layer_of(data) == layer
    assert scale_of(data).quantity == quantity
    assert ("counts" in data.layers) == (kind == "counts")


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("dataset", MATRICES)
def test_samples_and_features_equal_the_export(dataset: str, exported: Callable[..., pd.DataFrame]) -> None:
    name, *_ = MATRICES[dataset]
    data = load(dataset)
    samples = exported(f"motrpac/{name}.samples.tsv.gz")
    assert list(data.obs["subject_id"]) == list(samples["pid"])
    assert list(data.obs["sex"]) == list(samples["sex"].str.lower())
    assert list(data.obs["group"]) == list(samples["group"])
    assert list(data.obs["group"].cat.categories[:2]) == ["F_SED", "F_1W"]
    weeks = samples["timepoint"].map({"SED": 0, "1W": 1, "2W": 2, "4W": 4, "8W": 8})
    assert list(data.obs["training_week"]) == list(weeks)
    assert list(data.obs["intervention"]) == ["sedentary" if week == 0 else "endurance" for week in weeks]
    for column in ("tmt_plex", "tmt11_channel"):
        if column in samples:
            assert list(data.obs[column]) == list(samples[column])
    for column in ("rin", "pct_globin", "pct_umi_dup", "median_5_3_bias", "lib_size", "norm_factors"):
        if column in samples:
            np.testing.assert_array_equal(data.obs[column], samples[column].astype(float))
    features = exported(f"motrpac/{name}.features.tsv.gz")
    column = "metabolite_refmet" if name == "METAB_GN" else "gene_symbol"
    assert list(data.var["feature_name"]) == list(features[column].fillna(""))
    assert not data.var["feature_name"].isin(["NA", "nan", "<NA>"]).any()


@pytest.mark.real_data
def test_batch_is_the_plex(real_data: Path) -> None:
    data = load("motrpac_gn_acetyl")
    assert list(data.obs["batch"]) == list(data.obs["tmt_plex"])
    assert sorted(set(data.obs["batch"])) == ["S1", "S2", "S3", "S4", "S5", "S6"]
