"""The documents by which a workflow runs on a user's own study: config, recipe and derivation rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exomics.differential import Design, parse_contrast
from exomics.registry.manifest import load_manifest
from exomics.schema import Scale, keys

PANEL = ("imm.cyt", "imm.ifng6", "ecm.col1", "tum.oxphos", "gene:CXCL9")
NEED_TPM = ("imm.cyt",)
TESTS = {"counts": "limma_voom", "log2": "limma_trend"}
RECIPE, RULE, SAMPLES, STUDY = "analysis.yaml", "rule.yaml", "samples.tsv", "study.yaml"


@dataclass(frozen=True, kw_only=True)
class OwnStudy:
    """What a user told of a study: its name, its data, and what to compare."""

    name: str
    species: str
    assay: str
    layer: str
    scale: Scale
    contrasts: tuple[str, ...] = ()


def config(
    study: OwnStudy, source: dict[str, Any], *, cohorts: Sequence[str], sources: Sequence[str]
) -> dict[str, Any]:
    """The workflow's config. A study with contrasts gives a signature; any other is a cohort to score in."""
    written: dict[str, Any] = {
        "title": f"{study.name}: what changes, and what it goes with",
        "studies": {},
        "cohorts": {},
    }
    if study.contrasts:
        written["studies"][study.name] = {**source, "recipe": RECIPE, "rule": RULE}
    else:
        written["cohorts"][study.name] = {**source, **_before_scoring(study)}
    for cohort in cohorts:
        dataset, _, time_point = cohort.partition(":")
        chosen = load_manifest(dataset).id
        written["cohorts"][chosen] = {"dataset": chosen} | ({"time_point": time_point} if time_point else {})
    written |= {"panel": panel(study), "allow_layer": True, "controls": 1000, "seed": 1}
    return written | {"sources": list(sources), "study": STUDY}


def panel(study: OwnStudy) -> list[str]:
    """The signatures to score: those that need TPM only where the samples to score have them."""
    has_tpm = bool(study.contrasts) or study.scale.quantity == "tpm"
    return [name for name in PANEL if has_tpm or name not in NEED_TPM]


def _before_scoring(study: OwnStudy) -> dict[str, Any]:
    """What a cohort goes through before it is scored: its study attached, human genes, a scale that can be scored."""
    steps: dict[str, Any] = {"study": STUDY}
    if study.species != "human":
        steps["to_species"] = "human"
    if study.scale.kind == "counts":
        steps["normalize"] = ["tmm", "log_cpm"]
    return steps


def source(study: OwnStudy, matrix: str, layer: str) -> dict[str, Any]:
    """How `exomics load` reads the matrix and the sheet again."""
    scale = f"{study.scale.kind}:{study.scale.quantity}:{study.scale.offset:g}"
    options = {"scale": scale, "assay": study.assay, "layer": layer, "sample_id": keys.SAMPLE_ID}
    return {"loader": "expression_table", "files": {"matrix": matrix, "samples": SAMPLES}, "options": options}


def recipe(study: OwnStudy, formula: str, design: Design) -> dict[str, Any]:
    """Preprocessing and test, as a document that the user can read and change."""
    counted = study.scale.kind == "counts"
    group = _group_of(design)
    steps: list[dict[str, Any]] = []
    if counted:
        filtering: dict[str, Any] = {"method": "filter_by_expression"}
        steps = [filtering | ({"parameters": {"group": group}} if group else {}), {"method": "tmm"}]
    how = "filtered, TMM-normalized, voom" if counted else "as they are"
    contrasts = [parse_contrast(text) for text in study.contrasts]
    return {
        "id": Path(RECIPE).stem,
        "version": "1.0.0",
        "title": f"What changes in {study.name}",
        "description": f"{study.scale.kind.capitalize()} values, {how}; genewise linear model, robust moderated t.",
        "assays": [study.assay],
        "scale": study.scale.kind,
        **({"steps": steps} if steps else {}),
        "test": {
            "method": TESTS[study.scale.kind],
            "design": formula,
            "parameters": {"robust": True},
            "contrasts": [{"name": contrast.name, "expression": contrast.expression} for contrast in contrasts],
        },
    }


def _group_of(design: Design) -> str:
    """The factor that says how many samples the smallest group has: the first with several samples per level."""
    n_samples = len(design.matrix)
    return next((found.variable for found in design.factors if 2 * len(found.levels) <= n_samples // 2), "")


def rule(study: OwnStudy) -> dict[str, Any]:
    """The rule by which the signature is derived, as a document that the user can read and change."""
    written: dict[str, Any] = {
        "id": study.name,
        "version": "1.0.0",
        "title": f"Changed in {study.name}, same sign in every contrast",
        "contrasts": [parse_contrast(text).name for text in study.contrasts],
        "combine": "all_same_sign",
        "adj_p_value": {"below": 0.05},
        "species": study.species,
        "members_from": keys.FEATURE_NAME,
        "signature": _signature(study),
    }
    if study.species != "human":
        orthologs = {"orthologs": "ref_orthologs_babelgene", "min_support": 3, "relations": ["1:1"]}
        written["mapping"] = {"to": "human", **orthologs}
    return written


def _signature(study: OwnStudy) -> dict[str, Any]:
    return {
        "id": f"own.{study.name}",
        "title": f"Response in {study.name}",
        "class": "training",
        "score": "rank_updown",
        "feature_namespace": "HGNC",
        "layers": [study.layer],
        "ex_acute": {study.layer: "unknown"},
        "ex_trained": {study.layer: "up"},
        "benefit": {study.layer: "unknown"},
        "timing_class": "any",
        "source": {"text": f"derived from the study {study.name}"},
        "license": "as the study",
    }
