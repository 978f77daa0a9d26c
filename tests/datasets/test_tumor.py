"""Tumor cohorts equal the exported tables (cut to six digits there), and carry the contract's endpoints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from exomics.schema import scale_of

pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("real_data")]

Exported = Callable[..., pd.DataFrame]
SMALL = ["hugo", "mariathasan", "miao", "nathanson", "padron", "van_allen"]


def same_to_six_digits(values: np.ndarray, table: pd.DataFrame) -> None:
    expected = table.astype(float).to_numpy()
    np.testing.assert_array_equal(np.isnan(values), np.isnan(expected))
    there = ~np.isnan(values) & (values != 0)
    sixth_digit = 10.0 ** (np.floor(np.log10(np.abs(values[there]))) - 5)
    assert (np.abs(values[there] - expected[there]) <= 0.5001 * sixth_digit).all()
    assert (expected[values == 0] == 0).all()


def file_name(cohort: str) -> str:
    return "_".join(part.capitalize() for part in cohort.split("_"))


@pytest.mark.parametrize("cohort", SMALL)
def test_checkpoint_cohort_equals_the_export(cohort: str, exported: Exported) -> None:
    table = exported(f"tumor/ICB_{file_name(cohort)}_log2TPM.tsv.gz")
    data = load(f"icb_{cohort}")
    assert list(data.obs_names) == list(table.columns)
    assert list(data.var_names) == list(table.index)
    same_to_six_digits(data.X.T, table)
    assert (scale_of(data).kind, scale_of(data).quantity, scale_of(data).offset) == ("log2", "tpm", 0.001)


@pytest.mark.parametrize("cohort", SMALL)
def test_checkpoint_endpoints_equal_the_clinical_table(cohort: str, exported: Exported) -> None:
    clinical = exported(f"tumor/ICB_{file_name(cohort)}_clinical.tsv.gz")
    obs = load(f"icb_{cohort}").obs
    assert list(obs.index) == list(clinical.index)
    assert list(obs["subject_id"]) == list(clinical["patientid"])
    words = clinical["response"].map({"R": "responder", "NR": "non_responder"})
    assert (
        obs["response"].astype(object).where(obs["response"].notna(), None).tolist()
        == words.where(words.notna(), None).tolist()
    )
    assert list(obs["sex"]) == list(clinical["sex"].map({"M": "male", "F": "female"}))
    same_to_six_digits(
        obs[["os_time_months", "os_event"]].to_numpy(), clinical[["survival_time_os", "event_occurred_os"]]
    )
    if "pfs_time_months" in obs:
        columns = ["survival_time_pfs", "event_occurred_pfs"]
        same_to_six_digits(obs[["pfs_time_months", "pfs_event"]].to_numpy(), clinical[columns])
    else:
        assert clinical["survival_time_pfs"].isna().all()
    assert set(obs["intervention"]) == {"checkpoint_inhibitor"}


def test_time_of_biopsy_comes_from_the_source_or_is_unknown() -> None:
    assert load("icb_hugo").obs["time_point"].value_counts().to_dict() == {"baseline": 26, "during": 1}
    assert load("icb_nathanson").obs["time_point"].value_counts().to_dict() == {"post": 15, "baseline": 9}
    assert set(load("icb_miao").obs["time_point"]) == {"unknown"}


@pytest.mark.parametrize(("cohort", "column"), [("kim", "response"), ("cho", "Clinicalbenefit")])
def test_whole_transcriptome_cohort_equals_the_export(cohort: str, column: str, exported: Exported) -> None:
    table = exported(f"tumor/ICBfull_{cohort.capitalize()}_expr.tsv.gz")
    clinical = exported(f"tumor/ICBfull_{cohort.capitalize()}_clinical.tsv.gz")
    data = load(f"icb_{cohort}")
    assert list(data.obs_names) == list(table.columns) == list(clinical.index)
    assert list(data.var_names) == list(table.index)
    same_to_six_digits(data.X.T, table)
    is_responder = clinical[column].isin(["Yes", "responder"])
    assert list(data.obs["response"] == "responder") == list(is_responder)
    assert scale_of(data).kind == "linear"
    assert "os_time_months" not in data.obs


def test_breast_set_equals_the_export(exported: Exported) -> None:
    data = load("tcga_breast_mixomics")
    for block, modality in (("mrna", "rna"), ("mirna", "smallrna"), ("protein", "protein")):
        held = data.mod[modality]
        for split in ("train", "test") if block != "protein" else ("train",):
            table = exported(f"tumor/breastTCGA_{split}_{block}.tsv.gz")
            labels = exported(f"tumor/breastTCGA_{split}_labels.tsv.gz")
            part = held[held.obs["split"] == split]
            assert list(part.obs["sample_id"]) == list(table.index) == list(labels.index)
            assert list(part.var_names) == list(table.columns)
            same_to_six_digits(part.X, table)
            assert list(part.obs["subtype"]) == list(labels["subtype"])


def test_acc_set_equals_the_export_and_aligns_on_the_patient(exported: Exported) -> None:
    data = load("tcga_acc_mini")
    names = {
        "rna": "RNASeq2GeneNorm",
        "copy_number": "gistict",
        "protein": "RPPAArray",
        "mutation": "Mutations",
        "smallrna": "miRNASeqGene",
    }
    sample_map = exported("tumor/miniACC_sampleMap.tsv.gz")
    for modality, name in names.items():
        held = data.mod[modality]
        table = exported(f"tumor/miniACC_{name}.tsv.gz")
        assert list(held.obs["sample_id"]) == list(table.columns)
        assert list(held.var_names) == list(table.index)
        same_to_six_digits(held.X.T, table)
        owner = sample_map[sample_map["assay"] == name].set_index("colname")["primary"]
        assert list(held.obs_names) == list(owner[list(table.columns)])
    assert data.n_obs == 92


def test_acc_survival_is_in_months(exported: Exported) -> None:
    clinical = exported("tumor/miniACC_clinical.tsv.gz")
    obs = load("tcga_acc_mini").mod["rna"].obs
    days = clinical["days_to_death"].fillna(clinical["days_to_last_followup"]).astype(float)[list(obs.index)]
    np.testing.assert_allclose(obs["os_time_months"] * 30.4375, days, rtol=1e-14)
    assert list(obs["os_event"]) == list(clinical["vital_status"].astype(float)[list(obs.index)])


def test_thyroid_counts_equal_the_export(exported: Exported) -> None:
    data = load("thyroid_mirit")
    for modality, name in (("rna", "geneCounts"), ("smallrna", "mirnaCounts")):
        table = exported(f"tumor/MIRit_thyroid_{name}.tsv.gz")
        held = data.mod[modality]
        np.testing.assert_array_equal(held.layers["counts"].T, table.astype(int).to_numpy())
        assert list(held.obs_names) == list(table.columns)
    assert list(data.mod["rna"].obs["condition"].value_counts()) == [8, 8]
