"""The section about selected features: what was selected, with what bound, and what a t test says beside it."""

from __future__ import annotations

import pandas as pd

from exomics.publish.report.blocks import Block, Heading, Paragraph, Section, interval, pieces, records, table
from exomics.publish.report.content import ReportContent

_HOW_SELECTED = (
    "A selector names features that differ between two classes and bounds its errors by a target. A selection is not a "
    "performance: what it predicts for others is judged by cross-validation in which it is made anew in every fold."
)
_MOST = 50


def selection_section(content: ReportContent) -> Section | None:
    """Features by level, selector by selector."""
    if not content.selections:
        return None
    blocks: list[Block] = [Paragraph(_HOW_SELECTED)]
    for found in content.selections:
        for selector, rows in found.frame.groupby("selector", sort=False):
            ordered = rows.sort_values(["level", "p_value"], kind="stable").head(_MOST)
            shown = pd.DataFrame([_feature(row) for row in records(ordered)])
            bound = f"target {rows['target'].iloc[0]:g}: {rows['target_bounds'].iloc[0]}"
            caption = f"Features by level, {len(ordered)} of {len(rows)}; {bound}."
            blocks += [Heading(str(selector).replace("_", " ")), table(shown, caption, {"q of the t test": ".2g"})]
    return Section("selection", "Which features tell classes apart", tuple(blocks))


def selection_sentences(content: ReportContent) -> str:
    """How many features each selector names, and which, where there are few."""
    told = []
    for found in content.selections:
        for selector, rows in found.frame.groupby("selector", sort=False):
            named = rows[rows["selected"] == "yes"]["feature_id"].tolist()
            which = f" ({pieces(named)})" if 0 < len(named) <= 10 else ""
            told.append(
                f"{str(selector).replace('_', ' ')} selects {len(named)} of {len(rows)} features for "
                f"{rows['endpoint'].iloc[0]} at target {rows['target'].iloc[0]:g}{which}"
            )
    return f"{'; '.join(told)}." if told else ""


def _feature(row: dict[str, object]) -> dict[str, object]:
    estimate, low, high = (float(str(row[name])) for name in ("difference", "ci_low", "ci_high"))
    return {
        "feature": row["feature_id"],
        "selected": row["selected"],
        "level": row["level"],
        "difference in SD": interval(estimate, low, high),
        "q of the t test": row["adj_p_value"],
        "n": row["n_samples"],
    }
