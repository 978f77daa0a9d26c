"""mean_log2: arithmetic mean of the log2 expression of the members."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.set_means import set_means


def mean_log2(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Mean log2 expression of the measured members; up arm minus down arm where there are two.

    ``score = mean(x_up) - mean(x_down)``

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
        (n_samples, n_signatures), log2 units. Not comparable between populations, cohorts or pipelines.

    Notes
    -----
    Source: the MCP-counter reference code takes this mean without any transform inside (Becht et al. 2016,
    doi:10.1186/s13059-016-1070-5). Weights of the document are not used.

    Examples
    --------
    >>> mean_log2(np.array([[1.0, 3.0, 8.0]]), SignatureSet.from_columns({"pair": [0, 1]}, 3)).tolist()
    [[2.0]]
    """
    columns, offsets = both_arms(signatures)
    means = set_means(expression, columns, offsets)
    n = len(signatures)
    return add_arms(means[:, :n], -means[:, n:], signatures)


SPEC = Scorer(
    name="mean_log2",
    kind="scorer",
    title="Mean log2 expression of the members",
    function=mean_log2,
    reference="10.1186/s13059-016-1070-5",
    license="own implementation; the reference package MCPcounter is GPL-3",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2",
    coverage=CoverageRule(fraction=0.5, small_set=2),
)
