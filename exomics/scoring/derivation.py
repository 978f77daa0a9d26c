"""derive: an up/down signature from differential tables, by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exomics.errors import InputError
from exomics.harmonize import LossReport, OrthologTable
from exomics.registry.derivation_rule import DerivationRule, load_derivation_rule
from exomics.registry.signature import DOWN, UP, Member, Signature
from exomics.results import DifferentialTable
from exomics.scoring._members import to_members
from exomics.scoring._selection import NUMBERS, by_feature, select


@dataclass(frozen=True)
class Derivation:
    """A derived signature and how it came to be.

    Parameters
    ----------
    signature
        Ready to be scored and written. Without members (``availability`` = ``empty``) when the rule selects nothing.
    selected
        One row per feature that passes the thresholds and per contrast, before names and species are settled:
        ``feature_id``, ``feature_name``, ``arm``, ``contrast``, ``log2_fold_change``, ``standard_error``,
        ``adj_p_value``.
    losses
        Selected features that did not become members, and why.
    """

    signature: Signature
    selected: pd.DataFrame
    losses: LossReport


def derive(
    tables: DifferentialTable | Sequence[DifferentialTable],
    rule: DerivationRule | str,
    *,
    orthologs: OrthologTable | None = None,
) -> Derivation:
    """Derive an up/down signature from differential tables.

    A feature is selected if, in every contrast of the rule, ``adj_p_value`` (rounded first if the rule says so) is
    below the threshold, ``|log2_fold_change|`` reaches the minimum, and the sign is the same. Features of one name must
    agree in sign; the one with the smallest adjusted p-value stands for them.

    Parameters
    ----------
    tables
        Together they hold every contrast of the rule, each feature once per contrast.
    rule
        A rule, the id of a shipped one, or the path of a document.
    orthologs
        The table that carries members to human genes; needed if, and only if, the rule has a mapping.

    Returns
    -------
    Derivation
        Per member: ``effect_size`` the mean log2 fold change over the contrasts, ``effect_se`` the standard error of
        that mean as if the contrasts were independent, ``q_value`` the largest adjusted p-value.

    Raises
    ------
    InputError
        If a contrast is missing or holds a feature twice, or the ortholog table is missing, of another species, of
        another dataset than the rule names, or not needed.
    RegistryError
        If the rule is unknown or malformed.

    Notes
    -----
    Requiring significance in every contrast is an intersection-union test: its p-value is the largest one, so the rule
    is conservative. Contrasts that share a control group are correlated; ``effect_se`` ignores that.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> row = dict.fromkeys(DifferentialTable.columns) | {"feature_id": "g1", "feature_name": "CS",
    ...     "contrast": "training", "log2_fold_change": 0.5, "standard_error": 0.1, "adj_p_value": 0.01}
    >>> table = DifferentialTable(pd.DataFrame([row]), Provenance(method="example"))
    >>> derive(table, "embedded_muscle_training").signature.features("up")
    ('CS',)
    """
    found = load_derivation_rule(rule) if isinstance(rule, str) else rule
    given = [tables] if isinstance(tables, DifferentialTable) else list(tables)
    _check_orthologs(found, orthologs)
    wide = by_feature(pd.concat([table.frame for table in given], ignore_index=True), found)
    passed = select(wide, found)
    members, losses = to_members(passed, found, orthologs)
    counts = _counts(wide, passed, found)
    signature = _signature(found, members, _provenance(found, given, orthologs, counts, losses))
    return Derivation(signature, _long(passed, found), losses)


def _check_orthologs(rule: DerivationRule, orthologs: OrthologTable | None) -> None:
    if rule.mapping is None and orthologs is not None:
        raise InputError(f"the rule {rule.id} maps nothing; leave out the ortholog table.")
    if rule.mapping is None:
        return
    if orthologs is None:
        raise InputError(
            f"the rule {rule.id} maps {rule.species} to human; pass the ortholog table {rule.mapping.orthologs}."
        )
    wanted = (rule.species, rule.mapping.orthologs, rule.mapping.min_support)
    got = (orthologs.species, orthologs.source, orthologs.min_support)
    if wanted != got:
        raise InputError(
            "the rule {} needs the ortholog table (species, dataset, support) ({}, {}, {}); got ({}, {}, {}).".format(
                rule.id, *wanted, *got
            )
        )


def _counts(wide: pd.DataFrame, passed: pd.DataFrame, rule: DerivationRule) -> dict[str, int]:
    tested = np.isfinite(wide["adj_p_value"][list(rule.contrasts)].to_numpy(dtype=np.float64)).all(axis=1)
    return {
        "n_features_tested": int(tested.sum()),
        "n_selected_up": int((passed["arm"] == UP).sum()),
        "n_selected_down": int((passed["arm"] == DOWN).sum()),
        "n_opposite_signs": int((passed["arm"] == "").sum()),
    }


def _provenance(
    rule: DerivationRule,
    tables: Sequence[DifferentialTable],
    orthologs: OrthologTable | None,
    counts: dict[str, int],
    losses: LossReport,
) -> dict[str, Any]:
    threshold = {"below": rule.adj_p_below}
    if rule.significant_digits is not None:
        threshold["significant_digits"] = rule.significant_digits
    found: dict[str, Any] = {
        "rule": {"id": rule.id, "version": rule.version, "sha256": rule.sha256},
        "contrasts": list(rule.contrasts),
        "adj_p_value": threshold,
        "tables": [
            {"method": table.provenance.method, "inputs": [dict(item) for item in table.provenance.inputs]}
            for table in tables
        ],
        "counts": counts,
        "losses": losses.to_records(),
        "notes": list(losses.notes),
        "acknowledgments": list(dict.fromkeys(text for table in tables for text in table.provenance.acknowledgments)),
    }
    if orthologs is not None:
        found["orthologs"] = {"dataset": orthologs.source, "min_support": orthologs.min_support}
    return found


def _signature(rule: DerivationRule, members: tuple[Member, ...], provenance: Mapping[str, Any]) -> Signature:
    head = dict(rule.signature)
    head["layers"] = tuple(head["layers"])
    is_human = rule.species == "human" or rule.mapping is not None
    arms = {member.arm for member in members}
    return Signature(
        version=rule.version,
        signature_class=head.pop("class"),
        type="two_arm" if arms == {UP, DOWN} else "gene_set",
        species="human" if is_human else rule.species,
        evidence="D",
        sign_evidence="D",
        members=members,
        availability="shipped" if members else "empty",
        checks={"n_up": sum(m.arm == UP for m in members), "n_down": sum(m.arm == DOWN for m in members)},
        provenance=provenance,
        **head,
    )


def _long(passed: pd.DataFrame, rule: DerivationRule) -> pd.DataFrame:
    frames = [
        passed[["feature_id", "feature_name", "arm"]].assign(
            contrast=contrast, **{number: passed[f"{number}|{contrast}"] for number in NUMBERS}
        )
        for contrast in rule.contrasts
    ]
    return pd.concat(frames, ignore_index=True)
