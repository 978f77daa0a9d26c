"""Several visits of the same subjects, each a block of correlated samples."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import labels_of, levels_of, quoted, with_covariates
from exomics.differential.omnibus import Omnibus
from exomics.errors import DesignError
from exomics.schema import keys


def repeated_measures(
    obs: pd.DataFrame,
    *,
    subject: str = keys.SUBJECT_ID,
    time: str = keys.TIME_POINT,
    first: str = "baseline",
    covariates: Sequence[str] = (),
) -> Analysis:
    """What changes over the visits, with the samples of a subject correlated?

    Parameters
    ----------
    obs
        Samples of subjects at two or more visits; not every subject needs every visit.
    subject, time
        Columns of obs.
    first
        The visit that the others are compared with.
    covariates
        Further columns of obs; those of the subject, such as sex, may enter.

    Returns
    -------
    Analysis
        ``~ 0 + visit`` with subjects as blocks (a method that takes `block`: of the limma family): a contrast
        ``visit - first`` per visit (family ``visits``), and the set ``any visit`` of all of them.

    Raises
    ------
    DesignError
        If a column or the first visit is not there, or no subject has two samples.

    Examples
    --------
    >>> obs = pd.DataFrame({"subject_id": list("aaabbb"), "time_point": ["baseline", "mid", "post"] * 2})
    >>> found = repeated_measures(obs)
    >>> [contrast.name for contrast in found.contrasts], found.parameters
    (['mid - baseline', 'post - baseline'], {'block': 'subject_id'})
    """
    levels = levels_of(obs, time, first)
    subjects = labels_of(obs, subject)
    if not subjects.duplicated().any():
        raise DesignError(f"no {subject} has two samples; there is nothing repeated. Use training_effect.")
    contrasts = tuple(
        Contrast(f"{level} - {first}", f"{quoted(level)} - {quoted(first)}", "visits") for level in levels[1:]
    )
    return Analysis(
        design=with_covariates("~ 0 + visit", covariates),
        contrasts=contrasts,
        omnibus=(Omnibus("any visit", tuple(one.name for one in contrasts)),),
        parameters={"block": subject},
        samples=pd.DataFrame({"visit": labels_of(obs, time), subject: subjects}),
        notes=(
            "subjects are blocks: their samples are correlated alike for all features and all pairs of visits; a "
            "missing visit is missing at random; without a control arm no change can be told from time or learning",
        ),
    )
