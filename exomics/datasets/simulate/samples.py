"""The sheets of the trial: one row per sample, one row per patient."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exomics.datasets.simulate.batches import second_batch
from exomics.datasets.simulate.cohort import Cohort
from exomics.datasets.simulate.outcomes import Outcomes
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.schema import keys

STUDY = "embedded_trial"
TIME_POINTS = ("baseline", "post")


def _patients(parameters: TrialParameters, cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(
        {
            keys.SUBJECT_ID: list(cohort.subject_id),
            keys.STUDY_ID: STUDY,
            keys.SPECIES: parameters.species,
            keys.SEX: np.where(cohort.female, "female", "male"),
            "age_years": cohort.age,
            "stage": np.where(cohort.stage_four, "IV", "III"),
            keys.ARM: np.where(cohort.exercise, "exercise", "usual_care"),
            keys.INTERVENTION: np.where(cohort.exercise, "endurance", "usual_care"),
        }
    )


def sample_frame(parameters: TrialParameters, cohort: Cohort, *, specimen: str) -> pd.DataFrame:
    """The contract's obs, all baseline samples first.

    The indicator columns make the design ``~ subject_id + post + exercise_post`` full rank: ``exercise_post`` is the
    effect of training beyond time. With ``female_post`` and ``female_exercise_post`` beside them, ``exercise_post`` is
    the effect in men and ``female_exercise_post`` what women have beyond it.
    """
    patients = _patients(parameters, cohort)
    obs = pd.concat([patients, patients], ignore_index=True)
    post = np.repeat([0, 1], cohort.n_subjects)
    female, exercise = np.tile(cohort.female, 2), np.tile(cohort.exercise, 2)
    obs[keys.SPECIMEN] = specimen
    obs[keys.TIME_POINT] = np.array(TIME_POINTS)[post]
    obs[keys.BATCH] = np.where(second_batch(parameters, cohort, specimen), "batch_2", "batch_1")
    obs["post"] = post.astype(float)
    obs["exercise_post"] = (post * exercise).astype(float)
    obs["female_post"] = (post * female).astype(float)
    obs["female_exercise_post"] = (post * female * exercise).astype(float)
    names = obs[keys.SUBJECT_ID] + f"_{specimen}_" + obs[keys.TIME_POINT]
    obs.index = pd.Index(names, dtype=object, name=keys.SAMPLE_ID)
    return obs


def endpoint_columns(outcomes: Outcomes) -> dict[str, np.ndarray]:
    """Response and overall survival, in the contract's columns."""
    return {
        keys.RESPONSE: np.where(outcomes.responder, "responder", "non_responder"),
        keys.OVERALL_SURVIVAL_TIME: outcomes.time,
        keys.OVERALL_SURVIVAL_EVENT: outcomes.event,
    }


def subject_frame(parameters: TrialParameters, cohort: Cohort, outcomes: Outcomes) -> pd.DataFrame:
    """One row per patient; VO2peak in ml/kg/min, missing after dropout; survival in months from the inhibitor on."""
    frame = _patients(parameters, cohort)
    frame["vo2peak_unit"] = "ml/kg/min"
    frame["vo2peak_baseline_1"], frame["vo2peak_baseline_2"] = np.round(cohort.baseline_tests, 2)
    frame["vo2peak_post"] = np.round(cohort.post_tests[0], 2)
    if parameters.post_tests == 2:
        frame["vo2peak_post_2"] = np.round(cohort.post_tests[1], 2)
    for name, values in endpoint_columns(outcomes).items():
        frame[name] = values
    return frame
