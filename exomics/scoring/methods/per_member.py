"""per_member: the members as measured; no aggregate is ever formed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer


def per_member(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """The log2 level of single members: ``score = x_member``.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        Sets of at most one column each: the runner hands over one set per member.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 units; NaN where the member is not measured.

    Raises
    ------
    InputError
        If a set has more than one member.

    Notes
    -----
    Source: for panels whose members have opposite or unknown signs (exerkines: Walzik et al. 2024,
    doi:10.1038/s41392-024-01841-0) a mean has no meaning. The level is given whatever the member's arm.

    Examples
    --------
    >>> per_member(np.array([[1.0, 3.0]]), SignatureSet.from_columns({"IL6": [1]}, 2)).tolist()
    [[3.0]]
    """
    values = np.asarray(expression, dtype=np.float64)
    levels = np.full((values.shape[0], len(signatures)), np.nan)
    for arm in (signatures.up, signatures.down):
        if arm.sizes.max(initial=0) > 1:
            raise InputError("per_member never joins members; pass one member per set.")
        levels[:, arm.sizes == 1] = values[:, arm.columns]
    return levels


SPEC = Scorer(
    name="per_member",
    kind="scorer",
    title="Each member as measured, never an aggregate",
    function=per_member,
    reference="10.1038/s41392-024-01841-0",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2",
    coverage=CoverageRule(fraction=1.0),
    rows="members",
)
