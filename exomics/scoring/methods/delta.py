"""delta: change from the baseline of the same subject."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.stats.set_means import set_means


def delta(
    expression: NDArray[Any],
    signatures: SignatureSet,
    *,
    reference: None = None,
    baseline: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Change of the mean of the members from the baseline of the same subject; up arm minus down arm.

    ``score = mean(x) - mean(x_baseline)``

    Parameters
    ----------
    expression
        (n_samples, n_features) values as declared; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the score of a sample depends on that sample alone.
    baseline
        (n_samples, n_features) values of the subject of each sample before; None: there are none.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), in the unit of the values; NaN without a baseline.

    Notes
    -----
    Source: Vickers and Altman 2001, doi:10.1136/bmj.323.7321.1123, who show why a change is compared between arms with
    the baseline as covariate: alone it holds the regression to the mean.

    Examples
    --------
    >>> x, before = np.array([[31.0]]), np.array([[28.0]])
    >>> delta(x, SignatureSet.from_columns({"vo2peak": [0]}, 1), baseline=before).tolist()
    [[3.0]]
    """
    columns, offsets = both_arms(signatures)
    values = np.asarray(expression, dtype=np.float64)
    before = np.full(values.shape, np.nan) if baseline is None else np.asarray(baseline, dtype=np.float64)
    change = set_means(values - before, columns, offsets)
    n = len(signatures)
    return add_arms(change[:, :n], -change[:, n:], signatures)


SPEC = Scorer(
    name="delta",
    kind="scorer",
    title="Change from the baseline of the same subject",
    function=delta,
    reference="10.1136/bmj.323.7321.1123",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="declared",
    cohort_dependent=False,
    comparable="samples",
    units="unit of the values",
    coverage=CoverageRule(fraction=1.0),
    needs_baseline=True,
)
