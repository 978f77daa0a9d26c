"""What a report is made from: tables and documents that earlier steps wrote. Every part is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from exomics.errors import InputError
from exomics.registry.signature import Signature
from exomics.results import BenefitTable, DifferentialTable, PerformanceTable, ResultTable, ScoreTable
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.results.selection import SelectionTable

_TOTAL = "total"

# The products that reviews of exercise oncology name as carried from muscle to tumor, by human symbol.
NAMED_PRODUCTS = ("IL6", "FNDC5", "DCN", "IL15", "IL10", "GDF15", "CXCL11", "ERFE")


@dataclass(frozen=True, kw_only=True)
class Study:
    """One assay of an exercise study.

    Parameters
    ----------
    study_id
        Short name, unique in the report.
    differential
        What changes.
    contrasts
        The contrasts to show; two (such as the female and the male effect) are also held against each other.
        Empty: those from which the signature was derived, else the first two of the table.
    agreement
        Frame of `exomics.validation.agreement.agreement`.
    z_pairs
        Frame of `exomics.validation.agreement.paired_deviates`, for the picture of the agreement.
    signature
        The signature derived from this table; its provenance says what was lost on the way to human.
    """

    study_id: str
    differential: DifferentialTable
    contrasts: tuple[str, ...] = ()
    agreement: pd.DataFrame | None = None
    z_pairs: pd.DataFrame | None = None
    signature: Signature | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """The contrasts to show, at most two."""
        known = list(dict.fromkeys(self.differential.frame["contrast"]))
        unknown = [name for name in self.contrasts if name not in known]
        if unknown:
            raise InputError(f"{self.study_id} has no contrast {unknown[0]!r}; it has {', '.join(known[:12])}.")
        derived = () if self.signature is None else self.signature.provenance.get("contrasts", ())
        return tuple(self.contrasts or [name for name in derived if name in known] or known)[:2]

    @property
    def is_asked(self) -> bool:
        """Whether its contrasts were chosen: by name, by a signature, or because there are no others."""
        n_contrasts = self.differential.frame["contrast"].nunique()
        return bool(self.contrasts) or self.signature is not None or n_contrasts <= len(self.shown)

    @property
    def losses(self) -> pd.DataFrame:
        """What was lost between the selected features and the members of the signature: what, n, why, examples."""
        recorded = [] if self.signature is None else self.signature.provenance.get("losses", [])
        return pd.DataFrame(recorded, columns=["what", "n", "why", "examples"])


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """One cohort of tumors: its scores and, where they may be shown, its outcomes.

    Parameters
    ----------
    cohort_id
        Short name, as in the performance table.
    scores
        Score tables, panel and derived signatures alike.
    outcomes
        Index ``sample_id``; ``os_time_months``, ``os_event`` and ``response`` where known.
    """

    cohort_id: str
    scores: tuple[ScoreTable, ...] = ()
    outcomes: pd.DataFrame | None = None

    @property
    def score_frame(self) -> pd.DataFrame:
        """The total of every signature in every sample, with the cohort's id; members of one that has no total."""
        frames = [table.frame for table in self.scores]
        joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(ScoreTable.columns))
        has_total = joined.groupby("signature_id")["arm"].transform(lambda arms: (arms == _TOTAL).any())
        return joined[(joined["arm"] == _TOTAL) | ~has_total.astype(bool)].assign(cohort_id=self.cohort_id)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How the subjects of a trial changed, and whether they differ in it.

    Parameters
    ----------
    trial_id
        Short name, unique in the report.
    heterogeneity
        Net mean, signed variance of the response, verdict.
    subjects
        Changes and calls; None where only the quantities are at hand.
    """

    trial_id: str
    heterogeneity: HeterogeneityTable
    subjects: ResponseTable | None = None


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """Everything on the page.

    Parameters
    ----------
    title, question
        In words that claim nothing beyond the design; they are held to the same rule as generated sentences.
    studies, cohorts
        What was found in exercise, and what it was carried to.
    associations
        Rows per cohort, pooled rows (``cohort_id`` begins with ``pooled_``), and rows of the comparison with
        random sets.
    trials
        Response of the subjects of trials.
    classifiers
        What classifiers would do for subjects they never saw, one table per study.
    selections
        Features selected between classes.
    benefits
        Interactions of markers with a randomized arm.
    rankings
        How predicted benefit ranks subjects, one table per study.
    controls
        Estimates of the random matched sets: columns ``signature_id`` (of the signature they are matched to),
        ``cohort_id``, ``endpoint``, ``metric``, ``estimate``.
    recovery
        Truth beside finding for a simulated study: ``quantity``, ``truth``, ``found``, ``ci_low``, ``ci_high``,
        ``unit``.
    named_products
        Human symbols to report whatever their result.
    design
        Facts of the study design, label -> text.
    acknowledgments
        Data-use sentences; those in the provenance of the tables are added.
    configuration
        The configuration of the run.
    commands
        Commands that make everything again, one a line.
    verification
        What the check of the package said.
    supported_claims
        Claims that the design supports; see `claims.guarded`.
    threshold
        A feature is called when its adjusted p-value is below it.
    """

    title: str
    question: str = ""
    studies: tuple[Study, ...] = ()
    cohorts: tuple[Cohort, ...] = ()
    associations: PerformanceTable | None = None
    trials: tuple[Trial, ...] = ()
    classifiers: tuple[PerformanceTable, ...] = ()
    selections: tuple[SelectionTable, ...] = ()
    benefits: tuple[BenefitTable, ...] = ()
    rankings: tuple[PerformanceTable, ...] = ()
    controls: pd.DataFrame | None = None
    recovery: pd.DataFrame | None = None
    named_products: tuple[str, ...] = NAMED_PRODUCTS
    design: Mapping[str, str] = field(default_factory=dict)
    acknowledgments: tuple[str, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    verification: str = ""
    supported_claims: frozenset[str] = frozenset()
    threshold: float = 0.05

    @property
    def asked_studies(self) -> tuple[Study, ...]:
        """The studies that a headline may speak of: the first contrasts of a long table answer no question."""
        return tuple(study for study in self.studies if study.is_asked)

    @property
    def tables(self) -> tuple[ResultTable, ...]:
        """Every table that carries provenance."""
        associations = () if self.associations is None else (self.associations,)
        scores = tuple(table for cohort in self.cohorts for table in cohort.scores)
        trials = tuple(trial.heterogeneity for trial in self.trials)
        exercise = tuple(study.differential for study in self.studies)
        return (
            *exercise,
            *scores,
            *associations,
            *trials,
            *self.classifiers,
            *self.selections,
            *self.benefits,
            *self.rankings,
        )

    @property
    def every_acknowledgment(self) -> tuple[str, ...]:
        """Data-use sentences, given and carried by the tables, each once."""
        carried = (sentence for table in self.tables for sentence in table.provenance.acknowledgments)
        return tuple(dict.fromkeys((*self.acknowledgments, *carried)))

    @property
    def derived_ids(self) -> tuple[str, ...]:
        """Ids of the signatures that were derived in this run."""
        return tuple(study.signature.id for study in self.studies if study.signature is not None)
