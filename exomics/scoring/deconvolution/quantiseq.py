"""quantiseq: fractions by constrained least squares on cell profiles, corrected for mRNA content."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.registry.cell_reference import CellReference
from exomics.scoring._deconvolution import FRACTION, Deconvolution, Prepared, content_of, profile_table
from exomics.stats.constrained_regression import nonnegative_fit

OTHER = "uncharacterized cell"
_REGULATORY, _HELPER = "Tregs", "T.cells.CD4"
_LEAST_REGULATORY = 0.02


def quantiseq(
    expression: NDArray[Any],
    profiles: FloatArray,
    *,
    mrna_content: FloatArray | None = None,
    regulatory: tuple[int, int] | None = None,
) -> FloatArray:
    """Fractions of cell types, and of what no profile describes, by constrained least squares.

    ``x = argmin |y - A x|^2`` with ``x >= 0, sum(x) <= 1``; then ``f_k = (x_k / s_k) sum(x) / sum_j (x_j / s_j)``, s
    the mRNA content, and the rest ``1 - sum(f)`` is uncharacterized.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear TPM; NaN where not measured.
    profiles
        (n_features, n_cell_types) A, TPM of each cell type.
    mrna_content
        (n_cell_types,) s, of any unit; None for equal.
    regulatory
        Columns of regulatory and of other CD4+ T cells, whose profiles are nearly the same. Where the former get less
        than 0.02 they are estimated again without the latter, the mean of both estimates is kept, and the latter give
        way; fractions are scaled to 1 at the end. None to leave this out.

    Returns
    -------
    ndarray
        (n_samples, n_cell_types + 1) fractions that sum to one, the uncharacterized last.

    Notes
    -----
    Source: Finotello et al. 2019, doi:10.1186/s13073-019-0638-6. What CD4+ cells give way by is as in the authors'
    program: half the sum of the second estimate and of the mean already taken.

    Examples
    --------
    >>> A = np.array([[10.0, 0.0], [0.0, 10.0], [5.0, 5.0]])
    >>> quantiseq(np.array([[2.0, 4.0, 3.0]]), A).round(6).tolist()
    [[0.2, 0.4, 0.4]]
    """
    content = np.ones(profiles.shape[1]) if mrna_content is None else np.asarray(mrna_content)
    fractions = _fractions(expression, profiles, content)
    if regulatory is not None:
        fractions = _with_regulatory(fractions, (expression, profiles, content), regulatory)
    return fractions / fractions.sum(axis=1, keepdims=True)


def _fractions(expression: NDArray[Any], profiles: FloatArray, content: FloatArray) -> FloatArray:
    x = nonnegative_fit(profiles, np.asarray(expression, dtype=np.float64), at_most=1.0)
    total = x.sum(axis=1, keepdims=True)
    cells = x / content
    divisor = cells.sum(axis=1, keepdims=True)
    fractions = cells * np.divide(total, divisor, out=np.zeros_like(total), where=divisor > 0)
    rest = np.maximum(0.0, 1.0 - fractions.sum(axis=1, keepdims=True))
    return np.hstack([np.where(np.isnan(total), np.nan, fractions), rest])


def _with_regulatory(
    fractions: FloatArray, fitted: tuple[NDArray[Any], FloatArray, FloatArray], columns: tuple[int, int]
) -> FloatArray:
    expression, profiles, content = fitted
    regulatory, helper = columns
    few = np.flatnonzero(fractions[:, regulatory] < _LEAST_REGULATORY)
    if not few.size:
        return fractions
    kept = np.delete(np.arange(profiles.shape[1]), helper)
    alone = _fractions(expression[few], profiles[:, kept], content[kept])[:, int(np.flatnonzero(kept == regulatory)[0])]
    mended = fractions.copy()
    mended[few, regulatory] = (alone + fractions[few, regulatory]) / 2
    given = (alone + mended[few, regulatory]) / 2
    mended[few, helper] = np.maximum(0.0, fractions[few, helper] - given)
    return mended


def _prepare(reference: CellReference) -> Prepared:
    table = profile_table(reference, drop="dropped")
    names = table.columns
    pair = (_REGULATORY, _HELPER)
    columns = (names.index(_REGULATORY), names.index(_HELPER)) if set(pair) <= set(names) else None
    parts = {"mrna_content": content_of(reference, names), "regulatory": columns}
    return Prepared(table.rows, table.values, (*names, OTHER), parts)


SPEC = Deconvolution(
    name="quantiseq",
    kind="deconvolution",
    title="Cell fractions by constrained least squares (quanTIseq-type; bring the profiles)",
    function=quantiseq,
    reference="10.1186/s13073-019-0638-6",
    license="own implementation; the profiles TIL10 come with GPL-3 code, bring them by path",
    input_scale=("linear", "log2"),
    comparable="samples",
    units="fraction of all cells",
    works_on="linear",
    prepare=_prepare,
    roles=("profiles", "mrna_content", "dropped"),
    needed=("profiles",),
    unit=FRACTION,
    compares=("samples", "cell_types"),
    cell_types={
        "B.cells": "B lineage",
        "Macrophages.M1": "macrophage M1",
        "Macrophages.M2": "macrophage M2",
        "Monocytes": "monocyte",
        "Neutrophils": "neutrophil",
        "NK.cells": "NK cell",
        "T.cells.CD4": "T cell CD4+ non-regulatory",
        "T.cells.CD8": "T cell CD8+",
        "Tregs": "T cell regulatory",
        "Dendritic.cells": "dendritic cell",
    },
)
