"""The table of inferred miRNA activity: targets in and outside the matrix, and what they say together."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class MirnaTable(ResultTable):
    """One row per contrast, model and set of targets.

    ``model`` is ``unadjusted`` or ``adjusted`` (stroma and purity among the covariates). ``statistic`` is positive
    where targets fall. ``p_value`` takes targets as independent, ``p_value_correlated`` as correlated by
    ``inter_gene_correlation``; ``empirical_p_value`` is against random genes of the same expression.
    ``p_value_difference`` asks whether the two sets move by different amounts; it and ``verdict`` are of both sets
    together, the same in both rows.
    """

    columns: ClassVar[dict[str, str]] = {
        "contrast": TEXT,
        "model": TEXT,
        "targets": TEXT,
        "n_members": COUNT,
        "n_measured": COUNT,
        "mean_log2_fold_change": NUMBER,
        "statistic": NUMBER,
        "p_value": NUMBER,
        "inter_gene_correlation": NUMBER,
        "p_value_correlated": NUMBER,
        "empirical_p_value": NUMBER,
        "p_value_difference": NUMBER,
        "status": TEXT,
        "verdict": TEXT,
        "note": TEXT,
    }
