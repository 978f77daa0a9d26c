"""Signatures as index arrays against a list of features: what kernels receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """

    columns: IntArray
    offsets: IntArray
    weights: FloatArray

    @property
    def sizes(self) -> IntArray:
        """(n_signatures,) number of entries per signature."""
        return np.diff(self.offsets)

    def only(self, chosen: int) -> ArmIndex:
        """The arm of one signature."""
        entries = slice(self.offsets[chosen], self.offsets[chosen + 1])
        columns = self.columns[entries]
        return ArmIndex(columns, np.array([0, len(columns)], dtype=np.int64), self.weights[entries])


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

    @classmethod
    def build(
        cls,
        signatures: Sequence[Signature],
        features: Sequence[str],
        *,
        spellings: Mapping[str, str] | None = None,
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
        """
        position = {name: column for column, name in enumerate(features)}
        spelled = spellings or {}

        def arm(name: str) -> ArmIndex:
            return _index_arm(signatures, name, position, spelled)

        ids = tuple(signature.id for signature in signatures)
        return cls(ids, arm(UP), arm(DOWN), arm(HOUSEKEEPING), len(features))

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
        return SignatureSet((self.ids[chosen],), up, down, housekeeping, self.n_features)

    def __len__(self) -> int:
        return len(self.ids)


def _empty(n_signatures: int) -> ArmIndex:
    return ArmIndex(np.empty(0, dtype=np.int64), np.zeros(n_signatures + 1, dtype=np.int64), np.empty(0))


def _index_arm(
    signatures: Sequence[Signature], arm: str, position: Mapping[str, int], spelled: Mapping[str, str]
) -> ArmIndex:
    columns: list[int] = []
    weights: list[float] = []
    offsets = [0]
    for signature in signatures:
        for member in signature.members:
            column = position.get(spelled.get(member.feature_id, member.feature_id))
            if member.arm == arm and column is not None:
                columns.append(column)
                weights.append(member.weight)
        offsets.append(len(columns))
    return ArmIndex(
        np.array(columns, dtype=np.int64), np.array(offsets, dtype=np.int64), np.array(weights, dtype=np.float64)
    )
