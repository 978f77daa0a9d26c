"""A basis of the design in which normal equations are safe and, where the design allows it, sparse."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

_WELL_CONDITIONED = 50.0


class DesignBasis(NamedTuple):
    """Rows of ``design @ inverse(back)`` in sparse form, with what a Cholesky factor of their Gram matrix keeps zero.

    ``coefficients = back @ coordinates``. `envelope` holds the first column that can be non-zero in each row of the
    factor. `separable` is true when every coordinate belongs to one coefficient. Positions are unsigned because
    compiled loops then skip the test for negative ones.
    """

    starts: NDArray[np.uint64]
    columns: NDArray[np.uint64]
    values: FloatArray
    envelope: IndexArray
    back: FloatArray
    separable: bool


def design_basis(design: FloatArray) -> DesignBasis:
    """Choose the basis: scaled columns, sparsest first, if they are well conditioned; an orthonormal one otherwise.

    Group indicators stay sparse, which leaves most of the normal equations zero. The design must have full rank.
    """
    lengths = np.sqrt((design**2).sum(axis=0))
    singular_values = np.linalg.svd(design / lengths, compute_uv=False)
    separable = bool(singular_values[0] <= _WELL_CONDITIONED * singular_values[-1])
    n_coefficients = design.shape[1]
    if separable:
        order = np.argsort((design != 0).sum(axis=0), kind="stable")
        basis = design[:, order] / lengths[order]
        back = np.zeros((n_coefficients, n_coefficients))
        back[order, np.arange(n_coefficients)] = 1.0 / lengths[order]
    else:
        basis, triangle = np.linalg.qr(design)
        back = np.linalg.inv(triangle)
    present = basis != 0
    starts = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.uint64)
    columns = np.nonzero(present)[1].astype(np.uint64)
    return DesignBasis(starts, columns, basis[present], _envelope(present), back, separable)


def _envelope(present: NDArray[np.bool_]) -> IndexArray:
    """First column of each row of the Gram matrix that is not zero by structure."""
    shared = present.T.astype(np.int64) @ present.astype(np.int64) > 0
    return np.argmax(shared, axis=1)
