"""What was planted: tables to hold beside what an analysis finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.datasets.simulate.cohort import BoolArray, Cohort
from exomics.datasets.simulate.effects import MIR29A, ev_effects, muscle_effects
from exomics.datasets.simulate.naming import Names
from exomics.datasets.simulate.outcomes import Outcomes
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import gene_table, mirna_table, positions
from exomics.datasets.simulate.states import State, States, compartments
from exomics.datasets.simulate.tumor import COLLAGEN_I

CD8_GENES, CYT_GENES = ("CD8A", "CD8B"), ("GZMA", "PRF1")
TUMOR_ARM_FROM = 0.05  # log2: smaller tumor effects, which composition gives every gene, count as none
_COLUMNS = ["quantity", "layer", "entity_id", "unit", "value"]


@dataclass(frozen=True)
class Truth:
    """The planted truth, one frame per kind of thing.

    Parameters
    ----------
    genes
        ``feature_id, layer, log2_fold_change`` (by training, over the trial's mix of sexes),
        ``log2_fold_change_female, log2_fold_change_male, arm`` (up, down, none). Tumor
        effects are the mean over patients of the difference between the two worlds, on true log2 TPM.
    subjects
        Per patient: true effect of training on VO2peak (also of those who did not train), true change, probability of
        response in both arms, whether he or she dropped out.
    samples
        Per visit: true purity, and log2 deviations of EV miR-29a-3p, collagen I and CD8.
    paths
        Coefficients of the chain: ``path, unit, value``.
    markers
        Conditional log hazard ratios: ``entity_id, role, unit, value``.
    summary
        Effects of training on the quantities that a trial estimates: ``quantity, layer, unit, value``.
    """

    genes: pd.DataFrame
    subjects: pd.DataFrame
    samples: pd.DataFrame
    paths: pd.DataFrame
    markers: pd.DataFrame
    summary: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Everything in long form: ``quantity, layer, entity_id, unit, value``.

        The effects of each sex are listed for planted features only.
        """
        wide = self.genes.melt(["feature_id", "layer", "arm"], var_name="quantity")
        wide = wide[(wide["quantity"] == "log2_fold_change") | (wide["arm"] != "none")]
        genes = wide.dropna(subset=["value"]).rename(columns={"feature_id": "entity_id"}).assign(unit="log2")
        subjects = self.subjects.melt("subject_id", var_name="quantity").rename(columns={"subject_id": "entity_id"})
        samples = self.samples.melt(["subject_id", "time_point"], var_name="quantity")
        samples["entity_id"] = samples["subject_id"] + "|" + samples["time_point"]
        markers = self.markers.assign(quantity="log_hazard_ratio_" + self.markers["role"])
        paths = self.paths.rename(columns={"path": "quantity"})
        frames = [self.summary, paths, markers, subjects, samples, genes]
        whole = pd.concat([frame.reindex(columns=_COLUMNS) for frame in frames], ignore_index=True)
        text = {name: whole[name].astype(object).where(whole[name].notna(), "").astype(str) for name in _COLUMNS[:-1]}
        return pd.DataFrame({**text, "value": whole["value"].astype(float)})


def genes_of(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """True effects of one layer from the long table: ``feature_id, log2_fold_change``.

    Parameters
    ----------
    table
        The planted truth, long form.
    layer
        Such as ``muscle_rna``.

    Returns
    -------
    pandas.DataFrame
        One row per gene of the layer.
    """
    rows = table[(table["quantity"] == "log2_fold_change") & (table["layer"] == layer)]
    return pd.DataFrame({"feature_id": rows["entity_id"].to_numpy(), "log2_fold_change": rows["value"].to_numpy()})


def gene_truth(parameters: TrialParameters, tumor_effect: FloatArray, genes: Names, mirnas: Names) -> pd.DataFrame:
    """`Truth.genes`."""
    muscle, women = muscle_effects(parameters), parameters.female_fraction
    both = women * muscle.female + (1 - women) * muscle.male
    planted = muscle.male + muscle.female != 0
    ev = ev_effects(parameters)
    ev[mirna_table().index.get_loc(MIR29A)] = parameters.ev_mir29a_rise
    layers = [
        _effects("muscle_rna", genes, both, planted, female=muscle.female, male=muscle.male),
        _effects("plasma_ev_smallrna", mirnas, ev, ev != 0),
        _effects("tumor_rna", genes, tumor_effect, np.abs(tumor_effect) >= TUMOR_ARM_FROM),
    ]
    return pd.concat(layers, ignore_index=True)


def _effects(
    layer: str,
    names: Names,
    effect: FloatArray,
    moved: BoolArray,
    *,
    female: FloatArray | None = None,
    male: FloatArray | None = None,
) -> pd.DataFrame:
    kept = names.kept
    return pd.DataFrame(
        {
            "feature_id": list(names.names),
            "layer": layer,
            "log2_fold_change": effect[kept],
            "log2_fold_change_female": np.nan if female is None else female[kept],
            "log2_fold_change_male": np.nan if male is None else male[kept],
            "arm": np.where(moved[kept], np.where(effect[kept] > 0, "up", "down"), "none"),
        }
    )


def subject_truth(cohort: Cohort, outcomes: Outcomes) -> pd.DataFrame:
    """`Truth.subjects`."""
    return pd.DataFrame(
        {
            "subject_id": cohort.subject_id,
            "vo2peak_true_effect": cohort.true_effect,
            "vo2peak_true_change": cohort.true_change,
            "mitochondria_before": cohort.mitochondria,
            "response_probability_control": outcomes.probability_control,
            "response_probability_exercise": outcomes.probability_exercise,
            "dropped_out": cohort.dropped_out.astype(float),
        }
    )


def sample_truth(cohort: Cohort, states: States) -> pd.DataFrame:
    """`Truth.samples`: each patient in his or her own arm."""
    frames = []
    for time_point in ("baseline", "post"):
        frames.append(
            pd.DataFrame(
                {
                    "subject_id": cohort.subject_id,
                    "time_point": time_point,
                    "purity": _own(cohort, states, time_point, "fractions")[:, compartments().index("epithelial")],
                    **{name: _own(cohort, states, time_point, name) for name in ("mir29a", "collagen", "cd8")},
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _own(cohort: Cohort, states: States, time_point: str, name: str) -> FloatArray:
    if time_point == "baseline":
        return np.asarray(getattr(states.baseline, name))
    worlds: tuple[State, State] = (states.post_control, states.post_exercise)
    control, exercise = (getattr(world, name) for world in worlds)
    arm = cohort.exercise.reshape(-1, *[1] * (control.ndim - 1))
    return np.where(arm, exercise, control)


def path_truth(parameters: TrialParameters) -> pd.DataFrame:
    """`Truth.paths`."""
    rows = [
        ("path_training_to_mir29a", "log2", parameters.ev_mir29a_rise),
        ("path_mir29a_to_collagen", "log2 per log2", parameters.mir29a_to_collagen),
        ("path_collagen_to_cd8", "log2 per log2", parameters.collagen_to_cd8),
        ("path_cd8_to_response", "log odds per log2", parameters.cd8_to_response),
        ("path_training_to_stroma", "log2", parameters.stroma_change),
        ("path_mir29a_to_targets", "log2 per log2", parameters.mir29a_to_targets),
        ("path_confounding", "log2 per SD", parameters.confounding),
    ]
    return pd.DataFrame(rows, columns=["path", "unit", "value"])


def marker_truth(parameters: TrialParameters, names: dict[str, str]) -> pd.DataFrame:
    """`Truth.markers`; `names` maps human symbols to those of the species."""
    rows = [
        ("exercise", "arm", "yes against no", parameters.exercise_log_hazard_ratio),
        ("responder", "response", "yes against no", parameters.response_log_hazard_ratio),
        ("stage_IV", "clinical", "IV against III", parameters.stage_log_hazard_ratio),
    ]
    for role, markers in (("prognostic", parameters.prognostic_markers), ("predictive", parameters.predictive_markers)):
        rows += [(names.get(gene, gene), role, "per SD of true log2 TPM", effect) for gene, effect in markers]
    return pd.DataFrame(rows, columns=["entity_id", "role", "unit", "value"])


def summary_truth(parameters: TrialParameters, tumor_effect: FloatArray, outcomes: Outcomes) -> pd.DataFrame:
    """`Truth.summary`: population values of the knobs, and the mean difference between the two worlds."""
    women = parameters.female_fraction
    gain = parameters.vo2peak_gain + parameters.sex_gain_difference * (women - 0.5)
    variance = parameters.response_heterogeneity_sd**2 + parameters.sex_gain_difference**2 * women * (1 - women)
    index = gene_table().index

    def mean_effect(symbols: tuple[str, ...]) -> float:
        return float(tumor_effect[positions(index, symbols)].mean())

    rows = [
        ("ev_mir29a_change", "plasma_ev_smallrna", "log2", parameters.ev_mir29a_rise),
        ("vo2peak_net_gain", "whole_body_phenotype", "ml/kg/min", gain),
        ("vo2peak_response_variance", "whole_body_phenotype", "(ml/kg/min)^2", variance),
        ("vo2peak_typical_error", "whole_body_phenotype", "ml/kg/min", parameters.vo2peak_typical_error),
        ("collagen_1_change", "tumor_rna", "log2", mean_effect(COLLAGEN_I)),
        ("cd8_change", "tumor_rna", "log2", mean_effect(CD8_GENES)),
        ("cyt_change", "tumor_rna", "log2", mean_effect(CYT_GENES)),
        (
            "response_risk_difference",
            "whole_body_phenotype",
            "probability",
            float((outcomes.probability_exercise - outcomes.probability_control).mean()),
        ),
    ]
    return pd.DataFrame(rows, columns=["quantity", "layer", "unit", "value"])
