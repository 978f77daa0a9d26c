"""Changes of subjects beside controls, the signed spread of the response, and serial samples of a person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.plotting._style import (
    ACCENT,
    DOWN,
    GRID,
    INK,
    MUTED,
    SMALL_SIZE,
    UP,
    WARNING,
    below,
    dress,
    legend_below,
    plain,
    say_empty,
)

_CALLS = {
    "responder": (ACCENT, "o"),
    "uncertain": (WARNING, "s"),
    "non_responder": (UP, "v"),
    "abstain": (MUTED, "D"),
}
_TRACKED = {"within_variation": (MUTED, "o"), "rise": (UP, "^"), "fall": (DOWN, "v")}


def response_changes(subjects: pd.DataFrame, axes: Axes, *, unit: str = "", title: str = "") -> Axes:
    """The change of every subject with its interval, arm by arm, sorted, marked by its call.

    Parameters
    ----------
    subjects
        Frame of a `ResponseTable`.
    axes
        Where to draw.
    unit
        Of the change.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes. Both arms stand beside each other: an arm alone would show error as response.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import response_changes
    >>> row = {"change": 1.0, "change_ci_low": 0.0, "change_ci_high": 2.0, "call": "abstain"}
    >>> frame = pd.DataFrame([row | {"arm": "run"}, row | {"arm": "rest"}])
    >>> [label.get_text() for label in response_changes(frame, Figure().subplots()).get_xticklabels()]
    ['run', 'rest']
    """
    rows = subjects.dropna(subset=["change"])
    if rows.empty:
        return say_empty(axes, f"{title}: no subject has a change")
    position, ticks = 0, {}
    for arm, part in rows.groupby("arm", sort=False):
        ordered = part.sort_values("change", kind="stable")
        x = np.arange(position, position + len(ordered), dtype=float)
        axes.vlines(x, ordered["change_ci_low"], ordered["change_ci_high"], color=GRID, linewidth=1.2, zorder=1)
        _marked(axes, x, ordered["change"].to_numpy(), ordered["call"], _CALLS)
        ticks[plain(arm, 20)] = x.mean()
        position += len(ordered) + 3
    axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.set_xticks(list(ticks.values()), list(ticks))
    dress(axes, x_label="", y_label=f"change ({plain(unit, 20)})" if unit else "change", title=plain(title, 60))
    legend_below(axes, points=24.0, columns=4)
    return axes


def _marked(axes: Axes, x: np.ndarray, y: np.ndarray, calls: pd.Series, marks: dict[str, tuple[str, str]]) -> None:
    """Points by call; a call has one entry in the legend."""
    known = set(axes.get_legend_handles_labels()[1])
    for call, (color, marker) in marks.items():
        chosen = (calls == call).to_numpy()
        if chosen.any():
            name = call.replace("_", " ")
            label = name if name not in known else "_nolegend_"
            axes.plot(x[chosen], y[chosen], linestyle="none", marker=marker, color=color, markersize=4, label=label)


def response_spread(heterogeneity: pd.DataFrame, axes: Axes, *, unit: str = "", title: str = "") -> Axes:
    """The signed SD of the individual response with its interval, a row for each group, plain and beside the baseline.

    Parameters
    ----------
    heterogeneity
        Frame of a `HeterogeneityTable`.
    axes
        Where to draw.
    unit
        Of the endpoint.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes. Left of the line the controls vary more than the trained.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import response_spread
    >>> rows = {"group": "all", "quantity": "response_sd", "estimate": -1.0, "ci_low": -2.0, "ci_high": 1.0}
    >>> response_spread(pd.DataFrame([rows]), Figure().subplots()).get_yticklabels()[0].get_text()
    'all'
    """
    names = {"response_sd": "", "adjusted_response_sd": ", beside baseline"}
    rows = heterogeneity[heterogeneity["quantity"].isin(names)].dropna(subset=["estimate"])
    if rows.empty:
        return say_empty(axes, f"{title}: no spread of the response was estimated")
    y = np.arange(len(rows), dtype=float)[::-1]
    clear = (rows["ci_low"] > 0.0).to_numpy()
    axes.hlines(y, rows["ci_low"], rows["ci_high"], color=[ACCENT if one else MUTED for one in clear], linewidth=1.6)
    for chosen, color, marker in ((clear, ACCENT, "o"), (~clear, MUTED, "D")):
        axes.plot(rows["estimate"].to_numpy()[chosen], y[chosen], linestyle="none", marker=marker, color=color)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    labels = [plain(group, 20) + names[name] for group, name in zip(rows["group"], rows["quantity"], strict=True)]
    axes.set_yticks(y, labels)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    suffix = f" ({plain(unit, 20)})" if unit else ""
    dress(axes, x_label=f"SD of the individual response, signed{suffix}", y_label="", title=plain(title, 60), grid="x")
    note = "An interval that includes 0 is no evidence that subjects respond differently."
    shift = axes.transAxes + below(axes, 40.0)
    axes.text(0.5, 0.0, note, transform=shift, ha="center", fontsize=SMALL_SIZE, color=MUTED)
    return axes


def tracked_changes(tracking: pd.DataFrame, axes: Axes, *, subject_id: str, title: str = "") -> Axes:
    """The follow-up samples of one person beside the limits of his variation.

    Parameters
    ----------
    tracking
        Frame of a `TrackingTable`.
    axes
        Where to draw.
    subject_id
        Whose samples.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; changes in percent.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import tracked_changes
    >>> row = {"subject_id": "p", "time": 4.0, "change": 0.1, "limit_low": -0.3, "limit_high": 0.4}
    >>> frame = pd.DataFrame([row | {"call": "within_variation"}])
    >>> tracked_changes(frame, Figure().subplots(), subject_id="p").get_ylabel()
    'change from baseline (%)'
    """
    rows = tracking[(tracking["subject_id"] == subject_id)].dropna(subset=["change"])
    if rows.empty:
        return say_empty(axes, f"{subject_id}: no follow-up sample beside a baseline")
    low, high = 100.0 * rows["limit_low"].iloc[0], 100.0 * rows["limit_high"].iloc[0]
    axes.axhspan(low, high, color=GRID, alpha=0.6, linewidth=0, label="variation without a change")
    axes.axhline(0.0, color=INK, linewidth=0.8)
    axes.plot(rows["time"], 100.0 * rows["change"], color=MUTED, linewidth=0.8)
    _marked(axes, rows["time"].to_numpy(), 100.0 * rows["change"].to_numpy(), rows["call"], _TRACKED)
    dress(axes, x_label="time", y_label="change from baseline (%)", title=plain(title or subject_id, 60))
    legend_below(axes)
    return axes
