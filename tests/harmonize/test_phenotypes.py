"""Phenotypes in the words of the contract, and a study beside its samples."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError, RegistryError
from exomics.harmonize import Harmonizers, describe_study, harmonize, harmonize_phenotypes, species_of_samples
from exomics.schema import keys, steps_of
from exomics.schema.host import host_of
from exomics.schema.study import template


def samples(**columns: list[object]) -> AnnData:
    n = len(next(iter(columns.values())))
    obs = pd.DataFrame(columns, index=[f"s{i}" for i in range(n)])
    return AnnData(np.ones((n, 1)), obs=obs, var=pd.DataFrame(index=["f"]))


@pytest.mark.parametrize(
    ("column", "said", "word"),
    [
        ("sex", "F", "female"), ("sex", "Men", "male"), ("species", "Rattus norvegicus", "rat"),
        ("species", "9606", "human"), ("specimen", "Skeletal muscle", "muscle"), ("specimen", "T55", "muscle"),
        ("specimen", "Primary Tumor", "tumor"), ("specimen", "plasma_ev", "plasma_ev"),
        ("time_point", "PRE", "baseline"),
        ("time_point", "post-treatment", "post"), ("intervention", "Usual care", "usual_care"),
        ("intervention", "aerobic training", "endurance"), ("response", "CR", "responder"),
        ("response", "Stable disease", "non_responder"), ("response", "NR", "non_responder"),
    ],
)  # fmt: skip
def test_known_spellings(column: str, said: str, word: str) -> None:
    told, report = harmonize_phenotypes(samples(**{column: [said]}))
    assert told.obs[column].tolist() == [word]
    assert report.n_lost("unknown word") == 0
    assert (f"source_{column}" in told.obs) == (said != word)


def test_codes_are_never_guessed() -> None:
    told, report = harmonize_phenotypes(samples(sex=[1.0, 2.0, None], specimen=["muscle", "Sputum", "N/A"]))
    assert told.obs["sex"].tolist()[:2] == ["1", "2"]
    assert told.obs["specimen"].tolist()[:2] == ["muscle", "Sputum"]
    assert told.obs.isna().sum()[["sex", "specimen"]].tolist() == [1, 1]
    assert report.n_lost("unknown word") == 3
    assert report.notes == ("sex is missing in 1 of 3 samples.", "specimen is missing in 1 of 3 samples.")


def test_events_become_numbers_and_sources_are_kept() -> None:
    given = samples(os_event=["1:DECEASED", "0:LIVING", "Alive", "--"], response=["PR", "PD", "NE", "SD"])
    told, _ = harmonize_phenotypes(given)
    np.testing.assert_array_equal(told.obs["os_event"], [1.0, 0.0, 0.0, np.nan])
    assert told.obs["source_os_event"].tolist() == ["1:DECEASED", "0:LIVING", "Alive", "--"]
    assert told.obs["response"].tolist() == ["responder", "non_responder", "NE", "non_responder"]
    assert given.obs["os_event"].tolist()[0] == "1:DECEASED"
    again, report = harmonize_phenotypes(told)
    assert report.n_lost("respelled word") == 0
    np.testing.assert_array_equal(again.obs["os_event"], told.obs["os_event"])


def test_bad_columns() -> None:
    with pytest.raises(InputError, match="no vocabulary for 'mood'"):
        harmonize_phenotypes(samples(sex=["F"]), columns=["mood"])
    with pytest.raises(InputError, match="obs has no column 'response'"):
        harmonize_phenotypes(samples(sex=["F"]), columns=["response"])


def test_a_study_goes_with_its_samples() -> None:
    study = template(species="mouse")
    study["host"]["strain"] = "C57BL/6J"
    study["model"]["type"] = "pdx"
    study["fitt"] |= {"frequency_per_week": 5, "time_min_per_session": 30, "intensity_unit": "m_per_min"}
    study["fitt"] |= {"intensity_value": 12, "type": "treadmill"}
    told, report = describe_study(samples(species=["mouse"] * 3, minutes_post_bout=[30, 3000, None]), study)
    assert told.obs["timing_class"].tolist() == ["0-2 h", ">=48 h rest", ""]
    assert told.obs["exposure"].tolist() == ["acute", "resting", ""]
    assert json.loads(told.uns["exomics"]["study"]) == study
    assert host_of(told).null_genes == {"Cxcl11": "C57BL/6J"}
    assert report.frame["examples"].tolist() == ["s2"]
    said = " ".join(report.notes)
    for part in ("acute and resting samples are mixed", "150 min and 1.8 km a week", "Cxcl11 is null", "xenografts"):
        assert part in said
    assert steps_of(told)[-1]["step"] == "describe_study"


def test_times_that_contradict_are_named() -> None:
    given = samples(
        minutes_post_bout=[45, 45],
        bout_end_time=["2024-03-01T09:00", "2024-03-01T09:00"],
        sample_time=["2024-03-01T09:45", "2024-03-01T10:00"],
    )
    _, report = describe_study(given, template(species="human"))
    assert report.frame["examples"].tolist() == ["s1 (45, not 60 min)"]


def test_a_study_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"study\.yaml is of mouse; the samples are human"):
        describe_study(samples(species=["human"]), template(species="mouse"))
    with pytest.raises(InputError, match=r"strict asks for it: fitt\.type"):
        describe_study(samples(species=["human"]), template(species="human"), strict=True)
    with pytest.raises(InputError, match=r"ecog must be one of"):
        describe_study(samples(ecog=["well"]), template(species="human"))


def test_harmonizations_are_run_by_name() -> None:
    told, _ = harmonize(samples(sex=["f"]), "phenotypes")
    assert told.obs[keys.SEX].tolist() == ["female"]
    with pytest.raises(RegistryError, match=f"known: {', '.join(Harmonizers.names)}"):
        harmonize(told, "souls")
    with pytest.raises(InputError, match="uses no table"):
        harmonize(told, "phenotypes", table="ref_hgnc")
    with pytest.raises(InputError, match="expected samples of one species"):
        species_of_samples(samples(species=["rat", "mouse"]))
