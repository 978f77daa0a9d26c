"""Every column of the sample sheet that exomics knows: fields of the study that differ by sample, and those of a
sample alone, such as its time after a bout or its endpoints."""

from __future__ import annotations

from typing import Final

from exomics.schema import keys
from exomics.schema.study_fields import FIELDS, YES_NO, StudyField

_S = StudyField
_EVENT: Final = ("0", "1")

_OF_SAMPLES: Final = (
    _S("timing", "bout_end_time", "End of the bout, ISO 8601", column="bout_end_time"),
    _S("timing", "sample_time", "Sampling, ISO 8601", column="sample_time"),
    _S("timing", "minutes_post_bout", "From the end of the bout to sampling; negative before", unit="min",
       column="minutes_post_bout"),
    _S("timing", "posture", "Posture at sampling; moves plasma volume", levels=("supine", "seated", "standing"),
       column="posture"),
    _S("timing", "hematocrit_percent", "Hematocrit, for plasma volume", unit="%", column="hematocrit_percent"),
    _S("host", "cage_id", "Cage; the unit that was randomized", column="cage_id"),
    _S("outcome", "tumor_volume_mm3", "Tumor volume", unit="mm3", column="tumor_volume_mm3"),
    _S("outcome", "os_time", "Overall survival", unit="months", column=keys.OVERALL_SURVIVAL_TIME),
    _S("outcome", "os_event", "Died", levels=_EVENT, column=keys.OVERALL_SURVIVAL_EVENT),
    _S("outcome", "pfs_time", "Progression-free survival", unit="months", column=keys.PROGRESSION_FREE_TIME),
    _S("outcome", "pfs_event", "Progressed or died", levels=_EVENT, column=keys.PROGRESSION_FREE_EVENT),
    _S("outcome", "dfs_time", "Disease-free survival: recurrence, new primary or death", unit="months",
       column="dfs_time_months"),
    _S("outcome", "dfs_event", "Recurrence, new primary or death", levels=_EVENT, column="dfs_event"),
    _S("outcome", "rfs_time", "Relapse-free survival", unit="months", column="rfs_time_months"),
    _S("outcome", "rfs_event", "Relapsed or died", levels=_EVENT, column="rfs_event"),
    _S("outcome", "competing_event", "Event that precludes the endpoint", levels=_EVENT, column="competing_event"),
    _S("outcome", "response", "Response by the study's own criterion", levels=("responder", "non_responder"),
       column=keys.RESPONSE),
    _S("outcome", "recist", "Best response", levels=("CR", "PR", "SD", "PD", "NE"), column="recist"),
    _S("outcome", "pathologic_complete_response", "Pathologic complete response", levels=YES_NO,
       column="pathologic_complete_response"),
    _S("outcome", "miller_payne", "Miller-Payne grade", levels=("1", "2", "3", "4", "5"), column="miller_payne"),
    _S("outcome", "immune_adverse_event_grade", "Worst immune-related adverse event", column="irae_grade",
       levels=("0", "1", "2", "3", "4", "5")),
    _S("outcome", "relative_dose_intensity_percent", "Relative dose intensity of therapy", unit="%",
       column="relative_dose_intensity_percent"),
    _S("outcome", "qlq_c30_summary", "EORTC QLQ-C30 summary score, 0 to 100", unit="points", column="qlq_c30_summary"),
    _S("outcome", "qlq_fa12", "EORTC QLQ-FA12 fatigue, 0 to 100", unit="points", column="qlq_fa12"),
    _S("outcome", "facit_f", "FACIT-F fatigue, 0 to 52", unit="points", column="facit_f"),
    _S("outcome", "six_minute_walk_m", "Six-minute walk", unit="m", column="six_minute_walk_m"),
    _S("outcome", "strength_kg", "One-repetition maximum or grip", unit="kg", column="strength_kg"),
    _S("outcome", "vo2peak", "Fitness", unit="mL/kg/min", column="vo2peak"),
    _S("outcome", "weight_kg", "Body weight", unit="kg", column="weight_kg"),
    _S("assay", "batch", "Batch", column=keys.BATCH),
    _S("assay", "plate", "Plate", column="plate"),
    _S("assay", "rin", "RNA integrity number", unit="RIN", column="rin"),
    _S("assay", "globin_percent", "Reads of globin", unit="%", column="globin_percent"),
    _S("assay", "umi_duplication_percent", "Duplicated reads by UMI", unit="%", column="umi_duplication_percent"),
    _S("assay", "limit_of_detection", "Limit of detection, in the units of the values", unit="as the values",
       column="limit_of_detection"),
    _S("assay", "a414", "Absorbance at 414 nm; hemolysis", unit="AU", column="a414"),
    _S("assay", "plasma_ml", "Plasma or serum put into the separation", unit="mL", column="plasma_ml"),
    _S("assay", "particles_per_ml", "Particles per mL plasma, by a stated method", unit="1/mL",
       column="particles_per_ml"),
    _S("assay", "ev_protein_ug_per_ml", "EV protein per mL plasma", unit="ug/mL", column="ev_protein_ug_per_ml"),
)  # fmt: skip


def _by_column() -> dict[str, StudyField]:
    known: dict[str, StudyField] = {}
    for found in (*FIELDS, *_OF_SAMPLES):
        if found.column:
            known.setdefault(found.column, found)
    return known


SAMPLE_FIELDS: Final = _by_column()
"""Column of the sample sheet -> its field."""
