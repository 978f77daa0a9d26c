"""What studies did (FITT and the other fields of ``study.yaml``) as the moderators of a meta-regression."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from exomics.errors import InputError
from exomics.schema.study import NOT_APPLICABLE, NOT_REPORTED
from exomics.schema.study_fields import FIELDS, StudyField


def study_moderators(documents: Mapping[str, Mapping[str, Any]], fields: Sequence[str]) -> pd.DataFrame:
    """Fields of study documents as a table, one row per study.

    Parameters
    ----------
    documents
        Study -> content of its ``study.yaml``: group -> field -> value.
    fields
        Names such as ``fitt.program_weeks`` or ``fitt.type``.

    Returns
    -------
    DataFrame
        One column per field, named without its group: numbers where the field has a unit, else text.

    Raises
    ------
    InputError
        If there is no such field, or a study does not report it.

    Examples
    --------
    >>> from exomics.schema.study import template
    >>> short, long = template(), template()
    >>> short["fitt"]["program_weeks"], long["fitt"]["program_weeks"] = 4, 12
    >>> study_moderators({"a": short, "b": long}, ["fitt.program_weeks"])["program_weeks"].tolist()
    [4.0, 12.0]
    """
    chosen = [_field(name) for name in fields]
    repeated = [field.name for field in chosen if [other.name for other in chosen].count(field.name) > 1]
    if not chosen or repeated:
        raise InputError(f"name each moderator once, such as fitt.program_weeks; got {', '.join(fields) or 'none'}.")
    return pd.DataFrame(
        {field.name: [_value(field, study, documents[study]) for study in documents] for field in chosen},
        index=list(documents),
    )


def _field(name: str) -> StudyField:
    known = {field.id: field for field in FIELDS}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise InputError(f"study.yaml has no field {name!r}; fields are spelled group.name, fitt.program_weeks.{hint}")
    return known[name]


def _value(field: StudyField, study: str, document: Mapping[str, Any]) -> float | str:
    value = document.get(field.group, {}).get(field.name, NOT_REPORTED)
    if value in (NOT_REPORTED, NOT_APPLICABLE):
        raise InputError(
            f"the study {study} does not report {field.id}; fill it in, or leave the study or the moderator out."
        )
    return float(value) if field.kind == "number" else str(value)
