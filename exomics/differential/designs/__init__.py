"""Designs as people say them: a question and the columns it is about, to a design, contrasts and what is assumed."""

from exomics.differential.designs._samples import Visits
from exomics.differential.designs.arms import arms, arms_by_subgroup
from exomics.differential.designs.dose import dose_response, maximin_weights
from exomics.differential.designs.prepost import prepost
from exomics.differential.designs.question import Questions, ask, parse_question
from exomics.differential.designs.repeated import repeated_measures
from exomics.differential.designs.time_lag import time_lag
from exomics.differential.designs.training import sex_by_training, subgroup_difference, training_effect

__all__ = [
    "Questions",
    "Visits",
    "arms",
    "arms_by_subgroup",
    "ask",
    "dose_response",
    "maximin_weights",
    "parse_question",
    "prepost",
    "repeated_measures",
    "sex_by_training",
    "subgroup_difference",
    "time_lag",
    "training_effect",
]
