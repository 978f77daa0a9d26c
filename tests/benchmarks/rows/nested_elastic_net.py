"""Repeated nested cross-validation of an elastic net on 120 samples x 20,000 features: ten repeats of 5 x 5 folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from exomics.stratify import CrossValidated, CrossValidation, Study, cross_validate, folds
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.sides import Side
from tests.benchmarks.workspace import Workspace

N_SAMPLES, N_FOLDS, MODEL = 120, 5, "elastic_net_logistic"


def prepare(workspace: Workspace) -> Contest:
    """The peer does one repeat, by the same folds and the same rule; its held-out probabilities are compared."""
    study, n_repeats = study_of(workspace), workspace.size(10, 2)
    settings = CrossValidation(n_folds=N_FOLDS, n_repeats=n_repeats, n_permutations=0, n_bootstraps=0)
    return python_contest(
        lambda: cross_validate(study, settings),
        glmnet(workspace, study, n_outcomes=n_repeats),
        numbers=lambda value, peer: (_first_repeat(value), peer.ravel()),
    )


def glmnet(workspace: Workspace, study: Study, *, n_outcomes: int) -> Side | None:
    """One nested cross-validation of 5 x 5 folds by the peer, counted as `n_outcomes`."""
    folder = workspace.folder / "nested"
    _write(folder, study, CrossValidation().seed)
    return workspace.r_peer("nested_elastic_net", folder, "glmnet", share=1.0 / n_outcomes)


def study_of(workspace: Workspace) -> Study:
    """120 samples of two classes; 20 of the features tell them apart a little."""
    labels = np.tile([0, 1], N_SAMPLES // 2)
    n_features = workspace.size(20_000, 400)
    features = workspace.array("nested/features", lambda: _features(n_features, labels))
    names = [f"s{number:03d}" for number in range(N_SAMPLES)]
    return Study.of(
        pd.DataFrame(features, index=names),
        pd.Series(labels, index=names),
        pd.DataFrame({"subject_id": names}, index=names),
    )


def _features(n_features: int, labels: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(8)
    features = rng.normal(size=(N_SAMPLES, n_features))
    features[:, :20] += 0.8 * labels[:, np.newaxis]
    return features


def _write(folder: Path, study: Study, seed: int) -> None:
    """Inputs, and the first repeat's folds: of each sample the outer one, and the inner one in each training part."""
    generator = np.random.default_rng(seed)
    outer = folds(study.labels, study.groups, n_folds=N_FOLDS, seed=int(generator.integers(2**31)))
    places = np.zeros((N_SAMPLES, 1 + N_FOLDS))
    for number, fold in enumerate(outer, start=1):
        places[fold.test, 0] = number
        inner_seed = int(generator.integers(2**31))
        inner = folds(study.labels[fold.train], study.groups[fold.train], n_folds=N_FOLDS, seed=inner_seed)
        for place, part in enumerate(inner, start=1):
            places[fold.train[part.test], number] = place
    for name, values in (("features", study.features), ("labels", study.labels), ("places", places)):
        np.asarray(values, dtype=np.float64).ravel(order="F").tofile(folder / f"{name}.f64")
    (folder / "shape.txt").write_text(f"{N_SAMPLES} {study.features.shape[1]} {N_FOLDS}\n", encoding="utf-8")


def _first_repeat(value: CrossValidated) -> np.ndarray:
    frame = value.predictions.frame
    first = frame[(frame["model"] == MODEL) & (frame["repeat"] == 1)]
    return first.sort_values("sample_id")["probability"].to_numpy()


ROWS = (
    Row(
        "nested_cv_20k_120",
        "glmnet, the same folds",
        prepare,
        Target(ratio=3.0, seconds=7.0),
        note="peer 1 repeat x 10",
    ),
)
