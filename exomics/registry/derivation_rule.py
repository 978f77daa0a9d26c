"""The rule by which a signature is derived from differential tables, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import document_paths, read_document


@dataclass(frozen=True, kw_only=True)
class MappingRule:
    """How members are carried to human genes: ortholog dataset, supporting databases, kinds of pairs kept."""

    orthologs: str
    min_support: int = 3
    relations: tuple[str, ...] = ("1:1",)


@dataclass(frozen=True, kw_only=True)
class DerivationRule:
    """Which features of a differential table become a signature.

    Parameters
    ----------
    id, version, title
        As in the document.
    contrasts
        Names, verbatim; a feature must be significant in all of them, with one sign.
    adj_p_below
        Threshold, exclusive.
    significant_digits
        Round the adjusted p-value to so many digits first, as a published table does; None to use it as it is.
    min_abs_log2_fold_change
        In every contrast.
    max_members_per_arm
        Keep those with the smallest adjusted p-values; None for all.
    species
        Of the features of the table.
    members_from
        ``feature_name`` or ``feature_id``.
    mapping
        None to keep the identifiers of the table.
    signature
        Keys of the signature document that are not derived.
    sha256
        Hash of the document.
    """

    id: str
    version: str
    title: str
    contrasts: tuple[str, ...]
    adj_p_below: float
    significant_digits: int | None
    min_abs_log2_fold_change: float
    max_members_per_arm: int | None
    species: str
    members_from: str
    mapping: MappingRule | None
    signature: Mapping[str, Any]
    sha256: str


def read_derivation_rule(path: Path | str) -> DerivationRule:
    """Read one rule document.

    Raises
    ------
    RegistryError
        If it is malformed.
    """
    schema = registry_folder("signatures") / "schemas" / "derivation_rule.schema.yaml"
    document = read_document(Path(path), schema)
    head = document.head
    mapping = head.get("mapping")
    return DerivationRule(
        id=document.id,
        version=document.version,
        title=head["title"],
        contrasts=tuple(head["contrasts"]),
        adj_p_below=float(head["adj_p_value"]["below"]),
        significant_digits=head["adj_p_value"].get("significant_digits"),
        min_abs_log2_fold_change=float(head.get("min_abs_log2_fold_change", 0.0)),
        max_members_per_arm=head.get("max_members_per_arm"),
        species=head["species"],
        members_from=head["members_from"],
        mapping=_mapping(mapping) if mapping else None,
        signature=head["signature"],
        sha256=document.sha256,
    )


def load_derivation_rule(identifier: str) -> DerivationRule:
    """The shipped rule called `identifier`, or the one in the file of that name.

    Parameters
    ----------
    identifier
        An id, or a path that ends in ``.yaml``.

    Returns
    -------
    DerivationRule
        The rule, checked against its schema.

    Raises
    ------
    RegistryError
        If there is none.

    Examples
    --------
    >>> load_derivation_rule("motrpac_gn_rna_8w_both_sexes").contrasts
    ('F_8W - F_SED', 'M_8W - M_SED')
    """
    if identifier.endswith((".yaml", ".yml")):
        return read_derivation_rule(identifier)
    paths = {path.stem: path for path in document_paths(registry_folder("signatures") / "derivation_rules")}
    if identifier not in paths:
        raise RegistryError(
            f"no derivation rule is called {identifier!r}; known: {', '.join(paths)}; or give the path of a .yaml."
        )
    return read_derivation_rule(paths[identifier])


def derivation_rule_names() -> tuple[str, ...]:
    """Ids of the shipped rules, sorted.

    Examples
    --------
    >>> "embedded_muscle_training" in derivation_rule_names()
    True
    """
    return tuple(path.stem for path in document_paths(registry_folder("signatures") / "derivation_rules"))


def _mapping(mapping: Mapping[str, Any]) -> MappingRule:
    return MappingRule(
        orthologs=mapping["orthologs"],
        min_support=mapping.get("min_support", 3),
        relations=tuple(mapping.get("relations", ("1:1",))),
    )
