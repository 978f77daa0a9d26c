"""From selected features to the members of a signature: one per name, carried to human genes, limited per arm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from exomics.harmonize import LossReport, OrthologTable
from exomics.registry.derivation_rule import DerivationRule
from exomics.registry.signature import Member

Loss = tuple[str, Iterable[str], str]


def to_members(
    passed: pd.DataFrame, rule: DerivationRule, orthologs: OrthologTable | None
) -> tuple[tuple[Member, ...], LossReport]:
    opposite = passed.loc[passed["arm"] == "", "feature_id"]
    chosen = passed[passed["arm"] != ""].assign(name=lambda frame: frame[rule.members_from])
    unnamed = chosen.loc[chosen["name"] == "", "feature_id"]
    chosen = _best_first(chosen[chosen["name"] != ""])
    chosen, disagreeing = _one_per_name(chosen, "name")
    losses: list[Loss] = [
        ("opposite signs", opposite, "significant in every contrast, but not with one sign"),
        ("no name", unnamed, "the feature has no gene symbol"),
        ("features disagree", disagreeing, "features of one name have opposite signs"),
    ]
    chosen = chosen.assign(mapped_from="", mapping_type="")
    notes: list[str] = []
    if orthologs is not None and rule.mapping is not None:
        chosen, mapping_losses = _to_human(chosen, rule.species, rule.mapping.relations, orthologs)
        losses += mapping_losses
        notes = [orthologs.restriction] if orthologs.restriction else []
    if rule.max_members_per_arm is not None:
        kept = chosen.groupby("arm").cumcount() < rule.max_members_per_arm
        losses.append(("over the limit", chosen.loc[~kept, "name"], f"at most {rule.max_members_per_arm} per arm"))
        chosen = chosen[kept]
    chosen = chosen.sort_values("arm", ascending=False, kind="stable")
    return tuple(
        _member({str(key): value for key, value in row.items()}) for row in chosen.to_dict("records")
    ), LossReport.of(losses, notes)


def _best_first(frame: pd.DataFrame) -> pd.DataFrame:
    size = -frame["effect_size"].abs()
    order = pd.DataFrame({"q": frame["q_value"], "size": size, "id": frame["feature_id"]})
    return frame.loc[order.sort_values(["q", "size", "id"]).index]


def _one_per_name(frame: pd.DataFrame, column: str) -> tuple[pd.DataFrame, list[str]]:
    """The best feature of each name; names whose features have opposite signs are left out."""
    n_arms = frame.groupby(column)["arm"].transform("nunique")
    disagreeing = sorted(set(frame.loc[n_arms > 1, column]))
    return frame[n_arms == 1].drop_duplicates(column), disagreeing


def _to_human(
    chosen: pd.DataFrame, species: str, relations: tuple[str, ...], orthologs: OrthologTable
) -> tuple[pd.DataFrame, list[Loss]]:
    human = orthologs.other_to_human(relations)
    kinds = [orthologs.relation_of(name, human=False) for name in chosen["name"]]
    targets = [human.get(name, ("",))[0] for name in chosen["name"]]
    mapped = chosen.assign(
        mapped_from=[f"{species}:{name}" for name in chosen["name"]], mapping_type=kinds, human=targets
    )
    unmapped = mapped[mapped["human"] == ""]
    absent = unmapped.loc[unmapped["mapping_type"] == "", "name"]
    ambiguous = unmapped.loc[unmapped["mapping_type"] != "", "name"]
    kept, disagreeing = _one_per_name(mapped[mapped["human"] != ""], "human")
    losses: list[Loss] = [
        ("no ortholog", absent, f"no pair with at least {orthologs.min_support} databases in {orthologs.source}"),
        ("no single ortholog", ambiguous, f"the rule keeps {', '.join(relations)} only"),
        ("orthologs disagree", disagreeing, "genes of one human ortholog have opposite signs"),
    ]
    return kept.assign(name=kept["human"]), losses


def _member(row: Mapping[str, Any]) -> Member:
    return Member(
        feature_id=str(row["name"]),
        arm=str(row["arm"]),
        evidence="D",
        source=str(row["feature_id"]),
        effect_size=float(row["effect_size"]),
        effect_se=float(row["effect_se"]) if np.isfinite(row["effect_se"]) else None,
        q_value=float(row["q_value"]),
        mapped_from=str(row["mapped_from"]),
        mapping_type=str(row["mapping_type"]),
    )
