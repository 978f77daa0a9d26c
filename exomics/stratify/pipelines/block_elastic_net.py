"""Intermediate fusion: one elastic net over all blocks, no block heard for its size alone."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.logistic import ElasticNetLogistic, MedianImputer

__all__ = ["block_elastic_net"]


def block_elastic_net(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Intermediate fusion: an elastic net of all blocks beside each other, penalized by the size of their block.

    Minimizes ``-loglik / n + penalty * sum_j f_j (alpha |b_j| + (1 - alpha) b_j^2 / 2)``, where ``f_j`` is the square
    root of the size of the block of feature ``j``, so that a large block does not win by chance. A block that a sample
    lacks stands at the training medians.

    Parameters
    ----------
    seed
        Not used: nothing is random.
    blocks
        Sizes of the blocks, in order; empty for one block.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Boulesteix et al. (2017), doi:10.1155/2017/7691937, whose factors are searched; here they are given.

    Examples
    --------
    >>> block_elastic_net(1, (200, 50)).pipeline[-1].blocks
    (200, 50)
    """
    steps = [("impute", MedianImputer(in_place=True)), ("model", ElasticNetLogistic(blocks=blocks))]
    return Built(Pipeline(steps), {"model__position": [*range(30)]})


BLOCK_ELASTIC_NET = MethodSpec(
    name="block_elastic_net",
    kind="pipeline",
    title="Elastic net over all blocks, penalized by the size of the block",
    function=block_elastic_net,
    reference="10.1155/2017/7691937",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
