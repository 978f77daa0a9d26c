"""fry: does anything in a set change? The exact limit of rotation tests, from samples."""

from __future__ import annotations

from typing import TypedDict, Unpack

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


class PriorVariance(TypedDict, total=False):
    """Options of `fry`: the prior variance may follow the mean, and spare hypervariable features."""

    trend: bool
    robust: bool


def fry(
    expression: FloatArray,
    design: FloatArray,
    contrast: FloatArray,
    sets: SetArrays,
    *,
    weights: ArrayLike | None = None,
    blocks: BlockCorrelation | None = None,
    **prior: Unpack[PriorVariance],
) -> SetTests:
    """Self-contained test of sets on log values and a design, without permutations.

    ``t = mean_s e_1 / sqrt(mean_k (mean_s e_k)^2)`` of the effects e of the members, the contrast first, each divided
    by its posterior standard deviation: the correlation between members enters through their residual effects.

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
    blocks
        Samples that belong together, and the correlation within them.
    **prior
        ``trend`` and ``robust``, as in `exomics.stats.rotation_tests.fry`.

    Returns
    -------
    SetTests
        ``effect`` is the mean log2 fold change of the members, ``statistic`` t on the residual degrees of freedom;
        the details hold the p-value for changes of either direction in one set (``p_value_mixed``).

    Raises
    ------
    InputError, DesignError
        As in `exomics.stats.linear_effects.linear_effects`.

    Notes
    -----
    limma's ``fry(standardize = "posterior.sd")``, on the theory of Wu et al. (2010), doi:10.1093/bioinformatics/btq401.
    Self-contained: it asks whether the set changes, not whether it changes more than others (`camera`).

    Examples
    --------
    >>> import numpy as np
    >>> values = np.random.default_rng(0).normal(size=(8, 300))
    >>> values[4:, :20] += 1.5
    >>> sets = SetArrays(np.arange(20), np.array([0, 20]), np.ones(20))
    >>> found = fry(values, np.repeat(np.eye(2), 4, axis=0), np.array([-1.0, 1.0]), sets)
    >>> bool(found.p_value[0, 0] < 0.01), bool(found.effect[0] > 1)
    (True, True)
    """
    effects = linear_effects(expression, design, contrast, weights=weights, blocks=blocks)
    members = [sets.members(which) for which in range(len(sets))]
    covariate = expression.mean(axis=0) if prior.get("trend") else None
    tests = rotation_tests.fry(effects, members, covariate=covariate, robust=prior.get("robust", False))
    changes = contrast_effects(expression, design, contrast, weights=weights, blocks=blocks)
    return SetTests(
        mean_over_sets(changes, sets),
        one_variant(tests.statistic),
        one_variant(tests.p_value),
        no_correlation(len(sets)),
        moved_members(effects, sets, tests.direction),
        {"p_value_mixed": tests.p_value_mixed.tolist()},
    )


FRY = EnrichmentMethod(
    name="fry",
    kind="enrichment",
    title="Self-contained test in samples: does the set change? (fry)",
    function=fry,
    reference="10.1093/bioinformatics/btq401",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("log2", "counts"),
    cohort_dependent=True,
    comparable="none",
    units="effect: mean log2 fold change of the members; statistic: t",
    parameters={"trend": False, "robust": False},
    reads="expression",
    takes_blocks=True,
    runner={**RUNNER, "duplicates": KEEP},
)
