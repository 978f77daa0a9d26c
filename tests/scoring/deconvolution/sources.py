"""Real expression profiles of cells, source by source: what the cohorts are mixed from that the consensus learns on.

Nothing of them is in this repository. `prepare_sources.R` writes ``SOURCE.tsv`` of each (genes x cells, gene symbols in
the first column) from public repositories; see `consensus_rule.md` for what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

KINDS = (
    "B naive", "B memory", "plasma", "CD4 naive", "CD4 memory", "Treg", "CD8 naive", "CD8 memory", "other T", "NK",
    "monocyte", "monocyte CD16+", "mDC", "pDC", "neutrophil", "platelet", "M1", "M2", "fibroblast", "endothelial",
    "tumor", "eosinophil", "basophil", "red cell",
)  # fmt: skip
AT = {name: number for number, name in enumerate(KINDS)}
TRUTH = {
    "B cell": ("B naive", "B memory"),
    "T cell": ("CD4 naive", "CD4 memory", "Treg", "CD8 naive", "CD8 memory", "other T"),
    "T cell CD4+": ("CD4 naive", "CD4 memory", "Treg"),
    "T cell CD8+": ("CD8 naive", "CD8 memory"),
    "NK cell": ("NK",),
    "monocyte": ("monocyte", "monocyte CD16+"),
    "macrophage": ("M1", "M2"),
    "dendritic cell": ("mDC", "pDC"),
    "neutrophil": ("neutrophil",),
    "fibroblast": ("fibroblast",),
    "endothelial cell": ("endothelial",),
}
_KIN = (
    ("B naive", "B memory"), ("CD4 memory", "CD4 naive", "Treg"), ("CD8 memory", "CD8 naive", "other T"),
    ("monocyte", "monocyte CD16+"), ("M1", "M2"), ("mDC", "pDC"),
)  # fmt: skip
_LENDERS = ("bluecode", "wilk", "lung", "hpa")
_OF_PBMC = ("B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "monocyte", "dendritic cell", "neutrophil")
_OF_BLOOD = ("B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "monocyte", "neutrophil")
_OF_TUMOR = ("B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "macrophage", "dendritic cell", "neutrophil",
             "fibroblast", "endothelial cell")  # fmt: skip
_T_OF_SKIN = dict.fromkeys(TRUTH["T cell"], "T.cells")
_MILLION, _PER_CELL = 1e6, 1e4

COLUMNS: dict[str, dict[str, str]] = {
    "hpa": {
        "B naive": "naive_B_cell", "B memory": "memory_B_cell", "CD4 naive": "naive_CD4_T_cell",
        "CD4 memory": "memory_CD4_T_cell", "Treg": "T_reg", "CD8 naive": "naive_CD8_T_cell",
        "CD8 memory": "memory_CD8_T_cell", "other T": "gdT_cell MAIT_T_cell", "NK": "NK_cell",
        "monocyte": "classical_monocyte intermediate_monocyte", "monocyte CD16+": "non_classical_monocyte",
        "mDC": "myeloid_DC", "pDC": "plasmacytoid_DC", "neutrophil": "neutrophil",
        "eosinophil": "eosinophil", "basophil": "basophil",
    },
    "bluecode": {
        "B naive": "B.cell.naive", "B memory": "B.cell.memory", "CD4 naive": "T.Cell.CD4",
        "CD4 memory": "T.cell.CD4.memory", "CD8 memory": "T.cell.CD8.memory", "NK": "NK.cell.CD56",
        "monocyte": "Monocyte.CD14", "M1": "Macrophage", "neutrophil": "Mature.neutrophil",
        "fibroblast": "Fibroblast.of.arm Fibroblast.of.lung Fibroblast.of.the.aortic.adventitia "
                      "Fibroblast.or.papilla.dermal.cell",
        "endothelial": "Endothelial.large.blood.vessel Endothelial.microvascular.non.reproductive "
                       "Endothelial.microvascular.mammary.or.endometrial",
        "tumor": "Epithelial.respiratory Epithelial.cell.mammary Epithelial.renal.cortical",
    },
    "zheng": {
        "B naive": "CD19B", "CD4 naive": "CD4NaiveT", "CD4 memory": "CD4MemoryT CD4HelperT", "Treg": "CD4RegulatoryT",
        "CD8 naive": "CD8NaiveT", "CD8 memory": "CD8CytotoxicT", "NK": "CD56NK", "monocyte": "CD14",
    },
    "census": {
        "B naive": "naive.B.cell", "B memory": "memory.B.cell", "plasma": "plasma.cell",
        "CD4 naive": "CD4+.naive.T.cell", "CD4 memory": "T.helper.cell", "CD8 naive": "naive.CD8+.T.cell",
        "CD8 memory": "cytotoxic.T.cell.type.1 cytotoxic.T.cell.type.2", "NK": "natural.killer.cell",
        "monocyte": "CD14+.monocyte.type.1 CD14+.monocyte.type.2", "monocyte CD16+": "CD16+.monocyte",
        "mDC": "conventional.dendritic.cell", "pDC": "plasmacytoid.dendritic.cell", "platelet": "megakaryocyte",
        "red cell": "erythroid.cell.type.1 erythroid.cell.type.2",
    },
    "wilk": {
        "B naive": "B", "B memory": "Class.switched.B", "plasma": "IgG.PB IgA.PB", "CD4 naive": "CD4n.T",
        "CD4 memory": "CD4m.T CD4.T", "CD8 memory": "CD8m.T CD8eff.T", "other T": "gd.T", "NK": "NK",
        "monocyte": "CD14.Monocyte", "monocyte CD16+": "CD16.Monocyte", "mDC": "DC", "pDC": "pDC",
        "neutrophil": "Neutrophil", "platelet": "Platelet", "red cell": "RBC",
    },
    "immunodeficiency": {
        "B naive": "Bcells.naive", "B memory": "Bcells.memory", "plasma": "Plasma.Bcells", "CD4 naive": "Tcells.CD4",
        "CD4 memory": "Tcells.memory.CD4", "Treg": "Treg", "CD8 memory": "Tcells.CD8 Tcells.memory.CD8",
        "other T": "Gamma.delta", "NK": "NK.cytolitic NK.cytokine.secretion",
        "monocyte": "Classical.monocytes Intermediate.monocytes", "monocyte CD16+": "Non.classical.monocytes",
        "mDC": "cDC1 cDC2", "pDC": "pDC", "platelet": "Platets", "red cell": "Erythrocytes",
    },
    "mgh": {
        "B naive": "B.cell.1", "B memory": "B.cell.2", "plasma": "Plasmablast", "CD4 naive": "CD4.T.cell.1",
        "CD8 memory": "CD8.T.cell.1 CD8.T.cell.2", "other T": "T.cell", "NK": "NK.cell",
        "monocyte": "Monocyte.1 Monocyte.2 Monocyte.3 Monocyte.4 Monocyte.5", "mDC": "Dendritic.Cell", "pDC": "pDC",
        "platelet": "Platelet",
    },
    "hpca": {
        "B naive": "B_cells", "CD4 naive": "T_cells_(CD4+)", "CD8 memory": "T_cells_(CD8+)",
        "other T": "T_cells_(gamma-delta)", "NK": "NK_cells", "monocyte": "Monocytes_CD14+CD16-",
        "monocyte CD16+": "Monocytes_CD16+CD14-", "mDC": "Dendritic_cells_(BDCA1+) Dendritic_cells_(BDCA3+)",
        "pDC": "Dendritic_cells_(plasmacytoid+)", "neutrophil": "Neutrophils", "platelet": "Platelets",
        "M1": "Macrophage M1(IFNg)", "M2": "M2(IL-4)", "fibroblast": "Fibroblasts", "endothelial": "Endothelial_cells",
        "tumor": "Bronchial_Epithelial_cells Keratinocytes",
    },
    "biogps": {
        "B naive": "CD19+_BCells(neg", "CD4 naive": "CD4+_Tcells", "CD8 memory": "CD8+_Tcells", "NK": "CD56+_NKCells",
        "monocyte": "CD14+_Monocytes", "pDC": "BDCA4+_DentriticCells",
    },
    "lung": {
        "B naive": "B.cell", "plasma": "plasma.cell", "CD4 memory": "CD4+.T.cell", "Treg": "regulatory.T.cell",
        "CD8 memory": "CD8+.cytotoxic.T.cell", "NK": "natural.killer.cell", "monocyte": "monocyte",
        "mDC": "dendritic.cell.type.1 dendritic.cell.type.2 activated.dendritic.cell",
        "pDC": "plasmacytoid.dendritic.cell", "M1": "MARCOneg.macrophage", "M2": "MARCOpos.macrophage",
        "fibroblast": "fibroblast", "endothelial": "blood.vessel.cell lymph.vessel.cell",
        "tumor": "alveolar.epithelial.cell.type.2 alveolar.epithelial.cell.type.1 ciliated.cell",
    },
    "spleen": {
        "B naive": "mantle.B.cell follicular.B.cell", "B memory": "hypermutation.B.cell",
        "plasma": "plasma.IgM.expressing.cell plasma.IgG.expressing.cell", "CD4 naive": "naive.CD4+.T.cell",
        "CD4 memory": "CD4+.T.cell follicular.helper.CD4+.T.cell", "Treg": "regulatory.CD4+.T.cell",
        "CD8 memory": "activated.CD8+.T.cell cytotoxic.CD8+.T.cell",
        "other T": "gamma.delta.CD8+.T.cell MAIT.like.CD8+.T.cell",
        "NK": "CD160+.natural.killer.cell FCGR3A+.natural.killer.cell", "monocyte": "monocyte", "M1": "macrophage",
        "mDC": "dendritic.cell.type.1 dendritic.cell.type.2 activated.dendritic.cell",
        "pDC": "plasmacytoid.dendritic.cell", "platelet": "platelet",
        "fibroblast": "stromal.cell.type.1 stromal.cell.type.2a stromal.cell.type.2b stromal.cell.type.3",
        "endothelial": "endothelial.cell.type.1 endothelial.cell.type.2",
    },
    "skin": {
        **_T_OF_SKIN, "M1": "Macrophages.DC.1 Macrophages.DC.2", "M2": "Macrophages.DC.3",
        "fibroblast": "Secretory.reticular.Fibroblast Secretory.papillary.Fibroblast Mesenchymal.Fibroblast "
                      "Pro.inflammatory.Fibroblast",
        "endothelial": "Vascular.EC Lymphatic.EC", "tumor": "Melanocytes.1 Melanocytes.2",
    },
    "lavage": {
        "B naive": "B.cell", "plasma": "Plasma.cell", "CD4 memory": "CD4+.T.cell", "CD8 memory": "CD8+.T.cell",
        "other T": "gd.T.cell", "NK": "NK", "M1": "Macrophage", "M2": "Macrophage.Alveolar", "mDC": "cDC", "pDC": "pDC",
        "neutrophil": "Neutrophil", "tumor": "Epithelial.cell",
    },
}  # fmt: skip
"""Source -> kind -> its columns, of which the mean is taken."""

CONTEXTS = dict.fromkeys(COLUMNS, ("pbmc",)) | {
    "hpa": ("pbmc", "blood"), "bluecode": ("pbmc", "blood", "tumor"), "hpca": ("pbmc", "blood", "tumor"),
    "biogps": ("pbmc", "blood"), "wilk": ("pbmc", "blood"), "census": ("pbmc", "blood"),
    "lung": ("tumor",), "spleen": ("tumor",), "skin": ("tumor",), "lavage": ("tumor",),
}  # fmt: skip
"""Source -> specimens that are mixed of it."""
ARRAYS = ("hpca", "biogps")
BULK = ("hpa", "bluecode", "hpca", "biogps")
"""Sources of sorted cells measured in bulk, as the samples of users are."""
TRAINED_ON = {"bluecode": ("xcell",), "hpca": ("xcell", "mcp_counter")}
"""Source -> methods that were trained on it."""


class Source(NamedTuple):
    """Expression per million (n_kinds, n_genes), the kinds that are the source's own, and what it is judged by."""

    name: str
    genes: tuple[str, ...]
    profiles: np.ndarray
    own: frozenset[str]
    judged: Mapping[str, tuple[str, ...]]


