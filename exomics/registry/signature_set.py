"""Signatures as index arrays against a list of features: what kernels receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exomics.registry.formula import Formula
from exomics.registry.signature import DOWN, HOUSEKEEPING, UP, Signature

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ArmIndex:
    """One arm of every signature, in compressed form.

    Parameters
    ----------
    columns
        (n_entries,) feature columns, signature by signature.
    offsets
        (n_signatures + 1,) entries of signature ``s`` are ``columns[offsets[s]:offsets[s + 1]]``.
    weights
        (n_entries,) weight of each entry.
    groups
        (n_entries,) number of the set or complex that an entry belongs to, from 0 within its signature; None where no
        signature has any.
    """

    columns: IntArray
    offsets: IntArray
    weights: FloatArray
    groups: IntArray | None = None

    @property
    def sizes(self) -> IntArray:
        """(n_signatures,) number of entries per signature."""
        return np.diff(self.offsets)

    def only(self, chosen: int) -> ArmIndex:
        """The arm of one signature."""
        entries = slice(self.offsets[chosen], self.offsets[chosen + 1])
        columns = self.columns[entries]
        groups = None if self.groups is None else self.groups[entries]
        return ArmIndex(columns, np.array([0, len(columns)], dtype=np.int64), self.weights[entries], groups)


@dataclass(frozen=True)
class BoundFormula:
    """A formula and the columns of its members.

    Parameters
    ----------
    formula
        The expression.
    columns
        Member -> column, for those that are among the features.
    """

    formula: Formula
    columns: Mapping[str, int]


@dataclass(frozen=True)
class SignatureSet:
    """The measured members of several signatures, as columns of an expression matrix.

    Members that are not among the features are left out here; `exomics.scoring.coverage` counts them.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> chosen = SignatureSet.build([load_signature("imm.cyt")], ["PRF1", "TP53", "GZMA"])
    >>> chosen.up.columns.tolist(), chosen.up.offsets.tolist()
    ([2, 0], [0, 2])
    """

    ids: tuple[str, ...]
    up: ArmIndex
    down: ArmIndex
    housekeeping: ArmIndex
    n_features: int
    formulas: tuple[BoundFormula | None, ...] = ()

    @classmethod
    def build(
        cls,
        signatures: Sequence[Signature],
        features: Sequence[str],
        *,
        spellings: Mapping[str, str] | None = None,
        whole_groups: bool = False,
    ) -> SignatureSet:
        """Index `signatures` against `features`.

        Parameters
        ----------
        signatures
            n_signatures of them.
        features
            Unique identifiers of the columns, in their order.
        spellings
            Member -> identifier among `features`, where the two are spelled differently (aliases).
        whole_groups
            Leave out every group of which a member is not among the features: a receptor complex is whole or absent.
        """
        spelled = spellings or {}
        places = {name: column for column, name in enumerate(features)}
        position = _Positions(places, spelled)
        if whole_groups:
            signatures = [_with_whole_groups(signature, position) for signature in signatures]

        def arm(name: str) -> ArmIndex:
            return _index_arm(signatures, name, position)

        ids = tuple(signature.id for signature in signatures)
        formulas = tuple(_bound(signature, position) for signature in signatures)
        return cls(ids, arm(UP), arm(DOWN), arm(HOUSEKEEPING), len(features), formulas)

    @classmethod
    def from_columns(cls, sets: Mapping[str, Sequence[int]], n_features: int) -> SignatureSet:
        """Up-only, unweighted sets given directly as feature columns."""
        columns = [np.asarray(chosen, dtype=np.int64) for chosen in sets.values()]
        flat = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum([len(chosen) for chosen in columns])]).astype(np.int64)
        empty = _empty(len(columns))
        return cls(tuple(sets), ArmIndex(flat, offsets, np.ones(len(flat))), empty, empty, n_features)

    def only(self, chosen: int) -> SignatureSet:
        """The set of one signature, by its position."""
        up, down, housekeeping = (arm.only(chosen) for arm in (self.up, self.down, self.housekeeping))
        return SignatureSet((self.ids[chosen],), up, down, housekeeping, self.n_features, self.formulas[chosen:][:1])

    def __len__(self) -> int:
        return len(self.ids)


def _empty(n_signatures: int) -> ArmIndex:
    return ArmIndex(np.empty(0, dtype=np.int64), np.zeros(n_signatures + 1, dtype=np.int64), np.empty(0))


@dataclass(frozen=True)
class _Positions:
    """Where a member is among the features, under its own spelling or another."""

    places: Mapping[str, int]
    spelled: Mapping[str, str]

    def of(self, name: str) -> int | None:
        return self.places.get(self.spelled.get(name, name))


def _index_arm(signatures: Sequence[Signature], arm: str, position: _Positions) -> ArmIndex:
    columns: list[int] = []
    weights: list[float] = []
    groups: list[int] = []
    offsets = [0]
    for signature in signatures:
        numbers = {group: number for number, group in enumerate(signature.groups)}
        for member in signature.members:
            column = position.of(member.feature_id)
            if member.arm == arm and column is not None:
                columns.append(column)
                weights.append(member.weight)
                groups.append(numbers.get(member.group, 0))
        offsets.append(len(columns))
    has_groups = any(signature.groups for signature in signatures)
    return ArmIndex(
        np.array(columns, dtype=np.int64),
        np.array(offsets, dtype=np.int64),
        np.array(weights, dtype=np.float64),
        np.array(groups, dtype=np.int64) if has_groups else None,
    )


def _with_whole_groups(signature: Signature, position: _Positions) -> Signature:
    broken = {member.group for member in signature.members if position.of(member.feature_id) is None}
    members = tuple(member for member in signature.members if member.group not in broken)
    return replace(signature, members=members, total_of=(), checks={})


def _bound(signature: Signature, position: _Positions) -> BoundFormula | None:
    if not signature.expression:
        return None
    formula = Formula(signature.expression)
    found = {name: position.of(name) for name in formula.members}
    return BoundFormula(formula, {name: column for name, column in found.items() if column is not None})
