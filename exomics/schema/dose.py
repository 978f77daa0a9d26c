"""The weekly dose that a study prescribes: minutes, MET hours, distance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from exomics.schema.study import number_of, word_of

_VO2_OF_ONE_MET: Final = 3.5  # mL/kg/min
_MET_OF_CLASS: Final = {"low": (1.6, 3.0), "moderate": (3.0, 6.0), "vigorous": (6.0, 8.8)}


@dataclass(frozen=True)
class Dose:
    """The weekly dose of a program as prescribed.

    Parameters
    ----------
    minutes_per_week
        Minutes of exercise a week; NaN where a field is missing.
    met_hours_per_week
        MET hours a week; NaN where only the class of intensity is known, and for animals.
    met_hours_low, met_hours_high
        Bounds of the MET hours a week; equal where the intensity itself is known.
    distance_km_per_week
        Distance a week, from speed; NaN without one.
    basis
        How it was derived, or what was missing.
    """

    minutes_per_week: float
    met_hours_per_week: float
    met_hours_low: float
    met_hours_high: float
    distance_km_per_week: float
    basis: str


def derive_dose(study: Mapping[str, Mapping[str, Any]]) -> Dose:
    """The weekly dose that a study prescribes.

    Parameters
    ----------
    study
        A checked study.

    Returns
    -------
    Dose
        With ``met_hours_per_week`` as given, if it is.

    Notes
    -----
    ``MET h/week = sessions/week x minutes/60 x MET``, with ``MET = VO2 / 3.5 mL/kg/min``. The VO2 of a bout is: the
    value where the unit is ``met``; percent of the baseline VO2peak; by the equations of the American College of Sports
    Medicine (s speed in m/min, g grade as a fraction): ``0.1 s + 1.8 s g + 3.5`` walking, ``0.2 s + 0.9 s g + 3.5``
    running, ``10.8 W / kg + 7`` on a cycle. Otherwise the bounds of the class of intensity, doi
    10.1249/MSS.0b013e318213fefb: low 1.6 to 3, moderate 3 to 6, vigorous 6 to 8.8 MET. Interval training counts its
    work intervals only. MET are defined for humans: animals have minutes and distance. Adherence is not applied: it
    follows randomization.

    Examples
    --------
    >>> fitt = {"type": "walk", "frequency_per_week": 5, "time_min_per_session": 30, "intensity_class": "moderate"}
    >>> dose = derive_dose({"study": {"species": "human"}, "fitt": fitt})
    >>> dose.minutes_per_week, dose.met_hours_low, dose.met_hours_high
    (150.0, 7.5, 15.0)
    """
    sessions, minutes = (number_of(study, "fitt", name) for name in ("frequency_per_week", "time_min_per_session"))
    work, rest = number_of(study, "fitt", "work_min"), number_of(study, "fitt", "rest_min")
    weekly = np.nan if sessions is None or minutes is None else sessions * minutes
    note = ""
    if work is not None and rest is not None and work + rest > 0:
        weekly, note = weekly * work / (work + rest), "; work intervals only"
    distance = weekly * number / 1000.0 if (number := _speed(study)) is not None else np.nan
    given = number_of(study, "fitt", "met_hours_per_week")
    if given is not None:
        return Dose(weekly, given, given, given, distance, "as given in fitt.met_hours_per_week")
    low, high, basis = _met(study)
    if np.isnan(weekly):
        basis, note = "it needs fitt.frequency_per_week and fitt.time_min_per_session", ""
    hours = weekly / 60.0
    exact = hours * low if low == high else np.nan
    return Dose(weekly, exact, hours * low, hours * high, distance, basis + note)


def _met(study: Mapping[str, Mapping[str, Any]]) -> tuple[float, float, str]:
    """Bounds of the intensity in MET, and where they come from."""
    if word_of(study, "study", "species") != "human":
        return np.nan, np.nan, "MET are defined for humans; see minutes and distance"
    vo2, basis = _vo2(study)
    if vo2 is not None:
        return vo2 / _VO2_OF_ONE_MET, vo2 / _VO2_OF_ONE_MET, basis
    found = word_of(study, "fitt", "intensity_class")
    if found in _MET_OF_CLASS:
        return *_MET_OF_CLASS[found], f"bounds of the class {found}"
    return np.nan, np.nan, "no intensity from which MET follow"


def _vo2(study: Mapping[str, Mapping[str, Any]]) -> tuple[float | None, str]:
    """Oxygen uptake of the bout in mL/kg/min."""
    value, unit = number_of(study, "fitt", "intensity_value"), word_of(study, "fitt", "intensity_unit")
    peak, mass = number_of(study, "patient", "baseline_vo2peak"), number_of(study, "patient", "body_mass_kg")
    mode, speed = word_of(study, "fitt", "type"), _speed(study)
    grade = (number_of(study, "fitt", "grade_percent") or 0.0) / 100.0
    if value is not None and unit == "met":
        return value * _VO2_OF_ONE_MET, "MET as given"
    if value is not None and unit == "percent_vo2peak" and peak is not None:
        return value / 100.0 * peak, "percent of the baseline VO2peak"
    if value is not None and unit == "watt" and mode == "cycle" and mass:
        return 10.8 * value / mass + 7.0, "watts on a cycle"
    if speed is not None and mode == "walk":
        return 0.1 * speed + 1.8 * speed * grade + 3.5, "speed of walking"
    if speed is not None and mode == "run":
        return 0.2 * speed + 0.9 * speed * grade + 3.5, "speed of running"
    return None, ""


def _speed(study: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Speed in m/min, where that is the unit of the intensity."""
    is_speed = word_of(study, "fitt", "intensity_unit") == "m_per_min"
    return number_of(study, "fitt", "intensity_value") if is_speed else None
