"""The ridge score of two classes: all features at once, none selected."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.logistic import MedianImputer
from exomics.stratify.models.ridge import RidgeScore

__all__ = ["ridge_score"]


def ridge_score(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """Ridge regression of the class on all features, made a probability by what inner folds held out.

    ``score = z' w`` with ``w`` the least of ``sum_i (y_i - mean y - z_i' w)^2 + penalty |w|^2``, at the penalty of 20
    with the least squared error in the inner folds; ``log odds = a + b score``, ``b >= 0``, fitted to the scores that
    they held out.

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
    Hoerl and Kennard (1970), doi:10.1080/00401706.1970.10488634; Platt (1999) for the probabilities. It selects no
    feature: a signal spread over many is its case, and its shuffles are the cheapest of all pipelines, since one
    decomposition per fold serves every outcome and penalty. Gaps are filled by the medians of the whole training part,
    in its inner folds too.

    Examples
    --------
    >>> ridge_score(1).stacked
    True
    """
    return Built(Pipeline([("impute", MedianImputer()), ("model", RidgeScore())]), {}, stacked=True)


RIDGE_SCORE = MethodSpec(
    name="ridge_score",
    kind="pipeline",
    title="Ridge regression on all features, probabilities by inner folds",
    function=ridge_score,
    reference="10.1080/00401706.1970.10488634",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("binary",),
    units="probability",
)
