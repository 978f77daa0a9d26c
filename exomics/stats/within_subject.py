"""Repeated samples of one subject: how much they correlate, feature by feature and in consensus."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError, InputError
from exomics.stats._block_variance_kernels import BlockProblem, block_correlations
from exomics.stats._blocks import BlockCorrelation, block_numbers
from exomics.stats._design_basis import design_basis
from exomics.stats._orthogonalization import orthogonalize
from exomics.stats.linear_model import as_design, as_expression, as_weights, mean_of_observed

__all__ = ["BlockCorrelation", "WithinSubject", "duplicate_correlation"]

FloatArray = NDArray[np.float64]

_MARGIN = 0.01
_ROUNDING = 1e-26
_WIDTH = 512


class WithinSubject(NamedTuple):
    """Consensus correlation within blocks, and that of every feature (n_features,): NaN where it cannot be told."""

    consensus: float
    correlations: FloatArray


def duplicate_correlation(
    expression: ArrayLike,
    design: ArrayLike,
    blocks: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    trim: float = 0.15,
) -> WithinSubject:
    """Correlation of samples of the same block, such as a subject measured before and after, by REML.

    For feature g: ``sqrt(w) y = sqrt(w) X b + Z u + e`` with ``var(u) = s_u^2``, ``var(e) = s_e^2`` and Z the blocks;
    its correlation is ``s_u^2 / (s_u^2 + s_e^2)``, which may be negative. The consensus is ``tanh`` of the trimmed mean
    of ``atanh`` over the features.

    Parameters
    ----------
    expression
        Log values, (n_samples, n_features); NaN is missing.
    design
        Design matrix (n_samples, n_coefficients) of full rank, without the blocks.
    blocks
        Labels (n_samples,); blocks of any sizes.
    weights
        Precision weights, (n_samples,) or (n_samples, n_features).
    trim
        Share of the features left out at each end of the mean, in [0, 0.5).

    Returns
    -------
    WithinSubject
        Correlations lie between ``-1 / (m - 1) + 0.01`` for blocks of up to m samples and 0.99. The consensus is NaN if
        no feature can tell.

    Raises
    ------
    DesignError
        If the design is rank-deficient or holds the blocks already.
    InputError
        If shapes disagree, `trim` is out of range, or every block is a single sample.

    Notes
    -----
    G. K. Smyth, J. Michaud and H. S. Scott, Bioinformatics 21, 2067 (2005), doi:10.1093/bioinformatics/bti270; limma's
    ``duplicateCorrelation(block = ...)``. Each likelihood is maximized to 1e-6 in the correlation; limma stops after
    20 scoring steps, or in another maximum where few blocks leave two. With 25 pairs and 13,657 genes single genes
    differ by 1.3e-4 at most and the consensus by 1.5e-6. Single samples as blocks, and blocks that the design holds,
    are an error here; limma returns 0 with a warning.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> subject = np.repeat(np.arange(10), 2)
    >>> values = rng.normal(size=(20, 400)) + np.repeat(rng.normal(size=(10, 400)), 2, axis=0)
    >>> round(duplicate_correlation(values, np.ones((20, 1)), subject).consensus, 1)
    0.5
    """
    values = as_expression(expression)
    model = as_design(design, values.shape[0])
    precision = as_weights(weights, values)
    numbers, n_blocks, largest = block_numbers(blocks, values.shape[0])
    if not 0.0 <= trim < 0.5:
        raise InputError(f"trim must be a share in [0, 0.5); got {trim}.")
    if largest == 1:
        raise InputError("every block is a single sample, so there is no correlation to estimate; drop the blocks.")
    _require_free(model, numbers, n_blocks)
    limits = (_MARGIN - 1.0 / (largest - 1), 1.0 - _MARGIN)
    basis = design_basis(model)
    given = np.ones((values.shape[0], 1)) if precision is None else precision.reshape(values.shape[0], -1)
    correlations = np.empty(values.shape[1])
    problem = BlockProblem(_residuals(values, model), given, basis, numbers, n_blocks, largest, limits)
    block_correlations(problem, correlations)
    return WithinSubject(_consensus(correlations, trim), correlations)


def _require_free(design: FloatArray, numbers: NDArray[np.int64], n_blocks: int) -> None:
    indicators = np.eye(n_blocks)[numbers]
    if orthogonalize(np.hstack([design, indicators])).kept.sum() == design.shape[1]:
        raise DesignError(
            "the blocks are part of the design already, so no correlation within them is left to estimate. Name them "
            "either in the design or as blocks."
        )


def _residuals(values: FloatArray, design: FloatArray) -> FloatArray:
    """Values less a fit by plain least squares: the likelihood does not change, its sums lose no digits.

    A feature without variance about the design becomes exactly zero.
    """
    basis = np.linalg.qr(design)[0]
    means, missing = mean_of_observed(values)
    result = np.empty(values.shape)
    for start in range(0, values.shape[1], _WIDTH):
        block = slice(start, start + _WIDTH)
        part = values[:, block]
        absent = np.isnan(part) if missing else None
        if absent is not None:
            part = np.where(absent, np.nan_to_num(means[block]), part)
        rest = part - basis @ (basis.T @ part)
        rest[:, np.einsum("ij,ij->j", rest, rest) <= _ROUNDING * np.einsum("ij,ij->j", part, part)] = 0.0
        if absent is not None:
            rest[absent] = np.nan
        result[:, block] = rest
    return result


def _consensus(correlations: FloatArray, trim: float) -> float:
    known = np.sort(np.arctanh(correlations[~np.isnan(correlations)]))
    cut = int(np.floor(known.size * trim))
    return float(np.tanh(known[cut : known.size - cut].mean())) if known.size else float("nan")
