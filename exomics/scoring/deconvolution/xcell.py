"""xcell: enrichment of several signatures per cell type, brought to a linear scale, with spillover taken out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference, Profiles
from exomics.scoring._deconvolution import Deconvolution, Prepared, marker_table
from exomics.stats.constrained_regression import nonnegative_fit
from exomics.stats.rank_scores import enrichment_scores

_SCORE_UNIT = 5000.0


def xcell(
    expression: NDArray[Any],
    profiles: FloatArray,
    *,
    groups: NDArray[np.int64],
    calibration: FloatArray,
    spillover: FloatArray,
    strength: float = 0.5,
) -> FloatArray:
    """Enrichment of cell types, linear in their amount over the samples of a run, with spillover taken out.

    The ES of each signature minus its least value over the samples is averaged over the signatures of a cell type to e;
    ``t = ((e - min e) / 5000)^b / (2 c)``; and ``x = argmin |K x - t|^2, x >= 0`` with K the spillover times `strength`
    and 1 on its diagonal.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; NaN where not measured.
    profiles
        (n_features, n_signatures) 1 for a member.
    groups
        (n_signatures,) number of the cell type of each signature.
    calibration
        (n_cell_types, 2) exponent b and slope c of each cell type.
    spillover
        (n_cell_types, n_cell_types): what a unit of the type of a column adds to the score of the type of a row.
    strength
        Share of the spillover that is taken out.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types), arbitrary units; not negative. A value changes with the other samples.

    Raises
    ------
    InputError
        If there is one sample only, or a cell type has no measured gene.

    Notes
    -----
    Source: Aran et al. 2017, doi:10.1186/s13059-017-1349-1. Equal values share their mean rank, whose floor the
    reference program takes: scores differ by less than 3e-4. The significance of single scores is not computed.

    Examples
    --------
    >>> x = np.array([[4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    >>> sets = np.array([[1.0, 0], [0, 0], [0, 0], [0, 1]])
    >>> parts = {"groups": np.array([0, 1]), "calibration": np.ones((2, 2)), "spillover": np.eye(2)}
    >>> (5000 * xcell(x, sets, **parts)).round(6).tolist()
    [[2.0, 0.0], [0.0, 2.0]]
    """
    if len(expression) < 2:
        raise InputError("xcell compares samples with each other; it needs at least 2, and many that differ.")
    usable = np.flatnonzero(profiles.any(axis=0))
    if len(np.unique(groups[usable])) < len(calibration):
        raise InputError("xcell: no signature of some cell type has a measured gene; name the types that you want.")
    groups, members = groups[usable], [np.flatnonzero(profiles[:, column]) for column in usable]
    offsets = np.concatenate([[0], np.cumsum([len(found) for found in members])]).astype(np.int64)
    raw = enrichment_scores(expression, np.concatenate(members).astype(np.int64), offsets)
    above = raw - np.fmin.reduce(raw, axis=0)
    means = np.column_stack([_measured_mean(above[:, groups == number]) for number in range(len(calibration))])
    linear = ((means - np.fmin.reduce(means, axis=0)) / _SCORE_UNIT) ** calibration[:, 0] / (2.0 * calibration[:, 1])
    mixing = spillover * strength
    np.fill_diagonal(mixing, 1.0)
    return nonnegative_fit(mixing, linear)


def _measured_mean(scores: FloatArray) -> FloatArray:
    """Of each sample over the signatures of a cell type; NaN where none is measured."""
    measured = ~np.isnan(scores)
    n_measured = measured.sum(axis=1)
    return np.where(n_measured > 0, np.where(measured, scores, 0.0).sum(axis=1) / np.maximum(n_measured, 1), np.nan)


def _prepare(reference: CellReference) -> Prepared:
    spillover: Profiles = reference.parts["spillover"]
    calibration: Profiles = reference.parts["calibration"]
    names = [name for name in spillover.rows if name in calibration.rows and name in spillover.columns]
    markers = {name: genes for name, genes in reference.parts["markers"].items() if name.partition("%")[0] in names}
    lacking = sorted(set(names) - {name.partition("%")[0] for name in markers})
    if lacking or calibration.values.shape[1] < 3:
        raise InputError(f"xcell: no signature for {', '.join(lacking) or 'some types'}, or fewer than 3 calibrations.")
    table = marker_table(markers, tuple(reference.parts.get("universe", ())))
    at = [spillover.rows.index(name) for name in names], [spillover.columns.index(name) for name in names]
    fitted = calibration.values[[calibration.rows.index(name) for name in names]]
    parts = {
        "groups": np.array([names.index(name.partition("%")[0]) for name in table.columns]),
        "calibration": fitted[:, 1:3],
        "spillover": spillover.values[np.ix_(*at)],
    }
    return Prepared(table.rows, table.values, tuple(names), parts)


SPEC = Deconvolution(
    name="xcell",
    kind="deconvolution",
    title="Enrichment of cell types with spillover taken out (xCell-type; bring the signatures)",
    function=xcell,
    reference="10.1186/s13059-017-1349-1",
    license="own implementation; the signatures and their calibration come with GPL-3 code, bring them by path",
    input_scale=("counts", "linear", "log2"),
    cohort_dependent=True,
    comparable="none",
    units="arbitrary",
    works_on="any",
    prepare=_prepare,
    roles=("markers", "spillover", "calibration", "universe"),
    needed=("markers", "spillover", "calibration"),
    cell_types={
        "B-cells": "B cell",
        "naive B-cells": "B cell naive",
        "Memory B-cells": "B cell memory",
        "Plasma cells": "plasma cell",
        "CD4+ T-cells": "T cell CD4+",
        "CD4+ naive T-cells": "T cell CD4+ naive",
        "CD4+ memory T-cells": "T cell CD4+ memory",
        "CD4+ Tcm": "T cell CD4+ central memory",
        "CD4+ Tem": "T cell CD4+ effector memory",
        "Tregs": "T cell regulatory",
        "CD8+ T-cells": "T cell CD8+",
        "CD8+ naive T-cells": "T cell CD8+ naive",
        "CD8+ Tcm": "T cell CD8+ central memory",
        "CD8+ Tem": "T cell CD8+ effector memory",
        "Tgd cells": "T cell gamma delta",
        "NKT": "NKT cell",
        "NK cells": "NK cell",
        "Monocytes": "monocyte",
        "Macrophages": "macrophage",
        "Macrophages M1": "macrophage M1",
        "Macrophages M2": "macrophage M2",
        "DC": "dendritic cell",
        "cDC": "dendritic cell myeloid",
        "pDC": "dendritic cell plasmacytoid",
        "Neutrophils": "neutrophil",
        "Eosinophils": "eosinophil",
        "Basophils": "basophil",
        "Mast cells": "mast cell",
        "Fibroblasts": "fibroblast",
        "Endothelial cells": "endothelial cell",
        "Epithelial cells": "epithelial cell",
    },
    resamples=False,
)
