"""The knobs of the embedded study, each with its unit and default."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from exomics.datasets.simulate.reference import gene_table
from exomics.errors import InputError

Markers = tuple[tuple[str, float], ...]

_PROBABILITIES = [
    "female_fraction",
    "oxphos_share",
    "hemolysis_fraction",
    "tumor_purity",
    "response_rate",
    "baseline_predictor_correlation",
    "dropout_fraction",
    "missing_fraction",
    "batch_imbalance",
]
_NOT_NEGATIVE = [
    "seed",
    "muscle_up",
    "muscle_down",
    "muscle_effect_mean",
    "muscle_effect_sd",
    "sex_by_time_sd",
    "period_genes",
    "period_effect_sd",
    "batch_effect_sd",
    "ev_up",
    "ev_down",
    "ev_effect_mean",
    "vo2peak_sd",
    "vo2peak_typical_error",
    "vo2peak_drift_sd",
    "response_heterogeneity_sd",
    "library_size_log_sd",
]
_POSITIVE = [
    "muscle_dispersion_ratio",
    "ev_dispersion_ratio",
    "muscle_library_size",
    "ev_library_size",
    "tumor_library_size",
    "vo2peak_mean",
    "median_survival",
    "follow_up",
]
_STRICTLY_INSIDE = ("tumor_purity", "response_rate")


@dataclass(frozen=True, kw_only=True)
class TrialParameters:
    """Knobs of the simulated trial. What is not listed here is fitted to public data (``fitted/SOURCES.md``).

    Every knob moves what it names and nothing else: each part of the trial draws from its own random stream, so two
    trials that differ in one knob have the same patients, and the same noise wherever the knob does not reach.

    Parameters
    ----------
    seed
        Patients, noise, and which genes carry an effect. Same seed, same bytes.
    species
        ``human``, or ``rat``: the same trial with rat names (`simulate_trial` then needs a table of symbols).
    n_per_arm
        Patients per arm, randomized within sex.
    female_fraction
        Share of women in each arm.
    muscle_up, muscle_down
        Genes that training raises and lowers in muscle.
    muscle_effect_mean, muscle_effect_sd
        log2: size of a muscle effect, normal, at least 0.1.
    oxphos_share
        Share of the raised genes that are Hallmark oxidative phosphorylation (the positive control).
    sex_by_time_sd
        log2: SD over planted genes of the women's minus the men's effect; 0 = none.
    period_genes, period_effect_sd
        Muscle genes that change with time in *both* arms, and the SD of that change in log2.
    muscle_dispersion_ratio
        Biological dispersion over that of inbred rats at the same level. 12.2 is fitted to men; 1 gives the rats.
    muscle_library_size, ev_library_size, tumor_library_size
        Median reads per sample (muscle: fitted mean). The EV source had 0.2 million.
    library_size_log_sd
        SD of the natural logarithm of the library size in all three assays.
    batch_effect_sd
        log2: SD over features of the difference between the two sequencing batches of each assay.
    batch_imbalance
        How much likelier a post sample of the exercise arm is to be in the second batch (0 = balanced).
    ev_mir29a_rise
        log2: effect of training on EV miR-29a-3p. First link of the chain; 0 breaks it.
    ev_up, ev_down, ev_effect_mean
        Further EV miRNAs that training moves, and the mean size in log2.
    ev_dispersion_ratio
        Biological dispersion of EV miRNAs over that of the source, whose two groups, shallow libraries and mixed
        hemolysis make it an upper bound. 0.25 is stated, not fitted.
    hemolysis_fraction
        Share of EV samples with red-cell miRNAs raised by 3 log2.
    tumor_purity
        Mean malignant fraction; the stroma and the immune cells share the rest. Lower = more dilution.
    stroma_change
        log2: effect of training on the amount of fibroblasts (moves collagen without any miRNA).
    mir29a_to_collagen
        log2 of collagen I per log2 of EV miR-29a-3p. Second link.
    mir29a_to_targets
        log2 per log2 for the other miR-29a-3p targets, in and outside the matrix.
    collagen_to_cd8
        log2 of CD8 and cytotoxic cells per log2 of collagen I. Third link.
    cd8_to_response
        log odds of response per log2 of CD8 after training. Fourth link.
    confounding
        log2: an unmeasured trait of the biopsy raises collagen and lowers CD8 by this much per SD.
    response_rate
        Probability of response at average CD8.
    vo2peak_mean, vo2peak_sd
        ml/kg/min before training.
    vo2peak_gain
        ml/kg/min: mean true effect of training.
    vo2peak_typical_error
        ml/kg/min: SD of one test around the truth (5 % of the mean; retest bound in trained cyclists 4.5 %).
    vo2peak_drift_sd
        ml/kg/min: SD of the true change that has nothing to do with training, in both arms.
    response_heterogeneity_sd
        ml/kg/min: SD over patients of the true effect of training; 0 = all respond alike.
    sex_gain_difference
        ml/kg/min: women's minus men's mean effect.
    baseline_predictor_correlation
        Correlation of the true individual effect with the mitochondrial program of the muscle before training.
    post_tests
        VO2peak tests after training, 1 or 2.
    median_survival, follow_up
        Months from the start of the checkpoint inhibitor, after training; censoring is uniform on the last half.
    exercise_log_hazard_ratio, response_log_hazard_ratio, stage_log_hazard_ratio
        Conditional log hazard ratios: arm, response, stage IV against III.
    prognostic_markers
        Gene and log hazard ratio per SD of its true log2 level in the tumor before training, in both arms.
    predictive_markers
        Gene and log hazard ratio per SD *in the exercise arm only* (marker x arm).
    dropout_fraction
        Share of the exercise arm without any measurement after training.
    dropout_control
        Log odds ratio of dropping out, usual care against exercise.
    dropout_per_gain
        Log odds of dropping out per SD of true VO2peak change that is missed; above 0 it is missing not at random.
    missing_fraction
        Share of the samples of each assay that were lost, at random.

    Raises
    ------
    InputError
        If a value is out of its range; the line names every one.

    Examples
    --------
    >>> TrialParameters(n_per_arm=20, response_heterogeneity_sd=0.0).n_per_arm
    20
    """

    seed: int = 1
    species: str = "human"
    n_per_arm: int = 30
    female_fraction: float = 0.5
    muscle_up: int = 300
    muscle_down: int = 200
    muscle_effect_mean: float = 0.4
    muscle_effect_sd: float = 0.15
    oxphos_share: float = 0.4
    sex_by_time_sd: float = 0.1
    period_genes: int = 200
    period_effect_sd: float = 0.3
    muscle_dispersion_ratio: float = 12.2
    muscle_library_size: float = 27.8e6
    ev_library_size: float = 2e6
    tumor_library_size: float = 40e6
    library_size_log_sd: float = 0.25
    batch_effect_sd: float = 0.15
    batch_imbalance: float = 0.2
    ev_mir29a_rise: float = 0.8
    ev_up: int = 12
    ev_down: int = 6
    ev_effect_mean: float = 0.8
    ev_dispersion_ratio: float = 0.25
    hemolysis_fraction: float = 0.05
    tumor_purity: float = 0.55
    stroma_change: float = 0.0
    mir29a_to_collagen: float = -0.6
    mir29a_to_targets: float = -0.2
    collagen_to_cd8: float = -0.5
    cd8_to_response: float = 1.0
    confounding: float = 0.0
    response_rate: float = 0.3
    vo2peak_mean: float = 24.0
    vo2peak_sd: float = 5.0
    vo2peak_gain: float = 2.5
    vo2peak_typical_error: float = 1.2
    vo2peak_drift_sd: float = 0.6
    response_heterogeneity_sd: float = 1.5
    sex_gain_difference: float = 0.0
    baseline_predictor_correlation: float = 0.5
    post_tests: int = 1
    median_survival: float = 18.0
    follow_up: float = 36.0
    exercise_log_hazard_ratio: float = -0.3
    response_log_hazard_ratio: float = -0.8
    stage_log_hazard_ratio: float = 0.4
    prognostic_markers: Markers = (("CXCL9", -0.35),)
    predictive_markers: Markers = (("SLC2A1", -0.6),)
    dropout_fraction: float = 0.05
    dropout_control: float = 0.0
    dropout_per_gain: float = 0.0
    missing_fraction: float = 0.03

    def __post_init__(self) -> None:
        for name in ("prognostic_markers", "predictive_markers"):
            object.__setattr__(self, name, _pairs(getattr(self, name), name))
        failures = [*self._range_failures(), *self._choice_failures()]
        if failures:
            raise InputError(f"the trial cannot be simulated: {'; '.join(failures)}.")

    def _range_failures(self) -> list[str]:
        checks = (
            (_PROBABILITIES, lambda value: 0 <= value <= 1, "from 0 to 1"),
            (_STRICTLY_INSIDE, lambda value: 0 < value < 1, "above 0 and below 1"),
            (_NOT_NEGATIVE, lambda value: value >= 0, "0 or more"),
            (_POSITIVE, lambda value: value > 0, "above 0"),
        )
        return [
            f"{name} must be {what}, got {getattr(self, name)}"
            for names, holds, what in checks
            for name in names
            if not holds(getattr(self, name))
        ]

    def _choice_failures(self) -> list[str]:
        failures = []
        if self.species not in {"human", "rat"}:
            failures.append(f"species must be human or rat, got {self.species!r}")
        if self.n_per_arm < 4:
            failures.append(f"n_per_arm must be 4 or more, got {self.n_per_arm}")
        genes = [gene for gene, _ in (*self.prognostic_markers, *self.predictive_markers)]
        unknown = [gene for gene in genes if gene not in gene_table().index]
        if unknown:
            failures.append(
                f"prognostic_markers and predictive_markers must be genes of the study, got {', '.join(unknown)}"
            )
        if self.post_tests not in {1, 2}:
            failures.append(f"post_tests must be 1 or 2, got {self.post_tests}")
        return failures

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Parameters from a document's options; an unknown knob or a value of the wrong type is an `InputError`."""
        known = {field.name: field for field in fields(cls)}
        for name, value in options.items():
            if name not in known:
                close = difflib.get_close_matches(name, known, n=3)
                raise InputError(
                    f"the trial has no knob {name!r}; {f'did you mean {close}' if close else 'see the list'}."
                )
            default = known[name].default
            if isinstance(default, int | float):
                whole = isinstance(default, int)
                if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                    kind = "a whole number" if whole else "a number"
                    raise InputError(f"the knob {name} must be {kind}; got {value!r}.")
        return cls(**options)


def _pairs(markers: Any, name: str) -> Markers:
    pairs = markers.items() if isinstance(markers, Mapping) else markers
    try:
        return tuple((str(gene), float(effect)) for gene, effect in pairs)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must map genes to log hazard ratios, such as {{CXCL9: -0.35}}; got {markers!r}."
        ) from None
