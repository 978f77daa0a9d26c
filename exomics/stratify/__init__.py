"""Stratify: classifiers judged by nested cross-validation that no sample of a subject can slip through."""

from exomics.stratify.effects import effect_table
from exomics.stratify.evaluation.cohorts import leave_one_cohort_out
from exomics.stratify.evaluation.cross_validation import CrossValidated, CrossValidation, cross_validate
from exomics.stratify.models.logistic import ElasticNetLogistic, MedianImputer
from exomics.stratify.pipelines import Pipelines
from exomics.stratify.selection.feature_selector import FeatureSelector
from exomics.stratify.selection.select import operating_curve, select
from exomics.stratify.selection.selectors import DEFAULT_SELECTOR, Selectors
from exomics.stratify.study.features import Study
from exomics.stratify.study.splits import Fold, folds, joined_groups
from exomics.stratify.trial.interactions import TrialColumns, benefit
from exomics.stratify.trial.subgroups import subgroup_effects
from exomics.stratify.trial.treatment_scores import TreatmentScores, treatment_scores

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
