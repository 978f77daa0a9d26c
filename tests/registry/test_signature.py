"""Signatures: what a document must hold, what is refused, and that what is written can be read."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from exomics.errors import RegistryError
from exomics.registry import Member, Signature, load_signature, read_signature, write_signature
from exomics.registry.signature_files import render, signature_hash


@pytest.fixture
def example() -> Signature:
    return Signature(
        id="trn.example",
        version="1.2.0",
        title="Example: two arms",
        signature_class="training",
        type="two_arm",
        score="rank_updown",
        species="human",
        feature_namespace="HGNC",
        layers=("muscle_rna",),
        ex_acute={"muscle_rna": "unknown"},
        ex_trained={"muscle_rna": "up"},
        benefit={"muscle_rna": "context"},
        timing_class=">=48 h rest",
        evidence="D",
        sign_evidence="D",
        source={"text": "an example", "references": ["MoTrPAC2024"]},
        license="BSD-3-Clause",
        members=(
            Member(feature_id="CS", evidence="D", effect_size=0.1 + 0.2, effect_se=0.1, q_value=1e-300, source="g1"),
            Member(
                feature_id="MUSTN1", arm="down", weight=-0.5, evidence="C", mapped_from="rat:Mustn1", mapping_type="1:1"
            ),
        ),
        native_members={"rat": {"up": ("Cs",), "down": ("Mustn1",)}},
        min_coverage=0.75,
        checks={"n_up": 1, "n_down": 1},
        provenance={"rule": {"id": "example"}, "counts": {"n": 2}},
    )


def test_what_is_written_is_read_back_exactly(example: Signature, tmp_path: Path) -> None:
    written = write_signature(example, tmp_path / "new" / "folder")
    assert read_signature(written) == example
    assert signature_hash(read_signature(written)) == signature_hash(example)


def test_the_same_signature_gives_the_same_bytes(example: Signature, tmp_path: Path) -> None:
    first, second = (write_signature(example, tmp_path / name) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".tsv").read_bytes() == second.with_suffix(".tsv").read_bytes()
    assert write_signature(read_signature(first), tmp_path / "c").read_bytes() == first.read_bytes()


def test_the_hash_changes_with_any_member(example: Signature) -> None:
    weights = tuple(replace(member, weight=2.0) for member in example.members)
    assert signature_hash(replace(example, members=weights)) != signature_hash(example)


def test_an_altered_body_is_refused(example: Signature, tmp_path: Path) -> None:
    written = write_signature(example, tmp_path)
    body = written.with_suffix(".tsv")
    body.write_text(body.read_text(encoding="utf-8").replace("CS", "HK2"), encoding="utf-8")
    with pytest.raises(RegistryError, match="was altered"):
        read_signature(written)


def rewritten(example: Signature, folder: Path, body: bytes) -> Path:
    """The document with another body, whose hash its head names."""
    head = write_signature(example, folder)
    tsv = head.with_suffix(".tsv")
    old, new = (hashlib.sha256(content).hexdigest() for content in (tsv.read_bytes(), body))
    tsv.write_bytes(body)
    head.write_text(head.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return head


def test_what_an_editor_does_to_a_body_changes_no_member(example: Signature, tmp_path: Path) -> None:
    """A byte order mark, the line ends of Windows, blanks around a symbol."""
    text = write_signature(example, tmp_path).with_suffix(".tsv").read_text(encoding="utf-8")
    edited = text.replace("\n", "\r\n").replace("CS\t", " CS \t").encode("utf-8-sig")
    assert read_signature(rewritten(example, tmp_path, edited)) == example


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_body_that_is_no_utf_8_is_one_line(encoding: str, example: Signature, tmp_path: Path) -> None:
    text = write_signature(example, tmp_path).with_suffix(".tsv").read_text(encoding="utf-8")
    with pytest.raises(RegistryError, match="the body is no text in UTF-8") as caught:
        read_signature(rewritten(example, tmp_path, text.replace("CS", "C\xe9").encode(encoding)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("direction", "up", "direction"),
        ("evidence", "X", "evidence"),
        ("layers", [], "layers"),
        ("version", "one", "version"),
        ("ex_trained", {"muscle_rna": "+"}, "ex_trained"),
    ],
)
def test_a_head_that_breaks_the_schema_is_refused(
    example: Signature, tmp_path: Path, key: str, value: object, message: str
) -> None:
    written = write_signature(example, tmp_path)
    head = yaml.safe_load(written.read_text(encoding="utf-8"))
    head[key] = value
    written.write_text(yaml.safe_dump(head), encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        read_signature(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": (Member(feature_id="CS"), Member(feature_id="CS", arm="down"))}, "listed twice"),
        ({"members": (Member(feature_id="CS", arm="both"),)}, "arm of CS"),
        ({"members": (Member(feature_id="CS", weight=0.0),)}, "weight of CS"),
        ({"members": (Member(feature_id="CS", weight=float("nan")),)}, "weight of CS"),
        ({"members": (Member(feature_id="CS", evidence="?"),)}, "evidence of CS"),
        ({"benefit": {}}, "benefit must give a sign for every layer"),
        ({"checks": {"n_up": 7}}, "fails its check n_up: expected 7, found 1"),
        ({"checks": {"negative": ["CS"]}}, "fails its check negative"),
    ],
)
def test_invalid_content_is_refused(example: Signature, change: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        replace(example, **{"checks": {}, **change})  # type: ignore[arg-type]


def test_a_body_with_an_unknown_column_is_refused(example: Signature, tmp_path: Path) -> None:
    written = write_signature(example, tmp_path)
    head = yaml.safe_load(written.read_text(encoding="utf-8"))
    body = written.with_suffix(".tsv")
    body.write_text("feature_id\tdirection\nCS\tup\n", encoding="utf-8")
    head["body"]["sha256"] = hashlib.sha256(body.read_bytes()).hexdigest()
    head.pop("checks")
    written.write_text(yaml.safe_dump(head), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"\.yaml: a signature body .* direction=up"):
        read_signature(written)


def test_a_number_that_is_none_is_named(example: Signature, tmp_path: Path) -> None:
    head, body = render(example)
    with pytest.raises(RegistryError, match=r"\.yaml: weight of CS must be a number; got 'heavy'"):
        _write_changed(tmp_path, example, head, body.replace("CS\tup\t1.0", "CS\tup\theavy"))


def test_a_signature_without_members_says_why(example: Signature, tmp_path: Path) -> None:
    empty = replace(example, members=(), checks={}, availability="empty")
    assert read_signature(write_signature(empty, tmp_path)) == empty
    with pytest.raises(RegistryError, match="has no members"):
        read_signature(write_signature(replace(empty, availability="shipped"), tmp_path / "b"))


def test_native_lists_come_before_mapping(example: Signature) -> None:
    rat = example.in_species("rat")
    assert (rat.features("up"), rat.features("down"), rat.feature_namespace) == (("Cs",), ("Mustn1",), "RGD")
    assert example.in_species("human") is example
    with pytest.raises(RegistryError, match="no native list for mouse"):
        example.in_species("mouse")


def test_a_field_cannot_break_the_table(example: Signature) -> None:
    broken = replace(example, members=(Member(feature_id="CS", source="a\tb"),), checks={})
    with pytest.raises(RegistryError, match="tab or a line break"):
        render(broken)


def test_an_unknown_id_lists_its_family() -> None:
    with pytest.raises(RegistryError, match=r"imm\.cyt"):
        load_signature("imm.cytolytic")


def _write_changed(folder: Path, signature: Signature, head: str, body: str) -> None:
    changed = yaml.safe_load(head)
    changed["body"]["sha256"] = hashlib.sha256(body.encode()).hexdigest()
    (folder / f"{signature.id}.tsv").write_text(body, encoding="utf-8")
    path = folder / f"{signature.id}.yaml"
    path.write_text(yaml.safe_dump(changed), encoding="utf-8")
    read_signature(path)
