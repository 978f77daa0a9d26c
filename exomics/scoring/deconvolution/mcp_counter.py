"""mcp_counter: mean (mouse: median) log2 expression of the markers of each population."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference
from exomics.registry.gene_sets import sets_of
from exomics.scoring._deconvolution import Deconvolution, Prepared, marker_table
from exomics.stats.set_means import set_medians


def mcp_counter(
    expression: NDArray[Any], profiles: FloatArray, *, statistic: Literal["mean", "median"] = "mean"
) -> FloatArray:
    """Mean or median log2 expression of the measured markers of each population.

    ``value = sum_g m_gk x_g / sum_g m_gk`` over the measured markers, m 1 for a marker of k and 0 otherwise.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    profiles
        (n_features, n_cell_types) 1 for a marker, 0 for none.
    statistic
        ``mean``; ``median`` is that of the mouse version, and the default for samples of mice.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types), arbitrary units (log2): ranks samples of one platform, does not compare cell types.

    Raises
    ------
    InputError
        If the statistic is unknown.

    Notes
    -----
    Source: Becht et al. 2016, doi:10.1186/s13059-016-1070-5. No transform is made inside: the values are averaged on
    the scale they are on. Mouse: Petitprez et al. 2020, doi:10.1186/s13073-020-00783-w, with markers that the user
    supplies.

    Examples
    --------
    >>> mcp_counter(np.array([[1.0, 3.0, 8.0]]), np.array([[1.0, 0], [1, 0], [0, 1]])).tolist()
    [[2.0, 8.0]]
    """
    if statistic not in ("mean", "median"):
        raise InputError(f"statistic must be mean or median; got {statistic!r}.")
    values = np.asarray(expression, dtype=np.float64)
    if statistic == "median":
        members = [np.flatnonzero(column) for column in profiles.T]
        offsets = np.concatenate([[0], np.cumsum([len(found) for found in members])]).astype(np.int64)
        return set_medians(values, np.concatenate(members).astype(np.int64), offsets)
    measured = ~np.isnan(values)
    counts = measured.astype(np.float64) @ profiles
    sums = np.where(measured, values, 0.0) @ profiles
    return np.asarray(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0))


def _prepare(reference: CellReference) -> Prepared:
    table = marker_table(reference.parts.get("markers") or sets_of("mcpcounter"))
    return Prepared(table.rows, table.values, table.columns, {})


SPEC = Deconvolution(
    name="mcp_counter",
    kind="deconvolution",
    title="Mean of marker genes (MCP-counter; mouse with your own markers)",
    function=mcp_counter,
    reference="10.1186/s13059-016-1070-5",
    license="markers CC0 1.0, shipped; the package MCPcounter is GPL-3; mouse markers are GPL-3, bring them by path",
    input_scale=("linear", "log2"),
    comparable="samples",
    units="log2",
    parameters={"statistic": "mean"},
    of_species={"mouse": {"statistic": "median"}},
    works_on="log2",
    prepare=_prepare,
    roles=("markers",),
    cell_types={
        "T_cells": "T cell",
        "T cells": "T cell",
        "CD8_T_cells": "T cell CD8+",
        "CD8 T cells": "T cell CD8+",
        "Cytotoxic": "cytotoxic lymphocyte",
        "Cytotoxic lymphocytes": "cytotoxic lymphocyte",
        "NK": "NK cell",
        "NK cells": "NK cell",
        "B_lineage": "B lineage",
        "B lineage": "B lineage",
        "B derived": "B lineage",
        "Memory B cells": "B cell memory",
        "Monocytic": "monocytic lineage",
        "Monocytic lineage": "monocytic lineage",
        "Monocytes": "monocyte",
        "Monocytes / macrophages": "monocytic lineage",
        "Myeloid_DC": "dendritic cell myeloid",
        "Myeloid dendritic cells": "dendritic cell myeloid",
        "Neutrophils": "neutrophil",
        "Granulocytes": "granulocyte",
        "Mast cells": "mast cell",
        "Eosinophils": "eosinophil",
        "Basophils": "basophil",
        "Endothelial": "endothelial cell",
        "Endothelial cells": "endothelial cell",
        "Fibroblasts": "fibroblast",
    },
)
