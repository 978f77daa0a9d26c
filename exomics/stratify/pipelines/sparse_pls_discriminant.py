"""Sparse partial least squares discriminant analysis of one or several blocks."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.components import SparsePlsDiscriminant

__all__ = ["sparse_pls_discriminant"]


def sparse_pls_discriminant(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Sparse components of each block that go with the classes and with each other, and a logistic model on them.

    Each component is ``t_b = X_b a_b`` with a few nonzero weights, found as in `exomics.stats.sparse_components`; the
    number of components and of features in each are chosen by inner cross-validation. A block that a sample lacks is
    left out of its prediction.

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
    Le Cao et al. (2011), doi:10.1186/1471-2105-12-253; of several blocks, as Singh et al. (2019),
    doi:10.1093/bioinformatics/bty1054. Deviation: a ridge logistic model per block instead of distances to centroids.

    Examples
    --------
    >>> sorted(sparse_pls_discriminant(1).grid)
    ['model__n_components', 'model__n_kept']
    """
    model = SparsePlsDiscriminant(blocks=blocks)
    return Built(Pipeline([("model", model)]), {"model__n_components": [1, 2, 3], "model__n_kept": [5, 15, 50]})


SPARSE_PLS_DISCRIMINANT = MethodSpec(
    name="sparse_pls_discriminant",
    kind="pipeline",
    title="Sparse partial least squares discriminant analysis, one or several blocks",
    function=sparse_pls_discriminant,
    reference="10.1186/1471-2105-12-253",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
