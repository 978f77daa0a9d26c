"""Identifiers that a spreadsheet has changed: genes that became dates, accessions that became floats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

_MONTH: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE: Final = re.compile(
    rf"\d{{1,2}}-(?:{_MONTH})(?:-\d{{2,4}})?|(?:{_MONTH})-\d{{1,2}}|\d{{4}}-\d{{2}}-\d{{2}}(?: 00:00:00)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{4}",
    re.IGNORECASE,
)
_FLOAT: Final = re.compile(r"\d(?:[.,]\d+)?E\+\d{2,}", re.IGNORECASE)


def mangled_report(labels: Sequence[str]) -> dict[str, Any]:
    """How many of `labels` look like dates or floats of a spreadsheet, with examples; empty when none does.

    A date cannot be turned back by itself: 1-Mar was MARCHF1 or MTARC1.

    Examples
    --------
    >>> mangled_report(["TP53", "1-Mar", "2.31E+19"])["ids_like_dates"]
    {'count': 1, 'examples': ['1-Mar']}
    """
    found = {
        "ids_like_dates": [label for label in labels if _DATE.fullmatch(label)],
        "ids_like_floats": [label for label in labels if _FLOAT.fullmatch(label)],
    }
    return {what: {"count": len(held), "examples": held[:3]} for what, held in found.items() if held}
