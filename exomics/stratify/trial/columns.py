"""The columns of a trial of two arms: who was trained, what came of it, and what must be said about the design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.schema import keys
from exomics.schema.words import words_of
from exomics.stats.interactions import Family
from exomics.stratify.study.leaks import refuse_copies, refuse_order
from exomics.stratify.study.outcomes import Outcome

FloatArray = NDArray[np.float64]

POSITIVE = "responder"
AFTER = "measured after the arms began: a consequence of the arm, not a modifier of its benefit"
NOT_RANDOMIZED = "the arms were not randomized: confounding is possible, whatever the adjustment"
_NOT_LATER = ("baseline", "resting", "unknown", "")


@dataclass(frozen=True, kw_only=True)
class TrialColumns:
    """Where the sample sheet of a trial of two arms holds what.

    Parameters
    ----------
    endpoint
        Name of the outcome: ``<endpoint>_time_months`` and ``<endpoint>_event`` (survival), a column of two values of
        which one is ``responder`` or 1, or numbers.
    arm, control
        Column of the arm, and its level without training.
    covariates
        Numeric columns to adjust for.
    group_by
        Columns, beside the subject, whose samples stay in one fold, such as a cage or a center.
    randomized
        Whether chance assigned the arms. If not, that is said wherever an effect is.
    lower_is_better
        Whether a low number, or 0, is the good outcome.
    horizon
        Months up to which survival counts as gain; None for the last at which a tenth of both arms is followed.
    """

    endpoint: str
    arm: str
    control: str
    covariates: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    randomized: bool = True
    lower_is_better: bool = False
    horizon: float | None = None


def require_columns(sheet: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The named columns, or one line that says which is missing."""
    missing = [name for name in names if name not in sheet.columns]
    if missing:
        raise InputError(
            f"the samples have no column {missing[0]!r}; they have {', '.join(map(str, sheet.columns[:15]))}."
        )
    return sheet[list(names)]


def shared_samples(markers: pd.DataFrame, outcomes: pd.DataFrame) -> list[str]:
    """Samples of both tables, in the order of the markers."""
    shared = [name for name in markers.index if name in outcomes.index]
    if not shared:
        raise InputError("markers and outcomes share no sample; index both by sample_id.")
    return shared


def trained(sheet: pd.DataFrame, arm: str, control: str) -> FloatArray:
    """1 for the trained and 0 for the controls; each subject comes once."""
    words = words_of(require_columns(sheet, (arm,))[arm].replace("", pd.NA))
    if words.isna().any():
        raise InputError(f"{int(words.isna().sum())} samples have no {arm}; leave them out, or give their arm.")
    levels = sorted(set(words))
    if control not in levels or len(levels) != 2:
        shown = ", ".join(map(repr, levels[:6]))
        raise DesignError(f"{arm} must have two levels, {control!r} among them; it has {shown}.")
    twice = _comes_twice(sheet)
    if twice is not None and words[sheet[keys.SUBJECT_ID] == twice].nunique() > 1:
        raise DesignError(f"subject {twice} is in both arms; a crossover is no trial of two groups of subjects.")
    require_once(sheet, "one sample per subject, taken before the arms began")
    return np.asarray(words != control, dtype=np.float64)


def require_once(sheet: pd.DataFrame, kept: str) -> None:
    """Raise if a subject stands in two rows, which would count his follow-up twice; `kept` says what to keep."""
    twice = _comes_twice(sheet)
    if twice is not None:
        raise DesignError(f"subject {twice} comes twice; keep {kept}.")


def _comes_twice(sheet: pd.DataFrame) -> Any:
    """The first subject that stands in two rows, as it is held."""
    if keys.SUBJECT_ID not in sheet.columns:
        return None
    repeated = sheet.loc[sheet[keys.SUBJECT_ID].duplicated(), keys.SUBJECT_ID]
    return None if repeated.empty else repeated.iloc[0]


