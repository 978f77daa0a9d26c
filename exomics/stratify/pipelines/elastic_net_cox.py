"""Elastic net Cox regression."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.cox import ElasticNetCox
from exomics.stratify.models.logistic import MedianImputer

__all__ = ["elastic_net_cox"]


def elastic_net_cox(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Elastic net Cox regression: median imputation, standardization, penalty by inner cross-validation.

    Minimizes ``-log partial likelihood / n + penalty * (alpha |b|_1 + (1 - alpha) |b|^2 / 2)`` with alpha 0.5 over 30
    penalties, the first of which has no feature.

    Parameters
    ----------
    seed
        Not used: nothing is random.
    blocks
        Not used: features of all blocks are treated alike.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Simon et al. (2011), doi:10.18637/jss.v039.i05; the penalty by the partial likelihood of all held-out risks: Dai and
    Breheny (2019), arXiv:1905.10432.

    Examples
    --------
    >>> elastic_net_cox(1).grid["model__position"][0]
    0
    """
    steps = [("impute", MedianImputer()), ("model", ElasticNetCox())]
    return Built(Pipeline(steps), {"model__position": [*range(30)]})


ELASTIC_NET_COX = MethodSpec(
    name="elastic_net_cox",
    kind="pipeline",
    title="Elastic net Cox regression, penalty by inner cross-validation",
    function=elastic_net_cox,
    reference="10.18637/jss.v039.i05",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("survival",),
    units="log hazard",
)
