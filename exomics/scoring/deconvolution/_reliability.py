"""How far each method can be expected to tell each cell type: learned on simulated cohorts, before any real one."""

from __future__ import annotations

UNKNOWN = 0.5
RELIABILITY: dict[str, dict[str, float]] = {
    "mcp_counter": {
        "B cell": 0.65,
        "T cell": 0.58,
        "T cell CD8+": 0.40,
        "NK cell": 0.51,
        "monocyte": 0.51,
        "macrophage": 0.48,
        "neutrophil": 0.37,
        "fibroblast": 0.50,
        "endothelial cell": 0.60,
    },
    "quantiseq": {
        "B cell": 0.41,
        "T cell": 0.19,
        "T cell CD4+": 0.06,
        "T cell CD8+": 0.36,
        "NK cell": 0.33,
        "monocyte": 0.32,
        "macrophage": 0.59,
        "neutrophil": 0.26,
    },
    "abis": {
        "B cell": 0.71,
        "T cell": 0.78,
        "T cell CD4+": 0.71,
        "T cell CD8+": 0.57,
        "NK cell": 0.55,
        "monocyte": 0.67,
        "neutrophil": 0.55,
    },
    "xcell": {
        "B cell": 0.73,
        "T cell CD4+": 0.41,
        "T cell CD8+": 0.54,
        "NK cell": 0.22,
        "monocyte": 0.45,
        "macrophage": 0.77,
        "neutrophil": 0.01,
        "fibroblast": 0.82,
        "endothelial cell": 0.40,
    },
    "epic": {
        "B cell": 0.55,
        "T cell": 0.30,
        "T cell CD4+": 0.25,
        "T cell CD8+": 0.48,
        "NK cell": 0.52,
        "monocyte": 0.48,
        "macrophage": 0.75,
        "fibroblast": 0.69,
        "endothelial cell": 0.54,
    },
}
"""Method -> cell type -> mean correlation with the true fraction within simulated cohorts of blood and of tumor, the
published references of the methods each erring in its own way. EPIC's reference was simulated."""


def reliability(method: str, cell_type: str) -> float:
    """The table's value; `UNKNOWN` for a method or type that was not simulated."""
    return RELIABILITY.get(method, {}).get(cell_type, UNKNOWN)
