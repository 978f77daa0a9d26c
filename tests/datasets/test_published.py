"""Published differential tables under our names, and the rats' physiology."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, join_physiology, load, load_table, published_differential
from exomics.errors import InputError
from exomics.results import DifferentialTable

Exported = Callable[..., pd.DataFrame]
OMES = {"rna": "TRNSCRPT", "protein": "PROT", "acetyl": "ACETYL", "metabolite": "METAB"}


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize("table", ["trained_vs_SED", "MvF"])
@pytest.mark.parametrize("ome", OMES)
def test_published_table_equals_the_export(ome: str, table: str, exported: Exported) -> None:
    expected = exported(f"motrpac/published/{OMES[ome]}_GN_DA.{table}.tsv.gz").reset_index()
    found = published_differential(fetch(f"motrpac_gn_{ome}")["published"], table)
    assert list(found.columns) == [*DifferentialTable.columns, "z"]
    assert list(found["feature_id"]) == list(expected["featureName"])
    assert list(found["contrast"]) == list(expected["contrast"])
    numbers = {
        "log2_fold_change": "logFC",
        "mean_expression": "AveExpr",
        "statistic": "t",
        "degrees_of_freedom": "df.total",
        "p_value": "P.Value",
        "adj_p_value": "adj.P.Val",
    }
    for ours, theirs in numbers.items():
        np.testing.assert_allclose(found[ours], expected[theirs].astype(float), rtol=1e-15, atol=0)
    np.testing.assert_allclose(found["z"], expected["z"].astype(float), rtol=1e-15, atol=0)
    assert found["standard_error"].isna().all()
    assert set(found["family"]) == {table}
    assert not found["feature_name"].isin(["NA", "nan", "None"]).any()


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_an_unknown_published_table_is_named() -> None:
    with pytest.raises(InputError, match=r"expected a list with the table 'all'; known: trained_vs_SED, MvF"):
        published_differential(fetch("motrpac_gn_acetyl")["published"], "all")


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(
    ("role", "name", "further"),
    [
        ("vo2max", "VO2MAX", []),
        ("nmr", "NMR", []),
        ("body_masses", "BODY_MASSES", []),
        ("analytes", "ANALYTES", []),
        ("muscles", "MUSCLES", ["muscle"]),
        ("fiber_types", "FIBER_TYPES", ["muscle", "type"]),
    ],
)
def test_physiology_equals_the_export(
    role: str, name: str, further: list[str], exported: Exported, same_matrix: Callable[..., None]
) -> None:
    table = exported(f"motrpac/physiology/{name}.tsv.gz").reset_index()
    held = load("motrpac_physiology").mod[role]
    assert list(held.obs["subject_id"]) == list(table["pid"])
    assert list(held.obs_names) == list(table[["pid", *further]].agg("|".join, axis=1))
    assert list(held.obs["sex"]) == list(table["sex"].str.lower())
    same_matrix(held.X, table[list(held.var_names)])
    assert load_table("motrpac_physiology", role=role).shape == table.shape


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(("ome", "n_animals"), [("rna", 30), ("metabolite", 30), ("protein", 33), ("acetyl", 36)])
def test_join_by_animal_gives_the_known_counts(ome: str, n_animals: int, exported: Exported) -> None:
    animals = exported("motrpac/physiology/animals_6M.tsv.gz")
    joined = join_physiology(load(f"motrpac_gn_{ome}"), load("motrpac_physiology"))
    change = joined.obs["vo2max_delta_vo2max_ml_kg_min"]
    assert int(change.notna().sum()) == n_animals
    expected = animals.loc[list(joined.obs["subject_id"])]
    np.testing.assert_allclose(
        joined.obs["vo2max_pre_vo2max_ml_kg_min"], expected["pre_vo2max_ml_kg_min"].astype(float), rtol=1e-15
    )
    np.testing.assert_allclose(change, expected["delta_vo2max_ml_kg_min"].astype(float), rtol=1e-12)
    np.testing.assert_allclose(
        joined.obs["nmr_delta_fat_pct"], expected["delta_fat_pct"].astype(float), rtol=1e-12, atol=1e-12
    )


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_other_animals_are_refused() -> None:
    omics, physiology = load("motrpac_gn_metabolite"), load("motrpac_physiology")
    omics.obs["sex"] = list(omics.obs["sex"].map({"male": "female", "female": "male"}))
    with pytest.raises(InputError, match=r"animal 10023259: sex is female here and male in nmr"):
        join_physiology(omics, physiology, modalities=("nmr",))
    with pytest.raises(InputError, match=r"modality muscles has several rows per animal"):
        join_physiology(load("motrpac_gn_metabolite"), physiology, modalities=("muscles",))


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_native_metabolomics_drops_pools_with_a_report() -> None:
    data = load("motrpac_bicqc_metabolomics")
    assert data.uns["exomics"]["report"].count("QC-Pooled") == 1
    assert data.obs["subject_id"].isna().all()
    assert sorted(set(data.obs["minutes_after_bout"].dropna())) == [0, 30, 60, 240, 420, 1440, 2880]
    assert set(data.obs["sample_type"]) == {"Sample"}


@pytest.mark.real_data
def test_published_path_may_be_text(real_data: Path) -> None:
    path = str(fetch("motrpac_gn_acetyl", roles=["published"])["published"])
    assert len(published_differential(path, "MvF")) == 3528
