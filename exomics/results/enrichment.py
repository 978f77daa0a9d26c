"""The enrichment table: one row per gene set and contrast."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class EnrichmentTable(ResultTable):
    """One row per gene set, contrast and inter-gene correlation.

    ``n_members`` counts the members of the set as published, ``n_measured`` those with a statistic in the contrast; a
    set with fewer than the floor in the provenance keeps its row and has no numbers. What ``effect`` and ``statistic``
    are is the method's own: see ``units`` in `exomics.enrichment.EnrichmentMethods`. ``inter_gene_correlation`` is the
    correlation that the p-value allows for, empty where the method allows for none. ``leading_features`` are the
    features that carry the result, joined by ``;``, strongest first.
    """

    columns: ClassVar[dict[str, str]] = {
        "gene_set": TEXT,
        "contrast": TEXT,
        "method": TEXT,
        "n_members": COUNT,
        "n_measured": COUNT,
        "effect": NUMBER,
        "statistic": NUMBER,
        "inter_gene_correlation": NUMBER,
        "p_value": NUMBER,
        "adj_p_value": NUMBER,
        "family": TEXT,
        "leading_features": TEXT,
    }
