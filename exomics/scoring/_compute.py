"""Scores and coverage of signatures that share a scorer, in blocks of samples where no sample depends on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics.registry.signature import Signature
from exomics.registry.signature_set import SignatureSet
from exomics.results.reference import ReferenceTable
from exomics.schema import keys, scale_of
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import Scorer
from exomics.scoring.coverage import Coverage, coverage_of
from exomics.scoring.features import MeasuredFeatures, blocks, dense, measured_features, sample_levels
from exomics.scoring.reference import aligned_reference
from exomics.scoring.scale import to_working_scale, zero_of


@dataclass(frozen=True)
class Cohort:
    """The samples and their features by one column of names."""

    adata: AnnData
    layer: str
    features: MeasuredFeatures
    n_universe: NDArray[np.int64]
    is_flat: NDArray[np.bool_]
    seems_log: NDArray[np.bool_]
    tells: NDArray[np.bool_]
    reference: ReferenceTable | None = None

    @classmethod
    def of(cls, adata: AnnData, layer: str, column: str, reference: ReferenceTable | None = None) -> Cohort:
        """Collapse duplicates, count the measured features of each sample, and see whether they all have one value."""
        chosen = None if reference is None else dict(reference.frame[["feature_name", "feature_id"]].to_numpy())
        features = measured_features(adata, column, chosen)
        levels = sample_levels(adata, features.columns)
        said = (levels.n_measured, levels.is_flat, levels.seems_log, levels.tells)
        return cls(adata, layer, features, *said, reference)


@dataclass(frozen=True)
class Computed:
    """Of each of n_units signatures: scores, coverage, and members that the reference hardly has.

    Parameters
    ----------
    scores
        (n_samples, n_units).
    coverages
        n_units of them.
    undetected
        For each unit the members below the presence that the method asks of them.
    """

    scores: NDArray[np.float64]
    coverages: list[Coverage]
    undetected: list[tuple[str, ...]]


def compute(cohort: Cohort, spec: Scorer, units: Sequence[Signature], spellings: Mapping[str, str]) -> Computed:
    """Score every unit in every sample.

    A method whose scores depend on the cohort sees all samples at once, without the values of those that carry nothing;
    any other sees them block by block.
    """
    names, columns = _needed(cohort, spec, units, spellings)
    index = SignatureSet.build(units, names, spellings=spellings)
    shown = SignatureSet.build(units, names, spellings=spellings, whole_groups=True) if spec.whole_groups else index
    frozen = _frozen(cohort, spec, names)
    is_together = spec.cohort_dependent and frozen is None
    n_samples = cohort.adata.n_obs
    parts: list[NDArray[np.float64]] = []
    found: list[list[Coverage]] = []
    own: FeatureReference | None = None
    for rows in [slice(0, n_samples)] if is_together else blocks(n_samples, len(columns)):
        measured = _values(cohort, spec, columns, rows)
        values = _telling(measured, cohort, spec) if is_together else measured
        if is_together and spec.has_frozen_form:
            own = own_reference(values[cohort.tells], zero_of(scale_of(cohort.adata)))
        more: dict[str, Any] = {"reference": frozen or own} if spec.has_frozen_form else {}
        if spec.needs_baseline:
            more["baseline"] = _baseline(cohort, spec, columns, rows)
        parts.append(spec.function(values, shown, **spec.parameters, **more))
        found.append(
            [
                coverage_of(unit, spec.coverage, measured, index.only(row), cohort.n_universe[rows])
                for row, unit in enumerate(units)
            ]
        )
    coverages = [Coverage.joined(each) for each in zip(*found, strict=True)]
    undetected = _undetected(frozen or own, spec, (units, names, spellings))
    return Computed(np.concatenate(parts) if parts else np.empty((0, len(units))), coverages, undetected)


def _needed(
    cohort: Cohort, spec: Scorer, units: Sequence[Signature], spellings: Mapping[str, str]
) -> tuple[Sequence[str], NDArray[np.int64]]:
    """The features a kernel needs: every one for a ranking, the members alone otherwise."""
    names, columns = cohort.features.names, cohort.features.columns
    if spec.needs_every_feature:
        return names, columns
    needed = {spellings.get(member.feature_id, member.feature_id) for unit in units for member in unit.members}
    chosen = [position for position, name in enumerate(names) if name in needed]
    return tuple(names[position] for position in chosen), columns[chosen]


def _values(cohort: Cohort, spec: Scorer, columns: NDArray[np.int64], rows: slice) -> NDArray[Any]:
    scale = scale_of(cohort.adata)
    return np.ascontiguousarray(to_working_scale(dense(cohort.adata, columns, rows), scale, spec))


def _telling(values: NDArray[Any], cohort: Cohort, spec: Scorer) -> NDArray[Any]:
    """`values`, missing in samples that carry nothing; as they are for a package that takes no missing values."""
    if spec.requires or cohort.tells.all():
        return values
    return np.where(cohort.tells[:, None], values, np.nan)


def _frozen(cohort: Cohort, spec: Scorer, names: Sequence[str]) -> FeatureReference | None:
    if cohort.reference is None or not spec.has_frozen_form:
        return None
    return aligned_reference(cohort.reference, names, cohort.adata)


def _baseline(cohort: Cohort, spec: Scorer, columns: NDArray[np.int64], rows: slice) -> NDArray[Any]:
    """Values of the subject of each sample at baseline; missing for the baseline itself, and where there is none or
    there are several: nobody says which of them it is."""
    obs = cohort.adata.obs
    baseline = np.full((rows.stop - rows.start, len(columns)), np.nan)
    if not {keys.SUBJECT_ID, keys.TIME_POINT} <= set(obs.columns):
        return baseline
    is_known, is_first = obs[keys.SUBJECT_ID].notna().to_numpy(), (obs[keys.TIME_POINT] == "baseline").to_numpy()
    subjects = obs[keys.SUBJECT_ID].astype(str).to_numpy()
    first = pd.Series(np.flatnonzero(is_first & is_known), subjects[is_first & is_known])
    first = first[~first.index.duplicated(keep=False)]
    for row, at in enumerate(range(rows.start, rows.stop)):
        if not is_first[at] and is_known[at] and subjects[at] in first.index:
            before = int(first[subjects[at]])
            baseline[row] = _values(cohort, spec, columns, slice(before, before + 1))[0]
    return baseline


def _undetected(
    reference: FeatureReference | None, spec: Scorer, of: tuple[Sequence[Signature], Sequence[str], Mapping[str, str]]
) -> list[tuple[str, ...]]:
    units, names, spellings = of
    if reference is None or "presence" not in spec.parameters:
        return [()] * len(units)
    low = {name for name, part in zip(names, reference.detected, strict=True) if part < spec.parameters["presence"]}
    return [
        tuple(
            member.feature_id for member in unit.members if spellings.get(member.feature_id, member.feature_id) in low
        )
        for unit in units
    ]
