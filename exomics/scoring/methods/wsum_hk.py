"""wsum_hk: weighted sum of log10 expression relative to housekeeping genes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import ArmIndex, SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, only_used
from exomics.stats.set_means import set_means


def wsum_hk(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None, pseudocount: float = 1.0
) -> NDArray[np.float64]:
    """Weighted sum of log10 expression after subtracting the mean log10 housekeeping expression of the sample.

    ``score = sum_i w_i (log10(x_i + c) - mean_h log10(x_h + c))``; members of a down arm count with their sign turned.

    Parameters
    ----------
    expression
        (n_samples, n_features) linear TPM, CPM or normalized counts; NaN where not measured.
    signatures
        n_signatures sets of columns with weights and housekeeping columns.
    reference
        Not used: the score of a sample depends on that sample alone.
    pseudocount
        ``c``, added before the logarithm.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), weighted log10 units; NaN without housekeeping features.

    Notes
    -----
    Source: the T-cell-inflamed profile, Ayers et al. 2017, doi:10.1172/JCI91190. A member that is not measured drops
    out of the sum (nothing is rescaled); the minimum is 90 % of the absolute weight. The housekeeping of a sample
    cancels its depth, not the lengths of transcripts: scores compare between samples of one quantity.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> profile = load_signature("imm.gep18")
    >>> names = [member.feature_id for member in profile.members]
    >>> abs(wsum_hk(np.full((1, len(names)), 7.0), SignatureSet.build([profile], names))).round(12).tolist()
    [[0.0]]
    """
    up, down, housekeeping = signatures.up, signatures.down, signatures.housekeeping
    values, (raised, lowered, stable) = only_used(expression, up.columns, down.columns, housekeeping.columns)
    logs = np.log10(values + pseudocount)
    baseline = set_means(logs, stable, housekeeping.offsets)
    return add_arms(_sums(logs, baseline, up, raised), -_sums(logs, baseline, down, lowered), signatures)


def _sums(logs: NDArray[Any], baseline: NDArray[Any], arm: ArmIndex, columns: NDArray[Any]) -> NDArray[np.float64]:
    """Weighted sum of one arm of every signature; NaN where none of its members, or no housekeeping, is measured."""
    sums = np.full(baseline.shape, np.nan)
    for chosen in range(baseline.shape[1]):
        entries = slice(arm.offsets[chosen], arm.offsets[chosen + 1])
        relative = logs[:, columns[entries]] - baseline[:, [chosen]]
        measured = ~np.isnan(relative)
        terms = np.where(measured, relative, 0.0) * arm.weights[entries]
        weighted = np.ascontiguousarray(terms).sum(axis=1)  # not a matrix product: its rounding depends on the batch
        sums[:, chosen] = np.where(measured.any(axis=1), weighted, np.nan)
    return sums


SPEC = Scorer(
    name="wsum_hk",
    kind="scorer",
    title="Weighted sum of log10 expression relative to housekeeping genes",
    function=wsum_hk,
    reference="10.1172/JCI91190",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="normalized",
    cohort_dependent=False,
    comparable="samples",
    units="weighted log10",
    parameters={"pseudocount": 1.0},
    coverage=CoverageRule(fraction=0.0, weight=0.9, housekeeping=8),
    weighted=True,
)
