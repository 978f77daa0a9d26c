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
from tests.scoring.deconvolution.fractions import blood, pbmc, tumor
from tests.scoring.deconvolution.sources import ARRAYS, AT, KINDS, TRAINED_ON, TRUTH, Source

SIZES = (12, 20, 30, 40, 60)
_CONTENT = dict.fromkeys(KINDS, 0.5) | {
    "plasma": 2.0, "NK": 0.6, "monocyte": 1.0, "monocyte CD16+": 1.0, "mDC": 1.2, "pDC": 1.2, "neutrophil": 0.3,
    "platelet": 0.1, "eosinophil": 0.4, "M1": 1.2, "M2": 1.2, "fibroblast": 1.2, "endothelial": 1.2, "tumor": 1.6,
}  # fmt: skip
_LINEAGES = (("B naive", "B memory", "plasma"), TRUTH["T cell"], ("NK",),
             ("monocyte", "monocyte CD16+", "mDC", "M1", "M2"), ("pDC",),
             ("neutrophil", "eosinophil", "basophil"), ("platelet",), ("fibroblast",), ("endothelial",), ("tumor",),
             ("red cell",))  # fmt: skip
_INTERFERON = ("ISG15", "IFI6", "IFI27", "IFI44", "IFI44L", "IFIT1", "IFIT2", "IFIT3", "MX1", "MX2", "OAS1", "OAS2",
               "OAS3", "RSAD2", "STAT1", "IRF7", "XAF1", "LY6E")  # fmt: skip
_CYTOTOXIC = ("GZMA", "GZMB", "GZMH", "GZMK", "PRF1", "NKG7", "GNLY", "CST7", "KLRD1", "KLRB1", "FGFBP2", "CCL4",
              "CCL5", "CTSW")  # fmt: skip
_FRACTIONS = {"pbmc": pbmc, "blood": blood, "tumor": tumor}
_SPREAD = {"pbmc": (0.05, 0.15), "blood": (0.05, 0.18), "tumor": (0.15, 0.3)}
_QUALITY = {"pbmc": (0.02, 0.15), "blood": (0.03, 0.2), "tumor": (0.05, 0.25)}
_STATE, _NOISE = (0.08, 0.3), (0.02, 0.08)
_SAME_KIND, _FOREIGN = (0.0, 0.3), (0.3, 0.8)  # SD of ln of the bias per gene, on the platform of the source or not
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
    specimen: str
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
    rng = np.random.default_rng([seed, sum(map(ord, name)), tuple(_FRACTIONS).index(context)])
    fractions = _FRACTIONS[context](rng, int(rng.choice(SIZES)))
    content = np.array([_CONTENT[kind] for kind in KINDS]) * np.exp(rng.normal(0, 0.25, len(KINDS)))
    scale = "array" if name in ARRAYS or rng.random() < 0.5 else "tpm"
    amounts = fractions * content
    amounts /= amounts.sum(axis=1, keepdims=True)
    amounts = _with_anucleate(amounts, context, rng)
    bias = _FOREIGN if scale == "array" and name not in ARRAYS else _SAME_KIND
    mixed = _mixed(source, amounts, rng.uniform(*_SPREAD[context]), rng)
    mixed = _technical(mixed, (rng.uniform(*bias), rng.uniform(*_QUALITY[context])), rng)
    measured = _array(mixed, rng, has_background=name in ARRAYS) if scale == "array" else _sequenced(mixed, rng)
    truth = {kind: fractions[:, [AT[part] for part in parts]].sum(axis=1) for kind, parts in TRUTH.items()}
    given = {method: part for method, part in references[scale].items() if method not in TRAINED_ON.get(name, ())}
    if seed % 2 == 0:
        of_context = "tumor" if context == "tumor" else "blood"
        lender = next(other for other in _EPIC_SOURCES[of_context] if other != name)
        given["epic"] = _epic(sources[lender], of_context)
    return Cohort(measured, source.genes, scale, context, truth, given)


