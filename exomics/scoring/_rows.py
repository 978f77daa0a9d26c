"""The rows of the score table: one ranking or one conversion for all signatures of a method, then one frame each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics.harmonize import AliasTable
from exomics.registry.signature import DOWN, HOUSEKEEPING, UP, Signature
from exomics.registry.signature_set import SignatureSet
from exomics.schema import keys, scale_of
from exomics.scoring._distinct import distinct_members
from exomics.scoring._scorer import Scorer
from exomics.scoring._species import LocalSignature
from exomics.scoring.coverage import Coverage, coverage_of
from exomics.scoring.features import MeasuredFeatures, dense, measured_features
from exomics.scoring.scale import to_working_scale

TOTAL = "total"
_SHOWN = 5


@dataclass(frozen=True)
class Cohort:
    """The samples and their features by one column of names."""

    adata: AnnData
    layer: str
    features: MeasuredFeatures
    n_universe: NDArray[np.int64]
    is_flat: NDArray[np.bool_]

    @classmethod
    def of(cls, adata: AnnData, layer: str, column: str) -> Cohort:
        """Collapse duplicates, count the measured features of each sample, and see whether they all have one value."""
        features = measured_features(adata, column)
        values = dense(adata, features.columns)
        n_measured = (~np.isnan(values)).sum(axis=1).astype(np.int64)
        is_flat = (n_measured > 1) & (np.fmin.reduce(values, axis=1) == np.fmax.reduce(values, axis=1))
        return cls(adata, layer, features, n_measured, is_flat)


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
    names = [member.feature_id for local in members.values() for member in local.signature.members]
    spellings = cohort.features.spellings(names, aliases)
    is_joined = spec.rows != "members"
    distinct = {at: distinct_members(local.signature, spellings if is_joined else {}) for at, local in members.items()}
    units = [unit for position, (signature, _) in distinct.items() for unit in _units(position, signature, spec)]
    values, features = _values(cohort, spec, {spellings.get(name, name) for name in names})
    index = SignatureSet.build([unit.signature for unit in units], features, spellings=spellings)
    scores = spec.function(values, index, **spec.parameters)
    frames: dict[int, list[pd.DataFrame]] = {}
    shortfall: dict[int, NDArray[Any]] = {}
    for row, unit in enumerate(units):
        found = coverage_of(unit.signature, spec.coverage, values, index.only(row), cohort.n_universe)
        if unit.arm in (UP, DOWN) and unit.position in shortfall:
            found = replace(found, shortfall=shortfall[unit.position])
        shortfall.setdefault(unit.position, found.shortfall)
        told = (distinct[unit.position][1], members[unit.position].note)
        note = _note(unit.signature, cohort.features, spellings, told)
        local = members[unit.position]
        frames.setdefault(unit.position, []).append(_frame(cohort, local, unit, (spec, found, scores[:, row], note)))
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


def _units(position: int, signature: Signature, spec: Scorer) -> list[_Unit]:
    if spec.rows == "members":
        return [
            _Unit(position, member.feature_id, replace(signature, members=(member,), checks={}))
            for member in signature.members
            if member.arm != HOUSEKEEPING
        ]
    units = [_Unit(position, TOTAL, signature)]
    if UP in signature.arms and DOWN in signature.arms:
        for arm in (UP, DOWN):
            chosen = tuple(member for member in signature.members if member.arm in (arm, HOUSEKEEPING))
            units.append(_Unit(position, arm, replace(signature, members=chosen, checks={})))
    return units


def _values(cohort: Cohort, spec: Scorer, needed: set[str]) -> tuple[NDArray[Any], Sequence[str]]:
    """The values a kernel needs: every feature for a ranking, the members alone otherwise."""
    names, columns = cohort.features.names, cohort.features.columns
    if spec.works_on != "any":
        chosen = [position for position, name in enumerate(names) if name in needed]
        names, columns = tuple(names[position] for position in chosen), columns[chosen]
    values = to_working_scale(dense(cohort.adata, columns), scale_of(cohort.adata), spec)
    return np.ascontiguousarray(values), names


def _frame(
    cohort: Cohort, local: LocalSignature, unit: _Unit, scored: tuple[Scorer, Coverage, NDArray[np.float64], str]
) -> pd.DataFrame:
    spec, found, scores, note = scored
    is_listed = cohort.layer in local.signature.layers
    is_panel = cohort.n_universe < spec.coverage.universe
    status = np.where(found.shortfall != "", "below_floor", "ok")
    status = np.where((found.n_measured == 0) & ~is_panel, "not_measured", status)
    undefined = (status == "ok") & np.isnan(scores)
    status = np.where(undefined, "below_floor", status)
    flat = (status == "ok") & cohort.is_flat & (spec.works_on == "any")
    status = np.where(flat, "qc_fail", status)
    override = f"exploratory: listed for {', '.join(local.signature.layers)}, scored on {cohort.layer}"
    if not is_listed:
        status = np.where(status == "ok", "wrong_layer_override", status)
        note = "; ".join(part for part in (override, note) if part)
    reasons = np.where(undefined, "the score is not defined for these values", found.shortfall)
    reasons = np.where(flat, "every measured feature has the same value: there is nothing to rank", reasons)
    return pd.DataFrame(
        {
            **_labels(cohort.adata),
            "signature_id": local.signature.id,
            "signature_version": local.signature.version,
            "arm": unit.arm,
            "method": spec.name,
            "layer": cohort.layer,
            "species_mapping": local.mapping,
            "reference_id": "",
            "score": np.where(np.isin(status, ["ok", "wrong_layer_override"]), scores, np.nan),
            "coverage": found.fraction,
            "weight_coverage": found.weight_fraction,
            "n_measured": found.n_measured,
            "n_members": found.n_members,
            "n_universe": cohort.n_universe,
            "status": status,
            "note": [f"{reason}; {note}" if reason and note else reason or note for reason in reasons],
        }
    )


def _labels(adata: AnnData) -> dict[str, NDArray[Any]]:
    absent = np.full(adata.n_obs, "", dtype=object)
    labels = {keys.SAMPLE_ID: adata.obs_names.astype(str).to_numpy(dtype=object)}
    for column in (keys.SUBJECT_ID, keys.TIME_POINT):
        known = adata.obs[column] if column in adata.obs.columns else None
        text = absent if known is None else known.astype(object).where(known.notna(), "").astype(str).to_numpy()
        labels[column] = text.astype(object)
    return labels


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
