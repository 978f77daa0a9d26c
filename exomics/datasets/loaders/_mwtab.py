"""Files of the Metabolomics Workbench: mwTab text, mwTab as JSON, and the JSON of its REST service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._lines import lines_of
from exomics.errors import InputError

_SECTIONS: Final = ("MS_METABOLITE_DATA", "NMR_METABOLITE_DATA", "NMR_BINNED_DATA")
_NONE: Final = ("", "-", "NA", "N/A")
_REST: Final = ("metabolite_name", "DATA")


@dataclass(frozen=True)
class Workbench:
    """Fields as text (metabolites x samples), the samples' factors, the metabolites' columns, units and header."""

    fields: pd.DataFrame
    samples: pd.DataFrame
    metabolites: pd.DataFrame
    units: str
    header: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_workbench(path: Path) -> Workbench:
    """One analysis, or the analyses of a REST answer.

    Parameters
    ----------
    path
        mwTab text, or JSON.

    Returns
    -------
    Workbench

    Raises
    ------
    InputError
        If the file is neither, or has no table of metabolites.
    """
    lines, notes = lines_of(path)
    first = next((line.strip() for line in lines if line.strip()), "")
    if not first.startswith(("{", "[")):
        return _from_text(lines, path, notes)
    try:
        held = json.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not whole JSON ({error}); fetch it again.") from error
    try:
        return _from_json(held, path)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is no JSON of the Metabolomics Workbench ({error!r}); fetch it again.") from error


def _from_text(lines: Sequence[str], path: Path, notes: tuple[str, ...]) -> Workbench:
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()]
    tables = {name: _between(rows, name) for name in (*_SECTIONS, "METABOLITES")}
    name = next((section for section in _SECTIONS if tables[section]), None)
    if name is None:
        raise InputError(
            f"{path}: expected mwTab with a table between MS_METABOLITE_DATA_START and _END; there is none. "
            "Untargeted results kept in a file of their own are loaded from that file."
        )
    (_, head), *body = tables[name]
    samples = [word.strip() for word in head[1:] if word.strip()]
    body = [(number, row) for number, row in body if row[0].strip() not in ("Factors", "")]
    for number, row in body:
        if len(row) > len(samples) + 1 and any(word.strip() for word in row[len(samples) + 1 :]):
            raise InputError(
                f"{path}: line {number} has {len(row)} fields, the samples {len(samples)}; fetch it again."
            )
    fields = pd.DataFrame(
        [(row[1:] + [""] * len(samples))[: len(samples)] for _, row in body],
        index=[row[0].strip() for _, row in body],
        columns=samples,
        dtype=object,
    )
    factors = [row for _, row in rows if row[0].strip().startswith("SUBJECT_SAMPLE_FACTORS") and len(row) > 3]
    units = next((row[-1].strip() for _, row in rows if row[0].startswith(f"{name}:UNITS")), "")
    header = {row[0].strip(): row[-1].strip() for _, row in rows if ":" in row[0] and len(row) > 1}
    return Workbench(
        fields.map(_field),
        _factors([{"Subject ID": row[1], "Sample ID": row[2], "Factors": _pairs(row[3])} for row in factors]),
        _described(tables["METABOLITES"]),
        units,
        header,
        notes,
    )


def _between(rows: Sequence[tuple[int, list[str]]], name: str) -> list[tuple[int, list[str]]]:
    """The rows between ``<name>_START`` and ``<name>_END``."""
    words = [row[0].strip() for _, row in rows]
    if f"{name}_START" not in words or f"{name}_END" not in words:
        return []
    return list(rows[words.index(f"{name}_START") + 1 : words.index(f"{name}_END")])


def _pairs(text: str) -> dict[str, str]:
    """``Genotype:wild | Dose:5`` as a mapping."""
    parts = [part.partition(":") for part in text.split("|") if ":" in part]
    return {name.strip(): value.strip() for name, _, value in parts}


def _described(table: Sequence[tuple[int, list[str]]]) -> pd.DataFrame:
    if not table:
        return pd.DataFrame()
    head = [word.strip() for word in table[0][1]]
    rows = [(row + [""] * len(head))[: len(head)] for _, row in table[1:]]
    return _by_name(pd.DataFrame(rows, columns=head, dtype=object))


def _by_name(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of the metabolites by their name; the first row of a name holds."""
    if frame.empty:
        return pd.DataFrame()
    frame = frame.loc[:, ~frame.columns.duplicated()]
    name = next(
        (column for column in ("Metabolite", "metabolite_name", "metabolite name") if column in frame), frame.columns[0]
    )
    distinct = frame.drop_duplicates(name).set_index(name)
    return distinct.map(lambda word: _field(word)).set_axis(distinct.index.astype(str), axis=0)


def _field(value: Any) -> Any:
    """A field as text, missing as NaN."""
    text = "" if value is None else str(value).strip()
    return np.nan if text in _NONE else text


def _factors(entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "subject": _field(entry.get("Subject ID")),
            "sample": str(entry["Sample ID"]).strip(),
            **dict(entry["Factors"]),
        }
        for entry in entries
    ]
    frame = pd.DataFrame(rows, dtype=object)
    return frame.drop_duplicates("sample").set_index("sample") if len(frame) else pd.DataFrame()


def _from_json(held: Any, path: Path) -> Workbench:
    entries = list(held.values()) if isinstance(held, dict) and "METABOLOMICS WORKBENCH" not in held else held
    if isinstance(entries, dict):
        return _from_mwtab_json(entries, path)
    if isinstance(held, dict) and set(_REST) <= set(held):
        entries = [held]
    return _from_rest(entries, path)


def _from_mwtab_json(held: Mapping[str, Any], path: Path) -> Workbench:
    name = next((section for section in _SECTIONS if held.get(section)), None)
    if name is None:
        raise InputError(f"{path}: expected one of the sections {', '.join(_SECTIONS)}; there is none.")
    section = held[name]
    rows = [dict(row) for row in section["Data"]]
    key = "Metabolite" if rows and "Metabolite" in rows[0] else next(iter(rows[0]))
    names = [str(row.pop(key)).strip() for row in rows]
    fields = pd.DataFrame(rows, index=names, dtype=object).map(_field)
    header = {str(word): str(value) for word, value in held["METABOLOMICS WORKBENCH"].items()}
    described = _by_name(pd.DataFrame(section.get("Metabolites", []), dtype=object))
    factors = _factors(held.get("SUBJECT_SAMPLE_FACTORS", []))
    return Workbench(fields, factors, described, str(section.get("Units", "")), header)


def _from_rest(entries: Sequence[Mapping[str, Any]], path: Path) -> Workbench:
    """Rows of the REST service; a metabolite of several analyses is called ``<name>|<analysis>``."""
    rows = [dict(entry) for entry in entries]
    names = pd.Series([str(row["metabolite_name"]).strip() for row in rows], dtype=object)
    analyses = pd.Series([str(row.get("analysis_id", "")) for row in rows], dtype=object)
    labels = names.where(~names.duplicated(keep=False), names + "|" + analyses)
    fields = pd.DataFrame([row["DATA"] for row in rows], index=list(labels), dtype=object).map(_field)
    kept = [{word: value for word, value in row.items() if word != "DATA"} for row in rows]
    described = pd.DataFrame(kept, dtype=object).assign(Metabolite=list(labels))
    units = sorted({str(row.get("units", "")) for row in rows})
    header = {"STUDY_ID": str(rows[0].get("study_id", ""))}
    return Workbench(fields, pd.DataFrame(), _by_name(described), "; ".join(units), header)
