"""Preprocessing steps: AnnData to AnnData, each recorded with what it changed. Flags first, never silent drops."""

from exomics.preprocess._matrix import counts_of, obs_labels, values_of, var_column
from exomics.preprocess.batch import combat, combat_seq, remove_batch
from exomics.preprocess.blanks import drop_blank_features
from exomics.preprocess.cargo import flag_spike_ins, normalize_cargo
from exomics.preprocess.cargo_comparison import compare_normalizers
from exomics.preprocess.confounding import confounding, require_separable
from exomics.preprocess.covariates import scale_covariates
from exomics.preprocess.detection import (
    drop_marked_features,
    keep_detected,
    keep_matching_features,
    set_feature_ids,
)
from exomics.preprocess.filtering import filter_by_expression, keep_counted, keep_expressed
from exomics.preprocess.hemolysis import check_hemolysis
from exomics.preprocess.imputation import impute_knn, impute_left_censored
from exomics.preprocess.losses import losses_of
from exomics.preprocess.normalization import effective_library_sizes, library_factors, log_cpm, median_mad, quantile
from exomics.preprocess.outliers import flag_outliers, measure_samples
from exomics.preprocess.parent_protein import subtract_parent_protein
from exomics.preprocess.quality import drop_flagged_samples, flag_missing_samples, flag_samples, flag_small_libraries
from exomics.preprocess.sex_check import check_sex
from exomics.preprocess.steps import Preprocessors, apply_step, apply_steps, require_known, require_scale
from exomics.preprocess.swap_check import SwapCheck, check_swaps, flag_swaps

__all__ = [
    "Preprocessors",
    "SwapCheck",
    "apply_step",
    "apply_steps",
    "check_hemolysis",
    "check_sex",
    "check_swaps",
    "combat",
    "combat_seq",
    "compare_normalizers",
    "confounding",
    "counts_of",
    "drop_blank_features",
    "drop_flagged_samples",
    "drop_marked_features",
    "effective_library_sizes",
    "filter_by_expression",
    "flag_missing_samples",
    "flag_outliers",
    "flag_samples",
    "flag_small_libraries",
    "flag_spike_ins",
    "flag_swaps",
    "impute_knn",
    "impute_left_censored",
    "keep_counted",
    "keep_detected",
    "keep_expressed",
    "keep_matching_features",
    "library_factors",
    "log_cpm",
    "losses_of",
    "measure_samples",
    "median_mad",
    "normalize_cargo",
    "obs_labels",
    "quantile",
    "remove_batch",
    "require_known",
    "require_scale",
    "require_separable",
    "scale_covariates",
    "set_feature_ids",
    "subtract_parent_protein",
    "values_of",
    "var_column",
]
