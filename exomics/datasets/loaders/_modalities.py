"""Several assays of the same subjects in one MuData, aligned on the subject, never on a guessed name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import mudata
import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics.errors import InputError
from exomics.schema import keys


def by_subject(modalities: Mapping[str, AnnData], *, further: tuple[str, ...] = ()) -> MuData:
    """A MuData whose ``obs_names`` are ``subject_id``, with ``|`` and further columns where a subject has several.

    Parameters
    ----------
    modalities
        Name to AnnData; each has ``subject_id``. The assay's own sample id moves to ``obs["sample_id"]``.
    further
        Obs columns that tell the samples of a subject apart, such as ``time_point``.

    Returns
    -------
    MuData

    Raises
    ------
    InputError
        If two samples of a modality would have one name.
    """
    renamed: dict[str, AnnData] = {}
    for name, held in modalities.items():
        adata = held.copy()
        labels = adata.obs[[keys.SUBJECT_ID, *further]].astype(str).agg("|".join, axis=1)
        repeated = sorted(set(labels[labels.duplicated()]))
        if repeated or adata.obs[keys.SUBJECT_ID].isna().any():
            raise InputError(
                f"modality {name}: every sample needs its own subject; {len(repeated)} subjects have several samples "
                f"({', '.join(repeated[:3])}). Keep one sample per subject, or tell them apart by time point."
            )
        adata.obs.insert(0, keys.SAMPLE_ID, list(adata.obs_names))
        adata.obs_names = pd.Index(list(labels), name=None)
        renamed[name] = adata
    return together(renamed)


def together(modalities: Mapping[str, AnnData]) -> MuData:
    """A MuData of `modalities` whose columns stay with their modality."""
    with warnings.catch_warnings(), mudata.set_options(pull_on_update=False):
        warnings.simplefilter("ignore")
        return MuData(dict(modalities))
