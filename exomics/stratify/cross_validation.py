"""cross_validate: what a classifier would do for subjects it never saw, beside the models that need no omics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError
from exomics.results import PerformanceTable, PredictionTable, Provenance
from exomics.stratify.features import Study
from exomics.stratify.measures import MEASURES, corrected_interval, fold_measures
from exomics.stratify.permutation import permutation_null
from exomics.stratify.pipelines import Built, Pipelines
from exomics.stratify.search import fit_chosen
from exomics.stratify.splits import Fold, folds, repeated
from exomics.stratify.work import Uninterrupted, Work

__all__ = ["CrossValidated", "CrossValidation", "cross_validate"]

FloatArray = NDArray[np.float64]

LEAST_SUBJECTS = 20
CLINICAL = "clinical_only"
BASELINE = "no_features"


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """How a classifier is judged.

    Parameters
    ----------
    pipelines
        Names of pipelines on the features; the model without features, and the clinical one if there are clinical
        columns, always stand beside them.
    n_folds, n_repeats
        Outer folds, and how often they are drawn anew.
    inner_folds
        Folds within each training part, for the settings.
    n_permutations
        Shuffles of the labels through the first pipeline; 0 for none.
    seed
        Of everything random.
    """

    pipelines: tuple[str, ...] = ("elastic_net_logistic",)
    n_folds: int = 5
    n_repeats: int = 10
    inner_folds: int = 5
    n_permutations: int = 1000
    seed: int = 1


@dataclass(frozen=True)
class CrossValidated:
    """What came out.

    Parameters
    ----------
    performance
        One row per model and measure, with the interval of Nadeau and Bengio.
    predictions
        One row per sample, repeat and model: the probability given by models that never saw the subject.
    """

    performance: PerformanceTable
    predictions: PredictionTable


def cross_validate(
    study: Study, settings: CrossValidation | None = None, *, work: Work | None = None
) -> CrossValidated:
    """Repeated nested cross-validation, grouped so that no subject is on both sides.

    In each outer fold every step (imputation, standardization, settings by inner folds, model) is fitted on training
    samples alone, and each test sample is predicted once. A measure is the mean over all outer folds of all repeats,
    with ``variance = s^2 (1 / J + 1 / (n_folds - 1))``.

    Parameters
    ----------
    study
        Features, labels, groups and clinical columns of n_samples samples.
    settings
        How to judge; the default repeats five folds ten times and shuffles labels 1,000 times.
    work
        Who does the units of work, such as one that shows progress and takes up what was interrupted; the result does
        not depend on it.

    Returns
    -------
    CrossValidated
        Measures ``auc``, ``brier``, ``log_loss``, ``balanced_error`` of each model (role ``resampled``), the AUC on its
        own training samples (role ``apparent``), the difference of its AUC from the clinical model and from the model
        without features, and the p-value of the permutations.

    Raises
    ------
    DesignError
        If there are fewer than 20 subjects, one class, or a class smaller than the folds.

    Notes
    -----
    Varma and Simon (2006), doi:10.1186/1471-2105-7-91; Nadeau and Bengio (2003), doi:10.1023/A:1024068626366. These are
    predictions of an outcome, not of who benefits from a treatment.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(40)]
    >>> values = pd.DataFrame(generator.normal(size=(40, 6)), index=names, columns=list("abcdef"))
    >>> labels = pd.Series(np.repeat([0, 1], 20), index=names)
    >>> study = Study.of(values, labels, pd.DataFrame({"subject_id": names}, index=names))
    >>> found = cross_validate(study, CrossValidation(n_repeats=2, n_permutations=0)).performance.frame
    >>> sorted(set(found["signature_id"]))
    ['elastic_net_logistic', 'no_features']
    """
    how, doer = settings or CrossValidation(), work or Uninterrupted()
    _require_subjects(study, how)
    generator = np.random.default_rng(how.seed)
    models = _models(study, how)
    values, predictions = _resampled(study, how, models, generator, doer)
    rows = _rows(study, how, values)
    rows += [_apparent(study, how, name, built, data) for name, (built, data) in models.items()]
    if how.n_permutations:
        rows.append(_permuted(study, how, models, generator, doer))
    parameters = {**asdict(how), "models": list(models), "positive": study.positive, "interval": "Nadeau-Bengio, 95 %"}
    provenance = Provenance(method="cross_validate", parameters=parameters, seed=how.seed, inputs=study.inputs)
    frame = pd.DataFrame([study.base() | row for row in rows], columns=list(PerformanceTable.columns))
    return CrossValidated(
        PerformanceTable(frame=frame, provenance=provenance), PredictionTable(frame=predictions, provenance=provenance)
    )


def _require_subjects(study: Study, how: CrossValidation) -> None:
    n = len(np.unique(study.groups))
    if n < LEAST_SUBJECTS:
        raise DesignError(
            f"there are {n} independent subjects; a classifier needs at least {LEAST_SUBJECTS}. Report effects with "
            "intervals instead (exomics associate, exomics differential)."
        )
    if how.n_folds < 3 or how.n_repeats < 1 or how.inner_folds < 2 or how.n_permutations < 0:
        raise DesignError("cross-validation needs at least 3 outer folds, 1 repeat, 2 inner folds, 0 permutations.")


def _models(study: Study, how: CrossValidation) -> dict[str, tuple[Built, FloatArray]]:
    """Each model with the data it may see."""
    chosen = {name: (_build(name, how.seed), study.features) for name in how.pipelines if name != BASELINE}
    if study.clinical.shape[1]:
        chosen[CLINICAL] = (_build("elastic_net_logistic", how.seed), study.clinical)
    return chosen | {BASELINE: (_build(BASELINE, how.seed), study.features)}


def _build(name: str, seed: int) -> Built:
    built: Built = Pipelines[name].function(seed)
    return built


def _resampled(
    study: Study,
    how: CrossValidation,
    models: Mapping[str, tuple[Built, FloatArray]],
    generator: np.random.Generator,
    work: Work,
) -> tuple[dict[str, FloatArray], pd.DataFrame]:
    """Measures (n_repeats x n_folds, 4) of each model over the same folds, and every held-out probability."""
    measures: dict[str, list[FloatArray]] = {name: [] for name in models}
    held_out: list[pd.DataFrame] = []
    work.begin("outer folds", how.n_repeats * how.n_folds * len(models))
    drawn = repeated(study.labels, study.groups, n_folds=how.n_folds, n_repeats=how.n_repeats, generator=generator)
    for repeat, outer in enumerate(drawn, start=1):
        for number, fold in enumerate(outer, start=1):
            seed = int(generator.integers(2**31))
            inner = folds(study.labels[fold.train], study.groups[fold.train], n_folds=how.inner_folds, seed=seed)
            for name, (built, data) in models.items():
                unit = f"{name} repeat {repeat} fold {number}"
                probability = work.once(unit, partial(_held_out, built, data, study.labels, fold, inner))
                measures[name].append(fold_measures(probability, study.labels[fold.test]))
                held_out.append(study.predictions(fold.test, probability, (name, repeat, number)))
    frame = pd.concat(held_out, ignore_index=True)
    return {name: np.stack(found) for name, found in measures.items()}, frame


def _held_out(built: Built, data: FloatArray, labels: NDArray[np.int64], fold: Fold, inner: list[Fold]) -> FloatArray:
    """Probabilities of the test samples of one fold, everything learned from its training samples."""
    chosen = fit_chosen(built, data[fold.train], labels[fold.train], inner)
    probability: FloatArray = chosen.pipeline.predict_proba(data[fold.test])[:, 1]
    return probability


def _rows(study: Study, how: CrossValidation, values: Mapping[str, FloatArray]) -> list[dict[str, Any]]:
    """Each model's measures, then how much its AUC is above that of the models without omics."""
    scheme = f"{how.n_repeats} x {how.n_folds} folds by {study.grouped_by}, {how.inner_folds} inner folds"
    rows = []
    for name, found in values.items():
        interval = corrected_interval(found, how.n_folds)
        rows += [
            _row(name, metric, (interval.estimate[at], interval.ci_low[at], interval.ci_high[at]), scheme)
            for at, metric in enumerate(MEASURES)
        ]
        for other in (CLINICAL, BASELINE):
            if name in how.pipelines and other in values and name != other:
                gain = corrected_interval(found[:, :1] - values[other][:, :1], how.n_folds)
                limits = (gain.estimate[0], gain.ci_low[0], gain.ci_high[0])
                rows.append(_row(name, f"auc_above_{other}", limits, scheme))
    return rows


