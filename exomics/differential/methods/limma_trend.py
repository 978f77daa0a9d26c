"""limma on log values: weighted least squares per feature, a prior variance that may follow the mean, moderated t."""

from __future__ import annotations

from typing import Literal, Unpack

import numpy as np
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.differential.methods._moderation import MODERATION, Moderation, moderate
from exomics.differential.methods._result import FeatureTests
from exomics.errors import DesignError
from exomics.registry.method import MethodSpec
from exomics.stats.linear_model import fit_linear_models
from exomics.stats.sample_weights import estimate_sample_weights
from exomics.stats.within_subject import BlockCorrelation, duplicate_correlation


def limma_trend(
    expression: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    sample_weights: Literal["none", "gene_by_gene", "reml"] = "none",
    block: ArrayLike | None = None,
    **moderation: Unpack[Moderation],
) -> FeatureTests:
    """Moderated t tests of contrasts of log values.

    For feature g: ``y_g = X b_g + e``, ``var(e_ig) = s_g^2 / w_i``; contrast ``c' b_g`` with posterior variance
    ``(d s_g^2 + d0 s0_g^2) / (d + d0)`` and ``d + d0`` degrees of freedom; with `trend`, ``s0_g^2`` is a smooth
    function of the mean of the feature.

    Parameters
    ----------
    expression
        log2 values (n_samples, n_features); NaN is missing and leaves that sample out of that feature.
    design
        (n_samples, n_coefficients), full column rank.
    contrasts
        (n_coefficients, n_contrasts).
    weights
        Known precision weights, (n_samples,) or (n_samples, n_features).
    sample_weights
        Estimate one quality weight per sample from the residuals of all features, and fit with it.
    block
        Labels of samples that belong together (n_samples,), such as subjects: one correlation within them is estimated
        for all features, and the fit is generalized least squares.
    **moderation
        See `Moderation`. Here `trend` is on unless it is switched off.

    Returns
    -------
    FeatureTests
        Effects in log2 units.

    Raises
    ------
    DesignError, InputError
        If shapes disagree or the design is rank-deficient.

    Notes
    -----
    Ritchie et al. (2015), doi:10.1093/nar/gkv007; sample weights doi:10.1186/1471-2105-7-261; blocks
    doi:10.1093/bioinformatics/bti270. Defaults differ from
    limma's ``contrasts.fit`` and ``eBayes``: exact contrast errors and the true optimum of the prior. With
    ``contrast_errors="classic", optimum="published"`` the published numbers come out. Sample weights depend
    slightly on the order of the features, as in limma; no other number does.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> design = np.repeat(np.eye(2), 4, axis=0)
    >>> tests = limma_trend(rng.normal(size=(8, 200)), design, [[-1.0], [1.0]])
    >>> tests.p_value.shape, bool((tests.p_value < 0.01).mean() < 0.03)
    ((200, 1), True)
    """
    options: Moderation = {"trend": True, **moderation}
    quality, combined = quality_weights(expression, design, weights=weights, method=sample_weights)
    blocks = within_blocks(expression, design, block, weights=combined)
    fit = fit_linear_models(expression, design, weights=combined, blocks=blocks)
    return moderate(fit, np.asarray(contrasts, dtype=np.float64), options, sample_weights=quality)


def within_blocks(
    expression: ArrayLike, design: ArrayLike, block: ArrayLike | None, *, weights: ArrayLike | None
) -> BlockCorrelation | None:
    """The blocks with the consensus correlation within them; None without blocks.

    Parameters
    ----------
    expression, design, block, weights
        As in `limma_trend`.

    Returns
    -------
    BlockCorrelation or None
        For `fit_linear_models`.

    Raises
    ------
    DesignError
        If the design holds the blocks already, or no feature can tell the correlation.
    """
    if block is None:
        return None
    found = duplicate_correlation(expression, design, block, weights=weights)
    if not np.isfinite(found.consensus):
        raise DesignError("no feature tells the correlation within blocks; leave the block out, or use more samples.")
    return BlockCorrelation(block, found.consensus)


def quality_weights(
    expression: ArrayLike,
    design: ArrayLike,
    *,
    weights: ArrayLike | None,
    method: Literal["none", "gene_by_gene", "reml"],
) -> tuple[FloatArray | None, ArrayLike | None]:
    """The estimated sample weights (None for ``none``) and the weights to fit with: theirs times the known ones.

    Parameters
    ----------
    expression, design, weights
        As in `limma_trend`.
    method
        ``none``, ``gene_by_gene`` or ``reml``.

    Returns
    -------
    tuple
        Sample weights (n_samples,) or None, and the product.
    """
    if method == "none":
        return None, weights
    quality = estimate_sample_weights(expression, design, weights=weights, method=method)
    if weights is None:
        return quality, quality
    known = np.asarray(weights, dtype=np.float64)
    return quality, known * (quality if known.ndim == 1 else quality[:, None])


LIMMA_TREND = MethodSpec(
    name="limma_trend",
    kind="test",
    title="limma on log2 values: moderated t with a mean-variance trend, sample weights as an option",
    function=limma_trend,
    reference="10.1093/nar/gkv007",
    license="reference implementation limma: GPL (>= 2); this code: BSD-3-Clause",
    input_scale=("log2",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    omnibus="F",
    parameters={"sample_weights": "none", "block": "", **MODERATION, "trend": True},
)
