"""Cohorts of blood and tumor mixed from the real profiles of one source: what the consensus is learned on.

A cohort has the profiles of its source; donors with states of their own; an mRNA content per kind of cell; a platform.
The methods have their published references, which know nothing of the source.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from exomics.registry.cell_reference import CellReference, Profiles, read_cell_reference
from exomics.registry.gene_sets import sets_of
from tests.scoring.deconvolution.sources import ARRAYS, AT, KINDS, TRAINED_ON, TRUTH, Source

SIZES = (12, 20, 30, 40, 60)
_CONTENT = dict.fromkeys(KINDS, 0.5) | {
    "plasma": 2.0, "NK": 0.6, "monocyte": 1.0, "monocyte CD16+": 1.0, "mDC": 1.2, "pDC": 1.2, "neutrophil": 0.3,
    "platelet": 0.1, "M1": 1.2, "M2": 1.2, "fibroblast": 1.2, "endothelial": 1.2, "tumor": 1.6,
}  # fmt: skip
_TUMOR = {
    "B naive": 0.03, "B memory": 0.03, "plasma": 0.02, "CD4 naive": 0.03, "CD4 memory": 0.06, "Treg": 0.03,
    "CD8 naive": 0.01, "CD8 memory": 0.07, "other T": 0.01, "NK": 0.015, "monocyte": 0.02, "monocyte CD16+": 0.003,
    "mDC": 0.012, "pDC": 0.004, "neutrophil": 0.02, "platelet": 0.0, "M1": 0.06, "M2": 0.08, "fibroblast": 0.13,
    "endothelial": 0.06, "tumor": 0.0,
}  # fmt: skip
_T = tuple(AT[kind] for kind in TRUTH["T cell"])
_LINEAGES = (("B naive", "B memory", "plasma"), TRUTH["T cell"], ("NK",),
             ("monocyte", "monocyte CD16+", "mDC", "M1", "M2"), ("pDC",), ("neutrophil",), ("platelet",),
             ("fibroblast",), ("endothelial",), ("tumor",))  # fmt: skip
_INTERFERON = ("ISG15", "IFI6", "IFI27", "IFI44", "IFI44L", "IFIT1", "IFIT2", "IFIT3", "MX1", "MX2", "OAS1", "OAS2",
               "OAS3", "RSAD2", "STAT1", "IRF7", "XAF1", "LY6E")  # fmt: skip
_CYTOTOXIC = ("GZMA", "GZMB", "GZMH", "GZMK", "PRF1", "NKG7", "GNLY", "CST7", "KLRD1", "KLRB1", "FGFBP2", "CCL4",
              "CCL5", "CTSW")  # fmt: skip
_KILLERS = tuple(AT[kind] for kind in ("CD8 memory", "other T", "NK"))
_FILES = {
    "quantiseq": {"profiles": "quanTIseq_TIL10_signature.txt", "mrna_content": "quanTIseq_TIL10_mRNA_scaling.txt",
                  "dropped": "quanTIseq_TIL10_rmgenes.txt"},
    "abis": {"profiles": "ABIS_sigmatrix_S0.tsv.gz"},
    "xcell": {"markers": "xCell_signatures.gmt.gz", "spillover": "xCell_spill{}_K.tsv.gz",
              "calibration": "xCell_spill{}_fv.tsv.gz", "universe": "xCell_genes.txt"},
}  # fmt: skip
_EPIC = {
    "Bcells": (TRUTH["B cell"], 0.4016), "CD4_Tcells": (TRUTH["T cell CD4+"], 0.3952),
    "CD8_Tcells": (TRUTH["T cell CD8+"], 0.3952), "NKcells": (TRUTH["NK cell"], 0.4396),
    "Monocytes": (TRUTH["monocyte"], 1.4196), "Neutrophils": (TRUTH["neutrophil"], 0.1300),
    "Macrophages": (TRUTH["macrophage"], 1.4196), "CAFs": (TRUTH["fibroblast"], 0.4),
    "Endothelial": (TRUTH["endothelial cell"], 0.4),
}  # fmt: skip
_EPIC_GENES = 100
_EPIC_SOURCES = {"blood": ("hpa", "census"), "tumor": ("lung", "spleen")}
_MILLION = 1e6

References = dict[str, dict[str, CellReference]]  # scale -> method -> reference


class Cohort(NamedTuple):
    """Expression (n_samples, n_genes), its names and scale (``tpm`` or ``array``), the true fraction of each type of
    `TRUTH`, and the references of the methods that take part."""

    values: np.ndarray
    genes: tuple[str, ...]
    scale: str
    truth: dict[str, np.ndarray]
    references: dict[str, CellReference]


def published_references(immune: Path) -> References:
    """The published reference of each method, by the scale of what it is to be used on."""
    found: References = {}
    for scale, word in (("tpm", ""), ("array", ".array")):
        found[scale] = {"mcp_counter": CellReference({"markers": sets_of("mcpcounter")})}
        for method, parts in _FILES.items():
            files = {role: immune / f"resources_{name.format(word)}" for role, name in parts.items()}
            found[scale][method] = read_cell_reference(files)
    return found


def cohort(sources: dict[str, Source], references: References, which: tuple[str, str], seed: int) -> Cohort:
    """One cohort of a source in a context; EPIC takes part where the seed is even."""
    name, context = which
    source = sources[name]
    rng = np.random.default_rng([seed, sum(map(ord, name)), context == "tumor"])
    fractions = (_blood if context == "blood" else _tumor)(rng, int(rng.choice(SIZES)))
    content = np.array([_CONTENT[kind] for kind in KINDS]) * np.exp(rng.normal(0, 0.25, len(KINDS)))
    mixed = _mixed(source, fractions * content, rng)
    scale = "array" if name in ARRAYS or rng.random() < 0.5 else "tpm"
    measured = _array(mixed, rng, has_background=name in ARRAYS) if scale == "array" else _sequenced(mixed, rng)
    truth = {kind: fractions[:, [AT[part] for part in parts]].sum(axis=1) for kind, parts in TRUTH.items()}
    given = {method: part for method, part in references[scale].items() if method not in TRAINED_ON.get(name, ())}
    if seed % 2 == 0:
        lender = next(other for other in _EPIC_SOURCES[context] if other != name)
        given["epic"] = _epic(sources[lender], context)
    return Cohort(measured, source.genes, scale, truth, given)


def _blood(rng: np.random.Generator, n: int) -> np.ndarray:
    """PBMC: monocytes 5-25 %, NK and B 3-20 %, T the rest; a little of the others."""

    def varied(mean: float, spread: float, bounds: tuple[float, float]) -> np.ndarray:
        return np.clip(mean * np.exp(rng.normal(0, spread, n)), *bounds)

    found = np.zeros((n, len(KINDS)))
    monocytes = varied(rng.uniform(0.08, 0.2), rng.uniform(0.3, 0.45), (0.05, 0.25))
    inflamed = varied(0.12, 0.5, (0.02, 0.4))
    found[:, AT["monocyte"]], found[:, AT["monocyte CD16+"]] = monocytes * (1 - inflamed), monocytes * inflamed
    found[:, AT["NK"]] = varied(rng.uniform(0.05, 0.14), rng.uniform(0.35, 0.55), (0.03, 0.2))
    b_cells = varied(rng.uniform(0.05, 0.14), rng.uniform(0.3, 0.5), (0.03, 0.2))
    memory = varied(0.3, 0.4, (0.05, 0.8))
    found[:, AT["B naive"]], found[:, AT["B memory"]] = b_cells * (1 - memory), b_cells * memory
    for kind, low, high in (("plasma", 0.001, 0.006), ("mDC", 0.005, 0.02), ("pDC", 0.002, 0.008),
                            ("neutrophil", 0.002, 0.03), ("platelet", 0.005, 0.05)):  # fmt: skip
        found[:, AT[kind]] = varied(np.exp(rng.uniform(np.log(low), np.log(high))), rng.uniform(0.4, 0.9), (0, 0.15))
    found[:, list(_T)] = np.maximum(1 - found.sum(axis=1), 0.2)[:, None] * _t_cells(rng, n)
    return found / found.sum(axis=1, keepdims=True)


def _t_cells(rng: np.random.Generator, n: int) -> np.ndarray:
    """Shares of the T cells, (n, 6): CD4:CD8 1 to 4, naive and memory by age."""
    ratio = np.clip(rng.uniform(1.4, 2.8) * np.exp(rng.normal(0, rng.uniform(0.25, 0.45), n)), 1, 4)
    other = np.clip(0.08 * np.exp(rng.normal(0, 0.5, n)), 0.01, 0.3)
    regulatory = np.clip(0.07 * np.exp(rng.normal(0, 0.3, n)), 0.02, 0.2)
    age = rng.normal(0, 0.6, n)
    naive_helper, naive_killer = (1 / (1 + np.exp(age + rng.normal(0, 0.4, n))) for _ in range(2))
    helper, killer = (1 - other) * ratio / (1 + ratio), (1 - other) / (1 + ratio)
    rest = helper * (1 - regulatory)
    return np.column_stack([
        rest * naive_helper, rest * (1 - naive_helper), helper * regulatory, killer * naive_killer,
        killer * (1 - naive_killer), other,
    ])  # fmt: skip


def _tumor(rng: np.random.Generator, n: int) -> np.ndarray:
    """Purity 30-90 %; immune cells come together, stroma apart."""
    log = np.log(np.maximum([_TUMOR[kind] for kind in KINDS], 1e-9)) + rng.normal(0, 0.3, len(KINDS))
    log = log + rng.normal(0, rng.uniform(0.4, 0.9), (n, len(KINDS)))
    log[:, : AT["fibroblast"]] += rng.normal(0, rng.uniform(0.2, 0.7), (n, 1))
    raw = np.exp(log)
    purity = rng.uniform(0.3, 0.6) + rng.uniform(0, 0.3, (n, 1))
    fractions = raw / raw.sum(axis=1, keepdims=True) * (1 - purity)
    fractions[:, AT["tumor"]] = purity[:, 0]
    return fractions


def _mixed(source: Source, amounts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Per million; each donor's cells have states of the donor, of a lineage, and noise per gene and kind (SD of ln 0.3
    to 0.8). Each tumor is its own."""
    n, n_genes = len(amounts), len(source.genes)
    spread = rng.uniform(0.3, 0.8)
    genes = np.array(source.genes)
    interferon, cytotoxic = np.isin(genes, _INTERFERON), np.isin(genes, _CYTOTOXIC)
    sparse = rng.normal(0, 0.5, n_genes) * (rng.random(n_genes) < 0.1)
    of_donor = rng.normal(0, 1, (n, 1)) * sparse + rng.normal(0, rng.uniform(0, 0.8), (n, 1)) * interferon
    killing = rng.normal(0, rng.uniform(0.1, 0.5), (n, 1)) * cytotoxic
    mixed = np.zeros((n, n_genes))
    for lineage in _LINEAGES:
        programs = rng.normal(0, 0.5, (3, n_genes)) * (rng.random((3, n_genes)) < 0.15)
        of_lineage = of_donor + rng.normal(0, 1, (n, 3)) @ programs
        for kind in (AT[name] for name in lineage):
            if not amounts[:, kind].any():
                continue
            state = of_lineage + (killing if kind in _KILLERS else 0) + rng.normal(0, spread, (n, n_genes))
            state += rng.normal(0, 0.8, (n, n_genes)) if kind == AT["tumor"] else 0
            mixed += amounts[:, [kind]] * source.profiles[kind] * np.exp(state - spread**2 / 2)
    return mixed / mixed.sum(axis=1, keepdims=True) * _MILLION


