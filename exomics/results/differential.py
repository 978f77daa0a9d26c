"""The differential table: one row per feature and contrast."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class DifferentialTable(ResultTable):
    """One row per feature and contrast.

    ``log2_fold_change`` is empty for a test that has no log2 effect (an omnibus F, a likelihood ratio);
    ``family`` names the rows over which ``adj_p_value`` was formed; ``status`` is ``ok`` or why a number is missing.
    """

    columns: ClassVar[dict[str, str]] = {
        "feature_id": TEXT,
        "feature_name": TEXT,
        "contrast": TEXT,
        "log2_fold_change": NUMBER,
        "standard_error": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "mean_expression": NUMBER,
        "test": TEXT,
        "statistic": NUMBER,
        "df_numerator": NUMBER,
        "degrees_of_freedom": NUMBER,
        "p_value": NUMBER,
        "adj_p_value": NUMBER,
        "family": TEXT,
        "n_samples": COUNT,
        "status": TEXT,
        "note": TEXT,
    }
