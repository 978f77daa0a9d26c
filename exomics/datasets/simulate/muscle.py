"""Muscle RNA before and after: true log2 levels, then counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.datasets.simulate.batches import batch_levels, second_batch
from exomics.datasets.simulate.cohort import BoolArray, Cohort
from exomics.datasets.simulate.counts import counts_from_proportions, library_sizes
from exomics.datasets.simulate.effects import muscle_effects
from exomics.datasets.simulate.gene_properties import GeneProperties, factor_scores, muscle_properties
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import figures
from exomics.datasets.simulate.streams import BIOLOGY_SEED, stream

WOMEN_ONLY = ("XIST",)
MEN_ONLY = ("RPS4Y1", "DDX3Y", "KDM5D", "UTY", "EIF1AY", "USP9Y", "ZFY", "NLGN4Y")
ABSENT = -20.0  # log2 change of a gene that the other sex does not have
_LARGEST_SEX_EFFECT = 2.0


def muscle_counts(parameters: TrialParameters, cohort: Cohort) -> NDArray[np.int64]:
    """Counts (2 n_subjects, n_genes): the baseline samples of all patients, then their post samples.

    The biological variance of a gene has the patient's own part, which both biopsies share, and a part of the biopsy.
    Of each, a share follows the programs and factors; what is the biopsy's own is the negative binomial dispersion.
    """
    properties = muscle_properties()
    n = cohort.n_subjects
    share = figures()["human_muscle"]["subject_share"]
    variance = properties.log2_variance(parameters.muscle_dispersion_ratio)
    subject = np.sqrt(share * variance) * _standardized(properties, parameters, cohort)
    factors = factor_scores(properties, 2 * n, stream(parameters.seed, "muscle biopsy"))
    biopsy = np.sqrt((1 - share) * variance) * properties.shared(factors)
    second = second_batch(parameters, cohort, "muscle")
    level = np.tile(properties.level + subject + _sex_effects(properties, cohort.female), (2, 1)) + biopsy
    level += batch_levels(parameters, second, len(properties.names), "muscle")
    effects = muscle_effects(parameters)
    own_effect = np.where(cohort.female[:, np.newaxis], effects.female, effects.male)
    level[n:] += effects.period + cohort.exercise[:, np.newaxis] * own_effect
    dispersion = np.expm1((1 - share) * variance * properties.own_share * np.log(2) ** 2)
    library = library_sizes(
        parameters.muscle_library_size, parameters.library_size_log_sd, 2 * n, stream(parameters.seed, "muscle library")
    )
    return counts_from_proportions(level, library, dispersion, stream(parameters.seed, "muscle counts"))


def _standardized(properties: GeneProperties, parameters: TrialParameters, cohort: Cohort) -> FloatArray:
    """The patient's part of each gene, variance 1; his or her mitochondrial program is the cohort's."""
    rng = stream(parameters.seed, "muscle subject")
    factors = factor_scores(properties, cohort.n_subjects, rng)
    factors[:, properties.programs.index("oxphos")] = cohort.mitochondria
    own = rng.standard_normal((cohort.n_subjects, len(properties.names)))
    return properties.shared(factors) + np.sqrt(properties.own_share) * own


def _sex_effects(properties: GeneProperties, female: BoolArray) -> FloatArray:
    """Half the men-minus-women difference, heavy-tailed as fitted; sex-chromosome genes are absent in the other sex."""
    fitted = figures()["muscle"]
    rng = stream(BIOLOGY_SEED, "sex")
    difference = fitted["sex_effect_scale"] * rng.standard_t(
        fitted["sex_effect_degrees_of_freedom"], len(properties.names)
    )
    difference = np.clip(difference, -_LARGEST_SEX_EFFECT, _LARGEST_SEX_EFFECT)
    return sex_specific(properties, female, np.where(female[:, np.newaxis], -difference / 2, difference / 2))


def sex_specific(properties: GeneProperties, female: BoolArray, effect: FloatArray) -> FloatArray:
    """`effect` (n, n_genes) with the genes that one sex lacks set to absent in it."""
    effect = effect.copy()
    for names, lacking in ((WOMEN_ONLY, ~female), (MEN_ONLY, female)):
        effect[:, properties.names.isin(names)] = np.where(lacking, ABSENT, 0.0)[:, np.newaxis]
    return effect
