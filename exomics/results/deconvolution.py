"""The deconvolution table: one row per sample and cell type."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import NUMBER, TEXT, ResultTable


class DeconvolutionTable(ResultTable):
    """One row per sample and cell type.

    ``unit`` is ``fraction`` (of all cells of the sample) or ``arbitrary``: an arbitrary value ranks samples within one
    run and says nothing of how much of a cell type there is. ``ci_low`` and ``ci_high`` are empty where the method
    gives no interval. ``status`` is ``ok``, ``not_measured``, ``below_floor`` or ``qc_fail``; not measured is never
    zero.
    """

    columns: ClassVar[dict[str, str]] = {
        "sample_id": TEXT,
        "subject_id": TEXT,
        "time_point": TEXT,
        "cell_type": TEXT,
        "method": TEXT,
        "value": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "unit": TEXT,
        "status": TEXT,
        "note": TEXT,
    }
