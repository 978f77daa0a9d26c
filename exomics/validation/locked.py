"""validate: a locked model on a cohort it never saw, with coverage, calibration and drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError, ScaleError
from exomics.registry.locked_model import LockedModel
from exomics.results import PerformanceTable, Provenance
from exomics.stats.calibration import binary_calibration
from exomics.stats.discrimination import area_under_curve
from exomics.stratify.locked_model import Predicted, predict

__all__ = ["drift", "validate"]

FloatArray = NDArray[np.float64]

MOST_DRIFT = 1.0
_LEAST_SAMPLES = 10
_NEVER = 1e-9  # log odds beyond this are rounded to 0 or 1, which have no logit
_WALD = 1.959963984540054


def validate(
    model: LockedModel, features: pd.DataFrame, outcome: pd.Series, *, scale: str, cohort_id: str
) -> PerformanceTable:
    """Judge a locked model on samples it never saw, without refitting anything.

    AUC with DeLong's interval; balanced error at the model's own threshold; Brier score; calibration intercept and
    slope with Wald intervals, and the mean absolute error of the calibration curve; the share of samples that could be
    predicted; the median drift of the features.

    Parameters
    ----------
    model
        As read.
    features
        (n_samples, any features), indexed by sample.
    outcome
        (n_samples,) the value that the model calls positive, or another; missing is left out.
    scale
        Scale of `features`, in words: must be that of the model.
    cohort_id
        Name of the cohort; must not be that in which the model was learned.

    Returns
    -------
    PerformanceTable
        Role ``external``; a measure that cannot be given has a note instead.

    Raises
    ------
    ScaleError
        If the scale is another.
    InputError
        If the cohort is the training cohort, nothing can be predicted, or the outcome has not two values.

    Notes
    -----
    DeLong et al. (1988), doi:10.2307/2531595; Van Calster et al. (2016), doi:10.1016/j.jclinepi.2015.12.005.

    Examples
    --------
    >>> one = np.ones(1)
    >>> model = LockedModel(id="m", version="1.0.0", endpoint="response", positive="R", cohort="training",
    ...     scale="log2", intercept=0.0, threshold=0.5, threshold_rule="one half", n_samples=40, n_events=20,
    ...     min_coverage=0.8, features=("CXCL9",), coefficients=one, fills=one, means=0 * one, deviations=one)
    >>> values = pd.DataFrame({"CXCL9": np.linspace(-2, 2, 20)})
    >>> labels = pd.Series(["N", "R", "N", "N", "R"] * 2 + ["R", "N", "R", "R", "N"] * 2)
    >>> table = validate(model, values, labels, scale="log2", cohort_id="elsewhere")
    >>> round(float(table.frame.set_index("metric").loc["auc", "estimate"]), 4)
    0.6
    """
    _refuse_unlike(model, scale, cohort_id)
    known = outcome.dropna()
    shared = features.loc[[name for name in features.index if name in known.index]]
    if shared.empty:
        raise InputError("no sample has both features and an outcome; check that both are indexed by sample_id.")
    words = known.loc[shared.index].astype(str)
    if words.nunique() != 2 or model.positive not in set(words):
        shown = ", ".join(sorted(set(words))[:6])
        raise InputError(f"the outcome of {cohort_id} needs two values, {model.positive!r} among them; it has {shown}.")
    labels = np.asarray(words == model.positive, dtype=np.float64)
    found = predict(model, shared)
    rows = [*_coverage_rows(model, shared, found), *_measures(model, found, labels)]
    base = {"signature_id": model.id, "cohort_id": cohort_id, "endpoint": model.endpoint, "role": "external"}
    usable = np.isfinite(found.probability)
    counts = {"n_samples": int(usable.sum()), "n_events": int(labels[usable].sum()), "resampling": ""}
    parameters = {"model": model.id, "version": model.version, "model_sha256": model.sha256, "scale": scale}
    frame = pd.DataFrame([base | counts | row for row in rows], columns=list(PerformanceTable.columns))
    return PerformanceTable(frame=frame, provenance=Provenance(method="validate", parameters=parameters))


def drift(model: LockedModel, features: pd.DataFrame) -> pd.Series:
    """How far each feature of a model lies from where it was learned, in training standard deviations.

    ``(mean here - mean in training) / deviation in training``.

    Parameters
    ----------
    model
        As read.
    features
        (n_samples, any features).

    Returns
    -------
    Series
        (n_features of the model,), NaN where not measured.

    Notes
    -----
    Beyond 1, the scale or the platform is the likely cause rather than the patients.

    Examples
    --------
    >>> one = np.ones(1)
    >>> model = LockedModel(id="m", version="1.0.0", endpoint="response", positive="R", cohort="training",
    ...     scale="log2", intercept=0.0, threshold=0.5, threshold_rule="one half", n_samples=40, n_events=20,
    ...     min_coverage=0.8, features=("CXCL9",), coefficients=one, fills=one, means=one, deviations=2 * one)
    >>> drift(model, pd.DataFrame({"CXCL9": [4.0, 6.0]})).tolist()
    [2.0]
    """
    here = features.reindex(columns=list(model.features)).mean(axis=0)
    return (here - model.means) / model.deviations


def _refuse_unlike(model: LockedModel, scale: str, cohort_id: str) -> None:
    if scale != model.scale:
        raise ScaleError(
            f"{model.id} was learned on {model.scale!r}; these features are on {scale!r}: convert them first."
        )
    if cohort_id == model.cohort:
        raise InputError(f"{model.id} was learned in {model.cohort!r}: a validation needs a cohort it never saw.")


def _row(metric: str, estimate: float, low: float = np.nan, high: float = np.nan, note: str = "") -> dict[str, Any]:
    return {"metric": metric, "estimate": estimate, "ci_low": low, "ci_high": high, "note": note}


def _coverage_rows(model: LockedModel, features: pd.DataFrame, found: Predicted) -> list[dict[str, Any]]:
    missing = [name for name in model.features if name not in features.columns]
    note = f"not measured: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}" if missing else ""
    moved = drift(model, features).abs()
    far = moved[moved > MOST_DRIFT]
    warning = f"{len(far)} features beyond {MOST_DRIFT:g} SD (most: {moved.idxmax()}): not like the training cohort"
    return [
        _row("coverage", float(found.coverage.mean()), note=note),
        _row("predicted_fraction", float(np.isfinite(found.probability).mean())),
        _row("median_drift", float(moved.median()), note=warning if len(far) else ""),
    ]


def _measures(model: LockedModel, found: Predicted, labels: FloatArray) -> list[dict[str, Any]]:
    usable = np.isfinite(found.probability)
    probability, truth = found.probability[usable], labels[usable]
    if usable.sum() < _LEAST_SAMPLES or len(np.unique(truth)) < 2:
        note = f"{int(usable.sum())} samples could be predicted: too few of both classes for a measure"
        return [_row(metric, np.nan, note=note) for metric in ("auc", "balanced_error", "brier", "calibration_slope")]
    auc = area_under_curve(probability, truth)
    errors = [np.mean(found.called[usable][truth == value] != value) for value in (0, 1)]
    fit = binary_calibration(np.clip(probability, _NEVER, 1.0 - _NEVER), truth)
    slope, intercept = _WALD * fit.slope_error, _WALD * fit.intercept_error
    return [
        _row("auc", auc.estimate[0], auc.ci_low[0], auc.ci_high[0]),
        _row("balanced_error", float(np.mean(errors)), note=f"at {model.threshold:g}: {model.threshold_rule}"),
        _row("brier", fit.brier),
        _row("calibration_intercept", fit.intercept, fit.intercept - intercept, fit.intercept + intercept),
        _row("calibration_slope", fit.slope, fit.slope - slope, fit.slope + slope),
        _row("calibration_error", fit.ici, note="mean absolute distance of the calibration curve"),
    ]
