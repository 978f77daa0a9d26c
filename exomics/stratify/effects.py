"""What can be said of few subjects: each feature beside the classes, with its interval, and no classifier."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.discrimination import area_under_curve, standardized_mean_difference
from exomics.stratify.study.features import Study

__all__ = ["effect_table"]

FloatArray = NDArray[np.float64]

_DEVIATE = 1.959963984540054


def effect_table(study: Study) -> PerformanceTable:
    """How far each feature tells two classes apart, one value per subject.

    Samples of a subject (of what must stay together) are averaged. The AUC has DeLong's interval; the standardized
    difference is Hedges' g, positive minus other class, with the interval of its large-sample variance.

    Parameters
    ----------
    study
        Of two classes, with any number of subjects.

    Returns
    -------
    PerformanceTable
        Two rows per feature, ``auc`` and ``standardized_difference``, with role ``apparent``; NaN where a feature was
        not measured in both classes.

    Raises
    ------
    DesignError
        If the outcome has not two classes, or a subject has both.

    Notes
    -----
    DeLong et al. (1988), doi:10.2307/2531595; Hedges (1981), doi:10.3102/10769986006002107. Intervals are not adjusted
    for the number of features, which the provenance tells.

    Examples
    --------
    >>> names = [f"s{i}" for i in range(8)]
    >>> values = pd.DataFrame({"CXCL9": [1.0, 2.0, 3.0, 4.0, 3.5, 5.0, 6.0, 7.0]}, index=names)
    >>> groups = pd.DataFrame({"subject_id": names}, index=names)
    >>> study = Study.of(values, pd.Series([0, 0, 0, 0, 1, 1, 1, 1], index=names), groups)
    >>> effect_table(study).frame.set_index("metric")["estimate"].round(3).to_dict()
    {'auc': 0.938, 'standardized_difference': 1.789}
    """
    if study.kind != "binary":
        raise DesignError("effects of features are for an outcome of two classes.")
    groups, first, place = np.unique(study.groups, return_index=True, return_inverse=True)
    labels = study.labels[first]
    if (labels[place] != study.labels).any():
        raise DesignError("a subject has samples of both classes; give one outcome per subject.")
    values = _averaged(study.features, place, len(groups))
    auc, difference = area_under_curve(values, labels), standardized_mean_difference(values, labels)
    margin = _DEVIATE * difference.standard_error
    parts = {
        "auc": (auc.estimate, auc.ci_low, auc.ci_high),
        "standardized_difference": (difference.estimate, difference.estimate - margin, difference.estimate + margin),
    }
    counts = {"n_samples": difference.n_positive + difference.n_negative, "n_events": difference.n_positive}
    frames = [
        pd.DataFrame({"signature_id": study.names, "estimate": told, "ci_low": low, "ci_high": high} | counts).assign(
            metric=metric
        )
        for metric, (told, low, high) in parts.items()
    ]
    words = {"cohort_id": study.cohort, "endpoint": study.endpoint, "role": "apparent", "resampling": "", "note": ""}
    frame = pd.concat(frames).sort_index(kind="stable").assign(**words)
    parameters = {"n_subjects": len(groups), "n_features": len(study.names), "positive": study.positive}
    provenance = Provenance(method="effect_table", parameters=parameters, inputs=study.inputs)
    return PerformanceTable(frame=frame.reset_index(drop=True), provenance=provenance)


def _averaged(values: FloatArray, place: NDArray[np.int64], n: int) -> FloatArray:
    """Mean of the measured samples of each group, (n, n_features); NaN where none is."""
    measured = np.isfinite(values)
    total, count = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
    np.add.at(total, place, np.where(measured, values, 0.0))
    np.add.at(count, place, measured)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
