"""A seeded, randomized exercise trial in cancer whose truth is planted and known."""

from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.trial import Simulation, Trial, simulate_trial, truth_table
from exomics.datasets.simulate.truth import Truth, genes_of

__all__ = ["Simulation", "Trial", "TrialParameters", "Truth", "genes_of", "simulate_trial", "truth_table"]
