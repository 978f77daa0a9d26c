"""The performance table: one row per signature, cohort, endpoint and metric."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class PerformanceTable(ResultTable):
    """One row per signature, cohort, endpoint and metric, with its interval and its role."""

    columns: ClassVar[dict[str, str]] = {
        "signature_id": TEXT,
        "cohort_id": TEXT,
        "endpoint": TEXT,
        "role": TEXT,
        "metric": TEXT,
        "estimate": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "resampling": TEXT,
        "n_samples": COUNT,
        "n_events": COUNT,
        "note": TEXT,
    }
