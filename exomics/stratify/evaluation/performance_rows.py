"""Rows of a performance table: measures with their intervals, and what omics add to the models without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.stratify.evaluation.bootstrap import HeldOut, bootstrapped, subject_weights
from exomics.stratify.evaluation.intervals import corrected_interval
from exomics.stratify.evaluation.predictions import measure_names
from exomics.stratify.evaluation.settings import CrossValidation
from exomics.stratify.study.features import Study

FloatArray = NDArray[np.float64]

CLINICAL = "clinical_only"
BASELINE = "no_features"
_BEYOND = 0.025


def measured_rows(study: Study, how: CrossValidation, values: Mapping[str, FloatArray]) -> list[dict[str, Any]]:
    """Each model's measures, then how much its first one is above that of the models without omics."""
    scheme = f"{how.n_repeats} x {how.n_folds} folds by {study.grouped_by}, {how.inner_folds} inner folds"
    names = measure_names(study)
    rows = []
    for name, found in values.items():
        interval = corrected_interval(found, how.n_folds)
        rows += [
            performance_row(name, metric, (interval.estimate[at], interval.ci_low[at], interval.ci_high[at]), scheme)
            for at, metric in enumerate(names)
        ]
        for other in (CLINICAL, BASELINE):
            if name in how.pipelines and other in values and name != other:
                gain = corrected_interval(found[:, :1] - values[other][:, :1], how.n_folds)
                limits = (gain.estimate[0], gain.ci_low[0], gain.ci_high[0])
                rows.append(performance_row(name, f"{names[0]}_above_{other}", limits, scheme))
    return rows


def performance_row(name: str, metric: str, limits: Sequence[float], resampling: str, **more: Any) -> dict[str, Any]:
    estimate, low, high = limits
    base = {"signature_id": name, "metric": metric, "role": "resampled", "resampling": resampling, "note": ""}
    return base | {"estimate": estimate, "ci_low": low, "ci_high": high} | more


def bootstrap_rows(study: Study, how: CrossValidation, repeats: Mapping[str, list[HeldOut]]) -> list[dict[str, Any]]:
    """Percentile intervals of subjects drawn again; the draws are those of every model."""
    if not how.n_bootstraps:
        return []
    weights = subject_weights(study.groups, how.n_bootstraps, np.random.default_rng(how.seed))
    scheme = f"{how.n_bootstraps} draws of {study.grouped_by} among what was held out"
    rows = []
    for name, found in repeats.items():
        for metric, values in bootstrapped(found, study.response, weights).items():
            low, high = np.nanquantile(values[1:], (_BEYOND, 1.0 - _BEYOND))
            rows.append(performance_row(name, f"{metric}_bootstrap", (values[0], low, high), scheme))
    return rows
