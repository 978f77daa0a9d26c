"""The table of measured cargo: one difference under every normalizer, and what they say together."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class CargoTable(ResultTable):
    """One row per feature, normalizer and model.

    ``normalizer`` is the denominator, ``tests`` what a difference in it is a difference of. ``model`` is
    ``unadjusted`` or ``adjusted`` (the measure of hemolysis among the covariates). ``n_qc_fail`` samples were left
    out. ``verdict`` is that of all rows of a feature, the same in each.
    """

    columns: ClassVar[dict[str, str]] = {
        "feature_id": TEXT,
        "feature_name": TEXT,
        "comparison": TEXT,
        "normalizer": TEXT,
        "tests": TEXT,
        "model": TEXT,
        "n_samples": COUNT,
        "n_qc_fail": COUNT,
        "log2_difference": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "statistic": NUMBER,
        "p_value": NUMBER,
        "status": TEXT,
        "verdict": TEXT,
        "note": TEXT,
    }
