"""A cBioPortal study folder: its meta files, its clinical tables, its case lists, and what breaks the rules in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError

MISSING: Final = (
    "", "NA", "N/A", "[Not Available]", "[Not Applicable]", "[Unknown]", "[Discrepancy]", "[Completed]",
    "[Not Evaluated]", "[Pending]", "Unknown",
)  # fmt: skip


@dataclass
class Study:
    """The files of a study: meta documents, samples, case lists, and sentences on what was skipped or mended."""

    folder: Path
    meta: list[dict[str, str]] = field(default_factory=list)
    study_id: str = ""
    samples: pd.DataFrame = field(default_factory=pd.DataFrame)
    case_lists: dict[str, list[str]] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    def sequenced(self) -> list[str]:
        """Samples of the case lists of sequenced samples."""
        return [name for case, names in self.case_lists.items() if case.endswith("sequenced") for name in names]


def read_study(folder: Path) -> Study:
    """The documents of a study folder; an `InputError` when it has no meta_study.txt."""
    if not (folder / "meta_study.txt").is_file():
        raise InputError(f"{folder} has no meta_study.txt; give the folder of a cBioPortal study.")
    study = Study(folder, study_id=_document(folder / "meta_study.txt").get("cancer_study_identifier", ""))
    skipped: dict[str, str] = {}
    for path in sorted(folder.glob("meta_*.txt")):
        document = {"meta": path.name, **_document(path)}
        name = document.get("data_filename", "")
        if path.name == "meta_study.txt":
            continue
        if not name or Path(name).name != name or not (folder / name).is_file():
            skipped[path.name] = f"its data file {name!r} is not in the folder"
            continue
        study.meta.append(document)
    study.samples = _clinical(study)
    lists = {path.stem: _document(path) for path in sorted((folder / "case_lists").glob("*.txt"))}
    for stem, document in lists.items():
        name = document.get("stable_id", stem).removeprefix(f"{study.study_id}_")
        study.case_lists[name] = document.get("case_list_ids", "").split()
    known = set(study.samples.index)
    unknown = {name: sum(sample not in known for sample in ids) for name, ids in study.case_lists.items()}
    study.report = {"skipped": skipped, "case_list_samples_not_clinical": {k: n for k, n in unknown.items() if n}}
    return study


def _document(path: Path) -> dict[str, str]:
    """``key: value`` per line."""
    lines, _ = lines_of(path)
    pairs = [line.partition(":") for line in lines if ":" in line and not line.startswith("#")]
    return {key.strip(): value.strip() for key, _, value in pairs}


def _clinical(study: Study) -> pd.DataFrame:
    """One row per sample: its own attributes, then those of its patient."""
    tables: dict[str, pd.DataFrame] = {}
    for document in study.meta:
        if document.get("genetic_alteration_type") == "CLINICAL" and document.get("datatype") != "TIMELINE":
            kind = document.get("datatype", "")
            path = study.folder / document["data_filename"]
            needs = ("SAMPLE_ID", "PATIENT_ID") if kind == "SAMPLE_ATTRIBUTES" else ("PATIENT_ID",)
            tables[kind] = read_text_table(
                path, quoted=False, delimiter="\t", comment="#", missing=MISSING, needs=needs
            ).frame
    if "SAMPLE_ATTRIBUTES" not in tables:
        raise InputError(f"{study.folder} has no table of samples (datatype SAMPLE_ATTRIBUTES); a study needs one.")
    samples = tables["SAMPLE_ATTRIBUTES"].drop_duplicates("SAMPLE_ID").set_index("SAMPLE_ID")
    if "PATIENT_ATTRIBUTES" in tables:
        patients = tables["PATIENT_ATTRIBUTES"].drop_duplicates("PATIENT_ID").set_index("PATIENT_ID")
        added = patients[[name for name in patients if name not in samples]]
        samples = samples.join(added, on="PATIENT_ID")
    return samples
