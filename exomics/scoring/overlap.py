"""Genes that signatures share: a finding in one is then a finding in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.registry.signature import HOUSEKEEPING, Signature

__all__ = ["jaccard_overlap", "without_shared_members"]


def jaccard_overlap(signatures: Sequence[Signature]) -> pd.DataFrame:
    """Share of common members of every two signatures, ``|A and B| / |A or B|``.

    Parameters
    ----------
    signatures
        n_signatures of them; housekeeping members do not count, arms are taken together.

    Returns
    -------
    DataFrame
        (n_signatures, n_signatures), symmetric, 1 on the diagonal; NaN for a signature without members.

    Examples
    --------
    >>> from exomics.registry import load_signature
    >>> chosen = [load_signature("imm.cyt"), load_signature("imm.ctl_effector")]
    >>> jaccard_overlap(chosen).loc["imm.cyt", "imm.ctl_effector"].item()
    0.4
    """
    names = [signature.id for signature in signatures]
    sets = [_members(signature) for signature in signatures]
    table = np.full((len(sets), len(sets)), np.nan)
    for row, left in enumerate(sets):
        for column, right in enumerate(sets):
            if left and right:
                table[row, column] = len(left & right) / len(left | right)
    return pd.DataFrame(table, index=names, columns=names)


def without_shared_members(signatures: Sequence[Signature]) -> list[Signature]:
    """The signatures, each without members that another of them lists: a run in which none speaks for another.

    Parameters
    ----------
    signatures
        As they would be scored together.

    Returns
    -------
    list of Signature
        In their order and under their ids; what was left out stands in ``provenance["shared_members"]``, so that the
        hash differs from that of the whole signature.

    Raises
    ------
    InputError
        If nothing is left of one.

    Examples
    --------
    >>> from exomics.registry import load_signature
    >>> chosen = [load_signature("imm.ifng6"), load_signature("imm.gep18")]
    >>> [found.id for found in without_shared_members(chosen)], without_shared_members(chosen)[0].features("up")
    (['imm.ifng6', 'imm.gep18'], ('IFNG', 'CXCL10', 'HLA-DRA'))
    """
    sets = [_members(signature) for signature in signatures]
    chosen = []
    for at, signature in enumerate(signatures):
        others = set().union(*(found for other, found in enumerate(sets) if other != at))
        shared = sets[at] & others
        kept = tuple(one for one in signature.members if one.feature_id not in shared or one.arm == HOUSEKEEPING)
        if shared and all(one.arm == HOUSEKEEPING for one in kept):
            raise InputError(f"{signature.id} shares every member with the others; leave one of them out.")
        told = {**signature.provenance, "shared_members": sorted(shared)}
        total_of = tuple(group for group in signature.total_of if any(one.group == group for one in kept))
        cut = replace(signature, members=kept, native_members={}, total_of=total_of, checks={}, provenance=told)
        chosen.append(cut if shared else signature)
    return chosen


def _members(signature: Signature) -> set[str]:
    return {member.feature_id for member in signature.members if member.arm != HOUSEKEEPING}
