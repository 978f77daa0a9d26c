"""The pipelines: how each is built, and over what its inner cross-validation searches."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from exomics.registry.method import Methods, MethodSpec
from exomics.stratify.models import ElasticNetLogistic, MedianImputer

__all__ = ["Built", "Pipelines"]


class Built(NamedTuple):
    """A pipeline of one step after another, and the values of its parameters to be tried (one of each combination)."""

    pipeline: Pipeline
    grid: dict[str, list[Any]]


def elastic_net_logistic(seed: int) -> Built:
    """Elastic net logistic regression: median imputation, standardization, penalty by inner cross-validation.

    Minimizes ``-loglik / n + penalty * (alpha |b|_1 + (1 - alpha) |b|^2 / 2)`` with alpha 0.5 over 30 penalties.

    Parameters
    ----------
    seed
        Not used: nothing is random.

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
    model = ElasticNetLogistic()
    return Built(Pipeline([("impute", MedianImputer()), ("model", model)]), {"model__position": [*range(30)]})


def gradient_boosting(seed: int) -> Built:
    """Gradient-boosted trees on histograms; depth and number of trees by inner cross-validation.

    A sum of shallow trees, each fitted to the slope of the log loss of those before. Missing values have branches of
    their own, so nothing is imputed.

    Parameters
    ----------
    seed
        Of the trees.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Friedman (2001), doi:10.1214/aos/1013203451; scikit-learn's HistGradientBoostingClassifier.

    Examples
    --------
    >>> sorted(gradient_boosting(1).grid)
    ['model__max_depth', 'model__max_iter']
    """
    model = HistGradientBoostingClassifier(learning_rate=0.1, min_samples_leaf=5, random_state=seed)
    return Built(Pipeline([("model", model)]), {"model__max_depth": [1, 2], "model__max_iter": [25, 75]})


def principal_components_logistic(seed: int) -> Built:
    """Logistic regression on principal components; their number by inner cross-validation.

    Components of the standardized training samples, then ``log odds = a + sum_k b_k score_k`` with a ridge penalty.

    Parameters
    ----------
    seed
        Not used: the decomposition is exact.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Jolliffe (2002), doi:10.1007/b98835.

    Examples
    --------
    >>> principal_components_logistic(1).grid
    {'components__n_components': [1, 2, 3]}
    """
    steps = [
        ("impute", MedianImputer()),
        ("scale", StandardScaler()),
        ("components", PCA(svd_solver="full")),
        ("model", LogisticRegression(C=1.0)),
    ]
    return Built(Pipeline(steps), {"components__n_components": [1, 2, 3]})


def no_features(seed: int) -> Built:
    """The model without features: every sample has the frequency of the class in the training samples.

    Parameters
    ----------
    seed
        Not used: nothing is random.

    Returns
    -------
    Built
        A pipeline for any samples x features (n_samples, n_features), with nothing to search.

    Notes
    -----
    What every other pipeline has to beat.

    Examples
    --------
    >>> no_features(1).grid
    {}
    """
    return Built(Pipeline([("model", DummyClassifier(strategy="prior"))]), {})


ELASTIC_NET_LOGISTIC = MethodSpec(
    name="elastic_net_logistic",
    kind="pipeline",
    title="Elastic net logistic regression, penalty by inner cross-validation",
    function=elastic_net_logistic,
    reference="10.18637/jss.v033.i01",
    license="own implementation",
    cohort_dependent=True,
    units="probability",
)
GRADIENT_BOOSTING = MethodSpec(
    name="gradient_boosting",
    kind="pipeline",
    title="Gradient-boosted trees",
    function=gradient_boosting,
    reference="10.1214/aos/1013203451",
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    units="probability",
)
PRINCIPAL_COMPONENTS_LOGISTIC = MethodSpec(
    name="principal_components_logistic",
    kind="pipeline",
    title="Logistic regression on principal components",
    function=principal_components_logistic,
    reference="10.1007/b98835",
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    units="probability",
)
NO_FEATURES = MethodSpec(
    name="no_features",
    kind="pipeline",
    title="The frequency of the class, without any feature",
    function=no_features,
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    units="probability",
)

Pipelines = Methods("pipeline", (ELASTIC_NET_LOGISTIC, PRINCIPAL_COMPONENTS_LOGISTIC, GRADIENT_BOOSTING, NO_FEATURES))
