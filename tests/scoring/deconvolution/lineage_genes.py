"""How each method agrees, in one cohort, with genes of the lineage that it does not use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from exomics.registry.cell_reference import CellReference
from exomics.scoring.cell_types import ancestors
from exomics.scoring.deconvolution import Deconvolutions
from tests.scoring.deconvolution.cohorts import Cohort
from tests.scoring.deconvolution.sources import KINDS, TRUTH, Source

_N_LISTED, _N_GENES, _LEAST_GENES, _LEAST_ALPHA = 400, 12, 3, 0.3
_LEAST, _MOST = 0.02, 0.95


def specificity(source: Source) -> dict[str, pd.Series]:
    """Of each type and gene, the log2 ratio of the highest kind of the type to the highest other kind of the source."""
    level = pd.DataFrame(np.log2(source.profiles + 1), KINDS, source.genes)
    level = level[level.index.isin(source.own)]
    found = {}
    for cell_type in {name for names in source.judged.values() for name in names}:
        mine = level.index.isin(TRUTH[cell_type])
        kin = level.index.isin(["plasma"]) & (cell_type == "B cell")
        found[cell_type] = level[mine].max() - level[~mine & ~kin].max()
    return found


def specific_genes(tables: list[dict[str, pd.Series]]) -> dict[str, tuple[str, ...]]:
    """Genes of each type that two sources measure, those of the highest mean specificity first."""
    told = {}
    for cell_type in TRUTH:
        each = [table[cell_type] for table in tables if cell_type in table]
        joined = pd.concat(each, axis=1) if each else pd.DataFrame()
        kept = joined[joined.notna().sum(axis=1) >= min(2, len(each))].mean(axis=1)
        told[cell_type] = tuple(map(str, kept.sort_values(ascending=False, kind="stable").index[:_N_LISTED]))
    return told


def used_genes(references: Mapping[str, CellReference], cell_type: str) -> dict[str, set[str]]:
    """By method: all of its profiles or markers; of the many sets of xCell those of this type and of its parts."""
    used = {}
    for method, reference in references.items():
        if method == "xcell":
            name_of = Deconvolutions["xcell"].cell_types
            sets = reference.parts["markers"].items()
            types = {name: name_of.get(name.partition("%")[0], "") for name, _ in sets}
            used[method] = {
                gene
                for name, genes in sets
                if types[name] and cell_type in (types[name], *ancestors(types[name]))
                for gene in genes
            }
        elif "markers" in reference.parts:
            used[method] = {gene for genes in reference.parts["markers"].values() for gene in genes}
        else:
            used[method] = set(reference.parts["profiles"].rows)
    return used


def agreement(made: Cohort, z: np.ndarray, used: list[set[str]], specific: tuple[str, ...]) -> np.ndarray:
    """(n_methods,) correlation of ``z`` with the mean of unused genes, over the root of their alpha; else NaN."""
    at = {gene: column for column, gene in enumerate(made.genes)}
    logged = np.log2(made.values + 1) if made.scale == "tpm" else made.values
    found = np.full(len(z), np.nan)
    for number, own in enumerate(used):
        columns = [at[gene] for gene in specific if gene in at and gene not in own][:_N_GENES]
        values = logged[:, columns].T
        values = values[np.ptp(values, axis=1) > 0]
        if len(values) < _LEAST_GENES:
            continue
        values = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
        n = len(values)
        mean = (np.corrcoef(values).sum() - n) / (n * (n - 1))
        alpha = n * mean / (1 + (n - 1) * mean)
        if alpha >= _LEAST_ALPHA:
            raw = np.corrcoef(z[number], values.mean(axis=0))[0, 1] / np.sqrt(alpha)
            found[number] = np.clip(raw, _LEAST, _MOST)
    return found
