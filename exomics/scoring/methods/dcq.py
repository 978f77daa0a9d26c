"""dcq: cargo relative to a normalizer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms
from exomics.stats.set_means import set_means


def dcq(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Level of the target relative to the normalizers; up arm minus down arm.

    ``score = mean(x_target) - mean(x_normalizer)`` on log2 values; of cycles it is ``Cq_normalizer - Cq_target``.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; cycles are handed over turned, as ``-Cq``; NaN where not measured.
    signatures
        n_signatures sets of columns; the normalizers are the housekeeping columns.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 relative amount: one unit is twice as much; NaN without a normalizer.

    Notes
    -----
    Source: Livak and Schmittgen 2001, doi:10.1006/meth.2001.1262, at an efficiency of 2. An exogenous spike-in corrects
    extraction and reverse transcription, not the yield of vesicles. Below the limit of detection is missing, never 40.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> cargo = SignatureSet.build([load_signature("ev.mir29a_cargo")], ["hsa-miR-29a-3p", "cel-miR-39-3p"])
    >>> dcq(np.array([[-25.0, -20.0]]), cargo).tolist()
    [[-5.0]]
    """
    stable = set_means(expression, signatures.housekeeping.columns, signatures.housekeeping.offsets)
    up = set_means(expression, signatures.up.columns, signatures.up.offsets) - stable
    down = set_means(expression, signatures.down.columns, signatures.down.offsets) - stable
    return add_arms(up, -down, signatures)


SPEC = Scorer(
    name="dcq",
    kind="scorer",
    title="Cargo relative to a normalizer (delta Cq)",
    function=dcq,
    reference="10.1006/meth.2001.1262",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2 relative amount",
    coverage=CoverageRule(fraction=1.0, housekeeping=1),
)
