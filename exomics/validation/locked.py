"""validate: a locked model on a cohort it never saw, with coverage, calibration and drift."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError, ScaleError
from exomics.registry.locked_model import LockedModel
from exomics.results import PerformanceTable, Provenance
from exomics.stratify.locked_model import Predicted, predict
from exomics.validation._rows import Label, Resampling, Row, performance, row
from exomics.validation.external import assess_binary_risk

__all__ = ["drift", "validate"]

FloatArray = NDArray[np.float64]

MOST_DRIFT = 1.0
UNLIKE = 3.0
_LEAST_SAMPLES = 10
_NEVER = 1e-9  # log odds beyond this are rounded to 0 or 1, which have no logit


def validate(
    model: LockedModel,
    features: pd.DataFrame,
    outcome: pd.Series,
    *,
    scale: str,
    cohort_id: str,
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """Judge a locked model on samples it never saw, without refitting anything.

    What `exomics.validation.external.assess_binary_risk` says of the probabilities (discrimination, calibration,
    accuracy, each with its interval), the balanced error at the model's own threshold, the coverage of its weight, the
    share of samples that could be predicted, and the median drift of the features.

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
    resampling
        Bootstrap of the intervals that have no formula.

    Returns
    -------
    PerformanceTable
        Role ``external``; a measure that cannot be given has a note instead.

    Raises
    ------
    ScaleError
        If the scale is another.
    InputError
        If the cohort is the training cohort, nothing can be predicted, the outcome has not two values, or most features
        lie beyond 3 training standard deviations: then it is another quantity, whatever its scale is called.

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
    usable = np.isfinite(found.probability)
    rows = [*_coverage_rows(model, shared, found), *_measures(model, found, labels, resampling or Resampling())]
    label = Label(model.id, cohort_id, model.endpoint)
    parameters = {"model": model.id, "version": model.version, "model_sha256": model.sha256, "scale": scale}
    provenance = Provenance(method="validate", parameters=parameters)
    counts = {"n_samples": int(usable.sum()), "n_events": int(labels[usable].sum())}
    return performance(rows, label, provenance=provenance, **counts)


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


def _coverage_rows(model: LockedModel, features: pd.DataFrame, found: Predicted) -> list[Row]:
    missing = [name for name in model.features if name not in features.columns]
    note = f"not measured: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}" if missing else ""
    moved = drift(model, features).abs()
    middle = float(moved.median())
    if middle > UNLIKE:
        raise InputError(
            f"half of the features of {model.id} lie {middle:.1f} training standard deviations or more from where it "
            f"was learned (most: {moved.idxmax()}): these are not the quantities it knows. Harmonize them first."
        )
    far = moved[moved > MOST_DRIFT]
    warning = f"{len(far)} features beyond {MOST_DRIFT:g} SD (most: {moved.idxmax()}): not like the training cohort"
    return [
        row("coverage", float(found.coverage.mean()), note=note),
        row("predicted_fraction", float(np.isfinite(found.probability).mean())),
        row("median_drift", middle, note=warning if len(far) else ""),
    ]


def _measures(model: LockedModel, found: Predicted, labels: FloatArray, resampling: Resampling) -> list[Row]:
    usable = np.isfinite(found.probability)
    probability, truth = found.probability[usable], labels[usable]
    if usable.sum() < _LEAST_SAMPLES or len(np.unique(truth)) < 2:
        note = f"{int(usable.sum())} samples could be predicted: too few of both classes for a measure"
        return [row(metric, np.nan, note=note) for metric in ("auc", "balanced_error", "brier", "calibration_slope")]
    errors = [np.mean(found.called[usable][truth == value] != value) for value in (0, 1)]
    threshold = row("balanced_error", float(np.mean(errors)), note=f"at {model.threshold:g}: {model.threshold_rule}")
    risk = np.clip(probability, _NEVER, 1.0 - _NEVER)
    told = assess_binary_risk(risk, truth, label=Label(model.id, "", ""), resampling=resampling).frame
    given: list[Row] = [{str(name): value for name, value in one.items()} for one in told.to_dict("records")]
    return [*({name: one[name] for name in threshold} for one in given), threshold]
