"""Stratify: classifiers judged by nested cross-validation that no sample of a subject can slip through."""

from exomics.stratify.benefit import benefit
from exomics.stratify.cross_validation import CrossValidated, CrossValidation, cross_validate
from exomics.stratify.features import Study
from exomics.stratify.models import ElasticNetLogistic, MedianImputer
from exomics.stratify.pipelines import Pipelines
from exomics.stratify.splits import Fold, folds, joined_groups

__all__ = [
    "CrossValidated",
    "CrossValidation",
    "ElasticNetLogistic",
    "Fold",
    "MedianImputer",
    "Pipelines",
    "Study",
    "benefit",
    "cross_validate",
    "folds",
    "joined_groups",
]
