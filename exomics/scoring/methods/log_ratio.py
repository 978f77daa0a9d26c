"""log_ratio: log2 of one arm over the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods.mean_log2 import mean_log2


def log_ratio(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Log2 ratio of the geometric means of the two arms.

    ``score = mean(log2 x_up) - mean(log2 x_down)``; with one member per arm this is ``log2 A - log2 B``.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns. A signature with one arm gives the signed log2 level of that arm.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 units.

    Notes
    -----
    Source: the CXCL9:SPP1 form (Bill et al. 2023, doi:10.1126/science.ade2292), extended to several members per arm by
    their geometric mean. A signature with two arms needs both.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> chosen = SignatureSet.build([load_signature("mye.cs_polarity")], ["CXCL9", "SPP1"])
    >>> log_ratio(np.array([[5.0, 2.0]]), chosen).tolist()
    [[3.0]]
    """
    return mean_log2(expression, signatures)


SPEC = Scorer(
    name="log_ratio",
    kind="scorer",
    title="Log2 ratio of the up arm over the down arm",
    function=log_ratio,
    reference="10.1126/science.ade2292",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="samples",
    units="log2 ratio",
    coverage=CoverageRule(fraction=0.5, small_set=2),
)
