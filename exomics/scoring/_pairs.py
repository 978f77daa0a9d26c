"""The ligand-receptor pairs of a signature, and the layer that its receptors are read on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from anndata import AnnData

from exomics.errors import InputError, LayerError
from exomics.registry.signature import Signature
from exomics.registry.signature_files import load_signature
from exomics.schema import layer_of


@dataclass(frozen=True)
class Pair:
    """A ligand and every subunit of its receptor."""

    name: str
    ligand: str
    receptor: tuple[str, ...]


def pairs_of(signature: Signature) -> list[Pair]:
    """The pairs of a signature, in its order; of the members of a group the ligand comes first."""
    if signature.type != "ligand_receptor":
        raise InputError(f"{signature.id} holds no ligand-receptor pairs; choose one such as myo.lr_pairs.")
    listed = {group: [one.feature_id for one in signature.members if one.group == group] for group in signature.groups}
    return [Pair(group, names[0], tuple(names[1:])) for group, names in listed.items()]


def require_receptors(signature: Signature, tumor: AnnData) -> None:
    """Refuse samples of a layer that the signature does not read receptors on."""
    layer = layer_of(tumor)
    if layer not in signature.layers:
        raise LayerError(
            f"{signature.id} reads receptors on {', '.join(signature.layers)}; these are {layer}. The tumors come "
            "first, the tissue that secretes second."
        )


def shared_partners(pairs: Sequence[Pair], others: Sequence[Signature | str]) -> list[str]:
    """Of each pair what its partners that are members of other signatures make of a correlation with those."""
    held = [load_signature(of) if isinstance(of, str) else of for of in others]
    return [
        "; ".join(
            f"{name} is a member of {one.id}: they go together by construction"
            for one in held
            for name in (pair.ligand, *pair.receptor)
            if name in {member.feature_id for member in one.members}
        )
        for pair in pairs
    ]
