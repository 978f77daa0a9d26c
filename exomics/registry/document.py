"""The one reader of registry documents: a YAML head, an optional TSV body that the head hashes, a JSON Schema."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from exomics.errors import RegistryError


@dataclass(frozen=True)
class Document:
    """A registry document as read.

    Parameters
    ----------
    head
        The YAML mapping.
    rows
        Of the TSV body; none if the head names no body.
    path
        Of the head.
    sha256
        Hash of head and body, which names exactly this version.
    """

    head: dict[str, Any]
    rows: tuple[dict[str, str], ...]
    path: Path
    sha256: str

    @property
    def id(self) -> str:
        """The stable id."""
        return str(self.head["id"])

    @property
    def version(self) -> str:
        """The version, bumped on any change."""
        return str(self.head["version"])


def read_document(path: Path, schema: Path | Mapping[str, Path]) -> Document:
    """Read and check one registry document.

    Parameters
    ----------
    path
        The YAML head. If the head has ``body: {file, sha256}``, the TSV of that name in the same folder is the body.
    schema
        JSON Schema (as YAML or JSON) of the head, or that of each ``kind``. Unknown keys are refused by the schema.

    Returns
    -------
    Document
        ``sha256`` is the hash of the head's bytes followed by the body's.

    Raises
    ------
    RegistryError
        If the file is not YAML, repeats a key, breaks the schema, or its body is missing, altered or elsewhere.
    """
    head_bytes = _bytes_of(path)
    head = _parse_yaml(head_bytes, path)
    check_schema(head, schema if isinstance(schema, Path) else _schema_of_kind(head, schema, path), str(path))
    body_bytes = _body_of(head, path)
    rows = tuple(_rows_of(body_bytes, path)) if body_bytes else ()
    return Document(head=head, rows=rows, path=path, sha256=hashlib.sha256(head_bytes + body_bytes).hexdigest())


def document_paths(folder: Path) -> Iterator[Path]:
    """Every document head below `folder`, sorted by path; schemas are no documents."""
    yield from (path for path in sorted(folder.rglob("*.yaml")) if "schemas" not in path.relative_to(folder).parts)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RegistryError(f"cannot read {path}: {error.strerror}.") from error


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a repeated key, which YAML would let pass in silence, and references.

    A few lines of references to references stand for more values than a machine can hold.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "references (*name) are not read", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be one word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is repeated", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str | bytes, source: str) -> Any:
    """`text` as YAML; a repeated key or malformed text is a `RegistryError` that names `source` and the line."""
    try:
        return yaml.load(text.decode("utf-8-sig") if isinstance(text, bytes) else text, Loader=_StrictLoader)
    except UnicodeDecodeError as error:
        raise RegistryError(
            f"{source} is no text in UTF-8 (byte {error.start + 1}); if it is YAML, save it as UTF-8."
        ) from error
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is a ValueError
        said = " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
        raise RegistryError(f"{source} is not valid YAML: {said}.") from error
    except RecursionError as error:
        raise RegistryError(f"{source} is nested too deep to be a document.") from error


def _parse_yaml(text: bytes, path: Path) -> dict[str, Any]:
    head = parse_yaml(text, str(path))
    if not isinstance(head, dict):
        raise RegistryError(f"{path} must hold a mapping of keys; got {type(head).__name__}.")
    return head


@cache
def _schema_of(path: Path) -> dict[str, Any]:
    return dict(_parse_yaml(_bytes_of(path), path))


def check_schema(value: Any, schema: Path, source: str) -> None:
    """Raise one `RegistryError` that lists every way in which `value` breaks `schema`."""
    validator = jsonschema.Draft202012Validator(_schema_of(schema))
    failures = sorted(validator.iter_errors(_plain(value)), key=lambda failure: list(map(str, failure.absolute_path)))
    if failures:
        shown = "; ".join(
            f"{'/'.join(map(str, failure.absolute_path)) or 'top level'}: {_message(failure)}"
            for failure in failures[:5]
        )
        raise RegistryError(f"{source} breaks its schema in {len(failures)} places: {shown}.")


def _message(failure: jsonschema.ValidationError) -> str:
    """What is wrong; for a choice, what the schema says of it, since none of its branches is the one that was meant."""
    said = failure.schema.get("description") if isinstance(failure.schema, dict) else None
    return f"expected {said}" if failure.validator in ("oneOf", "anyOf", "not") and said else failure.message


def _schema_of_kind(head: dict[str, Any], schemas: Mapping[str, Path], path: Path) -> Path:
    kind = str(head.get("kind", ""))
    if kind not in schemas:
        raise RegistryError(f"{path} breaks its schema: its kind is {kind!r}; expected {' or '.join(schemas)}.")
    return schemas[kind]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _body_of(head: dict[str, Any], path: Path) -> bytes:
    body = head.get("body")
    if body is None:
        return b""
    file = path.parent / str(body["file"])
    if Path(body["file"]).name != body["file"]:
        raise RegistryError(f"{path}: the body {body['file']!r} must be a file name in the same folder.")
    content = _bytes_of(file)
    got = hashlib.sha256(content).hexdigest()
    if got != body["sha256"]:
        expected = body["sha256"]
        raise RegistryError(f"{file} was altered: expected sha256 {expected}, got {got}. Restore it.")
    return content


def _rows_of(content: bytes, path: Path) -> Iterator[dict[str, str]]:
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path}: the body is no text in UTF-8 (byte {error.start + 1}); save it so.") from error
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    for number, row in enumerate(reader, start=2):
        if None in row or None in row.values():
            raise RegistryError(f"{path}: line {number} of the body has another number of fields than its header.")
        yield row
