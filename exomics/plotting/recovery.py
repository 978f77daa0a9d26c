"""Findings against the planted truth of a simulated study."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import DOWN, INK, MUTED, TEXT_SIZE, UP, dress, legend_below, plain

_NAME_WIDTH = 34


def truth_versus_found(frame: pd.DataFrame, axes: Axes, *, unit: str, title: str = "") -> Axes:
    """Estimates with their intervals against the planted truth of a simulated study.

    Parameters
    ----------
    frame
        Columns ``quantity``, ``truth``, ``found``, ``ci_low``, ``ci_high``; one unit for all rows.
    axes
        Where to draw.
    unit
        Unit of truth and estimate, for the labels.
    title
        Title of the axes; without one it says how many intervals hold the truth.

    Returns
    -------
    Axes
        The same axes; on the dashed line the estimate is the truth.

    Raises
    ------
    InputError
        If the table is empty.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import truth_versus_found
    >>> row = {"quantity": "VO2peak", "truth": 2.0, "found": 2.3, "ci_low": 1.5, "ci_high": 3.1}
    >>> frame = pd.DataFrame([row])
    >>> truth_versus_found(frame, Figure().subplots(), unit="mL/kg/min").get_title(loc="left")
    '1 of 1 intervals hold the truth'
    """
    rows = frame.dropna(subset=["truth", "found"])
    if rows.empty:
        raise InputError("no row has both a truth and an estimate; give the recovery table of a simulated study.")
    held = ((rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])).to_numpy()
    low, high = _square_limits(rows[["truth", "found", "ci_low", "ci_high"]].to_numpy(dtype=float))
    axes.plot([low, high], [low, high], color=MUTED, linewidth=0.9, linestyle="--", zorder=1)
    for chosen, color, marker, label in (
        (held, DOWN, "o", "interval holds the truth"),
        (~held, UP, "X", "interval misses it"),
    ):
        part = rows[chosen]
        axes.vlines(part["truth"], part["ci_low"], part["ci_high"], color=color, linewidth=1.0, alpha=0.7)
        axes.scatter(
            part["truth"],
            part["found"],
            s=22,
            color=color,
            marker=marker,
            linewidths=0,
            zorder=3,
            label=f"{label} ({len(part)})",
        )
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    head = title or f"{int(held.sum())} of {len(rows)} intervals hold the truth"
    dress(
        axes,
        x_label=f"planted truth ({plain(unit)})",
        y_label=f"found ({plain(unit)})",
        title=plain(head, 60),
        grid="both",
    )
    legend_below(axes, columns=2)
    return axes


def named_recovery(frame: pd.DataFrame, axes: Axes, *, unit: str) -> Axes:
    """One row per named quantity: the planted truth as a diamond, the finding with its interval.

    Parameters
    ----------
    frame
        Columns ``quantity``, ``truth``, ``found``, ``ci_low``, ``ci_high``; one unit for all rows. A row without truth
        keeps its interval.
    axes
        Where to draw; about 0.4 inches of height per row read well.
    unit
        Unit of truth and finding.

    Returns
    -------
    Axes
        The same axes.

    Raises
    ------
    InputError
        If no row has an estimate.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import named_recovery
    >>> row = {"quantity": "VO2peak", "truth": 2.0, "found": 2.3, "ci_low": 1.5, "ci_high": 3.1}
    >>> axes = named_recovery(pd.DataFrame([row]), Figure().subplots(), unit="mL/kg/min")
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['VO2peak']
    """
    rows = frame.dropna(subset=["found"])
    if rows.empty:
        raise InputError("no row has an estimate; give the recovery table of a simulated study.")
    height = np.arange(len(rows), dtype=float)
    missed = ((rows["truth"] < rows["ci_low"]) | (rows["truth"] > rows["ci_high"])).to_numpy()
    for chosen, color, label in (
        (~missed, DOWN, "found, 95 % interval"),
        (missed, UP, "found, interval misses the truth"),
    ):
        part = rows[chosen]
        axes.hlines(height[chosen], part["ci_low"], part["ci_high"], color=color, linewidth=1.4)
        if len(part):
            axes.scatter(part["found"], height[chosen], s=24, color=color, linewidths=0, zorder=3, label=label)
    axes.scatter(
        rows["truth"],
        height - 0.22,
        s=30,
        marker="D",
        facecolors="none",
        edgecolors=INK,
        linewidths=1.0,
        label="planted truth",
    )
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(
        height, [textwrap.fill(plain(name, 3 * _NAME_WIDTH), _NAME_WIDTH) for name in rows["quantity"]], linespacing=1.0
    )
    axes.set_ylim(len(rows) - 0.4, -0.7)
    dress(axes, x_label=plain(unit), y_label="", grid="x")
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE)
    legend_below(axes, columns=3)
    return axes


def _square_limits(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    margin = 0.08 * (high - low) if high > low else max(0.1 * abs(high), 0.1)
    return low - margin, high + margin
