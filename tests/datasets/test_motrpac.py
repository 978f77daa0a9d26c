"""MoTrPAC objects equal the exported tables bit for bit, and meet the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, load, load_files, write_data
from exomics.datasets._first_checks import check_data
from exomics.datasets.loaders.motrpac import sample_table
from exomics.errors import InputError
from exomics.registry.manifest import load_manifest
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


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(
    ("dataset", "specimen", "assay"),
    [
        ("motrpac_gn_rna", "muscle", "rna"),
        ("motrpac_gn_acetyl", "muscle", "acetyl"),
        ("motrpac_wat_rna", "unknown", "rna"),
    ],
)
def test_own_files_tell_ome_and_tissue_by_the_name_of_the_object(dataset: str, specimen: str, assay: str) -> None:
    own = load_files("motrpac", {"data": fetch(dataset)["data"]})
    kept = load(dataset)
    np.testing.assert_array_equal(own.X, kept.X)
    assert set(own.obs["specimen"]) == {specimen}
    assert own.uns["exomics"]["assay"] == assay
    assert own.uns["exomics"]["scale"] == kept.uns["exomics"]["scale"]
    named = load_files("motrpac", {"data": fetch(dataset)["data"]}, {"specimen": "adipose"})
    assert layer_of(named) == f"adipose_{assay}"


def test_an_object_of_another_kind_is_named() -> None:
    fixtures = Path(__file__).parent / "fixtures"
    with pytest.raises(InputError, match=r"the assay code 'expression' is not one of TRNSCRPT, PROT, .* option `ome`"):
        load_files("motrpac", {"data": fixtures / "expression_set.rda"})
    with pytest.raises(InputError, match=r"expected a column 'timepoint'; the table has group"):
        load_files("motrpac", {"data": fixtures / "expression_set.rda"}, {"ome": "PROT"})
    with pytest.raises(InputError, match=r"the assay code 'automatic' is not one of"):
        load_files("motrpac", {"data": fixtures / "plain.rda"})


def test_consortium_style_sample_tables_are_understood() -> None:
    samples = pd.DataFrame(
        {"pid": [10023259, 10024735], "sex": ["male", "Female"], "timepoint": ["control", "8w"], "rin": [0.1, 0.2]},
        index=["90217015507", "90218015507"],
    )
    obs = sample_table(samples, Path("table"))
    assert list(obs["group"]) == ["M_SED", "F_8W"]
    assert list(obs["training_week"]) == [0, 8]
    assert list(obs["subject_id"]) == ["10023259", "10024735"]
    samples["timepoint"] = ["control", "3w"]
    with pytest.raises(InputError, match="timepoint must be one of SED, CONTROL, 1W, 2W, 4W, 8W; got 3w"):
        sample_table(samples, Path("table"))


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_the_same_dataset_is_the_same_bytes_from_its_source_and_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path / "cache"))
    for dataset, suffix in (("motrpac_gn_metabolite", "h5ad"), ("tcga_breast_mixomics", "h5mu")):
        first = write_data(load(dataset), tmp_path / f"first.{suffix}").read_bytes()
        second = write_data(load(dataset), tmp_path / f"second.{suffix}").read_bytes()
        assert first == second
        kept = list((tmp_path / "cache" / "parsed").glob(f"{dataset}-*"))
        assert len(kept) == 1
        kept[0].write_bytes(b"damaged")
        assert write_data(load(dataset), tmp_path / f"third.{suffix}").read_bytes() == first


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_first_checks_catch_a_wrong_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path / "cache"))
    manifest = load_manifest("motrpac_gn_metabolite")
    checks = {**manifest.first_checks, "n_samples": 51}
    checks["values"] = [{**checks["values"][0], "value": 1.0}, {"sample": "0", "feature": "x", "value": 1.0}]
    wrong = replace(manifest, first_checks=checks)
    with pytest.raises(InputError, match=r"in 3 places: n_samples is 50, expected 51; .*expected 1\.0; sample 0 or"):
        check_data(load("motrpac_gn_metabolite"), wrong)
