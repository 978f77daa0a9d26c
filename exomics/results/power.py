"""The power table: one row per number of subjects, and one for the number that is needed."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class PowerTable(ResultTable):
    """One row per question and number of subjects randomized, with the Monte Carlo interval of its power.

    ``role`` is ``curve`` (asked for), ``search`` (tried on the way) or ``required``: then ``n_low`` and ``n_high`` hold
    the Monte Carlo interval of the number of subjects, and ``power`` the target.
    """

    columns: ClassVar[dict[str, str]] = {
        "question": TEXT,
        "outcome": TEXT,
        "effect": NUMBER,
        "effect_unit": TEXT,
        "role": TEXT,
        "n_subjects": COUNT,
        "n_low": COUNT,
        "n_high": COUNT,
        "n_events": NUMBER,
        "power": NUMBER,
        "standard_error": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "not_estimated": NUMBER,
        "level": NUMBER,
        "n_markers": COUNT,
        "n_trials": COUNT,
        "note": TEXT,
    }
