"""Samples that share a subject: one correlation within blocks, and the transformation that takes it out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics._checks import require_length
from exomics.errors import InputError

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]


class BlockCorrelation(NamedTuple):
    """Labels of the blocks (n_samples,), such as subjects, and the correlation of two samples of one block."""

    blocks: ArrayLike
    correlation: float


class Blocks(NamedTuple):
    """Checked blocks: numbers (n_samples,) from 0, their count, the size of the largest, and the correlation."""

    numbers: IndexArray
    n_blocks: int
    largest: int
    correlation: float


def as_blocks(given: BlockCorrelation | None, n_samples: int) -> Blocks | None:
    """Blocks as numbers, the correlation checked against the largest block; None stays None."""
    if given is None:
        return None
    numbers, n_blocks, largest = block_numbers(given.blocks, n_samples)
    correlation = float(given.correlation)
    lowest = -1.0 / (largest - 1) if largest > 1 else -1.0
    if not lowest < correlation < 1.0:
        raise InputError(
            f"the correlation within blocks of up to {largest} samples must lie between {lowest:.6g} and 1; got "
            f"{correlation}. Estimate it with duplicate_correlation."
        )
    return Blocks(numbers, n_blocks, largest, correlation)


def block_numbers(blocks: ArrayLike, n_samples: int) -> tuple[IndexArray, int, int]:
    """Number of each sample's block, how many blocks there are, and the size of the largest."""
    require_length(blocks, n_samples, "blocks")
    numbers = np.unique(np.asarray(blocks), return_inverse=True)[1].reshape(-1).astype(np.int64)
    sizes = np.bincount(numbers)
    return numbers, int(sizes.size), int(sizes.max())


class Whitening(NamedTuple):
    """``white[i] = (value[i] - slope[i] * sum of earlier values of the block) * scale[i]``, samples in order."""

    numbers: IndexArray
    n_blocks: int
    slope: FloatArray
    scale: FloatArray


def whitening(blocks: Blocks | None, n_samples: int) -> Whitening:
    """The steps of the inverse Cholesky factor of the correlation matrix of complete samples; identity without blocks.

    In a block of equal correlations r the regression of a value on its k predecessors has the one slope
    ``r / (1 + (k - 1) r)`` and leaves the variance ``1 - k r * slope``.
    """
    if blocks is None:
        return Whitening(np.arange(n_samples), n_samples, np.zeros(n_samples), np.ones(n_samples))
    before, seen = np.zeros(n_samples), np.zeros(blocks.n_blocks)
    for i, number in enumerate(blocks.numbers):
        before[i] = seen[number]
        seen[number] += 1.0
    r = blocks.correlation
    slope = np.where(before > 0, r / (1.0 + (before - 1.0) * r), 0.0)
    return Whitening(blocks.numbers, blocks.n_blocks, slope, 1.0 / np.sqrt(1.0 - before * r * slope))


def whiten(columns: FloatArray, steps: Whitening) -> FloatArray:
    """`columns` (n_samples, any) with the correlation within blocks taken out."""
    sums, white = np.zeros((steps.n_blocks, columns.shape[1])), np.empty_like(columns)
    for i, number in enumerate(steps.numbers):
        white[i] = (columns[i] - steps.slope[i] * sums[number]) * steps.scale[i]
        sums[number] += columns[i]
    return white
