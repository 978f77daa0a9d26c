"""What cohorts mixed from real profiles taught of each method, before any measured fraction: `learn_reliability.py`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exomics._checks import FloatArray

UNKNOWN, UNKNOWN_SHARED = 0.5, 0.14
RELIABILITY: dict[str, dict[str, float]] = {
    "mcp_counter": {"B cell": 0.74, "T cell": 0.65, "T cell CD8+": 0.45, "NK cell": 0.53, "monocyte": 0.63,
        "macrophage": 0.65, "dendritic cell": 0.48, "neutrophil": 0.19, "fibroblast": 0.77,
        "endothelial cell": 0.74},
    "quantiseq": {"B cell": 0.60, "T cell": 0.40, "T cell CD4+": 0.26, "T cell CD8+": 0.44, "NK cell": 0.34,
        "monocyte": 0.44, "macrophage": 0.01, "dendritic cell": -0.01, "neutrophil": 0.08},
    "abis": {"B cell": 0.65, "T cell": 0.47, "T cell CD4+": 0.39, "T cell CD8+": 0.29, "NK cell": 0.30,
        "monocyte": 0.67, "dendritic cell": 0.42, "neutrophil": 0.01},
    "xcell": {"B cell": 0.73, "T cell CD4+": 0.52, "T cell CD8+": 0.41, "NK cell": 0.40, "monocyte": 0.66,
        "macrophage": 0.55, "dendritic cell": 0.25, "neutrophil": 0.05, "fibroblast": 0.56,
        "endothelial cell": 0.73},
    "epic": {"B cell": 0.53, "T cell": 0.16, "T cell CD4+": 0.04, "T cell CD8+": 0.24, "NK cell": 0.22,
        "monocyte": 0.47, "macrophage": 0.38, "fibroblast": 0.78, "endothelial cell": 0.44},
}  # fmt: skip
"""Method -> cell type -> mean correlation with the true fraction, over 13 sources of profiles that the method was not
trained on. EPIC had the profiles of another source in the place of its own."""
SHARED_ERRORS: dict[tuple[str, str], dict[str, float]] = {
    ("abis", "epic"): {"B cell": 0.34, "T cell": 0.05, "T cell CD4+": -0.01, "T cell CD8+": 0.11, "NK cell": -0.01,
        "monocyte": 0.12},
    ("abis", "mcp_counter"): {"B cell": 0.41, "T cell": 0.16, "T cell CD8+": 0.15, "NK cell": 0.12,
        "monocyte": 0.10, "dendritic cell": 0.03, "neutrophil": 0.30},
    ("abis", "quantiseq"): {"B cell": 0.13, "T cell": 0.09, "T cell CD4+": 0.13, "T cell CD8+": 0.37,
        "NK cell": -0.00, "monocyte": 0.04, "dendritic cell": -0.03, "neutrophil": 0.29},
    ("abis", "xcell"): {"B cell": 0.26, "T cell CD4+": 0.16, "T cell CD8+": 0.15, "NK cell": -0.07,
        "monocyte": 0.03, "dendritic cell": 0.03, "neutrophil": 0.05},
    ("epic", "mcp_counter"): {"B cell": 0.38, "T cell": 0.03, "T cell CD8+": 0.52, "NK cell": -0.02,
        "monocyte": 0.02, "macrophage": 0.12, "fibroblast": 0.25, "endothelial cell": 0.17},
    ("epic", "quantiseq"): {"B cell": 0.28, "T cell": 0.13, "T cell CD4+": 0.04, "T cell CD8+": 0.31,
        "NK cell": 0.09, "monocyte": 0.01, "macrophage": 0.02},
    ("epic", "xcell"): {"B cell": 0.24, "T cell CD4+": 0.02, "T cell CD8+": 0.13, "NK cell": 0.04,
        "monocyte": -0.04, "macrophage": 0.07, "fibroblast": 0.01, "endothelial cell": 0.03},
    ("mcp_counter", "quantiseq"): {"B cell": 0.21, "T cell": 0.14, "T cell CD8+": 0.53, "NK cell": 0.04,
        "monocyte": 0.07, "macrophage": 0.08, "dendritic cell": 0.07, "neutrophil": 0.25},
    ("mcp_counter", "xcell"): {"B cell": 0.44, "T cell CD8+": 0.30, "NK cell": 0.24, "monocyte": 0.12,
        "macrophage": 0.08, "dendritic cell": 0.30, "neutrophil": 0.30, "fibroblast": -0.04,
        "endothelial cell": 0.25},
    ("quantiseq", "xcell"): {"B cell": 0.19, "T cell CD4+": 0.12, "T cell CD8+": 0.35, "NK cell": 0.05,
        "monocyte": 0.04, "macrophage": 0.06, "dendritic cell": 0.10, "neutrophil": 0.11},
}  # fmt: skip
"""Two methods in the order of the alphabet -> cell type -> mean correlation of their errors in the same cohorts."""


def reliability(methods: Sequence[str], cell_type: str) -> FloatArray:
    """(n_methods,) values of the table; `UNKNOWN` for a method or type that was not learned."""
    return np.array([RELIABILITY.get(method, {}).get(cell_type, UNKNOWN) for method in methods])


def shared_errors(methods: Sequence[str], cell_type: str) -> FloatArray:
    """(n_methods, n_methods) values of the table; the mean of all of them for a pair that was not learned."""
    return np.array([[_shared(one, other, cell_type) for other in methods] for one in methods])


def _shared(one: str, other: str, cell_type: str) -> float:
    pair = (min(one, other), max(one, other))
    return 1.0 if one == other else SHARED_ERRORS.get(pair, {}).get(cell_type, UNKNOWN_SHARED)
