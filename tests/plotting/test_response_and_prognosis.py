"""Response, tracking, calibration, net benefit, incidence: what is drawn follows from the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from exomics.plotting import (
    calibration_curve,
    incidence_curves,
    net_benefit_curves,
    response_changes,
    response_spread,
    tracked_changes,
)
from exomics.response import ChangeColumns, Response, Variation, respond, track
from exomics.stats.calibration import binary_calibration
from exomics.stats.competing_risks import cumulative_incidence
from exomics.validation import DecisionOutcome, Label, Resampling, decision_curve


@pytest.fixture(scope="module")
def response() -> Response:
    rng = np.random.default_rng(0)
    arm = np.repeat(["run", "rest"], 20)
    change = np.where(arm == "run", rng.normal(3.0, 3.0, 40), rng.normal(0.0, 1.0, 40))
    before = rng.normal(40.0, 5.0, 40)
    frame = pd.DataFrame({"arm": arm, "before": before, "after": before + change})
    return respond(frame, ChangeColumns(arm="arm", control="rest", before=("before",), after=("after",)))


def legend_of(axes: Axes) -> set[str]:
    found = axes.get_legend()
    assert found is not None
    return {text.get_text() for text in found.get_texts()}


def drawn(axes: Axes) -> int:
    """Points of all markers."""
    return sum(len(line.get_xdata()) for line in axes.lines if line.get_linestyle() == "None")


def test_every_change_is_a_point_with_its_interval(axes: Axes, response: Response) -> None:
    frame = response.subjects.frame
    response_changes(frame, axes, unit="ml/kg/min", title="VO2peak")
    assert drawn(axes) == 40
    segments = [collection for collection in axes.collections if isinstance(collection, LineCollection)]
    assert sum(len(found.get_segments()) for found in segments) == 40
    assert legend_of(axes) == {call.replace("_", " ") for call in set(frame["call"])}
    assert axes.get_ylabel() == "change (ml/kg/min)"


def test_the_spread_is_signed(axes: Axes, response: Response) -> None:
    frame = response.heterogeneity.frame.copy()
    frame.loc[frame["quantity"] == "adjusted_response_sd", ["estimate", "ci_low"]] = -2.0
    response_spread(frame, axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "all, beside baseline"]
    points = np.concatenate([line.get_xdata() for line in axes.lines if line.get_linestyle() == "None"])
    assert points.min() == -2.0
    assert points.max() > 0.0


def test_a_tracked_person_stands_beside_his_limits(axes: Axes) -> None:
    frame = pd.DataFrame({"subject_id": "p$1", "time": [0.0, 2.0, 4.0, 6.0], "value": [10.0, 10.5, 20.0, 4.0]})
    table = track(frame, variation=Variation(0.05, 0.1)).frame
    tracked_changes(table, axes, subject_id="p$1")
    assert legend_of(axes) == {"variation without a change", "within variation", "rise", "fall"}
    assert drawn(axes) == 3


def test_calibration_has_the_diagonal_and_both_rugs(axes: Axes) -> None:
    rng = np.random.default_rng(1)
    risk = rng.uniform(0.05, 0.95, 60)
    outcome = (rng.random(60) < risk).astype(float)
    found = binary_calibration(risk, outcome)
    calibration_curve(found.predicted, found.observed, axes, outcome=outcome)
    assert legend_of(axes) == {"perfect", "model"}
    assert drawn(axes) == 60


def test_net_benefit_has_a_line_per_model_and_both_defaults(axes: Axes) -> None:
    rng = np.random.default_rng(2)
    risk = rng.uniform(0.05, 0.95, 60)
    outcome = DecisionOutcome((rng.random(60) < risk).astype(float))
    label, cuts = Label("m", "c", "response"), [0.1, 0.3, 0.5]
    table = decision_curve({"a": risk, "b": 1 - risk}, outcome, thresholds=cuts, label=label, resampling=Resampling(20))
    net_benefit_curves(table.frame, axes)
    assert legend_of(axes) == {"a", "b", "treat everybody", "treat nobody"}
    assert list(axes.lines[1].get_xdata()) == cuts


def test_incidences_are_steps_from_zero(axes: Axes) -> None:
    found = cumulative_incidence([1.0, 2.0, 3.0, 4.0], [1, 2, 0, 1])
    incidence_curves(found, axes, causes={1: "relapse"})
    assert legend_of(axes) == {"relapse", "cause 2"}
    assert axes.lines[0].get_ydata()[0] == 0.0


def test_empty_tables_say_so(axes: Axes) -> None:
    empty = pd.DataFrame(columns=["change", "arm", "call", "subject_id", "quantity", "estimate"])
    for draw in (
        lambda: response_changes(empty, axes),
        lambda: response_spread(empty, axes),
        lambda: tracked_changes(empty, axes, subject_id="p"),
        lambda: calibration_curve([np.nan], [np.nan], axes),
        lambda: net_benefit_curves(pd.DataFrame({"metric": pd.Series([], dtype=str)}), axes),
    ):
        before = len(axes.texts)
        draw()
        assert len(axes.texts) == before + 1
