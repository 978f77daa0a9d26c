"""A signature: members with arms and weights, the layers it may be scored on, three signs, evidence and source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import Document, read_document
from exomics.registry.gene_sets import gene_set

UP, DOWN, HOUSEKEEPING = "up", "down", "housekeeping"
ARMS = (UP, DOWN, HOUSEKEEPING)
EVIDENCE = ("V", "D", "C", "U")
_NUMBERS = ("weight", "effect_size", "effect_se", "q_value")


@dataclass(frozen=True, kw_only=True)
class Member:
    """One feature of a signature.

    Parameters
    ----------
    feature_id
        Identifier in the signature's namespace, spelled as published.
    arm
        ``up``, ``down`` or ``housekeeping``.
    weight
        Weight within the arm; 1 where the signature is unweighted.
    evidence
        V read in the source, D measured here, C our own choice, U unconfirmed.
    source
        Where this member comes from, if not from the signature's source.
    approved_symbol
        The current symbol, where the published spelling is no longer approved.
    ex_acute, ex_trained, benefit
        Signs of this member, for signatures that are never collapsed into one score; else empty.
    effect_size, effect_se, q_value
        For a derived signature: log2 effect, its standard error, and the adjusted p-value it was selected by.
    mapped_from, mapping_type
        For a mapped signature: the identifier in the species of origin, and ``1:1``, ``1:n`` or ``n:1``.
    """

    feature_id: str
    arm: str = UP
    weight: float = 1.0
    evidence: str = "U"
    source: str = ""
    approved_symbol: str = ""
    ex_acute: str = ""
    ex_trained: str = ""
    benefit: str = ""
    effect_size: float | None = None
    effect_se: float | None = None
    q_value: float | None = None
    mapped_from: str = ""
    mapping_type: str = ""


MEMBER_COLUMNS = tuple(column.name for column in fields(Member))


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
    min_coverage: float | None = None
    checks: Mapping[str, Any] = field(default_factory=dict)
    trap: str = ""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    availability: str = "shipped"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_members(self.id, self.members)
        _check_signs(self)
        _check_facts(self)

    def features(self, arm: str) -> tuple[str, ...]:
        """Identifiers of the members of one arm, in the order of the document."""
        return tuple(member.feature_id for member in self.members if member.arm == arm)

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms that have members."""
        present = {member.arm for member in self.members}
        return tuple(arm for arm in ARMS if arm in present)

    def in_species(self, species: str) -> Signature:
        """The signature with its native list for `species`; itself in its own species.

        Raises
        ------
        RegistryError
            If the document has no list for `species`: map it through orthologs instead.
        """
        if species == self.species:
            return self
        if species not in self.native_members:
            raise RegistryError(f"{self.id} has no native list for {species}; map it with harmonize.map_signature.")
        natives = self.native_members[species]
        members = tuple(
            Member(feature_id=name, arm=arm, evidence=self.evidence, source="native list of the document")
            for arm, names in natives.items()
            for name in names
        )
        return replace(self, species=species, feature_namespace=_NAMESPACES[species], members=members, checks={})


_NAMESPACES = {"human": "HGNC", "mouse": "MGI", "rat": "RGD"}


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
    body, sets = head.pop("body", None), head.pop("gene_sets", {})
    if body is not None and sets:
        raise RegistryError(f"{document.path} has both a body and gene_sets; keep one.")
    availability = head.get("availability", "shipped")
    members = _members_of_sets(sets, head["evidence"]) if sets else tuple(map(_member_of, document.rows))
    if not members and availability == "shipped":
        raise RegistryError(f"{document.path} has no members; add a body, or say why in availability.")
    head["layers"] = tuple(head["layers"])
    head["cell_types"] = {layer: tuple(names) for layer, names in head.get("cell_types", {}).items()}
    head["native_members"] = {
        species: {arm: tuple(names) for arm, names in arms.items()}
        for species, arms in head.get("native_members", {}).items()
    }
    return Signature(signature_class=head.pop("class"), members=members, **head)


def _members_of_sets(sets: Mapping[str, str], evidence: str) -> tuple[Member, ...]:
    return tuple(
        Member(feature_id=name, arm=arm, evidence=evidence, source=reference)
        for arm, reference in sets.items()
        for name in gene_set(reference)
    )


def _member_of(row: Mapping[str, str]) -> Member:
    unknown = sorted(set(row) - set(MEMBER_COLUMNS))
    if unknown or not row.get("feature_id"):
        raise RegistryError(
            f"a signature body needs feature_id and may have {', '.join(MEMBER_COLUMNS[1:])}; "
            f"got {', '.join(f'{name}={value}' for name, value in row.items())}."
        )
    values: dict[str, Any] = {name: value for name, value in row.items() if value != ""}
    for name in _NUMBERS:
        if name in values:
            values[name] = _number(values[name], name, row["feature_id"])
    return Member(**values)


def _number(text: str, column: str, feature: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RegistryError(f"{column} of {feature} must be a number; got {text!r}.") from None


def _check_members(identifier: str, members: Iterable[Member]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.feature_id
        if member.arm not in ARMS:
            raise RegistryError(f"{identifier}: arm of {name} must be one of {', '.join(ARMS)}; got {member.arm!r}.")
        if member.evidence not in EVIDENCE:
            raise RegistryError(f"{identifier}: evidence of {name} must be V, D, C or U; got {member.evidence!r}.")
        if not math.isfinite(member.weight) or member.weight == 0:
            raise RegistryError(f"{identifier}: weight of {name} must be finite and not zero; got {member.weight}.")
        if name in seen:
            raise RegistryError(f"{identifier}: {name} is listed twice; a feature belongs to one arm, once.")
        seen.add(name)


def _check_signs(signature: Signature) -> None:
    for name in ("ex_acute", "ex_trained", "benefit"):
        missing = [layer for layer in signature.layers if layer not in getattr(signature, name)]
        if missing:
            raise RegistryError(f"{signature.id}: {name} must give a sign for every layer; add {', '.join(missing)}.")


def _check_facts(signature: Signature) -> None:
    members = signature.members
    negative = sorted(member.feature_id for member in members if member.weight < 0)
    found: dict[str, Any] = {
        "n": sum(member.arm != HOUSEKEEPING for member in members),
        "n_up": len(signature.features(UP)),
        "n_down": len(signature.features(DOWN)),
        "weight_sum": round(math.fsum(member.weight for member in members if member.arm != HOUSEKEEPING), 9),
        "negative": negative,
    }
    for name, expected in signature.checks.items():
        wanted = sorted(expected) if name == "negative" else expected
        if found[name] != wanted:
            raise RegistryError(f"{signature.id} fails its check {name}: expected {wanted}, found {found[name]}.")
