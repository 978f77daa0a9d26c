"""Every field of ``study.yaml``: what a study of exercise and cancer must say about itself, with unit or levels.

The groups follow the reporting guidelines of the field: FITT and CERT for exercise, ARRIVE for animals, REMARK for
tumor markers. A value may always be ``not_reported`` or ``not_applicable``; silence may not. A field with a column may
be ``per_sample``: the sample sheet then holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class StudyField:
    """One field of ``study.yaml`` or of the sample sheet.

    Parameters
    ----------
    group, name
        Where it stands: ``group.name``.
    description
        What it means.
    unit
        Unit of a number; "" for a word or text.
    levels
        The words it may be; empty for a number or text.
    required
        Whether a strict check refuses ``not_reported``.
    column
        Column of the sample sheet that holds it where samples differ; "" if they cannot.
    """

    group: str
    name: str
    description: str
    unit: str = ""
    levels: tuple[str, ...] = ()
    required: bool = False
    column: str = ""

    @property
    def id(self) -> str:
        """``group.name``."""
        return f"{self.group}.{self.name}"

    @property
    def kind(self) -> str:
        """``number`` where there is a unit, ``level`` where there are levels, else ``text``."""
        if self.unit:
            return "number"
        return "level" if self.levels else "text"


YES_NO: Final = ("yes", "no")
_F = StudyField

FIELDS: Final = (
    _F("study", "title", "Title of the study"),
    _F("study", "species", "Species", levels=("human", "rat", "mouse"), column="species"),
    _F("study", "design", "Design", levels=("randomized", "controlled", "single_arm", "crossover", "cohort")),
    _F("study", "setting", "Where in care", levels=(
        "healthy", "prevention", "prehabilitation", "neoadjuvant", "adjuvant", "metastatic", "palliative",
        "survivorship", "preclinical")),
    _F("study", "registry_id", "Trial registry number"),
    _F("study", "n_subjects", "Subjects in the analysis", unit="subjects"),
    _F("fitt", "type", "Mode of exercise", required=True, levels=(
        "wheel", "treadmill", "swim", "ladder", "hang", "cycle", "walk", "run", "resistance", "combined", "none")),
    _F("fitt", "frequency_per_week", "Sessions a week", unit="sessions/week", required=True),
    _F("fitt", "intensity_value", "Intensity, in the unit of intensity_unit", unit="as intensity_unit"),
    _F("fitt", "intensity_unit", "Unit of the intensity", levels=(
        "percent_hr_max", "percent_hr_reserve", "percent_vo2peak", "rpe", "m_per_min", "percent_1rm", "watt", "met")),
    _F("fitt", "intensity_class", "Class of intensity", required=True, levels=(
        "low", "moderate", "vigorous", "hiit", "exhaustive")),
    _F("fitt", "grade_percent", "Grade of the treadmill", unit="%"),
    _F("fitt", "time_min_per_session", "Time of a session", unit="min", required=True),
    _F("fitt", "work_min", "Work interval of interval training", unit="min"),
    _F("fitt", "rest_min", "Rest interval of interval training", unit="min"),
    _F("fitt", "program_weeks", "Length of the program", unit="weeks", required=True),
    _F("fitt", "progression", "How the dose progressed"),
    _F("fitt", "met_hours_per_week", "Dose; derived from the fields above where it can be", unit="MET h/week"),
    _F("fitt", "distance_km_per_day", "Distance run; of a free wheel an outcome, no assigned dose", unit="km/day",
       column="distance_km_per_day"),
    _F("fitt", "supervised", "Supervised", levels=YES_NO),
    _F("fitt", "provider", "Who delivered it (CERT)"),
    _F("fitt", "tailoring", "How it was tailored to the subject (CERT)"),
    _F("fitt", "setting", "Where it took place"),
    _F("fitt", "adherence_attended_percent", "Sessions attended of those prescribed; after randomization", unit="%",
       column="adherence_attended_percent"),
    _F("fitt", "adherence_intensity_percent", "Sessions at the prescribed intensity; after randomization", unit="%",
       column="adherence_intensity_percent"),
    _F("fitt", "comparator", "What the control arm did", required=True, levels=(
        "usual_care", "attention", "stretching", "sham_treadmill", "locked_wheel", "sedentary", "none")),
    _F("timing", "last_bout_hours", "From the end of the last bout to sampling", unit="h", column="last_bout_hours"),
    _F("timing", "fasting_hours", "Fast before sampling", unit="h", column="fasting_hours"),
    _F("timing", "zeitgeber_hours", "Sampling after lights on", unit="h", column="zeitgeber_hours"),
    _F("timing", "clock", "Time of day of sampling", column="clock"),
    _F("timing", "training_week", "Week of training at sampling", unit="weeks", column="training_week"),
    _F("timing", "relative_to_therapy", "Sampling relative to cancer therapy", column="relative_to_therapy", levels=(
        "before", "during", "after", "no_therapy")),
    _F("host", "strain", "Strain and substrain, as the supplier spells it (C57BL/6J, not B6)", column="strain"),
    _F("host", "supplier", "Where the animals came from"),
    _F("host", "sex", "Sex", levels=("female", "male", "both"), column="sex"),
    _F("host", "age_weeks", "Age at start", unit="weeks", column="age_weeks"),
    _F("host", "genotype", "Genotype", column="genotype"),
    _F("host", "tumor_line", "Tumor line", column="tumor_line"),
    _F("host", "background_match", "Tumor line and host share their background", levels=YES_NO),
    _F("host", "housing", "Housing", levels=("single", "group"), column="housing"),
    _F("host", "animals_per_cage", "Animals in a cage", unit="animals", column="animals_per_cage"),
    _F("host", "randomization_unit", "What was randomized", levels=("cage", "animal", "patient", "site")),
    _F("host", "blinded", "Outcome assessed blind to the arm", levels=YES_NO),
    _F("host", "enrichment", "Enrichment of the cage"),
    _F("host", "temperature_c", "Housing temperature (mice are thermoneutral near 30)", unit="degree C",
       column="temperature_c"),
    _F("host", "light_cycle", "Hours of light and dark, and whether reversed"),
    _F("host", "diet", "Diet, with the number of the catalog", column="diet"),
    _F("host", "kcal_percent_protein", "Energy from protein", unit="% of kcal"),
    _F("host", "kcal_percent_fat", "Energy from fat", unit="% of kcal"),
    _F("host", "kcal_percent_carbohydrate", "Energy from carbohydrate", unit="% of kcal"),
    _F("host", "pair_fed", "Controls fed what the trained ate", levels=YES_NO),
    _F("host", "facility", "Facility, for its microbiome"),
    _F("host", "microbiome", "Microbiome status", levels=("conventional", "spf", "germ_free", "antibiotics"),
       column="microbiome"),
    _F("host", "handling_control", "Controls handled as the trained", levels=YES_NO),
    _F("host", "aversive_stimulus", "Stimulus to run", levels=("none", "shock", "air", "touch")),
    _F("host", "wheel_locked_control", "Controls housed with a locked wheel", levels=YES_NO),
    _F("model", "type", "Tumor model; a pdx has no adaptive immunity", column="model_type", levels=(
        "syngeneic", "pdx", "gemm", "carcinogen", "cell_line", "patient", "none")),
    _F("model", "site", "Site of the tumor", levels=("orthotopic", "subcutaneous", "spontaneous", "metastatic")),
    _F("model", "exercise_start", "Exercise relative to the tumor", levels=("before", "after", "both")),
    _F("model", "treatment_arms", "Treatments beside exercise, by arm"),
    _F("patient", "age_years", "Age", unit="years", column="age_years"),
    _F("patient", "sex", "Sex", levels=("female", "male", "both"), column="sex"),
    _F("patient", "menopausal_status", "Menopausal status", levels=("pre", "peri", "post"), column="menopausal_status"),
    _F("patient", "ancestry", "Ancestry, where consented", column="ancestry"),
    _F("patient", "ecog", "Performance status", levels=("0", "1", "2", "3", "4"), column="ecog"),
    _F("patient", "bmi", "Body mass index", unit="kg/m2", column="bmi"),
    _F("patient", "fat_mass_kg", "Fat mass", unit="kg", column="fat_mass_kg"),
    _F("patient", "lean_mass_kg", "Lean mass", unit="kg", column="lean_mass_kg"),
    _F("patient", "weight_loss_percent_6_months", "Weight lost in 6 months", unit="%",
       column="weight_loss_percent_6_months"),
    _F("patient", "diabetes", "Diabetes", levels=YES_NO, column="diabetes"),
    _F("patient", "beta_blocker", "Beta-blocker; blunts the adrenergic response", levels=YES_NO, column="beta_blocker"),
    _F("patient", "metformin", "Metformin; raises GDF15", levels=YES_NO, column="metformin"),
    _F("patient", "statin", "Statin", levels=YES_NO, column="statin"),
    _F("patient", "steroid", "Corticosteroid", levels=YES_NO, column="steroid"),
    _F("patient", "g_csf", "G-CSF; moves leukocyte counts", levels=YES_NO, column="g_csf"),
    _F("patient", "antibiotics", "Antibiotics", levels=YES_NO, column="antibiotics"),
    _F("patient", "medication", "Other medication"),
    _F("patient", "comorbidity_index", "Charlson comorbidity index", unit="points", column="comorbidity_index"),
    _F("patient", "smoking", "Smoking", levels=("never", "former", "current"), column="smoking"),
    _F("patient", "baseline_vo2peak", "Fitness at baseline", unit="mL/kg/min", column="baseline_vo2peak"),
    _F("patient", "body_mass_kg", "Body mass", unit="kg", column="body_mass_kg"),
    _F("patient", "mvpa_min_per_week", "Moderate to vigorous activity at baseline", unit="min/week",
       column="mvpa_min_per_week"),
    _F("patient", "sedentary_hours_per_day", "Sedentary time at baseline", unit="h/day",
       column="sedentary_hours_per_day"),
    _F("patient", "exercise_history", "Exercise before the study", column="exercise_history"),
    _F("patient", "socioeconomic_status", "Socioeconomic status; confounds adherence", column="socioeconomic_status"),
    _F("tumor", "type", "Tumor type", column="tumor_type"),
    _F("tumor", "subtype", "Subtype (ER, HER2 ...)", column="tumor_subtype"),
    _F("tumor", "stage", "Stage", column="tumor_stage"),
    _F("tumor", "site", "Anatomical site of the sample", column="tumor_site"),
    _F("tumor", "purity", "Tumor purity", unit="fraction", column="tumor_purity"),
    _F("tumor", "pd_l1_percent", "PD-L1 positive", unit="%", column="pd_l1_percent"),
    _F("tumor", "tmb", "Tumor mutational burden", unit="mutations/Mb", column="tmb"),
    _F("tumor", "msi", "Microsatellite instability", levels=("msi_h", "msi_l", "mss"), column="msi"),
    _F("tumor", "prior_therapy", "Therapy before sampling", column="prior_therapy"),
    _F("tumor", "biopsy_type", "Kind of sample", levels=("core", "fine_needle", "resection", "liquid"),
       column="biopsy_type"),
    _F("tumor", "ischemia_min", "From devascularization to fixation or freezing", unit="min", column="ischemia_min"),
    _F("outcome", "primary", "Primary endpoint"),
    _F("outcome", "response_criterion", "Criterion of response", levels=(
        "recist", "irecist", "pcr", "miller_payne")),
    _F("outcome", "follow_up_months", "Median follow-up", unit="months"),
    _F("assay", "platform", "Platform", column="platform"),
    _F("assay", "library", "Library preparation", column="library"),
    _F("assay", "units", "Units of the values as delivered"),
    _F("assay", "umi", "Unique molecular identifiers", levels=YES_NO),
    _F("assay", "batches", "What the batches are, and whether arms are balanced over them"),
    _F("assay", "anticoagulant", "Anticoagulant; heparin inhibits PCR", column="anticoagulant", levels=(
        "edta", "citrate", "heparin", "serum", "none")),
    _F("assay", "separation", "EV separation method (MISEV2023), where EVs were measured"),
    _F("assay", "normalizer", "What EV cargo is divided by", levels=(
        "per_ml", "per_particle", "per_ug_protein", "rpm", "spike_in", "none")),
)  # fmt: skip
