"""The trial meets the contract, is the same for the same seed, and has the design it promises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets.simulate import Simulation, Trial, TrialParameters, simulate_trial
from exomics.errors import InputError
from exomics.schema import keys, layer_of, scale_of, validate


@pytest.fixture(scope="module")
def trial() -> Trial:
    return simulate_trial()


def _assays(trial: Trial) -> dict[str, AnnData]:
    return {"muscle_rna": trial.muscle, "plasma_ev_smallrna": trial.ev_mirna, "tumor_rna": trial.tumor}


def test_every_assay_meets_the_contract(trial: Trial) -> None:
    for layer, data in _assays(trial).items():
        validate(data)
        assert layer_of(data) == layer
        assert np.issubdtype(data.layers[keys.COUNTS].dtype, np.integer)
    assert scale_of(trial.muscle).kind == "counts"
    assert (scale_of(trial.tumor).kind, scale_of(trial.tumor).quantity) == ("linear", "tpm")
    np.testing.assert_allclose(np.asarray(trial.tumor.X).sum(axis=1), 1e6, rtol=1e-12)


def test_the_size_of_real_assays(trial: Trial) -> None:
    assert trial.muscle.n_vars >= 12_000
    assert trial.ev_mirna.n_vars >= 600
    detected = (np.asarray(trial.tumor.layers[keys.COUNTS]) >= 10).mean(axis=0) > 0.5
    assert detected.sum() >= 12_000
    assert len(trial.subjects) == 60


def test_the_genes_that_signatures_need_are_there(trial: Trial) -> None:
    needed = (
        "GZMA PRF1 IFNG STAT1 IDO1 CXCL9 CXCL10 CXCL11 CXCR3 HLA-DRA CD8A CD8B NKG7 COL1A1 COL1A2 COL3A1 DCN LOX IL6 "
        "FNDC5 IL15 GDF15 LGI3 CITED4 TBP SDHA OAZ1 CD276"
    )
    assert set(needed.split()) <= set(trial.tumor.var_names)
    assert {"hsa-miR-29a-3p", "hsa-miR-451a", "hsa-miR-23a-3p"} <= set(trial.ev_mirna.var_names)
    assert trial.ev_mirna.var.loc["hsa-miR-29a-3p", "accession"] == "MIMAT0000086"


def test_the_same_seed_gives_the_same_bytes() -> None:
    parameters = TrialParameters(n_per_arm=6, seed=9)
    one, two = simulate_trial(parameters), simulate_trial(parameters)
    for first, second in zip(_assays(one).values(), _assays(two).values(), strict=True):
        assert np.asarray(first.X).tobytes() == np.asarray(second.X).tobytes()
        pd.testing.assert_frame_equal(first.obs, second.obs)
    pd.testing.assert_frame_equal(one.subjects, two.subjects)
    pd.testing.assert_frame_equal(one.truth.table(), two.truth.table())


def test_a_part_alone_is_the_part_of_the_whole(trial: Trial) -> None:
    assert (Simulation(TrialParameters()).tumor().X == trial.tumor.X).all()
    pd.testing.assert_frame_equal(Simulation(TrialParameters()).subjects(), trial.subjects)


def test_another_seed_gives_other_patients() -> None:
    one, two = (simulate_trial(TrialParameters(n_per_arm=4, seed=seed)) for seed in (1, 2))
    assert not np.allclose(one.subjects["vo2peak_baseline_1"], two.subjects["vo2peak_baseline_1"])
    planted = [
        set(trial.truth.genes.query("arm == 'up' and layer == 'muscle_rna'")["feature_id"]) for trial in (one, two)
    ]
    assert planted[0] != planted[1]


@pytest.mark.parametrize(
    "columns", [["post", "exercise_post"], ["post", "exercise_post", "female_post", "female_exercise_post"]]
)
def test_the_paired_design_has_full_rank(trial: Trial, columns: list[str]) -> None:
    for data in _assays(trial).values():
        design = pd.get_dummies(data.obs[["subject_id"]], dtype=float).join(data.obs[columns])
        assert np.linalg.matrix_rank(design.to_numpy()) == design.shape[1]


def test_arms_have_the_same_number_of_women(trial: Trial) -> None:
    numbers = trial.subjects.groupby(["arm", "sex"]).size()
    assert numbers.tolist() == [15, 15, 15, 15]


def test_sheets_agree(trial: Trial) -> None:
    patients = trial.subjects.set_index("subject_id")
    for data in _assays(trial).values():
        own = patients.loc[data.obs["subject_id"].astype(str)]
        for column in ("arm", "sex", "intervention"):
            assert (data.obs[column].astype(str).to_numpy() == own[column].to_numpy()).all()
        exercise_post = (own["arm"] == "exercise").to_numpy() & (data.obs["time_point"] == "post").to_numpy()
        assert (data.obs["exercise_post"].to_numpy() == exercise_post).all()
    tumor = trial.tumor.obs
    assert (tumor["os_time_months"].to_numpy() == patients.loc[tumor["subject_id"], "os_time_months"].to_numpy()).all()


def test_women_have_no_y_chromosome(trial: Trial) -> None:
    for data in (trial.muscle, trial.tumor):
        counts = pd.DataFrame(data.layers[keys.COUNTS], columns=data.var_names)
        female = (data.obs["sex"] == "female").to_numpy()
        assert counts.loc[female, "RPS4Y1"].max() == 0
        assert counts.loc[~female, "XIST"].max() == 0
        assert counts.loc[~female, "RPS4Y1"].median() > 50


def test_a_rat_trial_has_rat_names() -> None:
    symbols = {"CD8A": "Cd8a", "COL1A1": "Col1a1", "COL1A2": "Col1a2", "CXCL9": "Cxcl9", "SLC2A1": "Slc2a1", "CS": "Cs"}
    symbols |= {"CD8B": "Cd8b", "GZMA": "Gzma", "PRF1": "Prf1", "HK2": "Hk2"}
    parameters = TrialParameters(n_per_arm=4, species="rat")
    rat, human = simulate_trial(parameters, symbols=symbols), simulate_trial(TrialParameters(n_per_arm=4))
    for data in (rat.muscle, rat.ev_mirna, rat.tumor):
        validate(data)
        assert set(data.obs["species"]) == {"rat"}
    assert set(rat.muscle.var_names) == set(symbols.values())
    assert (rat.muscle[:, "Cs"].X == human.muscle[:, "CS"].X).all()
    assert "rno-miR-29a-3p" in rat.ev_mirna.var_names
    assert not rat.ev_mirna.var_names.str.startswith("hsa-").any()
    assert "Cxcl9" in set(rat.truth.markers["entity_id"])
    assert set(rat.truth.genes.query("layer == 'tumor_rna'")["feature_id"]) == set(symbols.values())


def test_a_rat_trial_without_a_useful_table_is_refused() -> None:
    with pytest.raises(InputError, match="ortholog table"):
        simulate_trial(TrialParameters(species="rat", n_per_arm=4))
    with pytest.raises(InputError, match="maps none"):
        simulate_trial(TrialParameters(species="rat", n_per_arm=4), symbols={"Cd8a": "CD8A"})
