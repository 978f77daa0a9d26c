"""Data frames of the consortium's data package: every tissue and ome by its name, animals by vial or by animal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rdata
from anndata import AnnData

from exomics.datasets import load_files
from exomics.datasets.loaders._motrpac_codes import OMES, TISSUES, specimen_of_file, specimen_of_tissue
from exomics.errors import InputError
from exomics.schema.vocabulary import ASSAYS, FEATURE_TYPES, SPECIMENS

PACKAGE_TISSUES = (
    "ADRNL", "BAT", "BLOOD", "COLON", "CORTEX", "HEART", "HIPPOC", "HYPOTH", "KIDNEY", "LIVER", "LUNG", "OVARY",
    "PLASMA", "SKM-GN", "SKM-VL", "SMLINT", "SPLEEN", "TESTES", "VENACV", "WAT-SC",
)  # fmt: skip
VIALS = ("90217015507", "90218015507", "90222015507")


def report_of(data: AnnData) -> dict[str, Any]:
    return json.loads(data.uns["exomics"]["report"])


def rda(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    path = folder / f"{name}.rda"
    rdata.write_rda(path, {name: frame})
    return path


def phenotypes(folder: Path) -> Path:
    path = folder / "PHENO.tsv"
    rows = zip(
        VIALS, ("10023259", "10024735", "10025626"), ("female", "male", "male"), ("control", "8w", "1w"), strict=True
    )
    text = "".join(f"{vial}\t{pid}\t{vial[:5]}\t{sex}\t{group}\n" for vial, pid, sex, group in rows)
    path.write_text("viallabel\tpid\tbid\tsex\tgroup\n" + text)
    return path


def test_every_tissue_and_ome_of_the_package_is_known() -> None:
    assert {specimen_of_tissue(tissue) for tissue in PACKAGE_TISSUES} <= set(SPECIMENS) - {"unknown"}
    assert set(TISSUES.values()) <= set(SPECIMENS)
    assert {ome.assay for ome in OMES.values()} <= set(ASSAYS)
    assert {ome.feature_type for ome in OMES.values()} <= set(FEATURE_TYPES)


@pytest.mark.real_data
def test_every_tissue_number_of_the_consortium_is_known(mirror: Path) -> None:
    """Powders and whole tissues of rats; materials without an ome of their own stay unknown."""
    path = next(mirror.rglob("bic_animal_tissue_code.tsv"))
    codes = pd.read_csv(path, sep="\t")
    rat = codes[codes["bic_tissue_code"].str[1:].astype(int) >= 30]
    found = {code: specimen_of_file(f"x_{code}_y") for code in rat["bic_tissue_code"]}
    unknown = set(rat.loc[rat["bic_tissue_code"].map(found) == "unknown", "bic_tissue_name"])
    assert unknown == {"Packed Cells", "Tibia", "Tibia Powder"}
    assert (found["T55"], found["T58"], found["T70"], found["T99"]) == ("muscle", "heart", "adipose", "vena_cava")


def test_raw_counts_of_any_tissue(tmp_path: Path) -> None:
    frame = pd.DataFrame({"feature_ID": ["ENSRNOG1", "ENSRNOG2"], "tissue": "SPLEEN", "assay": "TRNSCRPT"})
    for place, vial in enumerate(VIALS):
        frame[vial] = [10.0 + place, 2.75]
    path = rda(tmp_path, "TRNSCRPT_SPLEEN_RAW_COUNTS", frame)
    data = load_files("motrpac", {"data": path, "phenotypes": phenotypes(tmp_path)})
    assert data.layers["counts"].tolist() == [[10, 2], [11, 2], [12, 2]]
    assert set(data.obs["specimen"]) == {"spleen"}
    assert list(data.obs["subject_id"]) == ["10023259", "10024735", "10025626"]
    assert list(data.obs["group"]) == ["F_SED", "M_8W", "M_1W"]
    assert list(data.obs["training_week"]) == [0, 8, 1]
    report = report_of(data)
    assert (report["truncated_values"], report["truncated_total"]) == (3, 2.25)


def test_normalized_values_keep_their_own_scale(tmp_path: Path) -> None:
    frame = pd.DataFrame({"feature_ID": ["NP_1_S5s", "NP_2_T9t"], **dict.fromkeys(VIALS, [0.5, np.nan])})
    data = load_files("motrpac", {"data": rda(tmp_path, "UBIQ_HEART_NORM_DATA", frame)})
    assert data.uns["exomics"]["assay"] == "ubiquitin"
    assert data.uns["exomics"]["scale"]["quantity"] == "ratio"
    assert np.isnan(data.X[:, 1]).all()
    assert data.obs["subject_id"].isna().all()
    assert set(data.obs["specimen"]) == {"heart"}
    logged = load_files("motrpac", {"data": rda(tmp_path, "TRNSCRPT_SKMVL_NORM_DATA", frame)})
    assert logged.uns["exomics"]["scale"] == {"kind": "log2", "offset": 0.0, "quantity": "cpm"}


def test_metabolites_of_one_tissue_by_animal(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "feature_ID": ["Lactic acid", "Lactic acid", "Alanine", "Alanine"],
            "tissue": ["HEART", "HEART", "HEART", "LIVER"],
            "dataset": ["metab-u-ionpneg", "metab-t-tca", "metab-t-amines", "metab-t-amines"],
            "10023259": [1.0, 2.0, 3.0, 9.0],
            "10024735": [1.5, 2.5, 3.5, 9.0],
            "10025626": [np.nan, np.nan, np.nan, 9.0],
        }
    )
    files = {"data": rda(tmp_path, "METAB_NORM_DATA_FLAT", frame), "phenotypes": phenotypes(tmp_path)}
    with pytest.raises(
        InputError, match="the table holds the tissues HEART, LIVER; choose one with the option `tissue`"
    ):
        load_files("motrpac", files)
    data = load_files("motrpac", files, {"tissue": "HEART"})
    assert list(data.obs_names) == ["10023259", "10024735"]
    assert list(data.var_names) == ["Lactic acid|metab-u-ionpneg", "Lactic acid|metab-t-tca", "Alanine"]
    assert list(data.obs["sex"]) == ["female", "male"]
    assert set(data.obs["specimen"]) == {"heart"}
    report = report_of(data)
    assert (report["samples_without_value"], report["rows_of_other_tissues"]) == (1, 1)
    alone = load_files("motrpac", {"data": files["data"]}, {"tissue": "HEART"})
    assert list(alone.obs["subject_id"]) == ["10023259", "10024735"]


def test_an_element_of_a_nested_list(tmp_path: Path) -> None:
    frame = pd.DataFrame({"10023259": [1.0, 2.0], "10024735": [3.0, np.nan]}, index=["Lactic acid", "Alanine"])
    nested = {"metab-t-tca": {"HEART": frame, "LUNG": frame}}
    rdata.write_rda(tmp_path / "nested.rda", {"METAB_NORM_DATA_NESTED": nested})
    files = {"data": tmp_path / "nested.rda", "phenotypes": phenotypes(tmp_path)}
    data = load_files("motrpac", files, {"object": "METAB_NORM_DATA_NESTED$metab-t-tca$LUNG"})
    np.testing.assert_array_equal(data.X, [[1, 2], [3, np.nan]])
    assert list(data.var_names) == ["Lactic acid", "Alanine"]
    assert set(data.obs["specimen"]) == {"lung"}
    with pytest.raises(InputError, match=r"is a list; choose with the option object=.* it holds metab-t-tca"):
        load_files("motrpac", files)
    with pytest.raises(InputError, match=r"has no element 'SPLEEN'; it holds HEART, LUNG"):
        load_files("motrpac", files, {"object": "METAB_NORM_DATA_NESTED$metab-t-tca$SPLEEN"})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"feature_ID": ["a"], "s1": [1.0]}), r"expected columns named by vial \(11 digits\) or animal"),
        (pd.DataFrame({"feature_ID": ["a", "a"], VIALS[0]: [1.0, 2.0]}), r"every row needs an id of its own; .*\(a\)"),
        (
            pd.DataFrame({"feature_ID": ["a"], "90999015507": [1.0]}),
            r"every vial of the table must occur once; 1 are miss",
        ),
        (pd.DataFrame({"feature_ID": ["a"], "10999999": [1.0]}), r"every animal must be there with one sex"),
    ],
)
def test_faults_of_frames_are_named(frame: pd.DataFrame, message: str, tmp_path: Path) -> None:
    files = {"data": rda(tmp_path, "PROT_LUNG_NORM_DATA", frame), "phenotypes": phenotypes(tmp_path)}
    with pytest.raises(InputError, match=message):
        load_files("motrpac", files)


def test_expected_counts_of_rsem_are_cut_as_the_consortium_does(tmp_path: Path) -> None:
    path = tmp_path / "MOTRPAC_PASS1B-06_T68_transcript-rna-seq_rsem-genes-count.txt"
    path.write_text(f"gene_id\t{VIALS[0]}\t{VIALS[1]}\nENSRNOG1\t10.00\t7.99\nENSRNOG2\t0.00\t3.50\n")
    data = load_files("motrpac_native", {"counts": path, "phenotypes": phenotypes(tmp_path)})
    assert data.layers["counts"].tolist() == [[10, 0], [7, 3]]
    assert set(data.obs["specimen"]) == {"liver"}
    assert data.uns["exomics"]["assay"] == "rna"
    assert report_of(data)["truncated_values"] == 2
