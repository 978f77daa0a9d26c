"""Who counts as having responded, as a document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import document_paths, read_document

__all__ = [
    "ResponderDefinition",
    "load_responder_definition",
    "read_responder_definition",
    "responder_definition_names",
]


@dataclass(frozen=True, kw_only=True)
class ResponderDefinition:
    """The rule by which a person is called.

    Parameters
    ----------
    id, version, title
        As in the document.
    rule
        ``posterior_probability``; others are refused by `exomics.response.call`.
    level
        Coverage of every interval.
    responder_above, non_responder_below
        Posterior probabilities at which a person is called.
    worthwhile_fraction
        Smallest worthwhile change where no anchored one is given, in standard deviations before training.
    sha256
        Hash of the document.
    """

    id: str
    version: str
    title: str
    rule: str
    level: float
    responder_above: float
    non_responder_below: float
    worthwhile_fraction: float
    sha256: str


def read_responder_definition(path: Path | str) -> ResponderDefinition:
    """Read one definition.

    Parameters
    ----------
    path
        The YAML document.

    Returns
    -------
    ResponderDefinition
        Checked against its schema.

    Raises
    ------
    RegistryError
        If it is malformed.
    """
    document = read_document(Path(path), registry_folder("signatures") / "schemas" / "responder_definition.schema.yaml")
    head = document.head
    return ResponderDefinition(
        id=document.id,
        version=document.version,
        title=head["title"],
        rule=head["rule"],
        level=float(head["level"]),
        responder_above=float(head["responder_above"]),
        non_responder_below=float(head["non_responder_below"]),
        worthwhile_fraction=float(head["worthwhile_fraction_of_baseline_sd"]),
        sha256=document.sha256,
    )


def load_responder_definition(identifier: str) -> ResponderDefinition:
    """The shipped definition called `identifier`, or the one in the file of that name.

    Parameters
    ----------
    identifier
        An id, or a path that ends in ``.yaml``.

    Returns
    -------
    ResponderDefinition
        Checked against its schema.

    Raises
    ------
    RegistryError
        If there is none.

    Examples
    --------
    >>> load_responder_definition("posterior_80").responder_above
    0.8
    """
    if identifier.endswith((".yaml", ".yml")):
        return read_responder_definition(identifier)
    paths = _paths()
    if identifier not in paths:
        raise RegistryError(
            f"no responder definition is called {identifier!r}; known: {', '.join(paths)}; or give the path of a .yaml."
        )
    return read_responder_definition(paths[identifier])


def responder_definition_names() -> tuple[str, ...]:
    """Ids of the shipped definitions, sorted.

    Returns
    -------
    tuple of str
        Such as ``posterior_80``.

    Examples
    --------
    >>> responder_definition_names()
    ('posterior_80', 'posterior_95')
    """
    return tuple(_paths())


def _paths() -> dict[str, Path]:
    return {path.stem: path for path in document_paths(registry_folder("signatures") / "responder_definitions")}
