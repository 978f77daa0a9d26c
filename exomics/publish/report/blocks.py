"""What a section of the page is made of. Text stays text until the template escapes it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import pandas as pd
from markupsafe import Markup

MISSING = "–"
_LONG = 36


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of text."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Box:
    """A boxed remark; `tone` is "warning" or "note"."""

    kind: ClassVar[str] = "box"
    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class Code:
    """Commands, one a line."""

    kind: ClassVar[str] = "code"
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A bulleted list; each text may have a topic in front."""

    kind: ClassVar[str] = "items"
    texts: tuple[str, ...]
    topics: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """An inline SVG with its caption."""

    kind: ClassVar[str] = "picture"
    svg: Markup
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side where there is room."""

    kind: ClassVar[str] = "gallery"
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, and what it sorts by."""

    text: str
    sort: str
    numeric: bool

    @property
    def style(self) -> str:
        """Class of the cell: numbers to the right, long text wrapped, short text on one line."""
        return "number" if self.numeric else "wrap" if len(self.text) > _LONG else ""


@dataclass(frozen=True)
class Table:
    """A table of cells; a long one scrolls under its header."""

    kind: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[bool, ...] = field(default=())


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    text: str


Block = Paragraph | Box | Code | Items | Picture | Gallery | Table | Heading


@dataclass(frozen=True)
class Section:
    """A numbered part of the page."""

    identifier: str
    title: str
    blocks: tuple[Block, ...]


def table(frame: pd.DataFrame, caption: str, formats: Mapping[str, str] | None = None) -> Table:
    """A frame as a table of the page.

    Parameters
    ----------
    frame
        Column names are the headers.
    caption
        What the table holds, with units.
    formats
        Column -> format specification for its numbers; ",d" for whole numbers and ".4g" for others where none is given.

    Examples
    --------
    >>> shown = table(pd.DataFrame({"gene": ["CS"], "q": [0.012345]}), "one gene", {"q": ".2g"})
    >>> [cell.text for cell in shown.rows[0]]
    ['CS', '0.012']
    """
    chosen = formats or {}
    numeric = tuple(bool(pd.api.types.is_numeric_dtype(kind)) for kind in frame.dtypes)
    whole = [bool(pd.api.types.is_integer_dtype(kind)) for kind in frame.dtypes]
    forms = [chosen.get(str(name), ",d" if is_whole else ".4g") for name, is_whole in zip(frame, whole, strict=True)]
    rows = tuple(
        tuple(_cell(value, form, is_number) for value, form, is_number in zip(row, forms, numeric, strict=True))
        for row in frame.itertuples(index=False, name=None)
    )
    return Table(caption=caption, header=tuple(map(str, frame.columns)), rows=rows, numeric=numeric)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as mappings from column to value."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def number(value: Any, form: str = ".3g") -> str:
    """A number for reading: true minus signs, a dash where there is none."""
    if value is None or pd.isna(value):
        return MISSING
    return format(value, form).replace("-", "−").replace("e−0", "e−")


def interval(estimate: float, low: float, high: float, form: str = ".2f") -> str:
    """``estimate [low, high]``."""
    return f"{number(estimate, form)} [{number(low, form)}, {number(high, form)}]"


def ratio_interval(estimate: float, low: float, high: float) -> str:
    """A log ratio and its interval as ratios: ``0.74 [0.65, 0.84]``."""
    return interval(math.exp(estimate), math.exp(low), math.exp(high))


def _cell(value: Any, form: str, is_number: bool) -> Cell:
    if pd.isna(value) or value == "":
        return Cell(text=MISSING, sort="", numeric=is_number)
    if is_number:
        return Cell(text=number(value, form), sort=repr(float(value)), numeric=True)
    return Cell(text=str(value), sort=str(value).lower(), numeric=False)


def pieces(words: Sequence[str]) -> str:
    """A list in a sentence: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