def _row(name: str, metric: str, limits: Sequence[float], resampling: str, **more: Any) -> dict[str, Any]:
    estimate, low, high = limits
    base = {"signature_id": name, "metric": metric, "role": "resampled", "resampling": resampling, "note": ""}
    return base | {"estimate": estimate, "ci_low": low, "ci_high": high} | more


def _apparent(study: Study, how: CrossValidation, name: str, built: Built, data: FloatArray) -> dict[str, Any]:
    inner = folds(study.labels, study.groups, n_folds=how.inner_folds, seed=how.seed)
    probability = fit_chosen(built, data, study.labels, inner).pipeline.predict_proba(data)[:, 1]
    auc = fold_measures(probability, study.labels)[0]
    note = "on the samples it was fitted to: optimistic, never a performance"
    return _row(name, "auc", (auc, np.nan, np.nan), "", role="apparent", note=note)


def _permuted(
    study: Study,
    how: CrossValidation,
    models: Mapping[str, tuple[Built, FloatArray]],
    generator: np.random.Generator,
    work: Work,
) -> dict[str, Any]:
    name = next(iter(models))
    built, data = models[name]
    sizes = (how.n_folds, how.inner_folds, how.n_permutations)
    found = permutation_null(
        built, data, study.labels, groups=study.groups, sizes=sizes, generator=generator, work=work
    )
    note = f"AUC {found.observed:.3f} against shuffled labels {found.null.mean():.3f} (SD {found.null.std():.3f})"
    scheme = f"{how.n_permutations} shuffles of the labels through the whole pipeline"
    return _row(name, "permutation_p", (found.p_value, np.nan, np.nan), scheme, note=note)
