"""Colors and axes furniture of every figure, defined once. Nothing here touches global state.

The palette is that of Okabe and Ito (2008), which stays distinct under the common forms of color blindness; a second
cue (marker, hatch, label) always goes with a color.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

INK: Final = "#1f2933"
MUTED: Final = "#7b8794"
GRID: Final = "#d5dbe1"
PAPER: Final = "#ffffff"
UP: Final = "#d55e00"
DOWN: Final = "#0072b2"
ACCENT: Final = "#009e73"
WARNING: Final = "#e69f00"
SERIES: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS: Final = ("o", "s", "^", "D", "v", "P")

LABEL_SIZE: Final = 9.0
TEXT_SIZE: Final = 8.0
SMALL_SIZE: Final = 7.0

# Of every SVG: texts stay texts, of one family, and the same table gives the same bytes.
SVG_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "exomics",
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
}


def plain(value: object, width: int = 40) -> str:
    """`value` as one line that matplotlib draws as it is: no formula from a dollar sign, the middle of a long name cut.

    Examples
    --------
    >>> plain("A$B"), plain("a very long name of a feature", width=12)
    ('A\\\\$B', 'a very …ture')
    """
    text = " ".join(str(value).split())
    if len(text) > width:
        tail = (width - 1) * 2 // 5
        text = f"{text[: width - 1 - tail]}…{text[-tail:]}"
    return text.replace("$", r"\$")


def dress(axes: Axes, *, x_label: str, y_label: str, title: str = "", grid: str = "") -> Axes:
    """Set labels, ticks and spines; `grid` is "", "x", "y" or "both"."""
    axes.set_xlabel(x_label, fontsize=LABEL_SIZE, color=INK)
    axes.set_ylabel(y_label, fontsize=LABEL_SIZE, color=INK)
    if title:
        axes.set_title(title, fontsize=LABEL_SIZE + 1, color=INK, loc="left", fontweight="bold")
    axes.tick_params(labelsize=TEXT_SIZE, colors=INK, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    if grid:
        axes.grid(visible=True, axis=grid, color=GRID, linewidth=0.6)  # type: ignore[arg-type]
    return axes


def legend(axes: Axes, **where: Any) -> None:
    """A legend without a frame, in ink."""
    drawn = axes.legend(frameon=False, fontsize=TEXT_SIZE, labelcolor=INK, **where)
    drawn.get_title().set_color(INK)


def legend_below(axes: Axes, *, points: float = 34.0, columns: int = 3, title: str = "") -> None:
    """A legend `points` below the axes, so that the gap does not grow with the axes."""
    legend(
        axes,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=axes.transAxes + below(axes, points),
        borderaxespad=0.0,
        ncols=columns,
        title=title or None,
        title_fontsize=SMALL_SIZE,
        columnspacing=1.4,
        handletextpad=0.4,
    )


def below(axes: Axes, points: float) -> ScaledTranslation:
    """A shift downward by `points`, whatever the size of the axes."""
    return ScaledTranslation(0.0, -points / 72, axes.figure.dpi_scale_trans)


def say_empty(axes: Axes, message: str) -> Axes:
    """An axes that says why there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, plain(message, 300), ha="center", va="center", fontsize=LABEL_SIZE, color=MUTED, wrap=True)
    return axes


def count(number: int) -> str:
    """A whole number with thousands separators."""
    return f"{number:,}"


def display_names(frame: pd.DataFrame) -> pd.Series:
    """The name of each feature, or its id where the source gives no name."""
    return frame["feature_name"].where(frame["feature_name"].astype(bool), frame["feature_id"])


def callouts(axes: Axes, points: pd.DataFrame, *, side: str) -> None:
    """Label points in a column at the edge of the axes, with leaders in the order of the points.

    Parameters
    ----------
    axes
        Its limits must be final, with room kept at `side`.
    points
        Columns ``x``, ``y`` (data coordinates) and ``label``.
    side
        "left" or "right".
    """
    if points.empty:
        return
    ordered = points.sort_values("y", kind="stable")
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = to_axes.transform(ordered[["x", "y"]].to_numpy(dtype=float))[:, 1]
    heights = _spread(wanted, gap=0.052, low=0.09, high=0.9)
    edge, align, start = (0.985, "right", 0.0) if side == "right" else (0.015, "left", 1.0)
    leader = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 2, "relpos": (start, 0.5)}
    for (x, y, label), height in zip(ordered[["x", "y", "label"]].itertuples(index=False), heights, strict=True):
        axes.annotate(
            plain(label),
            xy=(x, y),
            xycoords="data",
            xytext=(edge, height),
            textcoords="axes fraction",
            ha=align,
            va="center",
            fontsize=SMALL_SIZE,
            color=INK,
            arrowprops=leader,
        )


def _spread(wanted: np.ndarray, *, gap: float, low: float, high: float) -> np.ndarray:
    """Sorted positions at least `gap` apart inside [low, high], near to `wanted` (a forward and a backward pass)."""
    placed = np.clip(np.asarray(wanted, dtype=float), low, high)
    step = min(gap, (high - low) / max(len(placed) - 1, 1))
    for index in range(1, len(placed)):
        placed[index] = max(placed[index], placed[index - 1] + step)
    placed[-1] = min(placed[-1], high)
    for index in range(len(placed) - 2, -1, -1):
        placed[index] = min(placed[index], placed[index + 1] - step)
    return placed
