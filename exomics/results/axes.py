"""The axis table: one row per ligand-receptor pair and contrast."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class AxisTable(ResultTable):
    """What training does to a ligand, whether its receptor is in the tumor, and whether the axis goes with a target."""

    columns: ClassVar[dict[str, str]] = {
        "pair": TEXT,
        "ligand": TEXT,
        "receptor": TEXT,
        "contrast": TEXT,
        "log2_fold_change": NUMBER,
        "adj_p_value": NUMBER,
        "replicated": TEXT,
        "detected": NUMBER,
        "target": TEXT,
        "adjusted_for": TEXT,
        "n_samples": COUNT,
        "partial_correlation": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "p_value": NUMBER,
        "axis_adj_p_value": NUMBER,
        "status": TEXT,
        "note": TEXT,
    }
