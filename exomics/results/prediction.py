"""The prediction table: one row per held-out sample, repeat and model."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class PredictionTable(ResultTable):
    """Probabilities given by models that never saw the subject; ``outcome`` is 1 for the positive class."""

    columns: ClassVar[dict[str, str]] = {
        "sample_id": TEXT,
        "subject_id": TEXT,
        "model": TEXT,
        "repeat": COUNT,
        "fold": COUNT,
        "probability": NUMBER,
        "outcome": COUNT,
    }
