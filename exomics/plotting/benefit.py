"""Who benefits, drawn: effects by subgroup with their interaction, uplift curves, and power over subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from exomics.plotting._style import (
    DOWN,
    INK,
    MARKERS,
    MUTED,
    SERIES,
    SMALL_SIZE,
    TEXT_SIZE,
    dress,
    legend_below,
    plain,
    say_empty,
)

_EFFECTS: Final = {
    "mean_difference": "difference of means, trained minus control",
    "log_odds_ratio": "odds ratio of the outcome, trained against control (log scale)",
    "log_hazard_ratio": "hazard ratio, trained against control (log scale)",
}


def subgroup_forest(frame: pd.DataFrame, axes: Axes, *, title: str = "") -> Axes:
    """Effect of the arm in all subjects and by subgroup, each variable beside the P value of its interaction.

    Parameters
    ----------
    frame
        Frame of a `SubgroupTable`.
    axes
        Where to draw.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes: squares with their intervals, a line at no effect and a dashed one at the effect in all; one P
        value per variable, none per level. A level without an estimate keeps its row and says so.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import subgroup_forest
    >>> row = {"variable": "all", "level": "all", "metric": "mean_difference", "estimate": 1.0, "ci_low": 0.5,
    ...     "ci_high": 1.5, "n_trained": 20, "n_control": 20, "interaction_p_value": float("nan")}
    >>> [label.get_text() for label in subgroup_forest(pd.DataFrame([row]), Figure().subplots()).get_yticklabels()]
    ['all']
    """
    if frame.empty or frame["estimate"].isna().all():
        return say_empty(axes, f"{title}: no effect of the arm could be estimated")
    rows = frame.reset_index(drop=True)
    first = ~rows["variable"].duplicated()
    positions = np.arange(len(rows)) + 0.5 * np.cumsum(first)
    estimate, low, high = (rows[name].to_numpy(dtype=float) for name in ("estimate", "ci_low", "ci_high"))
    known = np.isfinite(estimate)
    axes.hlines(positions[known], low[known], high[known], color=DOWN, linewidth=1.4)
    axes.plot(estimate[known], positions[known], "s", color=DOWN, markersize=5)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    whole = rows.loc[rows["variable"] == "all", "estimate"]
    if whole.notna().any():
        axes.axvline(float(whole.iloc[0]), color=INK, linewidth=0.8, linestyle="--")
    axes.set_yticks(positions, [_subgroup_name(row) for row in rows.to_dict("records")])
    axes.set_ylim(float(positions.max()) + 0.8, float(positions.min()) - 0.8)
    _subgroup_texts(axes, rows.assign(position=positions, first=first))
    metric = str(rows["metric"].iloc[0])
    dress(axes, x_label=_EFFECTS.get(metric, plain(metric)), y_label="", title=plain(title, 60), grid="x")
    if metric != "mean_difference":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{np.exp(value):.2g}"))
    return axes


def _subgroup_name(row: Mapping[Any, Any]) -> str:
    return "all" if row["variable"] == "all" else plain(f"{row['variable']}: {row['level']}", 34)


def _subgroup_texts(axes: Axes, rows: pd.DataFrame) -> None:
    """Numbers of subjects, and the P value of the interaction once per variable, to the right of the axes."""
    beside = axes.get_yaxis_transform()
    head: dict[str, Any] = {"transform": beside, "va": "bottom", "fontsize": SMALL_SIZE, "color": MUTED}
    top = float(rows["position"].min()) - 0.85
    axes.text(1.02, top, "trained / control", **head)
    axes.text(1.3, top, "interaction", **head)
    for row in rows.to_dict("records"):
        sizes = f"{row['n_trained']} / {row['n_control']}"
        words = sizes if np.isfinite(row["estimate"]) else f"{sizes}, no estimate"
        axes.text(1.02, row["position"], words, transform=beside, va="center", fontsize=TEXT_SIZE, color=INK)
        if row["first"] and np.isfinite(row["interaction_p_value"]):
            said = f"p = {row['interaction_p_value']:.2g}"
            axes.text(1.3, row["position"], said, transform=beside, va="center", fontsize=TEXT_SIZE, color=INK)


def uplift_curves(frame: pd.DataFrame, axes: Axes, *, title: str = "") -> Axes:
    """Gain when those of the highest benefit scores are trained first, beside training anybody.

    Parameters
    ----------
    frame
        Frame of an `UpliftTable`, of one endpoint and one or several methods.
    axes
        Where to draw.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes: a curve with its pointwise interval per method; a curve along the straight line ranks at random.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import uplift_curves
    >>> rows = {"method": "r_learner", "share_trained": [0.0, 1.0], "gain": [0.0, 2.0], "ci_low": [0.0, 1.0],
    ...     "ci_high": [0.0, 3.0], "at_random": [0.0, 2.0], "unit": "months"}
    >>> uplift_curves(pd.DataFrame(rows), Figure().subplots()).get_ylabel()
    'gain per subject (months)'
    """
    if frame.empty:
        return say_empty(axes, f"{title}: the table has no uplift curve")
    for number, (name, part) in enumerate(frame.groupby("method", sort=False)):
        color, share = SERIES[number % len(SERIES)], part["share_trained"]
        axes.plot(share, part["gain"], color=color, linewidth=1.6, label=f"by {plain(name)}".replace("_", " "))
        axes.fill_between(share, part["ci_low"], part["ci_high"], color=color, alpha=0.15, linewidth=0)
        label = "at random" if number == 0 else "_nolegend_"
        axes.plot(share, part["at_random"], color=MUTED, linewidth=1.0, linestyle="--", label=label)
    axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.set_xlim(0, 1)
    unit = plain(frame["unit"].iloc[0], 24)
    dress(axes, x_label="share of subjects trained", y_label=f"gain per subject ({unit})", title=plain(title, 60))
    legend_below(axes)
    return axes


def power_curves(frame: pd.DataFrame, axes: Axes, *, title: str = "") -> Axes:
    """Power over the number of subjects, with its Monte Carlo interval, one curve per question.

    Parameters
    ----------
    frame
        Frame of a `PowerTable`.
    axes
        Where to draw.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes: points that were simulated, and a diamond with its interval where a number of subjects was
        sought.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import power_curves
    >>> rows = {"question": "main", "role": "curve", "n_subjects": [50, 100], "n_low": None, "n_high": None,
    ...     "power": [0.4, 0.7], "ci_low": [0.3, 0.6], "ci_high": [0.5, 0.8]}
    >>> power_curves(pd.DataFrame(rows), Figure().subplots()).get_ylabel()
    'power'
    """
    if frame.empty:
        return say_empty(axes, f"{title}: the table has no power")
    for number, (name, part) in enumerate(frame.groupby("question", sort=False)):
        color, marker = SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]
        tried = part[part["role"] != "required"].sort_values("n_subjects")
        sizes = tried["n_subjects"].to_numpy(dtype=float)
        axes.plot(sizes, tried["power"], color=color, marker=marker, markersize=3.5, linewidth=1.2, label=plain(name))
        axes.vlines(sizes, tried["ci_low"], tried["ci_high"], color=color, linewidth=1.0)
        needed = part[part["role"] == "required"]
        low, high = (needed[end].to_numpy(dtype=float) for end in ("n_low", "n_high"))
        axes.hlines(needed["power"], low, high, color=INK, linewidth=1.6)
        axes.plot(needed["n_subjects"].to_numpy(dtype=float), needed["power"], "D", color=INK, markersize=5)
    axes.set_ylim(0, 1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    dress(axes, x_label="subjects randomized", y_label="power", title=plain(title, 60), grid="y")
    legend_below(axes)
    return axes
