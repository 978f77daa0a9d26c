"""Survival in a sheet of patients: two arms, or adherence that is reached on the way, with the curves of both."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.results import CurveTable, PerformanceTable
from exomics.schema.words import words_of
from exomics.stratify.trial.columns import NOT_RANDOMIZED, TrialColumns, numbers_in, require_once, trained
from exomics.validation._rows import Label
from exomics.validation.adherence import adherence_effect
from exomics.validation.arms import contrast_arms
from exomics.validation.curves import survival_curves

__all__ = ["Followed", "follow_adherence", "follow_arms"]


class Followed(NamedTuple):
    """A table of effects, and one of the curve of each group: no arrays, one value of each."""

    performance: PerformanceTable
    curves: CurveTable


def follow_arms(sheet: pd.DataFrame, columns: TrialColumns, *, cohort: str, cause: str | None = None) -> Followed:
    """The trained arm beside the controls, from the columns of a sheet.

    Parameters
    ----------
    sheet
        (n_patients, any columns), one row per patient.
    columns
        Endpoint (``<endpoint>_time_months``, ``<endpoint>_event``), arm, control, horizon (None: as long as both arms
        are followed) and whether the arms were randomized.
    cohort
        Name of the cohort in the tables.
    cause
        Column of 0 censored, 1 the event, 2 and more what competes with it; None where nothing competes.

    Returns
    -------
    Followed
        As of `exomics.validation.contrast_arms` and `exomics.validation.survival_curves`; arms that were not
        randomized have a note.

    Raises
    ------
    InputError
        If a column is missing or holds no numbers, the follow-up cannot be used, or the cause contradicts the event.
    DesignError
        If the arm has not two levels with the control among them, or a subject comes twice.

    Examples
    --------
    >>> sheet = pd.DataFrame({"os_time_months": range(1, 13), "os_event": [1, 0] * 6, "arm": ["trained", "usual"] * 6})
    >>> columns = TrialColumns(endpoint="os", arm="arm", control="usual", horizon=6.0)
    >>> follow_arms(sheet, columns, cohort="trial").performance.frame["metric"].tolist()
    ['log_hazard_ratio', 'restricted_mean_difference']
    """
    time, event = _times(sheet, columns.endpoint)
    causes = _causes(event, numbers_in(sheet, cause) if cause else event, columns.endpoint, cause)
    group = trained(sheet, columns.arm, columns.control)
    names = words_of(sheet[columns.arm]).to_numpy()
    horizon = columns.horizon
    if horizon is None:
        horizon = float(min(np.nanmax(time[group == code], initial=0.0) for code in (0.0, 1.0)))
    label = Label(f"{names[group == 1.0][0]} against {columns.control}", cohort, columns.endpoint)
    table = contrast_arms(time, causes, group, label=label, horizon=horizon)
    if not columns.randomized:
        table = replace(table, provenance=replace(table.provenance, notes=(NOT_RANDOMIZED,)))
    return Followed(table, survival_curves(time, event, names, endpoint=columns.endpoint))


def follow_adherence(
    sheet: pd.DataFrame, endpoint: str, adherent_from: str, *, landmark_at: float, cohort: str
) -> Followed:
    """Adherence reached during follow-up, without immortal time, from the columns of a sheet.

    Parameters
    ----------
    sheet
        (n_patients, any columns), one row per patient.
    endpoint
        Of ``<endpoint>_time_months`` and ``<endpoint>_event``.
    adherent_from
        Column of the month at which adherence was reached; empty: never.
    landmark_at
        Month at which those still followed are split by adherence so far.
    cohort
        Name of the cohort in the tables.

    Returns
    -------
    Followed
        As of `exomics.validation.adherence_effect`; the curves are of those followed beyond the landmark.

    Raises
    ------
    InputError
        If a column is missing or holds no numbers, or as `exomics.validation.adherence_effect` says.
    DesignError
        If a subject comes twice.

    Examples
    --------
    >>> sheet = pd.DataFrame({"os_time_months": range(2, 14), "os_event": [1, 0] * 6, "since": [1.0, None, None] * 4})
    >>> found = follow_adherence(sheet, "os", "since", landmark_at=3.0, cohort="trial")
    >>> sorted(set(found.curves.frame["group"]))
    ['adherent at the landmark', 'not yet']
    """
    require_once(sheet, "one row per patient")
    time, event = _times(sheet, endpoint)
    reached = numbers_in(sheet, adherent_from)
    label = Label(adherent_from, cohort, endpoint)
    table = adherence_effect(time, event, reached, label=label, landmark_at=landmark_at)
    followed = time > landmark_at
    groups = np.where(reached <= landmark_at, "adherent at the landmark", "not yet")[followed]
    told = f"{endpoint} from month {landmark_at:g}"
    return Followed(table, survival_curves(time[followed], event[followed], groups, endpoint=told))


def _times(sheet: pd.DataFrame, endpoint: str) -> tuple[FloatArray, FloatArray]:
    return numbers_in(sheet, f"{endpoint}_time_months"), numbers_in(sheet, f"{endpoint}_event")


def _causes(event: FloatArray, causes: FloatArray, endpoint: str, cause: str | None) -> FloatArray:
    """The causes, if they agree with the indicators of any event, or of the first cause."""
    known = np.isfinite(event) & np.isfinite(causes)
    if not np.isin(event[known], (0.0, 1.0)).all():
        raise InputError(f"{endpoint}_event must be 1 for an event and 0 for a censored patient; recode it first.")
    agree = ((causes > 0.0) == event, (causes == 1.0) == event)
    if not any(part[known].all() for part in agree):
        wrong = min(int((~part[known]).sum()) for part in agree)
        raise InputError(
            f"{cause} contradicts {endpoint}_event in {wrong} patients: 0 must be censored, and 1 the event."
        )
    return causes
