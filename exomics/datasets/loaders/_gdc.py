"""A download of the GDC: files found by the sample sheet, verified by the manifest, cases with their clinical data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._sample_options import MONTHS_PER, SAMPLE_OPTIONS, as_mapping, contract_samples
from exomics.datasets.loaders._text_table import read_text_table
from exomics.datasets.loaders.tables import numbers_where_all
from exomics.errors import InputError
from exomics.schema import keys

GDC_OPTIONS: Final[Mapping[str, Any]] = {"sample_id": "Sample ID", **SAMPLE_OPTIONS}
MISSING: Final = ("", "NA", "--", "'--", "not reported", "Not Reported", "unknown", "Unknown")
_CASE: Final = ("case_submitter_id", "cases.submitter_id", "submitter_id")
_TUMOR: Final = ("Tumor", "Metastatic", "Primary Blood Derived Cancer", "Recurrent", "Additional - New Primary")


def gdc_files(files: Mapping[str, Path], options: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The files of a download, one row per sample.

    Parameters
    ----------
    files
        Role ``folder``: the download, flat or one folder per file id; role ``sample_sheet``; optional ``manifest``
        (size and MD5 of each file are verified).
    options
        ``sample_id``: column of the sheet that names the samples.

    Returns
    -------
    tuple
        The rows of the sheet whose file is there, indexed by sample, with ``path``; and the part of the report that
        names rows without file and files without row.

    Raises
    ------
    InputError
        If no file of the sheet is in the folder, two files are of one sample, or a file is not the manifest's.
    """
    sheet_path, folder = files["sample_sheet"], files["folder"]
    sheet = read_text_table(sheet_path, quoted=False, delimiter="\t", needs=("File ID", "File Name", "Case ID")).frame
    column = options["sample_id"]
    if column not in sheet:
        raise InputError(f"{sheet_path} has no column {column!r}; it has {', '.join(sheet.columns)}.")
    found = {(path.parent.name, path.name): path for path in sorted(folder.rglob("*")) if path.is_file()}
    by_name = {name: path for (_, name), path in found.items()}
    pairs = zip(sheet["File ID"], sheet["File Name"], strict=True)
    paths: Any = [found.get((file_id, name), by_name.get(name)) for file_id, name in pairs]
    sheet["path"] = paths
    there = sheet[sheet["path"].notna()]
    if there.empty:
        raise InputError(f"{folder} holds none of the {len(sheet)} files of {sheet_path.name}; give the download.")
    for name in ("Case ID", column):  # one file may list its case several times: "TCGA-1, TCGA-1"
        there = there.assign(**{name: [", ".join(dict.fromkeys(str(word).split(", "))) for word in there[name]]})
    repeated = there[column][there[column].duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"{sheet_path}: {len(repeated)} samples have several files of this folder ({', '.join(repeated[:3])}); "
            "keep one file each, or give the option sample_id='File ID'."
        )
    if "manifest" in files:
        _verify(there, files["manifest"])
    used = set(there["path"])
    report = {
        "sheet_rows_without_file": [str(name) for name in sheet["File Name"][sheet["path"].isna()]],
        "files_without_sheet_row": sum(path not in used for path in found.values()),
        "verified": "manifest" in files,
    }
    return there.set_index(column), report


def _verify(there: pd.DataFrame, manifest: Path) -> None:
    listed = read_text_table(manifest, quoted=False, delimiter="\t", needs=("id", "md5", "size")).frame.set_index("id")
    for file_id, path in zip(there["File ID"], there["path"], strict=True):
        if file_id not in listed.index:
            raise InputError(f"{manifest} does not list {file_id} ({path.name}); give the manifest of this download.")
        expected, content = listed.loc[file_id], path.read_bytes()
        got = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if str(len(content)) != expected["size"] or got != expected["md5"]:
            raise InputError(
                f"{path} is not the file of the manifest: expected {expected['size']} bytes with MD5 "
                f"{expected['md5']}, got {len(content)} with {got}. Fetch it again."
            )


