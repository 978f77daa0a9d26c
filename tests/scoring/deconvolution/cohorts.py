"""Simulated cohorts of blood and tumor on published references: what the weights of the consensus were learned on.

A cohort has profiles of its own, near those that the published references imply; donors with states of their own; cells
that no reference knows; a platform; and methods whose references each err in their own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from exomics.registry.cell_reference import CellReference, Profiles, read_cell_reference
from exomics.registry.gene_sets import sets_of

KINDS = (
    "B.Naive", "B.Memory", "Plasmablasts", "T.CD4.Naive", "T.CD4.Memory", "Tregs", "T.CD8.Naive", "T.CD8.Memory",
    "T.gd", "MAIT", "NK", "Monocytes.C", "Monocytes.NC.I", "mDCs", "pDCs", "Neutrophils.LD", "Basophils.LD",
    "Platelets", "M1", "M2", "Mast", "Fibroblasts", "Endothelial", "Tumor",
)  # fmt: skip
AT = {name: number for number, name in enumerate(KINDS)}
LINEAGES = ((0, 1, 2), (3, 4, 5, 6, 7, 8, 9, 10), (11, 12, 13, 18, 19), (14,), (15, 16, 20), (17,), (21, 22), (23,))
TRUTH = {
    "B cell": (0, 1), "T cell": (3, 4, 5, 6, 7, 8, 9), "T cell CD4+": (3, 4, 5), "T cell CD8+": (6, 7),
    "NK cell": (10,), "monocyte": (11, 12), "macrophage": (18, 19), "neutrophil": (15,), "fibroblast": (21,),
    "endothelial cell": (22,),
}  # fmt: skip
JUDGED = {
    "blood": ("B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "monocyte"),
    "tumor": ("B cell", "T cell", "T cell CD4+", "T cell CD8+", "NK cell", "macrophage", "neutrophil", "fibroblast",
              "endothelial cell"),
}  # fmt: skip
_BLOOD = (.05, .03, .004, .17, .17, .03, .08, .10, .03, .02, .09, .17, .025, .01, .005, .012, .006, .03, 0, 0, 0,
          0, 0, 0)  # fmt: skip
_TUMOR = (.02, .02, .02, .03, .06, .03, .015, .06, .01, .003, .015, .02, .01, .012, .004, .02, .001, .0, .05, .09, .01,
          .13, .06, 0)  # fmt: skip
_CONTENT = (
    0.5,
    0.5,
    2.0,
    0.5,
    0.5,
    0.5,
    0.5,
    0.6,
    0.6,
    0.6,
    0.8,
    1.0,
    1.0,
    1.2,
    1.2,
    0.3,
    0.4,
    0.2,
    1.1,
    1.1,
    0.8,
    1.2,
    1.2,
    1.6,
)
_OF_XCELL = {
    "B-cells": (0, 1), "naive B-cells": (0,), "Memory B-cells": (1,), "Class-switched memory B-cells": (1,),
    "Plasma cells": (2,), "CD4+ T-cells": (3, 4, 5), "CD4+ naive T-cells": (3,), "CD4+ memory T-cells": (4,),
    "CD4+ Tcm": (4,), "CD4+ Tem": (4,), "Th1 cells": (4,), "Th2 cells": (4,), "Tregs": (5,), "CD8+ T-cells": (6, 7),
    "CD8+ naive T-cells": (6,), "CD8+ Tcm": (7,), "CD8+ Tem": (7,), "Tgd cells": (8,), "NKT": (7, 8, 9),
    "NK cells": (10,), "Monocytes": (11, 12), "DC": (13,), "cDC": (13,), "aDC": (13,), "iDC": (13,), "pDC": (14,),
    "Neutrophils": (15,), "Eosinophils": (15, 16), "Basophils": (16,), "Platelets": (17,), "Megakaryocytes": (17,),
    "Macrophages": (18, 19), "Macrophages M1": (18,), "Macrophages M2": (19,), "Mast cells": (20,),
    "Fibroblasts": (21,), "MSC": (21,), "Endothelial cells": (22,), "mv Endothelial cells": (22,),
    "ly Endothelial cells": (22,), "Epithelial cells": (23,), "Keratinocytes": (23,), "Melanocytes": (23,),
}  # fmt: skip
_OF_MCP = {
    "T_cells": (3, 4, 5, 6, 7, 8, 9), "CD8_T_cells": (6, 7), "Cytotoxic": (7, 8, 9, 10), "B_lineage": (0, 1, 2),
    "NK": (10,), "Monocytic": (11, 12, 18, 19), "Myeloid_DC": (13,), "Neutrophils": (15,), "Endothelial": (22,),
    "Fibroblasts": (21,),
}  # fmt: skip
_OF_TIL = {
    "B.cells": (0, 1, 2), "Macrophages.M1": (18,), "Macrophages.M2": (19,), "Monocytes": (11, 12), "Neutrophils": (15,),
    "NK.cells": (10,), "T.cells.CD4": (3, 4), "T.cells.CD8": (6, 7), "Tregs": (5,), "Dendritic.cells": (13,),
}  # fmt: skip
_OF_ABIS = {"T.gd.Vd2": (8,), "T.gd.non.Vd2": (8,)}
_EPIC = {"Bcells": (0, 1), "CD4_Tcells": (3, 4, 5), "CD8_Tcells": (6, 7), "NKcells": (10,)}
_FILES = {
    "quantiseq": {"profiles": "quanTIseq_TIL10_signature.txt", "mrna_content": "quanTIseq_TIL10_mRNA_scaling.txt",
                  "dropped": "quanTIseq_TIL10_rmgenes.txt"},
    "abis": {"profiles": "ABIS_sigmatrix_S0.tsv.gz"},
    "xcell": {"markers": "xCell_signatures.gmt.gz", "spillover": "xCell_spill_K.tsv.gz",
              "calibration": "xCell_spill_fv.tsv.gz", "universe": "xCell_genes.txt"},
}  # fmt: skip


class Cohort(NamedTuple):
    """Expression (n_samples, n_genes), its names and scale (``tpm`` or ``array``), the true fraction of each type of
    `TRUTH`, and the references as each method has them."""

    values: np.ndarray
    genes: tuple[str, ...]
    scale: str
    truth: dict[str, np.ndarray]
    references: dict[str, CellReference]


class Nominal(NamedTuple):
    """log2 level (n_kinds, n_genes) that the published references imply, and the references."""

    genes: tuple[str, ...]
    level: np.ndarray
    references: dict[str, CellReference]


def nominal(immune: Path, seed: int = 0) -> Nominal:
    """Levels per kind of cell over every gene that a reference names; where none gives a level, one is drawn."""
    references = {
        method: read_cell_reference({role: immune / f"resources_{name}" for role, name in parts.items()})
        for method, parts in _FILES.items()
    }
    references["mcp_counter"] = CellReference({"markers": sets_of("mcpcounter")})
    named: set[str] = set()
    for part in ("abis", "quantiseq"):
        named |= set(references[part].parts["profiles"].rows)
    for part in ("mcp_counter", "xcell"):
        named |= {gene for members in references[part].parts["markers"].values() for gene in members}
    genes = tuple(sorted(named))
    rng = np.random.default_rng(seed)
    level = np.tile(rng.normal(2.5, 1.8, len(genes)), (len(KINDS), 1)) + rng.normal(0, 0.8, (len(KINDS), len(genes)))
    known = np.zeros(level.shape, dtype=bool)
    at = {gene: number for number, gene in enumerate(genes)}
    _learn_markers(level, (at, rng), references)
    for part, kinds_of in (("quantiseq", _OF_TIL), ("abis", _OF_ABIS)):
        _learn_profiles(level, known, (references[part].parts["profiles"], at, kinds_of))
    _fill_relatives(level, known, rng)
    return Nominal(genes, level, references)


def _learn_markers(
    level: np.ndarray, made: tuple[dict[str, int], np.random.Generator], references: dict[str, CellReference]
) -> None:
    """Named as a marker of kinds: above the others there, and a little in their lineage."""
    at, rng = made
    votes = np.zeros(level.shape)
    for part, kinds_of in (("xcell", _OF_XCELL), ("mcp_counter", _OF_MCP)):
        for name, members in references[part].parts["markers"].items():
            for kind in kinds_of.get(name.partition("%")[0], ()):
                votes[kind, [at[gene] for gene in members]] += 1.0 if part == "xcell" else 3.0
    strength = np.minimum(votes, 3.0) / 3.0 * np.abs(rng.normal(3.0, 1.5, level.shape))
    for lineage in LINEAGES:
        mean = strength[list(lineage)].max(axis=0) * rng.uniform(0, 0.6, level.shape[1])
        strength[list(lineage)] = np.maximum(strength[list(lineage)], mean)
    level -= 1.5 * (votes.max(axis=0) > 0)
    level += strength


def _learn_profiles(
    level: np.ndarray, known: np.ndarray, made: tuple[Profiles, dict[str, int], Mapping[str, tuple[int, ...]]]
) -> None:
    """Levels of a table; where another has told one before, the mean of both."""
    table, at, kinds_of = made
    columns = [at[gene] for gene in table.rows]
    for number, name in enumerate(table.columns):
        for kind in kinds_of.get(name, (AT[name],) if name in AT else ()):
            told = np.log2(table.values[:, number] + 1) - 0.5
            level[kind, columns] = np.where(known[kind, columns], (level[kind, columns] + told) / 2, told)
            known[kind, columns] = True


def _fill_relatives(level: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> None:
    """Where a gene's level is told for some kinds only, kin are like their kin and strangers far below."""
    for lineage in LINEAGES:
        rows = np.array(lineage)
        told = known[rows]
        some = told.any(axis=0)
        mean = np.where(told, level[rows], 0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
        near = np.where(some, mean, level[rows]) + rng.normal(0, 1.0, told.shape)
        level[rows] = np.where(told | ~some, level[rows], near)
        known[rows] |= some
    unknown = known.any(axis=0) & ~known
    low = np.where(known, level, np.inf).min(axis=0)
    level[:] = np.where(unknown, low + np.abs(rng.normal(0, 1.2, level.shape)), level)


def cohort(base: Nominal, context: str, seed: int, n_samples: int = 40) -> Cohort:
    """One cohort of ``blood`` or ``tumor``; its numbers of realism are drawn once for all its samples."""
    rng = np.random.default_rng([seed, len(context), context == "tumor"])
    level = base.level.copy()
    for lineage in LINEAGES:
        level[list(lineage)] += rng.normal(0, rng.uniform(0.4, 1.0), level.shape[1])
    level += rng.normal(0, rng.uniform(0.4, 1.0), level.shape)
    fractions = (_blood if context == "blood" else _tumor)(rng, n_samples)
    linear = np.maximum(np.exp2(level), 0.02)
    content = np.array(_CONTENT) * np.exp(rng.normal(0, 0.25, len(KINDS)))
    linear = linear / linear.sum(axis=1, keepdims=True) * 1e6 * content[:, None]
    mixed = _mixed(linear, fractions, rng)
    values, scale = _measured(mixed / mixed.sum(axis=1, keepdims=True) * 1e6, rng)
    truth = {name: fractions[:, list(kinds)].sum(axis=1) for name, kinds in TRUTH.items()}
    return Cohort(values, base.genes, scale, truth, _erring(base, linear / content[:, None], (content, context), rng))


def _blood(rng: np.random.Generator, n: int) -> np.ndarray:
    """PBMC: monocytes 10-30 %, narrow ranges, some granulocytes and platelets left in."""
    spread = np.full(len(KINDS), 0.4) * np.exp(rng.normal(0, 0.2, len(KINDS))) * rng.uniform(0.5, 1.1)
    spread[[AT["Neutrophils.LD"], AT["Platelets"]]] = rng.uniform(0.5, 1.2)
    shared = rng.normal(0, 0.15, (n, len(LINEAGES)))
    log = (
        np.log(np.maximum(_BLOOD, 1e-9)) + rng.normal(0, 0.15, len(KINDS)) + rng.normal(0, 1, (n, len(KINDS))) * spread
    )
    for number, lineage in enumerate(LINEAGES):
        log[:, list(lineage)] += shared[:, [number]]
    raw = np.exp(log)
    return raw / raw.sum(axis=1, keepdims=True)


def _tumor(rng: np.random.Generator, n: int) -> np.ndarray:
    """Purity 30-90 %; immune cells come together, stroma apart."""
    log = np.log(np.maximum(_TUMOR, 1e-9)) + rng.normal(0, 0.3, len(KINDS))
    log = log + rng.normal(0, rng.uniform(0.4, 0.9), (n, len(KINDS)))
    log[:, :21] += rng.normal(0, rng.uniform(0.2, 0.7), (n, 1))
    raw = np.exp(log)
    purity = rng.uniform(0.3, 0.6) + rng.uniform(0, 0.3, (n, 1))
    fractions = raw / raw.sum(axis=1, keepdims=True) * (1 - purity)
    fractions[:, AT["Tumor"]] = purity[:, 0]
    return fractions


def _mixed(linear: np.ndarray, fractions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each donor's cells: states of the donor, of a lineage, and noise per gene and kind (SD of ln 0.3 to 0.8)."""
    n, n_genes = len(fractions), linear.shape[1]
    spread = rng.uniform(0.3, 0.8)
    program = rng.normal(0, 0.5, n_genes) * (rng.random(n_genes) < 0.1)
    of_donor = rng.normal(0, 1, (n, 1)) * program
    of_kind = np.zeros((len(KINDS), n, n_genes))
    for lineage in LINEAGES:
        programs = rng.normal(0, 0.5, (3, n_genes)) * (rng.random((3, n_genes)) < 0.15)
        of_kind[list(lineage)] = rng.normal(0, 1, (n, 3)) @ programs
    mixed = np.zeros((n, n_genes))
    alien = np.exp(rng.normal(0, 0.8, (n, n_genes)))  # each tumor is its own
    for kind in range(len(KINDS)):
        if not fractions[:, kind].any():
            continue
        cells = linear[kind] * np.exp(of_donor + of_kind[kind] + rng.normal(0, spread, (n, n_genes)) - spread**2 / 2)
        mixed += fractions[:, [kind]] * (cells * alien if kind == AT["Tumor"] else cells)
    return mixed


def _measured(tpm: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """RNA-seq: gene bias and depth. Array: gene bias, a floor, compression at the top and noise."""
    bias = np.exp2(rng.normal(0, rng.uniform(0.3, 1.0), tpm.shape[1]))
    noise = np.exp2(rng.normal(0, rng.uniform(0.1, 0.35), tpm.shape))
    if rng.random() < 0.5:
        depth = 10 ** rng.uniform(0.5, 1.3, (len(tpm), 1))
        counts = rng.poisson(tpm * bias * noise * depth) / depth
        return counts / counts.sum(axis=1, keepdims=True) * 1e6, "tpm"
    floor = np.exp(rng.normal(np.log(rng.uniform(2, 20)), 0.5, tpm.shape[1]))
    signal = tpm * bias * noise + floor * np.exp(rng.normal(0, 0.15, tpm.shape))
    return np.log2(signal / (1 + signal / 20000)) + 3, "array"


def _erring(
    base: Nominal, tpm: np.ndarray, world: tuple[np.ndarray, str], rng: np.random.Generator
) -> dict[str, CellReference]:
    """The published references, each a different one than it should be; EPIC's, which is not at hand, is made."""
    found = dict(base.references)
    for method in ("quantiseq", "abis"):
        table: Profiles = found[method].parts["profiles"]
        values = table.values * np.exp2(rng.normal(0, rng.uniform(0.2, 0.9), table.values.shape))
        parts = {**found[method].parts, "profiles": Profiles(table.rows, table.columns, values)}
        found[method] = CellReference(parts, found[method].inputs)
    for method in ("mcp_counter", "xcell"):
        wrong, pool = rng.uniform(0, 0.4), np.array(base.genes)
        markers = {}
        for name, members in found[method].parts["markers"].items():
            drawn = np.where(rng.random(len(members)) < wrong, rng.choice(pool, len(members)), np.array(members))
            markers[name] = tuple(dict.fromkeys(map(str, drawn)))
        found[method] = CellReference({**found[method].parts, "markers": markers}, found[method].inputs)
    found["epic"] = _epic(base, tpm, world, rng)
    return found


def _epic(base: Nominal, tpm: np.ndarray, world: tuple[np.ndarray, str], rng: np.random.Generator) -> CellReference:
    content, context = world
    more = {"Monocytes": (11, 12), "Neutrophils": (15,)} if context == "blood" else {
        "Macrophages": (18, 19), "CAFs": (21,), "Endothelial": (22,)}  # fmt: skip
    kinds_of = {**_EPIC, **more}
    profiles = np.column_stack([tpm[list(kinds)].mean(axis=0) for kinds in kinds_of.values()])
    profiles *= np.exp2(rng.normal(0, rng.uniform(0.6, 1.3), profiles.shape))
    ordered = np.sort(np.log2(profiles + 1), axis=1)
    lead = ordered[:, -1] - ordered[:, -2] + rng.normal(0, 0.5, len(profiles))
    chosen = np.sort(np.argsort(-lead)[:100])
    names = tuple(kinds_of)
    told = {name: float(content[list(kinds)].mean()) for name, kinds in kinds_of.items()}
    return CellReference({
        "profiles": Profiles(tuple(base.genes[gene] for gene in chosen), names, profiles[chosen]),
        "variability": Profiles(tuple(base.genes[gene] for gene in chosen), names, 0.3 * profiles[chosen] + 1),
        "mrna_content": told,
    })  # fmt: skip
