"""Leave one cohort out: what a pipeline learned in some cohorts does in another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from exomics.errors import DesignError
from exomics.results import PerformanceTable, PredictionTable, Provenance
from exomics.stats.discrimination import Auc, area_under_curve
from exomics.stats.meta_analysis import combine_effects
from exomics.stratify.evaluation.cross_validation import CrossValidated, models_of
from exomics.stratify.evaluation.predictions import held_out, prediction_rows
from exomics.stratify.evaluation.settings import CrossValidation
from exomics.stratify.evaluation.work import Uninterrupted, Work
from exomics.stratify.study.features import Study
from exomics.stratify.study.splits import Fold

__all__ = ["leave_one_cohort_out"]

FloatArray = NDArray[np.float64]

ALL = "all cohorts"
_SCHEME = "leave one cohort out"
_GUESS = 0.5


def leave_one_cohort_out(
    study: Study, cohorts: ArrayLike, settings: CrossValidation | None = None, *, work: Work | None = None
) -> CrossValidated:
    """Learn in all cohorts but one, predict that one, and pool what was reached over the cohorts.

    Nothing of the cohort left out is used before it is predicted: medians, scales and selection come from the others,
    and the settings are those that did best in cohorts left out among them.

    Parameters
    ----------
    study
        Of two classes, with features on one scale in all cohorts.
    cohorts
        (n_samples,) name of the cohort of each sample of `study`.
    settings
        Pipelines and seed; folds are the cohorts, and nothing is shuffled or drawn.
    work
        Who does the units of work.

    Returns
    -------
    CrossValidated
        ``auc`` per model and cohort with DeLong's interval; over all cohorts ``pooled_auc``, a random-effects mean on
        the logit scale with the interval of Hartung and Knapp, and ``auc_in_a_new_cohort`` with the prediction
        interval. A cohort with one class is learned from, and has a row without an estimate. A model that tells nobody
        apart counts as a guess, with the error ``sqrt((n_1 + n_0 + 1) / (12 n_1 n_0))``; an AUC of 0 or 1 enters the
        pool as ``(AUC n_1 n_0 + 1 / 2) / (n_1 n_0 + 1)``.

    Raises
    ------
    DesignError
        If there are fewer than three cohorts with both classes, or a subject is in two cohorts.

    Notes
    -----
    Internal-external validation: Steyerberg and Harrell (2016), doi:10.1016/j.jclinepi.2015.04.005; pooling of AUCs on
    the logit scale: Snell et al. (2018), doi:10.1177/0962280217705678. DeLong et al. (1988), doi:10.2307/2531595; where
    its error is 0, Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(90)]
    >>> labels = np.tile([0, 1], 45)
    >>> values = pd.DataFrame(generator.normal(size=(90, 4)) + labels[:, None] * [1.5, 0, 0, 0], index=names)
    >>> study = Study.of(values, pd.Series(labels, index=names), pd.DataFrame({"subject_id": names}, index=names))
    >>> found = leave_one_cohort_out(study, np.repeat(["A", "B", "C"], 30)).performance.frame
    >>> found[found["metric"] == "auc"]["cohort_id"].unique().tolist()
    ['A', 'B', 'C']
    """
    how, doer = settings or CrossValidation(), work or Uninterrupted()
    labels, outer = np.asarray(cohorts).astype(str), _outer(study, cohorts)
    models = models_of(study, how)
    doer.begin("cohorts left out", len(outer) * len(models))
    rows, predicted = [], []
    for name, (built, data) in models.items():
        aucs = {}
        for number, (cohort, fold) in enumerate(outer.items(), start=1):
            inner = _inner(study.labels[fold.train], labels[fold.train])
            told = doer.once(f"{name} without {number}", partial(held_out, built, data, study, fold, inner))
            predicted.append(prediction_rows(told, study, fold.test, (name, 1, number)))
            aucs[cohort] = area_under_curve(told[:, 1], study.labels[fold.test])
        rows += [row | {"signature_id": name} for row in [*_each(aucs), *_pooled(aucs, study)]]
    parameters = {"models": list(models), "cohorts": list(outer), "positive": study.positive}
    provenance = Provenance(method="leave_one_cohort_out", parameters=parameters, seed=how.seed, inputs=study.inputs)
    base = {"endpoint": study.endpoint, "role": "resampled", "resampling": _SCHEME, "note": ""}
    frame = pd.DataFrame([base | row for row in rows], columns=list(PerformanceTable.columns))
    predictions = PredictionTable(frame=pd.concat(predicted, ignore_index=True), provenance=provenance)
    return CrossValidated(PerformanceTable(frame=frame, provenance=provenance), predictions)


def _outer(study: Study, cohorts: ArrayLike) -> dict[str, Fold]:
    labels = np.asarray(cohorts).astype(str)
    if study.kind != "binary" or labels.shape != study.labels.shape:
        raise DesignError(
            f"leaving cohorts out needs two classes and one cohort per sample; got {study.kind} and {labels.shape}."
        )
    several = pd.Series(labels).groupby(study.groups).nunique()
    if (several > 1).any():
        sample = study.samples[int(np.flatnonzero(study.groups == several.idxmax())[0])]
        raise DesignError(f"the subject of {sample!r} is in {several.max()} cohorts; each belongs to one.")
    found = {}
    for cohort in np.unique(labels):
        test = labels == cohort
        found[str(cohort)] = Fold(np.flatnonzero(~test), np.flatnonzero(test))
    both = [cohort for cohort, fold in found.items() if np.ptp(study.labels[fold.test]) == 1]
    if len(both) < 3:
        raise DesignError(
            f"{len(both)} cohorts have both classes ({', '.join(both) or 'none'}); leaving one out needs three."
        )
    return found


def _inner(labels: NDArray[np.int64], cohorts: NDArray[np.str_]) -> list[Fold]:
    """Each training cohort left out in turn, where the others have both classes; positions within the training part."""
    made = [Fold(np.flatnonzero(cohorts != cohort), np.flatnonzero(cohorts == cohort)) for cohort in np.unique(cohorts)]
    return [fold for fold in made if np.ptp(labels[fold.train]) == 1]


def _each(aucs: Mapping[str, Auc]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for cohort, auc in aucs.items():
        positive, negative = int(auc.n_positive[0]), int(auc.n_negative[0])
        row = {"cohort_id": cohort, "metric": "auc", "n_samples": positive + negative, "n_events": positive}
        limits = {"estimate": auc.estimate[0], "ci_low": auc.ci_low[0], "ci_high": auc.ci_high[0]}
        if not (positive and negative):
            row["note"] = "one class only: learned from, not judged"
        elif _is_guess(auc):
            limits |= {"ci_low": np.nan, "ci_high": np.nan}
            row["note"] = "nobody is told apart: one probability for all"
        elif _is_perfect(auc):
            row["note"] = "no pair is told wrongly, or every one: no interval; pooled with half a pair taken from it"
        rows.append(row | limits)
    return rows


def _is_guess(auc: Auc) -> bool:
    return bool(auc.estimate[0] == _GUESS and not auc.standard_error[0] > 0.0)


def _is_perfect(auc: Auc) -> bool:
    return bool(auc.estimate[0] in (0.0, 1.0))


def _pooled_as(auc: Auc) -> tuple[float, float]:
    """Estimate and error with which a cohort is pooled; DeLong's, except where these have none.

    One probability for all samples is a guess. An AUC of 0 or 1 has no logit: half a pair of samples is taken from it,
    and the error is that of Hanley and McNeil there.
    """
    positive, negative = float(auc.n_positive[0]), float(auc.n_negative[0])
    if _is_guess(auc):
        return _GUESS, float(np.sqrt((positive + negative + 1.0) / (12.0 * positive * negative)))
    if not _is_perfect(auc):
        return float(auc.estimate[0]), float(auc.standard_error[0])
    pairs = positive * negative
    area = (float(auc.estimate[0]) * pairs + 0.5) / (pairs + 1.0)
    above, below = area / (2.0 - area) - area**2, 2.0 * area**2 / (1.0 + area) - area**2
    return area, float(np.sqrt((area * (1.0 - area) + (positive - 1.0) * above + (negative - 1.0) * below) / pairs))


def _pooled(aucs: Mapping[str, Auc], study: Study) -> list[dict[str, object]]:
    estimate, error = np.array([_pooled_as(auc) for auc in aucs.values()]).T
    base = {"cohort_id": ALL, "n_samples": len(study.labels), "n_events": int(study.labels.sum())}
    with np.errstate(divide="ignore", invalid="ignore"):
        found = combine_effects(logit(estimate), error / (estimate * (1.0 - estimate)), inference="hartung_knapp")
    told = [expit(float(values[0])) for values in (found.estimate, found.ci_low, found.ci_high)]
    reach = [expit(float(values[0])) for values in (found.prediction_low, found.prediction_high)]
    n = int(found.n_studies[0])
    note = f"{n} cohorts, tau {np.sqrt(float(found.tau_squared[0])):.2f} on the logit scale"
    note = note if n > 1 else "no two cohorts have an AUC with an error to pool"
    rows = (("pooled_auc", told, note), ("auc_in_a_new_cohort", [told[0], *reach], "95 % prediction interval"))
    return [
        base | {"metric": metric, "estimate": one[0], "ci_low": one[1], "ci_high": one[2], "note": words}
        for metric, one, words in rows
    ]
