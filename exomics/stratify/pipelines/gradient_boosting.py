"""Gradient-boosted trees."""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built

__all__ = ["gradient_boosting"]


def gradient_boosting(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Gradient-boosted trees on histograms; depth and number of trees by inner cross-validation.

    A sum of shallow trees, each fitted to the slope of the log loss of those before. Missing values have branches of
    their own, so nothing is imputed.

    Parameters
    ----------
    seed
        Of the trees.
    blocks
        Not used: features of all blocks are treated alike.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Friedman (2001), doi:10.1214/aos/1013203451; scikit-learn's HistGradientBoostingClassifier. `lock` writes its trees
    as a table of their nodes.

    Examples
    --------
    >>> sorted(gradient_boosting(1).grid)
    ['model__max_depth', 'model__max_iter']
    """
    model = HistGradientBoostingClassifier(learning_rate=0.1, min_samples_leaf=5, random_state=seed)
    return Built(Pipeline([("model", model)]), {"model__max_depth": [1, 2], "model__max_iter": [25, 75]})


GRADIENT_BOOSTING = MethodSpec(
    name="gradient_boosting",
    kind="pipeline",
    title="Gradient-boosted trees",
    function=gradient_boosting,
    reference="10.1214/aos/1013203451",
    license="BSD-3 (scikit-learn)",
    cohort_dependent=True,
    outcomes=("binary", "classes"),
    units="probability",
)
