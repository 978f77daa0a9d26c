"""Native release tables: what is a sample, what is dropped, and whose animal it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, load, load_files
from exomics.errors import InputError
from exomics.stats.batch import remove_batch_effect
from exomics.stats.normalization import median_mad_normalize

ACETYL = "MOTRPAC_PASS1B-06_T55_AC_PN-RN7-lncRNA-20240228_151732-ip-results_ratio.txt"
REDOX = "MOTRPAC_PASS1B-06_PROT-PR_T55_RN7_Batch2-20240326-results_ratio.txt"


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_raw_ratios_equal_the_file(reference_folder: Path) -> None:
    data = load("motrpac_gn_acetyl_native")
    table = pd.read_csv(reference_folder / "motrpac/native" / ACETYL, sep="\t", dtype=str, keep_default_na=False)
    vials = [name for name in table.columns if name.isdigit()]
    expected = table[vials].replace("NA", "nan").astype(float).to_numpy()
    np.testing.assert_array_equal(data.X.T, expected)
    assert list(data.obs_names) == vials
    assert list(data.var_names) == list(table["ptm_id"])
    assert data.var["is_contaminant"].sum() == 5
    report = json.loads(data.uns["exomics"]["report"])
    assert report["dropped_columns"] == []
    assert sorted(report["vials_without_column"]) == [f"Ref_S{number}" for number in range(1, 7)]


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_native_acetyl_becomes_the_published_matrix() -> None:
    """Truth: ratio file + vial metadata + vial -> animal table reproduce the package's matrix."""
    native, published = load("motrpac_gn_acetyl_native"), load("motrpac_gn_acetyl")
    measured = np.isfinite(native.X).mean(axis=0) >= 2 / 6
    refseq = native.var["protein_id"].str.match(r"[A-Z]P_").to_numpy()
    kept = native[:, measured & refseq & ~native.var["is_contaminant"].to_numpy()]
    normalized = median_mad_normalize(kept.X)
    plex, group = kept.obs["batch"].astype(str), kept.obs["group"].astype(str)
    values = remove_batch_effect(normalized, plex.to_numpy(), group=group.to_numpy())
    frame = pd.DataFrame(values, index=kept.obs_names, columns=kept.var["site_id"])
    assert sorted(frame.columns) == sorted(published.var_names)
    aligned = frame.loc[list(published.obs_names), list(published.var_names)].to_numpy()
    np.testing.assert_array_equal(np.isnan(aligned), np.isnan(published.X))
    assert np.nanmax(np.abs(aligned - published.X)) < 1e-12
    for column in ("subject_id", "sex", "training_week", "tmt_plex", "tmt11_channel"):
        ours = native.obs.loc[list(published.obs_names), column]
        assert list(ours.astype(str)) == list(published.obs[column].astype(str))


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_prefixed_vials_and_blank_channels(reference_folder: Path) -> None:
    data = load("motrpac_gn_protein_native")
    table = pd.read_csv(reference_folder / "motrpac/native" / REDOX, sep="\t", dtype=str, keep_default_na=False)
    vials = [name for name in table.columns if name.startswith("X")]
    assert list(data.obs_names) == [name[1:] for name in vials]
    np.testing.assert_array_equal(data.X.T, table[vials].replace("NA", "nan").astype(float).to_numpy())
    report = json.loads(data.uns["exomics"]["report"])
    assert len(report["dropped_columns"]) == 36
    assert all(name.startswith("Plex_") for name in report["dropped_columns"])
    assert data.obs["subject_id"].notna().all()
    assert data.uns["exomics"]["scale"]["quantity"] == "intensity"


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_animals_come_from_the_phenotype_table(exported: Callable[..., pd.DataFrame]) -> None:
    animals = exported("motrpac/PHENO_SKM.tsv.gz")
    obs = load("motrpac_gn_acetyl_native").obs
    assert list(obs["subject_id"]) == list(animals.loc[list(obs.index), "pid"])
    assert list(obs["group"]) == list(animals.loc[list(obs.index), "group"])


@pytest.mark.real_data
@pytest.mark.usefixtures("real_data")
def test_vials_of_another_experiment_are_refused() -> None:
    other = fetch("motrpac_gn_protein_vials")["data"]
    ratios = fetch("motrpac_gn_protein_native")["intensities"]
    with pytest.raises(InputError, match=r"every vial of the table must occur once; 60 are missing \(90217017702"):
        load_files("motrpac_native", {"intensities": ratios, "vial_metadata": other})


def table_file(tmp_path: Path, text: str, name: str = "release_PROT-PR_T55.txt") -> Path:
    path = tmp_path / name
    path.write_text(text.replace(" ", "\t"))
    return path


def test_samples_without_a_phenotype_table_have_no_subject(tmp_path: Path) -> None:
    text = "protein_id gene_symbol 90217015507 90218015507 Ref_S1\nNP_1 A 0.5 NA 1\nNP_2 NA NA NA 1\n"
    data = load_files("motrpac_native", {"ratios": table_file(tmp_path, text)})
    assert data.obs["subject_id"].isna().all()
    assert set(data.obs["time_point"]) == {"unknown"}
    assert list(data.var["feature_name"]) == ["A", ""]
    report = json.loads(data.uns["exomics"]["report"])
    assert report["dropped_columns"] == ["Ref_S1"]
    assert report["features_without_value"] == ["NP_2"]
    assert data.n_vars == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("protein_id s1 s2\nNP_1 1 2\n", r"expected columns named by vial label .* got protein_id, s1, s2"),
        ("protein_id 90217015507 X90217015507\nNP_1 1 2\n", r"the vials 90217015507 have two columns"),
        ("protein_id 90217015507\nNP_1 low\n", r"column 90217015507 must hold numbers or NA; .*'low'"),
        (
            "protein_id 90217015507\nNP_1 1\nNP_1 2\n",
            r"protein_id must be present and unique .* 1 occur twice \(NP_1\)",
        ),
        ("name 90217015507\nNP_1 1\n", r"expected one of the id columns ptm_id, protein_id.*the table has name"),
    ],
)
def test_bad_tables_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load_files("motrpac_native", {"ratios": table_file(tmp_path, text)})


def test_the_kind_of_ome_and_of_table_must_be_told(tmp_path: Path) -> None:
    path = table_file(tmp_path, "protein_id 90217015507\nNP_1 1\n", "table.txt")
    with pytest.raises(InputError, match="give the option `ome`"):
        load_files("motrpac_native", {"ratios": path})
    with pytest.raises(InputError, match="exactly one table among the roles ratios, intensities, counts; got data"):
        load_files("motrpac_native", {"data": path})
    assert load_files("motrpac_native", {"ratios": path}, {"ome": "PROT"}).n_obs == 1
