"""geomean_tpm: geometric mean of the TPM of the members, with a small offset."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.errors import ScaleError
from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms, only_used
from exomics.stats.set_means import set_means


def geomean_tpm(
    expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None, offset: float = 0.01
) -> NDArray[np.float64]:
    """Geometric mean of ``TPM + offset`` over the members; up arm over down arm where there are two.

    ``score = exp(mean(log(TPM_up + offset)) - mean(log(TPM_down + offset)))``

    Parameters
    ----------
    expression
        (n_samples, n_features) linear TPM, not negative; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the score of a sample depends on that sample alone.
    offset
        Added to every TPM.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), TPM for one arm, a ratio for two.

    Raises
    ------
    ScaleError
        If a member has a negative value: log values are not TPM.

    Notes
    -----
    Source: cytolytic activity, Rooney et al. 2015, doi:10.1016/j.cell.2014.12.033.

    Examples
    --------
    >>> geomean_tpm(np.array([[3.0, 12.0]]), SignatureSet.from_columns({"cyt": [0, 1]}, 2)).round(4).tolist()
    [[6.0125]]
    """
    columns, offsets = both_arms(signatures)
    values, (position,) = only_used(expression, columns)
    if values.size and np.nanmin(values, initial=0.0) < 0:
        raise ScaleError(
            f"geomean_tpm needs linear TPM; the smallest value is {np.nanmin(values):.6g}. "
            "Declare the scale as log2 so that it can be converted."
        )
    means = set_means(np.log(values + offset), position, offsets)
    n = len(signatures)
    return np.exp(add_arms(means[:, :n], -means[:, n:], signatures))


SPEC = Scorer(
    name="geomean_tpm",
    kind="scorer",
    title="Geometric mean of linear TPM with offset 0.01",
    function=geomean_tpm,
    reference="10.1016/j.cell.2014.12.033",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="tpm",
    cohort_dependent=False,
    comparable="samples",
    units="TPM",
    parameters={"offset": 0.01},
    coverage=CoverageRule(fraction=1.0),
)
