"""The reference table: every feature of a frozen cohort, by which a single sample can be scored."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable

PROBABILITIES = tuple(round(0.05 * step, 2) for step in range(21))
QUANTILES = tuple(f"q{round(100 * probability):02d}" for probability in PROBABILITIES)


class ReferenceTable(ResultTable):
    """One row per feature of a reference cohort: moments, detection and 21 quantiles on the log2 scale."""

    columns: ClassVar[dict[str, str]] = {
        "feature_name": TEXT,
        "feature_id": TEXT,
        "n": COUNT,
        "mean": NUMBER,
        "sd": NUMBER,
        "detected": NUMBER,
        **dict.fromkeys(QUANTILES, NUMBER),
    }

    @cached_property
    def sha256(self) -> str:
        """Hash of the rows: two references with the same numbers are one."""
        return hashlib.sha256(self.to_text().encode("utf-8")).hexdigest()

    @property
    def reference_id(self) -> str:
        """What the score table says: the name of the cohort and the start of the hash."""
        return f"{self.provenance.parameters.get('name', 'reference')}:{self.sha256[:12]}"
