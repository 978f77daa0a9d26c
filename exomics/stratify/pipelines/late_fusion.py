"""Late fusion: one elastic net per block, their evidence weighed by inner folds."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.fusion import LateFusion
from exomics.stratify.models.logistic import ElasticNetLogistic, MedianImputer

__all__ = ["late_fusion"]


def late_fusion(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Late fusion: an elastic net per block, combined by weights from inner folds; a missing block adds no evidence.

    ``log p_k = log prior_k + sum_b w_b (log p_bk - log prior_bk) - log of their sum``, over the blocks that a sample
    has, with weights ``w_b >= 0`` that minimize the log loss of the inner folds' held-out probabilities. Of several
    classes each is told from all others, and the probabilities are divided by their sum.

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
    Kept as it was when a model of breast tumors was frozen with it; ``late_fusion_softmax`` has multinomial models.

    Examples
    --------
    >>> late_fusion(1, (200, 50)).stacked
    True
    """
    steps = [("impute", MedianImputer()), ("model", ElasticNetLogistic(several="one_against_rest"))]
    member = Built(Pipeline(steps), {"model__position": [*range(30)]})
    return Built(Pipeline([("model", LateFusion(member, blocks))]), {}, stacked=True)


LATE_FUSION = MethodSpec(
    name="late_fusion",
    kind="pipeline",
    title="Elastic net per block, combined by weights from inner folds",
    function=late_fusion,
    reference="10.1007/BF00117832",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
