"""Genes that tell a cell type in many sources: how specific they are, and their level in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exomics.scoring.deconvolution._lineage_genes import GLOBIN
from exomics.scoring.deconvolution.lineage import CONTENT, LEUKOCYTES, lineage
from tests.scoring.deconvolution.cohorts import Cohort
from tests.scoring.deconvolution.sources import BULK, KINDS, TRUTH, Source

_MOST, _LEAST, _LEAST_SPECIFIC = 20, 2, 0.1
_LEAST_SOURCES = 3
_OFFSET = 4.0
_MILLION = 1e6

Genes = dict[str, pd.DataFrame]  # cell type -> its genes, the most specific first: specificity, level


def genes_of(sources: dict[str, Source]) -> Genes:
    """At most 20 genes of each type, of a specificity of 0.1 or more: the mean over sources of the log2 ratio of the
    type to the highest other kind, less half of its SD, drawn to 0 by two sources."""
    weight = pd.Series({name: 2.0 if name in BULK else 1.0 for name in sources})
    ratios = {name: _ratios(source) for name, source in sources.items()}
    level = _levels(sources, weight)
    found = {}
    for cell_type, kinds in TRUTH.items():
        table = pd.DataFrame({name: each[cell_type] for name, each in ratios.items() if cell_type in each})
        weights = table.notna() * weight[table.columns]
        total = weights.sum(axis=1)
        mean = (table * weights).sum(axis=1) / total
        spread = np.sqrt((table.sub(mean, axis=0) ** 2 * weights).sum(axis=1) / total)
        score = ((mean - spread / 2) * total / (total + 2))[table.notna().sum(axis=1) >= _LEAST_SOURCES]
        typical = level[[kind for kind in kinds if kind in level]].mean(axis=1, skipna=False)
        score = score[typical.reindex(score.index).notna()].sort_values(ascending=False, kind="stable")
        n = max(_LEAST, min(_MOST, int((score >= _LEAST_SPECIFIC).sum())))
        found[cell_type] = pd.DataFrame({"specificity": score, "level": typical[score.index]}).iloc[:n]
    return found


def said(made: Cohort, genes: Genes) -> dict[str, np.ndarray]:
    """What the method says of a cohort with these genes, by cell type."""
    names = sorted({name for table in genes.values() for name in table.index} | set(GLOBIN))
    at = {gene: column for column, gene in enumerate(made.genes)}
    names = [name for name in names if name in at]
    linear = made.values if made.scale == "tpm" else np.exp2(made.values)
    linear = linear / linear.sum(axis=1, keepdims=True) * _MILLION
    tables = {part: pd.DataFrame({kind: table[part] for kind, table in genes.items()}).reindex(names).fillna(0.0)
              for part in ("specificity", "level")}  # fmt: skip
    found = lineage(
        linear[:, [at[name] for name in names]],
        tables["specificity"].to_numpy(),
        levels=tables["level"].to_numpy(),
        is_globin=np.isin(names, GLOBIN)[:, None].astype(float),
        content=np.array([CONTENT[kind] for kind in genes]),
        is_leukocyte=np.isin(list(genes), LEUKOCYTES),
        specimen=made.specimen,
    )
    return {kind: values for kind, values in zip(genes, found.T, strict=True) if np.ptp(values) > 0}


def _ratios(source: Source) -> dict[str, pd.Series]:
    """Of each type that the source has, the log2 ratio of every gene to its highest other kind; neutrophils count among
    them even where they are borrowed."""
    level = pd.DataFrame(np.log2(source.profiles + _OFFSET), KINDS, source.genes)
    own = level[level.index.isin(source.own)]
    found = {}
    for cell_type, kinds in TRUTH.items():
        kin = {*kinds, "plasma"} if cell_type == "B cell" else set(kinds)
        others = level[~level.index.isin(kin) & (level.index.isin(source.own) | (level.index == "neutrophil"))]
        parts = ("T cell CD4+", "T cell CD8+") if cell_type == "T cell" else (cell_type,)
        means = [own[own.index.isin(TRUTH[part])].mean() for part in parts]
        means = [mean for mean in means if mean.notna().any()]
        if means:
            found[cell_type] = pd.concat(means, axis=1).min(axis=1) - others.max()
    return found


def _levels(sources: dict[str, Source], weight: pd.Series) -> pd.DataFrame:
    """log2 level (genes x kinds), the mean over the sources that have the kind and measure the gene."""
    tables = {
        name: pd.DataFrame(np.log2(source.profiles + 1), KINDS, source.genes).T for name, source in sources.items()
    }
    found = {}
    for kind in KINDS:
        having = [name for name, source in sources.items() if kind in source.own]
        if having:
            columns = pd.DataFrame({name: tables[name][kind] for name in having})
            weights = columns.notna() * weight[having]
            found[kind] = (columns * weights).sum(axis=1) / weights.sum(axis=1)
    return pd.DataFrame(found)
