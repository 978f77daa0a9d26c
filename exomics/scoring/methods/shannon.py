"""shannon: diversity of the whole assay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer


def shannon(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Shannon entropy over every feature of a sample: ``H = -sum(p log p)`` with ``p = x / sum(x)``, in nats.

    Parameters
    ----------
    expression
        (n_samples, n_features) counts or linear abundances, none negative; NaN where not measured.
    signatures
        n_signatures sets of columns; the members do not matter.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), nats, the same for every signature; NaN for a sample without any abundance.

    Notes
    -----
    Source: Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x. It depends on the depth of sequencing: rarefy first.

    Examples
    --------
    >>> shannon(np.array([[2.0, 2.0, 0.0]]), SignatureSet.from_columns({"alpha": []}, 3)).round(4).tolist()
    [[0.6931]]
    """
    values = np.nan_to_num(np.ascontiguousarray(expression, dtype=np.float64))
    values = np.sort(values, axis=1)  # the sum does not depend on the order of the features
    total = values.sum(axis=1, keepdims=True)
    share = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    terms = share * np.log(np.where(share > 0, share, 1.0))
    entropy = np.where(total[:, 0] > 0, -terms.sum(axis=1), np.nan)
    return np.repeat(entropy[:, None], len(signatures), axis=1)


SPEC = Scorer(
    name="shannon",
    kind="scorer",
    title="Shannon entropy of the whole assay",
    function=shannon,
    reference="10.1002/j.1538-7305.1948.tb01338.x",
    license="own implementation",
    input_scale=("counts", "linear"),
    works_on="declared",
    cohort_dependent=False,
    comparable="samples",
    units="nats",
    coverage=CoverageRule(fraction=0.0, members=0),
    every_feature=True,
)
