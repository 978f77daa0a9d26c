"""Late fusion of survival: one Cox model per block, their log hazards weighed by inner folds."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.survival_fusion import SurvivalFusion
from exomics.stratify.pipelines.elastic_net_cox import elastic_net_cox

__all__ = ["late_fusion_cox"]


def late_fusion_cox(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Late fusion of survival: a Cox model per block, combined by weights from inner folds.

    ``log hazard = sum_b w_b risk_b`` over the blocks that a sample has, with weights ``w_b`` in [0, 3] that maximize
    the partial likelihood of the inner folds' held-out risks; a missing block adds nothing.

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

    Examples
    --------
    >>> late_fusion_cox(1, (200, 50)).stacked
    True
    """
    return Built(Pipeline([("model", SurvivalFusion(elastic_net_cox(seed), blocks))]), {}, stacked=True)


LATE_FUSION_COX = MethodSpec(
    name="late_fusion_cox",
    kind="pipeline",
    title="Cox elastic net per block, combined by weights from inner folds",
    function=late_fusion_cox,
    reference="10.1007/BF00117832",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("survival",),
    units="log hazard",
)
