"""Sparse components: partial least squares where nothing is left out, the planted features where much is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cross_decomposition import PLSRegression

from exomics.errors import InputError
from exomics.stats.sparse_components import sparse_components

FloatArray = NDArray[np.float64]


def _planted(seed: int) -> tuple[list[FloatArray], FloatArray]:
    """Two blocks of 60 samples: three features set the first class apart, the next three the others."""
    generator = np.random.default_rng(seed)
    classes = np.tile([0, 1, 2], 20)
    target = np.eye(3)[classes] - 1.0 / 3.0
    blocks = []
    for n_features in (40, 25):
        block = generator.normal(size=(60, n_features))
        block[:, :3] += 3.0 * target[:, [0]]
        block[:, 3:6] += 1.2 * (target[:, [1]] - target[:, [2]])
        blocks.append((block - block.mean(axis=0)) / block.std(axis=0))
    return blocks, target


def test_dense_components_of_one_block_are_partial_least_squares() -> None:
    blocks, target = _planted(1)
    found = sparse_components(blocks[:1], target, n_components=2, n_kept=40)
    theirs = PLSRegression(n_components=2, scale=False, tol=1e-12, max_iter=2000).fit(blocks[0], target)
    signs = np.sign(np.sum(found.rotations[0] * theirs.x_rotations_, axis=0))
    np.testing.assert_allclose(found.rotations[0] * signs, theirs.x_rotations_, atol=1e-6)


def test_planted_features_carry_the_components_of_every_block() -> None:
    blocks, target = _planted(2)
    found = sparse_components(blocks, target, n_components=2, n_kept=3)
    for block, weights, rotations in zip(blocks, found.weights, found.rotations, strict=True):
        assert (np.count_nonzero(weights, axis=0) <= 3).all()
        assert set(np.flatnonzero(weights[:, 0])) <= {0, 1, 2}
        assert set(np.flatnonzero(weights[:, 1])) <= {3, 4, 5}
        np.testing.assert_allclose(np.linalg.norm(weights, axis=0), 1.0, rtol=1e-12)
        scores = block @ rotations
        assert abs(scores[:, 0] @ scores[:, 1]) < 1e-8 * np.linalg.norm(scores[:, 0]) * np.linalg.norm(scores[:, 1])


def test_features_and_samples_may_come_in_any_order() -> None:
    blocks, target = _planted(3)
    generator = np.random.default_rng(3)
    rows, columns = generator.permutation(60), generator.permutation(40)
    plain = sparse_components(blocks, target, n_components=2, n_kept=5)
    turned = sparse_components(
        [blocks[0][np.ix_(rows, columns)], blocks[1][rows]], target[rows], n_components=2, n_kept=5
    )
    np.testing.assert_allclose(turned.weights[0], plain.weights[0][columns], atol=1e-7)
    np.testing.assert_allclose(turned.weights[1], plain.weights[1], atol=1e-7)


def test_what_is_exhausted_gives_no_more_components() -> None:
    one = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    found = sparse_components([one], one, n_components=3, n_kept=5)
    assert found.weights[0].tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"n_kept": 0}, "n_kept must be"), ({"link": -1.0}, "link >= 0"), ({"target": np.ones((3, 1))}, "same samples")],
)
def test_bad_input_is_refused(change: dict[str, object], message: str) -> None:
    given = {"target": np.ones((4, 1)), "n_components": 1, "n_kept": 1, "link": 0.1} | change
    with pytest.raises(InputError, match=message):
        sparse_components([np.ones((4, 2))], **given)  # type: ignore[arg-type]
