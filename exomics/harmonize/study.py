"""A study's own words beside its samples: checked, attached, and what follows from them derived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._read import species_present
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step
from exomics.schema.dose import Dose, derive_dose
from exomics.schema.host import host_of
from exomics.schema.sample_sheet import check_samples
from exomics.schema.study import check_study, completeness, word_of
from exomics.schema.timing import ACUTE, RESTING, derive_timing

_TOLERATED_MINUTES = 1.0


def describe_study(
    adata: AnnData, study: Mapping[str, Mapping[str, Any]], *, strict: bool = False, source: str = "study.yaml"
) -> tuple[AnnData, LossReport]:
    """A copy of `adata` that carries its study, with the timing class of each sample.

    Parameters
    ----------
    adata
        Samples x features; ``obs`` is the sample sheet.
    study
        Group -> field -> value, as ``study.yaml`` holds it.
    strict
        Refuse a study that does not report what a claim about exercise needs (see `exomics.schema.study.check_study`).
    source
        What to call the study in messages.

    Returns
    -------
    AnnData
        ``uns["exomics"]["study"]`` holds the study as JSON text, from which scorers read strain and model;
        ``obs`` gains ``minutes_post_bout``, ``timing_class`` and ``exposure`` (acute or resting).
    LossReport
        Samples whose time after a bout is unknown or contradictory; notes on completeness, dose and host.

    Raises
    ------
    InputError
        If the study or the sheet is not what it must be, or the study is of another species than the samples.

    Examples
    --------
    >>> from exomics.schema.study import template
    >>> study = template(species="rat")
    >>> study["timing"]["last_bout_hours"] = 48
    >>> told, lost = describe_study(AnnData(np.ones((1, 1))), study)
    >>> told.obs["timing_class"].tolist()
    ['>=48 h rest']
    """
    check_study(study, source, strict=strict)
    check_samples(adata.obs, study)
    _require_one_species(adata, study, source)
    timing = derive_timing(adata.obs, study)
    unknown = timing.index[timing[keys.MINUTES_POST_BOUT].isna()]
    report = LossReport.of(
        [
            (
                "unknown timing",
                map(str, unknown),
                "no time after a bout in the sheet or the study: neither acute nor resting",
            ),
            ("contradictory timing", _at_odds(adata.obs), "minutes_post_bout is kept; the two times say otherwise"),
        ],
        [f"{100 * completeness(study):.0f} % of the applicable fields of {source} are reported."],
    )
    exposures = set(timing[keys.EXPOSURE]) - {""}
    mixed = ["acute and resting samples are mixed: compare them apart."] if exposures == {ACUTE, RESTING} else []
    report = report + LossReport.of([], [*mixed, *_dose_notes(derive_dose(study))])
    parameters = {"source": source, "strict": strict}
    described = record_step(adata, "describe_study", parameters, losses=report.to_records(), notes=list(report.notes))
    described.uns[keys.EXOMICS][keys.STUDY] = json.dumps(study, sort_keys=True, default=str)
    described.obs[list(timing.columns)] = timing
    return described, report + LossReport.of([], _host_notes(described))


def _require_one_species(adata: AnnData, study: Mapping[str, Mapping[str, Any]], source: str) -> None:
    said = word_of(study, "study", "species")
    found = species_present(adata)
    if said and found not in ([], [said]):
        raise InputError(f"{source} is of {said}; the samples are {', '.join(found)}.")


def _at_odds(obs: pd.DataFrame) -> list[str]:
    """Samples whose minutes after the bout are not the difference of their two times."""
    if not {keys.MINUTES_POST_BOUT, "bout_end_time", "sample_time"} <= set(obs.columns):
        return []
    said = derive_timing(obs[[keys.MINUTES_POST_BOUT]])[keys.MINUTES_POST_BOUT]
    timed = derive_timing(obs[["bout_end_time", "sample_time"]])[keys.MINUTES_POST_BOUT]
    differ = (said - timed).abs() > _TOLERATED_MINUTES
    return [f"{name} ({said[name]:g}, not {timed[name]:g} min)" for name in obs.index[differ]]


def _dose_notes(dose: Dose) -> list[str]:
    if np.isfinite(dose.met_hours_per_week):
        return [f"dose: {dose.met_hours_per_week:.1f} MET h/week ({dose.basis})."]
    if np.isfinite(dose.met_hours_low):
        return [f"dose: {dose.met_hours_low:.1f} to {dose.met_hours_high:.1f} MET h/week ({dose.basis})."]
    if np.isfinite(dose.distance_km_per_week):
        return [f"dose: {dose.minutes_per_week:g} min and {dose.distance_km_per_week:.1f} km a week."]
    return [f"dose: not derived ({dose.basis})."]


def _host_notes(adata: AnnData) -> list[str]:
    host = host_of(adata)
    notes = [f"{gene} is null in {strain}: scores leave it out." for gene, strain in host.null_genes.items()]
    return notes + (["xenografts: adaptive-immune scores are not applicable."] if host.is_xenograft else [])
