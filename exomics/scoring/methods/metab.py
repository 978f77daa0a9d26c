"""metab: metabolites as measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods.per_member import per_member


def metab(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Metabolites, each by itself: ``score = log2 abundance``

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns, at most one column each: the runner hands over one set per member.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 units; NaN where it is not measured.

    Raises
    ------
    InputError
        If a set has more than one member.

    Notes
    -----
    Source: names are those of RefMet, Fahy and Subramaniam 2020, doi:10.1038/s41592-020-01009-y; HMDB and KEGG ids of
    the document find a metabolite too. Batch, creatinine and dry weight are matters of preprocessing.

    Examples
    --------
    >>> metab(np.array([[1.0, 3.0]]), SignatureSet.from_columns({"one": [1]}, 2)).tolist()
    [[3.0]]
    """
    return per_member(expression, signatures)


SPEC = Scorer(
    name="metab",
    kind="scorer",
    title="Metabolites, each by itself",
    function=metab,
    reference="10.1038/s41592-020-01009-y",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2",
    coverage=CoverageRule(fraction=1.0),
    rows="members",
)
