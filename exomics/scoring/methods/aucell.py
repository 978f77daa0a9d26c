"""aucell: area under the recovery curve of the members at the top of the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.scoring.methods.rank_updown import WHOLE_TRANSCRIPTOME
from exomics.stats.rank_scores import recovery_areas


def aucell(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None, top: float = 0.05
) -> NDArray[np.float64]:
    """Area under the recovery curve of the members among the highest features; up arm minus down arm.

    ``area = sum(max(0, T - r)) / sum(T - j, j = 1 .. min(k, T - 1))`` with descending ranks ``r`` and
    ``T = ceil(top N)``.

    Parameters
    ----------
    expression
        (n_samples, n_features) any monotone scale; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the score of a sample depends on that sample alone.
    top
        Fraction of the ranking that counts.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), [0, 1] per arm.

    Notes
    -----
    Source: Aibar et al. 2017, doi:10.1038/nmeth.4463. Ties have their mean area over all orders; the package AUCell
    breaks them at random.

    Examples
    --------
    >>> x = np.arange(40.0)[None]
    >>> aucell(x, SignatureSet.from_columns({"top": [39], "low": [0]}, 40), top=0.1).tolist()
    [[1.0, 0.0]]
    """
    columns, offsets = both_arms(signatures)
    areas = recovery_areas(expression, columns, offsets, top=top)
    n = len(signatures)
    return add_arms(areas[:, :n], -areas[:, n:], signatures)


SPEC = Scorer(
    name="aucell",
    kind="scorer",
    title="Area under the recovery curve at the top of the ranking (AUCell)",
    function=aucell,
    reference="10.1038/nmeth.4463",
    license="own implementation; the reference package AUCell is GPL-3",
    input_scale=("counts", "linear", "log2"),
    works_on="any",
    cohort_dependent=False,
    comparable="samples",
    units="fraction of the largest area",
    coverage=CoverageRule(fraction=0.6, members=5, universe=WHOLE_TRANSCRIPTOME),
    parameters={"top": 0.05},
)
