"""site: modified sites as measured, relative to their protein where that is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods.per_member import per_member


def site(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Modified sites, each residue by itself: ``score = log2 site`` or, after the step, ``log2 site - log2 protein``.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns, at most one column each: the runner hands over one set per member.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), log2 units; NaN where it is not measured.

    Raises
    ------
    InputError
        If a set has more than one member.

    Notes
    -----
    Source: Wu et al. 2011, doi:10.1074/mcp.M111.009654: a change of a site is read after that of its protein. Values go
    through `exomics.preprocess.subtract_parent_protein` first; where they have not, every row is flagged
    ``not_protein_normalized``. Exact residues only: nothing is read from a neighbor, and residues are never joined.
    Where ``var["localization_probability"]`` is there, a site below 0.75 (class I, doi:10.1016/j.cell.2006.09.026) or
    without a probability has the status ``qc_fail``: the modification may be on another residue.

    Examples
    --------
    >>> site(np.array([[1.0, 3.0]]), SignatureSet.from_columns({"one": [1]}, 2)).tolist()
    [[3.0]]
    """
    return per_member(expression, signatures)


SPEC = Scorer(
    name="site",
    kind="scorer",
    title="Modified sites, each residue by itself",
    function=site,
    reference="10.1074/mcp.M111.009654",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=False,
    comparable="none",
    units="log2",
    coverage=CoverageRule(fraction=1.0),
    rows="members",
    wanted_step=("subtract_parent_protein", "not_protein_normalized"),
)
