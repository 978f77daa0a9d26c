"""How each method agrees, in one cohort, with genes of the lineage that it does not use."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from exomics.scoring._deconvolution import Deconvolution
from exomics.scoring.deconvolution import Deconvolutions
from exomics.scoring.deconvolution._lineage import _N_GENES, used_genes
from exomics.stats.agreement import indicator_correlation
from tests.scoring.deconvolution.cohorts import Cohort
from tests.scoring.deconvolution.sources import KINDS, TRUTH, Source

_N_LISTED = 48


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


def agreement(made: Cohort, methods: tuple[str, ...], z: np.ndarray, about: tuple[str, tuple[str, ...]]) -> np.ndarray:
    """(n_methods,) correlation of ``z`` with genes that the method does not use; `about` is a type and its genes."""
    cell_type, genes = about
    at = {gene: column for column, gene in enumerate(made.genes)}
    logged = np.log2(made.values + 1) if made.scale == "tpm" else made.values
    found = []
    for method, row in zip(methods, z, strict=True):
        spec, reference = cast(Deconvolution, Deconvolutions[method]), made.references[method]
        own = used_genes((spec, reference, spec.prepare(reference)), cell_type)
        columns = [at[gene] for gene in genes if gene in at and gene not in own][:_N_GENES]
        found.append(indicator_correlation(row, logged[:, columns].T) if columns else np.nan)
    return np.array(found)
