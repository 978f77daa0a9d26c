"""Response to the checkpoint inhibitor, and survival from its start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.datasets.simulate.cohort import BoolArray, Cohort
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.states import States, response_probability
from exomics.datasets.simulate.streams import stream


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Per patient: response in his or her own arm, its probability in both, and survival (months, 1 = died)."""

    responder: BoolArray
    probability_control: FloatArray
    probability_exercise: FloatArray
    time: FloatArray
    event: NDArray[np.int64]


def outcomes(parameters: TrialParameters, cohort: Cohort, states: States, markers: dict[str, FloatArray]) -> Outcomes:
    """Draw response, then survival with the planted log hazard ratios.

    Parameters
    ----------
    parameters, cohort, states
        The trial.
    markers
        Standardized true log2 level, before training, of every marker gene.
    """
    probability = [response_probability(parameters, states.post(trained)) for trained in (False, True)]
    own = np.where(cohort.exercise, probability[1], probability[0])
    responder = stream(parameters.seed, "response").random(cohort.n_subjects) < own
    log_hazard = (
        parameters.exercise_log_hazard_ratio * cohort.exercise
        + parameters.response_log_hazard_ratio * responder
        + parameters.stage_log_hazard_ratio * cohort.stage_four
    )
    for gene, effect in parameters.prognostic_markers:
        log_hazard = log_hazard + effect * markers[gene]
    for gene, effect in parameters.predictive_markers:
        log_hazard = log_hazard + effect * markers[gene] * cohort.exercise
    rng = stream(parameters.seed, "survival")
    hazard = np.log(2) / parameters.median_survival * np.exp(log_hazard)
    died = rng.exponential(size=cohort.n_subjects) / hazard
    censored = parameters.follow_up * (0.5 + 0.5 * rng.random(cohort.n_subjects))
    return Outcomes(
        responder=responder,
        probability_control=probability[0],
        probability_exercise=probability[1],
        time=np.maximum(np.round(np.minimum(died, censored), 2), 0.01),
        event=(died <= censored).astype(np.int64),
    )
