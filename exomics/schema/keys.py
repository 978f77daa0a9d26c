"""Every obs, var, layer and uns key of the contract, spelled once."""

from __future__ import annotations

from typing import Final

# obs
SAMPLE_ID: Final = "sample_id"
SUBJECT_ID: Final = "subject_id"
STUDY_ID: Final = "study_id"
SPECIES: Final = "species"
SEX: Final = "sex"
SPECIMEN: Final = "specimen"
TIME_POINT: Final = "time_point"
TRAINING_WEEK: Final = "training_week"
INTERVENTION: Final = "intervention"
ARM: Final = "arm"
BATCH: Final = "batch"
GROUP: Final = "group"
NORMALIZATION_FACTOR: Final = "normalization_factor"  # multiplies the column sum of counts; written by the step tmm
STRAIN: Final = "strain"
MODEL: Final = "model_type"
MINUTES_POST_BOUT: Final = "minutes_post_bout"
TIMING_CLASS: Final = "timing_class"  # a word of exomics.schema.timing.TIMING_CLASSES, as signatures have it
EXPOSURE: Final = "exposure"  # acute or resting, by the time after the last bout
QC_FLAG: Final = "qc_flag"  # "" for a sample without findings, else the findings, joined by "; "

# endpoints: time in months unless the unit column says otherwise, event 1 = happened
OVERALL_SURVIVAL_TIME: Final = "os_time_months"
OVERALL_SURVIVAL_EVENT: Final = "os_event"
PROGRESSION_FREE_TIME: Final = "pfs_time_months"
PROGRESSION_FREE_EVENT: Final = "pfs_event"
RESPONSE: Final = "response"  # responder, non_responder, or missing: the trial's own RECIST-type label

# var
FEATURE_ID: Final = "feature_id"
FEATURE_NAME: Final = "feature_name"
FEATURE_TYPE: Final = "feature_type"
SOURCE_SYMBOL: Final = "source_symbol"  # the name a source gave, where a harmonization replaced it
HUMAN_ORTHOLOG: Final = "human_ortholog"
LOCALIZATION: Final = "localization_probability"  # of a modified site: that the modification is on the residue named

# layers
COUNTS: Final = "counts"

# uns
EXOMICS: Final = "exomics"
ASSAY: Final = "assay"
SCALE: Final = "scale"
MANIFEST: Final = "manifest"
MANIFEST_SHA256: Final = "manifest_sha256"
STEPS: Final = "steps"
ACKNOWLEDGMENTS: Final = "acknowledgments"
STUDY: Final = "study"  # study.yaml as JSON text
REPORT: Final = "report"  # what a loader or a harmonization dropped, as JSON text

REQUIRED_OBS: Final = (SUBJECT_ID, STUDY_ID, SPECIES, SPECIMEN, TIME_POINT)
REQUIRED_VAR: Final = (FEATURE_NAME, FEATURE_TYPE)
