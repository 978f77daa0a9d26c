"""The score table: one row per sample, signature and arm."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class ScoreTable(ResultTable):
    """One row per sample and signature; not measured is a status, never a zero."""

    columns: ClassVar[dict[str, str]] = {
        "sample_id": TEXT,
        "subject_id": TEXT,
        "time_point": TEXT,
        "signature_id": TEXT,
        "signature_version": TEXT,
        "arm": TEXT,
        "method": TEXT,
        "layer": TEXT,
        "species_mapping": TEXT,
        "reference_id": TEXT,
        "score": NUMBER,
        "coverage": NUMBER,
        "weight_coverage": NUMBER,
        "n_measured": COUNT,
        "n_members": COUNT,
        "n_universe": COUNT,
        "status": TEXT,
        "note": TEXT,
    }
