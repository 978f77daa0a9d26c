"""Matched random sets: what a signature must be compared with before its score means anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.registry.signature import HOUSEKEEPING, Signature
from exomics.registry.signature_set import ArmIndex, SignatureSet
from exomics.schema import scale_of
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
        Of the draw; the same seed gives the same sets.
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
        If fewer than two members are measured in every sample, or a tenth has too few other features.
    ScaleError
        If the scale does not fit the scorer.

    Notes
    -----
    The layer is not checked: controls are for looking hard at a score, an exploratory one above all. The observed score
    uses members measured in every sample, like the controls.
    """
    spec = scorer(method or signature.score)
    local = localize(signature, adata, None)
    if isinstance(local, str):
        raise InputError(f"{signature.id}: {local}.")
    if spec.rows == "members" or HOUSEKEEPING in signature.arms:
        raise InputError(f"{signature.id} is scored by {spec.name}: there is no set that a random one could replace.")
    features = measured_features(adata, local.column)
    values = dense(adata, features.columns)
    up, down = _measured_members(local.signature, features, values, aliases)
    columns = np.concatenate([up, down])
    logs = values if scale_of(adata).kind == "log2" else np.log1p(values)
    strata = quantile_strata(logs.mean(axis=0))
    generator = np.random.default_rng(seed)
    sets = matched_sets(columns, strata, n_sets * (_OVERSAMPLING if match_correlation else 1), generator)
    signs = np.repeat([1.0, -1.0], [len(up), len(down)])
    correlation = float(mean_correlations(logs, columns[None, :], signs)[0])
    correlations = mean_correlations(logs, sets, signs)
    if match_correlation:
        nearest = np.argsort(np.abs(correlations - correlation), kind="stable")[:n_sets]
        sets, correlations = sets[nearest], correlations[nearest]
    working = to_working_scale(values, scale_of(adata), spec)
    scores = spec.function(working, _as_signatures(np.vstack([columns, sets]), len(up)), **spec.parameters)
    names = tuple(adata.obs_names.astype(str))
    return MatchedControls(names, scores[:, 0], scores[:, 1:], correlation, correlations, seed)


def _measured_members(
    signature: Signature, features: MeasuredFeatures, values: NDArray[Any], aliases: AliasTable | None
) -> tuple[IntArray, IntArray]:
    """Columns of the members of each arm that are measured in every sample."""
    names = [member.feature_id for member in signature.members]
    index = SignatureSet.build([signature], features.names, spellings=features.spellings(names, aliases))
    complete = ~np.isnan(values).any(axis=0)
    up, down = (arm.columns[complete[arm.columns]] for arm in (index.up, index.down))
    if len(up) + len(down) < 2:
        raise InputError(
            f"{signature.id}: {len(up) + len(down)} of {len(names)} members are measured in every sample; "
            "matched controls need at least two."
        )
    return up, down


def _as_signatures(sets: IntArray, n_up: int) -> SignatureSet:
    up, down = sets[:, :n_up], sets[:, n_up:]
    empty = ArmIndex(np.empty(0, dtype=np.int64), np.zeros(len(sets) + 1, dtype=np.int64), np.empty(0))
    names = tuple(f"set_{position}" for position in range(len(sets)))
    return SignatureSet(names, _arm(up), _arm(down), empty, int(sets.max()) + 1)


def _arm(columns: IntArray) -> ArmIndex:
    n_sets, size = columns.shape
    offsets = np.arange(n_sets + 1, dtype=np.int64) * size
    return ArmIndex(columns.ravel(), offsets, np.ones(columns.size))
