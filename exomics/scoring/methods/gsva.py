"""gsva: gene set variation analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.scoring.methods.rank_updown import WHOLE_TRANSCRIPTOME
from exomics.stats.gene_set_variation import TABLE_UP_TO, gene_set_variation, kernel_distribution


def gsva(
    expression: NDArray[Any],
    signatures: SignatureSet,
    *,
    reference: FeatureReference | None = None,
    exponent: float = 1.0,
    difference: bool = True,
    table_up_to: int = TABLE_UP_TO,
) -> NDArray[np.float64]:
    """Gene set variation score: features ranked by their place in their own distribution; up arm minus down arm.

    ``score = max(V) + min(V)`` of the running sum ``V`` over the features of a sample, ranked by
    ``F(y) = mean_k Phi(4 (y - x_k) / s)``, with the values ``x_k`` of the reference.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values of the whole assay; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Quantiles and spread of every feature in a frozen cohort; None: the samples are their own reference.
    exponent
        Of the rank weights.
    difference
        Whether the largest deviations on both sides are joined; else the larger one.
    table_up_to
        From up to so many samples of reference ``Phi`` is the table of the package GSVA, from more it is exact.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), in [-1, 1] per arm.

    Notes
    -----
    Source: Hanzelmann et al. 2013, doi:10.1186/1471-2105-14-7. Without a reference a sample has another score in
    another cohort. With one, ``x_k`` are the stored quantiles. Ties are kept together. For the
    differences from GSVA and gseapy see `exomics.stats.gene_set_variation`.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(6, 40))
    >>> x[3:, :8] += 3
    >>> scores = gsva(x, SignatureSet.from_columns({"raised": range(8)}, 40)).ravel()
    >>> bool(scores[:3].max() < 0 < scores[3:].min())
    True
    """
    columns, offsets = both_arms(signatures)
    found = reference or own_reference(expression)
    sample = expression if found.quantiles is None else found.quantiles
    places = kernel_distribution(expression, sample, found.sd, table_up_to=table_up_to)
    scores = gene_set_variation(places, columns, offsets, exponent=exponent, difference=difference)
    n = len(signatures)
    return add_arms(scores[:, :n], -scores[:, n:], signatures)


SPEC = Scorer(
    name="gsva",
    kind="scorer",
    title="Gene set variation analysis, Gaussian kernel (GSVA)",
    function=gsva,
    reference="10.1186/1471-2105-14-7",
    license="own implementation; the reference package GSVA is GPL-2",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="none",
    units="difference of distributions, [-1, 1]",
    coverage=CoverageRule(fraction=0.6, members=5, universe=WHOLE_TRANSCRIPTOME),
    parameters={"exponent": 1.0, "difference": True},
    has_frozen_form=True,
    every_feature=True,
)
