"""median_log2: median of the log2 expression of the members."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.set_means import set_medians


def median_log2(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Median log2 expression of the measured members; up arm minus down arm where there are two.

    ``score = median(x_up) - median(x_down)``

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 units.

    Notes
    -----
    Source: the form in which the 26-gene hypoxia signature is used (Eustace et al. 2013,
    doi:10.1158/1078-0432.CCR-13-0542). Weights of the document are not used.

    Examples
    --------
    >>> median_log2(np.array([[1.0, 3.0, 8.0]]), SignatureSet.from_columns({"all": [0, 1, 2]}, 3)).tolist()
    [[3.0]]
    """
    columns, offsets = both_arms(signatures)
    medians = set_medians(expression, columns, offsets)
    n = len(signatures)
    return add_arms(medians[:, :n], -medians[:, n:], signatures)


SPEC = Scorer(
    name="median_log2",
    kind="scorer",
    title="Median log2 expression of the members",
    function=median_log2,
    reference="10.1158/1078-0432.CCR-13-0542",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2",
    coverage=CoverageRule(fraction=0.5, small_set=2),
)
