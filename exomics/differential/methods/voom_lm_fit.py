"""The voomLmFit recipe: voom, sample weights in turn with the trend, and no variance lost to groups of zeros."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics.differential.methods._moderation import MODERATION, Moderation, moderate
from exomics.differential.methods._result import FeatureTests
from exomics.registry.method import MethodSpec
from exomics.stats import precision_weights


def voom_lm_fit(
    counts: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    sample_weights: Literal["none", "gene_by_gene"] = "gene_by_gene",
    block: ArrayLike | None = None,
    **moderation: Unpack[Moderation],
) -> FeatureTests:
    """Moderated t tests of contrasts of counts, by the recipe of edgeR's ``voomLmFit``.

    As `limma_voom`, but cells that the design fits by zero (a group of all-zero counts) do not count as residuals, so
    that residual degrees of freedom differ between features; the trend is weighted by them.

    Parameters
    ----------
    counts
        Whole numbers (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank.
    contrasts
        (n_coefficients, n_contrasts).
    library_sizes
        Effective library sizes (column sum times normalization factor), (n_samples,); default: the sums of `counts`.
    sample_weights
        ``gene_by_gene``: one quality weight per sample, estimated twice in turn with the trend.
    block
        Labels of samples that belong together (n_samples,), such as subjects: one correlation within them is estimated
        in turn with the trend, and the fit is generalized least squares.
    **moderation
        See `Moderation`.

    Returns
    -------
    FeatureTests
        Effects in log2 units; ``mean_expression`` is the mean log2 count per million.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, or shapes or the design are not as described.

    Notes
    -----
    Described in Chen et al. (2025), doi:10.1093/nar/gkaf018. Defaults differ from limma's as in `limma_trend`. With
    ``contrast_errors="classic", optimum="published", robust=True`` this is what MoTrPAC's muscle RNA tables used.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, size=(8, 300))
    >>> voom_lm_fit(counts, np.repeat(np.eye(2), 4, axis=0), [[-1.0], [1.0]]).statistic.shape
    (300, 1)
    """
    groups = None if sample_weights == "none" else "each"
    found = precision_weights.voom_lm_fit(
        counts, design, library_sizes=library_sizes, sample_groups=groups, blocks=block
    )
    tested = np.asarray(contrasts, dtype=np.float64)
    return moderate(found.fit, tested, moderation, sample_weights=found.sample_weights)


VOOM_LM_FIT = MethodSpec(
    name="voom_lm_fit",
    kind="test",
    title="voom on counts with sample weights and honest residual df for groups of zeros (edgeR's voomLmFit)",
    function=voom_lm_fit,
    reference="10.1093/nar/gkaf018",
    license="reference implementation edgeR: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("counts",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    omnibus="F",
    parameters={"sample_weights": "gene_by_gene", "block": "", **MODERATION},
)
