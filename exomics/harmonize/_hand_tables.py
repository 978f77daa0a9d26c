"""Orthology settled by hand, where a table built from sequence misleads."""

from __future__ import annotations

from typing import Final

MHC: Final[dict[str, dict[str, str]]] = {
    "mouse": {"HLA-DQA1": "H2-Aa", "HLA-DQB1": "H2-Ab1", "HLA-DRB1": "H2-Eb1", "HLA-E": "H2-T23"},
    "rat": {"HLA-DQA1": "RT1-Ba", "HLA-DRA": "RT1-Da"},
}
"""Human MHC gene -> rodent gene. Only the two rat rows are confirmed in a public table; HLA-E -> H2-T23 is a functional
analog. Every other MHC gene is left unmapped: C57BL/6 mice have no functional H2-Ea."""

NO_RODENT_ORTHOLOG: Final = frozenset({"GNLY", "CXCL8", "CCL18", "XCL2", "FCGR3B", "KLRC3", "KLRC4"})
"""Human genes with no rodent counterpart, whatever a table lists; so are the KIR genes (``KIR2DL1`` and the like)."""

IMMUNE_PANEL: Final[dict[str, tuple[str, ...]]] = {
    "MCP-counter NK": (
        "CD160",
        "KIR2DL1",
        "KIR2DL3",
        "KIR2DL4",
        "KIR3DL1",
        "KIR3DS1",
        "NCR1",
        "PTGDR",
        "SH2D1B",
    ),
    "MCP-counter cytotoxic": ("CD8A", "EOMES", "FGFBP2", "GNLY", "KLRC3", "KLRC4", "KLRD1"),
    "T-cell-inflamed profile": (
        "CCL5",
        "CD27",
        "CD274",
        "CD276",
        "CD8A",
        "CMKLR1",
        "CXCL9",
        "CXCR6",
        "HLA-DQA1",
        "HLA-DRB1",
        "HLA-E",
        "IDO1",
        "LAG3",
        "NKG7",
        "PDCD1LG2",
        "PSMB10",
        "STAT1",
        "TIGIT",
    ),
}
"""Genes that a whole-genome table lists and a tissue-restricted one does not."""


def is_mhc(human_symbol: str) -> bool:
    """Whether a human symbol is an MHC gene that only the hand table may map."""
    return human_symbol.startswith("HLA-")


def has_no_rodent_ortholog(human_symbol: str) -> bool:
    """Whether a human gene is on the list of those without a rodent counterpart."""
    return human_symbol in NO_RODENT_ORTHOLOG or human_symbol.startswith(("KIR2D", "KIR3D"))
