"""The one reader of registry documents: text that a stranger may have written is refused in one line, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from exomics.errors import RegistryError
from exomics.registry.document import parse_yaml


def _exponential(levels: int) -> str:
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"
    return "\n".join([first, *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, levels))])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_exponential(12), "references"),
        ("a: &a [*a]", "references"),
        ("[" * 5000, "nested too deep"),
        ("day: 2020-13-45", "month must be in 1..12"),
        ("? [a]\n: b", "a key must be one word"),
        ("? {a: b}\n: c", "a key must be one word"),
        ("a: 1\na: 2", "repeated"),
        ("a: !!python/object/apply:os.system ['true']", "not valid YAML"),
        ("a:\n\tb: 1", "at line 2, column 1"),
        ("a: M\xfcller".encode("latin-1"), r"no text in UTF-8 \(byte 5\)"),
    ],
)
def test_hostile_text_is_refused_in_one_line(text: str | bytes, told: str) -> None:
    with pytest.raises(RegistryError, match=told) as caught:
        parse_yaml(text, "sent.yaml")
    assert str(caught.value).startswith("sent.yaml ")
    assert "\n" not in str(caught.value)


def test_no_shipped_document_uses_references() -> None:
    root = Path(__file__).parents[2]
    paths = [path for folder in ("signatures", "data_manifests") for path in (root / folder).rglob("*.yaml")]
    assert len(paths) > 50
    for path in paths:
        parse_yaml(path.read_bytes(), path.name)
