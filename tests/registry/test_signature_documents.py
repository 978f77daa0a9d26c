"""The shipped signatures: every document is canonical, cited, on known layers, and true to its published facts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry import (
    Signature,
    all_signatures,
    gene_set,
    load_signature,
    read_signature,
    signature_files,
    write_signature,
)
from exomics.registry.derivation_rule import derivation_rule_names, load_derivation_rule
from exomics.registry.gene_sets import gene_set_collections, sets_of
from exomics.registry.signature_files import render
from exomics.schema.vocabulary import layers

SHIPPED = all_signatures()
FOLDER = registry_folder("signatures")


@pytest.fixture(scope="module")
def references() -> set[str]:
    text = (FOLDER / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"@\w+\{(\w+),", text))


def test_only_the_documents_asked_for_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(signature_files, "_read_shipped", read.append)
    load_signature("imm.cyt")
    all_signatures("ecm")
    assert read == ["imm.cyt", *(found.id for found in SHIPPED if found.signature_class == "ecm")]
    assert all_signatures("no such class") == ()


@pytest.mark.parametrize("signature", SHIPPED, ids=lambda signature: signature.id)
def test_every_layer_is_in_the_vocabulary(signature: Signature) -> None:
    known = set(layers())
    named = {*signature.layers, *signature.ex_acute, *signature.ex_trained, *signature.benefit}
    assert named | set(signature.cell_types) | set(signature.conditions) <= known


@pytest.mark.parametrize("signature", SHIPPED, ids=lambda signature: signature.id)
def test_every_reference_is_in_the_bibliography(signature: Signature, references: set[str]) -> None:
    assert set(signature.source.get("references", [])) <= references


@pytest.mark.parametrize("signature", SHIPPED, ids=lambda signature: signature.id)
def test_every_document_is_in_its_canonical_bytes(signature: Signature) -> None:
    path = FOLDER / signature.signature_class / f"{signature.id}.yaml"
    text = path.read_text(encoding="utf-8")
    if "gene_sets:" not in text:
        body = path.with_suffix(".tsv")
        assert (text, body.read_text(encoding="utf-8") if body.exists() else "") == render(signature)


@pytest.mark.parametrize("signature", SHIPPED, ids=lambda signature: signature.id)
def test_a_list_of_our_own_is_never_marked_as_published(signature: Signature) -> None:
    if "our own" in signature.source["text"] or "our own" in signature.license:
        assert signature.evidence in ("C", "U")
        assert {member.evidence for member in signature.members} <= {"C", "U"}


def test_the_two_18_gene_immune_sets_are_not_the_same() -> None:
    profile, expanded = load_signature("imm.gep18"), load_signature("imm.immexp18")
    assert len(set(profile.features("up")) & set(expanded.features("up"))) == 7
    assert (len(profile.features("up")), len(expanded.features("up"))) == (18, 18)


def test_the_profile_has_its_published_weights() -> None:
    profile = load_signature("imm.gep18")
    weights = {member.feature_id: member.weight for member in profile.members if member.arm == "up"}
    assert sum(weights.values()) == pytest.approx(1.142788, abs=1e-12)
    assert [name for name, weight in weights.items() if weight < 0] == ["CD276"]
    assert len(profile.features("housekeeping")) == 11


def test_the_named_myokines_keep_a_sign_each() -> None:
    signs = {member.feature_id: (member.ex_acute, member.ex_trained) for member in load_signature("myo.seed4").members}
    assert signs["IL6"] == ("up", "down")
    assert signs["FNDC5"] == ("unknown", "unknown")


def test_the_populations_of_mcp_counter_keep_a_sign_each() -> None:
    whole = load_signature("imm.mcp")
    assert (whole.ex_trained["tumor_rna"], whole.benefit["tumor_rna"]) == ("context", "context")
    assert whole.part_signs == {
        "CD8_T_cells": {"ex_trained": "up", "benefit": "up"},
        "Cytotoxic": {"benefit": "up"},
        "NK": {"ex_trained": "up", "benefit": "up"},
        "Monocytic": {"benefit": "context"},
        "Neutrophils": {"benefit": "context"},
        "Endothelial": {"benefit": "context"},
        "Fibroblasts": {"ex_trained": "unknown", "benefit": "context"},
    }
    assert load_signature("myo.seed4").part_signs["IL6"]["ex_trained"] == "down"
    assert load_signature("mye.m1m2_legacy").part_signs == {
        "up": {"ex_trained": "up", "benefit": "context"},
        "down": {"ex_trained": "down", "benefit": "context"},
    }
    assert load_signature("imm.cyt").part_signs == {}


def test_signs_of_a_set_that_is_not_there_are_refused(tmp_path: Path) -> None:
    text = (FOLDER / "immune" / "imm.mcp.yaml").read_text(encoding="utf-8")
    (tmp_path / "imm.mcp.yaml").write_text(text.replace("  Cytotoxic:", "  Mast_cells:"), encoding="utf-8")
    with pytest.raises(RegistryError, match="group_signs names Mast_cells, which are no sets of its family"):
        read_signature(tmp_path / "imm.mcp.yaml")


def test_signs_of_sets_survive_writing(tmp_path: Path) -> None:
    whole = load_signature("imm.mcp")
    assert read_signature(write_signature(whole, tmp_path)).part_signs == whole.part_signs


def test_hallmark_is_whole_and_attributed() -> None:
    collection = next(found for found in gene_set_collections() if found.id == "hallmark")
    sets = sets_of("hallmark")
    assert (len(sets), sum(map(len, sets.values()))) == (50, 7322)
    assert collection.head["license"] == "CC BY 4.0"
    assert "Liberzon" in collection.head["attribution"]
    assert "FNDC5" not in {gene for genes in sets.values() for gene in genes}


def test_the_marker_genes_of_mcp_counter_are_whole() -> None:
    collection = next(found for found in gene_set_collections() if found.id == "mcpcounter")
    sets = sets_of("mcpcounter")
    assert {name: len(genes) for name, genes in sets.items()} == {
        "T_cells": 16, "CD8_T_cells": 1, "Cytotoxic": 7, "NK": 9, "B_lineage": 9, "Monocytic": 7, "Myeloid_DC": 6,
        "Neutrophils": 15, "Endothelial": 32, "Fibroblasts": 8,
    }  # fmt: skip
    assert "C" not in sets["Endothelial"]
    assert collection.head["license"] == "CC0 1.0"


def test_the_oxphos_control_is_the_hallmark_set() -> None:
    members = gene_set("HALLMARK_OXIDATIVE_PHOSPHORYLATION@7.0")
    for name in ("trn.muscle_oxphos", "tum.oxphos", "imt.tcell_oxphos"):
        assert load_signature(name).features("up") == members
    assert load_signature("trn.muscle_oxphos").layers == ("muscle_rna", "muscle_protein")


def test_every_rule_can_be_read() -> None:
    for name in derivation_rule_names():
        rule = load_derivation_rule(name)
        assert rule.id == name
        assert set(rule.signature["layers"]) <= set(layers())
    assert load_derivation_rule("motrpac_gn_rna_8w_both_sexes").mapping is not None
    assert load_derivation_rule("embedded_muscle_training").mapping is None


def test_every_signature_of_the_specification_is_here() -> None:
    known = {signature.id for signature in SHIPPED}
    assert known >= {
        "imm.mcp", "imm.blood_mobilization", "imm.cxcr3_axis", "mye.erk5_s496", "mic.formate", "mic.onecarbon_metab",
        "mic.formate_ko", "mic.alpha", "mic.scfa", "tum.hypoxia_buffa", "tum.ampk_sites", "tum.mtorc1_sites",
        "adr.catecholamines", "adr.ctra", "sys.homa_ir", "sys.inflammation", "sys.estrogen", "myo.lr_pairs",
        "ev.mir29a_cargo", "ev.mir29_ecm", "ev.mir29_nonecm", "ev.muscle_origin", "ev.exomir_trained", "ev.hemolysis",
        "ev.particles", "ev.content", "cac.cytokines", "trn.vo2peak", "ctl.random", "ctl.mir_shuffle",
    }  # fmt: skip
    assert len(known) >= 86
    unresolved = {signature.id: signature.availability for signature in SHIPPED if not signature.members}
    assert unresolved == {
        "tum.hypoxia_buffa": "user_supplied",
        "mic.alpha": "whole_assay",
        "ev.content": "whole_assay",
        "ctl.random": "drawn",
        "ctl.mir_shuffle": "drawn",
    }


def test_a_layer_of_single_cells_is_one_layer_restricted_to_a_cell_type() -> None:
    """Layers of the specification such as fibroblast_scrna are tumor_scrna of one cell type."""
    listed = {layer for signature in SHIPPED for layer in signature.layers if layer.endswith("_scrna")}
    assert listed == {"tumor_scrna"}
    for name in ("ecm.col1", "ev.mir29_ecm", "ev.mir29_nonecm"):
        assert load_signature(name).cell_types == {"tumor_scrna": ("fibroblast",)}


def test_a_member_that_the_source_does_not_name_is_not_marked_as_read_there() -> None:
    marks = {one.feature_id: one.evidence for one in load_signature("sys.il6_antiinfl").members}
    assert marks == {"IL10": "V", "IL1RN": "V", "TNFRSF1A": "U", "TNFRSF1B": "U"}


def test_collagen_i_is_of_the_family_tier_only() -> None:
    targets = {member.feature_id: member.group for member in load_signature("ev.mir29_ecm").members}
    assert (targets["COL1A1"], targets["COL1A2"], targets["COL3A1"]) == ("family_only", "family_only", "reporter_29a")
    assert load_signature("ev.mir29_ecm").total_of == ("reporter_29a",)


def test_a_part_that_does_not_fit_is_refused() -> None:
    homa, axis = load_signature("sys.homa_ir"), load_signature("imm.cxcr3_axis")
    with pytest.raises(RegistryError, match="go together"):
        replace(homa, expression="")
    with pytest.raises(RegistryError, match="names features that are no members"):
        replace(homa, expression="{glucose_mmol_L} * {age}")
    with pytest.raises(RegistryError, match="which are no groups of members"):
        replace(axis, total_of=("CXCL8-CXCR2",))
    with pytest.raises(RegistryError, match="fails its check n_groups"):
        replace(axis, checks={"n_groups": 2})
