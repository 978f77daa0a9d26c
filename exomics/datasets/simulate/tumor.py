"""Tumor RNA of two biopsies: composition, programs, the chain; true log2 TPM, then counts and measured TPM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.datasets.simulate.batches import batch_levels, second_batch
from exomics.datasets.simulate.cohort import Cohort
from exomics.datasets.simulate.counts import library_sizes, negative_binomial
from exomics.datasets.simulate.gene_properties import factor_scores, lengths, tumor_properties
from exomics.datasets.simulate.muscle import sex_specific
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import gene_table, positions
from exomics.datasets.simulate.states import AVERAGE_PURITY, State, States, compartments, mean_fractions
from exomics.datasets.simulate.streams import stream

SUBJECT_SHARE = 0.7  # of a gene's variance beyond composition stays with the tumor; stated
COLLAGEN_I = ("COL1A1", "COL1A2")
# Reporter-validated targets of miR-29a-3p without collagen I, in and outside the matrix (miRTarBase strong evidence,
# as counted in the signature dossier; all curated, none predicted).
MATRIX_TARGETS = [
    "COL3A1",
    "COL4A1",
    "COL4A2",
    "COL5A2",
    "COL10A1",
    "FBN1",
    "SPARC",
    "LOX",
    "LOXL2",
    "SERPINH1",
    "MMP2",
    "PDGFRB",
    "ITGB1",
    "ITGA11",
    "LAMC2",
    "PXDN",
    "ADAMTS9",
]
OTHER_TARGETS = [
    "CD276",
    "BACE1",
    "BCL2",
    "CCND2",
    "CDC42",
    "PPM1D",
    "PPP1R13B",
    "NASP",
    "DNMT3A",
    "DNMT3B",
    "TET3",
    "VEGFA",
    "PIK3R1",
    "AKT2",
    "AKT3",
]


def steady_levels(parameters: TrialParameters, cohort: Cohort) -> FloatArray:
    """log2 levels (2 n_subjects, n_genes) without composition and chain: what no training changes."""
    properties = tumor_properties()
    n = cohort.n_subjects
    rng = stream(parameters.seed, "tumor subject")
    deviation = np.sqrt(properties.log2_variance())
    factors = factor_scores(properties, n, rng)
    own = np.sqrt(properties.own_share) * rng.standard_normal((n, len(properties.names)))
    subject = np.sqrt(SUBJECT_SHARE) * deviation * (properties.shared(factors) + own)
    subject = sex_specific(properties, cohort.female, subject)
    biopsy_factors = factor_scores(properties, 2 * n, stream(parameters.seed, "tumor biopsy"))
    biopsy = np.sqrt(1 - SUBJECT_SHARE) * deviation * properties.shared(biopsy_factors)
    return np.tile(properties.level + subject, (2, 1)) + biopsy


def changing_levels(parameters: TrialParameters, state: State) -> FloatArray:
    """log2 part (n_subjects, n_genes) that composition, collagen regulation and miR-29a-3p make at one visit.

    A gene with share s in a compartment follows ``log2(s * fraction / mean fraction + 1 - s)``.
    """
    table = gene_table()
    reference = mean_fractions(AVERAGE_PURITY)
    relative = state.fractions / reference
    level = np.zeros((len(state.mir29a), len(table)))
    names, share = table["compartment"].to_numpy(), table["share"].to_numpy(dtype=float)
    for number, name in enumerate(compartments()):
        follows = names == name
        level[:, follows] = np.log2(relative[:, [number]] * share[follows] + 1 - share[follows])
    level[:, positions(table.index, COLLAGEN_I)] += state.regulation[:, np.newaxis]
    level[:, positions(table.index, [*MATRIX_TARGETS, *OTHER_TARGETS])] += (
        parameters.mir29a_to_targets * state.mir29a[:, np.newaxis]
    )
    return level


def tumor_levels(parameters: TrialParameters, cohort: Cohort, states: States) -> FloatArray:
    """True log2 levels of all baseline, then of all post biopsies, each patient in his or her own arm."""
    n = cohort.n_subjects
    level = steady_levels(parameters, cohort)
    level[:n] += changing_levels(parameters, states.baseline)
    after = [changing_levels(parameters, states.post(trained)) for trained in (False, True)]
    level[n:] += np.where(cohort.exercise[:, np.newaxis], after[1], after[0])
    return level


def log2_tpm(level: FloatArray) -> FloatArray:
    """True log2 TPM of noise-free levels: each sample sums to a million."""
    return np.asarray(level + np.log2(1e6 / np.exp2(level).sum(axis=1, keepdims=True)))


def effect_of_training(parameters: TrialParameters, cohort: Cohort, states: States) -> FloatArray:
    """Mean over all patients of true log2 TPM after training minus after none (n_genes,): the causal effect."""
    steady = steady_levels(parameters, cohort)[cohort.n_subjects :]
    worlds = [log2_tpm(steady + changing_levels(parameters, states.post(trained))) for trained in (False, True)]
    return np.asarray((worlds[1] - worlds[0]).mean(axis=0))


def tumor_counts(parameters: TrialParameters, cohort: Cohort, level: FloatArray) -> NDArray[np.int64]:
    """Counts: fragments in proportion to level times length, in two sequencing batches."""
    properties = tumor_properties()
    shift = batch_levels(parameters, second_batch(parameters, cohort, "tumor"), level.shape[1], "tumor")
    amount = np.exp2(level + shift) * lengths()
    library = library_sizes(
        parameters.tumor_library_size,
        parameters.library_size_log_sd,
        len(level),
        stream(parameters.seed, "tumor library"),
    )
    mean = amount * (library / amount.sum(axis=1))[:, np.newaxis]
    dispersion = np.expm1((1 - SUBJECT_SHARE) * properties.log2_variance() * properties.own_share * np.log(2) ** 2)
    return negative_binomial(mean, dispersion, stream(parameters.seed, "tumor counts"))


def tpm(counts: NDArray[np.int64]) -> FloatArray:
    """Transcripts per million of the counts."""
    rate = counts / lengths()
    return np.asarray(rate / rate.sum(axis=1, keepdims=True) * 1e6)


def standardized_markers(parameters: TrialParameters, level: FloatArray, n_subjects: int) -> dict[str, FloatArray]:
    """True log2 TPM before training of each marker gene, mean 0 and SD 1 over the patients."""
    genes = gene_table().index
    baseline = log2_tpm(level[:n_subjects])
    named = [gene for gene, _ in (*parameters.prognostic_markers, *parameters.predictive_markers)]
    markers = {}
    for gene in named:
        values = baseline[:, genes.get_loc(gene)]
        markers[gene] = (values - values.mean()) / values.std()
    return markers
