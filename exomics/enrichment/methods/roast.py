"""roast: does anything in a set change? Random rotations of the residuals, from samples."""

from __future__ import annotations

from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.enrichment._method import (
    KEEP,
    RUNNER,
    EnrichmentMethod,
    SetArrays,
    SetTests,
    no_correlation,
    one_variant,
)
from exomics.enrichment.methods._self_contained import contrast_effects, mean_over_sets, moved_members
from exomics.stats import rotation_tests
from exomics.stats.linear_effects import linear_effects
from exomics.stats.within_subject import BlockCorrelation


class Rotation(TypedDict, total=False):
    """Options of `roast`."""

    statistic: rotation_tests.SetStatistic
    n_rotations: int
    trend: bool
    robust: bool


ROTATION: Rotation = {"statistic": "mean", "n_rotations": 1999, "trend": False, "robust": False}


def roast(
    expression: FloatArray,
    design: FloatArray,
    contrast: FloatArray,
    sets: SetArrays,
    *,
    generator: np.random.Generator,
    weights: ArrayLike | None = None,
    blocks: BlockCorrelation | None = None,
    **options: Unpack[Rotation],
) -> SetTests:
    """Self-contained test of sets on log values and a design, by rotations that keep the correlation of the members.

    The p-value is ``(b + 1) / (n_rotations + 1)`` with b rotations whose set statistic is beyond the observed one.

    Parameters
    ----------
    expression
        log2 values (n_samples, n_features), none missing.
    design, contrast
        (n_samples, n_coefficients) and (n_coefficients,).
    sets
        n_sets of them.
    weights
        Precision weights, (n_samples,) or (n_samples, n_features).
    blocks
        Samples that belong together, and the correlation within them.
    generator
        Source of the rotations, the same for all sets.
    **options
        ``statistic`` (``mean``, ``floormean`` or ``msq``), ``n_rotations`` (the smallest p-value is
        ``1 / (n_rotations + 1)``), and ``trend`` and ``robust`` of the prior variance.

    Returns
    -------
    SetTests
        ``effect`` is the mean log2 fold change of the members; no ``statistic`` (it is a rank among rotations); the
        details hold the shares of members up and down, and the p-value for either direction in one set.

    Raises
    ------
    InputError, DesignError
        As in `exomics.stats.rotation_tests.roast`.

    Notes
    -----
    Wu et al. (2010), doi:10.1093/bioinformatics/btq401.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=(8, 300))
    >>> values[4:, :20] += 1.5
    >>> sets = SetArrays(np.arange(20), np.array([0, 20]), np.ones(20))
    >>> found = roast(
    ...     values, np.repeat(np.eye(2), 4, axis=0), np.array([-1.0, 1.0]), sets, generator=np.random.default_rng(1)
    ... )
    >>> bool(found.p_value[0, 0] < 0.01)
    True
    """
    chosen: Rotation = {**ROTATION, **options}
    effects = linear_effects(expression, design, contrast, weights=weights, blocks=blocks)
    tests = rotation_tests.roast(
        effects,
        [sets.members(which) for which in range(len(sets))],
        generator=generator,
        statistic=chosen["statistic"],
        n_rotations=chosen["n_rotations"],
        covariate=expression.mean(axis=0) if chosen["trend"] else None,
        robust=chosen["robust"],
    )
    changes = contrast_effects(expression, design, contrast, weights=weights, blocks=blocks)
    return SetTests(
        mean_over_sets(changes, sets),
        one_variant(np.full(len(sets), np.nan)),
        one_variant(tests.p_value),
        no_correlation(len(sets)),
        moved_members(effects, sets, tests.direction),
        {
            "share_up": tests.proportion_up.tolist(),
            "share_down": tests.proportion_down.tolist(),
            "p_value_mixed": tests.p_value_mixed.tolist(),
        },
    )


ROAST = EnrichmentMethod(
    name="roast",
    kind="enrichment",
    title="Self-contained test in samples by rotation: does the set change? (roast)",
    function=roast,
    reference="10.1093/bioinformatics/btq401",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("log2", "counts"),
    cohort_dependent=True,
    comparable="none",
    units="effect: mean log2 fold change of the members; statistic: none, p is a rank among rotations",
    parameters=dict(ROTATION),
    reads="expression",
    takes_blocks=True,
    random=True,
    runner={**RUNNER, "duplicates": KEEP},
)
