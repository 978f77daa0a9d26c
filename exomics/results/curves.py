"""The curve table: survival of each group over time, with the numbers at risk."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class CurveTable(ResultTable):
    """One row per group and distinct time of follow-up.

    ``n_at_risk`` are those followed just before ``time_months``; ``survival`` holds from it on.
    """

    columns: ClassVar[dict[str, str]] = {
        "group": TEXT,
        "endpoint": TEXT,
        "time_months": NUMBER,
        "n_at_risk": COUNT,
        "n_events": COUNT,
        "n_censored": COUNT,
        "survival": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
    }
