"""mirna_activity: do the validated targets of a miRNA fall, beside all other measured genes?"""

from __future__ import annotations

from exomics.enrichment._method import (
    CORRELATIONS,
    RUNNER,
    EnrichmentMethod,
    FeatureStatistics,
    SetArrays,
    SetTests,
)
from exomics.enrichment.methods.kinase_activity import kinase_activity


def mirna_activity(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    inter_gene_correlation: float | str | tuple[float, ...] = CORRELATIONS,
) -> SetTests:
    """Activity of miRNAs from the changes of their targets: positive where targets fall.

    ``t`` of the slope in the regression of the scores of all genes on ``-1`` for a target and ``0`` for the others,
    divided by ``sqrt(1 + (m - 1) r)`` for m measured targets with a correlation r between them.

    Parameters
    ----------
    features
        Signed scores of the measured genes in one contrast; never absolute expression.
    sets
        Targets of miRNAs, n_sets of them.
    inter_gene_correlation
        r; by default 0, 0.01, 0.05, 0.1 and 0.2: targets of one tissue component move together without any miRNA.

    Returns
    -------
    SetTests
        ``effect`` is minus the mean centered score of the targets, ``statistic`` is t, one variant per correlation.

    Raises
    ------
    InputError
        If a correlation is not in [0, 1).

    Notes
    -----
    The univariate linear model of Badia-i-Mompel et al. (2022), doi:10.1093/bioadv/vbac016, with weight -1. One set
    says nothing of the cause: see `exomics.enrichment.mirna_verdict` for targets in and outside the matrix.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.random.default_rng(0).normal(size=300)
    >>> t[:12] -= 2
    >>> found = mirna_activity(FeatureStatistics(t, t, t, t), SetArrays(np.arange(12), np.array([0, 12]), np.ones(12)))
    >>> bool(found.statistic[0, 0] > 4), bool(found.p_value[0, -1] < 0.05)
    (True, True)
    """
    turned = SetArrays(sets.columns, sets.offsets, -sets.signs)
    return kinase_activity(features, turned, estimator="ulm", inter_gene_correlation=inter_gene_correlation)


MIRNA_ACTIVITY = EnrichmentMethod(
    name="mirna_activity",
    kind="enrichment",
    title="miRNA activity from validated targets (univariate linear model, weight -1)",
    function=mirna_activity,
    reference="10.1093/bioadv/vbac016",
    license="own implementation",
    feature_types=("gene",),
    cohort_dependent=True,
    comparable="none",
    units="effect: minus the mean centered score of the targets; statistic: t",
    parameters={"inter_gene_correlation": CORRELATIONS},
    runner={**RUNNER, "min_size": 10},
)