def _sequenced(tpm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RNA-seq: bias per gene, noise and depth."""
    bias = np.exp2(rng.normal(0, rng.uniform(0.3, 1.0), tpm.shape[1]))
    noise = np.exp2(rng.normal(0, rng.uniform(0.1, 0.35), tpm.shape))
    depth = 10 ** rng.uniform(0.5, 1.3, (len(tpm), 1))
    counts = rng.poisson(tpm * bias * noise * depth) / depth
    return counts / counts.sum(axis=1, keepdims=True) * _MILLION


def _array(tpm: np.ndarray, rng: np.random.Generator, *, has_background: bool) -> np.ndarray:
    """Array: bias per gene, cross-hybridization, background, compression at the top and noise; log2."""
    bias = np.exp2(rng.normal(0, rng.uniform(0.3, 1.0), tpm.shape[1]))
    noise = np.exp2(rng.normal(0, rng.uniform(0.1, 0.35), tpm.shape))
    crossed = 10 ** rng.uniform(-3, -1.3, tpm.shape[1]) * tpm[:, rng.permutation(tpm.shape[1])]
    typical = rng.uniform(2, 20) * (0.1 if has_background else 1.0)
    floor = np.exp(rng.normal(np.log(typical), 0.5, tpm.shape[1]))
    signal = (tpm * bias + crossed) * noise + floor * np.exp(rng.normal(0, 0.15, tpm.shape))
    return np.log2(signal / (1 + signal / 20000)) + 3


def _epic(source: Source, context: str) -> CellReference:
    """Profiles in the place of EPIC's: of another source, over the genes that lead most."""
    stroma = {"Macrophages", "CAFs", "Endothelial"}
    blood = {"Monocytes", "Neutrophils"}
    names = tuple(name for name in _EPIC if name not in (stroma if context == "blood" else blood))
    profiles = np.column_stack([source.profiles[[AT[kind] for kind in _EPIC[name][0]]].mean(axis=0) for name in names])
    ordered = np.sort(np.log2(profiles + 1), axis=1)
    chosen = np.sort(np.argsort(ordered[:, -2] - ordered[:, -1], kind="stable")[:_EPIC_GENES])
    genes = tuple(source.genes[gene] for gene in chosen)
    return CellReference({
        "profiles": Profiles(genes, names, profiles[chosen]),
        "variability": Profiles(genes, names, 0.3 * profiles[chosen] + 1),
        "mrna_content": {name: _EPIC[name][1] for name in names},
    })  # fmt: skip
