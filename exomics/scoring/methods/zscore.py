"""zscore: combined z-score of the members."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.standardization import set_standardized_sums


def zscore(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: FeatureReference | None = None
) -> NDArray[np.float64]:
    """Sum of the z-scores of the measured members over the root of their number; up arm minus down arm.

    ``score = sum(z) / sqrt(k)`` with ``z = (x - m) / s`` in the reference and ``k`` members.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Moments of every feature in a frozen cohort; None: the samples are their own reference.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), standard normal for independent members; NaN where no member varies in the reference.

    Notes
    -----
    Source: Lee et al. 2008, doi:10.1371/journal.pcbi.1000217. Equal to the method zscore of the package GSVA where
    nothing is missing. Members are not independent: it is no test.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0], [3.0, 9.0]])
    >>> zscore(x, SignatureSet.from_columns({"pair": [0, 1]}, 2)).round(4).tolist()
    [[-1.0], [1.0]]
    """
    columns, offsets = both_arms(signatures)
    found = reference or own_reference(expression)
    sums, counts = set_standardized_sums(expression, columns, offsets, found.mean, found.sd)
    scores = sums / np.sqrt(np.maximum(counts, 1))
    n = len(signatures)
    return add_arms(scores[:, :n], -scores[:, n:], signatures)


SPEC = Scorer(
    name="zscore",
    kind="scorer",
    title="Combined z-score of the members",
    function=zscore,
    reference="10.1371/journal.pcbi.1000217",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="samples",
    units="standard normal under independence",
    coverage=CoverageRule(fraction=0.6),
    has_frozen_form=True,
)
