"""abis: absolute fractions by robust regression on profiles that carry their mRNA content."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.registry.cell_reference import CellReference
from exomics.scoring._deconvolution import FRACTION, Deconvolution, Prepared, profile_table
from exomics.stats.robust_regression import huber_fit


def abis(expression: NDArray[Any], profiles: FloatArray) -> FloatArray:
    """Fractions of blood cell types by Huber's regression of a sample on profiles, without bounds.

    ``x = argmin sum_g rho(y_g - sum_k A_gk x_k)``; profiles are scaled for mRNA content, so x is a fraction of cells.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear TPM; NaN where not measured.
    profiles
        (n_features, n_cell_types) A, TPM normalized for the mRNA content of each cell type.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types) fractions. They are free: a small negative value is noise around none, and stays.

    Notes
    -----
    Source: Monaco et al. 2019, doi:10.1016/j.celrep.2019.01.041 (robust linear model, at most 100 steps; the authors
    print percent). See `exomics.stats.robust_regression.huber_fit`.

    Examples
    --------
    >>> A = np.array([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0], [2.0, 4.0]])
    >>> abis(np.array([[2.0, 4.0, 3.0, 2.0]]), A).round(6).tolist()
    [[0.2, 0.4]]
    """
    return huber_fit(profiles, np.asarray(expression, dtype=np.float64))


def _prepare(reference: CellReference) -> Prepared:
    table = profile_table(reference)
    return Prepared(table.rows, table.values, table.columns, {})


SPEC = Deconvolution(
    name="abis",
    kind="deconvolution",
    title="Blood cell fractions by robust regression (ABIS-type; bring the profiles)",
    function=abis,
    reference="10.1016/j.celrep.2019.01.041",
    license="own implementation; the profiles of ABIS have no license, bring them by path",
    input_scale=("linear", "log2"),
    comparable="samples",
    units="fraction of all cells",
    works_on="linear",
    prepare=_prepare,
    roles=("profiles",),
    needed=("profiles",),
    unit=FRACTION,
    compares=("samples", "cell_types"),
    cell_types={
        "Monocytes.C": "monocyte classical",
        "Monocytes.NC.I": "monocyte non-classical",
        "NK": "NK cell",
        "T.CD8.Memory": "T cell CD8+ memory",
        "T.CD8.Naive": "T cell CD8+ naive",
        "T.CD4.Memory": "T cell CD4+ memory",
        "T.CD4.Naive": "T cell CD4+ naive",
        "MAIT": "MAIT cell",
        "T.gd.Vd2": "T cell gamma delta Vd2",
        "T.gd.non.Vd2": "T cell gamma delta non-Vd2",
        "B.Naive": "B cell naive",
        "B.Memory": "B cell memory",
        "Plasmablasts": "plasma cell",
        "Neutrophils.LD": "neutrophil",
        "Basophils.LD": "basophil",
        "mDCs": "dendritic cell myeloid",
        "pDCs": "dendritic cell plasmacytoid",
    },
)
