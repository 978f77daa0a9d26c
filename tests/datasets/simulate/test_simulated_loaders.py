"""The embedded study is loaded by id, like any dataset, without a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load, load_files, load_table
from exomics.datasets.simulate import simulate_trial
from exomics.errors import InputError, RegistryError
from exomics.registry.manifest import load_manifest
from exomics.schema import keys, metadata

ASSAYS = ("embedded_muscle_rna", "embedded_ev_mirna", "embedded_tumor_rna")
TABLES = ("embedded_subjects", "embedded_truth")


@pytest.mark.parametrize("dataset", ASSAYS)
def test_an_assay_by_id(dataset: str) -> None:
    data = load(dataset, offline=True)
    assert isinstance(data, AnnData)
    assert metadata(data)[keys.MANIFEST] == dataset
    assert metadata(data)[keys.MANIFEST_SHA256] == load_manifest(dataset).sha256
    assert "MoTrPAC" in metadata(data)[keys.ACKNOWLEDGMENTS][0]


def test_the_tables_are_those_of_the_default_trial() -> None:
    trial = simulate_trial()
    pd.testing.assert_frame_equal(load_table("embedded_subjects"), trial.subjects)
    pd.testing.assert_frame_equal(load_table("embedded_truth"), trial.truth.table())


def test_tables_and_matrices_are_not_confused() -> None:
    with pytest.raises(RegistryError, match="load_table"):
        load("embedded_truth")
    with pytest.raises(RegistryError, match="simulate"):
        load_table("embedded_muscle_rna")


def test_a_trial_of_ones_own_knobs() -> None:
    data = load_files("simulate", {}, {"part": "tumor_rna", "n_per_arm": 5, "seed": 4, "missing_fraction": 0.0})
    assert data.n_obs <= 20
    assert isinstance(data, AnnData)
    assert np.asarray(data.X).shape[1] > 12_000


def test_unknown_parts_and_knobs_are_refused() -> None:
    with pytest.raises(InputError, match="choose one of muscle_rna, ev_mirna, tumor_rna"):
        load_files("simulate", {}, {"part": "subjects"})
    with pytest.raises(RegistryError, match="no option n_patients"):
        load_files("simulate", {}, {"n_patients": 5})
    with pytest.raises(InputError, match="n_per_arm must be 4 or more"):
        load_files("simulate", {}, {"n_per_arm": 1})
