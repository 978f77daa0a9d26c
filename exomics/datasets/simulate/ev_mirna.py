"""Plasma EV small RNA before and after: true log2 levels, then counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics.datasets.simulate.batches import batch_levels, second_batch
from exomics.datasets.simulate.cohort import Cohort
from exomics.datasets.simulate.counts import counts_from_proportions, library_sizes
from exomics.datasets.simulate.effects import MIR29A, ev_effects
from exomics.datasets.simulate.gene_properties import ev_properties
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.states import States
from exomics.datasets.simulate.streams import stream

# Red-cell miRNAs (Kirschner 2013, doi 10.3389/fgene.2013.00094, and miR-486-5p, miR-451a)
RED_CELL = ("451a", "486-5p", "16-5p", "92a-3p", "17-5p", "21-5p", "106a-5p")
HEMOLYSIS_LOG2 = 3.0
MILD_HEMOLYSIS_SD = 0.3
SUBJECT_SHARE = 0.5  # of the variance stays with the patient; stated


def ev_counts(parameters: TrialParameters, cohort: Cohort, states: States) -> NDArray[np.int64]:
    """Counts (2 n_subjects, n_mirnas).

    miR-29a-3p follows the chain, with the dispersion of its own on top; red-cell miRNAs rise with hemolysis, which has
    nothing to do with training.
    """
    properties = ev_properties()
    n = cohort.n_subjects
    variance = properties.log2_variance(parameters.ev_dispersion_ratio)
    own = stream(parameters.seed, "ev subject").standard_normal((n, len(properties.names)))
    subject = np.sqrt(SUBJECT_SHARE * variance) * own
    mir29a = properties.names.get_loc(MIR29A)
    subject[:, mir29a] = 0.0
    level = np.tile(properties.level + subject, (2, 1))
    level[n:] += cohort.exercise[:, np.newaxis] * ev_effects(parameters)
    after = np.where(cohort.exercise, states.post_exercise.mir29a, states.post_control.mir29a)
    level[:, mir29a] += np.concatenate([states.baseline.mir29a, after])
    red_cell = properties.names.isin([f"hsa-miR-{name}" for name in RED_CELL])
    rng = stream(parameters.seed, "hemolysis")
    mild = np.abs(MILD_HEMOLYSIS_SD * rng.standard_normal(2 * n))
    hemolyzed = rng.random(2 * n) < parameters.hemolysis_fraction
    level[:, red_cell] += (mild + HEMOLYSIS_LOG2 * hemolyzed)[:, np.newaxis]
    level += batch_levels(parameters, second_batch(parameters, cohort, "plasma_ev"), len(properties.names), "plasma_ev")
    dispersion = np.expm1((1 - SUBJECT_SHARE) * variance * np.log(2) ** 2)
    library = library_sizes(
        parameters.ev_library_size, parameters.library_size_log_sd, 2 * n, stream(parameters.seed, "ev library")
    )
    return counts_from_proportions(level, library, dispersion, stream(parameters.seed, "ev counts"))
