"""Arms compared after, each feature adjusted for its own value before; moderated t."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics.differential.methods._moderation import MODERATION, Moderation, moderate_effects, squeezed_variances
from exomics.differential.methods._result import FeatureTests
from exomics.registry.method import MethodSpec
from exomics.stats.baseline_adjustment import baseline_adjusted_contrasts


def limma_ancova(
    expression: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    baseline: ArrayLike,
    **moderation: Unpack[Moderation],
) -> FeatureTests:
    """Moderated t tests of contrasts of log values after, adjusted for the values before.

    For feature g: ``after_g = X b_g + slope_g * before_g + e``; contrasts ``c' b_g`` with moderated variances.

    Parameters
    ----------
    expression
        log2 values after, (n_samples, n_features); NaN is missing.
    design
        (n_samples, n_coefficients), full column rank: arms and covariates, without the baseline.
    contrasts
        (n_coefficients, n_contrasts).
    baseline
        log2 values of the same subjects before, in the shape of `expression`.
    **moderation
        ``trend`` (on unless switched off), ``robust, prior, optimum, minimum_effect, log_odds`` of `Moderation`.

    Returns
    -------
    FeatureTests
        Effects in log2 units; ``mean_expression`` is the mean after.

    Raises
    ------
    DesignError, InputError
        If shapes disagree or the design is rank-deficient.

    Notes
    -----
    Each feature has its own slope: with a slope of 1 this is the comparison of changes, with 0 that of the values
    after; in a randomized trial the adjusted comparison is unbiased and the most precise of the three (Vickers and
    Altman 2001, doi:10.1136/bmj.323.7321.1123). Moderation as in `limma_trend`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> before = rng.normal(size=(12, 100))
    >>> arms = np.repeat(np.eye(2), 6, axis=0)
    >>> limma_ancova(before + rng.normal(size=(12, 100)), arms, [[-1.0], [1.0]], baseline=before).p_value.shape
    (100, 1)
    """
    chosen: Moderation = {**MODERATION, "trend": True, **moderation}
    effects = baseline_adjusted_contrasts(expression, baseline, design, np.asarray(contrasts, dtype=np.float64))
    return moderate_effects(effects, squeezed_variances(effects, chosen), chosen)


LIMMA_ANCOVA = MethodSpec(
    name="limma_ancova",
    kind="test",
    title="arms compared on log2 values after, every feature adjusted for its own baseline: moderated t",
    function=limma_ancova,
    reference="10.1136/bmj.323.7321.1123",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("log2",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    needs_baseline=True,
    parameters={
        **{name: value for name, value in MODERATION.items() if name != "contrast_errors"},
        "trend": True,
    },
)
