"""The model of classes without any feature."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built

__all__ = ["no_features"]


def no_features(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """The model without features: every sample has the frequency of the class in the training samples.

    ``p_k = n_k / n``: what every other pipeline has to beat.

    Parameters
    ----------
    seed
        Not used: nothing is random.
    blocks
        Not used.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    It has nothing to search.

    Examples
    --------
    >>> no_features(1).grid
    {}
    """
    return Built(Pipeline([("model", DummyClassifier(strategy="prior"))]), {})


NO_FEATURES = MethodSpec(
    name="no_features",
    kind="pipeline",
    title="The frequency of the class, without any feature",
    function=no_features,
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
