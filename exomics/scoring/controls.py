"""Matched random sets: what a signature must be compared with before its score means anything."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.registry.signature import HOUSEKEEPING, Signature
from exomics.registry.signature_set import ArmIndex, SignatureSet
from exomics.results.reference import ReferenceTable
from exomics.schema import scale_of
from exomics.scoring._distinct import distinct_members
from exomics.scoring._scorer import Scorer
from exomics.scoring._species import localize
from exomics.scoring.coverage import WHOLE_ASSAY
from exomics.scoring.features import MeasuredFeatures, dense, measured_features
from exomics.scoring.methods import scorer
from exomics.scoring.reference import aligned_reference
from exomics.scoring.scale import to_working_scale
from exomics.stats.correlated_sets import correlated_sets
from exomics.stats.matched_sets import (
    empirical_p_value,
    matched_sets,
    mean_correlations,
    quantile_strata,
    row_p_values,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LEAST_FOR_CORRELATION = 3  # of two samples every correlation is 1 or -1


@dataclass(frozen=True, kw_only=True)
class RandomSets:
    """How random sets are drawn.

    Parameters
    ----------
    seed
        The same seed gives the same sets, and each signature a stream of its own.
    n_sets
        How many sets.
    match_correlation
        Draw sets whose features move together about as much as the members do, around random features
        (`exomics.stats.correlated_sets`). How near they come is in the result.
    of_parts
        Whether in `control_scores` the arms of a signature and the sets of a family get random sets of their own.
    """

    seed: int
    n_sets: int = 1000
    match_correlation: bool = False
    of_parts: bool = True

    def __post_init__(self) -> None:
        if self.n_sets < 1:
            raise InputError(f"at least one random set is needed; got {self.n_sets}.")


@dataclass(frozen=True)
class MatchedControls:
    """Scores of a signature and of random sets matched to it, in the same samples.

    Parameters
    ----------
    sample_ids
        (n_samples,) names.
    observed
        (n_samples,) scores of the measured members of the signature.
    controls
        (n_samples, n_sets) scores of the matched sets.
    correlation
        Mean pairwise correlation of the members.
    control_correlations
        (n_sets,) the same of each matched set.
    seed
        Of the draw.
    """

    sample_ids: tuple[str, ...]
    observed: FloatArray
    controls: FloatArray
    correlation: float
    control_correlations: FloatArray
    seed: int

    def empirical_p(self, statistic: Callable[[FloatArray], FloatArray]) -> tuple[float, FloatArray, float]:
        """The statistic of the signature, that of every control, and the empirical two-sided p-value.

        Parameters
        ----------
        statistic
            From scores (n_samples, n_sets) to one number per set, 0 where there is no effect.

        Returns
        -------
        float
            Statistic of the signature.
        ndarray
            (n_sets,) of the controls.
        float
            ``(1 + #{|control| >= |observed|}) / (1 + n_sets)``.
        """
        observed = float(np.asarray(statistic(self.observed[:, None])).ravel()[0])
        controls = np.asarray(statistic(self.controls), dtype=np.float64).ravel()
        return observed, controls, empirical_p_value(observed, controls)

    def p_values(self) -> FloatArray:
        """(n_samples,) two-sided empirical p-value of each score among the scores of the sets in the same sample."""
        return row_p_values(self.observed, self.controls)


def matched_controls(
    adata: AnnData,
    signature: Signature,
    draw: RandomSets,
    *,
    method: str | None = None,
    aliases: AliasTable | None = None,
    reference: ReferenceTable | None = None,
) -> MatchedControls:
    """Score random sets matched to the measured members of a signature.

    Every member is replaced by a random feature of the same tenth of mean expression (mean of log values), arm by arm,
    never by a member. All sets are scored from one ranking or one conversion.

    Parameters
    ----------
    adata
        Samples x features, as for `score`.
    signature
        The signature.
    draw
        How many sets, from which seed, and whether they are matched on correlation too.
    method
        Scorer; the signature's own if None.
    aliases
        Table of symbols by which a member is found under another spelling.
    reference
        Frozen cohort, as for `score`.

    Returns
    -------
    MatchedControls
        Scores of the signature and of the sets.

    Raises
    ------
    InputError
        If the signature is not one set of features, no member is measured in every sample, a tenth has too few other
        features, or there are too few samples to match correlations.
    ScaleError
        If the scale does not fit the scorer.

    Notes
    -----
    The layer is not checked: controls are for looking hard at a score, an exploratory one above all. The observed score
    uses members measured in every sample, like the controls; samples without a value are left out. Fewer than three
    samples have no correlations.
    """
    spec = scorer(method or signature.score)
    local = _obstacle(signature, spec) or localize(signature, adata, None)
    if isinstance(local, str):
        raise InputError(f"{signature.id}: {local}.")
    chosen = None if reference is None else dict(reference.frame[["feature_name", "feature_id"]].to_numpy())
    features = measured_features(adata, local.column, chosen)
    values = dense(adata, features.columns)
    is_measured = ~np.isnan(values).all(axis=1)
    values = values[is_measured]
    members = _measured_members(local.signature, features, values, aliases)
    sets, correlations = _draw(values if scale_of(adata).kind == "log2" else np.log1p(values), members, draw, signature)
    working = to_working_scale(values, scale_of(adata), spec)
    frozen: dict[str, Any] = {}
    if reference is not None and spec.has_frozen_form:
        frozen["reference"] = aligned_reference(reference, features.names, adata)
    scores = spec.function(working, _as_signatures(sets, members), **spec.parameters, **frozen)
    names = tuple(adata.obs_names.astype(str)[is_measured])
    return MatchedControls(names, scores[:, 0], scores[:, 1:], float(correlations[0]), correlations[1:], draw.seed)


def _obstacle(signature: Signature, spec: Scorer) -> str:
    """Why no random set can stand for `signature`; "" where one can."""
    if spec.rows == "members":
        return f"scored by {spec.name}, member by member: there is no set that a random one could replace"
    if len(signature.groups) > 1:
        return f"a family of {len(signature.groups)} sets: give one set to be matched"
    if spec.whole_groups or spec.needs_baseline or signature.expression:
        return f"{spec.name} is no score of a set: random features would not stand for its members"
    if signature.availability == WHOLE_ASSAY:
        return "every feature is a member: none is left to be drawn"
    return spec.obstacle(signature)


def _draw(
    logs: NDArray[Any], members: SignatureSet, draw: RandomSets, signature: Signature
) -> tuple[IntArray, FloatArray]:
    """The members and the random sets, (n_sets + 1, k) columns, and the mean correlation of each."""
    up, down = members.up.columns, members.down.columns
    columns = np.concatenate([up, down])
    generator = np.random.default_rng([draw.seed, *_stream_of(signature)])
    strata, signs = quantile_strata(logs.mean(axis=0)), np.repeat([1.0, -1.0], [len(up), len(down)])
    if draw.match_correlation and len(logs) < _LEAST_FOR_CORRELATION:
        raise InputError(f"to match correlations takes {_LEAST_FOR_CORRELATION} samples or more; got {len(logs)}.")
    if draw.match_correlation and len(columns) > 1:
        sets = correlated_sets(logs, columns, strata, draw.n_sets, generator, signs=signs)
    else:
        sets = matched_sets(columns, strata, draw.n_sets, generator)
    every = np.vstack([columns, sets])
    return every, _correlations(logs, every, signs)


def _stream_of(signature: Signature) -> NDArray[np.uint32]:
    """Numbers that only this id has: two signatures with one seed get independent sets."""
    return np.frombuffer(hashlib.sha256(signature.id.encode()).digest(), dtype="<u4")


def _measured_members(
    signature: Signature, features: MeasuredFeatures, values: NDArray[Any], aliases: AliasTable | None
) -> SignatureSet:
    """The members that are measured in every sample."""
    names = [member.feature_id for member in signature.members]
    identifiers = {member.feature_id: member.cross_reference for member in signature.members}
    spellings = features.spellings(names, aliases, identifiers)
    signature, _ = distinct_members(signature, spellings)
    complete = ~np.isnan(values).any(axis=0) & (len(values) > 0)
    known = {name for name, is_complete in zip(features.names, complete, strict=True) if is_complete}
    kept = tuple(found for found in signature.members if spellings.get(found.feature_id, found.feature_id) in known)
    if all(found.arm == HOUSEKEEPING for found in kept):
        raise InputError(f"{signature.id}: none of {len(names)} members is measured in every sample; nothing to match.")
    return SignatureSet.build([replace(signature, members=kept, checks={})], features.names, spellings=spellings)


def _correlations(logs: NDArray[Any], sets: IntArray, signs: FloatArray) -> FloatArray:
    """Mean pairwise correlation of each set; a set of one feature has none, nor has any in one or two samples."""
    has_none = sets.shape[1] < 2 or len(logs) < _LEAST_FOR_CORRELATION
    return np.full(len(sets), np.nan) if has_none else mean_correlations(logs, sets, signs)


def _as_signatures(sets: IntArray, members: SignatureSet) -> SignatureSet:
    """Every set in the arms and with the weights of the members, beside the same housekeeping features."""
    n_up, n_sets = len(members.up.columns), len(sets)
    stable = np.tile(members.housekeeping.columns, (n_sets, 1))
    return SignatureSet(
        ids=tuple(f"set_{position}" for position in range(n_sets)),
        up=_arm(sets[:, :n_up], members.up.weights),
        down=_arm(sets[:, n_up:], members.down.weights),
        housekeeping=_arm(stable, members.housekeeping.weights),
        n_features=members.n_features,
    )


def _arm(columns: IntArray, weights: FloatArray) -> ArmIndex:
    n_sets, size = columns.shape
    offsets = np.arange(n_sets + 1, dtype=np.int64) * size
    return ArmIndex(columns.ravel(), offsets, np.tile(weights, n_sets))
