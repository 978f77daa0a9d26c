"""How much of a signature is measured in each sample, and whether that is enough for a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature import HOUSEKEEPING, Signature
from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule
from exomics.stats.set_means import count_measured

WHOLE_ASSAY = "whole_assay"
_NO_MEMBERS = {
    "user_supplied": "no members: the list is user-supplied",
    "empty": "no members: the rule that derives the signature selected none",
    "drawn": "no members: they are drawn at random for each scored signature",
}


@dataclass(frozen=True)
class Coverage:
    """Coverage of one signature in n_samples samples.

    Parameters
    ----------
    n_members
        Members of the up and down arms.
    n_measured
        (n_samples,) of them that are measured.
    fraction, weight_fraction
        (n_samples,) measured members over members; measured absolute weight over absolute weight.
    shortfall
        (n_samples,) why a score cannot be given, "" where it can.
    """

    n_members: int
    n_measured: NDArray[np.int64]
    fraction: NDArray[np.float64]
    weight_fraction: NDArray[np.float64]
    shortfall: NDArray[Any]

    @classmethod
    def joined(cls, parts: Sequence[Coverage]) -> Coverage:
        """Coverage of one signature in blocks of samples, one after another."""
        names = ("n_measured", "fraction", "weight_fraction", "shortfall")
        whole = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
        return cls(max(part.n_members for part in parts), *whole)


def coverage_of(
    signature: Signature, rule: CoverageRule, values: NDArray[Any], index: SignatureSet, n_universe: NDArray[np.int64]
) -> Coverage:
    """Coverage of one signature and what is missing for a score.

    Parameters
    ----------
    signature
        The signature.
    rule
        The scorer's minimum; a stricter ``min_coverage`` of the signature replaces its fraction.
    values
        (n_samples, n_features) values; NaN where not measured.
    index
        `signature` alone, indexed against the features of `values`.
    n_universe
        (n_samples,) measured features of each sample.

    Returns
    -------
    Coverage
        Per sample.
    """
    if signature.availability == WHOLE_ASSAY and not signature.members:
        return _whole_assay(n_universe)
    measured = {
        arm: count_measured(values, found.columns, found.offsets)[:, 0]
        for arm, found in (("up", index.up), ("down", index.down), (HOUSEKEEPING, index.housekeeping))
    }
    members = {arm: len(signature.features(arm)) for arm in measured}
    n_members = members["up"] + members["down"]
    n_measured = measured["up"] + measured["down"]
    weight = _weight_fraction(signature, values, index)
    table = np.column_stack([measured["up"], measured["down"], measured[HOUSEKEEPING], n_universe])
    patterns, which = np.unique(np.column_stack([table, np.round(weight * 1e9)]), axis=0, return_inverse=True)
    reasons = [_shortfall(signature, rule, members, pattern) for pattern in patterns]
    return Coverage(
        n_members=n_members,
        n_measured=n_measured,
        fraction=n_measured / max(n_members, 1),
        weight_fraction=weight,
        shortfall=np.array(reasons, dtype=object)[which.ravel()],
    )


def _whole_assay(n_universe: NDArray[np.int64]) -> Coverage:
    """Every feature is a member: what is measured is covered."""
    n_members = int(n_universe.max(initial=0))
    fraction = n_universe / max(n_members, 1)
    shortfall = np.where(n_universe == 0, "no feature is measured", "").astype(object)
    return Coverage(n_members, n_universe, fraction, fraction, shortfall)


def _weight_fraction(signature: Signature, values: NDArray[Any], index: SignatureSet) -> NDArray[np.float64]:
    total = sum(abs(member.weight) for member in signature.members if member.arm != HOUSEKEEPING)
    found = np.zeros(values.shape[0])
    for arm in (index.up, index.down):
        measured = ~np.isnan(values[:, arm.columns])
        found += np.ascontiguousarray(measured * np.abs(arm.weights)).sum(axis=1)
    return found / total if total else found


def _shortfall(signature: Signature, rule: CoverageRule, members: dict[str, int], pattern: NDArray[Any]) -> str:
    up, down, housekeeping, universe = (int(count) for count in pattern[:4])
    fraction = max(rule.fraction, signature.min_coverage or 0.0)
    found = {"up": up, "down": down}
    counts = ", ".join(f"{arm} {found[arm]} of {members[arm]}" for arm in found if members[arm])
    if members["up"] + members["down"] == 0:
        return _NO_MEMBERS.get(signature.availability, "no members")
    if universe < rule.universe:
        return (
            f"{universe} features measured, at least {rule.universe} needed: ranks within a selected panel are not "
            f"ranks in the transcriptome (members measured: {counts})"
        )
    if up + down == 0:
        return f"no member is measured ({counts})"
    for arm, n_found in found.items():
        if n_found < _needed(members[arm], fraction, rule.small_set, signature.min_coverage):
            return f"members measured: {counts}; at least {fraction:.0%} of each arm needed"
    if up + down < rule.members:
        return f"members measured: {counts}; at least {rule.members} needed"
    if pattern[4] < rule.weight * 1e9:
        return (
            f"members measured: {counts}; {pattern[4] / 1e9:.1%} of the absolute weight, "
            f"at least {rule.weight:.0%} needed"
        )
    if rule.housekeeping and not members[HOUSEKEEPING]:
        return "the signature lists no housekeeping features, which this method measures it against"
    if housekeeping < rule.housekeeping:
        return (
            f"members measured: {counts}; {housekeeping} of {members[HOUSEKEEPING]} housekeeping features, "
            f"at least {rule.housekeeping} needed"
        )
    return ""


def _needed(n_members: int, fraction: float, small_set: int, stricter: float | None) -> int:
    if n_members == 0:
        return 0
    if n_members <= small_set and stricter is None:
        return 1
    return int(np.ceil(fraction * n_members - 1e-9))
