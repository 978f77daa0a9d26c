"""What cohorts mixed from real profiles taught of each method, before any measured fraction: `learn_reliability.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exomics._checks import FloatArray

UNKNOWN = 0.5
RELIABILITY: dict[str, dict[str, dict[str, float]]] = {
    "pbmc": {
        "mcp_counter": {"B cell": 0.88, "T cell": 0.79, "T cell CD8+": 0.50, "NK cell": 0.80, "monocyte": 0.85,
            "dendritic cell": 0.26, "neutrophil": 0.77},
        "lineage": {"B cell": 0.94, "T cell": 0.84, "T cell CD4+": 0.72, "T cell CD8+": 0.63, "NK cell": 0.91,
            "monocyte": 0.94, "dendritic cell": 0.54, "neutrophil": 0.79},
        "quantiseq": {"B cell": 0.84, "T cell": 0.68, "T cell CD4+": 0.43, "T cell CD8+": 0.58, "NK cell": 0.71,
            "monocyte": 0.61, "dendritic cell": -0.05, "neutrophil": 0.47},
        "abis": {"B cell": 0.70, "T cell": 0.33, "T cell CD4+": 0.33, "T cell CD8+": 0.21, "NK cell": 0.58,
            "monocyte": 0.83, "dendritic cell": 0.54, "neutrophil": 0.85},
        "xcell": {"B cell": 0.85, "T cell CD4+": 0.58, "T cell CD8+": 0.49, "NK cell": 0.66, "monocyte": 0.77,
            "dendritic cell": 0.12, "neutrophil": 0.72},
        "epic": {"B cell": 0.84, "T cell": 0.15, "T cell CD4+": -0.03, "T cell CD8+": 0.39, "NK cell": 0.46,
            "monocyte": 0.74, "neutrophil": 0.57},
    },
    "blood": {
        "mcp_counter": {"B cell": 0.71, "T cell": 0.64, "T cell CD8+": 0.59, "NK cell": 0.69, "monocyte": 0.47,
            "neutrophil": 0.73},
        "lineage": {"B cell": 0.85, "T cell": 0.70, "T cell CD4+": 0.65, "T cell CD8+": 0.58, "NK cell": 0.80,
            "monocyte": 0.63, "neutrophil": 0.76},
        "quantiseq": {"B cell": 0.76, "T cell": 0.56, "T cell CD4+": 0.38, "T cell CD8+": 0.53, "NK cell": 0.66,
            "monocyte": 0.21, "neutrophil": 0.66},
        "abis": {"B cell": 0.63, "T cell": 0.42, "T cell CD4+": 0.24, "T cell CD8+": 0.16, "NK cell": 0.42,
            "monocyte": 0.47, "neutrophil": 0.69},
        "xcell": {"B cell": 0.63, "T cell CD4+": 0.48, "T cell CD8+": 0.57, "NK cell": 0.49, "monocyte": 0.07,
            "neutrophil": 0.62},
        "epic": {"B cell": 0.71, "T cell": 0.26, "T cell CD4+": 0.16, "T cell CD8+": 0.46, "NK cell": 0.52,
            "monocyte": 0.57, "neutrophil": 0.68},
    },
    "tumor": {
        "mcp_counter": {"B cell": 0.78, "T cell": 0.81, "T cell CD8+": 0.75, "NK cell": 0.46, "macrophage": 0.74,
            "dendritic cell": 0.52, "neutrophil": 0.31, "fibroblast": 0.73, "endothelial cell": 0.86},
        "lineage": {"B cell": 0.80, "T cell": 0.88, "T cell CD4+": 0.58, "T cell CD8+": 0.77, "NK cell": 0.56,
            "macrophage": 0.80, "dendritic cell": 0.37, "neutrophil": 0.54, "fibroblast": 0.93,
            "endothelial cell": 0.91},
        "quantiseq": {"B cell": 0.59, "T cell": 0.41, "T cell CD4+": 0.28, "T cell CD8+": 0.65, "NK cell": 0.19,
            "macrophage": 0.41, "dendritic cell": 0.21, "neutrophil": -0.04},
        "abis": {"B cell": 0.53, "T cell": 0.38, "T cell CD4+": -0.01, "T cell CD8+": 0.05, "NK cell": 0.09,
            "dendritic cell": 0.20, "neutrophil": 0.05},
        "xcell": {"B cell": 0.64, "T cell CD4+": 0.43, "T cell CD8+": 0.70, "NK cell": 0.20, "macrophage": 0.58,
            "dendritic cell": 0.25, "neutrophil": 0.07, "fibroblast": 0.30, "endothelial cell": 0.80},
        "epic": {"B cell": 0.63, "T cell": -0.12, "T cell CD4+": -0.06, "T cell CD8+": -0.12, "NK cell": 0.00,
            "macrophage": 0.71, "fibroblast": 0.42, "endothelial cell": 0.53},
    },
    "": {
        "mcp_counter": {"B cell": 0.80, "T cell": 0.74, "T cell CD8+": 0.57, "NK cell": 0.67, "monocyte": 0.70,
            "macrophage": 0.74, "dendritic cell": 0.31, "neutrophil": 0.60, "fibroblast": 0.73,
            "endothelial cell": 0.86},
        "lineage": {"B cell": 0.86, "T cell": 0.80, "T cell CD4+": 0.66, "T cell CD8+": 0.65, "NK cell": 0.78,
            "monocyte": 0.81, "macrophage": 0.80, "dendritic cell": 0.52, "neutrophil": 0.66,
            "fibroblast": 0.93, "endothelial cell": 0.91},
        "quantiseq": {"B cell": 0.73, "T cell": 0.54, "T cell CD4+": 0.35, "T cell CD8+": 0.57, "NK cell": 0.54,
            "monocyte": 0.46, "macrophage": 0.41, "dendritic cell": 0.01, "neutrophil": 0.38},
        "abis": {"B cell": 0.58, "T cell": 0.29, "T cell CD4+": 0.17, "T cell CD8+": 0.10, "NK cell": 0.39,
            "monocyte": 0.68, "dendritic cell": 0.43, "neutrophil": 0.55},
        "xcell": {"B cell": 0.74, "T cell CD4+": 0.51, "T cell CD8+": 0.56, "NK cell": 0.51, "monocyte": 0.51,
            "macrophage": 0.58, "dendritic cell": 0.16, "neutrophil": 0.52, "fibroblast": 0.30,
            "endothelial cell": 0.80},
        "epic": {"B cell": 0.70, "T cell": 0.14, "T cell CD4+": 0.01, "T cell CD8+": 0.32, "NK cell": 0.31,
            "monocyte": 0.68, "macrophage": 0.71, "neutrophil": 0.62, "fibroblast": 0.42,
            "endothelial cell": 0.53},
    },
}  # fmt: skip
"""Specimen (empty: all) -> method -> cell type -> mean correlation with the true fraction over 13 sources of profiles
that the method was not trained on, those measured in bulk twice. EPIC had the profiles of another source in the place
of its own; the genes of ``lineage`` were those of the other sources."""


def reliability(methods: Sequence[str], cell_type: str, specimen: str = "") -> FloatArray:
    """(n_methods,) values of the table; of a specimen that was not learned those of ``tumor``, where it is not named or
    lacks the type those of all kinds; `UNKNOWN` for a method or type that was not learned."""
    kind = specimen if specimen in RELIABILITY else "tumor"
    of_kind, of_all = RELIABILITY.get(kind, {}), RELIABILITY.get("", {})
    return np.array([
        of_kind.get(method, {}).get(cell_type, of_all.get(method, {}).get(cell_type, UNKNOWN)) for method in methods
    ])  # fmt: skip
