"""``study.yaml``: what a study says about itself, checked field by field."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from exomics.errors import InputError
from exomics.schema.study_fields import FIELDS, StudyField

NOT_REPORTED, NOT_APPLICABLE, PER_SAMPLE = "not_reported", "not_applicable", "per_sample"

_SHOWN = 6


def check_study(study: Mapping[str, Any], source: str = "study.yaml", *, strict: bool = False) -> None:
    """Raise one `InputError` that lists every unknown, missing or impossible field of `study`.

    Parameters
    ----------
    study
        Group -> field -> value. A number where the field has a unit, one of its levels where it has levels, else text;
        ``not_reported`` and ``not_applicable`` are always allowed, ``per_sample`` where the sample sheet has a column
        for the field.
    source
        What to call the document in the message.
    strict
        Refuse ``not_reported`` in the fields that a claim about exercise needs: type, frequency, intensity, time,
        length and comparator (FITT, CERT).

    Raises
    ------
    InputError
        With one line that names the faults.

    Examples
    --------
    >>> check_study(template(species="human"))
    >>> check_study({"study": {"species": "dragon"}})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.InputError: study.yaml: missing, write not_reported: study.title, ...
    """
    if not isinstance(study, Mapping) or not all(isinstance(group, Mapping) for group in study.values()):
        raise InputError(f"{source} must hold groups of fields; write one with `exomics init`.")
    known = {field.id: field for field in FIELDS}
    given = {f"{group}.{name}": value for group, found in study.items() for name, value in found.items()}
    failures = [_unknown(given, known), _missing(given, known)]
    failures += [problem_of(field, given[name]) for name, field in known.items() if name in given]
    if strict:
        failures.append(_unreported(given))
    shown = [failure for failure in failures if failure]
    if shown:
        raise InputError(f"{source}: {'; '.join(shown[:_SHOWN])}{' ...' if len(shown) > _SHOWN else ''}.")


def _unknown(given: Collection[str], known: Collection[str]) -> str:
    unknown = [name for name in given if name not in known]
    close = {name: difflib.get_close_matches(name, known, n=1) for name in unknown[:_SHOWN]}
    hints = [f"{name} (did you mean {found[0]}?)" if found else name for name, found in close.items()]
    return f"no such field: {_and_more(hints, len(unknown))}" if unknown else ""


def _missing(given: Collection[str], known: Collection[str]) -> str:
    missing = [name for name in known if name not in given]
    return f"missing, write not_reported: {_and_more(missing[:_SHOWN], len(missing))}" if missing else ""


def _unreported(given: Mapping[str, Any]) -> str:
    unreported = [field.id for field in FIELDS if field.required and given.get(field.id) == NOT_REPORTED]
    if not unreported:
        return ""
    return f"not reported, though strict asks for it: {', '.join(unreported)} (`exomics catalog fields` explains each)"


def _and_more(shown: Sequence[str], n: int) -> str:
    return ", ".join(shown) + (f" and {n - len(shown)} more" if n > len(shown) else "")


def template(columns: Collection[str] = (), **known: str) -> dict[str, dict[str, Any]]:
    """A study document with every field ``not_reported``; ``not_applicable`` those of another species.

    Parameters
    ----------
    columns
        Columns of the sample sheet: a field that has one of them is ``per_sample``.
    **known
        Values of fields of the group ``study``.

    Returns
    -------
    dict
        Group -> field -> value.

    Examples
    --------
    >>> template(["strain"], species="mouse")["host"]["strain"]
    'per_sample'
    """
    foreign = {"": "", "human": "host"}.get(known.get("species", ""), "patient")
    study: dict[str, dict[str, Any]] = {}
    for field in FIELDS:
        value = PER_SAMPLE if field.column in columns else NOT_REPORTED
        if field.group == "study":
            value = known.get(field.name, value)
        study.setdefault(field.group, {})[field.name] = NOT_APPLICABLE if field.group == foreign else value
    return study


def template_text(columns: Collection[str] = (), **known: str) -> str:
    """The template as YAML, each field with its meaning, unit or levels in a comment."""
    lines = ["# What the study says about itself. Every field wants a value, not_reported, or not_applicable;"]
    lines += [
        "# per_sample where the column named in braces of the sample sheet holds it. (*) A strict check needs it."
    ]
    study = template(columns, **known)
    for group, found in study.items():
        lines += ["", f"{group}:"]
        for field in FIELDS:
            if field.group == group:
                lines.append(f"  {field.name}: {_scalar(found[field.name])}  # {explain(field)}")
    return "\n".join(lines) + "\n"


def explain(field: StudyField) -> str:
    """Meaning of a field, with its unit or levels in brackets and its column of the sample sheet in braces.

    Examples
    --------
    >>> explain(FIELDS[1])
    'Species [human, rat, mouse] {species}'
    """
    hint = f" [{field.unit}]" if field.unit else f" [{', '.join(field.levels)}]" if field.levels else ""
    column = f" {{{field.column}}}" if field.column else ""
    return f"{field.description}{hint}{column}{' (*)' if field.required else ''}"


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


def number_of(study: Mapping[str, Mapping[str, Any]], group: str, name: str) -> float | None:
    """The number that a study gives in a field; None where it is not reported, not applicable or per sample.

    Parameters
    ----------
    study
        A checked study.
    group, name
        The field.

    Returns
    -------
    float or None
        In the unit of the field.

    Examples
    --------
    >>> number_of({"fitt": {"program_weeks": 8}}, "fitt", "program_weeks")
    8.0
    """
    value = study.get(group, {}).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def word_of(study: Mapping[str, Mapping[str, Any]], group: str, name: str) -> str:
    """The word that a study gives in a field; "" where it is not reported, not applicable or per sample.

    Parameters
    ----------
    study
        A checked study.
    group, name
        The field.

    Returns
    -------
    str
        As given.

    Examples
    --------
    >>> word_of({"host": {"strain": "not_reported"}}, "host", "strain")
    ''
    """
    value = study.get(group, {}).get(name, NOT_REPORTED)
    return "" if value in (NOT_REPORTED, NOT_APPLICABLE, PER_SAMPLE) else str(value)


def problem_of(field: StudyField, value: Any) -> str:
    """What is wrong with the value of a field; "" if nothing is.

    Examples
    --------
    >>> problem_of(FIELDS[1], "dragon")
    "study.species must be one of human, rat, mouse, got 'dragon'"
    """
    name = field.id
    if value in (NOT_REPORTED, NOT_APPLICABLE):
        return ""
    if value == PER_SAMPLE:
        return "" if field.column else f"{name} cannot differ by sample; give its value or not_reported"
    if field.kind == "number" and not _is_amount(value):
        return f"{name} must be a number in {field.unit}, 0 or more, got {value!r}"
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)  # YAML reads yes as true
    if field.kind == "level" and word not in field.levels:
        return f"{name} must be one of {', '.join(field.levels)}, got {value!r}"
    if value is None or value == "":
        return f"{name} is empty (write not_reported)"
    return ""


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
