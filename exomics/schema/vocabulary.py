"""The controlled words of the contract. A word that is missing here is added here, never invented in a file."""

from __future__ import annotations

from typing import Final

SPECIES: Final = ("human", "rat", "mouse")
SEXES: Final = ("female", "male", "unknown")

SPECIMENS: Final = (
    "muscle",
    "tumor",
    "plasma",
    "plasma_ev",
    "serum",
    "blood",
    "pbmc",
    "adipose",
    "feces",
    "liver",
    "heart",
    "kidney",
    "adrenal",
    "lung",
    "colon",
    "small_intestine",
    "spleen",
    "testis",
    "ovary",
    "aorta",
    "vena_cava",
    "hippocampus",
    "cortex",
    "hypothalamus",
    "sorted_cd8",
    "sorted_nk",
    "sorted_tam",
    "sorted_endothelium",
    "fibroblast",
    "cell_line",
    "whole_body",
    "unknown",
)

ASSAYS: Final = (
    "rna",
    "smallrna",
    "protein",
    "phospho",
    "acetyl",
    "ubiquitin",
    "metabolite",
    "flow",
    "qpcr",
    "scrna",
    "metagenome",
    "methylation",
    "atac",
    "copy_number",
    "mutation",
    "phenotype",
)

FEATURE_TYPES: Final = (
    "gene",
    "mirna",
    "protein",
    "peptide",
    "site",
    "metabolite",
    "cell_type",
    "taxon",
    "region",
    "measurement",
)

TIME_POINTS: Final = ("baseline", "during", "post", "follow_up", "resting", "unknown")

INTERVENTIONS: Final = (
    "sedentary",
    "usual_care",
    "endurance",
    "resistance",
    "hiit",
    "combined",
    "checkpoint_inhibitor",
    "none",
    "unknown",
)

SCALE_KINDS: Final = ("counts", "linear", "log2")
SCALE_QUANTITIES: Final = ("count", "tpm", "cpm", "ratio", "npx", "intensity", "array", "value", "cq")

SCORE_STATUS: Final = (
    "ok",
    "not_measured",
    "below_detection",
    "below_floor",
    "not_applicable",
    "qc_fail",
    "wrong_layer_override",
)


def layers() -> tuple[str, ...]:
    """Every layer ``<specimen>_<assay>`` that the vocabulary can spell."""
    return tuple(f"{specimen}_{assay}" for specimen in SPECIMENS for assay in ASSAYS)
