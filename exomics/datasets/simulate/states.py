"""The state of each tumor and of each plasma before and after, with and without training: the planted chain.

``training -> EV miR-29a-3p -> collagen I -> CD8 cells -> response`` holds on log2 deviations from the average patient::

    miR      = own + noise + ev_mir29a_rise * trained
    collagen = fibroblasts + own + noise + mir29a_to_collagen * miR + confounding * u
    CD8      = own + noise + collagen_to_cd8 * collagen - confounding * u
    log odds of response = logit(response_rate) + cd8_to_response * CD8 after training
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from exomics._checks import FloatArray
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import figures
from exomics.datasets.simulate.streams import stream

# Share of the non-malignant tissue at average composition; stated, not fitted (bulk tumors do not identify it).
STROMAL_SHARES = {"lymphocyte": 0.18, "b_cell": 0.07, "myeloid": 0.20, "fibroblast": 0.45, "endothelial": 0.10}
AVERAGE_PURITY = 0.55
MIR29A_OWN_SD, MIR29A_NOISE_SD = 0.4, 0.3
COLLAGEN_OWN_SD, COLLAGEN_NOISE_SD = 0.5, 0.2
BIOPSY_SHARE = 0.3  # of the variance of the composition lies between two biopsies of one tumor


@dataclass(frozen=True, kw_only=True)
class State:
    """One visit. ``mir29a``, ``regulation``, ``collagen`` and ``cd8`` are log2 deviations (n_subjects,); ``fractions``
    (n_subjects, n_compartments) sum to one."""

    mir29a: FloatArray
    regulation: FloatArray
    collagen: FloatArray
    cd8: FloatArray
    fractions: FloatArray


@dataclass(frozen=True, kw_only=True)
class States:
    """Before training, and after it in both worlds: as a member of the control arm and of the exercise arm."""

    baseline: State
    post_control: State
    post_exercise: State

    def post(self, trained: bool) -> State:
        """The state after, in the world where all patients did (not) train."""
        return self.post_exercise if trained else self.post_control


def compartments() -> tuple[str, ...]:
    """Names of the tumor compartments, in the order of `State.fractions`."""
    return tuple(figures()["tumor"]["compartments"])


def mean_fractions(purity: float) -> FloatArray:
    """Mean share of each compartment in a tumor of that malignant fraction."""
    return np.array([STROMAL_SHARES.get(name, 0.0) * (1 - purity) or purity for name in compartments()])


def states(parameters: TrialParameters, n_subjects: int) -> States:
    """Draw both visits; the two worlds after training share every random number."""
    amounts = _amounts(parameters, n_subjects)
    rng = stream(parameters.seed, "chain")
    mir_own, collagen_own = rng.standard_normal((2, n_subjects))
    mir_noise, collagen_noise, trait = rng.standard_normal((3, 2, n_subjects))

    def visit(time: int, *, trained: bool) -> State:
        mir29a = MIR29A_OWN_SD * mir_own + MIR29A_NOISE_SD * mir_noise[time] + parameters.ev_mir29a_rise * trained
        regulation = (
            COLLAGEN_OWN_SD * collagen_own
            + COLLAGEN_NOISE_SD * collagen_noise[time]
            + parameters.mir29a_to_collagen * mir29a
            + parameters.confounding * trait[time]
        )
        amount = amounts[time].copy()
        amount[:, compartments().index("fibroblast")] += parameters.stroma_change * trained
        collagen = amount[:, compartments().index("fibroblast")] + regulation
        cytotoxic = compartments().index("lymphocyte")
        amount[:, cytotoxic] += parameters.collagen_to_cd8 * collagen - parameters.confounding * trait[time]
        weight = mean_fractions(parameters.tumor_purity) * np.exp2(amount)
        return State(
            mir29a=mir29a,
            regulation=regulation,
            collagen=collagen,
            cd8=amount[:, cytotoxic],
            fractions=weight / weight.sum(axis=1, keepdims=True),
        )

    return States(
        baseline=visit(0, trained=False), post_control=visit(1, trained=False), post_exercise=visit(1, trained=True)
    )


def _amounts(parameters: TrialParameters, n_subjects: int) -> FloatArray:
    """log2 amounts (2 visits, n_subjects, n_compartments) with the fitted spread and correlation."""
    fitted = figures()["tumor"]
    root = (
        np.linalg.cholesky(np.array(fitted["compartment_correlation"]))
        * np.array(fitted["compartment_log2_sd"])[:, None]
    )
    rng = stream(parameters.seed, "composition")
    own = rng.standard_normal((n_subjects, len(root)))
    biopsy = rng.standard_normal((2, n_subjects, len(root)))
    return np.asarray((np.sqrt(1 - BIOPSY_SHARE) * own + np.sqrt(BIOPSY_SHARE) * biopsy) @ root.T)


def response_probability(parameters: TrialParameters, state: State) -> FloatArray:
    """Probability of response to the checkpoint inhibitor that follows."""
    return np.asarray(expit(logit(parameters.response_rate) + parameters.cd8_to_response * state.cd8))