def _with_anucleate(amounts: np.ndarray, context: str, rng: np.random.Generator) -> np.ndarray:
    """RNA of platelets, and in whole blood of red cells (globin depleted in half of the cohorts), on top."""
    if context == "tumor":
        return amounts
    n = len(amounts)
    found = amounts.copy()
    found[:, AT["platelet"]] += np.exp(rng.normal(np.log(rng.uniform(0.005, 0.04)), rng.uniform(0.3, 0.8), n))
    if context == "blood":
        typical = rng.uniform(-4, -2) if rng.random() < 0.5 else rng.uniform(-1, 0.7)
        found[:, AT["red cell"]] = np.exp(rng.normal(typical, rng.uniform(0.3, 1.3), n))
    return found


def _mixed(source: Source, amounts: np.ndarray, typical: float, rng: np.random.Generator) -> np.ndarray:
    """Per million, each donor with states of his own: see `consensus_rule.md`."""
    n, n_genes = len(amounts), len(source.genes)
    genes = np.array(source.genes)
    spread = typical * np.exp(rng.normal(0, 0.6, n_genes))  # SD of ln of each gene between donors
    shared = rng.uniform(0.3, 0.7)  # of its variance, what all cells of a donor have in common
    common = _programs(rng, (n, n_genes), (3, 0.3, rng.uniform(0.05, 0.25)))
    common += np.sqrt(shared) * spread * rng.normal(size=(n, n_genes))
    common += rng.normal(0, rng.uniform(0, 0.8), (n, 1)) * np.isin(genes, _INTERFERON)
    killing = rng.normal(0, rng.uniform(0.1, 0.4), (n, 1)) * np.isin(genes, _CYTOTOXIC)
    mixed = np.zeros((n, n_genes))
    for lineage in _LINEAGES:
        strength = rng.uniform(0.3, 0.7) if lineage == ("tumor",) else rng.uniform(*_STATE)
        of_lineage = common + _programs(rng, (n, n_genes), (4, 0.3, strength))
        for kind in (AT[name] for name in lineage):
            if not amounts[:, kind].any():
                continue
            own = np.sqrt(1 - shared) * (2 if kind == AT["tumor"] else 1) * spread
            state = of_lineage + (killing if kind in _KILLERS else 0) + own * rng.normal(size=(n, n_genes))
            mixed += amounts[:, [kind]] * source.profiles[kind] * np.exp(state)
    return mixed / mixed.sum(axis=1, keepdims=True) * _MILLION


def _programs(rng: np.random.Generator, shape: tuple[int, int], how: tuple[int, float, float]) -> np.ndarray:
    """ln of what states do to genes, (n_donors, n_genes): `how` many, of which share of the genes, with which SD."""
    (n, n_genes), (number, share, strength) = shape, how
    genes = rng.normal(0, strength, (number, n_genes)) * (rng.random((number, n_genes)) < share)
    return np.asarray(rng.normal(size=(n, number)) @ genes)


def _technical(tpm: np.ndarray, spreads: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Bias per gene; quality and protocol, which move many genes of a sample together; noise of the measurement."""
    bias = rng.normal(0, spreads[0], tpm.shape[1])
    together = _programs(rng, tpm.shape, (2, 1.0, spreads[1]))
    return np.asarray(tpm * np.exp(bias + together + rng.normal(0, rng.uniform(*_NOISE), tpm.shape)))


def _sequenced(tpm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RNA-seq: depth."""
    depth = 10 ** rng.uniform(0.5, 1.5, (1, 1)) * np.exp(rng.normal(0, 0.3, (len(tpm), 1)))
    counts = rng.poisson(tpm / tpm.sum(axis=1, keepdims=True) * _MILLION * depth) / depth
    return np.asarray(counts / counts.sum(axis=1, keepdims=True) * _MILLION)


def _array(tpm: np.ndarray, rng: np.random.Generator, *, has_background: bool) -> np.ndarray:
    """Array: cross-hybridization, background, compression at the top; log2, every sample of one median."""
    crossed = 10 ** rng.uniform(-3, -1.3, tpm.shape[1]) * tpm[:, rng.permutation(tpm.shape[1])]
    typical = np.exp(rng.uniform(np.log(2), np.log(40))) * (0.1 if has_background else 1.0)
    floor = np.exp(rng.normal(np.log(typical), 0.5, tpm.shape[1]))
    signal = tpm + crossed + floor * np.exp(rng.normal(0, 0.08, tpm.shape))
    found = np.log2(signal / (1 + signal / 20000)) + 3
    return np.asarray(found - np.median(found, axis=1, keepdims=True) + np.median(found))


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
