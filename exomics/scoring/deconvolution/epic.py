"""epic: fractions by weighted constrained least squares, with a part that no profile describes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference, Profiles
from exomics.scoring._deconvolution import FRACTION, Deconvolution, Prepared, content_of, profile_table
from exomics.scoring.deconvolution.quantiseq import OTHER
from exomics.stats.constrained_regression import nonnegative_fit

_LARGEST_WEIGHT = 100.0
_LEAST_VARIABILITY = 1e-12
_OTHER_CONTENT, _OTHER_VALUE = "otherCells", 0.4  # uncharacterized cells, where the table of contents leaves them out
_NOT_TOLD = (
    f"the mRNA content of uncharacterized cells ({_OTHER_CONTENT}) is not given: {_OTHER_VALUE} as in EPIC's table, "
    "which is wrong in any other unit"
)


def epic(
    expression: NDArray[Any],
    profiles: FloatArray,
    *,
    variability: FloatArray | None = None,
    mrna_content: FloatArray | None = None,
) -> FloatArray:
    """Fractions of cell types, and of uncharacterized cells, by weighted constrained least squares.

    ``p = argmin sum_g w_g (y_g - sum_k A_gk p_k)^2`` with ``p >= 0, sum(p) <= 1`` gives shares of mRNA, the rest of
    uncharacterized cells; fractions of cells are ``f_k = (p_k / r_k) / sum_j (p_j / r_j)``, r the mRNA per cell.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear TPM; NaN where not measured.
    profiles
        (n_features, n_cell_types) A, TPM of each cell type.
    variability
        (n_features, n_cell_types) spread V of each profile between donors: ``w_g = min(u_g, 100 median(u))`` with
        ``u_g = sum_k A_gk / V_gk``. None for equal weights.
    mrna_content
        (n_cell_types + 1,) r, of any unit, that of uncharacterized cells last; None for equal. A table of a reference
        lists it as ``otherCells``; where it does not, 0.4 of EPIC's own table is taken, and said.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types + 1) fractions that sum to one, the uncharacterized last.

    Notes
    -----
    Source: Racle et al. 2017, doi:10.7554/eLife.26476. The optimum is exact where the reference program takes steps
    from a starting value; samples are scaled over all their features, not over those shared with the profiles.

    Examples
    --------
    >>> A = np.array([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0]])
    >>> epic(np.array([[2.0, 4.0, 3.0]]), A, mrna_content=np.array([1.0, 2.0, 1.0])).round(6).tolist()
    [[0.25, 0.25, 0.5]]
    """
    values = np.asarray(expression, dtype=np.float64)
    shares = nonnegative_fit(profiles, values, weights=_weights(profiles, variability), at_most=1.0)
    rest = np.maximum(0.0, 1.0 - shares.sum(axis=1, keepdims=True))
    cells = np.hstack([shares, rest])
    cells = cells if mrna_content is None else cells / mrna_content
    return np.asarray(cells / cells.sum(axis=1, keepdims=True))


def _weights(profiles: FloatArray, variability: FloatArray | None) -> FloatArray | None:
    if variability is None:
        return None
    raw = (profiles / np.maximum(variability, _LEAST_VARIABILITY)).sum(axis=1)
    return np.asarray(np.minimum(raw, _LARGEST_WEIGHT * np.median(raw[raw > 0])))


def _prepare(reference: CellReference) -> Prepared:
    table = profile_table(reference)
    content, notes = _content(reference, table.columns)
    spread: Profiles | None = reference.parts.get("variability")
    if spread is not None and (spread.rows != table.rows or spread.columns != table.columns):
        raise InputError("variability must have the rows and columns of profiles, in the same order.")
    by_feature = {} if spread is None else {"variability": spread.values}
    names = (*table.columns, OTHER)
    return Prepared(table.rows, table.values, names, {"mrna_content": content}, by_feature, notes)


def _content(reference: CellReference, cell_types: tuple[str, ...]) -> tuple[FloatArray, tuple[str, ...]]:
    """mRNA per cell of each type and, last, of uncharacterized cells; with what must be said where that is not told."""
    told = reference.parts.get("mrna_content", {})
    if not told or _OTHER_CONTENT in told or "default" in told:
        return content_of(reference, (*cell_types, _OTHER_CONTENT)), ()
    return np.append(content_of(reference, cell_types), _OTHER_VALUE), (_NOT_TOLD,)


SPEC = Deconvolution(
    name="epic",
    kind="deconvolution",
    title="Cell fractions by weighted constrained least squares (EPIC-type; bring the profiles)",
    function=epic,
    reference="10.7554/eLife.26476",
    license="own implementation; the profiles of EPIC are for academic use and may not be redistributed, bring yours",
    input_scale=("linear", "log2"),
    comparable="samples",
    units="fraction of all cells",
    evidence="format-only",
    works_on="linear",
    prepare=_prepare,
    roles=("profiles", "variability", "mrna_content"),
    needed=("profiles",),
    unit=FRACTION,
    compares=("samples", "cell_types"),
    cell_types={
        "Bcells": "B lineage",
        "CAFs": "fibroblast",
        "CD4_Tcells": "T cell CD4+",
        "CD8_Tcells": "T cell CD8+",
        "Endothelial": "endothelial cell",
        "Macrophages": "macrophage",
        "Monocytes": "monocyte",
        "Neutrophils": "neutrophil",
        "NKcells": "NK cell",
    },
)
