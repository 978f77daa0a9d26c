"""One function per figure: takes a result table and an Axes, returns the Axes. No pyplot, no global style."""

from exomics.plotting.agreement import agreement_histogram, principal_components
from exomics.plotting.benefit import power_curves, subgroup_forest, uplift_curves
from exomics.plotting.classifiers import model_performance
from exomics.plotting.differential import effect_comparison, volcano
from exomics.plotting.enrichment import running_sum
from exomics.plotting.forest import forest
from exomics.plotting.learning import learning_curve
from exomics.plotting.members import member_effects
from exomics.plotting.prognosis import calibration_curve, incidence_curves, net_benefit_curves
from exomics.plotting.recovery import named_recovery, truth_versus_found
from exomics.plotting.response import response_changes, response_spread, tracked_changes
from exomics.plotting.scores import control_null, coverage_bars, score_by_response
from exomics.plotting.survival import survival_by_group, survival_by_tertile

__all__ = [
    "agreement_histogram",
    "calibration_curve",
    "control_null",
    "coverage_bars",
    "effect_comparison",
    "forest",
    "incidence_curves",
    "learning_curve",
    "member_effects",
    "model_performance",
    "named_recovery",
    "net_benefit_curves",
    "power_curves",
    "principal_components",
    "response_changes",
    "response_spread",
    "running_sum",
    "score_by_response",
    "subgroup_forest",
    "survival_by_group",
    "survival_by_tertile",
    "tracked_changes",
    "truth_versus_found",
    "uplift_curves",
    "volcano",
]
