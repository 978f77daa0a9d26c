"""One file per scorer: the kernel on arrays, its declaration below it, and the explicit list of all of them."""

from __future__ import annotations

from typing import cast

from exomics.registry.method import Methods
from exomics.scoring._scorer import Scorer
from exomics.scoring.methods import (
    geomean_tpm,
    log_ratio,
    mean_log2,
    median_log2,
    per_member,
    rank_updown,
    ssgsea_es,
    wsum_hk,
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
    ),
)

_ALIASES = {"singscore": "rank_updown"}


def scorer(name: str) -> Scorer:
    """The scorer called `name`; ``singscore`` is ``rank_updown``.

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
