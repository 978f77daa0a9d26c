"""Scores that go together between subjects: of several samples of one subject the mean counts, once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.schema import keys
from exomics.stats.partial_correlation import PartialCorrelation, partial_correlation

AVERAGED = "tumors of one subject count once, by their mean: n_samples counts subjects"
_NOTHING = PartialCorrelation(np.nan, np.nan, np.nan, np.nan, 0)


def subjects_of(adata: AnnData) -> pd.Series:
    """The subject of each sample; a sample without one is its own."""
    own = pd.Series([f"sample {name}" for name in adata.obs_names], index=adata.obs_names)
    if keys.SUBJECT_ID not in adata.obs.columns:
        return own
    given = adata.obs[keys.SUBJECT_ID].astype(object)
    return given.where(given.notna() & (given.astype(str) != ""), own)


def between_subjects(
    left: pd.Series, right: pd.Series, covariates: pd.DataFrame, subjects: pd.Series
) -> PartialCorrelation:
    """Partial correlation of two scores by sample, between subjects; nothing with fewer of them than it needs."""
    table = pd.concat([left.rename("left"), right.rename("right"), covariates], axis=1, join="inner").dropna()
    means = table.groupby(subjects.loc[table.index].to_numpy(), sort=False).mean().to_numpy(dtype=np.float64)
    if len(means) < covariates.shape[1] + 4:
        return _NOTHING
    return partial_correlation(means[:, 0], means[:, 1], means[:, 2:])
