"""1,000 shuffled outcomes through a whole nested cross-validation of 5 x 5 folds on 120 samples x 20,000 features.

The peer of the elastic net does one of the 1,001 outcomes, the true one, by the folds of `nested_elastic_net`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from exomics.stratify import Pipelines
from exomics.stratify.evaluation.permutation import permutation_null
from tests.benchmarks.row import Contest, Row, Target
from tests.benchmarks.rows.nested_elastic_net import N_FOLDS, glmnet, study_of
from tests.benchmarks.sides import PythonSide
from tests.benchmarks.workspace import Workspace

N_SHUFFLES = 1000


def prepare(workspace: Workspace, pipeline: str, n_timed: int, *, beside_glmnet: bool = False) -> Contest:
    """`n_timed` shuffles and the true outcome are timed, and scaled to all."""
    study = study_of(workspace)
    built, n_shuffles = Pipelines[pipeline].function(1), workspace.size(n_timed, 3)

    def null() -> np.ndarray:
        sizes, generator = (N_FOLDS, N_FOLDS, n_shuffles), np.random.default_rng(1)
        return permutation_null(built, study.features, study, sizes=sizes, generator=generator).null

    ours = PythonSide(null, share=(n_shuffles + 1.0) / (N_SHUFFLES + 1.0))
    return Contest(ours, glmnet(workspace, study, n_outcomes=N_SHUFFLES + 1) if beside_glmnet else None)


ROWS = (
    Row(
        "shuffles_ridge_1000",
        "",
        partial(prepare, pipeline="ridge_score", n_timed=N_SHUFFLES),
        Target(seconds=2.0),
        note="20 penalties",
    ),
    Row(
        "shuffles_elastic_net_1000",
        "glmnet",
        partial(prepare, pipeline="elastic_net_logistic", n_timed=19, beside_glmnet=True),
        Target(ratio=3.5, seconds=600.0),
        note="30 penalties; ours 20 outcomes, glmnet one, scaled to 1,001",
    ),
)
