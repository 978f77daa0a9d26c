"""mean_z: mean over the members of z-scores within a reference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.standardization import set_standardized_sums


def mean_z(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: FeatureReference | None = None
) -> NDArray[np.float64]:
    """Mean z-score of the measured members; up arm minus down arm where there are two.

    ``score = mean_up((x - m) / s) - mean_down((x - m) / s)`` with mean ``m`` and standard deviation ``s`` of each
    feature in the reference.

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
        (n_samples, n_signatures), in standard deviations of the reference; NaN where no member varies in it.

    Notes
    -----
    Source: Lee et al. 2008, doi:10.1371/journal.pcbi.1000217, with the mean for the sum over the root of the size, so
    that sets of different coverage have one unit. A value compares only with values of the same reference.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0], [3.0, 9.0]])
    >>> mean_z(x, SignatureSet.from_columns({"pair": [0, 1]}, 2)).round(4).tolist()
    [[-0.7071], [0.7071]]
    """
    columns, offsets = both_arms(signatures)
    found = reference or own_reference(expression)
    sums, counts = set_standardized_sums(expression, columns, offsets, found.mean, found.sd)
    means = sums / np.maximum(counts, 1)
    n = len(signatures)
    return add_arms(means[:, :n], -means[:, n:], signatures)


SPEC = Scorer(
    name="mean_z",
    kind="scorer",
    title="Mean z-score of the members within a reference",
    function=mean_z,
    reference="10.1371/journal.pcbi.1000217",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="samples",
    units="sd of the reference",
    coverage=CoverageRule(fraction=0.6),
    has_frozen_form=True,
)
