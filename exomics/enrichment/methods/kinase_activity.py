"""kinase_activity: does the mean change of a kinase's substrates differ from that of all measured sites?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from exomics._checks import FloatArray
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
from exomics.errors import InputError
from exomics.stats.t_distribution import t_upper_tail


def kinase_activity(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    estimator: Literal["z", "ulm"] = "z",
    inter_gene_correlation: float | str | tuple[float, ...] = CORRELATIONS,
) -> SetTests:
    """Activity of kinases from the changes of their measured substrate sites.

    With scores t of N sites, mean a and deviation s, and the m substrates of a kinase with signs g:

    * ``z``: ``sum(g (t - a)) / (s sqrt(m))``, a normal deviate (kinase-substrate enrichment analysis);
    * ``ulm``: t of the slope in the regression of t on g over all sites (0 for sites that are no substrate).

    Both are divided by ``sqrt(1 + (m - 1) r)`` for a correlation r between substrates in the direction of their signs.

    Parameters
    ----------
    features
        Signed scores of the measured sites.
    sets
        Substrates of n_sets kinases, with signs.
    estimator
        ``z`` or ``ulm``.
    inter_gene_correlation
        r; by default 0, 0.01, 0.05, 0.1 and 0.2.

    Returns
    -------
    SetTests
        ``effect`` is the mean of ``g (t - a)`` over the substrates, ``statistic`` the deviate or t, one variant per
        correlation; p-values are two-sided; ``leading`` the substrates that move with the kinase.

    Raises
    ------
    InputError
        If the estimator is unknown or a correlation is not in [0, 1).

    Notes
    -----
    z: Casado et al. (2013), doi:10.1126/scisignal.2003573; ulm: Badia-i-Mompel et al. (2022),
    doi:10.1093/bioadv/vbac016. Neither source allows for correlation; r = 0 gives their statistic. s has N - 1 in its
    denominator.

    Examples
    --------
    >>> t = np.random.default_rng(0).normal(size=300)
    >>> t[:5] += 3
    >>> t[5] -= 3
    >>> sites = SetArrays(np.arange(6), np.array([0, 6]), np.array([1.0, 1, 1, 1, 1, -1]))
    >>> found = kinase_activity(FeatureStatistics(t, t, t, t), sites)
    >>> bool(found.effect[0] > 2), bool(found.p_value[0, -1] < 0.01)
    (True, True)
    """
    chosen = np.array(correlations_of(inter_gene_correlation))
    if not ((chosen >= 0) & (chosen < 1)).all():
        raise InputError(f"the correlation between substrates must be in [0, 1); got {chosen.tolist()}.")
    if estimator not in ("z", "ulm"):
        raise InputError(f"estimator must be z or ulm; got {estimator!r}.")
    score, n = features.score, features.score.size
    centered = score - score.mean()
    sizes = np.diff(sets.offsets).astype(float)
    sums = np.array([(sets.member_signs(k) * centered[sets.members(k)]).sum() for k in range(len(sets))])
    if estimator == "z":
        plain = sums / (score.std(ddof=1) * np.sqrt(sizes))
    else:
        plain = _slope_t(sums, sets, float((centered**2).sum()), n)
    statistic = plain[:, None] / np.sqrt(1 + (sizes[:, None] - 1) * chosen)
    size = np.abs(statistic)
    tail = special.ndtr(-size) if estimator == "z" else t_upper_tail(size, float(n - 2))
    effect = sums / sizes
    return SetTests(
        effect,
        statistic,
        2.0 * tail,
        np.tile(chosen, (len(sets), 1)),
        beyond_the_others(score, sets, effect),
        {},
    )


def _slope_t(sums: FloatArray, sets: SetArrays, total_square: float, n: int) -> FloatArray:
    """t of the slope of the scores on the signs, from the correlation of the two over all `n` sites."""
    signs = np.array([sets.member_signs(which).sum() for which in range(len(sets))])
    spread = np.diff(sets.offsets) - signs**2 / n
    r = sums / np.sqrt(spread * total_square)
    return r * np.sqrt((n - 2) / ((1 - r) * (1 + r)))


KINASE_ACTIVITY = EnrichmentMethod(
    name="kinase_activity",
    kind="enrichment",
    title="Kinase activity from phosphosites and a user's kinase-substrate table (z-score or univariate linear model)",
    function=kinase_activity,
    reference="10.1126/scisignal.2003573",
    license="own implementation; bring a kinase-substrate table that you may use",
    feature_types=("phosphosite",),
    cohort_dependent=True,
    comparable="none",
    units="effect: mean signed score of the substrates; statistic: z or t",
    parameters={"estimator": "z", "inter_gene_correlation": CORRELATIONS},
    takes_signs=True,
    runner={**RUNNER, "duplicates": KEEP, "min_size": 3, "names": "feature_id"},
)
