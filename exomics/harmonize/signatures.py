"""map_signature: a signature carried to another species through orthologs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from exomics.errors import InputError
from exomics.harmonize.orthologs import MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE, OrthologTable
from exomics.harmonize.report import LossReport
from exomics.registry.signature import Member, Signature, gene_namespace


def map_signature(signature: Signature, orthologs: OrthologTable, to_species: str) -> tuple[Signature, LossReport]:
    """Carry a signature to another species.

    Members with a 1:1 ortholog are mapped. Where several members of one arm have the same single ortholog, it is kept
    once, with one weight (the largest in size), not their sum. Members with several orthologs, or none, are dropped and
    reported; `unmapped_members` names them, so that coverage can be counted over the whole list.

    Parameters
    ----------
    signature
        In human symbols, or in those of ``orthologs.species``.
    orthologs
        The table.
    to_species
        ``human`` or ``orthologs.species``.

    Returns
    -------
    Signature
        With ``mapped_from`` and ``mapping_type`` per member; the same id and version.
    LossReport
        What was lost and why.

    Raises
    ------
    InputError
        If the table does not join the two species.

    Notes
    -----
    An ortholog of members of both arms is dropped: its direction would be undefined.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.registry.signature_files import load_signature
    >>> frame = pd.DataFrame({"human_symbol": ["GZMA"], "symbol": ["Gzma"], "support_n": [10]})
    >>> table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    >>> mapped, lost = map_signature(load_signature("imm.cyt"), table, "rat")
    >>> mapped.features("up"), lost.n_lost("no ortholog")
    (('Gzma',), 1)
    """
    if {signature.species, to_species} != {"human", orthologs.species}:
        raise InputError(
            f"{orthologs.source} joins human and {orthologs.species}; "
            f"asked to map {signature.id} from {signature.species} to {to_species}."
        )
    placed = _place(signature, orthologs)
    kept = tuple(member for (_, name), member in placed.members.items() if name not in placed.in_both_arms)
    report = LossReport.of(
        [
            ("no ortholog", placed.without, f"no pair with at least {orthologs.min_support} supporting databases"),
            ("several orthologs", placed.with_several, "no single ortholog can stand for the member"),
            ("in both arms", placed.in_both_arms, "one ortholog of members of both arms has no direction"),
        ],
        [orthologs.restriction] if orthologs.restriction else [],
    )
    carried = replace(
        signature,
        species=to_species,
        feature_namespace=gene_namespace(to_species),
        members=kept,
        native_members={},
        checks={},
    )
    return carried, report


def unmapped_members(signature: Signature, orthologs: OrthologTable) -> tuple[Member, ...]:
    """The members that `map_signature` drops because no single ortholog can stand for them.

    Parameters
    ----------
    signature
        In human symbols, or in those of ``orthologs.species``.
    orthologs
        The table.

    Returns
    -------
    tuple of Member
        Under their own names behind their species, such as ``human:GNLY``, which no feature has.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.registry.signature_files import load_signature
    >>> frame = pd.DataFrame({"human_symbol": ["GZMA"], "symbol": ["Gzma"], "support_n": [10]})
    >>> table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    >>> [member.feature_id for member in unmapped_members(load_signature("imm.cyt"), table)]
    ['human:PRF1']
    """
    placed = _place(signature, orthologs)
    gone = {*placed.without, *placed.with_several}
    named = (replace(member, feature_id=f"{signature.species}:{member.feature_id}") for member in signature.members)
    return tuple(new for new, old in zip(named, signature.members, strict=True) if old.feature_id in gone)


@dataclass
class _Placed:
    """Members by their ortholog, and the members that have none to go to."""

    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    in_both_arms: set[str] = field(default_factory=set)
    without: list[str] = field(default_factory=list)
    with_several: list[str] = field(default_factory=list)


def _place(signature: Signature, orthologs: OrthologTable) -> _Placed:
    from_human = signature.species == "human"
    relations = (ONE_TO_ONE, MANY_TO_ONE if from_human else ONE_TO_MANY)
    targets = orthologs.human_to_other(relations) if from_human else orthologs.other_to_human(relations)
    placed = _Placed()
    for member in signature.members:
        kind = orthologs.relation_of(member.feature_id, human=from_human)
        names = targets.get(member.feature_id, ())
        if len(names) != 1:
            (placed.with_several if kind else placed.without).append(member.feature_id)
            continue
        place = (member.group, names[0])
        earlier = placed.members.get(place)
        if earlier is not None and earlier.arm != member.arm:
            placed.in_both_arms.add(names[0])
        if earlier is None or abs(member.weight) > abs(earlier.weight):
            origin = f"{signature.species}:{member.feature_id}"
            placed.members[place] = replace(
                member, feature_id=names[0], mapped_from=origin, mapping_type=kind, approved_symbol=""
            )
    return placed