def numbers_in(sheet: pd.DataFrame, name: str) -> FloatArray:
    """A column as floats (n_samples,), empty as NaN."""
    column = require_columns(sheet, (name,))[name].replace("", np.nan)
    numbers = pd.to_numeric(column, errors="coerce")
    words = column[(numbers.isna() & column.notna()) | np.isinf(numbers.astype(np.float64))]
    if len(words):
        raise InputError(f"{name} holds {str(words.iloc[0])!r}; it needs numbers, and nothing where unknown.")
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def outcome_of(sheet: pd.DataFrame, endpoint: str) -> tuple[Family, FloatArray]:
    """The family of the endpoint, and its values: numbers, 0 and 1, or (n_samples, 2) time and event."""
    time, event = f"{endpoint}_time_months", f"{endpoint}_event"
    if time in sheet.columns:
        return "cox", _follow_up(numbers_in(sheet, time), numbers_in(sheet, event), endpoint)
    column = require_columns(sheet, (endpoint,))[endpoint].replace("", pd.NA)
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return ("logistic" if set(column.dropna()) == {0, 1} else "linear"), numbers
    words = column.dropna().astype(str)
    if len(set(words)) != 2 or POSITIVE not in set(words):
        known = ", ".join(sorted(set(words))[:6])
        raise InputError(f"{endpoint} needs numbers, or two values with {POSITIVE!r} among them; it has {known}.")
    return "logistic", np.asarray((words == POSITIVE).astype(float).reindex(sheet.index), dtype=np.float64)


def _follow_up(time: FloatArray, event: FloatArray, endpoint: str) -> FloatArray:
    """Times and events (n_samples, 2) that a model can be fitted to."""
    known = np.isfinite(time) & np.isfinite(event)
    if (time[known] <= 0.0).any():
        raise InputError(f"{int((time[known] <= 0.0).sum())} times of {endpoint} are 0 or less; they must be positive.")
    if not np.isin(event[known], (0.0, 1.0)).all():
        raise InputError(f"{endpoint}_event must be 1 for an event and 0 for a censored patient; recode it first.")
    if not event[known].any():
        raise DesignError(f"all {int(known.sum())} patients are censored in {endpoint}; nothing can be estimated.")
    return np.column_stack([time, event])


def checked_markers(markers: pd.DataFrame, outcome: FloatArray, family: Family) -> FloatArray:
    """Markers (n_samples, n_markers) as floats; endless values, and copies of the outcome, are refused by name."""
    words = [name for name, kind in markers.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words:
        raise InputError(f"marker {words[0]!r} is no number; encode its levels as numbers, or leave it out.")
    values = markers.to_numpy(dtype=np.float64, na_value=np.nan)
    endless = np.flatnonzero(np.isinf(values).any(axis=0))
    if len(endless):
        raise InputError(f"marker {markers.columns[endless[0]]!r} has an endless value; leave empty what is not known.")
    known = np.isfinite(outcome.reshape(len(outcome), -1)).all(axis=1)
    names, held, told = list(map(str, markers.columns)), values[known], outcome[known]
    if family == "linear":
        refuse_order(held, told, names, what="outcome")
        return values
    labels = (told[:, 1] if family == "cox" else told).astype(np.int64)
    refuse_copies(held, Outcome(labels, ("no", "yes"), told[:, 0] if family == "cox" else None), names)
    return values


def design_notes(sheet: pd.DataFrame, columns: TrialColumns) -> tuple[str, ...]:
    """What a reader must know of the design: markers measured too late, arms that were not randomized."""
    notes: tuple[str, ...] = () if columns.randomized else (NOT_RANDOMIZED,)
    if keys.TIME_POINT in sheet.columns:
        later = sheet[keys.TIME_POINT].dropna().astype(str)
        later = later[~later.isin(_NOT_LATER)]
        if len(later):
            notes += (f"{len(later)} samples were taken at {later.iloc[0]}: {AFTER}",)
    return notes
