"""Our numbers against the published ones, and samples against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting._style import DOWN, GRID, INK, MARKERS, SERIES, UP, count, dress, legend, legend_below, plain

_FLOOR = 1e-17


def agreement_histogram(frame: pd.DataFrame, axes: Axes, *, tolerance: float = 1e-8, title: str = "") -> Axes:
    """How far a recomputed statistic is from the published one, row by row.

    Parameters
    ----------
    frame
        Columns ``z`` (ours) and ``z_published``; rows in which either is missing are left out.
    axes
        Where to draw.
    tolerance
        The largest difference that counts as agreement, drawn as a line.
    title
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; x is |z − published z| on a log scale, exact equality stands at its left end.

    Raises
    ------
    InputError
        If no row has both.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import agreement_histogram
    >>> frame = pd.DataFrame({"z": [1.0, 2.0], "z_published": [1.0, 2.0 + 1e-12]})
    >>> agreement_histogram(frame, Figure().subplots()).get_title(loc="left")
    '2 of 2 rows within 1e-08'
    """
    difference = (frame["z"] - frame["z_published"]).abs().dropna().to_numpy()
    if difference.size == 0:
        raise InputError("no row has both z and z_published; give the two tables joined on feature and contrast.")
    shown = np.log10(np.maximum(difference, _FLOOR))
    high = max(np.log10(tolerance) + 1, float(shown.max()) + 0.5)
    axes.hist(shown, bins=np.arange(np.log10(_FLOOR), high + 0.25, 0.25).tolist(), color=DOWN, linewidth=0, alpha=0.85)
    axes.axvline(np.log10(tolerance), color=UP, linewidth=1.4, linestyle="--", label=f"tolerance {tolerance:g}")
    axes.set_xticks(
        [np.log10(_FLOOR), *range(-15, int(high) + 1, 2)],
        ["equal", *(f"$10^{{{power}}}$" for power in range(-15, int(high) + 1, 2))],
    )
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    within = int((difference <= tolerance).sum())
    head = f"{count(within)} of {count(difference.size)} rows within {tolerance:g}"
    dress(
        axes,
        x_label="|z − published z|",
        y_label="rows",
        title=f"{plain(title, 60)}: {head}" if title else head,
        grid="y",
    )
    legend_below(axes, columns=1)
    return axes


def principal_components(frame: pd.DataFrame, axes: Axes, *, explained: tuple[float, float]) -> Axes:
    """Samples on their first two principal components, by group.

    Parameters
    ----------
    frame
        Columns ``component_1``, ``component_2`` and ``group``, one row per sample.
    axes
        Where to draw.
    explained
        Share of the variance on each of the two components, between 0 and 1.

    Returns
    -------
    Axes
        The same axes. Color and marker together name the group.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from exomics.plotting import principal_components
    >>> frame = pd.DataFrame({"component_1": [0.1, -0.1], "component_2": [0.0, 0.2], "group": ["F_SED", "F_8W"]})
    >>> principal_components(frame, Figure().subplots(), explained=(0.31, 0.12)).get_xlabel()
    'component 1 (31 % of the variance)'
    """
    for index, (group, part) in enumerate(frame.groupby("group", sort=False)):
        axes.scatter(
            part["component_1"],
            part["component_2"],
            s=24,
            color=SERIES[index % len(SERIES)],
            marker=MARKERS[(index + index // len(SERIES)) % len(MARKERS)],
            edgecolors=INK,
            linewidths=0.3,
            label=f"{plain(group)} (n = {len(part)})",
        )
    axes.axhline(0, color=GRID, linewidth=0.6)
    axes.axvline(0, color=GRID, linewidth=0.6)
    labels = [
        f"component {number} ({100 * share:.0f} % of the variance)" for number, share in enumerate(explained, start=1)
    ]
    dress(axes, x_label=labels[0], y_label=labels[1])
    legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes
