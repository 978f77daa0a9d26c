"""A signature in the species of the samples: its native list first, orthologs where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import OrthologTable, map_signature, unmapped_members
from exomics.harmonize.to_human import STEP
from exomics.registry.signature import Signature
from exomics.schema import keys, steps_of
from exomics.scoring._host import in_host

_SITE = r"_[A-Z]\d+(?:;[A-Z]\d+)*(?:#|$)"


@dataclass(frozen=True)
class LocalSignature:
    """A signature in the names of the features it is scored on.

    Parameters
    ----------
    signature
        With members in the names of the features.
    column
        Column of ``var`` that holds these names, or ``feature_id`` for the index.
    mapping
        What the score table says about it: ``none``, ``native list``, or the orthologs used (at scoring, or when the
        signature was derived).
    note
        What was lost.
    """

    signature: Signature
    column: str
    mapping: str
    note: str = ""


def species_of(adata: AnnData) -> str:
    """The one species of the samples.

    Raises
    ------
    InputError
        If there are several, or a sample has none.
    """
    if keys.SPECIES not in adata.obs.columns:
        raise InputError("obs has no species; set obs['species'] to human, rat or mouse.")
    unknown = int(adata.obs[keys.SPECIES].isna().sum())
    if unknown:
        raise InputError(f"{unknown} samples have no species; set obs['species'] to human, rat or mouse.")
    found = sorted(set(adata.obs[keys.SPECIES].astype(str)))
    if len(found) != 1:
        raise InputError(f"expected samples of one species; got {', '.join(found)}. Split the object.")
    return found[0]


def localize(signature: Signature, adata: AnnData, orthologs: OrthologTable | None) -> LocalSignature | str:
    """`signature` in the names of the features of `adata`, or the reason why it cannot be.

    Order: the same species; a native list; human orthologs already in ``var``; mapping through `orthologs`. What the
    host rules out is left out last.
    """
    found = _named(signature, adata, orthologs)
    if isinstance(found, str):
        return found
    fit = in_host(found.signature, adata)
    if isinstance(fit, str):
        return fit
    return replace(found, signature=fit[0], note="; ".join(part for part in (found.note, fit[1]) if part))


def _named(signature: Signature, adata: AnnData, orthologs: OrthologTable | None) -> LocalSignature | str:
    """`signature` by the names of the features of `adata`, or the reason why it cannot be."""
    species = species_of(adata)
    if signature.type == "weighted_set" and species != signature.species and not signature.has_species(species):
        return f"its weights are of {signature.species} genes, and none are validated in {species}"
    if signature.species == species or signature.is_of_any_species:
        return LocalSignature(signature, _column_of(signature, adata), _origin_of(signature))
    if signature.has_species(species):
        kind = "native list" if species in signature.native_members else "identifier table"
        return LocalSignature(signature.in_species(species), _column_of(signature, adata), f"{kind} ({species})")
    if signature.species == "human" and keys.HUMAN_ORTHOLOG in adata.var.columns:
        return LocalSignature(signature, keys.HUMAN_ORTHOLOG, _mapping_of(adata, species))
    if orthologs is not None and {signature.species, species} == {"human", orthologs.species}:
        mapped, lost = map_signature(signature, orthologs, species)
        gone = unmapped_members(signature, orthologs)
        mapped = replace(mapped, members=(*mapped.members, *gone))  # not measured: coverage is of the whole list
        note = f"{len(gone)} of {len(signature.members)} members lost in mapping" if gone else ""
        note = "; ".join(part for part in (note, *lost.notes) if part)
        return LocalSignature(mapped, keys.FEATURE_NAME, f"{signature.species} -> {species} ({orthologs.source})", note)
    if species == "human":
        return f"its members are {signature.species} genes, the samples human: pass an ortholog table"
    return (
        f"no list for {species}: harmonize the samples to human, or pass an ortholog table; "
        f"gene: and .gmt name genes of the species that is given (--gene-species)"
    )


def _column_of(signature: Signature, adata: AnnData) -> str:
    """Sites go by their ids where these are sites (the name is then that of the gene); all else goes by its name."""
    is_site = signature.type.startswith("phosphosite") and adata.var_names.astype(str).str.contains(_SITE).any()
    return keys.FEATURE_ID if is_site else keys.FEATURE_NAME


def _mapping_of(adata: AnnData, species: str) -> str:
    steps = [step for step in steps_of(adata) if step["step"] == STEP]
    source = steps[-1]["parameters"]["orthologs"] if steps else "human_ortholog column"
    return f"{species} -> human ({source})"


def _origin_of(signature: Signature) -> str:
    """How the members came to the species of the signature: ``none``, or the mapping of its derivation."""
    origins = {member.mapped_from.split(":")[0] for member in signature.members if member.mapped_from}
    if not origins:
        return "none"
    dataset = signature.provenance.get("orthologs", {}).get("dataset", "orthologs")
    return f"derived: {', '.join(sorted(origins))} -> {signature.species} ({dataset})"
