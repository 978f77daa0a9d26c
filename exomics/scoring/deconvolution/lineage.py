"""lineage: how much of each cell type the genes tell that many sources of profiles have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.registry.cell_reference import CellReference
from exomics.scoring._deconvolution import Deconvolution, Prepared
from exomics.scoring.deconvolution._lineage_genes import GLOBIN, LINEAGE_GENES

CONTENT = {
    "B cell": 0.4, "T cell": 0.4, "T cell CD4+": 0.4, "T cell CD8+": 0.4, "NK cell": 0.5, "monocyte": 1.0,
    "macrophage": 1.2, "dendritic cell": 1.2, "neutrophil": 0.3, "fibroblast": 1.2, "endothelial cell": 1.2,
}  # fmt: skip
"""Cell type -> mRNA of a cell, relative."""
LEUKOCYTES = ("B cell", "T cell", "NK cell", "monocyte", "neutrophil")
"""Types that make up the blood, none within another."""
_OF_BLOOD = ("blood", "pbmc")
_MILLION = 1e6
_EXPECTED, _EXPECTED_SAMPLES, _MOST = 0.4, 10.0, 0.95
_STEPS, _SETTLED = 50, 1e-6
_LEAST_SAMPLES, _FLAT = 3, 1e-9


def lineage(
    expression: NDArray[Any],
    profiles: FloatArray,
    *,
    levels: FloatArray,
    is_globin: FloatArray,
    content: FloatArray,
    is_leukocyte: NDArray[np.bool_],
    specimen: str = "",
) -> FloatArray:
    """Amount of each cell type by its lineage genes, weighed by how they agree in these samples.

    ``a = 2^(sum_g w_g (log2(x_g + 1) - l_g)) / m``: x per million without globin, l the level of the gene in the cell
    type, m the mRNA of a cell. ``w_g`` goes by ``s_g r_g / ((1 - r_g^2) SD_g)``, of sum 1: s the specificity of the
    gene, r its correlation with the weighted mean of the others, drawn to 0.4 by 10 samples. In ``blood`` and ``pbmc``
    a is divided by the square root of its sum over the leukocytes that are measured, since RNA that is of none moves
    all alike.

    Parameters
    ----------
    expression
        (n_samples, n_features) per million; NaN where not measured.
    profiles
        (n_features, n_cell_types) s, 0 for a gene of another type.
    levels
        (n_features, n_cell_types) l, log2.
    is_globin
        (n_features, 1) 1 for a gene of red cells.
    content
        (n_cell_types,) m.
    is_leukocyte
        (n_cell_types,) whether a type counts in the sum.
    specimen
        Of the samples; `exomics.scoring.deconvolution.deconvolve` fills it in.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types), arbitrary units. A value changes with the other samples.

    Notes
    -----
    Genes and levels are means over published profiles of sorted and single cells
    (`exomics.scoring.deconvolution._lineage_genes`; bulk RNA-seq of most types: Uhlen et al. 2019,
    doi:10.1126/science.aax9198), the mRNA contents rounded. How the method was chosen, without any measured fraction:
    ``tests/scoring/deconvolution/consensus_rule.md``. A gene that a sample lacks or that does not vary has no weight;
    below 3 samples, or if none varies, all weigh by s. In ``blood`` and ``pbmc`` there is no value
    where no gene of a leukocyte is measured.

    Examples
    --------
    >>> parts = {"levels": np.zeros((2, 2)), "is_globin": np.zeros((2, 1)), "content": np.ones(2)}
    >>> x = np.array([[1.0, 3.0], [3.0, 1.0]])
    >>> lineage(x, np.eye(2), **parts, is_leukocyte=np.array([True, True])).tolist()
    [[2.0, 4.0], [4.0, 2.0]]
    """
    values = np.asarray(expression, dtype=np.float64)
    alive = ~np.isnan(values).all(axis=1)
    measured = np.isfinite(values[alive]).all(axis=0)
    globin = np.nansum(values * is_globin[:, 0], axis=1, keepdims=True)
    logged = np.log2(values * (_MILLION / np.maximum(_MILLION - globin, 1.0)) + 1)
    found = np.full((len(values), profiles.shape[1]), np.nan)
    for column, of_type in enumerate(profiles.T):
        genes = np.flatnonzero((of_type > 0) & measured)
        if len(genes):
            above = logged[np.ix_(alive, genes)] - levels[genes, column]
            found[alive, column] = np.exp2(above @ _weights(above, of_type[genes])) / content[column]
    if specimen in _OF_BLOOD:
        total = np.nansum(found[:, is_leukocyte], axis=1, keepdims=True)
        found /= np.sqrt(np.where(total > 0, total, np.nan))
    return found


def _weights(values: FloatArray, specificity: FloatArray) -> FloatArray:
    """Of genes (n_genes,), by their values (n_samples, n_genes); of sum 1."""
    n = len(values)
    spread = values.std(axis=0, ddof=1) if n >= _LEAST_SAMPLES else np.zeros(len(specificity))
    varied = spread > _FLAT
    if not varied.any():
        return specificity / specificity.sum()
    z = (values[:, varied] - values[:, varied].mean(axis=0)) / spread[varied]
    weights = known = specificity[varied] / specificity[varied].sum()
    for _ in range(_STEPS):
        others = (z @ weights)[:, None] - z * weights
        size = others.std(axis=0, ddof=1)
        r = np.divide((z * others).sum(axis=0), (n - 1) * size, out=np.zeros(len(size)), where=size > _FLAT)
        r = (n * np.clip(r, 0, _MOST) + _EXPECTED_SAMPLES * _EXPECTED) / (n + _EXPECTED_SAMPLES)
        before, weights = weights, known * r / (1 - r**2)
        weights = weights / weights.sum()
        if np.abs(weights - before).max() < _SETTLED:
            break
    found = np.zeros(len(specificity))
    found[varied] = weights / spread[varied]
    return np.asarray(found / found.sum())


def _prepare(reference: CellReference) -> Prepared:
    names = sorted({gene for genes in LINEAGE_GENES.values() for gene in genes} | set(GLOBIN))
    row = {name: at for at, name in enumerate(names)}
    specificity, levels = np.zeros((2, len(names), len(LINEAGE_GENES)))
    for column, genes in enumerate(LINEAGE_GENES.values()):
        for gene, (specific, level) in genes.items():
            specificity[row[gene], column], levels[row[gene], column] = specific, level
    types = tuple(LINEAGE_GENES)
    parts = {
        "content": np.array([CONTENT[name] for name in types]),
        "is_leukocyte": np.array([name in LEUKOCYTES for name in types]),
    }
    by_feature = {"levels": levels, "is_globin": np.isin(names, GLOBIN)[:, None].astype(np.float64)}
    return Prepared(tuple(names), specificity, types, parts, by_feature)


SPEC = Deconvolution(
    name="lineage",
    kind="deconvolution",
    title="Lineage genes of many sources, weighed by how they agree in the samples",
    function=lineage,
    reference="10.1126/science.aax9198",
    license="own implementation; gene names and means of published profiles, shipped",
    input_scale=("linear", "log2"),
    cohort_dependent=True,
    comparable="none",
    units="arbitrary",
    parameters={"specimen": ""},
    works_on="linear",
    prepare=_prepare,
    roles=(),
    resamples=False,
)
