"""cross_validate: what a model would do for subjects it never saw, beside the models that need no omics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError
from exomics.results import PerformanceTable, PredictionTable, Provenance
from exomics.stratify.evaluation.bootstrap import HeldOut
from exomics.stratify.evaluation.performance_rows import (
    BASELINE,
    CLINICAL,
    bootstrap_rows,
    measured_rows,
    performance_row,
)
from exomics.stratify.evaluation.permutation import permutation_null
from exomics.stratify.evaluation.predictions import (
    held_out,
    inner_folds_of,
    measure_names,
    measures_of,
    prediction_rows,
    told_by,
)
from exomics.stratify.evaluation.settings import CrossValidation
from exomics.stratify.evaluation.work import Uninterrupted, Work
from exomics.stratify.models.search import fit_chosen
from exomics.stratify.pipelines import Built, Pipelines, build
from exomics.stratify.study.features import Study
from exomics.stratify.study.outcomes import strata
from exomics.stratify.study.splits import Fold, repeated

__all__ = ["CrossValidated", "CrossValidation", "cross_validate"]

FloatArray = NDArray[np.float64]

LEAST_SUBJECTS = 20
_WITHOUT_OMICS = {  # per kind of outcome: the pipeline of the clinical columns, and that without any
    "binary": ("elastic_net_logistic", "no_features"),
    "classes": ("elastic_net_logistic", "no_features"),
    "survival": ("elastic_net_cox", "no_features_survival"),
}
_LEAST_EVENTS_PER_FOLD = 2
INTERVAL = "variance components within and between repeats, 95 %"


@dataclass(frozen=True)
class CrossValidated:
    """What came out.

    Parameters
    ----------
    performance
        One row per model and measure, with the interval of `corrected_interval`.
    predictions
        One row per sample, repeat and model (of several classes, per class): the probability given by models that
        never saw the subject.
    """

    performance: PerformanceTable
    predictions: PredictionTable


def cross_validate(
    study: Study, settings: CrossValidation | None = None, *, work: Work | None = None
) -> CrossValidated:
    """Repeated nested cross-validation, grouped so that no subject is on both sides.

    In each outer fold every step (imputation, standardization, settings by inner folds, model) is fitted on training
    samples alone, and each test sample is predicted once. A measure is the mean over all outer folds of all repeats;
    its variance is put together from the spread within and between repeats (`fold_variance`). Beside it stands the
    percentile interval of subjects drawn again among what was held out (``<measure>_bootstrap``), which knows nothing
    of the chance of training samples.

    Parameters
    ----------
    study
        Features, outcome, groups and clinical columns of n_samples samples.
    settings
        How to judge; the default repeats five folds ten times and shuffles labels 1,000 times.
    work
        Who does the units of work, such as one that shows progress and takes up what was interrupted; the result does
        not depend on it.

    Returns
    -------
    CrossValidated
        Of each model (role ``resampled``) of classes ``auc``, ``brier``, ``log_loss``, ``balanced_error``, and that
        of the class called after inner folds (``balanced_error_tuned``); of survival ``concordance``,
        ``uno_concordance``, ``integrated_brier``. The first of them on the model's own training samples (role
        ``apparent``), its difference from the clinical model and from the model without features, and the p-value of
        the permutations.

    Raises
    ------
    DesignError
        If there are fewer than 20 subjects, one class, a class smaller than the folds, fewer than two events per fold,
        or a pipeline is not made for the kind of outcome.

    Notes
    -----
    Varma and Simon (2006), doi:10.1186/1471-2105-7-91. After ten repeats the intervals hold the truth of noise in 98
    of 100 and more, that of signal in 91 to 99 (``tests/stratify/interval_coverage_table.tsv``); after one that of weak
    signal in 90. These are predictions of an outcome, not of who benefits from a treatment.

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
    models = models_of(study, how)
    found = _resampled(study, how, models, generator, doer)
    rows = measured_rows(study, how, found.measures)
    rows += [_apparent(study, how, name, built, data) for name, (built, data) in models.items()]
    if how.n_permutations:
        rows.append(_permuted(study, how, models, generator, doer))
    rows += bootstrap_rows(study, how, found.repeats)
    parameters = {**asdict(how), "models": list(models), "positive": study.positive, "interval": INTERVAL}
    parameters |= {"outcome": study.kind, "blocks": [list(block) for block in study.blocks]}
    provenance = Provenance(method="cross_validate", parameters=parameters, seed=how.seed, inputs=study.inputs)
    frame = pd.DataFrame([study.base() | row for row in rows], columns=list(PerformanceTable.columns))
    return CrossValidated(
        PerformanceTable(frame=frame, provenance=provenance),
        PredictionTable(frame=found.predictions, provenance=provenance),
    )


