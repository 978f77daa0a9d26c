"""One function per figure: takes a result table and an Axes, returns the Axes. No pyplot, no global style."""

from exomics.plotting.agreement import agreement_histogram, principal_components
from exomics.plotting.differential import effect_comparison, volcano
from exomics.plotting.enrichment import running_sum
from exomics.plotting.forest import forest
from exomics.plotting.members import member_effects
from exomics.plotting.recovery import named_recovery, truth_versus_found
from exomics.plotting.scores import control_null, coverage_bars, score_by_response
from exomics.plotting.survival import survival_by_tertile

__all__ = [
    "agreement_histogram",
    "control_null",
    "coverage_bars",
    "effect_comparison",
    "forest",
    "member_effects",
    "named_recovery",
    "principal_components",
    "running_sum",
    "score_by_response",
    "survival_by_tertile",
    "truth_versus_found",
    "volcano",
]
