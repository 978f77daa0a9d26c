"""Late fusion of survival: each block is heard as far as it knows something, and a missing one adds nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError
from exomics.stats.concordance import concordance
from exomics.stratify import CrossValidation, Study, cross_validate, folds
from exomics.stratify.models.search import fit_chosen, losses_of
from exomics.stratify.models.survival_fusion import SurvivalFusion
from exomics.stratify.pipelines import build

N = 120
NAMES = [f"s{number:03d}" for number in range(N)]
QUICK = CrossValidation(n_repeats=1, inner_folds=3, n_permutations=0, n_bootstraps=0, pipelines=("late_fusion_cox",))


def _study(seed: int, effects: tuple[float, float], *, lacking: int = 30) -> Study:
    """Each block has three features that follow a risk of its own; the last samples lack the second block."""
    generator = np.random.default_rng(seed)
    risk = generator.normal(size=(N, 2))
    blocks = {}
    for at, name in enumerate(("rna", "protein")):
        values = 0.5 * generator.normal(size=(N, 12)) + risk[:, [at]] * (np.arange(12) < 3)
        blocks[name] = pd.DataFrame(values, index=NAMES).add_prefix("g").iloc[: N - at * lacking]
    waiting = generator.exponential(np.exp(-risk @ np.array(effects)))
    stop = generator.uniform(0.5, 3.0, size=N)
    known = pd.DataFrame({"time": np.minimum(waiting, stop) + 1e-3, "event": (waiting <= stop).astype(int)}, NAMES)
    return Study.of(blocks, known, pd.DataFrame({"subject_id": NAMES}, index=NAMES))


def _fitted(study: Study) -> SurvivalFusion:
    inner = folds(study.labels, study.groups, n_folds=3, seed=1)
    model = fit_chosen(build("late_fusion_cox", study, 1), study.features, study.response, inner).pipeline[-1]
    assert isinstance(model, SurvivalFusion)
    return model


@pytest.fixture(scope="module")
def planted() -> tuple[Study, SurvivalFusion]:
    """Both blocks know something."""
    study = _study(1, (1.5, 1.5))
    return study, _fitted(study)


def test_planted_risks_of_both_blocks_are_found_by_nested_cross_validation() -> None:
    found = {}
    for effects in ((1.5, 1.5), (0.0, 0.0)):
        frame = cross_validate(_study(1, effects), QUICK).performance.frame
        rows = frame[(frame["role"] == "resampled") & (frame["signature_id"] == "late_fusion_cox")]
        found[effects] = rows.set_index("metric")
    assert found[1.5, 1.5].loc["concordance", "ci_low"] > 0.5
    low, high = found[0.0, 0.0].loc["concordance", ["ci_low", "ci_high"]]
    assert low < 0.5 < high


def test_the_block_that_knows_is_heard_and_the_other_is_not() -> None:
    one = _fitted(_study(2, (2.0, 0.0)))
    assert one.weights_[0] > 0.5 > one.weights_[1]
    other = _fitted(_study(2, (0.0, 2.0)))
    assert other.weights_[1] > 0.5 > other.weights_[0]


def test_the_weights_are_the_best_of_a_grid(planted: tuple[Study, SurvivalFusion]) -> None:
    study, model = planted
    told = np.zeros((2, N))
    for b, rows in enumerate((np.arange(N), np.arange(N - 30))):
        told[b, rows] = model.members_[b].held_out[:, 0]
    grid = np.array([*product(np.linspace(0.0, 3.0, 31), repeat=2)])
    losses = losses_of((grid @ told)[:, :, np.newaxis], study.response)
    reached = losses_of((model.weights_ @ told)[np.newaxis, :, np.newaxis], study.response)
    assert reached[0] <= losses.min() + 1e-9
    assert np.abs(model.weights_ - grid[np.argmin(losses)]).max() < 0.1


def test_a_missing_block_adds_nothing(planted: tuple[Study, SurvivalFusion]) -> None:
    study, model = planted
    lacking = study.features.copy()
    lacking[:, 12:] = np.nan
    alone = model.weights_[0] * model.members_[0].pipeline.predict(study.features[:, :12])
    np.testing.assert_allclose(model.predict(lacking), alone, rtol=1e-12)
    assert concordance(model.predict(study.features), *study.response.T).estimate > 0.7
    np.testing.assert_array_equal(model.predict(np.full((2, 24), np.nan)), np.zeros(2))


def test_the_baseline_expects_as_many_events_as_there_were(planted: tuple[Study, SurvivalFusion]) -> None:
    study, model = planted
    hazard = model.baseline(study.time)
    expected = hazard @ np.exp(model.held_out_[:, 0])
    assert expected == pytest.approx(study.labels.sum(), rel=1e-10)


def test_without_any_block_there_is_no_model() -> None:
    study = _study(3, (0.0, 0.0))
    nothing = np.full_like(study.features, np.nan)
    inner = folds(study.labels, study.groups, n_folds=3, seed=1)
    with pytest.raises(DesignError, match="no block is measured in a sample with an event"):
        fit_chosen(build("late_fusion_cox", study, 1), nothing, study.response, inner)
