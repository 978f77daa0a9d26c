"""The prediction table: one row per held-out sample, repeat, model and class."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class PredictionTable(ResultTable):
    """Probabilities given by models that never saw the subject.

    ``target`` is the class, or the event by a horizon, whose probability it is; ``outcome`` is 1 if the sample is of
    that class, or had the event at ``time`` (the end of its follow-up otherwise).
    """

    columns: ClassVar[dict[str, str]] = {
        "sample_id": TEXT,
        "subject_id": TEXT,
        "model": TEXT,
        "repeat": COUNT,
        "fold": COUNT,
        "target": TEXT,
        "probability": NUMBER,
        "outcome": COUNT,
        "time": NUMBER,
    }
