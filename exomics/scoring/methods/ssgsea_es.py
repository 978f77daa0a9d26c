"""ssgsea_es: the single-sample enrichment score, unnormalized."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.scoring.methods.rank_updown import WHOLE_TRANSCRIPTOME
from exomics.stats.rank_scores import enrichment_scores


def ssgsea_es(
    expression: NDArray[Any],
    signatures: SignatureSet,
    *,
    reference: None = None,
    exponent: float = 0.25,
    ties: str = "average",
) -> NDArray[np.float64]:
    """Single-sample GSEA enrichment score (ES, never NES); up arm minus down arm where there are two.

    With ascending within-sample ranks ``r`` of the ``k`` members among ``N`` features,
    ``ES = sum(r^(1 + a)) / sum(r^a) - (N (N + 1) / 2 - sum(r)) / (N - k)``.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the ES of a sample depends on that sample alone.
    exponent
        Weight exponent ``a``.
    ties
        ``average`` or, as in the package GSVA, ``position`` (see `exomics.stats.rank_scores.enrichment_scores`).

    Returns
    -------
    ndarray
        (n_samples, n_signatures), summed difference of distributions (unit: features).

    Notes
    -----
    Source: Barbie et al. 2009, doi:10.1038/nature08460. Equal values share their mean rank, so the order of the
    features does not matter; GSVA and gseapy break ties by position and differ there, and there only. The range depends
    on the number of features, so values compare within one feature space only.

    Examples
    --------
    >>> ssgsea_es(np.array([[1.0, 2.0, 3.0, 4.0]]), SignatureSet.from_columns({"top": [3]}, 4)).tolist()
    [[2.0]]
    """
    columns, offsets = both_arms(signatures)
    scores = enrichment_scores(expression, columns, offsets, exponent=exponent, ties=ties)
    n = len(signatures)
    return add_arms(scores[:, :n], -scores[:, n:], signatures)


SPEC = Scorer(
    name="ssgsea_es",
    kind="scorer",
    title="Single-sample GSEA enrichment score (ES)",
    function=ssgsea_es,
    reference="10.1038/nature08460",
    license="own implementation",
    input_scale=("counts", "linear", "log2"),
    works_on="any",
    cohort_dependent=False,
    comparable="samples",
    units="features",
    parameters={"exponent": 0.25},
    coverage=CoverageRule(fraction=0.6, members=10, universe=WHOLE_TRANSCRIPTOME),
)
