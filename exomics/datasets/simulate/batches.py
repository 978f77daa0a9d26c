"""Two sequencing batches per assay, partly unbalanced between the arms."""

from __future__ import annotations

import numpy as np

from exomics._checks import FloatArray
from exomics.datasets.simulate.cohort import BoolArray, Cohort
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.streams import stream


def second_batch(parameters: TrialParameters, cohort: Cohort, specimen: str) -> BoolArray:
    """Baseline, then post samples: in the second batch with probability 1/2, more after training in the trained arm."""
    post_exercise = np.concatenate([np.zeros(cohort.n_subjects, dtype=bool), cohort.exercise])
    probability = 0.5 + 0.5 * parameters.batch_imbalance * post_exercise
    return np.asarray(stream(parameters.seed, f"{specimen} batch").random(2 * cohort.n_subjects) < probability)


def batch_levels(parameters: TrialParameters, second: BoolArray, n_features: int, specimen: str) -> FloatArray:
    """log2 shift (n_samples, n_features): none in the first batch, one per feature in the second."""
    shift = stream(parameters.seed, f"{specimen} batch effect").standard_normal(n_features)
    return np.asarray(second[:, np.newaxis] * (parameters.batch_effect_sd * shift))
