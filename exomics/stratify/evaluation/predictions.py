"""What a fitted pipeline says of samples it never saw, in numbers and as rows of a table."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.stratify.evaluation.calls import called, chosen_offset
from exomics.stratify.evaluation.measures import (
    MEASURES,
    SURVIVAL_MEASURES,
    balanced_error,
    fold_measures,
    horizons_of,
    survival_measures,
)
from exomics.stratify.models.built import Built
from exomics.stratify.models.search import Chosen, fit_chosen, predictions
from exomics.stratify.study.features import Study
from exomics.stratify.study.outcomes import strata
from exomics.stratify.study.splits import Fold, folds

FloatArray = NDArray[np.float64]

#: The balanced error of the class that is called with an offset chosen by the inner folds.
TUNED = "balanced_error_tuned"


def measure_names(study: Study) -> tuple[str, ...]:
    """Names of the measures of a study's outcome; the first is compared between models."""
    return SURVIVAL_MEASURES if study.kind == "survival" else (*MEASURES, TUNED)


def inner_folds_of(study: Study, train: NDArray[np.int64], *, n_folds: int, seed: int) -> list[Fold]:
    """Folds within a training part, as positions in it, balanced by the outcome."""
    return folds(strata(study.response[train], n_folds), study.groups[train], n_folds=n_folds, seed=seed)


def held_out(built: Built, data: FloatArray, study: Study, fold: Fold, inner: list[Fold]) -> FloatArray:
    """What is said of the test samples of one fold, everything learned from its training samples."""
    chosen = fit_chosen(built, data[fold.train], study.response[fold.train], inner)
    return told_by(chosen, data[fold.test], study, fold.train)


def told_by(chosen: Chosen, data: FloatArray, study: Study, train: NDArray[np.int64]) -> FloatArray:
    """Probabilities of the classes, then the class called; of survival the risk, then survival at the horizons."""
    predicted = predictions(chosen.pipeline, data)
    if study.time is not None:
        *steps, model = (step for _, step in chosen.pipeline.steps)
        seen = reduce(lambda values, step: step.transform(values), steps, data)
        return np.column_stack([predicted, model.survival(seen, horizons_of(study.time))])
    labels = study.labels[train]
    prior = np.bincount(labels, minlength=len(study.classes)) / len(labels)
    return np.column_stack([predicted, called(predicted, prior, chosen_offset(chosen.held_out, labels))])


def measures_of(told: FloatArray, study: Study, test: NDArray[np.int64]) -> FloatArray:
    """The measures of one test part, in the order of `measure_names`."""
    if study.time is not None:
        return survival_measures(told, study.response[test], horizons_of(study.time))
    labels = study.labels[test]
    tuned = balanced_error(told[:, -1].astype(np.int64), labels, len(study.classes))
    return np.append(fold_measures(told[:, :-1], labels), tuned)


def prediction_rows(
    told: FloatArray, study: Study, test: NDArray[np.int64], made: tuple[str, int, int]
) -> pd.DataFrame:
    """Rows of a prediction table: one per sample of two classes or of survival, else one per sample and class."""
    model, repeat, fold = made
    base: dict[str, Any] = {
        "sample_id": [study.samples[at] for at in test], "subject_id": [study.subjects[at] for at in test],
        "model": model, "repeat": repeat, "fold": fold, "time": np.nan,
    }  # fmt: skip
    if study.time is not None:
        by = f"event by {horizons_of(study.time)[-1]:.4g}"
        told_last = {"target": by, "probability": 1.0 - told[:, -1], "outcome": study.labels[test]}
        return pd.DataFrame(base | told_last | {"time": study.time[test]})
    classes = range(1, 2) if study.kind == "binary" else range(len(study.classes))
    each = [
        base | {"target": study.classes[k], "probability": told[:, k], "outcome": (study.labels[test] == k).astype(int)}
        for k in classes
    ]
    return pd.concat([pd.DataFrame(columns) for columns in each], ignore_index=True)
