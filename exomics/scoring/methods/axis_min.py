"""axis_min: a ligand and its receptor are both there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.stats.standardization import set_lowest


def axis_min(
    expression: NDArray[Any],
    signatures: SignatureSet,
    *,
    reference: FeatureReference | None = None,
    presence: float = 0.2,
) -> NDArray[np.float64]:
    """Ligand-receptor axis: the lower of ligand and receptor, a complex being as high as its lowest subunit.

    ``score = min(z_ligand, min_subunits z)`` with ``z = (x - m) / s`` in the reference; of an axis the mean over its
    pairs.

    Parameters
    ----------
    expression
        (n_samples, n_features) log2 values; NaN where not measured.
    signatures
        n_signatures sets of columns; the groups of the up arm are the pairs, and a down arm is not applicable.
    reference
        Moments of every feature in a frozen cohort; None: the samples are their own reference.
    presence
        A ligand or subunit detected in a smaller fraction of the reference is absent, and its pairs with it.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), in sd of the reference; NaN where no pair is whole, measured and present.

    Notes
    -----
    Source: the rule of the minimum over subunits, Efremova et al. 2020, doi:10.1038/s41596-020-0292-x, taken over
    ligand and receptor too. Never a product: two low values would give a high axis.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0], [3.0, 9.0], [2.0, 1.0]])
    >>> axis_min(x, SignatureSet.from_columns({"CXCL9-CXCR3": [0, 1]}, 2)).round(2).ravel().tolist()
    [-1.0, 1.0, -1.0]
    """
    found = reference or own_reference(expression)
    mean = np.where(found.detected >= presence, found.mean, np.nan)
    up = signatures.up
    numbers = np.zeros(len(up.columns), dtype=np.int64) if up.groups is None else up.groups
    scores = np.full((expression.shape[0], len(signatures)), np.nan)
    for chosen in np.flatnonzero(up.sizes):
        entries = slice(up.offsets[chosen], up.offsets[chosen + 1])
        order = np.argsort(numbers[entries], kind="stable")
        edges = np.flatnonzero(np.diff(numbers[entries][order], prepend=-1, append=np.iinfo(np.int64).max))
        pairs = set_lowest(expression, up.columns[entries][order], edges, mean, found.sd)
        there = ~np.isnan(pairs)
        n_pairs = there.sum(axis=1)
        total = np.where(there, pairs, 0.0).sum(axis=1)
        scores[:, chosen] = np.where(n_pairs > 0, total / np.maximum(n_pairs, 1), np.nan)
    return scores


SPEC = Scorer(
    name="axis_min",
    kind="scorer",
    title="Ligand-receptor axis: the lower of the two",
    function=axis_min,
    reference="10.1038/s41596-020-0292-x",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="log2",
    cohort_dependent=True,
    comparable="samples",
    units="sd of the reference",
    coverage=CoverageRule(fraction=1.0),
    parameters={"presence": 0.2},
    has_frozen_form=True,
    has_down=False,
    whole_groups=True,
)
