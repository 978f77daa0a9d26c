"""Breast tumors of TCGA: everything chosen on 150 training tumors alone, and frozen before the 70 others are read.

Training tumors have mRNA, miRNA and protein, the others no protein. Of four pipelines, each on all blocks (held-out
tumors without their protein, as the others are) and on mRNA and miRNA alone, each with the likeliest class and with
the class called after inner folds, the primary model had the least balanced error in three repeats of tenfold nested
cross-validation; the secondary model had the least where held-out tumors keep their protein.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from exomics.stratify import CrossValidation, Study, cross_validate, folds
from exomics.stratify.evaluation.calls import chosen_offset
from exomics.stratify.evaluation.measures import exact_balanced_error
from exomics.stratify.evaluation.predictions import told_by
from exomics.stratify.models.components import SparsePlsDiscriminant
from exomics.stratify.models.fusion import LateFusion
from exomics.stratify.models.search import Chosen, fit_chosen
from exomics.stratify.pipelines import build

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

N_FOLDS, INNER_FOLDS, SEED = 10, 5, 1


class Plan(NamedTuple):
    """A model that was chosen: its pipeline and blocks, the measure by which it calls, and the hash of its fit."""

    pipeline: str
    blocks: tuple[str, ...]
    measure: str
    sha256: str


PRIMARY = Plan(
    "late_fusion",
    ("rna", "smallrna"),
    "balanced_error",
    "6f868a9c2b1a9812890b32280a1583ab5052ae0d968b992f88ff4af996dd7085",
)
SECONDARY = Plan(
    "sparse_pls_discriminant",
    ("rna", "smallrna", "protein"),
    "balanced_error_tuned",
    "f56d6347165db89b891b02eb12dbe3781ea9e9da5e1eecb0514e7938ec04d708",
)


def tumors(split: str) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Blocks and samples of one part of the tumors; the other part is not looked at."""
    data = load("tcga_breast_mixomics")
    held = {name: modality[modality.obs["split"] == split] for name, modality in data.mod.items()}
    return {name: part.to_df() for name, part in held.items() if part.n_obs}, held["rna"].obs


def studied(plan: Plan) -> Study:
    """The training tumors with the blocks of a plan."""
    blocks, samples = tumors("train")
    chosen = {name: blocks[name] for name in plan.blocks}
    return Study.of(chosen, samples["subtype"], samples[["subject_id"]], positive=None, endpoint="subtype")


def fitted(plan: Plan, study: Study) -> Chosen:
    """The pipeline with its settings, fitted to all training tumors."""
    inner = folds(study.labels, study.groups, n_folds=INNER_FOLDS, seed=SEED)
    return fit_chosen(build(plan.pipeline, study, SEED), study.features, study.labels, inner)


def _features_of_fusion(model: LateFusion) -> list[dict[str, Any]]:
    """Per block its weight, the position of its penalty, and the columns with a coefficient."""
    told = []
    for weight, member in zip(model.weights_, model.members_, strict=True):
        assert member is not None
        imputer, net = member.pipeline
        rows = net.position * len(net.classes_) + np.arange(len(net.classes_) + 1)
        entries = slice(net.paths_.offsets[rows[0]], net.paths_.offsets[rows[-1]])
        columns = np.unique(imputer.kept_[net.paths_.indices[entries]]).tolist()
        told.append({"weight": round(float(weight), 2), "position": net.position, "columns": columns})
    return told


def _features_of_components(model: SparsePlsDiscriminant) -> list[list[list[int]]]:
    """Per block and component, the columns with a weight in it or in one before."""
    blocks = [member.rotations.T for _, member in sorted(model.members_.items())]
    return [[np.flatnonzero(np.abs(column) > 1e-8).tolist() for column in block] for block in blocks]


def described(plan: Plan, study: Study, chosen: Chosen) -> str:
    """The locked model in words: what was chosen on which tumors, and which features it reads."""
    model = chosen.pipeline[-1]
    reads = _features_of_fusion(model) if isinstance(model, LateFusion) else _features_of_components(model)
    offset = chosen_offset(chosen.held_out, study.labels) if plan.measure.endswith("tuned") else 0.0
    words = {"pipeline": plan.pipeline, "settings": chosen.settings, "offset": offset, "reads": reads}
    data = {"samples": study.samples, "names": study.names, "inner_folds": INNER_FOLDS, "seed": SEED}
    return json.dumps(words | data, sort_keys=True)


@pytest.mark.parametrize("plan", [PRIMARY, SECONDARY], ids=lambda plan: plan.pipeline)
def test_the_models_are_those_that_were_frozen(plan: Plan, mirror: Path) -> None:
    study = studied(plan)
    told = described(plan, study, fitted(plan, study))
    assert hashlib.sha256(told.encode("utf-8")).hexdigest() == plan.sha256, told


@pytest.mark.parametrize(("plan", "n_repeats", "reached"), [(PRIMARY, 3, 0.0559), (SECONDARY, 1, 0.0219)])
def test_nested_cross_validation_reaches_what_was_recorded(
    plan: Plan, n_repeats: int, reached: float, mirror: Path
) -> None:
    settings = CrossValidation(
        pipelines=(plan.pipeline,), n_folds=N_FOLDS, n_repeats=n_repeats, n_permutations=0, n_bootstraps=0, seed=SEED
    )
    frame = cross_validate(studied(plan), settings).performance.frame
    row = frame[(frame["signature_id"] == plan.pipeline) & (frame["metric"] == plan.measure)].iloc[0]
    assert row["estimate"] == pytest.approx(reached, abs=0.01)
    assert row["ci_low"] < reached < row["ci_high"]


def called_on_the_others(plan: Plan) -> tuple[np.ndarray, np.ndarray, int]:
    """Positions of the classes called and of the true ones for the 70 tumors; what they lack is missing."""
    study = studied(plan)
    blocks, samples = tumors("test")
    named = pd.concat([frame.add_prefix(f"{name}:") for name, frame in blocks.items()], axis=1)
    told = told_by(fitted(plan, study), named.reindex(columns=study.names).to_numpy(), study, np.arange(150))
    calls = told[:, -1] if plan.measure.endswith("tuned") else np.argmax(told[:, :-1], axis=1)
    truth = np.array([study.classes.index(word) for word in samples["subtype"]])
    return calls.astype(np.int64), truth, len(study.classes)


@pytest.mark.parametrize(
    ("plan", "wrong", "nested"), [(PRIMARY, (1, 1, 1), (0.008, 0.118)), (SECONDARY, (1, 0, 3), (0.015, 0.139))]
)
def test_the_others_were_judged_once(
    plan: Plan, wrong: tuple[int, ...], nested: tuple[float, float], mirror: Path
) -> None:
    """Recorded when the 70 tumors were first read; nothing was chosen after. `nested`: by Nadeau and Bengio."""
    calls, truth, n_classes = called_on_the_others(plan)
    assert np.bincount(truth).tolist() == [21, 14, 35]
    assert np.bincount(truth[calls != truth], minlength=n_classes).tolist() == list(wrong)
    found = exact_balanced_error(calls, truth, n_classes)
    assert nested[0] <= found.estimate <= nested[1]
    assert found.ci_low < found.estimate < found.ci_high < 0.3
