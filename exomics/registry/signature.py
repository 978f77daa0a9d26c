"""A signature: members with arms and weights, the layers it may be scored on, three signs, evidence and source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry._members import ARMS, DOWN, HOUSEKEEPING, UP, Member, check_members, member_of
from exomics.registry.document import Document, read_document
from exomics.registry.formula import Formula
from exomics.registry.gene_sets import gene_set, sets_of

_GENE_NAMESPACES = {"human": "HGNC", "mouse": "MGI", "rat": "RGD"}


def gene_namespace(species: str) -> str:
    """Who names the genes of `species`.

    Raises
    ------
    RegistryError
        If it is not human, mouse or rat.

    Examples
    --------
    >>> gene_namespace("rat")
    'RGD'
    """
    if species not in _GENE_NAMESPACES:
        raise RegistryError(f"species is one of {', '.join(_GENE_NAMESPACES)}; got {species!r}.")
    return _GENE_NAMESPACES[species]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature of the registry, or a derived one; see ``signatures/schemas/signature.schema.yaml`` for each key.

    Parameters
    ----------
    members
        The features; empty when they are user-supplied, or when the rule that derives them selected nothing.
    signature_class
        The ``class`` of the document.
    ex_acute, ex_trained, benefit
        Layer -> ``up, down, none, context, unknown``. Never merged into one direction.

    Raises
    ------
    RegistryError
        If an arm, weight, evidence mark or sign is invalid, a feature is listed twice, or a check of the document
        fails.

    Examples
    --------
    >>> signature = Signature(
    ...     id="trn.example", version="1.0.0", title="Example", signature_class="training", type="two_arm",
    ...     score="rank_updown", species="human", feature_namespace="HGNC", layers=("muscle_rna",),
    ...     ex_acute={"muscle_rna": "unknown"}, ex_trained={"muscle_rna": "up"}, benefit={"muscle_rna": "context"},
    ...     timing_class=">=48 h rest", evidence="C", sign_evidence="C", source={"text": "example"},
    ...     license="BSD-3-Clause", members=(Member(feature_id="CS"), Member(feature_id="MUSTN1", arm="down")),
    ... )
    >>> signature.features("up"), signature.features("down")
    (('CS',), ('MUSTN1',))
    """

    id: str
    version: str
    title: str
    signature_class: str
    type: str
    score: str
    species: str
    feature_namespace: str
    layers: tuple[str, ...]
    ex_acute: Mapping[str, str]
    ex_trained: Mapping[str, str]
    benefit: Mapping[str, str]
    timing_class: str
    evidence: str
    sign_evidence: str
    source: Mapping[str, Any]
    license: str
    members: tuple[Member, ...] = ()
    native_members: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    species_notes: Mapping[str, str] = field(default_factory=dict)
    cell_types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    expression: str = ""
    input_scale: str = ""
    total_of: tuple[str, ...] = ()
    null_alleles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ligand_layers: tuple[str, ...] = ()
    min_coverage: float | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)
    trap: str = ""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    availability: str = "shipped"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_members(self.id, self.members)
        _check_signs(self)
        _check_parts(self)
        _check_facts(self)

    def features(self, arm: str) -> tuple[str, ...]:
        """Identifiers of the members of one arm, in the order of the document."""
        return tuple(member.feature_id for member in self.members if member.arm == arm)

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms that have members."""
        present = {member.arm for member in self.members}
        return tuple(arm for arm in ARMS if arm in present)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The sets of a family, in the order of the document; none for any other signature."""
        return tuple(dict.fromkeys(member.group for member in self.members if member.group))

    @cached_property
    def part_signs(self) -> dict[str, dict[str, str]]:
        """The signs that a set of a family, an arm or a member has of its own: they come before those of the whole."""
        found: dict[str, dict[str, str]] = {}
        for one in self.members:
            signs = {"ex_acute": one.ex_acute, "ex_trained": one.ex_trained, "benefit": one.benefit}
            if any(signs.values()):
                part = one.arm if self.type == "two_arm" else one.feature_id
                found[one.group or part] = {name: word for name, word in signs.items() if word}
        return found

    def on_layer(self, layer: str) -> Signature:
        """The signature with the members that are measured on `layer`; itself where members are of one assay."""
        kept = tuple(member for member in self.members if member.layer in ("", layer))
        return self if len(kept) == len(self.members) else replace(self, members=kept, checks={})

    @property
    def is_of_any_species(self) -> bool:
        """Whether its members have one name in every species: metabolites, ortholog groups, readings of an assay. The
        constants of a formula are of its species."""
        steps = Formula(self.expression).steps if self.expression else ()
        return self.feature_namespace in _ANY_SPECIES and all(kind != "number" for kind, _ in steps)

    def in_species(self, species: str) -> Signature:
        """The signature with its native list for `species`; itself in its own species.

        Raises
        ------
        RegistryError
            If the document has no list for `species`: map it through orthologs instead.
        """
        if species == self.species:
            return self
        if any(member.id_in(species) for member in self.members):
            return self._by_table(species)
        if species not in self.native_members:
            raise RegistryError(f"{self.id} has no native list for {species}; map it with harmonize.map_signature.")
        natives = self.native_members[species]
        members = tuple(
            Member(feature_id=name, arm=arm, evidence=self.evidence, source="native list of the document")
            for arm, names in natives.items()
            for name in names
        )
        return replace(self, species=species, feature_namespace=gene_namespace(species), members=members, checks={})

    def has_species(self, species: str) -> bool:
        """Whether the document itself names its members in `species`."""
        listed = species == self.species or species in self.native_members
        return listed or any(member.id_in(species) for member in self.members)

    def _by_table(self, species: str) -> Signature:
        members = tuple(
            replace(
                member,
                feature_id=member.id_in(species),
                mapped_from=f"{self.species}:{member.feature_id}",
                mapping_type="table",
            )
            for member in self.members
            if member.id_in(species)
        )
        return replace(self, species=species, members=members, checks={})


