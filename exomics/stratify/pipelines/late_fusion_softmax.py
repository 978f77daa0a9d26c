"""Late fusion of several classes: one multinomial elastic net per block, their evidence weighed by inner folds."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.fusion import LateFusion
from exomics.stratify.pipelines.elastic_net_logistic import elastic_net_logistic

__all__ = ["late_fusion_softmax"]


def late_fusion_softmax(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Late fusion of several classes: a multinomial elastic net per block, combined by weights from inner folds.

    ``log p_k = log prior_k + sum_b w_b (log p_bk - log prior_bk) - log of their sum``, over the blocks that a sample
    has, with weights ``w_b >= 0`` that minimize the log loss of the inner folds' held-out probabilities.

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
    Stacking: Breiman (1996), doi:10.1007/BF00117832. With one block this is the elastic net with its calibration slope.
    Two classes are those of ``late_fusion``.

    Examples
    --------
    >>> late_fusion_softmax(1, (200, 50)).stacked
    True
    """
    return Built(Pipeline([("model", LateFusion(elastic_net_logistic(seed), blocks))]), {}, stacked=True)


LATE_FUSION_SOFTMAX = MethodSpec(
    name="late_fusion_softmax",
    kind="pipeline",
    title="Multinomial elastic net per block, combined by weights from inner folds",
    function=late_fusion_softmax,
    reference="10.1007/BF00117832",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("classes",),
    units="probability",
)
