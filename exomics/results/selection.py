"""The selection tables: features and why they were selected, and what a selector does on features like these."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class SelectionTable(ResultTable):
    """One row per selector and feature, none dropped.

    ``selected`` is yes, no or ``not tested``; ``level`` is the least target at which the feature is selected, infinite
    where none does; ``target_bounds`` says in words what the target bounds. ``difference`` is that of the class means
    in pooled standard deviations with its 95 % interval; ``p_value`` and ``adj_p_value`` are of Student's t test with
    Benjamini-Hochberg over all features, whatever the selector.
    """

    columns: ClassVar[dict[str, str]] = {
        "feature_id": TEXT,
        "endpoint": TEXT,
        "selector": TEXT,
        "selected": TEXT,
        "statistic": NUMBER,
        "level": NUMBER,
        "target": NUMBER,
        "target_bounds": TEXT,
        "difference": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "p_value": NUMBER,
        "adj_p_value": NUMBER,
        "n_samples": COUNT,
        "note": TEXT,
    }


class OperatingTable(ResultTable):
    """One row per selector and target: its errors with shuffled labels, without and with planted differences.

    ``any_selected`` is the share of repeats in which anything was selected where nothing differs; ``true_selected`` the
    mean number of planted features found, ``false_share`` the mean share of the others among the selected (0 where
    nothing is); each with its Monte-Carlo standard error.
    """

    columns: ClassVar[dict[str, str]] = {
        "selector": TEXT,
        "target": NUMBER,
        "any_selected": NUMBER,
        "any_selected_error": NUMBER,
        "true_selected": NUMBER,
        "true_selected_error": NUMBER,
        "false_share": NUMBER,
        "false_share_error": NUMBER,
        "n_planted": COUNT,
        "shift": NUMBER,
        "n_samples": COUNT,
        "n_features": COUNT,
        "n_repeats": COUNT,
    }