def read_sources(folder: Path, *, without: str = "") -> dict[str, Source]:
    """Every source; what one lacks is borrowed from its kin, else from `_LENDERS`; `without` lends nothing."""
    tables = {name: _kinds(_read(folder / f"{name}.tsv"), name) for name in COLUMNS}
    lenders = [tables[name] for name in _LENDERS if name != without]
    return {name: _completed(name, table, lenders) for name, table in tables.items() if name != without}


@cache
def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", index_col=0)


def _kinds(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Genes x kinds, per million."""
    table = table[~table.index.duplicated() & table.index.notna()].fillna(0.0)
    found = pd.DataFrame({kind: table[words.split()].mean(axis=1) for kind, words in COLUMNS[name].items()})
    return found / found.sum() * _MILLION


def _completed(name: str, table: pd.DataFrame, lenders: list[pd.DataFrame]) -> Source:
    own = frozenset(table.columns)
    for kin in _KIN:
        known = [kind for kind in kin if kind in own]
        table = table.assign(**{kind: table[known[0]] for kind in kin if known and kind not in own})
    for lender in lenders:
        missing = [kind for kind in KINDS if kind not in table and kind in lender]
        if missing:
            table, lent = table.align(lender[missing], join="inner", axis=0)
            table = table.join(_by_ranks(lent, table))
    table = table / table.sum() * _MILLION
    judged = {
        context: tuple(kind for kind in kinds if own & set(TRUTH[kind]) and not (name == "skin" and "CD" in kind))
        for context, kinds in (("pbmc", _OF_PBMC), ("blood", _OF_BLOOD), ("tumor", _OF_TUMOR))
        if context in CONTEXTS[name]
    }
    return Source(name, tuple(map(str, table.index)), table.reindex(columns=KINDS).to_numpy().T, own, judged)


def _by_ranks(lent: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The lent kinds with the distribution of levels that the kinds of the borrower have."""
    levels = np.sort(like.to_numpy(), axis=0).mean(axis=1)
    ranks = lent.rank(method="first").astype(int) - 1
    return pd.DataFrame({kind: levels[ranks[kind]] for kind in lent}, index=lent.index)
