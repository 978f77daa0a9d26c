"""Signatures on disk: the canonical bytes of a document, writing it, and finding the shipped ones."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from exomics._files import write_text
from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry._members import MEMBER_COLUMNS
from exomics.registry.document import document_paths
from exomics.registry.signature import Signature, read_signature

_REQUIRED_COLUMNS = ("feature_id", "arm", "weight", "evidence", "source")
_NO_SIGNATURES = {
    "schemas", "gene_sets", "derivation_rules", "responder_definitions", "recipes", "stratifications", "vocabulary",
}  # fmt: skip
_HEAD_ORDER = (
    ("id", "id"),
    ("version", "version"),
    ("title", "title"),
    ("class", "signature_class"),
    ("type", "type"),
    ("score", "score"),
    ("species", "species"),
    ("feature_namespace", "feature_namespace"),
    ("layers", "layers"),
    ("native_members", "native_members"),
    ("species_notes", "species_notes"),
    ("cell_types", "cell_types"),
    ("conditions", "conditions"),
    ("expression", "expression"),
    ("input_scale", "input_scale"),
    ("total_of", "total_of"),
    ("null_alleles", "null_alleles"),
    ("ligand_layers", "ligand_layers"),
    ("min_coverage", "min_coverage"),
    ("checks", "checks"),
    ("ex_acute", "ex_acute"),
    ("ex_trained", "ex_trained"),
    ("benefit", "benefit"),
    ("timing_class", "timing_class"),
    ("evidence", "evidence"),
    ("sign_evidence", "sign_evidence"),
    ("source", "source"),
    ("trap", "trap"),
    ("thresholds", "thresholds"),
    ("license", "license"),
    ("provenance", "provenance"),
)


def write_signature(signature: Signature, place: Path | str) -> Path:
    """Write the head as YAML and the body as TSV beside it; what is written can be read and scored.

    Parameters
    ----------
    signature
        Any signature; arms that came from gene sets are written out member by member.
    place
        A ``.yaml`` file, whose body goes beside it under the same stem; or a folder, in which they are called
        ``<id>.yaml`` and ``<id>.tsv``. Folders are created.

    Returns
    -------
    Path
        The YAML head. The same signature always gives the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_signature(load_signature("imm.cyt"), folder)
    ...     read_signature(written) == load_signature("imm.cyt")
    True
    """
    given = Path(place)
    target = given if given.suffix == ".yaml" else given / f"{signature.id}.yaml"
    head, body = render(signature, target.with_suffix(".tsv").name)
    if body:
        write_text(target.with_suffix(".tsv"), body)
    return write_text(target, head)


def render(signature: Signature, body_file: str = "") -> tuple[str, str]:
    """The text of the head and of the body of `signature`; the body is empty if it has no members.

    The head names the body `body_file`; ``<id>.tsv``, the canonical name, if that is empty.
    """
    body = _render_body(signature) if signature.members else ""
    head: dict[str, Any] = {}
    for key, attribute in _HEAD_ORDER:
        value = _plain(getattr(signature, attribute))
        if value not in ({}, [], "", None):
            head[key] = value
    if signature.availability != "shipped":
        head["availability"] = signature.availability
    if body:
        digest = hashlib.sha256(body.encode("utf-8")).hexdigest()
        head["body"] = {"file": body_file or f"{signature.id}.tsv", "sha256": digest}
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=120), body


def signature_hash(signature: Signature) -> str:
    """SHA-256 of the canonical bytes of `signature`: two documents with the same content have the same hash."""
    head, body = render(signature)
    return hashlib.sha256((head + body).encode("utf-8")).hexdigest()


@cache
def _shipped() -> Mapping[str, Path]:
    """Where each shipped signature stands, by the id that its file name says it has, sorted by id."""
    folder = registry_folder("signatures")
    found: dict[str, Path] = {}
    for path in document_paths(folder):
        if path.relative_to(folder).parts[0] in _NO_SIGNATURES:
            continue
        if path.stem in found:
            raise RegistryError(f"two documents are called {path.stem!r}; the second is {path}.")
        found[path.stem] = path
    return dict(sorted(found.items()))


@cache
def _read_shipped(identifier: str) -> Signature:
    path = _shipped()[identifier]
    read = read_signature(path)
    if path.stem != read.id or path.parent.name != read.signature_class:
        raise RegistryError(f"{path} should be <class>/<id>.yaml: {read.signature_class}/{read.id}.yaml.")
    return read


def all_signatures(signature_class: str | None = None) -> tuple[Signature, ...]:
    """Every shipped signature, or those of one class; only their documents are read.

    Parameters
    ----------
    signature_class
        Such as ``immune``; None for all.

    Returns
    -------
    tuple of Signature
        Sorted by id, without rules, recipes and gene sets, which are no signatures; empty if there is no such class.

    Examples
    --------
    >>> "imm.cyt" in {signature.id for signature in all_signatures("immune")}
    True
    """
    return tuple(
        _read_shipped(name) for name, path in _shipped().items() if signature_class in (None, path.parent.name)
    )


def load_signature(identifier: str) -> Signature:
    """The shipped signature called `identifier`; only its document is read.

    Parameters
    ----------
    identifier
        Id such as ``imm.cyt``.

    Returns
    -------
    Signature
        With every member resolved.

    Raises
    ------
    RegistryError
        If there is none; the message lists ids of the same family, or those that are spelled about so.

    Examples
    --------
    >>> load_signature("imm.cyt").features("up")
    ('GZMA', 'PRF1')
    """
    if identifier not in _shipped():
        family = identifier.split(".")[0]
        known = [name for name in _shipped() if name.split(".")[0] == family]
        close = known or difflib.get_close_matches(identifier, _shipped(), n=3)
        hint = f"known: {', '.join(close)}" if close else "`exomics catalog signatures` lists the known ones"
        raise RegistryError(f"no shipped signature is called {identifier!r}; {hint}.")
    return _read_shipped(identifier)


def _render_body(signature: Signature) -> str:
    used = [
        name
        for name in MEMBER_COLUMNS
        if name in _REQUIRED_COLUMNS or any(getattr(member, name) not in ("", None) for member in signature.members)
    ]
    lines = ["\t".join(used)]
    for member in signature.members:
        fields = [_field(getattr(member, name)) for name in used]
        if any("\t" in text or "\n" in text or "\r" in text for text in fields):
            raise RegistryError(f"{signature.id}: {member.feature_id} holds a tab or a line break; remove it.")
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


def _field(value: str | float | None) -> str:
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, (int, float)) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
