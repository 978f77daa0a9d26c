"""Features that are all but the outcome, and gaps that tell it, are named; noise and chance gaps are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.stratify import Study
from exomics.stratify.study.doubts import copy_doubts, gap_doubts
from exomics.stratify.study.examine import examine

NAMES = [f"s{number:02d}" for number in range(60)]
CLASSES = np.tile([0, 1], 30)
CODES = np.tile([0, 1, 2], 20)


def _of(outcome: Any, blocks: Any = None, positive: Any = 1, **columns: Any) -> Study:
    """A study of 60 subjects: five features of noise, and those of `columns`."""
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(60, 5)), NAMES, list("abcde")).assign(**columns)
    known = pd.DataFrame(outcome, NAMES) if isinstance(outcome, dict) else pd.Series(outcome, NAMES)
    return Study.of(blocks or noise, known, pd.DataFrame({"subject_id": NAMES}, NAMES), positive=positive)


def _noisy(code: Any, spread: float, seed: int = 2) -> np.ndarray:
    return np.asarray(code + np.random.default_rng(seed).normal(0.0, spread, 60))


@pytest.mark.parametrize(
    ("leak", "named"),
    [
        (_noisy(CLASSES, 0.07), True),  # correlation 0.99
        (_noisy(-CLASSES, 0.07), True),
        (pd.Series(CLASSES + np.linspace(0.0, 0.9, 60)).rank().to_numpy(), True),
        (np.where(np.arange(60) < 5, np.nan, _noisy(CLASSES, 0.07)), True),
        (_noisy(CLASSES, 0.5), False),  # a strong marker
        (_noisy(0.0, 1.0), False),
    ],
)
def test_a_near_copy_of_the_class_is_named_and_a_strong_marker_is_not(leak: np.ndarray, named: bool) -> None:
    doubts = copy_doubts(_of(CLASSES, leak=leak))
    assert [doubt.startswith("'leak' alone tells '1' apart without exception") for doubt in doubts] == [True] * named


def test_one_column_of_a_one_hot_code_is_named_with_its_class() -> None:
    doubts = copy_doubts(_of(np.array(["Basal", "Her2", "LumA"])[CODES], positive=None, her2=CODES == 1.0))
    assert [doubt[:31] for doubt in doubts] == ["'her2' alone tells 'Her2' apart"]


def test_a_near_copy_of_the_follow_up_is_named() -> None:
    time = np.random.default_rng(3).exponential(20.0, 60) + 0.1
    outcome = {"months": time, "died": CLASSES}
    doubts = copy_doubts(_of(outcome, leak=_noisy(-time, 0.1 * time.std()), marker=_noisy(time, time.std())))
    assert [doubt[:32] for doubt in doubts] == ["'leak' has nearly the order of t"]
    assert "alone tells 'event' apart" in copy_doubts(_of(outcome, cause=_noisy(CLASSES, 0.07)))[0]


def test_gaps_that_tell_the_class_are_named_and_chance_gaps_are_not() -> None:
    generator = np.random.default_rng(4)
    by_class = np.where((CLASSES == 1) & (generator.random(60) < 0.6), np.nan, generator.normal(size=60))
    by_chance = np.where(generator.random(60) < 0.3, np.nan, generator.normal(size=60))
    doubts = gap_doubts(_of(CLASSES, told=by_class, lost=by_chance))
    assert len(doubts) == 1
    assert doubts[0].startswith("'told' is measured in ")
    assert "of 30 '1' and in 30 of 30 others" in doubts[0]
    assert not gap_doubts(_of(CLASSES, lost=by_chance))


def test_a_block_that_one_class_lacks_is_named_once() -> None:
    values = pd.DataFrame(np.random.default_rng(5).normal(size=(60, 4)), NAMES, list("wxyz"))
    rna, protein = values[["w", "x"]], values[["y", "z"]]
    doubts = gap_doubts(_of(CLASSES, {"rna": rna, "protein": protein[CLASSES == 0]}))
    assert [doubt[:49] for doubt in doubts] == ["block 'protein' is measured in 0 of 30 '1' and in"]
    assert not gap_doubts(_of(CLASSES, {"rna": rna, "protein": protein[np.arange(60) < 30]}))


def test_a_block_of_other_samples_is_refused_and_a_feature_never_measured_is_not() -> None:
    values = pd.DataFrame(np.random.default_rng(5).normal(size=(60, 4)), NAMES, list("wxyz"))
    with pytest.raises(InputError, match="'protein' has no sample with an outcome: .* like 'P_s00'"):
        _of(CLASSES, {"rna": values, "protein": values.add_prefix("P_", axis=0)})
    assert not gap_doubts(_of(CLASSES, lost=np.nan)) + copy_doubts(_of(CLASSES, lost=np.nan))


def test_few_studies_of_noise_are_doubted() -> None:
    """100 studies of 40 subjects, 300 features with a tenth missing: none is all but the outcome."""
    generator, names = np.random.default_rng(6), NAMES[:40]
    doubted = 0
    for _ in range(100):
        values = np.where(generator.random((40, 300)) < 0.1, np.nan, generator.normal(size=(40, 300)))
        labels = pd.Series((np.arange(40) < 10).astype(int), names)
        study = Study.of(pd.DataFrame(values, names), labels, pd.DataFrame({"subject_id": names}, names))
        doubted += bool(copy_doubts(study) + gap_doubts(study))
    assert doubted <= 4  # 1 % for gaps, 0.1 % for copies


def test_doubts_reach_the_user_with_the_samples_that_are_left_out() -> None:
    sheet = pd.DataFrame(index=[*NAMES, "unmeasured"])
    told = examine(_of(CLASSES, leak=_noisy(CLASSES, 0.07), lost=np.where(CLASSES == 1, np.nan, 1.0 * CODES)), sheet)
    for word in ("'leak' alone", "'lost' is measured in 0 of 30", "1 of 61 samples have no features"):
        assert any(word in doubt for doubt in told), word


def test_one_point_zero_is_one() -> None:
    """A column of 0 and 1 with a gap is held as floats."""
    with_gap = np.where(np.arange(60) < 4, np.nan, CLASSES)
    for positive in (1, "1", 1.0):
        study = _of(with_gap, positive=positive)
        assert (study.classes, study.positive, len(study.samples)) == (("0", "1"), "1", 56)
    with pytest.raises(DesignError, match="'1' among them; it has '0', '1', '2'"):
        _of(np.where(np.arange(60) == 3, 2.0, with_gap))
    with pytest.raises(DesignError, match="it has 'no response', 'response '"):
        _of(np.where(CLASSES == 1, "response ", "no response"), positive="response")
