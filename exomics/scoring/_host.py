"""What the host of the samples rules out: members whose allele is null in its strain, immunity of a xenograft."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from anndata import AnnData

from exomics.registry.signature import Signature
from exomics.schema.host import host_of

_ADAPTIVE: Final = ("immune", "immune_metabolism")
_INNATE: Final = ("mye.", "imm.cdc1", "imm.nk", "imm.mcp.")
"""Ids, or their beginnings, of signatures of innate cells within the classes of `_ADAPTIVE`."""


def in_host(signature: Signature, adata: AnnData) -> tuple[Signature, str] | str:
    """`signature` without the members that are null in a strain of the samples and a note of them, or why it cannot be
    scored in their host.

    A patient-derived xenograft grows in a host without adaptive immunity: signatures of T cells and of their products
    are not scored in it.
    """
    host = host_of(adata)
    if host.is_xenograft and is_adaptive(signature):
        return "the tumors are patient-derived xenografts: their hosts have no adaptive immunity to score"
    strains = {gene.upper(): strain for gene, strain in host.null_genes.items()}
    dropped = {member.feature_id for member in signature.members if member.feature_id.upper() in strains}
    note = "; ".join(f"{name} dropped: its allele is null in {strains[name.upper()]}" for name in sorted(dropped))
    kept = _without(signature, dropped)
    if dropped and not kept.members:
        return note
    return (kept if dropped else signature), note


def _without(signature: Signature, dropped: set[str]) -> Signature:
    """`signature` without some members; a ligand without its receptor is no pair, nor a receptor without its ligand."""
    broken = {member.group for member in signature.members if member.feature_id in dropped}
    if signature.type != "ligand_receptor":
        broken = set()
    kept = tuple(
        member for member in signature.members if member.feature_id not in dropped and member.group not in broken
    )
    groups = {member.group for member in kept}
    total_of = tuple(group for group in signature.total_of if group in groups)
    return replace(signature, members=kept, total_of=total_of, checks={})


def is_adaptive(signature: Signature) -> bool:
    """Whether a signature reads T cells, or what only they set off."""
    return signature.signature_class in _ADAPTIVE and not signature.id.startswith(_INNATE)
