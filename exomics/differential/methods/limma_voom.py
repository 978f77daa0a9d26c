"""limma-voom: log counts per million with precision weights, weighted least squares, moderated t."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics.differential.methods._moderation import MODERATION, Moderation, moderate
from exomics.differential.methods._result import FeatureTests
from exomics.differential.methods.limma_trend import within_blocks
from exomics.errors import InputError
from exomics.registry.method import MethodSpec
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.precision_weights import voom, voom_with_sample_weights


def limma_voom(
    counts: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    sample_weights: Literal["none", "gene_by_gene"] = "none",
    block: ArrayLike | None = None,
    **moderation: Unpack[Moderation],
) -> FeatureTests:
    """Moderated t tests of contrasts of counts, after voom.

    ``y = log2((count + 0.5) / (library + 1) * 1e6)`` with a precision weight per value from the trend of the residual
    variance on the count size; then genewise weighted least squares and moderated t.

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
        ``gene_by_gene``: also one quality weight per sample, estimated twice in turn with the trend
        (``voomWithQualityWeights``).
    block
        Labels of samples that belong together (n_samples,), such as subjects: one correlation within them is estimated
        for all features, twice in turn with the trend, and the fit is generalized least squares.
    **moderation
        See `Moderation`.

    Returns
    -------
    FeatureTests
        Effects in log2 units; ``mean_expression`` is the mean log2 count per million.

    Raises
    ------
    ScaleError, DesignError, InputError
        If the counts are not counts, shapes or the design are not as described, or both blocks and sample weights are
        asked for, which `voom_lm_fit` does.

    Notes
    -----
    Law et al. (2014), doi:10.1186/gb-2014-15-2-r29; sample weights: Liu et al. (2015), doi:10.1093/nar/gkv412;
    blocks: doi:10.1093/bioinformatics/bti270, with the correlation from a first voom in the second one's trend.
    Defaults differ from limma's as in `limma_trend`.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, size=(8, 300))
    >>> limma_voom(counts, np.repeat(np.eye(2), 4, axis=0), [[-1.0], [1.0]]).statistic.shape
    (300, 1)
    """
    if block is not None and sample_weights != "none":
        raise InputError("limma_voom estimates a block correlation or sample weights; voom_lm_fit does both.")
    quality = blocks = None
    if sample_weights == "none":
        found = voom(counts, design, library_sizes=library_sizes)
    else:
        found, quality = voom_with_sample_weights(counts, design, library_sizes=library_sizes)
    if block is not None:
        first = within_blocks(found.expression, design, block, weights=found.weights)
        found = voom(counts, design, library_sizes=library_sizes, blocks=first)
        blocks = within_blocks(found.expression, design, block, weights=found.weights)
    fit = fit_linear_models(found.expression, design, weights=found.weights, blocks=blocks)
    return moderate(fit, np.asarray(contrasts, dtype=np.float64), moderation, sample_weights=quality)


LIMMA_VOOM = MethodSpec(
    name="limma_voom",
    kind="test",
    title="limma-voom on counts: precision weights from the mean-variance trend, sample weights as an option",
    function=limma_voom,
    reference="10.1186/gb-2014-15-2-r29",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("counts",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    omnibus="F",
    parameters={"sample_weights": "none", "block": "", **MODERATION},
)
