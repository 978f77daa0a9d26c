"""Elastic net logistic regression of two or more classes."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.logistic import ElasticNetLogistic, MedianImputer

__all__ = ["elastic_net_logistic"]


def elastic_net_logistic(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Elastic net logistic regression: median imputation, standardization, penalty by inner cross-validation.

    Minimizes ``-loglik / n + penalty * (alpha |b|_1 + (1 - alpha) |b|^2 / 2)`` with alpha 0.5 over 30 penalties; of
    several classes the multinomial likelihood, with coefficients for each class.

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
    Friedman, Hastie and Tibshirani (2010), doi:10.18637/jss.v033.i01.

    Examples
    --------
    >>> elastic_net_logistic(1).grid["model__position"][-1]
    29
    """
    steps = [("impute", MedianImputer()), ("model", ElasticNetLogistic())]
    return Built(Pipeline(steps), {"model__position": [*range(30)]})


ELASTIC_NET_LOGISTIC = MethodSpec(
    name="elastic_net_logistic",
    kind="pipeline",
    title="Elastic net logistic regression, penalty by inner cross-validation",
    function=elastic_net_logistic,
    reference="10.18637/jss.v033.i01",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
