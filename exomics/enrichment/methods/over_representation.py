"""over_representation: hypergeometric test of the called features of a set against the measured background."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from exomics.enrichment._method import (
    EnrichmentMethod,
    FeatureStatistics,
    SetArrays,
    SetTests,
    no_correlation,
    one_variant,
)
from exomics.errors import InputError
from exomics.stats.over_representation import conditional_odds_ratios, hypergeometric_p_values


def over_representation(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    threshold: float = 0.05,
    direction: Literal["any", "up", "down"] = "any",
    minimum_effect: float = 0.0,
    mid_p: bool = False,
) -> SetTests:
    """Are features called in the contrast more frequent in a set than among all measured features?

    With x called features of the K measured members, n called of N measured: ``p = P(X >= x)``, X hypergeometric.

    Parameters
    ----------
    features
        Every feature with a p-value in the contrast: the background.
    sets
        n_sets of them.
    threshold
        A feature is called when its adjusted p-value is below it.
    direction
        ``up`` or ``down``: only features that change so are called. Testing both directions separately is two families.
    minimum_effect
        Least absolute log2 fold change of a called feature.
    mid_p
        Count half of the probability of the observed overlap.

    Returns
    -------
    SetTests
        ``effect`` is the conditional maximum-likelihood odds ratio, ``statistic`` the overlap x, ``leading`` the called
        members by p-value; ``details`` holds the 95 % limits of the odds ratio, and n and N.

    Raises
    ------
    InputError
        If the direction is unknown.

    Notes
    -----
    One-sided Fisher test; source doi:10.1080/01621459.1961.10482106 for mid-p. It takes features as independent: with
    correlated members p is too small (`camera_preranked` models that). Where nothing is called, p is 1 and the odds
    ratio empty.

    Examples
    --------
    >>> p = np.array([0.001, 0.002, 0.6, 0.7, 0.8, 0.9])
    >>> sets = SetArrays(np.arange(2), np.array([0, 2]), np.ones(2))
    >>> found = over_representation(FeatureStatistics(-p, -p, p, p), sets)
    >>> found.statistic.tolist(), found.p_value.round(4).tolist()
    ([[2.0]], [[0.0667]])
    """
    called = _called(features, threshold, direction, minimum_effect)
    n_universe, n_called = called.size, int(called.sum())
    sizes = np.diff(sets.offsets)
    overlap = np.add.reduceat(np.append(called[sets.columns], False), sets.offsets[:-1]) if len(sets) else sizes
    margins = (overlap, sizes, np.full(len(sets), n_called), np.full(len(sets), n_universe))
    ratios = conditional_odds_ratios(*margins, mid_p=mid_p)
    leading = []
    for chosen in range(len(sets)):
        members = sets.members(chosen)
        members = members[called[members]]
        leading.append(members[np.lexsort((-np.abs(features.effect[members]), features.p_value[members]))])
    limits = np.column_stack([ratios.ci_low, ratios.ci_high])
    return SetTests(
        ratios.odds_ratio,
        one_variant(overlap),
        one_variant(hypergeometric_p_values(*margins, mid_p=mid_p)),
        no_correlation(len(sets)),
        tuple(leading),
        {"n_called": n_called, "n_background": n_universe, "odds_ratio_ci": limits.tolist()},
    )


def _called(features: FeatureStatistics, threshold: float, direction: str, minimum_effect: float) -> NDArray[np.bool_]:
    if direction not in ("any", "up", "down"):
        raise InputError(f"direction must be any, up or down; got {direction!r}.")
    if direction != "any" and np.isnan(features.score).any():
        raise InputError("the test of this contrast has no direction; use direction=any.")
    if minimum_effect > 0 and np.isnan(features.effect).any():
        raise InputError("this contrast has features without a log2 fold change; leave minimum_effect at 0.")
    called = features.adj_p_value < threshold
    if direction != "any":
        called &= (features.score > 0) == (direction == "up")
    if minimum_effect > 0:
        called &= np.abs(features.effect) >= minimum_effect
    return np.asarray(called)


OVER_REPRESENTATION = EnrichmentMethod(
    name="over_representation",
    kind="enrichment",
    title="Hypergeometric test of the called features against the measured background, mid-p as an option",
    function=over_representation,
    reference="10.1093/bioinformatics/bth456",
    license="own implementation",
    cohort_dependent=True,
    comparable="none",
    units="effect: odds ratio; statistic: called members",
    parameters={"threshold": 0.05, "direction": "any", "minimum_effect": 0.0, "mid_p": False},
    needs_sign=False,
)
