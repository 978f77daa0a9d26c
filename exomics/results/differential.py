"""The differential table: one row per feature and contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from exomics.errors import InputError
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

    def of_contrasts(self, names: Sequence[str]) -> Self:
        """The rows of these contrasts; an `InputError` that lists the known ones if one is not in the table."""
        known = self.frame["contrast"].unique()
        missing = [name for name in names if name not in known]
        if missing:
            raise InputError(f"the table has no contrast {', '.join(missing)}; it holds {', '.join(known)}.")
        return type(self)(self.frame[self.frame["contrast"].isin(names)], self.provenance)
