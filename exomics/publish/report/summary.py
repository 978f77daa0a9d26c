"""The findings as plain text, for a terminal: sentences, then truth or publication beside what was found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from exomics.publish.report.blocks import records
from exomics.publish.report.claims import guarded
from exomics.publish.report.content import ReportContent
from exomics.publish.report.findings import NOTHING, findings

_HEADS = {
    "rows": "rows",
    "equal_log2_fold_change": "logFC %",
    "equal_mean_expression": "mean %",
    "equal_statistic": "t %",
    "equal_degrees_of_freedom": "df %",
    "equal_p_value": "P %",
    "equal_adj_p_value": "adj.P %",
    "max_abs_dz": "max |dz|",
    "n_published": "n published",
    "n_ours": "n ours",
    "n_both": "n both",
}
_SHOWN = {name: ".2f" if name.startswith("equal_") else ".1e" if name == "max_abs_dz" else "," for name in _HEADS}
_PLANTED = ("quantity", "unit", "truth", "found", "ci_low", "ci_high")


def summary_text(content: ReportContent) -> str:
    """The findings as plain text, for a terminal.

    Parameters
    ----------
    content
        The parts of the report.

    Returns
    -------
    str
        Title and findings; then, where the content has them, published tables beside the recomputed ones (per cent of
        the rows that are equal after the published rounding) and planted truth beside what was found.

    Examples
    --------
    >>> print(summary_text(ReportContent(title="An empty run")), end="")
    An empty run
    ============
    <BLANKLINE>
    No table was given, so there is nothing to say.
    """
    told = [f"{finding.topic}. {finding.text}" for finding in findings(content)]
    title = guarded(content.title, supported=content.supported_claims)
    tables = [block for block in (_agreement(content), _recovery(content)) if block]
    blocks = [[title, "=" * len(title)], *([told] if told else []), *tables]
    return "\n\n".join("\n".join(block) for block in (blocks if len(blocks) > 1 else [*blocks, [NOTHING]])) + "\n"


def _agreement(content: ReportContent) -> list[str]:
    rows = [row for study in content.studies if study.agreement is not None for row in records(study.agreement)]
    if not rows:
        return []
    header = ["published", "family", *_HEADS.values()]
    cells = [
        [
            str(row.get("published_file", "")),
            str(row["family"]),
            *(format(row[name], form) if name in row else "" for name, form in _SHOWN.items()),
        ]
        for row in rows
    ]
    title = "Published tables, computed again: rows equal after the published rounding; n: adjusted p below 0.05"
    return [title, *_aligned([header, *cells], left=2)]


def _recovery(content: ReportContent) -> list[str]:
    frame = content.recovery
    if frame is None or frame.empty:
        return []
    header = ["planted quantity", "truth", "found", "95 % interval", "holds the truth"]
    cells = [
        [
            f"{row['quantity']} [{row['unit']}]" if row.get("unit") else str(row["quantity"]),
            _number(row["truth"]),
            _number(row["found"]),
            f"{_number(row['ci_low'])} to {_number(row['ci_high'])}" if pd.notna(row["ci_low"]) else "",
            _verdict(row["truth"], row["ci_low"], row["ci_high"]),
        ]
        for row in records(frame.reindex(columns=list(dict.fromkeys([*frame.columns, *_PLANTED]))))
    ]
    return ["Truth beside finding", *_aligned([header, *cells], left=1)]


def _verdict(truth: float, low: float, high: float) -> str:
    if any(math.isnan(value) for value in (truth, low, high)):
        return ""
    return "yes" if low <= truth <= high else "NO"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Columns of equal width; the first `left` are text and stand to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        shown = [f"{cell:<{width}}" for cell, width in zip(row[:left], widths, strict=False)]
        shown += [f"{cell:>{width}}" for cell, width in zip(row[left:], widths[left:], strict=True)]
        lines.append("  ".join(shown).rstrip())
    return lines
