"""validate: a locked model on a cohort it never saw, with coverage, calibration and drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError, ScaleError
from exomics.registry.locked_model import LockedModel
from exomics.results import PerformanceTable, Provenance
from exomics.schema.words import words_of
from exomics.stratify.locking import Predicted, predict
from exomics.stratify.study.outcomes import outcome_of
from exomics.validation._locked_decisions import decisions, require_thresholds
from exomics.validation._locked_measures import measures, truth_of
from exomics.validation._rows import Label, Resampling, Row, performance, row

__all__ = ["drift", "validate"]

FloatArray = NDArray[np.float64]

MOST_DRIFT = 1.0
UNLIKE = 3.0


def validate(
    model: LockedModel,
    features: pd.DataFrame,
    outcome: pd.Series | pd.DataFrame,
    *,
    scale: str | Mapping[str, str],
    cohort_id: str,
    thresholds: Sequence[float] = (),
    resampling: Resampling | None = None,
) -> PerformanceTable:
    """Judge a locked model on samples it never saw, without refitting anything.

    Of two classes what `exomics.validation.external.assess_binary_risk` says of the probabilities (discrimination,
    calibration, accuracy, each with its interval) and the balanced error at the model's own threshold; of several AUC,
    Brier score, log loss, balanced error, and the calibration of each; of survival Harrell's concordance and what
    `assess_survival_risk` says of the risk by the last time of the model that follow-up reaches, with the Brier score
    integrated over its times. Beside them the coverage of the weight, the share of samples that could be predicted, of
    several parts the share that has each, and the median drift of the features.

    Parameters
    ----------
    model
        As read.
    features
        (n_samples, any features), indexed by sample; ``<block>:<feature>`` if the model has several blocks.
    outcome
        (n_samples,) classes; or two columns: time, and 1 for an event or 0 for a censored sample. Missing is left out.
    scale
        Scale of the features of each block, or of all, in words: must be that of the model.
    cohort_id
        Name of the cohort; must not be that in which the model was learned.
    thresholds
        Risks at which one would act. Then ``net_benefit@t`` of the model and of treating everybody (``treat_all``), and
        ``net_benefit_gain@t`` over the better of treating everybody and nobody, at these and at that of the model.
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
        If the cohort is the training cohort, nothing can be predicted, the outcome is not that of the model, or most
        features lie beyond 3 training standard deviations: then it is another quantity, whatever its scale is called;
        or thresholds are no risks, or are given for several classes.

    Notes
    -----
    DeLong et al. (1988), doi:10.2307/2531595; Van Calster et al. (2016), doi:10.1016/j.jclinepi.2015.12.005. The net
    benefit is that of `exomics.validation.decision.decision_curve`.

    Examples
    --------
    >>> from exomics.registry.locked_model import LockedLinear, Part
    >>> one = np.ones(1)
    >>> model = LockedLinear(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.0,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=0 * one, deviations=one)
    >>> values = pd.DataFrame({"CXCL9": np.linspace(-2, 2, 20)})
    >>> labels = pd.Series(["N", "R", "N", "N", "R"] * 2 + ["R", "N", "R", "R", "N"] * 2)
    >>> table = validate(model, values, labels, scale="log2", cohort_id="elsewhere")
    >>> round(float(table.frame.set_index("metric").loc["auc", "estimate"]), 4)
    0.6
    """
    _refuse_unlike(model, scale, cohort_id)
    require_thresholds(model, thresholds)
    known = outcome.dropna()
    shared = features.loc[[name for name in features.index if name in known.index]]
    if shared.empty:
        raise InputError("no sample has both features and an outcome; check that both are indexed by sample_id.")
    truth = _truth(model, known.loc[shared.index], cohort_id)
    found = predict(model, shared)
    usable, resampled = np.isfinite(found.probability), resampling or Resampling()
    rows = [*_coverage_rows(model, shared, found), *measures(model, found, truth, resampled)]
    rows += decisions(model, found, truth, thresholds, resampled)
    label = Label(model.id, cohort_id, model.endpoint)
    scales = scale if isinstance(scale, str) else "; ".join(dict.fromkeys(scale.values()))
    words = {"model": model.id, "version": model.version, "model_sha256": model.sha256, "scale": scales}
    parameters = words | ({"thresholds": list(thresholds)} if thresholds else {})
    provenance = Provenance(method="validate", parameters=parameters)
    n_events = _events(model, truth[usable])
    return performance(rows, label, provenance=provenance, n_samples=int(usable.sum()), n_events=n_events)


def drift(model: LockedModel, features: pd.DataFrame) -> pd.Series:
    """How far each feature of a model lies from where it was learned, in training standard deviations.

    ``(mean here - mean in training) / deviation in training``; 0 where both means are the same.

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
    >>> from exomics.registry.locked_model import LockedLinear, Part
    >>> one = np.ones(1)
    >>> model = LockedLinear(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.0,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=one, deviations=2 * one)
    >>> drift(model, pd.DataFrame({"CXCL9": [4.0, 6.0]})).tolist()
    [2.0]
    """
    here = features.reindex(columns=list(model.features)).mean(axis=0)
    return ((here - model.means) / model.deviations).mask(here == model.means, 0.0)


def _refuse_unlike(model: LockedModel, scale: str | Mapping[str, str], cohort_id: str) -> None:
    given = dict.fromkeys(model.scales, scale) if isinstance(scale, str) else scale
    for block, here in given.items():
        if block not in model.scales:
            raise InputError(f"{model.id} knows no block {block!r}; it was learned on {', '.join(model.scales)}.")
        if here != model.scales[block]:
            there = model.scales[block]
            raise ScaleError(f"{model.id} was learned on {there!r}; these features are on {here!r}: convert them.")
    if cohort_id == model.cohort:
        raise InputError(f"{model.id} was learned in {model.cohort!r}: a validation needs a cohort it never saw.")


def _truth(model: LockedModel, known: pd.Series | pd.DataFrame, cohort_id: str) -> FloatArray:
    """Positions of classes, (n_samples,), or time and event, (n_samples, 2)."""
    if model.times:
        if not isinstance(known, pd.DataFrame):
            raise InputError(f"{model.id} predicts survival: give two columns, the time and the event.")
        found = outcome_of(known, None)
        return np.column_stack([np.asarray(found.time), found.labels])
    if isinstance(known, pd.DataFrame):
        raise InputError(f"{model.id} predicts classes: give one column, not {known.shape[1]}.")
    return truth_of(model, words_of(known).tolist(), cohort_id)


def _events(model: LockedModel, truth: FloatArray) -> int:
    """Events of survival, or samples of the positive class; of several classes, of the rarest."""
    if model.times or model.positive:
        return int(truth[:, 1].sum() if model.times else truth.sum())
    return int(np.bincount(truth.astype(np.int64), minlength=len(model.classes)).min())


def _coverage_rows(model: LockedModel, features: pd.DataFrame, found: Predicted) -> list[Row]:
    missing, note, warning = [name for name in model.features if name not in features.columns], "", ""
    if missing:
        note = f"not measured: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}"
    moved = drift(model, features).abs().dropna()
    middle = float(moved.median())
    if middle > UNLIKE:
        raise InputError(
            f"half of the features of {model.id} lie {middle:.1f} training standard deviations or more from where it "
            f"was learned (most: {moved.idxmax()}): these are not the quantities it knows. Harmonize them first."
        )
    far = moved[moved > MOST_DRIFT]
    if len(far):
        warning = f"{len(far)} features beyond {MOST_DRIFT:g} SD (most: {far.idxmax()}): not like the training cohort"
    return [
        row("coverage", float(found.coverage.mean()), note=note),
        row("predicted_fraction", float(np.isfinite(found.probability).mean())),
        row("median_drift", middle, note=warning),
        *_parts(model, found),
    ]


def _parts(model: LockedModel, found: Predicted) -> list[Row]:
    """How many samples have each of several parts; the others are predicted without it."""
    shares = found.measured.mean(axis=0)
    each = [row(f"measured:{name}", float(share)) for name, share in zip(model.part_names, shares, strict=True)]
    return each if len(each) > 1 else []
