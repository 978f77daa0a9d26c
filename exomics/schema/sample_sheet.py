"""The sample sheet against the fields it may hold: units, levels, and what the study says is per sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exomics.errors import InputError
from exomics.schema.numbers import numbers_of
from exomics.schema.sample_fields import SAMPLE_FIELDS
from exomics.schema.study import PER_SAMPLE
from exomics.schema.study_fields import FIELDS

_UNKNOWN = ("", "unknown", "not_reported", "not_applicable")


def check_samples(
    obs: pd.DataFrame, study: Mapping[str, Mapping[str, Any]] | None = None, *, source: str = "the sample sheet"
) -> None:
    """Raise one `InputError` that lists every known column of `obs` that is not in its unit or levels.

    Parameters
    ----------
    obs
        One row per sample; columns that are no field are not looked at. Missing values and ``unknown`` are allowed.
    study
        A checked study: each field that it calls ``per_sample`` must have its column.
    source
        What to call the sheet in the message.

    Raises
    ------
    InputError
        With one line that names the faults, each with its first sample.

    Examples
    --------
    >>> check_samples(pd.DataFrame({"ecog": [0, 1]}))
    >>> check_samples(pd.DataFrame({"bmi": ["thin"]}, index=["s1"]))
    Traceback (most recent call last):
    exomics.errors.InputError: the sample sheet: bmi must be a number in kg/m2, got 'thin' in sample s1.
    """
    failures = [
        f"there is no column {field.column}, though the study calls {field.id} per_sample"
        for field in FIELDS
        if (study or {}).get(field.group, {}).get(field.name) == PER_SAMPLE and field.column not in obs.columns
    ]
    failures += [fault for name in obs.columns if name in SAMPLE_FIELDS and (fault := _fault(obs[name], str(name)))]
    if failures:
        shown = "; ".join(failures[:6]) + (" ..." if len(failures) > 6 else "")
        raise InputError(f"{source}: {shown}.")


def _fault(column: pd.Series, name: str) -> str:
    field = SAMPLE_FIELDS[name]
    held = column.dropna()
    words = held.map(_word)
    held, words = held[~words.isin(_UNKNOWN)], words[~words.isin(_UNKNOWN)]
    wrong = numbers_of(words).isna() if field.kind == "number" else ~words.isin(field.levels)
    if field.kind == "text" or not wrong.any():
        return ""
    expected = f"a number in {field.unit}" if field.kind == "number" else f"one of {', '.join(field.levels)}"
    return f"{name} must be {expected}, got {words[wrong].iloc[0]!r} in sample {held.index[wrong][0]}"


def _word(value: Any) -> str:
    """Text of a value; a whole number, however it is held, without its point."""
    if isinstance(value, bool):
        return str(int(value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
