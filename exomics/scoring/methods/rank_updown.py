"""rank_updown: mean rank of the up arm plus reversed mean rank of the down arm (singscore's definition)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.rank_scores import normalized_mean_rank, rank_means

WHOLE_TRANSCRIPTOME = 5000
"""Measured features below which ranks are ranks within a selected panel, not within a transcriptome."""


def rank_updown(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None, ties: str = "min"
) -> NDArray[np.float64]:
    """Rank-based score of one- and two-armed signatures.

    With ascending ranks ``r`` (1 = lowest) among the ``N`` measured features of a sample,

    ``arm = (mean(r) - (k + 1) / 2) / (N - k) - 1 / 2`` over the ``k`` measured members; the down arm uses the reversed
    ranks ``N - r + 1``; ``score = up + down``.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the score of a sample depends on that sample alone.
    ties
        ``min`` as in singscore, or ``average``.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), in [-0.5, 0.5] for one arm and [-1, 1] for two; unitless. With ``ties="min"`` (as in
        singscore) a sample of mostly tied values can pass these limits a little.

    Raises
    ------
    InputError
        If `ties` is unknown.

    Notes
    -----
    Source: Foroutan et al. 2018, doi:10.1186/s12859-018-2435-4; written from the published formula. Deviations: members
    have equal weight whatever the document's weights; missing values are left out of the ranking instead of refused; an
    arm of a signature with only down members is scored by reversed ranks.

    Examples
    --------
    >>> chosen = SignatureSet.from_columns({"top": [0, 1]}, 4)
    >>> rank_updown(np.array([[9.0, 8.0, 1.0, 2.0]]), chosen).tolist()
    [[0.5]]
    """
    columns, offsets = both_arms(signatures)
    means = rank_means(expression, columns, offsets, ties=ties)
    n = len(signatures)
    reversed_rank = means.n_universe[:, None] - means.mean_rank[:, n:] + 1
    up = normalized_mean_rank(means.mean_rank[:, :n], means.n_measured[:, :n], means.n_universe)
    down = normalized_mean_rank(reversed_rank, means.n_measured[:, n:], means.n_universe)
    return add_arms(up, down, signatures)


SPEC = Scorer(
    name="rank_updown",
    kind="scorer",
    title="Mean rank of the up arm plus reversed mean rank of the down arm (singscore)",
    function=rank_updown,
    reference="10.1186/s12859-018-2435-4",
    license="own implementation; the reference package singscore is GPL-3",
    input_scale=("counts", "linear", "log2"),
    works_on="any",
    cohort_dependent=False,
    comparable="samples",
    units="unitless, [-1, 1]",
    parameters={"ties": "min"},
    coverage=CoverageRule(fraction=0.6, members=5, universe=WHOLE_TRANSCRIPTOME),
)
