"""Differential tests: a design, contrasts and a method, or a recipe, to one table."""

from exomics.differential import designs
from exomics.differential.analysis import Analysis
from exomics.differential.audit import Finding, audit_design
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
from exomics.differential.omnibus import Omnibus, parse_omnibus
from exomics.differential.question import fit_question
from exomics.differential.recipe import fit_recipe
from exomics.differential.run import fit, run_analysis

__all__ = [
    "Analysis",
    "Contrast",
    "ContrastSet",
    "Design",
    "FeatureTests",
    "Finding",
    "Omnibus",
    "OmnibusTests",
    "Tests",
    "audit_design",
    "build_design",
    "contrasts_from_table",
    "evaluate_contrasts",
    "fit",
    "designs",
    "fit_question",
    "fit_recipe",
    "parse_contrast",
    "parse_family",
    "parse_omnibus",
    "run_analysis",
    "with_families",
]
