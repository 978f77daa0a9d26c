"""gseapy_ssgsea: ssgsea as the package gseapy computes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer
from exomics.scoring.methods._arms import add_arms, both_arms
from exomics.scoring.methods._gseapy import as_peer_input, from_peer_table
from exomics.scoring.methods.rank_updown import WHOLE_TRANSCRIPTOME


def gseapy_ssgsea(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Single-sample GSEA score (ES) by the package gseapy; up arm minus down arm.

    ``score = ES`` as gseapy.ssgsea gives it, never NES.

    Parameters
    ----------
    expression
        (n_samples, n_features) any monotone scale, none missing; NaN where not measured.
    signatures
        n_signatures sets of columns.
    reference
        Not used: the package takes none.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), as gseapy reports it; NaN for a set without members, or of every feature.

    Raises
    ------
    InputError
        If a value is missing: the package would read it as a number.

    Notes
    -----
    Source: Fang et al. 2023, doi:10.1093/bioinformatics/btac757. Ties are broken by position there: use `ssgsea_es` for
    scores that do not depend on the order of the features. Imported when it is called.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(3, 50))
    >>> gseapy_ssgsea(x, SignatureSet.from_columns({"first": range(12)}, 50)).shape
    (3, 1)
    """
    import gseapy  # 1.5 s, and only here

    columns, offsets = both_arms(signatures)
    frame, named = as_peer_input(expression, columns, offsets)
    if not named:
        return np.full((len(expression), len(signatures)), np.nan)
    found = gseapy.ssgsea(frame, named, outdir=None, min_size=1, max_size=frame.shape[0], threads=1, verbose=False)
    scores = from_peer_table(found.res2d, expression.shape[0], len(offsets) - 1)
    n = len(signatures)
    return add_arms(scores[:, :n], -scores[:, n:], signatures)


SPEC = Scorer(
    name="gseapy_ssgsea",
    kind="scorer",
    title="Single-sample GSEA score (ES) by the package gseapy",
    function=gseapy_ssgsea,
    reference="10.1093/bioinformatics/btac757",
    license="BSD-3-Clause",
    input_scale=("counts", "linear", "log2"),
    works_on="any",
    cohort_dependent=False,
    comparable="samples",
    units="as gseapy reports it",
    coverage=CoverageRule(fraction=0.6, members=10, universe=WHOLE_TRANSCRIPTOME),
    requires=("gseapy",),
)
