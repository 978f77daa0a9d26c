"""Which sets share members: a finding in one is then a finding in the other."""

from __future__ import annotations

import numpy as np

from exomics.enrichment.gene_sets import GeneSets, jaccard_matrix


def closest_sets(gene_sets: GeneSets, n: int) -> list[tuple[str, str, float]]:
    """The pairs of sets that share most, by ``|A and B| / |A or B|``.

    Parameters
    ----------
    gene_sets
        The sets.
    n
        At most so many pairs.

    Returns
    -------
    list of tuple
        Two names and their share of common members, largest first; pairs without a common member are left out.

    Examples
    --------
    >>> sets = GeneSets("example", {"a": ("CS", "MB"), "b": ("CS", "MB", "PGC"), "c": ("XIST",)})
    >>> [(first, second, round(share, 2)) for first, second, share in closest_sets(sets, 3)]
    [('a', 'b', 0.67)]
    """
    overlaps = np.triu(jaccard_matrix(gene_sets).to_numpy(), 1)
    names = list(gene_sets.sets)
    order = np.argsort(-overlaps, axis=None, kind="stable")[:n]
    pairs = [np.unravel_index(int(place), overlaps.shape) for place in order]
    return [(names[i], names[j], float(overlaps[i, j])) for i, j in pairs if overlaps[i, j] > 0]
