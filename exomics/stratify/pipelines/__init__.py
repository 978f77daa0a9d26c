"""The pipelines: how each is built, and over what its inner cross-validation searches."""

from __future__ import annotations

from exomics.errors import DesignError
from exomics.registry.method import Methods
from exomics.stratify.models.built import Built
from exomics.stratify.pipelines.block_elastic_net import BLOCK_ELASTIC_NET
from exomics.stratify.pipelines.elastic_net_cox import ELASTIC_NET_COX
from exomics.stratify.pipelines.elastic_net_logistic import ELASTIC_NET_LOGISTIC
from exomics.stratify.pipelines.gradient_boosting import GRADIENT_BOOSTING
from exomics.stratify.pipelines.late_fusion import LATE_FUSION
from exomics.stratify.pipelines.late_fusion_cox import LATE_FUSION_COX
from exomics.stratify.pipelines.late_fusion_softmax import LATE_FUSION_SOFTMAX
from exomics.stratify.pipelines.no_features import NO_FEATURES
from exomics.stratify.pipelines.no_features_survival import NO_FEATURES_SURVIVAL
from exomics.stratify.pipelines.principal_components_logistic import PRINCIPAL_COMPONENTS_LOGISTIC
from exomics.stratify.pipelines.ridge_score import RIDGE_SCORE
from exomics.stratify.pipelines.sparse_pls_discriminant import SPARSE_PLS_DISCRIMINANT
from exomics.stratify.study.features import Study

__all__ = ["Built", "Pipelines", "build"]

Pipelines = Methods(
    "pipeline",
    (
        ELASTIC_NET_LOGISTIC,
        BLOCK_ELASTIC_NET,
        LATE_FUSION,
        LATE_FUSION_SOFTMAX,
        SPARSE_PLS_DISCRIMINANT,
        RIDGE_SCORE,
        PRINCIPAL_COMPONENTS_LOGISTIC,
        GRADIENT_BOOSTING,
        NO_FEATURES,
        ELASTIC_NET_COX,
        LATE_FUSION_COX,
        NO_FEATURES_SURVIVAL,
    ),
)


def build(name: str, study: Study, seed: int) -> Built:
    """The pipeline of that name for the blocks and the kind of outcome of a study.

    Parameters
    ----------
    name
        One of `Pipelines`.
    study
        What it will learn from; only its blocks and its kind of outcome are read.
    seed
        Of everything random in it.

    Returns
    -------
    Built
        Pipeline and grid.

    Raises
    ------
    DesignError
        If the pipeline is not made for that kind of outcome.
    """
    spec = Pipelines[name]
    if study.kind not in spec.outcomes:
        fitting = ", ".join(other.name for other in Pipelines if study.kind in other.outcomes)
        raise DesignError(f"{name} is not made for the outcome, which is of the kind {study.kind}; use {fitting}.")
    built: Built = spec.function(seed, study.sizes)
    return built
