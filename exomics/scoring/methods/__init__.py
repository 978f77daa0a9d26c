"""One file per scorer: the kernel on arrays, its declaration below it, and the explicit list of all of them."""

from __future__ import annotations

from typing import cast

from exomics.registry.method import Methods
from exomics.scoring._scorer import Scorer
from exomics.scoring.methods import (
    aucell,
    axis_min,
    dcq,
    delta,
    formula,
    geomean_tpm,
    gseapy_gsva,
    gseapy_ssgsea,
    gsva,
    log_ratio,
    mean_log2,
    mean_z,
    median_log2,
    metab,
    per_member,
    plage,
    rank_updown,
    shannon,
    site,
    ssgsea_es,
    ulm_neg,
    wsum_hk,
    zscore,
)

Scorers = Methods(
    "scorer",
    (
        mean_log2.SPEC,
        median_log2.SPEC,
        geomean_tpm.SPEC,
        rank_updown.SPEC,
        ssgsea_es.SPEC,
        wsum_hk.SPEC,
        log_ratio.SPEC,
        per_member.SPEC,
        mean_z.SPEC,
        zscore.SPEC,
        plage.SPEC,
        gsva.SPEC,
        aucell.SPEC,
        ulm_neg.SPEC,
        axis_min.SPEC,
        site.SPEC,
        metab.SPEC,
        dcq.SPEC,
        shannon.SPEC,
        delta.SPEC,
        formula.SPEC,
        gseapy_ssgsea.SPEC,
        gseapy_gsva.SPEC,
    ),
)

_ALIASES = {"singscore": "rank_updown", "ssgsea": "ssgsea_es"}
NO_SCORERS = {
    "camera": "it tests a contrast: exomics enrich",
    "same": "its sets are drawn for each scored signature: exomics score --controls, scoring.matched_controls",
}
"""Method keys of documents that do not score samples, and what does the work."""


def scorer(name: str) -> Scorer:
    """The scorer called `name`; ``singscore`` is ``rank_updown``, ``ssgsea`` is ``ssgsea_es``.

    Parameters
    ----------
    name
        Name of a scorer.

    Returns
    -------
    MethodSpec
        Its declaration, with the kernel.

    Raises
    ------
    RegistryError
        If there is none.

    Examples
    --------
    >>> scorer("singscore").name
    'rank_updown'
    """
    return cast(Scorer, Scorers[_ALIASES.get(name, name)])
