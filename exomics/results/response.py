"""The response tables: one row per subject, and one row per quantity of a trial."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class ResponseTable(ResultTable):
    """One row per subject of a trial with a control arm.

    ``probability_of_response`` belongs to the trained alone. ``call`` is ``responder``, ``uncertain``,
    ``non_responder`` or ``abstain``; ``note`` says why nobody was called.
    """

    columns: ClassVar[dict[str, str]] = {
        "subject_id": TEXT,
        "arm": TEXT,
        "change": NUMBER,
        "change_ci_low": NUMBER,
        "change_ci_high": NUMBER,
        "probability_of_response": NUMBER,
        "call": TEXT,
        "definition_id": TEXT,
        "note": TEXT,
    }


class HeterogeneityTable(ResultTable):
    """One row per quantity of a trial, and per group if the trial was split (women, men).

    ``response_variance`` is signed, and ``response_sd`` its signed root; the row ``verdict`` has words only.
    """

    columns: ClassVar[dict[str, str]] = {
        "group": TEXT,
        "quantity": TEXT,
        "estimate": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "p_value": NUMBER,
        "n_trained": COUNT,
        "n_control": COUNT,
        "note": TEXT,
    }


class TrackingTable(ResultTable):
    """One row per follow-up sample of a subject, beside his own baseline.

    ``change`` is relative (0.2 is a rise by 20 %), as are the limits, between which biological and analytical variation
    leave a person in whom nothing changed; ``call`` is ``rise``, ``fall``, ``within_variation`` or ``not_measured``.
    """

    columns: ClassVar[dict[str, str]] = {
        "subject_id": TEXT,
        "time": NUMBER,
        "value": NUMBER,
        "baseline": NUMBER,
        "change": NUMBER,
        "limit_low": NUMBER,
        "limit_high": NUMBER,
        "call": TEXT,
        "note": TEXT,
    }
