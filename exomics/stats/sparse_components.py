"""Sparse components of one or several blocks of features that go with a target and with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import InputError

__all__ = ["SparseComponents", "sparse_components"]

FloatArray = NDArray[np.float64]

_MOST_TURNS = 50
_AT_REST = 1e-6


class SparseComponents(NamedTuple):
    """Of each block, one entry: the weights of each component on the deflated block, shape (n_features, n_components),
    and ``rotations`` of the same shape that give the scores of any samples as ``block @ rotations``.
    """

    weights: tuple[FloatArray, ...]
    rotations: tuple[FloatArray, ...]


def sparse_components(
    blocks: Sequence[ArrayLike], target: ArrayLike, *, n_components: int, n_kept: int, link: float = 0.1
) -> SparseComponents:
    """Find components of each block, one after another, with at most `n_kept` nonzero weights each.

    Maximizes ``sum_b cov(X_b a_b, Y c) + link sum_{b < q} cov(X_b a_b, X_q a_q)`` over unit weights in turn:
    ``a_b = soft(X_b' (u + link sum_{q != b} t_q))`` with ``t_b = X_b a_b`` and ``u = Y Y' sum_b t_b`` of unit length,
    where ``soft`` draws all entries toward 0 by the largest that is not kept; it begins with the direction of the
    target that all blocks together go with most. Each block is then freed of its own component: ``X_b - t_b p_b'``.

    Parameters
    ----------
    blocks
        One (n_samples, n_features) matrix each, centered and scaled, without gaps.
    target
        (n_samples, n_targets), centered: for classes, their indicators.
    n_components
        How many components per block; fewer come out where nothing is left, their weights being 0.
    n_kept
        Nonzero weights per component and block.
    link
        Weight of the covariance between blocks, at least 0.

    Returns
    -------
    SparseComponents
        Signs are such that the largest weight of each component is positive.

    Raises
    ------
    InputError
        If shapes do not fit, a value is missing, or a number is below 1.

    Notes
    -----
    Le Cao et al. (2011), doi:10.1186/1471-2105-12-253, for one block; Tenenhaus et al. (2014),
    doi:10.1093/biostatistics/kxu001, and Singh et al. (2019), doi:10.1093/bioinformatics/bty1054, for several. The
    target is not deflated: the part of it along a removed component meets only zeros.

    Examples
    --------
    >>> x = np.array([[1.0, 0.5, 0.0], [-1.0, -0.5, 0.2], [1.0, -0.4, -0.2], [-1.0, 0.4, 0.0]])
    >>> found = sparse_components([x], [[1.0], [-1.0], [1.0], [-1.0]], n_components=1, n_kept=1)
    >>> found.weights[0][:, 0].tolist()
    [1.0, 0.0, 0.0]
    """
    left, aims = _checked(blocks, target)
    if n_components < 1 or n_kept < 1 or not link >= 0.0:
        raise InputError(f"n_components and n_kept must be >= 1 and link >= 0; got {n_components}, {n_kept}, {link}.")
    weights = tuple(np.zeros((block.shape[1], n_components)) for block in left)
    loadings = tuple(np.zeros((block.shape[1], n_components)) for block in left)
    for h in range(n_components):
        found = _component(left, aims, n_kept, link)
        for b, weight in enumerate(found):
            score = left[b] @ weight
            length = score @ score
            weights[b][:, h] = weight
            if length > 0.0:
                loadings[b][:, h] = left[b].T @ score / length
                left[b] = left[b] - np.outer(score, loadings[b][:, h])
    rotations = tuple(w @ np.linalg.pinv(p.T @ w) for w, p in zip(weights, loadings, strict=True))
    return SparseComponents(weights, rotations)


def _checked(blocks: Sequence[ArrayLike], target: ArrayLike) -> tuple[list[FloatArray], FloatArray]:
    matrices = [np.array(block, dtype=np.float64) for block in blocks]
    aims = np.asarray(target, dtype=np.float64)
    shapes = all(matrix.ndim == 2 and len(matrix) == len(aims) for matrix in [*matrices, aims])
    if not matrices or not shapes or not all(np.isfinite(matrix).all() for matrix in [*matrices, aims]):
        raise InputError("blocks and target must be matrices of the same samples without missing or endless values.")
    return matrices, aims


def _component(blocks: Sequence[FloatArray], aims: FloatArray, n_kept: int, link: float) -> list[FloatArray]:
    """Unit weights of one component of each block."""
    crossed = [block.T @ aims for block in blocks]
    leading = np.linalg.svd(np.concatenate(crossed), full_matrices=False)[2][0]
    weights = [_sparse(cross @ leading, n_kept) for cross in crossed]
    for _ in range(_MOST_TURNS):
        scores = [_unit(block @ weight) for block, weight in zip(blocks, weights, strict=True)]
        together = np.sum(scores, axis=0)
        aim = _unit(aims @ (aims.T @ together))
        moved = 0.0
        for b, block in enumerate(blocks):
            turned = _sparse(block.T @ (aim + link * (together - scores[b])), n_kept)
            moved = max(moved, float(np.abs(turned - weights[b]).max(initial=0.0)))
            weights[b] = turned
        if moved < _AT_REST:
            break
    return [weight * (1.0 if weight[np.argmax(np.abs(weight))] >= 0.0 else -1.0) for weight in weights]


def _sparse(direction: FloatArray, n_kept: int) -> FloatArray:
    """Unit vector of the `n_kept` largest entries, each drawn toward 0 by the largest of the others."""
    size = np.abs(direction)
    if n_kept < len(size):
        size = np.maximum(size - np.partition(size, -n_kept - 1)[-n_kept - 1], 0.0)
    return _unit(np.sign(direction) * size)


def _unit(vector: FloatArray) -> FloatArray:
    length = np.sqrt(vector @ vector)
    return vector / length + 0.0 if length > 0.0 else vector
