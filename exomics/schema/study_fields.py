"""Every field of ``study.yaml``: what a study of exercise and cancer must say about itself, with unit or levels.

The groups follow the reporting guidelines of the field: FITT and CERT for exercise, ARRIVE for animals, REMARK for
tumor markers. A value may always be ``not_reported`` or ``not_applicable``; silence may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class StudyField:
    """One field: its group and name, the unit of a number or the levels of a word, and what it means."""

    group: str
    name: str
    description: str
    unit: str = ""
    levels: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``number`` where there is a unit, ``level`` where there are levels, else ``text``."""
        if self.unit:
            return "number"
        return "level" if self.levels else "text"


_YES_NO = ("yes", "no")

FIELDS: Final = (
    StudyField("study", "title", "Title of the study"),
    StudyField("study", "species", "Species", levels=("human", "rat", "mouse")),
    StudyField("study", "design", "Design", levels=("randomized", "controlled", "single_arm", "crossover", "cohort")),
    StudyField("study", "registry_id", "Trial registry number"),
    StudyField("study", "n_subjects", "Subjects in the analysis", unit="subjects"),
    StudyField("fitt", "type", "Mode of exercise", levels=(
        "wheel", "treadmill", "swim", "ladder", "hang", "cycle", "walk", "resistance", "combined", "none")),
    StudyField("fitt", "frequency_per_week", "Sessions a week", unit="sessions/week"),
    StudyField("fitt", "intensity_value", "Intensity, in the unit of intensity_unit", unit="as intensity_unit"),
    StudyField("fitt", "intensity_unit", "Unit of the intensity", levels=(
        "percent_hr_max", "percent_hr_reserve", "percent_vo2peak", "rpe", "m_per_min", "percent_1rm", "watt")),
    StudyField("fitt", "intensity_class", "Class of intensity", levels=(
        "low", "moderate", "vigorous", "hiit", "exhaustive")),
    StudyField("fitt", "time_min_per_session", "Time of a session", unit="min"),
    StudyField("fitt", "program_weeks", "Length of the program", unit="weeks"),
    StudyField("fitt", "progression", "How the dose progressed"),
    StudyField("fitt", "met_hours_per_week", "Dose", unit="MET h/week"),
    StudyField("fitt", "distance_km_per_day", "Distance run", unit="km/day"),
    StudyField("fitt", "supervised", "Supervised", levels=_YES_NO),
    StudyField("fitt", "setting", "Where it took place"),
    StudyField("fitt", "adherence_attended_percent", "Sessions attended of those prescribed", unit="%"),
    StudyField("fitt", "adherence_intensity_percent", "Sessions at the prescribed intensity", unit="%"),
    StudyField("fitt", "comparator", "What the control arm did", levels=(
        "usual_care", "attention", "stretching", "sham_treadmill", "locked_wheel", "sedentary", "none")),
    StudyField("timing", "last_bout_hours", "From the end of the last bout to sampling", unit="h"),
    StudyField("timing", "fasting_hours", "Fast before sampling", unit="h"),
    StudyField("timing", "clock", "Time of day or zeitgeber time of sampling"),
    StudyField("timing", "relative_to_therapy", "Sampling relative to cancer therapy"),
    StudyField("host", "strain", "Strain and substrain (C57BL/6 carries a Cxcl11 null allele)"),
    StudyField("host", "sex", "Sex", levels=("female", "male", "both")),
    StudyField("host", "age_weeks", "Age at start", unit="weeks"),
    StudyField("host", "genotype", "Genotype"),
    StudyField("host", "animals_per_cage", "Animals in a cage", unit="animals"),
    StudyField("host", "randomization_unit", "What was randomized", levels=("cage", "animal", "patient", "site")),
    StudyField("host", "temperature_c", "Housing temperature", unit="degree C"),
    StudyField("host", "diet", "Diet"),
    StudyField("host", "microbiome", "Microbiome status", levels=("conventional", "spf", "germ_free", "antibiotics")),
    StudyField("host", "aversive_stimulus", "Stimulus to run", levels=("none", "shock", "air", "touch")),
    StudyField("model", "type", "Tumor model", levels=("syngeneic", "pdx", "gemm", "cell_line", "patient", "none")),
    StudyField("model", "site", "Site of the tumor", levels=("orthotopic", "subcutaneous", "spontaneous")),
    StudyField("model", "exercise_start", "Exercise relative to the tumor", levels=("before", "after", "both")),
    StudyField("patient", "age_years", "Age", unit="years"),
    StudyField("patient", "bmi", "Body mass index", unit="kg/m2"),
    StudyField("patient", "ecog", "Performance status", levels=("0", "1", "2", "3", "4")),
    StudyField("patient", "medication", "Beta-blocker, metformin, statin, steroid, G-CSF, antibiotics"),
    StudyField("patient", "baseline_vo2peak", "Fitness at baseline", unit="mL/kg/min"),
    StudyField("patient", "mvpa_min_per_week", "Moderate to vigorous activity at baseline", unit="min/week"),
    StudyField("tumor", "type", "Tumor type"),
    StudyField("tumor", "subtype", "Subtype"),
    StudyField("tumor", "stage", "Stage"),
    StudyField("tumor", "purity", "Tumor purity", unit="fraction"),
    StudyField("tumor", "prior_therapy", "Therapy before sampling"),
    StudyField("outcome", "primary", "Primary endpoint"),
    StudyField("outcome", "response_criterion", "Criterion of response", levels=(
        "recist", "irecist", "pcr", "miller_payne")),
    StudyField("outcome", "follow_up_months", "Median follow-up", unit="months"),
    StudyField("assay", "platform", "Platform and library"),
    StudyField("assay", "batches", "What the batches are, and whether arms are balanced over them"),
    StudyField("assay", "separation", "EV separation method (MISEV2023), where EVs were measured"),
)  # fmt: skip
