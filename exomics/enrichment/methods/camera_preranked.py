"""camera_preranked: mean score of a set against all others, the correlation between its members allowed for."""

from __future__ import annotations

import numpy as np

from exomics.enrichment._method import (
    CORRELATIONS,
    KEEP,
    RUNNER,
    EnrichmentMethod,
    FeatureStatistics,
    SetArrays,
    SetTests,
    beyond_the_others,
    correlations_of,
)
from exomics.stats.competitive_tests import camera_preranked as competitive_test


def camera_preranked(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    inter_gene_correlation: float | str | tuple[float, ...] = CORRELATIONS,
    use_ranks: bool = False,
) -> SetTests:
    """Competitive test of sets on the scores of a differential table.

    ``t = D / (s sqrt((1 + (m - 1) r) / m + 1 / m2))``: D is the difference between the mean scores of the m members and
    of the m2 other features, s the pooled deviation, r the correlation between members.

    Parameters
    ----------
    features
        Signed scores of the measured features.
    sets
        n_sets of them.
    inter_gene_correlation
        r. A table does not tell it, so by default the test is made at 0, 0.01, 0.05, 0.1 and 0.2: a finding that
        stands at 0 only is no finding. limma's preset is 0.01.
    use_ranks
        Compare rank sums instead of means.

    Returns
    -------
    SetTests
        ``effect`` is D, ``statistic`` is t (or the deviate of the rank sum), one variant per correlation; ``leading``
        the members beyond the mean of the others in the direction of the set.

    Raises
    ------
    InputError
        If a correlation is not in (-1, 1).

    Notes
    -----
    Wu and Smyth (2012), doi:10.1093/nar/gks461. To have the correlation estimated, use `camera` on the samples.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=200) + (np.arange(200) < 20)
    >>> sets = SetArrays(np.arange(20), np.array([0, 20]), np.ones(20))
    >>> found = camera_preranked(FeatureStatistics(z, z, z, z), sets)
    >>> found.p_value.shape, bool((np.diff(found.p_value[0]) > 0).all())
    ((1, 5), True)
    """
    chosen = correlations_of(inter_gene_correlation)
    members = [sets.members(which) for which in range(len(sets))]
    tests = [competitive_test(features.score, members, inter_gene_correlation=r, use_ranks=use_ranks) for r in chosen]
    effect = difference_of_means(features.score, sets)
    return SetTests(
        effect,
        np.column_stack([test.statistic for test in tests]),
        np.column_stack([test.p_value for test in tests]),
        np.tile(chosen, (len(sets), 1)),
        beyond_the_others(features.score, sets, effect),
        {},
    )


def difference_of_means(values: np.ndarray, sets: SetArrays) -> np.ndarray:
    """Mean of the members minus mean of the other features, (n_sets,).

    Parameters
    ----------
    values
        (n_features,).
    sets
        n_sets of them.
    """
    sizes = np.diff(sets.offsets)
    sums = np.array([values[sets.members(which)].sum() for which in range(len(sets))])
    return sums / sizes - (values.sum() - sums) / (values.size - sizes)


CAMERA_PRERANKED = EnrichmentMethod(
    name="camera_preranked",
    kind="enrichment",
    title="Competitive test on a differential table at given inter-gene correlations (cameraPR)",
    function=camera_preranked,
    reference="10.1093/nar/gks461",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    cohort_dependent=True,
    comparable="none",
    units="effect: difference of mean scores; statistic: t",
    parameters={"inter_gene_correlation": CORRELATIONS, "use_ranks": False},
    runner={**RUNNER, "duplicates": KEEP},
)
