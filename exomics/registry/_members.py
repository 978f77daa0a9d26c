"""The members of a signature: one feature each, as a row of the body of its document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from exomics.errors import RegistryError

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
        For a mapped signature: the identifier in the species of origin, and ``1:1``, ``1:n``, ``n:1`` or ``table``.
    group
        For a family: the set, the ligand-receptor pair or the tier that the member belongs to; each has a score.
    layer
        The layer it is measured on, where the members of a signature are of different assays; else empty.
    mouse_id, rat_id
        The same feature in that species, where it is known by a table (sites, miRNAs) and not by an ortholog.
    cross_reference
        Identifiers in other namespaces, such as ``HMDB:HMDB0000142;KEGG:C00058``.
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
    group: str = ""
    layer: str = ""
    mouse_id: str = ""
    rat_id: str = ""
    cross_reference: str = ""

    def id_in(self, species: str) -> str:
        """The identifier of the feature in `species` where the member has one of its own, else ""."""
        return {"mouse": self.mouse_id, "rat": self.rat_id}.get(species, "")


MEMBER_COLUMNS = tuple(column.name for column in fields(Member))


def member_of(row: Mapping[str, str], where: str = "") -> Member:
    """The member that a row of a body describes; errors begin with `where` it stands.

    Raises
    ------
    RegistryError
        If the row has no feature_id, an unknown column, or a number that is none.
    """
    unknown = sorted(set(row) - set(MEMBER_COLUMNS))
    if unknown or not row.get("feature_id", "").strip():
        raise RegistryError(
            f"{where}a signature body needs feature_id and may have {', '.join(MEMBER_COLUMNS[1:])}; "
            f"got {', '.join(f'{name}={value}' for name, value in row.items())}."
        )
    values: dict[str, Any] = {name: value.strip() for name, value in row.items() if value.strip()}
    for name in _NUMBERS:
        if name in values:
            values[name] = _number(values[name], f"{where}{name} of {row['feature_id']}")
    return Member(**values)


def check_members(identifier: str, members: Iterable[Member]) -> None:
    """Raise a `RegistryError` where an arm, a weight or a mark is invalid, or a feature is listed twice in a group."""
    seen: set[tuple[str, str, str]] = set()
    for member in members:
        name = member.feature_id
        if member.arm not in ARMS:
            raise RegistryError(f"{identifier}: arm of {name} must be one of {', '.join(ARMS)}; got {member.arm!r}.")
        if member.evidence not in EVIDENCE:
            raise RegistryError(f"{identifier}: evidence of {name} must be V, D, C or U; got {member.evidence!r}.")
        if not math.isfinite(member.weight) or member.weight == 0:
            raise RegistryError(f"{identifier}: weight of {name} must be finite and not zero; got {member.weight}.")
        if (member.group, member.layer, name) in seen:
            raise RegistryError(f"{identifier}: {name} is listed twice; a feature belongs to one arm, once.")
        seen.add((member.group, member.layer, name))


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise RegistryError(f"{what} must be a number; got {text!r}.") from None
