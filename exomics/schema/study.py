"""``study.yaml``: what a study says about itself, checked field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from exomics.errors import InputError
from exomics.schema.study_fields import FIELDS, StudyField

NOT_REPORTED, NOT_APPLICABLE = "not_reported", "not_applicable"


def check_study(study: Mapping[str, Any], source: str = "study.yaml") -> None:
    """Raise one `InputError` that lists every unknown, missing or impossible field of `study`.

    Parameters
    ----------
    study
        Group -> field -> value. A number where the field has a unit, one of its levels where it has levels, else text;
        ``not_reported`` and ``not_applicable`` are always allowed.
    source
        What to call the document in the message.

    Examples
    --------
    >>> check_study(template(species="human"))
    >>> check_study({"study": {"species": "dragon"}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.InputError: study.yaml has ...
    """
    if not isinstance(study, Mapping) or not all(isinstance(group, Mapping) for group in study.values()):
        raise InputError(f"{source} must hold groups of fields; write one with `exomics init`.")
    known = {(field.group, field.name): field for field in FIELDS}
    given = {(str(group), str(name)): value for group, found in study.items() for name, value in found.items()}
    failures = [f"{group}.{name} is no field" for group, name in given if (group, name) not in known]
    failures += [
        f"{group}.{name} is missing (write not_reported)" for group, name in known if (group, name) not in given
    ]
    failures += [problem for key, field in known.items() if key in given and (problem := _problem(field, given[key]))]
    if failures:
        shown = "; ".join(failures[:6]) + (" ..." if len(failures) > 6 else "")
        raise InputError(f"{source} has {len(failures)} faults: {shown}")


def template(**known: str) -> dict[str, dict[str, Any]]:
    """A study document with every field ``not_reported``, but for those of the group ``study`` given in `known`."""
    study: dict[str, dict[str, Any]] = {}
    for field in FIELDS:
        value = known.get(field.name, NOT_REPORTED) if field.group == "study" else NOT_REPORTED
        study.setdefault(field.group, {})[field.name] = value
    return study


def template_text(**known: str) -> str:
    """The template as YAML, each field with its meaning, unit or levels in a comment."""
    lines = ["# What the study says about itself. Every field wants a value, not_reported, or not_applicable."]
    study = template(**known)
    for group, found in study.items():
        lines += ["", f"{group}:"]
        for field in FIELDS:
            if field.group == group:
                hint = f" [{field.unit}]" if field.unit else f" [{', '.join(field.levels)}]" if field.levels else ""
                lines.append(f"  {field.name}: {_scalar(found[field.name])}  # {field.description}{hint}")
    return "\n".join(lines) + "\n"


def _scalar(word: str) -> str:
    """A word as a YAML scalar; quoted unless it is plain text that YAML cannot take for anything else."""
    return word if re.fullmatch(r"[a-z][a-z0-9_]*_[a-z0-9_]+|human|rat|mouse", word) else json.dumps(word)


def completeness(study: Mapping[str, Mapping[str, Any]]) -> float:
    """Fraction of the applicable fields that are reported.

    Examples
    --------
    >>> completeness(template())
    0.0
    """
    values = [value for group in study.values() for value in group.values()]
    applicable = [value for value in values if value != NOT_APPLICABLE]
    reported = [value for value in applicable if value != NOT_REPORTED]
    return len(reported) / len(applicable) if applicable else 1.0


def _problem(field: StudyField, value: Any) -> str:
    name = f"{field.group}.{field.name}"
    if value in (NOT_REPORTED, NOT_APPLICABLE):
        return ""
    if field.kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return f"{name} must be a number in {field.unit}, got {value!r}"
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)  # YAML reads yes as true
    if field.kind == "level" and word not in field.levels:
        return f"{name} must be one of {', '.join(field.levels)}, got {value!r}"
    if value is None or value == "":
        return f"{name} is empty (write not_reported)"
    return ""
