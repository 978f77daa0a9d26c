"""Dose, timing, host and sample sheet: what follows from a study, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.schema.dose import derive_dose
from exomics.schema.host import background_of, host_of
from exomics.schema.sample_fields import SAMPLE_FIELDS
from exomics.schema.sample_sheet import check_samples
from exomics.schema.study import check_study, template
from exomics.schema.study_fields import FIELDS
from exomics.schema.timing import derive_timing, exposure_of, timing_class


def study_with(**groups: dict[str, object]) -> dict[str, dict[str, object]]:
    study = template(species=str(groups.pop("study", {}).get("species", "human")))
    for group, fields in groups.items():
        study[group].update(fields)
    check_study(study)
    return study


PROGRAM = {"frequency_per_week": 3, "time_min_per_session": 40}


@pytest.mark.parametrize(
    ("fitt", "patient", "met"),
    [
        ({"type": "walk", "intensity_unit": "m_per_min", "intensity_value": 80}, {}, 11.5 / 3.5),
        ({"type": "walk", "intensity_unit": "m_per_min", "intensity_value": 80, "grade_percent": 5}, {}, 18.7 / 3.5),
        ({"type": "run", "intensity_unit": "m_per_min", "intensity_value": 160}, {}, 35.5 / 3.5),
        ({"type": "cycle", "intensity_unit": "watt", "intensity_value": 100}, {"body_mass_kg": 80}, 20.5 / 3.5),
        ({"type": "cycle", "intensity_unit": "percent_vo2peak", "intensity_value": 70}, {"baseline_vo2peak": 25}, 5.0),
        ({"type": "combined", "intensity_unit": "met", "intensity_value": 6}, {}, 6.0),
    ],
)
def test_met_hours_follow_from_an_intensity(fitt: dict[str, object], patient: dict[str, object], met: float) -> None:
    dose = derive_dose(study_with(fitt={**PROGRAM, **fitt}, patient=patient))
    assert dose.minutes_per_week == 120
    assert dose.met_hours_per_week == pytest.approx(2 * met)
    assert (dose.met_hours_low, dose.met_hours_high) == pytest.approx((2 * met, 2 * met))


def test_a_class_of_intensity_gives_bounds_and_no_number() -> None:
    dose = derive_dose(study_with(fitt={**PROGRAM, "intensity_class": "vigorous"}))
    assert np.isnan(dose.met_hours_per_week)
    assert (dose.met_hours_low, dose.met_hours_high) == pytest.approx((12.0, 17.6))


def test_what_is_missing_stays_missing() -> None:
    dose = derive_dose(study_with(fitt={"intensity_class": "moderate"}))
    assert np.isnan([dose.minutes_per_week, dose.met_hours_low]).all()
    assert "frequency_per_week" in dose.basis


def test_animals_have_a_distance_and_no_met() -> None:
    fitt = {"frequency_per_week": 5, "time_min_per_session": 50, "intensity_unit": "m_per_min", "intensity_value": 20}
    dose = derive_dose(study_with(study={"species": "rat"}, fitt={**fitt, "type": "treadmill"}))
    assert dose.distance_km_per_week == pytest.approx(5.0)
    assert np.isnan([dose.met_hours_low, dose.met_hours_per_week]).all()


def test_intervals_count_their_work_and_a_given_dose_stands() -> None:
    hiit = {**PROGRAM, "work_min": 4, "rest_min": 4, "intensity_unit": "met", "intensity_value": 9}
    assert derive_dose(study_with(fitt=hiit)).met_hours_per_week == pytest.approx(9.0)
    assert derive_dose(study_with(fitt={**hiit, "met_hours_per_week": 11})).met_hours_per_week == 11


@pytest.mark.parametrize(
    ("minutes", "word", "exposure"),
    [(-1, "pre", "resting"), (0, "0-2 h", "acute"), (120, "2-24 h", "acute"), (1439.9, "2-24 h", "acute"),
     (1440, ">=24 h rest", "resting"), (2880, ">=48 h rest", "resting"), (np.nan, "", "")],
)  # fmt: skip
def test_the_timing_class_follows_from_minutes(minutes: float, word: str, exposure: str) -> None:
    assert timing_class(minutes) == word
    assert exposure_of(word) == exposure


def test_minutes_come_from_the_nearest_source() -> None:
    obs = pd.DataFrame(
        {
            "minutes_post_bout": [30, None, "", None],
            "bout_end_time": ["2024-03-01T09:00+01:00"] * 2 + [None, None],
            "sample_time": ["2024-03-01T12:00+01:00", "2024-03-01T08:30Z", None, None],
            "last_bout_hours": [None, None, 48, None],
        },
        index=list("abcd"),
    )
    minutes = derive_timing(obs)["minutes_post_bout"]
    np.testing.assert_array_equal(minutes, [30.0, 30.0, 2880.0, np.nan])
    filled = derive_timing(obs, study_with(timing={"last_bout_hours": 24}))
    assert filled["timing_class"].tolist() == ["0-2 h", "0-2 h", ">=48 h rest", ">=24 h rest"]


def test_unreadable_times_are_named() -> None:
    with pytest.raises(InputError, match="minutes_post_bout of sample b must be a number; got 'soon'"):
        derive_timing(pd.DataFrame({"minutes_post_bout": [1, "soon"]}, index=["a", "b"]))
    sheet = pd.DataFrame({"bout_end_time": ["noon"], "sample_time": ["2024-03-01T09:45"]}, index=["a"])
    with pytest.raises(InputError, match="bout_end_time of sample a must be an ISO 8601 time; got 'noon'"):
        derive_timing(sheet)


@pytest.mark.parametrize(
    ("strain", "is_black_six"),
    [("C57BL/6", True), ("C57BL/6NCrl", True), ("C57BL6/J", True), ("c57bl/6j", True), ("B6", True), ("B6J", True),
     ("B6.129S7-Rag1tm1Mom/J", True), ("B6129SF2/J", False), ("B6D2F1", False), ("C57BL/6 x BALB/c", False),
     ("C57BL/6JxDBA F1", False), ("BALB/c", False), ("NSG", False), ("", False)],
)  # fmt: skip
def test_strains_of_one_background_are_known(strain: str, is_black_six: bool) -> None:
    assert background_of(strain) == ("C57BL/6" if is_black_six else "")


def test_the_sheet_says_more_than_the_study() -> None:
    data = AnnData(np.ones((2, 1)), obs=pd.DataFrame({"strain": ["BALB/c", "C57BL/6N"]}, index=["a", "b"]))
    assert host_of(data).null_genes == {"Cxcl11": "C57BL/6N"}
    data.uns["exomics"] = {"study": '{"host": {"strain": "NSG"}, "model": {"type": "pdx"}}'}
    assert host_of(data).strains == ("BALB/c", "C57BL/6N")
    assert host_of(data).is_xenograft
    data.uns["exomics"] = {"study": "{"}
    with pytest.raises(InputError, match="is no JSON text"):
        host_of(data)


def test_a_strict_check_wants_fitt() -> None:
    study = template(species="human")
    check_study(study)
    with pytest.raises(InputError, match=r"strict asks for it: fitt\.type, .*, fitt\.comparator \("):
        check_study(study, strict=True)
    required = [field for field in FIELDS if field.required]
    for field in required:
        study[field.group][field.name] = "not_applicable"
    check_study(study, strict=True)
    study["fitt"]["program_weeks"] = "not_reported"
    with pytest.raises(InputError, match=r"strict asks for it: fitt\.program_weeks \("):
        check_study(study, strict=True)


def test_what_is_per_sample_needs_its_column() -> None:
    study = study_with(host={"strain": "per_sample"})
    with pytest.raises(InputError, match=r"no column strain, though the study calls host\.strain per_sample"):
        check_samples(pd.DataFrame({"bmi": [20.0]}), study)
    check_samples(pd.DataFrame({"strain": ["NSG"]}), study)
    study["study"]["title"] = "per_sample"
    with pytest.raises(InputError, match=r"study\.title cannot differ by sample"):
        check_study(study)


def test_every_fault_of_a_sheet_is_listed() -> None:
    sheet = pd.DataFrame(
        {"bmi": ["22", "fat"], "ecog": [0.0, 9.0], "sex": ["F", "male"], "other": [1, 2]}, index=["a", "b"]
    )
    with pytest.raises(InputError) as caught:
        check_samples(sheet)
    message = str(caught.value)
    for part in ("bmi must be a number in kg/m2, got 'fat' in sample b", "ecog must be one of", "got 'F' in sample a"):
        assert part in message
    check_samples(pd.DataFrame({"sex": ["unknown", None], "os_event": [1, None], "diabetes": ["yes", ""]}))


def test_every_field_is_spelled_once() -> None:
    ids = [field.id for field in FIELDS]
    assert len(ids) == len(set(ids))
    assert all(column == field.column for column, field in SAMPLE_FIELDS.items())
    assert {field.column for field in FIELDS if field.column} <= set(SAMPLE_FIELDS)
    assert [field.id for field in FIELDS if field.unit and field.levels] == []
