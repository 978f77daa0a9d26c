"""Before and after in the same subjects."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import (
    Visits,
    constant_note,
    pairs_of,
    quoted,
    varying_within,
    with_covariates,
)
from exomics.schema import keys


def prepost(obs: pd.DataFrame, *, visits: Visits | None = None, covariates: Sequence[str] = ()) -> Analysis:
    """What changes from before to after, each subject beside itself?

    Parameters
    ----------
    obs
        Samples of subjects before and after; those without a partner are left out, and noted.
    visits
        Columns and times; default: subject_id, time_point, baseline, post.
    covariates
        Columns that change within subjects, such as batch; others are taken out by the pairing, and noted.

    Returns
    -------
    Analysis
        ``~ subject + post``, one contrast ``after - before``.

    Raises
    ------
    DesignError
        If a column or a visit is not there, no subject has both visits, or one has a visit twice.

    Examples
    --------
    >>> obs = pd.DataFrame({"subject_id": list("aabb"), "time_point": ["baseline", "post"] * 2}, index=list("1234"))
    >>> found = prepost(obs)
    >>> found.design, found.contrasts[0].name
    ('~ subject_id + post', 'post - baseline')
    """
    visits = visits or Visits()
    pairs = pairs_of(obs, visits)
    within, constant = varying_within(obs, pairs.samples["subject"], covariates)
    arms = obs.loc[pairs.samples.index, keys.ARM].nunique() if keys.ARM in obs.columns else 1
    pooled = [f"the {arms} arms are pooled: this is the change of all subjects, not an effect of an arm"]
    return Analysis(
        design=with_covariates(f"~ {quoted(visits.subject)} + post", within),
        contrasts=(Contrast(f"{visits.after} - {visits.before}", "post"),),
        samples=pairs.samples[["subject", "post"]].rename(columns={"subject": visits.subject}),
        notes=(
            "change within subjects: without a control arm it cannot be told from time, season, learning or regression "
            "to the mean",
            *(pooled if arms > 1 else []),
            *pairs.notes,
            *constant_note(constant),
        ),
    )
