"""What a report shows, read from the files of a run: columns say what a file is, its sidecar what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from exomics.datasets import fetch, published_differential, read_data
from exomics.datasets.loaders.motrpac_published import PUBLISHED_TABLES
from exomics.errors import InputError
from exomics.publish.report.content import Cohort, ReportContent, Study, Trial
from exomics.publish.steps import collect
from exomics.registry.manifest import all_manifests
from exomics.registry.signature import Signature, read_signature
from exomics.results import BenefitTable, DifferentialTable, PerformanceTable, Provenance, ScoreTable, read_differential
from exomics.results.provenance import sidecar_of
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.results.selection import SelectionTable
from exomics.validation.agreement import paired_deviates

# Methods whose performance is that of a model, not of a score, and where it belongs.
_OF_MODELS = {
    "cross_validate": "classifiers",
    "leave_one_cohort_out": "classifiers",
    "treatment_scores": "rankings",
}
_ENDPOINTS = ("time_point", "os_time_months", "os_event", "pfs_time_months", "pfs_event", "response")


@dataclass
class _Parts:
    """Files by kind; studies and cohorts are keyed by the file that they were made from, trials by their folder."""

    differential: dict[Path, DifferentialTable] = field(default_factory=dict)
    agreement: dict[Path, pd.DataFrame] = field(default_factory=dict)
    signatures: dict[Path, Signature] = field(default_factory=dict)
    scores: dict[Path, list[ScoreTable]] = field(default_factory=dict)
    associations: list[PerformanceTable] = field(default_factory=list)
    heterogeneity: dict[Path, HeterogeneityTable] = field(default_factory=dict)
    subjects: dict[Path, ResponseTable] = field(default_factory=dict)
    classifiers: list[PerformanceTable] = field(default_factory=list)
    selections: list[SelectionTable] = field(default_factory=list)
    benefits: list[BenefitTable] = field(default_factory=list)
    rankings: list[PerformanceTable] = field(default_factory=list)
    controls: list[pd.DataFrame] = field(default_factory=list)
    recovery: list[pd.DataFrame] = field(default_factory=list)
    acknowledgments: list[str] = field(default_factory=list)


def read_content(files: Sequence[Path], *, title: str, question: str = "", verification: str = "") -> ReportContent:
    """Read the files of a run into the content of a report.

    Parameters
    ----------
    files
        Tables (``.tsv``) and signatures (``.yaml``) with their sidecars, in any order. A differential table is a study,
        and its agreement and its signature are found by the record of what they were made from; score tables of one
        data file are one cohort.
    title, question, verification
        As in `ReportContent`.

    Returns
    -------
    ReportContent
        Ready for `build_report`.

    Raises
    ------
    InputError
        If a file is of no known kind.
    """
    parts = _Parts()
    for file in files:
        _take(file.resolve(), parts)
    plan = collect(files, {})
    return ReportContent(
        title=title,
        question=question,
        studies=tuple(_study(path, table, parts) for path, table in parts.differential.items()),
        cohorts=tuple(_cohort(path, tables) for path, tables in parts.scores.items()),
        associations=_joined(parts.associations),
        trials=tuple(
            Trial(trial_id=folder.name, heterogeneity=table, subjects=parts.subjects.get(folder))
            for folder, table in parts.heterogeneity.items()
        ),
        classifiers=tuple(parts.classifiers),
        selections=tuple(parts.selections),
        benefits=tuple(parts.benefits),
        rankings=tuple(parts.rankings),
        controls=_rows_of(parts.controls),
        recovery=_rows_of(parts.recovery),
        acknowledgments=tuple(plan.acknowledgments),
        commands=tuple(plan.command_lines()),
        verification=verification,
    )


def _take(file: Path, parts: _Parts) -> None:
    if file.suffix == ".yaml":
        parts.signatures[_first_input(file)] = read_signature(file)
        return
    with file.open(encoding="utf-8") as stream:
        columns = frozenset(stream.readline().rstrip("\n").split("\t"))
    for known, take in _KINDS.items():
        if known <= columns:
            take(file, parts)
            return
    raise InputError(
        f"{file.name} is no table that a report shows; give signatures and differential, agreement, score, "
        "performance, heterogeneity, response, selection, benefit or recovery tables."
    )


def _take_differential(file: Path, parts: _Parts) -> None:
    parts.differential[file] = read_differential(file)


def _take_agreement(file: Path, parts: _Parts) -> None:
    parts.agreement[_first_input(file)] = pd.read_csv(file, sep="\t")


def _take_scores(file: Path, parts: _Parts) -> None:
    parts.scores.setdefault(_first_input(file), []).append(ScoreTable.from_tsv(file))


def _take_performance(file: Path, parts: _Parts) -> None:
    table = PerformanceTable.from_tsv(file)
    getattr(parts, _OF_MODELS.get(table.provenance.method, "associations")).append(table)


def _take_heterogeneity(file: Path, parts: _Parts) -> None:
    parts.heterogeneity[file.parent] = HeterogeneityTable.from_tsv(file)


def _take_subjects(file: Path, parts: _Parts) -> None:
    parts.subjects[file.parent] = ResponseTable.from_tsv(file)


def _take_selection(file: Path, parts: _Parts) -> None:
    parts.selections.append(SelectionTable.from_tsv(file))


def _take_benefit(file: Path, parts: _Parts) -> None:
    parts.benefits.append(BenefitTable.from_tsv(file))


def _take_controls(file: Path, parts: _Parts) -> None:
    parts.controls.append(pd.read_csv(file, sep="\t"))


def _take_recovery(file: Path, parts: _Parts) -> None:
    parts.recovery.append(pd.read_csv(file, sep="\t", keep_default_na=True).fillna({"note": "", "unit": ""}))


_KINDS: Mapping[frozenset[str], Callable[[Path, _Parts], None]] = {
    frozenset(DifferentialTable.columns): _take_differential,
    frozenset({"published_file", "max_abs_dz"}): _take_agreement,
    frozenset(ScoreTable.columns): _take_scores,
    frozenset(PerformanceTable.columns): _take_performance,
    frozenset(HeterogeneityTable.columns): _take_heterogeneity,
    frozenset(ResponseTable.columns): _take_subjects,
    frozenset(SelectionTable.columns): _take_selection,
    frozenset(BenefitTable.columns): _take_benefit,
    frozenset({"signature_id", "cohort_id", "control", "estimate"}): _take_controls,
    frozenset({"quantity", "truth", "found"}): _take_recovery,
}


def _first_input(file: Path) -> Path:
    """The file that `file` was made from."""
    step: Mapping[str, Any] = Provenance.read(file).step if sidecar_of(file).is_file() else {}
    if not step.get("inputs"):
        raise InputError(f"{file.name} does not say what it was made from; write it with an exomics command.")
    return (file.parent / step["inputs"][0]["path"]).resolve()


def _study(path: Path, table: DifferentialTable, parts: _Parts) -> Study:
    signature = parts.signatures.get(path)
    derived: Mapping[str, Any] = signature.provenance if signature else {}
    agreement = parts.agreement.get(path)
    return Study(
        study_id=path.stem,
        differential=table,
        contrasts=tuple(derived.get("contrasts", ())),
        agreement=agreement,
        z_pairs=None if agreement is None else _pairs(table, str(agreement["published_file"].iloc[0])),
        signature=signature,
    )


def _pairs(table: DifferentialTable, dataset: str) -> pd.DataFrame | None:
    """Rows of both tables; None if the published one is a user's own file, which has no manifest."""
    if dataset not in {manifest.id for manifest in all_manifests()}:
        return None
    path = fetch(dataset, roles=["published"])["published"]
    published = pd.concat([published_differential(path, name) for name in PUBLISHED_TABLES], ignore_index=True)
    return paired_deviates(table, published)


def _cohort(path: Path, tables: Sequence[ScoreTable]) -> Cohort:
    obs = read_data(path).obs if path.is_file() else pd.DataFrame()
    known = [name for name in _ENDPOINTS if name in obs.columns]
    return Cohort(cohort_id=path.stem, scores=tuple(tables), outcomes=obs[known] if known else None)


def _rows_of(frames: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """The rows of all frames; None where no frame has any."""
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else None


def _joined(tables: Sequence[PerformanceTable]) -> PerformanceTable | None:
    if not tables:
        return None
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    return PerformanceTable(frame=frame, provenance=tables[0].provenance)
