"""Power and sample sizes of trials: what the plan says, what the command prints, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exomics.errors import UserError
from exomics.results import PowerTable
from exomics.validation.power import PowerPlan, power_curve, sample_size
from tests.shared import must, refused


def test_a_hazard_ratio_needs_the_events_of_schoenfeld() -> None:
    """28 % off the hazard: 4 (1.96 + 0.84)^2 / log(0.72)^2 = 291 events."""
    plan = PowerPlan(question="main", outcome="survival", effect=0.72, control_rate=0.6)
    frame = sample_size(plan, n_trials=600, seed=1).frame
    needed = frame[frame["role"] == "required"].iloc[0]
    tried = frame[frame["role"] == "search"]
    per_subject = (tried["n_events"] / tried["n_subjects"].astype(float)).median()
    assert needed["n_low"] < 291 / per_subject < needed["n_high"]
    assert tried["power"].iloc[-1] > 0.8 > tried["power"].iloc[0]


def test_an_interaction_stands_beside_a_main_effect_of_its_size() -> None:
    frame = sample_size(PowerPlan(question="interaction", effect=1.0), n_trials=1500).frame
    needed = frame[frame["role"] == "required"].set_index("question")["n_subjects"]
    assert 3.4 < needed["interaction"] / needed["main"] < 4.6
    half = sample_size(PowerPlan(question="interaction", effect=0.5), n_trials=1500).frame
    sixteen = half.loc[half["role"] == "required", "n_subjects"].iloc[0] / needed["main"]
    assert 13.5 < sixteen < 18.5


def test_the_curve_is_that_of_the_sizes_asked_for_and_the_same_each_time() -> None:
    plan = PowerPlan(question="interaction", effect=0.6, prevalence=None, n_markers=500)
    table = power_curve(plan, [400, 100], n_trials=300)
    assert table.frame["n_subjects"].tolist() == [100, 400]
    assert table.frame["power"].is_monotonic_increasing
    assert power_curve(plan, [100], n_trials=300).frame["power"].iloc[0] == table.frame["power"].iloc[0]
    alone = power_curve(PowerPlan(question="interaction", effect=0.6, prevalence=None), [100], n_trials=300).frame
    assert alone["power"].iloc[0] > table.frame["power"].iloc[0] + 0.2


def test_no_effect_gives_the_level() -> None:
    plan = PowerPlan(question="interaction", outcome="binary", effect=1.0, arm_effect=2.0, prognosis=3.0)
    row = power_curve(plan, [200], n_trials=2000).frame.iloc[0]
    assert row["ci_low"] - 0.01 < 0.05 < row["ci_high"] + 0.01


def test_dropout_costs_heterogeneity_its_subjects() -> None:
    whole = power_curve(PowerPlan(question="heterogeneity", effect=1.0), [160], n_trials=500).frame
    lost = power_curve(PowerPlan(question="heterogeneity", effect=1.0, dropout=0.5), [160], n_trials=500).frame
    assert lost["power"].iloc[0] < whole["power"].iloc[0] - 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"question": "both"}, "question must be one of"),
        ({"outcome": "count"}, "outcome must be one of"),
        ({"outcome": "survival", "effect": -0.3}, "positive finite"),
        ({"outcome": "binary", "arm_effect": 0.0}, "positive finite"),
        ({"prevalence": 1.0}, "prevalence 1"),
        ({"dropout": 1.0}, "dropout 1"),
        ({"n_markers": 3, "n_true": 4}, "4 of 3"),
        ({"question": "main", "n_markers": 3}, "belong to an interaction"),
        ({"question": "heterogeneity", "outcome": "binary"}, "must be continuous"),
        ({"question": "heterogeneity", "effect": 0.0}, "positive finite"),
    ],
)
def test_bad_plans_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        PowerPlan(**({"question": "interaction", "effect": 0.5} | options))


def test_what_cannot_be_found_is_refused() -> None:
    with pytest.raises(UserError, match="found at no size"):
        sample_size(PowerPlan(question="main", outcome="survival", effect=1.0))
    with pytest.raises(UserError, match="not reached by 32"):
        sample_size(PowerPlan(question="main", effect=0.1), n_trials=100, largest=32)
    with pytest.raises(UserError, match="says nothing"):
        power_curve(PowerPlan(question="main", effect=0.1), [20], n_trials=10)
    with pytest.raises(UserError, match="too few"):
        power_curve(PowerPlan(question="main", effect=0.1), [3])


def test_the_command_writes_and_tells_sizes_with_their_errors(tmp_path: Path) -> None:
    told = must("power", "interaction", "--effect", 1.0, "--trials", 300, "--n", 60, "--target", 0.9, "-o",
                tmp_path / "power.tsv")  # fmt: skip
    assert "Monte Carlo SE" in told
    assert "times the subjects of a main effect of the same size" in told
    frame = PowerTable.from_tsv(tmp_path / "power.tsv").frame
    assert set(frame["role"]) == {"required", "search", "curve"}
    message = refused(tmp_path / "no", "power", "main", "--effect", 0.0, "-o", tmp_path / "no" / "power.tsv")
    assert "found at no size" in message
