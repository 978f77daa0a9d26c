"""A figure as a file of its own: the same table gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exomics.plotting._style import SVG_STYLE


def save_figure(draw: Callable[[Axes], Axes], path: Path, *, size: tuple[float, float] = (6.4, 5.0)) -> None:
    """Draw on new axes and write an SVG, white below; `size` in inches."""
    with mpl.rc_context(SVG_STYLE):
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        draw(figure.subplots())
        figure.savefig(path, format="svg", metadata={"Date": None})
