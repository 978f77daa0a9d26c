"""ulm_neg: activity of a regulator from the level of its targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms
from exomics.stats.linear_activity import target_regression


def ulm_neg(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: FeatureReference | None = None
) -> NDArray[np.float64]:
    """Activity of a regulator: t of the regression of centered values on the weights of its targets.

    ``t = r sqrt((N - 2) / (1 - r^2))``, ``r`` the correlation over ``N`` features of ``x - m`` with the weights; ``m``
    is the mean of each feature in the reference. Weight -1 marks a repressed target: lower targets, higher activity.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values of the whole assay; NaN where not measured.
    signatures
        n_signatures sets of columns with weights.
    reference
        Moments of every feature in a frozen cohort; None: the samples are their own reference.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), t statistics; of a down arm with the sign turned.

    Notes
    -----
    Source: Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016. Values are centered first: on absolute levels
    unperturbed samples would have activities. Features are correlated: t is a score, not a test.

    Examples
    --------
    >>> from exomics.registry.signature_set import ArmIndex
    >>> none = ArmIndex(np.empty(0, np.int64), np.zeros(2, np.int64), np.empty(0))
    >>> repressed = ArmIndex(np.array([0, 1]), np.array([0, 2]), np.array([-1.0, -1.0]))
    >>> x = np.array([[3.0, 2.0, 5.1, 7.0], [5.0, 4.1, 5.0, 7.1]])
    >>> ulm_neg(x, SignatureSet(("mir",), repressed, none, none, 4)).round(2).ravel().tolist()
    [18.34, -18.34]
    """
    center = (reference or own_reference(expression)).mean
    up, down = signatures.up, signatures.down
    raised = target_regression(expression, up.columns, up.offsets, up.weights, center)
    lowered = target_regression(expression, down.columns, down.offsets, down.weights, center)
    return add_arms(raised, -lowered, signatures)


SPEC = Scorer(
    name="ulm_neg",
    kind="scorer",
    title="Regulator activity from its targets (univariate linear model)",
    function=ulm_neg,
    reference="10.1093/bioadv/vbac016",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="samples",
    units="t",
    coverage=CoverageRule(fraction=0.0, members=10),
    weighted=True,
    has_frozen_form=True,
    every_feature=True,
)
