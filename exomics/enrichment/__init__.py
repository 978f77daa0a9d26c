"""Enrichment of sets: over-representation, pre-ranked, competitive tests with correlation, kinase activity."""

from exomics.enrichment._method import FeatureStatistics, SetArrays, SetTests
from exomics.enrichment.expression import PreparedExpression, enrich_expression
from exomics.enrichment.gene_sets import (
    GeneSets,
    jaccard_matrix,
    read_substrates,
    resolve_gene_sets,
    substrates_of,
    without_shared,
)
from exomics.enrichment.methods import EnrichmentMethods
from exomics.enrichment.mirna import NonTargets, mirna_verdict
from exomics.enrichment.overlap import closest_sets
from exomics.enrichment.run import enrich

__all__ = [
    "EnrichmentMethods",
    "FeatureStatistics",
    "GeneSets",
    "NonTargets",
    "PreparedExpression",
    "SetArrays",
    "SetTests",
    "closest_sets",
    "enrich",
    "enrich_expression",
    "jaccard_matrix",
    "mirna_verdict",
    "read_substrates",
    "resolve_gene_sets",
    "substrates_of",
    "without_shared",
]
