"""Subgroups, uplift and power: what is drawn follows from the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection

from exomics.plotting import power_curves, subgroup_forest, uplift_curves
from exomics.stratify import TrialColumns, subgroup_effects
from exomics.validation import PowerPlan, power_curve, sample_size


@pytest.fixture(scope="module")
def subgroups() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    arms, sex = np.tile(["rest", "run"], 100), np.repeat(["f", "m"], 100)
    sheet = pd.DataFrame({"arm": arms, "s$x": sex, "age": generator.normal(60, 8, 200)})
    sheet["few"] = ["one"] * 4 + ["rest"] * 196
    sheet["gain"] = 2.0 * (arms == "run") * (sex == "f") + generator.normal(size=200)
    columns = TrialColumns(endpoint="gain", arm="arm", control="rest")
    return subgroup_effects(sheet, ["s$x", "age", "few"], columns).frame


def _texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_each_level_has_a_row_and_each_variable_one_p_value(axes: Axes, subgroups: pd.DataFrame) -> None:
    subgroup_forest(subgroups, axes, title="VO2peak")
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == len(subgroups) == 7
    assert names[:3] == ["all", r"s\$x: f", r"s\$x: m"]
    assert sum(text.startswith("p = ") for text in _texts(axes)) == 2  # one level of the third has no estimate
    assert "2 / 2, no estimate" in _texts(axes)
    segments = [found for found in axes.collections if isinstance(found, LineCollection)]
    assert sum(len(found.get_segments()) for found in segments) == 6
    assert axes.get_xlabel() == "difference of means, trained minus control"


def test_ratios_are_labeled_as_ratios(axes: Axes, subgroups: pd.DataFrame) -> None:
    subgroup_forest(subgroups.assign(metric="log_hazard_ratio"), axes)
    assert axes.xaxis.get_major_formatter()(np.log(2.0)) == "2"


def test_an_uplift_curve_stands_beside_chance(axes: Axes) -> None:
    share = np.linspace(0, 1, 5)
    rows = {"share_trained": share, "gain": np.sqrt(share), "ci_low": 0.0, "ci_high": 1.2, "at_random": share}
    table = pd.concat([pd.DataFrame(rows | {"method": name, "unit": "m$"}) for name in ("r_learner", "other")])
    uplift_curves(table, axes)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["by r learner", "at random", "by other"]
    assert sum(isinstance(found, PolyCollection) for found in axes.collections) == 2
    assert axes.get_ylabel() == r"gain per subject (m\$)"


def test_power_has_points_with_errors_and_the_size_sought(axes: Axes) -> None:
    plan = PowerPlan(question="interaction", effect=1.5)
    table = pd.concat([sample_size(plan, n_trials=200).frame, power_curve(plan, [30], n_trials=200).frame])
    power_curves(table, axes)
    diamonds = [line for line in axes.lines if line.get_marker() == "D"]
    needed = table.loc[table["role"] == "required", "n_subjects"].tolist()
    assert [line.get_xdata()[0] for line in diamonds if len(line.get_xdata())] == needed
    points = sum(len(line.get_xdata()) for line in axes.lines if line.get_marker() != "D")
    assert points == (table["role"] != "required").sum()


def test_empty_tables_say_so(axes: Axes) -> None:
    for draw in (subgroup_forest, uplift_curves, power_curves):
        before = len(axes.texts)
        draw(pd.DataFrame(), axes)
        assert len(axes.texts) == before + 1
