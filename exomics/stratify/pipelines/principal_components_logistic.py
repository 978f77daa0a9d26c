"""Logistic regression on principal components."""

from __future__ import annotations

from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.logistic import MedianImputer

__all__ = ["principal_components_logistic"]


def principal_components_logistic(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Logistic regression on principal components; their number by inner cross-validation.

    Components of the standardized training samples, then ``log odds = a + sum_k b_k score_k`` with a ridge penalty.

    Parameters
    ----------
    seed
        Not used: the decomposition is exact.
    blocks
        Not used: features of all blocks are treated alike.

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


PRINCIPAL_COMPONENTS_LOGISTIC = MethodSpec(
    name="principal_components_logistic",
    kind="pipeline",
    title="Logistic regression on principal components",
    function=principal_components_logistic,
    reference="10.1007/b98835",
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
