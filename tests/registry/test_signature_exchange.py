"""GMT files, gene-set references, and signatures as index arrays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exomics.errors import RegistryError
from exomics.registry import Member, from_gmt, gene_set, load_signature, read_gmt, to_gmt
from exomics.registry.signature_set import SignatureSet


def test_arms_survive_a_gmt_file(tmp_path: Path) -> None:
    exported = [load_signature("imm.cyt"), load_signature("mye.m1m2_legacy")]
    path = to_gmt(exported, tmp_path / "sets.gmt")
    assert list(read_gmt(path)) == ["imm.cyt", "mye.m1m2_legacy_UP", "mye.m1m2_legacy_DN"]
    cyt, polarity = from_gmt(path, score="mean_log2", layers=["tumor_rna"])
    assert cyt.features("up") == exported[0].features("up")
    assert (polarity.features("up"), polarity.features("down")) == (
        exported[1].features("up"),
        exported[1].features("down"),
    )
    assert (polarity.evidence, polarity.benefit["tumor_rna"], polarity.type) == ("U", "unknown", "two_arm")


def test_a_down_only_signature_is_exported_as_such(tmp_path: Path) -> None:
    path = to_gmt([load_signature("mim.gdf15_block")], tmp_path / "sets.gmt")
    assert read_gmt(path) == {"mim.gdf15_block_DN": ("GDF15",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "holds no set"),
        ("A\tdescription\n", "line 1"),
        ("A\td\tx\nA\td\ty\n", "occurs twice"),
        ("\td\tx\n", "line 1"),
    ],
)
def test_a_malformed_gmt_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        read_gmt(path)


@pytest.mark.parametrize("text", ["S_UP\td\tA\tB\nS_DN\td\tC\n", "S_UP\td\t A \tB\t\r\n\r\nS_DOWN\td\tC\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_or_windows_line_ends_split_no_signature(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "sets.gmt"
    path.write_bytes(text.encode(encoding))
    (found,) = from_gmt(path, score="rank_updown", layers=("tumor_rna",))
    assert (found.id, found.features("up"), found.features("down")) == ("gmt.S", ("A", "B"), ("C",))


@pytest.mark.parametrize("content", ["S\td\xe9\tA\n".encode("latin-1"), "S\td\tA\n".encode("utf-16"), b"\x1f\x8b\x08"])
def test_a_gmt_file_that_is_no_text_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sets.gmt"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match="is no text in UTF-8") as caught:
        read_gmt(path)
    assert "\n" not in str(caught.value)


def test_a_gmt_file_of_an_unknown_species_is_refused_and_one_layer_is_one_word(tmp_path: Path) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text("S\td\tA\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="species is one of human, mouse, rat; got 'dog'"):
        from_gmt(path, score="mean_log2", layers=["tumor_rna"], species="dog")
    (found,) = from_gmt(path, score="mean_log2", layers="tumor_rna", species="mouse")
    assert (found.layers, found.feature_namespace) == (("tumor_rna",), "MGI")


@pytest.mark.parametrize("names", [("S", "S_UP"), ("S_DN", "S_DOWN")])
def test_two_sets_that_are_one_arm_are_told_and_none_is_lost(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text(f"{names[0]}\td\tA\n{names[1]}\td\tB\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="one of two sets that are the"):
        from_gmt(path, score="rank_updown", layers=("tumor_rna",))


def test_a_missing_gmt_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="does not exist"):
        read_gmt(tmp_path / "none.gmt")


@pytest.mark.parametrize("reference", ["HALLMARK_HYPOXIA", "HALLMARK_HYPOXIA@2023.1", "HALLMARK_NOTHING@7.0"])
def test_a_gene_set_needs_its_version(reference: str) -> None:
    with pytest.raises(RegistryError, match="no shipped collection holds"):
        gene_set(reference)


def test_index_arrays_hold_the_measured_members_only() -> None:
    polarity = load_signature("mye.m1m2_legacy")
    chosen = SignatureSet.build([load_signature("imm.cyt"), polarity], ["TNF", "PRF1", "IL10", "X", "CD80"])
    assert chosen.up.offsets.tolist() == [0, 1, 3]
    assert chosen.up.columns.tolist() == [1, 4, 0]
    assert chosen.down.columns.tolist() == [2]
    assert chosen.down.sizes.tolist() == [0, 1]
    only = chosen.only(1)
    assert (only.ids, only.up.columns.tolist(), only.up.offsets.tolist()) == (("mye.m1m2_legacy",), [4, 0], [0, 2])


def test_spellings_lead_to_the_measured_feature() -> None:
    renamed = replace(load_signature("imm.cyt"), members=(Member(feature_id="MARCHF1"),), checks={})
    chosen = SignatureSet.build([renamed], ["A", "MARCH1"], spellings={"MARCHF1": "MARCH1"})
    assert chosen.up.columns.tolist() == [1]
