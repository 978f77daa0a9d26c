"""The rows of the score table: one ranking or one conversion for all signatures of a method, then one frame each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics.harmonize import AliasTable
from exomics.registry.signature import DOWN, HOUSEKEEPING, UP, Member, Signature
from exomics.schema import keys, steps_of
from exomics.scoring._compute import Cohort, compute
from exomics.scoring._distinct import distinct_members
from exomics.scoring._scorer import Scorer
from exomics.scoring._species import LocalSignature
from exomics.scoring.coverage import WHOLE_ASSAY, Coverage
from exomics.scoring.features import FLAT, LOCALIZED, LOGS, MeasuredFeatures

TOTAL = "total"
THESE_SAMPLES = "these samples"
_SHOWN = 5


@dataclass(frozen=True)
class _Unit:
    """One row per sample: a whole signature, one of its arms, or one of its members."""

    position: int
    arm: str
    signature: Signature


def score_together(
    cohort: Cohort, members: Mapping[int, LocalSignature], spec: Scorer, aliases: AliasTable | None
) -> dict[int, pd.DataFrame]:
    """Frames of the score table, by the position of the signature, for signatures that share a scorer."""
    listed = [member for local in members.values() for member in local.signature.members]
    identifiers = {member.feature_id: member.cross_reference for member in listed}
    spellings = cohort.features.spellings([member.feature_id for member in listed], aliases, identifiers)
    is_joined = spec.rows != "members"
    distinct = {at: distinct_members(local.signature, spellings if is_joined else {}) for at, local in members.items()}
    units = [
        _Unit(position, arm, part)
        for position, (signature, _) in distinct.items()
        for arm, part in parts_of(_as_listed(signature, spec, cohort.features.names), spec)
    ]
    computed = compute(cohort, spec, [unit.signature for unit in units], spellings)
    frames: dict[int, list[pd.DataFrame]] = {}
    shortfall: dict[int, NDArray[Any]] = {}
    for row, unit in enumerate(units):
        found = computed.coverages[row]
        if unit.arm == TOTAL and unit.signature.groups:
            found = replace(found, shortfall=np.where(found.n_measured == 0, found.shortfall, ""))
        if unit.arm in (UP, DOWN) and unit.position in shortfall:
            found = replace(found, shortfall=shortfall[unit.position])
        shortfall.setdefault(unit.position, found.shortfall)
        unlocalized = _unlocalized(unit.signature, cohort.features)
        told = (unlocalized, distinct[unit.position][1], members[unit.position].note, _flag(cohort, spec))
        note = _note(unit.signature, cohort.features, spellings, told)
        scored = _Scored(spec, found, computed.scores[:, row], computed.undetected[row], unlocalized, note)
        frames.setdefault(unit.position, []).append(_frame(cohort, members[unit.position], unit, scored))
    return {position: pd.concat(parts, ignore_index=True) for position, parts in frames.items()}


def unscored(adata: AnnData, layer: str, signature: Signature, spec: Scorer, reason: str) -> pd.DataFrame:
    """Rows of a signature that does not apply to the species of the samples."""
    n_members = sum(member.arm != HOUSEKEEPING for member in signature.members)
    return pd.DataFrame(
        {
            **_labels(adata),
            "signature_id": signature.id,
            "signature_version": signature.version,
            "arm": TOTAL,
            "method": spec.name,
            "layer": layer,
            "species_mapping": "",
            "reference_id": "",
            "score": np.nan,
            "coverage": np.nan,
            "weight_coverage": np.nan,
            "n_measured": 0,
            "n_members": n_members,
            "n_universe": adata.n_vars,
            "status": "not_applicable",
            "note": reason,
        }
    )


def parts_of(signature: Signature, spec: Scorer) -> list[tuple[str, Signature]]:
    """What a signature has rows for: its members, or the total and its arms, or the total and the sets of a family."""
    if spec.rows == "members":
        return [
            (member.feature_id, replace(signature, members=(member,), checks={}))
            for member in signature.members
            if member.arm != HOUSEKEEPING
        ]
    if signature.groups:
        return _family(signature)
    parts = [(TOTAL, signature)]
    if UP in signature.arms and DOWN in signature.arms:
        for arm in (UP, DOWN):
            chosen = tuple(member for member in signature.members if member.arm in (arm, HOUSEKEEPING))
            parts.append((arm, replace(signature, members=chosen, checks={})))
    return parts


def _family(signature: Signature) -> list[tuple[str, Signature]]:
    """The total, if the document says of which sets it is, and every set."""

    def part(groups: tuple[str, ...]) -> Signature:
        chosen = tuple(member for member in signature.members if member.group in groups)
        total_of = tuple(group for group in signature.total_of if group in groups)
        return replace(signature, members=chosen, total_of=total_of, checks={})

    total = [(TOTAL, part(signature.total_of))] if signature.total_of else []
    return [*total, *((group, part((group,))) for group in signature.groups)]


def _as_listed(signature: Signature, spec: Scorer, names: tuple[str, ...]) -> Signature:
    """`signature`; with every feature of the assay as a member, where the document asks for each of them."""
    if signature.availability != WHOLE_ASSAY or spec.rows != "members":
        return signature
    members = tuple(Member(feature_id=name, evidence=signature.evidence) for name in names)
    return replace(signature, members=members)


def _flag(cohort: Cohort, spec: Scorer) -> str:
    """The flag of a method whose wanted step was not done."""
    if spec.wanted_step is None:
        return ""
    step, flag = spec.wanted_step
    return "" if any(done["step"] == step for done in steps_of(cohort.adata)) else flag


@dataclass(frozen=True)
class _Scored:
    """What is known of one unit in every sample."""

    spec: Scorer
    found: Coverage
    scores: NDArray[np.float64]
    undetected: tuple[str, ...]
    unlocalized: str
    note: str

    def reason_undefined(self) -> str:
        if self.undetected:
            return f"detected in too few samples of the reference: {', '.join(self.undetected)}"
        if self.spec.needs_baseline:
            return "no baseline sample of the subject, or several, or this is it"
        if self.spec.cohort_dependent:
            return "no member varies in the reference: the score needs other samples, or a frozen reference"
        return "the score is not defined for these values"


def _status(cohort: Cohort, scored: _Scored) -> tuple[NDArray[Any], NDArray[Any]]:
    """Status of each sample, and the reason where it is not ok or doubtful."""
    spec, found = scored.spec, scored.found
    is_panel = cohort.n_universe < spec.coverage.universe
    status = np.where(found.shortfall != "", "below_floor", "ok").astype(object)
    status[(found.n_measured == 0) & ~is_panel] = "qc_fail" if scored.unlocalized else "not_measured"
    flat = (status == "ok") & cohort.is_flat
    status[flat] = "qc_fail"
    undefined = (status == "ok") & np.isnan(scored.scores)
    status[undefined] = "below_detection" if scored.undetected else "below_floor"
    reasons = np.where(undefined, scored.reason_undefined(), found.shortfall)
    reasons = np.where((status == "ok") & cohort.seems_log, LOGS, reasons)
    return status, np.where(flat, FLAT, reasons)


def _frame(cohort: Cohort, local: LocalSignature, unit: _Unit, scored: _Scored) -> pd.DataFrame:
    found, note = scored.found, scored.note
    status, reasons = _status(cohort, scored)
    if cohort.layer not in local.signature.layers:
        status[status == "ok"] = "wrong_layer_override"
        override = f"exploratory: listed for {', '.join(local.signature.layers)}, scored on {cohort.layer}"
        note = "; ".join(part for part in (override, note) if part)
    return pd.DataFrame(
        {
            **_labels(cohort.adata),
            "signature_id": local.signature.id,
            "signature_version": local.signature.version,
            "arm": unit.arm,
            "method": scored.spec.name,
            "layer": cohort.layer,
            "species_mapping": local.mapping,
            "reference_id": _reference_id(cohort, scored.spec),
            "score": np.where(np.isin(status, ["ok", "wrong_layer_override"]), scored.scores, np.nan),
            "coverage": found.fraction,
            "weight_coverage": found.weight_fraction,
            "n_measured": found.n_measured,
            "n_members": found.n_members,
            "n_universe": cohort.n_universe,
            "status": status,
            "note": [f"{reason}; {note}" if reason and note else reason or note for reason in reasons],
        }
    )


def _reference_id(cohort: Cohort, spec: Scorer) -> str:
    """The frozen reference of a score, or that the samples are their own; empty where no score depends on others."""
    if not spec.cohort_dependent:
        return ""
    is_frozen = cohort.reference is not None and spec.has_frozen_form
    return cohort.reference.reference_id if cohort.reference is not None and is_frozen else THESE_SAMPLES


def _labels(adata: AnnData) -> dict[str, NDArray[Any]]:
    absent = np.full(adata.n_obs, "", dtype=object)
    labels = {keys.SAMPLE_ID: adata.obs_names.astype(str).to_numpy(dtype=object)}
    for column in (keys.SUBJECT_ID, keys.TIME_POINT):
        known = adata.obs[column] if column in adata.obs.columns else None
        text = absent if known is None else known.astype(object).where(known.notna(), "").astype(str).to_numpy()
        labels[column] = text.astype(object)
    return labels


def _unlocalized(signature: Signature, features: MeasuredFeatures) -> str:
    """Members that are left out because their modification may be on another residue."""
    found = [one.feature_id for one in signature.members if one.feature_id in features.unlocalized]
    known = [(name, features.unlocalized[name]) for name in found[:_SHOWN]]
    shown = ", ".join(f"{name} {value:g}" if value == value else f"{name} unknown" for name, value in known)
    return f"probability of localization {shown}, at least {LOCALIZED} needed" if found else ""


def _note(signature: Signature, features: MeasuredFeatures, spellings: Mapping[str, str], told: tuple[str, ...]) -> str:
    members = [member.feature_id for member in signature.members]
    respelled = [f"{name} measured as {spellings[name]}" for name in members if name in spellings]
    duplicated = [name for name in members if spellings.get(name, name) in features.duplicated]
    more = f" and {len(respelled) - _SHOWN} more" if len(respelled) > _SHOWN else ""
    parts = [", ".join(respelled[:_SHOWN]) + more]
    if duplicated:
        shown = ", ".join(duplicated[:_SHOWN])
        parts.append(f"{len(duplicated)} members measured by several features, highest mean kept ({shown})")
    return "; ".join(part for part in (*parts, *told) if part)
