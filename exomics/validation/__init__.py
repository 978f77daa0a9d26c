"""How far a finding can be trusted: agreement with published tables, recovery of truth, associations, prognosis.

`agreement` and `recovery` are modules that hold a verb of their own name: import it from there.
"""

from exomics.validation._rows import Label, Resampling
from exomics.validation.added_value import added_value
from exomics.validation.adherence import adherence_effect
from exomics.validation.arms import contrast_arms
from exomics.validation.association import associate
from exomics.validation.controls import beside_controls
from exomics.validation.curves import survival_curves
from exomics.validation.decision import DecisionOutcome, decision_curve, reclassify
from exomics.validation.external import assess_binary_risk, assess_survival_risk
from exomics.validation.follow_up import Followed, follow_adherence, follow_arms
from exomics.validation.pooling import pool
from exomics.validation.power import PowerPlan, power_curve, sample_size

__all__ = [
    "DecisionOutcome",
    "Followed",
    "Label",
    "PowerPlan",
    "Resampling",
    "added_value",
    "adherence_effect",
    "assess_binary_risk",
    "assess_survival_risk",
    "associate",
    "beside_controls",
    "contrast_arms",
    "decision_curve",
    "follow_adherence",
    "follow_arms",
    "pool",
    "power_curve",
    "reclassify",
    "sample_size",
    "survival_curves",
]
