"""camera: competitive test of a set in samples, the correlation between its members estimated from the residuals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.enrichment._method import (
    KEEP,
    RUNNER,
    EnrichmentMethod,
    SetArrays,
    SetTests,
    beyond_the_others,
    one_variant,
)
from exomics.enrichment.methods.camera_preranked import difference_of_means
from exomics.stats.competitive_tests import camera as competitive_test
from exomics.stats.contrasts import fit_contrasts
from exomics.stats.linear_model import fit_linear_models


def camera(
    expression: FloatArray,
    design: FloatArray,
    contrast: FloatArray,
    sets: SetArrays,
    *,
    weights: ArrayLike | None = None,
    inter_gene_correlation: float | None = None,
    trend: bool = False,
) -> SetTests:
    """Competitive test of sets on log values and a design.

    As `camera_preranked` on the normal deviates of moderated t, with the mean correlation between the members of each
    set estimated from the residuals.

    Parameters
    ----------
    expression
        log2 values (n_samples, n_features), none missing.
    design
        (n_samples, n_coefficients), full column rank.
    contrast
        (n_coefficients,).
    sets
        n_sets of them.
    weights
        Precision weights, (n_samples,) or (n_samples, n_features).
    inter_gene_correlation
        None: estimated per set. A number: taken for all sets (limma's preset is 0.01).
    trend
        Let the prior variance follow the mean expression.

    Returns
    -------
    SetTests
        ``effect`` is the mean log2 fold change of the members minus that of the other features, ``statistic`` is t;
        ``leading`` the members beyond the mean t of the others in the direction of the set.

    Raises
    ------
    InputError, DesignError
        As in `exomics.stats.competitive_tests.camera`.

    Notes
    -----
    Wu and Smyth (2012), doi:10.1093/nar/gks461.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(8, 300))
    >>> values[4:, :20] += 1.5
    >>> sets = SetArrays(np.arange(20), np.array([0, 20]), np.ones(20))
    >>> found = camera(values, np.repeat(np.eye(2), 4, axis=0), np.array([-1.0, 1.0]), sets)
    >>> bool(found.p_value[0, 0] < 0.01), bool(found.effect[0] > 1)
    (True, True)
    """
    members = [sets.members(which) for which in range(len(sets))]
    tests = competitive_test(
        expression,
        design,
        contrast,
        members,
        weights=weights,
        inter_gene_correlation=inter_gene_correlation,
        trend=trend,
    )
    fit = fit_contrasts(fit_linear_models(expression, design, weights=weights), contrast[:, None], method="exact")
    effects = fit.estimates[:, 0]
    t = effects / (fit.stdev_unscaled[:, 0] * np.maximum(fit.sigma, 1e-8))
    return SetTests(
        difference_of_means(effects, sets),
        one_variant(tests.statistic),
        one_variant(tests.p_value),
        one_variant(tests.correlation),
        beyond_the_others(t, sets, tests.direction.astype(np.float64)),
        {},
    )


CAMERA = EnrichmentMethod(
    name="camera",
    kind="enrichment",
    title="Competitive test in samples with estimated inter-gene correlation (camera)",
    function=camera,
    reference="10.1093/nar/gks461",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("log2", "counts"),
    cohort_dependent=True,
    comparable="none",
    units="effect: difference of mean log2 fold change; statistic: t",
    parameters={"inter_gene_correlation": None, "trend": False},
    reads="expression",
    runner={**RUNNER, "duplicates": KEEP},
)
