"""Differential tests: a design, contrasts and a method, or a recipe, to one table."""

from exomics.differential import designs
from exomics.differential.analysis import Analysis
from exomics.differential.audit import Finding, audit_design
from exomics.differential.combine import combine_contrasts
from exomics.differential.concordance import LayerConcordance, concordance_of_layers, layer_concordance
from exomics.differential.contrasts import (
    Contrast,
    ContrastSet,
    contrasts_from_table,
    evaluate_contrasts,
    parse_contrast,
    parse_family,
    with_families,
)
from exomics.differential.design import Design, build_design
from exomics.differential.methods import FeatureTests, OmnibusTests, Tests
from exomics.differential.moderators import study_moderators
from exomics.differential.omnibus import Omnibus, parse_omnibus
from exomics.differential.pool_studies import combine_studies, pool_studies
from exomics.differential.question import fit_question
from exomics.differential.recipe import fit_recipe
from exomics.differential.run import fit, run_analysis
from exomics.differential.studies import Study

__all__ = [
    "Analysis",
    "Contrast",
    "ContrastSet",
    "Design",
    "FeatureTests",
    "Finding",
    "LayerConcordance",
    "Omnibus",
    "OmnibusTests",
    "Study",
    "Tests",
    "audit_design",
    "build_design",
    "combine_contrasts",
    "combine_studies",
    "concordance_of_layers",
    "contrasts_from_table",
    "evaluate_contrasts",
    "fit",
    "designs",
    "fit_question",
    "fit_recipe",
    "layer_concordance",
    "parse_contrast",
    "parse_family",
    "parse_omnibus",
    "pool_studies",
    "run_analysis",
    "study_moderators",
    "with_families",
]