_ANY_SPECIES = ("RefMet", "HMDB", "KEGG", "assay")


def read_signature(path: Path | str) -> Signature:
    """Read one signature document (YAML head and TSV body, or a head that names shipped gene sets).

    Parameters
    ----------
    path
        The YAML head.

    Returns
    -------
    Signature
        With every member resolved.

    Raises
    ------
    RegistryError
        If the document is malformed, altered, or breaks one of its own checks.
    """
    schema = registry_folder("signatures") / "schemas" / "signature.schema.yaml"
    return from_document(read_document(Path(path), schema))


def from_document(document: Document) -> Signature:
    """The signature that a checked document describes."""
    head = dict(document.head)
    body, sets, signs = head.pop("body", None), head.pop("gene_sets", {}), head.pop("group_signs", {})
    if body is not None and sets:
        raise RegistryError(f"{document.path} has both a body and gene_sets; keep one.")
    availability = head.get("availability", "shipped")
    own = (member_of(row, f"{document.path}: ") for row in document.rows)
    members = _members_of_sets(sets, head["evidence"], signs) if sets else tuple(own)
    unknown = sorted(set(signs) - {member.group for member in members})
    if unknown:
        raise RegistryError(
            f"{document.path}: group_signs names {', '.join(unknown)}, which are no sets of its family."
        )
    if not members and availability == "shipped":
        raise RegistryError(f"{document.path} has no members; add a body, or say why in availability.")
    for name in ("layers", "total_of", "ligand_layers"):
        head[name] = tuple(head.get(name, ()))
    for name in ("cell_types", "null_alleles"):
        head[name] = {key: tuple(names) for key, names in head.get(name, {}).items()}
    head["native_members"] = {
        species: {arm: tuple(names) for arm, names in arms.items()}
        for species, arms in head.get("native_members", {}).items()
    }
    return Signature(signature_class=head.pop("class"), members=members, **head)


def _members_of_sets(
    sets: Mapping[str, str], evidence: str, signs: Mapping[str, Mapping[str, str]]
) -> tuple[Member, ...]:
    if "family" in sets:
        collection = sets["family"]
        members = [
            Member(feature_id=name, group=group, evidence=evidence, source=collection)
            for group, names in sets_of(collection).items()
            for name in names
        ]
        return tuple(_signed(member, signs.get(member.group, {})) for member in members)
    return tuple(
        Member(feature_id=name, arm=arm, evidence=evidence, source=reference)
        for arm, reference in sets.items()
        for name in gene_set(reference)
    )


def _signed(member: Member, signs: Mapping[str, str]) -> Member:
    ex_acute, ex_trained, benefit = (signs.get(name, "") for name in ("ex_acute", "ex_trained", "benefit"))
    return replace(member, ex_acute=ex_acute, ex_trained=ex_trained, benefit=benefit)


def _check_signs(signature: Signature) -> None:
    for name in ("ex_acute", "ex_trained", "benefit"):
        missing = [layer for layer in signature.layers if layer not in getattr(signature, name)]
        if missing:
            raise RegistryError(f"{signature.id}: {name} must give a sign for every layer; add {', '.join(missing)}.")


def _check_parts(signature: Signature) -> None:
    """An expression belongs to a formula and names the members; a total is of groups that exist."""
    if not bool(signature.expression) == bool(signature.input_scale) == (signature.score == "formula"):
        raise RegistryError(f"{signature.id}: an expression, its input_scale and the score 'formula' go together.")
    if signature.expression and set(Formula(signature.expression).members) - set(signature.features(UP)):
        raise RegistryError(f"{signature.id}: {signature.expression!r} names features that are no members.")
    unknown = sorted(set(signature.total_of) - set(signature.groups)) if signature.members else []
    if unknown:
        raise RegistryError(f"{signature.id}: total_of names {', '.join(unknown)}, which are no groups of members.")


def _check_facts(signature: Signature) -> None:
    members = signature.members
    negative = sorted(member.feature_id for member in members if member.weight < 0)
    found: dict[str, Any] = {
        "n": sum(member.arm != HOUSEKEEPING for member in members),
        "n_up": len(signature.features(UP)),
        "n_down": len(signature.features(DOWN)),
        "n_groups": len(signature.groups),
        "weight_sum": round(math.fsum(member.weight for member in members if member.arm != HOUSEKEEPING), 9),
        "negative": negative,
    }
    for name, expected in signature.checks.items():
        wanted = sorted(expected) if name == "negative" else expected
        if found[name] != wanted:
            raise RegistryError(f"{signature.id} fails its check {name}: expected {wanted}, found {found[name]}.")
