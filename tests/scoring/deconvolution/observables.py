"""What a cohort shows without any fraction: by it, mixed cohorts were made like real ones (`consensus_rule.md`).

    python -m tests.scoring.deconvolution.observables SOURCES ../shared/data/immune REAL

REAL is a folder of ``NAME_SPECIMEN_SCALE.tsv`` (genes x samples; SCALE ``tpm`` or ``array``) of unlabeled cohorts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.scoring.deconvolution._lineage_genes import LINEAGE_GENES
from tests.scoring.deconvolution.cohorts import Cohort, References, cohort, published_references
from tests.scoring.deconvolution.learn_reliability import everything_said
from tests.scoring.deconvolution.sources import BULK, CONTEXTS, read_sources

TYPES = ("B cell", "T cell", "T cell CD8+", "NK cell", "monocyte", "macrophage", "neutrophil", "fibroblast")
_MIDDLE = (0.4, 0.7)
_N_GENES, _N_SEEN = 12, 1500
_MILLION = 1e6


def observed(made: Cohort) -> dict[str, float]:
    """Of one cohort: SD of log2 of genes of middle level, share of the variance of the first and the first five
    components, mean absolute correlation of genes; and by type c (between methods) and g (between lineage genes)."""
    logged = np.log2(made.values + 1) if made.scale == "tpm" else made.values
    level, spread = logged.mean(axis=0), logged.std(axis=0, ddof=1)
    low, high = np.quantile(level, _MIDDLE)
    found = {"sd": float(np.median(spread[(level > low) & (level <= high) & (spread > 0)]))}
    seen = np.flatnonzero((level > low) & (spread > 0))
    seen = np.random.default_rng(0).choice(seen, min(_N_SEEN, len(seen)), replace=False)
    z = (logged[:, seen] - level[seen]) / spread[seen]
    parts = np.linalg.svd(z, compute_uv=False) ** 2
    found |= {"pc1": parts[0] / parts.sum(), "pc5": parts[:5].sum() / parts.sum()}
    found["abs r"] = float(np.abs(_off_diagonal(np.corrcoef(z.T))).mean())
    at = {gene: column for column, gene in enumerate(made.genes)}
    said = everything_said(made)
    for cell_type in TYPES:
        columns = [at[gene] for gene in LINEAGE_GENES[cell_type] if gene in at and spread[at[gene]] > 0][:_N_GENES]
        if len(columns) > 1:
            found[f"g {cell_type}"] = float(_off_diagonal(np.corrcoef(logged[:, columns].T)).mean())
        if len(said.get(cell_type, {})) > 1:
            between = np.corrcoef(np.vstack(list(said[cell_type].values())))
            found[f"c {cell_type}"] = float(_off_diagonal(between).mean())
    return found


def _off_diagonal(table: np.ndarray) -> np.ndarray:
    return np.asarray(table[np.triu_indices(len(table), 1)])


def real_cohorts(folder: Path, references: References) -> Iterator[tuple[str, Cohort]]:
    for path in sorted(folder.glob("*.tsv")):
        _, specimen, scale = path.stem.rsplit("_", 2)
        table = pd.read_csv(path, sep="\t", index_col=0)
        table = table[~table.index.duplicated() & table.index.notna()].dropna()
        values = table.to_numpy(dtype=float).T
        values = values / values.sum(axis=1, keepdims=True) * _MILLION if scale == "tpm" else values
        yield path.stem, Cohort(values, tuple(map(str, table.index)), scale, specimen, {}, references[scale])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path)
    parser.add_argument("immune", type=Path)
    parser.add_argument("real", type=Path)
    parser.add_argument("--cohorts", type=int, default=3, help="of each bulk source and context")
    words = parser.parse_args()
    references = published_references(words.immune)
    found = {name: observed(made) for name, made in real_cohorts(words.real, references)}
    sources = read_sources(words.sources)
    for which in [(name, context) for name in BULK for context in CONTEXTS[name]]:
        each = [observed(cohort(sources, references, which, seed)) for seed in range(1, 1 + words.cohorts)]
        found[" ".join(which)] = pd.DataFrame(each).mean().to_dict()
    sys.stdout.write(pd.DataFrame(found).round(2).to_string() + "\n")


if __name__ == "__main__":
    main()