def gdc_samples(
    rows: pd.DataFrame, files: Mapping[str, Path], options: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The contract's obs of the sheet's rows, joined by case to clinical and exposure tables where they are given."""
    sheet = rows.drop(columns=["path"]).rename(columns=lambda name: "_".join(str(name).lower().split()))
    kind = sheet.get("sample_type", sheet.get("tissue_type", pd.Series("", index=sheet.index))).fillna("")
    is_tumor = kind.map(lambda word: any(part in word for part in _TUMOR))
    sheet[keys.SPECIMEN] = ["tumor" if tumor else "blood" if "Blood" in word else "unknown" for word, tumor in
                            zip(kind, is_tumor, strict=True)]  # fmt: skip
    report: dict[str, Any] = {}
    for role in ("clinical", "exposure"):
        if role in files:
            cases, report[role] = gdc_cases(files[role])
            absent = sorted(set(sheet["case_id"]) - set(cases.index))
            report[role] |= {"cases_absent": absent}
            sheet = sheet.join(cases[[name for name in cases if name not in sheet]], on="case_id")
    return contract_samples(sheet, gdc_declared(options), where=str(files["sample_sheet"])), report


def gdc_declared(options: Mapping[str, Any]) -> dict[str, Any]:
    """The sample options, with what the GDC's own columns mean."""
    columns = {keys.SUBJECT_ID: "case_id", keys.STUDY_ID: "project_id", **as_mapping(options["columns"])}
    return {**options, "columns": columns, "constants": {keys.SPECIES: "human", **as_mapping(options["constants"])}}


def gdc_cases(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A clinical or exposure table, one row per case by submitter id.

    Returns
    -------
    tuple
        Columns without any value are dropped; where a case has several rows (one per treatment), distinct values are
        joined by ``; ``. Overall survival from ``vital_status``, ``days_to_death`` and ``days_to_last_follow_up``,
        in months. And the report: columns dropped, columns with several values.
    """
    table = read_text_table(path, quoted=False, delimiter="\t", missing=MISSING, mend=("repeated_names",))
    frame = table.frame.rename(columns=lambda name: str(name).rpartition(".")[2])
    frame = frame.loc[:, ~frame.columns.duplicated()]
    named = [name for name in _CASE if name in table.frame and table.frame[name].notna().any()]
    case = named[0].rpartition(".")[2] if named else None
    if case is None:
        raise InputError(
            f"{path}: expected a column {' or '.join(_CASE)}; it has {', '.join(table.frame.columns[:6])} ..."
        )
    empty = [name for name in frame if frame[name].isna().all()]
    uuid = [name for name in frame if name == "case_id" and name != case]
    held: Any = frame.drop(columns=[*empty, *uuid]).groupby(case, sort=False)
    several = [str(name) for name, counts in held.nunique().items() if (counts > 1).any()]
    cases = held.agg(_joined)
    cases = cases.apply(numbers_where_all).rename(columns={"gender": keys.SEX})
    if "vital_status" in cases:
        cases = cases.join(_survival(cases))
    report = {**table.format.report(), "columns_without_value": len(empty), "columns_with_several_values": several}
    return cases.rename_axis("case_id"), report


def _joined(values: pd.Series) -> Any:
    return "; ".join(dict.fromkeys(values.dropna())) or np.nan


def _survival(cases: pd.DataFrame) -> pd.DataFrame:
    """Months and event: death where the case is dead, else the last follow-up."""

    def days(name: str) -> np.ndarray:
        column = cases[name] if name in cases else pd.Series(np.nan, index=cases.index)
        return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)

    event = cases["vital_status"].map({"Dead": 1.0, "Alive": 0.0}).to_numpy(dtype=float)
    months = np.where(event == 1.0, days("days_to_death"), days("days_to_last_follow_up")) * MONTHS_PER["day"]
    months[np.isnan(event)] = np.nan
    columns = {keys.OVERALL_SURVIVAL_TIME: months, keys.OVERALL_SURVIVAL_EVENT: event}
    return pd.DataFrame(columns, index=cases.index)
