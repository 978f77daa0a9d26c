"""How well a method agrees, in the samples at hand, with genes of a lineage that it does not use."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import ScaleError
from exomics.harmonize import AliasTable
from exomics.registry.cell_reference import CellReference
from exomics.schema import keys, scale_of
from exomics.scoring._deconvolution import Deconvolution, Prepared
from exomics.scoring.cell_types import LINEAGE, ancestors
from exomics.scoring.deconvolution._consensus_types import said_of
from exomics.scoring.deconvolution._lineage_genes import LINEAGE_GENES
from exomics.scoring.features import dense, measured_features
from exomics.scoring.scale import log2_values
from exomics.stats.agreement import indicator_correlation

_N_GENES = 12
_MILLION = 1e6
_RANKS_ALL = "universe"


def lineage_agreement(
    adata: AnnData,
    frame: pd.DataFrame,
    used: tuple[Deconvolution, CellReference, Prepared],
    aliases: AliasTable | None = None,
) -> dict[str, float]:
    """Cell type of a consensus -> correlation of what the method says of it with genes that it does not use.

    They are the first 12 of `LINEAGE_GENES` that are measured and no part of the reference; see
    `exomics.stats.agreement.indicator_correlation`. A type for which the genes do not tell one thing is left out, and
    so is all where a sample has two values of one type.
    """
    if frame.duplicated(["sample_id", "cell_type"]).any():
        return {}
    levels = _levels(adata, aliases)
    samples = pd.Series(adata.obs_names.astype(str))
    found = {}
    for cell_type, genes in LINEAGE_GENES.items():
        values = said_of(frame, cell_type, samples)
        own = used_genes(used, cell_type)
        chosen = [gene for gene in genes if gene in levels and gene not in own][:_N_GENES]
        if values is None or not chosen:
            continue
        agreement = indicator_correlation(values, np.vstack([levels[gene] for gene in chosen]))
        if np.isfinite(agreement):
            found[cell_type] = agreement
    return found


def used_genes(used: tuple[Deconvolution, CellReference, Prepared], cell_type: str) -> set[str]:
    """Every gene of the reference; of a method that ranks them all, those of the sets of this type and of its parts."""
    spec, reference, prepared = used
    if _RANKS_ALL not in spec.roles:
        return set(prepared.features)
    names = {name: spec.cell_types.get(name.partition("%")[0], "") for name in reference.parts["markers"]}
    belongs = [name for name, of in names.items() if of in LINEAGE and cell_type in (of, *ancestors(of))]
    return {gene for name in belongs for gene in reference.parts["markers"][name]}


def _levels(adata: AnnData, aliases: AliasTable | None) -> dict[str, FloatArray]:
    """Gene -> log2 level in each sample; none where a logarithm of the values has no agreed meaning."""
    features = measured_features(adata, keys.FEATURE_NAME)
    genes = dict.fromkeys(gene for of_type in LINEAGE_GENES.values() for gene in of_type)
    spellings = features.spellings(genes, aliases)
    column = {name: int(at) for name, at in zip(features.names, features.columns, strict=True)}
    at = {gene: column[name] for gene in genes if (name := spellings.get(gene, gene)) in column}
    values = np.asarray(dense(adata, np.array(list(at.values()), dtype=np.int64)), dtype=np.float64)
    scale = scale_of(adata)
    if scale.kind == "counts":
        totals = np.nansum(dense(adata, features.columns), axis=1, keepdims=True)
        values = np.log2(values / np.where(totals > 0, totals, np.nan) * _MILLION + 1)
    else:
        try:
            values = np.asarray(log2_values(values, scale))
        except ScaleError:
            return {}
    return dict(zip(at, values.T, strict=True))