def _require_subjects(study: Study, how: CrossValidation) -> None:
    n = len(np.unique(study.groups))
    if n < LEAST_SUBJECTS:
        raise DesignError(
            f"there are {n} independent subjects; a classifier needs at least {LEAST_SUBJECTS}. Report effects with "
            "intervals instead (exomics associate, exomics differential)."
        )
    numbers = (how.n_repeats - 1, how.inner_folds - 2, how.n_permutations, how.n_bootstraps)
    if how.n_folds < 3 or min(numbers) < 0:
        raise DesignError(
            "cross-validation needs at least 3 outer folds, 1 repeat, 2 inner folds, 0 permutations, 0 bootstraps."
        )
    needed = _LEAST_EVENTS_PER_FOLD * how.n_folds
    if study.kind == "survival" and study.labels.sum() < needed:
        raise DesignError(
            f"there are {int(study.labels.sum())} events; {how.n_folds} folds need at least {needed}. Use fewer folds, "
            "or report effects with intervals instead."
        )


def models_of(study: Study, how: CrossValidation) -> dict[str, tuple[Built, FloatArray]]:
    """Each model with the data it may see."""
    clinical, without = _WITHOUT_OMICS[study.kind]
    chosen = {name: (build(name, study, how.seed), study.features) for name in how.pipelines if name != BASELINE}
    if study.clinical.shape[1]:
        chosen[CLINICAL] = (Pipelines[clinical].function(how.seed), study.clinical)
    return chosen | {BASELINE: (Pipelines[without].function(how.seed), study.features)}


class _Resampled(NamedTuple):
    """Per model: measures (n_repeats x n_folds, n_measures) over the same folds, and what each repeat held out."""

    measures: dict[str, FloatArray]
    repeats: dict[str, list[HeldOut]]
    predictions: pd.DataFrame


def _resampled(
    study: Study,
    how: CrossValidation,
    models: Mapping[str, tuple[Built, FloatArray]],
    generator: np.random.Generator,
    work: Work,
) -> _Resampled:
    measures: dict[str, list[FloatArray]] = {name: [] for name in models}
    repeats: dict[str, list[HeldOut]] = {name: [] for name in models}
    rows: list[pd.DataFrame] = []
    work.begin("outer folds", how.n_repeats * how.n_folds * len(models))
    balanced = strata(study.response, how.n_folds)
    drawn = repeated(balanced, study.groups, n_folds=how.n_folds, n_repeats=how.n_repeats, generator=generator)
    for repeat, outer in enumerate(drawn, start=1):
        told: dict[str, list[FloatArray]] = {name: [] for name in models}
        for number, fold in enumerate(outer, start=1):
            seed = int(generator.integers(2**31))
            inner = inner_folds_of(study, fold.train, n_folds=how.inner_folds, seed=seed)
            for name, (built, data) in models.items():
                unit = f"{name} repeat {repeat} fold {number}"
                found = work.once(unit, partial(held_out, built, data, study, fold, inner))
                told[name].append(found)
                measures[name].append(measures_of(found, study, fold.test))
                rows.append(prediction_rows(found, study, fold.test, (name, repeat, number)))
        for name, parts in told.items():
            repeats[name].append(_together(parts, outer, study))
    stacked = {name: np.stack(found) for name, found in measures.items()}
    return _Resampled(stacked, repeats, pd.concat(rows, ignore_index=True))


def _together(parts: Sequence[FloatArray], outer: Sequence[Fold], study: Study) -> HeldOut:
    """What one repeat held out, in the order of the samples."""
    told = np.empty((len(study.samples), parts[0].shape[1]))
    fold = np.empty(len(told), dtype=np.int64)
    for number, (part, found) in enumerate(zip(outer, parts, strict=True)):
        told[part.test], fold[part.test] = found, number
    n_outputs = 1 if study.kind == "survival" else len(study.classes)
    return HeldOut(told[:, :n_outputs], told[:, -1].astype(np.int64), fold)


def _apparent(study: Study, how: CrossValidation, name: str, built: Built, data: FloatArray) -> dict[str, Any]:
    everyone = np.arange(len(study.samples))
    inner = inner_folds_of(study, everyone, n_folds=how.inner_folds, seed=how.seed)
    chosen = fit_chosen(built, data, study.response, inner)
    first = measures_of(told_by(chosen, data, study, everyone), study, everyone)[0]
    note = "on the samples it was fitted to: optimistic, never a performance"
    return performance_row(name, measure_names(study)[0], (first, np.nan, np.nan), "", role="apparent", note=note)


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
    found = permutation_null(built, data, study, sizes=sizes, generator=generator, work=work)
    told = f"{measure_names(study)[0]} {found.observed:.3f} against shuffled outcomes {found.null.mean():.3f}"
    note = f"{told} (SD {found.null.std():.3f})"
    scheme = f"{how.n_permutations} shuffles of the outcome through the whole pipeline"
    return performance_row(name, "permutation_p", (found.p_value, np.nan, np.nan), scheme, note=note)
