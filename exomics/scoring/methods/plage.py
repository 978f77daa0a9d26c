"""plage: first singular vector of the standardized members."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.standardization import first_right_vectors


def plage(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Pathway level: the first singular vector over the samples of the standardized members; up arm minus down arm.

    ``score = v_1`` of ``Z = U D V'``, members x samples, each member with mean 0 and standard deviation 1.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values, at least two samples; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the vector is of these samples, and has no frozen form.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), a vector of length one per arm; NaN where no member varies.

    Notes
    -----
    Source: Tomfohr et al. 2005, doi:10.1186/1471-2105-6-225. Equal to the method plage of the package GSVA up to the
    sign, which is arbitrary there and here goes with the mean of the members. A sample in which no member is measured
    does not enter, nor does a member that is missing in one of the others.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0], [3.0, 9.0]])
    >>> plage(x, SignatureSet.from_columns({"pair": [0, 1]}, 2)).round(4).tolist()
    [[-0.7071], [0.7071]]
    """
    columns, offsets = both_arms(signatures)
    vectors = first_right_vectors(expression, columns, offsets)
    n = len(signatures)
    return add_arms(vectors[:, :n], -vectors[:, n:], signatures)


SPEC = Scorer(
    name="plage",
    kind="scorer",
    title="First singular vector of the members (PLAGE)",
    function=plage,
    reference="10.1186/1471-2105-6-225",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="none",
    units="unit vector over the samples",
    coverage=CoverageRule(fraction=0.6, members=2),
)
