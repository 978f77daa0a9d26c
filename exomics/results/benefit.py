"""The benefit table: one row per marker, its interaction with the arm, and its effect in either arm."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class BenefitTable(ResultTable):
    """One row per marker and endpoint, per standard deviation of the marker.

    ``interaction`` is ``in_treated`` minus ``in_control``; ``shrunken_interaction`` its posterior mean under a prior
    learned from all markers of the call, empty with fewer than ten. ``verdict`` is ``predictive`` (the benefit depends
    on the marker), ``interaction only`` (so it seems, but the design does not support the claim: see the note),
    ``prognostic`` (the outcome does, the benefit is not shown to), ``no evidence`` or ``not estimated``.
    """

    columns: ClassVar[dict[str, str]] = {
        "marker": TEXT,
        "endpoint": TEXT,
        "model": TEXT,
        "interaction": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "shrunken_interaction": NUMBER,
        "p_value": NUMBER,
        "adj_p_value": NUMBER,
        "family": TEXT,
        "in_control": NUMBER,
        "in_control_ci_low": NUMBER,
        "in_control_ci_high": NUMBER,
        "in_treated": NUMBER,
        "in_treated_ci_low": NUMBER,
        "in_treated_ci_high": NUMBER,
        "prognostic_adj_p_value": NUMBER,
        "n_samples": COUNT,
        "verdict": TEXT,
        "note": TEXT,
    }
