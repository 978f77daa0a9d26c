"""prerank: the weighted running sum over a ranking, with a null from permuted features."""

from __future__ import annotations

import numpy as np

from exomics.enrichment._method import (
    EnrichmentMethod,
    FeatureStatistics,
    SetArrays,
    SetTests,
    no_correlation,
    one_variant,
)
from exomics.stats.running_sum import prerank as prerank_test
from exomics.stats.running_sum import rank_features


def prerank(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    generator: np.random.Generator,
    n_permutations: int = 1000,
    exponent: float = 1.0,
    add_one: bool = True,
) -> SetTests:
    """Pre-ranked gene-set enrichment analysis.

    The running sum over the ranking rises by ``|score|^exponent`` (as a share of the set) at members and falls at other
    features; ES is its largest deviation, NES the ES over the mean ES of random sets of that size and sign, p the share
    of random sets of that sign at least as far from zero.

    Parameters
    ----------
    features
        Signed scores of the measured features.
    sets
        n_sets of them.
    generator
        Of the permutations.
    n_permutations
        Random sets per size; p is at least 1 / (the number of one sign + 1).
    exponent
        Weight of the score.
    add_one
        Count the observed set among the random ones; without it, as published, p can be 0.

    Returns
    -------
    SetTests
        ``effect`` is ES, ``statistic`` NES, ``leading`` the leading edge.

    Raises
    ------
    InputError
        If a number is out of range.

    Notes
    -----
    Subramanian et al. (2005), doi:10.1073/pnas.0506580102. Random sets ignore the correlation between genes, so p is
    too small for co-regulated sets (`camera` and `camera_preranked` model it); neither ES nor NES can be compared
    between cohorts as a measurement. The false-discovery rate is that of the declared family, not the
    one pooled over NES. Ties and the added one: see `exomics.stats.running_sum`.

    Examples
    --------
    >>> z = np.linspace(3, -3, 100)
    >>> found = prerank(FeatureStatistics(z, z, z, z), SetArrays(np.arange(8), np.array([0, 8]), np.ones(8)),
    ...                 generator=np.random.default_rng(0))
    >>> round(float(found.effect[0]), 6), bool(found.p_value[0, 0] < 0.01)
    (1.0, True)
    """
    found = prerank_test(
        rank_features(features.score, exponent=exponent),
        sets.columns,
        sets.offsets,
        generator=generator,
        n_permutations=n_permutations,
        add_one=add_one,
    )
    leading = np.split(found.leading_columns, found.leading_offsets[1:-1])
    return SetTests(
        found.score,
        one_variant(found.normalized_score),
        one_variant(found.p_value),
        no_correlation(len(sets)),
        tuple(leading[: len(sets)]),
        {"fewest_null_scores_of_one_sign": int(found.n_same_sign.min(initial=n_permutations))},
    )


PRERANK = EnrichmentMethod(
    name="prerank",
    kind="enrichment",
    title="Pre-ranked gene-set enrichment (GSEA) with permuted features",
    function=prerank,
    reference="10.1073/pnas.0506580102",
    license="own implementation",
    cohort_dependent=True,
    comparable="none",
    units="effect: enrichment score (ES); statistic: normalized enrichment score (NES)",
    parameters={"n_permutations": 1000, "exponent": 1.0, "add_one": True},
    random=True,
)
