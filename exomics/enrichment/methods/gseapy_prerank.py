"""gseapy_prerank: gseapy's own pre-ranked analysis, behind the same table."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from exomics.enrichment._method import (
    EnrichmentMethod,
    FeatureStatistics,
    SetArrays,
    SetTests,
    no_correlation,
    one_variant,
)

_LARGEST_SEED = 2**31 - 1


def gseapy_prerank(
    features: FeatureStatistics,
    sets: SetArrays,
    *,
    generator: np.random.Generator,
    n_permutations: int = 1000,
    exponent: float = 1.0,
) -> SetTests:
    """Pre-ranked gene-set enrichment analysis as the package gseapy computes it.

    Parameters
    ----------
    features
        Signed scores of the measured features.
    sets
        n_sets of them.
    generator
        Its seed is drawn from this one.
    n_permutations
        Random sets per set.
    exponent
        Weight of the score.

    Returns
    -------
    SetTests
        ``effect`` is ES, ``statistic`` NES, ``leading`` its leading edge, by rank from the top.

    Raises
    ------
    InputError
        As the runner.

    Notes
    -----
    doi:10.1093/bioinformatics/btac757. A p-value of 0 means that no random set was as far from zero: it is reported as
    gseapy gives it. Memory grows with permutations times sets. Imported when it is called.

    Examples
    --------
    >>> z = np.linspace(3, -3, 100)
    >>> found = gseapy_prerank(FeatureStatistics(z, z, z, z), SetArrays(np.arange(8), np.array([0, 8]), np.ones(8)),
    ...                        generator=np.random.default_rng(0), n_permutations=100)
    >>> round(float(found.effect[0]), 6)
    1.0
    """
    if not len(sets):
        empty = np.empty(0)
        return SetTests(empty, one_variant(empty), one_variant(empty), no_correlation(0), (), {})
    import gseapy  # 1.5 s, and only here

    ranking = pd.Series(features.score, index=[f"f{column}" for column in range(features.score.size)])
    named = {f"s{which}": [f"f{column}" for column in sets.members(which)] for which in range(len(sets))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = gseapy.prerank(
            ranking.sort_values(ascending=False, kind="stable"),
            named,
            outdir=None,
            min_size=1,
            max_size=features.score.size,
            permutation_num=n_permutations,
            weight=exponent,
            seed=int(generator.integers(_LARGEST_SEED)),
            threads=1,
            no_plot=True,
            verbose=False,
        ).res2d.set_index("Term")
    rows = found.reindex([f"s{which}" for which in range(len(sets))])
    leading = [[int(name[1:]) for name in str(text).split(";") if name[:1] == "f"] for text in rows["Lead_genes"]]
    return SetTests(
        rows["ES"].to_numpy(dtype=np.float64),
        one_variant(rows["NES"].to_numpy(dtype=np.float64)),
        one_variant(rows["NOM p-val"].to_numpy(dtype=np.float64)),
        no_correlation(len(sets)),
        tuple(np.array(columns, dtype=np.int64) for columns in leading),
        {"gseapy": str(gseapy.__version__)},
    )


GSEAPY_PRERANK = EnrichmentMethod(
    name="gseapy_prerank",
    kind="enrichment",
    title="Pre-ranked gene-set enrichment by the package gseapy",
    function=gseapy_prerank,
    reference="10.1093/bioinformatics/btac757",
    license="BSD-3-Clause",
    cohort_dependent=True,
    comparable="none",
    units="effect: enrichment score (ES); statistic: normalized enrichment score (NES)",
    parameters={"n_permutations": 1000, "exponent": 1.0},
    random=True,
    requires=("gseapy",),
)
