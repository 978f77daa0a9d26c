"""Figures as inline SVG: the same table gives the same bytes, and the ink follows the page's light or dark scheme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exomics.plotting._style import GRID, INK, MUTED, PAPER, SVG_STYLE

_STYLE: dict[Any, Any] = {
    **SVG_STYLE,
    "hatch.linewidth": 0.8,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
}
_THEME = {PAPER: "var(--paper)", INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)"}
_RASTER_DPI = 170
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def inline_svg(draw: Callable[[Axes], Axes], *, key: str, size: tuple[float, float], description: str) -> Markup:
    """Draw one figure and return it as an SVG element for a page.

    Parameters
    ----------
    draw
        Draws on the given axes.
    key
        Unique on the page: identifiers inside the SVG begin with it.
    size
        Width and height in inches.
    description
        What the figure shows, for those who cannot see it.

    Returns
    -------
    Markup
        An ``<svg>`` element. Every text in it, drawn or described, is escaped.

    Notes
    -----
    Clouds of points are embedded as an image, so that a page with six of them stays small; all other marks and texts
    are vectors. Colors of the palette's ink, gray and grid are written as the page's CSS variables.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        figure.patch.set_alpha(0.0)
        draw(figure.subplots())
        stream = io.StringIO()
        figure.savefig(stream, format="svg", dpi=_RASTER_DPI, metadata=_NO_METADATA)
    return Markup(_as_element(stream.getvalue(), key, description))


def _as_element(document: str, key: str, description: str) -> str:
    """The ``<svg>`` element of a matplotlib document, its ids made unique, its colors made the page's."""
    element = document[document.index("<svg") :].strip()
    element = re.sub(r"<!--.*?-->\s*", "", element, flags=re.DOTALL)
    element = re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)
    element = re.sub(r"<[^>]*>", lambda tag: _themed(tag.group(0), key), element)
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', element)[0]
    head = (
        f'<svg role="img" aria-label="{escape(description)}" viewBox="0 0 {width} {height}" '
        f'style="width: {float(width) / 72:.2f}in" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return head + element[element.index(">") + 1 :]


def _themed(tag: str, key: str) -> str:
    """One tag with unique ids, the page's colors, and a fallback for the font."""
    tag = re.sub(r'\bid="', f'id="{key}-', tag)
    tag = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{key}-", tag)
    for color, variable in _THEME.items():
        tag = tag.replace(color, variable)
    return tag.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
