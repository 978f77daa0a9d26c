"""One gene counts once in a signature, under however many of its names the signature lists it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exomics.registry.signature import HOUSEKEEPING, Member, Signature


def distinct_members(signature: Signature, spellings: Mapping[str, str]) -> tuple[Signature, str]:
    """`signature` with every measured feature at most once, and what was left out.

    Of several members of one arm that are measured as one feature, the one spelled like the feature is kept, else the
    first. Members of opposite arms that are one feature are all left out: the gene has no direction.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> cut, told = distinct_members(load_signature("imm.cyt"), {"GZMA": "PRF1"})
    >>> cut.features("up"), told
    (('PRF1',), 'GZMA, PRF1 are one gene (PRF1), counted once')
    """
    if not any(member.feature_id in spellings for member in signature.members):
        return signature, ""
    groups: dict[tuple[bool, str, str], list[Member]] = {}
    for member in signature.members:
        name = spellings.get(member.feature_id, member.feature_id)
        groups.setdefault((member.arm == HOUSEKEEPING, member.group, name), []).append(member)
    kept: set[tuple[str, str]] = set()
    told = []
    for (_, group, name), members in groups.items():
        listed = ", ".join(member.feature_id for member in members)
        if len({member.arm for member in members}) > 1:
            told.append(f"{listed} are one gene ({name}) in opposite arms, left out")
            continue
        kept.add((group, next((name for member in members if member.feature_id == name), members[0].feature_id)))
        if len(members) > 1:
            told.append(f"{listed} are one gene ({name}), counted once")
    chosen = tuple(member for member in signature.members if (member.group, member.feature_id) in kept)
    return (signature, "") if not told else (replace(signature, members=chosen, checks={}), "; ".join(told))
