"""Forest, survival, scores, agreement, recovery: what is drawn follows from the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from exomics.errors import InputError
from exomics.plotting import (
    agreement_histogram,
    control_null,
    coverage_bars,
    forest,
    named_recovery,
    principal_components,
    score_by_response,
    survival_by_group,
    survival_by_tertile,
    truth_versus_found,
)
from exomics.validation import survival_curves


def words(axes: Axes) -> str:
    legend = axes.get_legend()
    drawn = [*axes.texts, *([] if legend is None else legend.get_texts())]
    return "\n".join([axes.get_title(loc="left"), *(text.get_text() for text in drawn)])


def test_forest_has_one_row_per_cohort_and_a_diamond(axes: Axes, performance: pd.DataFrame) -> None:
    forest(performance, axes, signature_id="imm.cyt", endpoint="os")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two", "three", "Pooled (REML)"]
    diamonds = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    assert len(diamonds) == 1
    assert diamonds[0].get_xy()[:, 0].min() == pytest.approx(-0.65)


def test_forest_writes_ratios_and_says_what_is_not_estimated(axes: Axes, performance: pd.DataFrame) -> None:
    forest(performance, axes, signature_id="imm.cyt", endpoint="os")
    assert "0.61 [0.50, 0.74], n = 200 (20)" in words(axes)
    assert "not estimated, n = 12 (20)" in words(axes)
    axes.figure.draw_without_rendering()
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert "1" in ticks
    assert len(ticks) == len(set(ticks))


def test_forest_draws_the_prediction_interval_up_to_the_edge(axes: Axes, performance: pd.DataFrame) -> None:
    forest(performance, axes, signature_id="imm.cyt", endpoint="os")
    ends = {
        tuple(np.round(segment[:, 0], 6))
        for collection in axes.collections
        if isinstance(collection, LineCollection)
        for segment in collection.get_segments()
    }
    edge = round(axes.get_xlim()[0], 6)
    assert -1.2 < edge < -0.9
    assert {(-0.7, -0.3), (-0.7, 0.9), (edge, 0.3)} <= ends


def test_forest_of_a_signature_that_is_not_there_is_an_error(axes: Axes, performance: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="imm.other"):
        forest(performance, axes, signature_id="imm.other", endpoint="os")


def cohort(n: int = 60) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    score = generator.normal(size=n)
    return pd.DataFrame(
        {
            "cohort_id": np.where(np.arange(n) < n // 2, "one", "two"),
            "signature_id": "imm.cyt",
            "score": score,
            "time_months": generator.exponential(20 * np.exp(0.5 * score)),
            "event": generator.integers(0, 2, n),
            "response": np.where(np.arange(n) % 3 == 0, "responder", "non_responder"),
        }
    )


def test_survival_curves_start_with_everyone_at_risk(axes: Axes) -> None:
    survival_by_tertile(cohort(), axes, horizon_months=24, title="imm.cyt in one")
    numbers = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert len(numbers) == 3 * 7
    assert numbers[::7] == ["20", "20", "20"]
    assert "continuous score" in words(axes)
    steps = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert len(steps) == 3
    for line in steps:
        height = np.asarray(line.get_ydata())
        assert height[0] == 1.0
        assert (np.diff(height) <= 0).all()


def test_survival_counts_events_within_the_horizon_only(axes: Axes) -> None:
    frame = cohort().assign(time_months=np.arange(1, 61), event=1, score=np.arange(60))
    survival_by_tertile(frame, axes, horizon_months=25)
    assert {"lowest third (20 of 20)", "middle third (5 of 20)", "highest third (0 of 20)"} <= set(
        words(axes).split("\n")
    )


def test_survival_of_a_handful_says_why_there_is_no_curve(axes: Axes) -> None:
    survival_by_tertile(cohort(6), axes, title="small")
    assert "6 patients" in words(axes)
    assert not axes.lines


def test_scores_by_response_show_every_patient(axes: Axes) -> None:
    frame = cohort()
    frame.loc[:4, "response"] = ""
    score_by_response(frame, axes, signature_id="imm.cyt")
    points = sum(len(collection.get_offsets()) for collection in axes.collections)
    assert points == 55
    counts = [int(label.get_text().removeprefix("n = ")) for label in axes.get_xticklabels()]
    assert sum(counts) == 55
    assert {"no response", "response"} <= set(words(axes).split("\n"))


def test_scores_without_labels_say_so(axes: Axes) -> None:
    score_by_response(cohort().assign(response=""), axes, signature_id="imm.cyt")
    assert "response label" in words(axes)


def test_coverage_hatches_what_is_not_scored(axes: Axes) -> None:
    rows = [
        ("one", "a", 8, 10, "ok"),
        ("two", "a", 2, 10, "below_floor"),
        ("three", "a", 9, 10, "wrong_layer_override"),
    ]
    frame = pd.DataFrame(rows, columns=["cohort_id", "signature_id", "n_measured", "n_members", "status"])
    coverage_bars(frame, axes)
    hatched = [patch for patch in axes.patches if patch.get_hatch()]
    assert [patch.get_width() for patch in hatched] == [pytest.approx(0.2)]
    assert [text.get_text() for text in axes.texts] == [
        "8 of 10",
        "2 of 10, below floor",
        "9 of 10, wrong layer override",
    ]


def test_the_legend_of_coverage_names_what_is_drawn(axes: Axes) -> None:
    row = {"cohort_id": "one", "signature_id": "s", "n_measured": 2, "n_members": 2, "status": "ok"}
    coverage_bars(pd.DataFrame([row]), axes)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["scored"]


def test_coverage_of_nothing_is_an_error(axes: Axes) -> None:
    with pytest.raises(InputError, match="empty"):
        coverage_bars(pd.DataFrame(columns=["cohort_id"]), axes)


def test_control_null_places_the_signature(axes: Axes) -> None:
    control_null(pd.DataFrame({"estimate": np.arange(200) / 100}), axes, observed=1.905, x_label="AUC")
    assert "signature, 95th percentile" in words(axes)
    assert "200 random matched sets" in words(axes)


def test_agreement_counts_rows_within_tolerance(axes: Axes) -> None:
    frame = pd.DataFrame({"z": [1.0, 2.0, 3.0, np.nan], "z_published": [1.0, 2.0 + 1e-12, 3.1, 1.0]})
    agreement_histogram(frame, axes)
    assert axes.get_title(loc="left") == "2 of 3 rows within 1e-08"
    assert sum(patch.get_height() for patch in axes.patches) == 3


def test_recovery_counts_intervals_that_hold_the_truth(axes: Axes) -> None:
    frame = pd.DataFrame(
        {"truth": [0.0, 1.0, 2.0], "found": [0.1, 1.6, 2.0], "ci_low": [-0.1, 1.2, 1.9], "ci_high": [0.3, 2.0, 2.1]}
    )
    truth_versus_found(frame, axes, unit="log2")
    assert axes.get_title(loc="left") == "2 of 3 intervals hold the truth"
    assert axes.get_xlabel() == "planted truth (log2)"


def test_named_recovery_has_a_row_and_a_diamond_per_quantity(axes: Axes) -> None:
    frame = pd.DataFrame(
        {"quantity": ["a", "b"], "truth": [0.0, 1.0], "found": [0.1, 1.6], "ci_low": [-0.1, 1.2], "ci_high": [0.3, 2.0]}
    )
    named_recovery(frame, axes, unit="log2")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert {"planted truth", "found, 95 % interval", "found, interval misses the truth"} == set(
        words(axes).split("\n")[1:]
    )
    with pytest.raises(InputError, match="no row has an estimate"):
        named_recovery(frame.assign(found=np.nan), axes, unit="log2")


def test_components_name_their_share_and_group(axes: Axes) -> None:
    frame = pd.DataFrame({"component_1": [0, 1, 2], "component_2": [1, 0, 1], "group": ["a", "a", "b"]})
    principal_components(frame, axes, explained=(0.5, 0.25))
    assert axes.get_ylabel() == "component 2 (25 % of the variance)"
    assert {"a (n = 2)", "b (n = 1)"} <= set(words(axes).split("\n"))


def test_a_figure_is_saved_without_pyplot(tmp_path: Path, performance: pd.DataFrame) -> None:
    figure = Figure(figsize=(6, 3), layout="constrained")
    forest(performance, figure.subplots(), signature_id="imm.cyt", endpoint="os")
    figure.savefig(tmp_path / "forest.png", dpi=80)
    assert (tmp_path / "forest.png").read_bytes().startswith(b"\x89PNG")


def test_survival_of_groups_names_each_and_counts_who_is_left(axes: Axes) -> None:
    table = survival_curves(range(1, 25), [1, 0] * 12, ["a$"] * 12 + ["b"] * 12, endpoint="os")
    survival_by_group(table.frame, axes, horizon_months=12)
    numbers = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert numbers == ["12", "11", "9", "7", "5", "3", "1", *["12"] * 7]
    assert {r"a\$ (6 of 12)", "b (0 of 12)"} <= set(words(axes).split("\n"))


def test_too_many_groups_are_not_drawn(axes: Axes) -> None:
    table = survival_curves(range(1, 15), [1] * 14, [f"g{number % 7}" for number in range(14)], endpoint="os")
    survival_by_group(table.frame, axes)
    assert "7 groups" in words(axes)
