"""Stratify: classifiers judged by nested cross-validation that no sample of a subject can slip through."""

from exomics.stratify.benefit import TrialColumns, benefit
from exomics.stratify.cohorts import leave_one_cohort_out
from exomics.stratify.cross_validation import CrossValidated, CrossValidation, cross_validate
from exomics.stratify.effects import effect_table
from exomics.stratify.feature_selector import FeatureSelector
from exomics.stratify.features import Study
from exomics.stratify.models import ElasticNetLogistic, MedianImputer
from exomics.stratify.pipelines import Pipelines
from exomics.stratify.selection import operating_curve, select
from exomics.stratify.selectors import DEFAULT_SELECTOR, Selectors
from exomics.stratify.splits import Fold, folds, joined_groups
from exomics.stratify.subgroups import subgroup_effects
from exomics.stratify.treatment_scores import TreatmentScores, treatment_scores

__all__ = [
    "DEFAULT_SELECTOR",
    "CrossValidated",
    "CrossValidation",
    "ElasticNetLogistic",
    "FeatureSelector",
    "Fold",
    "MedianImputer",
    "Pipelines",
    "Selectors",
    "Study",
    "TreatmentScores",
    "TrialColumns",
    "benefit",
    "cross_validate",
    "effect_table",
    "folds",
    "joined_groups",
    "leave_one_cohort_out",
    "operating_curve",
    "select",
    "subgroup_effects",
    "treatment_scores",
]
