"""The consortium's codes: what an assay and a tissue abbreviation or number stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exomics.schema import Scale

_LOG2_RATIO: Final = Scale(kind="log2", quantity="ratio")
_LOG2_INTENSITY: Final = Scale(kind="log2", quantity="intensity")
_LOG2_CPM: Final = Scale(kind="log2", quantity="cpm")
RAW_COUNTS: Final = Scale(kind="counts", quantity="count")


@dataclass(frozen=True)
class Ome:
    """What an assay code stands for; ``normalized`` is the scale of the consortium's normalized data frames."""

    assay: str
    feature_type: str
    scale: Scale
    name_column: str
    normalized: Scale


OMES: Final[Mapping[str, Ome]] = {
    "TRNSCRPT": Ome("rna", "gene", RAW_COUNTS, "gene_symbol", _LOG2_CPM),
    "PROT": Ome("protein", "protein", _LOG2_RATIO, "gene_symbol", _LOG2_RATIO),
    "ACETYL": Ome("acetyl", "site", _LOG2_RATIO, "gene_symbol", _LOG2_RATIO),
    "PHOSPHO": Ome("phospho", "site", _LOG2_RATIO, "gene_symbol", _LOG2_RATIO),
    "UBIQ": Ome("ubiquitin", "site", _LOG2_RATIO, "gene_symbol", _LOG2_RATIO),
    "METAB": Ome("metabolite", "metabolite", _LOG2_INTENSITY, "metabolite_refmet", _LOG2_INTENSITY),
    "IMMUNO": Ome("protein", "protein", _LOG2_INTENSITY, "analyte", _LOG2_INTENSITY),
    "ATAC": Ome("atac", "region", RAW_COUNTS, "gene_symbol", _LOG2_CPM),
    "METHYL": Ome("methylation", "region", RAW_COUNTS, "gene_symbol", Scale(kind="log2", quantity="ratio")),
}

NAME_COLUMNS: Final = (
    "gene_symbol", "metabolite_refmet", "refmet_name", "name_in_figures", "metabolite", "analyte", "feature_ID",
)  # fmt: skip

# abbreviation in object names (hyphens left out) -> word of the vocabulary
TISSUES: Final[Mapping[str, str]] = {
    "ADRNL": "adrenal",
    "AORTA": "aorta",
    "BAT": "adipose",
    "BLOOD": "blood",
    "COLON": "colon",
    "CORTEX": "cortex",
    "GN": "muscle",
    "HEART": "heart",
    "HIPPOC": "hippocampus",
    "HYPOTH": "hypothalamus",
    "KIDNEY": "kidney",
    "LIVER": "liver",
    "LUNG": "lung",
    "OVARY": "ovary",
    "PLASMA": "plasma",
    "SKMGN": "muscle",
    "SKMVL": "muscle",
    "SMLINT": "small_intestine",
    "SOL": "muscle",
    "SPLEEN": "spleen",
    "TESTES": "testis",
    "VENACV": "vena_cava",
    "VL": "muscle",
    "WAT": "adipose",
    "WATSC": "adipose",
    "MUSCLE": "muscle",
    "ADIPOSE": "adipose",
}
_NUMBERS: Final[Mapping[int, str]] = {
    1: "serum", 2: "plasma", 4: "blood", 5: "pbmc", 6: "muscle", 7: "adipose", 9: "feces", 10: "muscle",
    11: "adipose", 12: "plasma", 13: "plasma", 30: "blood", 31: "plasma", 33: "hippocampus", 34: "cortex",
    35: "hypothalamus", 36: "muscle", 37: "muscle", 39: "heart", 40: "kidney", 41: "adrenal", 42: "colon",
    43: "spleen", 44: "testis", 45: "ovary", 46: "adipose", 47: "adipose", 48: "aorta", 49: "lung",
    50: "small_intestine", 51: "liver", 52: "hippocampus", 53: "cortex", 54: "hypothalamus", 55: "muscle",
    56: "muscle", 58: "heart", 59: "kidney", 60: "adrenal", 61: "colon", 62: "spleen", 63: "testis", 64: "ovary",
    65: "aorta", 66: "lung", 67: "small_intestine", 68: "liver", 69: "adipose", 70: "adipose", 77: "muscle",
    99: "vena_cava",
}  # fmt: skip
_NUMBERED: Final = re.compile(r"(?:^|[_/-])T(\d{2})(?=[_.-]|$)", re.IGNORECASE)


def specimen_of_tissue(tissue: str) -> str:
    """The specimen of a tissue abbreviation (``SKM-GN``, ``SKMGN``, ``GN_TRNSCRPT``), or ``unknown``.

    Examples
    --------
    >>> specimen_of_tissue("SKM-GN"), specimen_of_tissue("WATSC"), specimen_of_tissue("TAIL")
    ('muscle', 'adipose', 'unknown')
    """
    return TISSUES.get(tissue.replace("-", "").partition("_")[0].upper(), "unknown")


def specimen_of_file(name: str) -> str:
    """The specimen that the tissue number in a native file's name tells (``..._T55_...``), or ``unknown``.

    Examples
    --------
    >>> specimen_of_file("MOTRPAC_PASS1B-06_T58_PR_PN_results_ratio.txt")
    'heart'
    """
    found = _NUMBERED.search(name)
    return _NUMBERS.get(int(found[1]), "unknown") if found else "unknown"
