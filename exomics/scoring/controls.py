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
from exomics.schema import scale_of
from exomics.scoring._distinct import distinct_members
from exomics.scoring._species import localize
from exomics.scoring.features import MeasuredFeatures, dense, measured_features
from exomics.scoring.methods import scorer
from exomics.scoring.scale import to_working_scale
from exomics.stats.matched_sets import empirical_p_value, matched_sets, mean_correlations, quantile_strata

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_OVERSAMPLING = 5


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


def matched_controls(
    adata: AnnData,
    signature: Signature,
    *,
    seed: int,
    method: str | None = None,
    n_sets: int = 1000,
    match_correlation: bool = False,
    aliases: AliasTable | None = None,
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
    seed
        Of the draw; the same seed gives the same sets, and each signature a stream of its own.
    method
        Scorer; the signature's own if None.
    n_sets
        How many sets.
    match_correlation
        Draw five times as many and keep those whose mean pairwise correlation is nearest to that of the members. How
        near they come is in the result: a coherent set may have no random match.
    aliases
        Table of symbols by which a member is found under another spelling.

    Returns
    -------
    MatchedControls
        Scores of the signature and of the sets.

    Raises
    ------
    InputError
        If no member is measured in every sample, or a tenth has too few other features.
    ScaleError
        If the scale does not fit the scorer.

    Notes
    -----
    The layer is not checked: controls are for looking hard at a score, an exploratory one above all. The observed score
    uses members measured in every sample, like the controls.
    """
    spec = scorer(method or signature.score)
    local = spec.obstacle(signature) or localize(signature, adata, None)
    if isinstance(local, str):
        raise InputError(f"{signature.id}: {local}.")
    if spec.rows == "members":
        raise InputError(f"{signature.id} is scored by {spec.name}: there is no set that a random one could replace.")
    if signature.groups:
        raise InputError(f"{signature.id} is a family of {len(signature.groups)} sets: give one set to be matched.")
    features = measured_features(adata, local.column)
    values = dense(adata, features.columns)
    members = _measured_members(local.signature, features, values, aliases)
    up, down = members.up.columns, members.down.columns
    columns = np.concatenate([up, down])
    logs = values if scale_of(adata).kind == "log2" else np.log1p(values)
    strata = quantile_strata(logs.mean(axis=0))
    generator = np.random.default_rng([seed, *_stream_of(signature)])
    sets = matched_sets(columns, strata, n_sets * (_OVERSAMPLING if match_correlation else 1), generator)
    signs = np.repeat([1.0, -1.0], [len(up), len(down)])
    correlations = _correlations(logs, np.vstack([columns, sets]), signs)
    correlation, correlations = float(correlations[0]), correlations[1:]
    if match_correlation:
        nearest = np.argsort(np.abs(correlations - correlation), kind="stable")[:n_sets]
        sets, correlations = sets[nearest], correlations[nearest]
    working = to_working_scale(values, scale_of(adata), spec)
    scores = spec.function(working, _as_signatures(np.vstack([columns, sets]), members), **spec.parameters)
    names = tuple(adata.obs_names.astype(str))
    return MatchedControls(names, scores[:, 0], scores[:, 1:], correlation, correlations, seed)


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
    complete = ~np.isnan(values).any(axis=0)
    known = {name for name, is_complete in zip(features.names, complete, strict=True) if is_complete}
    kept = tuple(found for found in signature.members if spellings.get(found.feature_id, found.feature_id) in known)
    if all(found.arm == HOUSEKEEPING for found in kept):
        raise InputError(f"{signature.id}: none of {len(names)} members is measured in every sample; nothing to match.")
    return SignatureSet.build([replace(signature, members=kept, checks={})], features.names, spellings=spellings)


def _correlations(logs: NDArray[Any], sets: IntArray, signs: FloatArray) -> FloatArray:
    """Mean pairwise correlation of each set; a set of one feature has none."""
    return mean_correlations(logs, sets, signs) if sets.shape[1] > 1 else np.full(len(sets), np.nan)


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
