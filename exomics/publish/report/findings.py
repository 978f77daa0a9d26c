"""The honest answer in a few sentences, made from the tables and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics.publish.report.blocks import number, pieces, ratio_interval, records
from exomics.publish.report.claims import guarded
from exomics.publish.report.content import ReportContent, Study
from exomics.publish.report.counts import Calls, calls_of
from exomics.publish.report.estimates import ENDPOINTS, POOLED, random_set_rows, random_set_table
from exomics.publish.report.response_findings import benefit_sentences, classifier_sentences, response_sentences
from exomics.publish.report.score_sections import OVERRIDE, SCORED, coverage_of
from exomics.publish.report.selection_sections import selection_sentences

NOTHING = "No table was given, so there is nothing to say."


@dataclass(frozen=True)
class Fact:
    """A figure for the head of the page, and what it is."""

    value: str
    label: str


@dataclass(frozen=True)
class Finding:
    """One finding: what it is about, and the sentences."""

    topic: str
    text: str


def findings(content: ReportContent) -> tuple[Finding, ...]:
    """The answer to the question, from what changed to what it is worth in tumors.

    Parameters
    ----------
    content
        The parts of the report; a finding appears only if its tables are there.

    Returns
    -------
    tuple of Finding
        Each null comes with its interval, and none claims more than the design supports.

    Raises
    ------
    InputError
        If a title of the content makes a claim that the design does not support.
    """
    told = {
        "What changes": _change(content),
        "Named products": _named(content),
        "Carried to tumors": _transfer(content),
        "Scores": _scored(content),
        **_outcome_sentences(content),
        "Individual response": response_sentences(content),
        "Stratification": classifier_sentences(content),
        "Selection": selection_sentences(content),
        "Treatment by marker": benefit_sentences(content),
        "Planted truth": _recovery(content),
    }
    return tuple(
        Finding(topic, guarded(text, supported=content.supported_claims)) for topic, text in told.items() if text
    )


def facts(content: ReportContent) -> tuple[Fact, ...]:
    """Figures for the head of the page."""
    shown = [_change_fact(study, calls_of(study, content.threshold)[-1]) for study in content.asked_studies]
    coverage = coverage_of(content)
    derived = coverage[coverage["signature_id"].isin(content.derived_ids)] if not coverage.empty else coverage
    for signature_id, part in derived.groupby("signature_id", sort=False) if not derived.empty else ():
        scored = int(part["status"].isin(SCORED).sum())
        shown.append(Fact(f"{scored} of {len(part)}", f"cohorts in which {signature_id} can be scored"))
    rows, where = _outcome_rows(content)
    for row in records(rows[rows["endpoint"] == "os"].head(1)):
        value = ratio_interval(row["estimate"], row["ci_low"], row["ci_high"])
        shown.append(Fact(value, f"hazard ratio per SD, {row['signature_id']} and overall survival, {where}"))
    return tuple(shown)


def _change_fact(study: Study, calls: Calls) -> Fact:
    where = "in both contrasts" if len(study.shown) == 2 else calls.contrast
    return Fact(f"{calls.up} up, {calls.down} down", f"{study.study_id}, {where}")


def _change(content: ReportContent) -> str:
    told = []
    for study in content.asked_studies:
        calls = calls_of(study, content.threshold)[-1]
        where = f"in {calls.contrast}"
        if calls.up + calls.down == 0:
            told.append(f"no evidence of change {where} for any of {calls.tested:,} features of {study.study_id}")
        else:
            told.append(
                f"{calls.up} features rise and {calls.down} fall {where}, of {calls.tested:,} in {study.study_id}"
            )
    return f"At q < {content.threshold:g}, {'; '.join(told)}." if told else ""


def _named(content: ReportContent) -> str:
    """Which named products rise, which do not, and which were not measured."""
    raised: list[str] = []
    null: list[str] = []
    fallen: list[str] = []
    measured: set[str] = set()
    for study in content.asked_studies:
        frame = study.differential.frame
        chosen = frame[frame["contrast"].isin(study.shown)].assign(symbol=frame["feature_name"].str.upper())
        for product in content.named_products:
            rows = chosen[chosen["symbol"] == product.upper()]
            if rows.empty:
                continue
            measured.add(product)
            called = rows[rows["adj_p_value"] < content.threshold]["log2_fold_change"]
            target = raised if (called > 0).any() else fallen if (called < 0).any() else null
            target.append(product)
    if not measured:
        return ""
    absent = [product for product in content.named_products if product not in measured]
    told = [f"{pieces(_once(raised))} raised" if raised else "none is raised"]
    if null:
        told.append(f"no evidence of change for {pieces(_once(null))}")
    if fallen:
        told.append(f"{pieces(_once(fallen))} lowered")
    if absent:
        told.append(f"{pieces(absent)} not measured, which is not a zero")
    return f"Of the products that the field names as carried from muscle, {'; '.join(told)}."


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _transfer(content: ReportContent) -> str:
    coverage = coverage_of(content)
    if coverage.empty or not coverage["signature_id"].isin(content.derived_ids).any():
        return ""
    derived = coverage[coverage["signature_id"].isin(content.derived_ids)]
    told = []
    for signature_id, part in derived.groupby("signature_id", sort=False):
        scored = part[part["status"].isin(SCORED)]["cohort_id"].tolist()
        where = f" ({', '.join(scored)})" if 0 < len(scored) <= 3 else ""
        told.append(f"{signature_id} can be scored in {len(scored)} of {len(part)} cohorts{where}")
    is_override = (derived["status"] == OVERRIDE).any()
    limit = " This is an exploration, outside the layer in which they were derived." if is_override else ""
    reasons = dict.fromkeys(status.replace("_", " ") for status in derived["status"] if status not in SCORED)
    elsewhere = f"; elsewhere no number is given ({pieces(list(reasons))})" if reasons else ""
    return f"{'; '.join(told)}{elsewhere}.{limit}{_random(content)}"


def _scored(content: ReportContent) -> str:
    """Where each signature can be scored, in a report without a derived one, of which `_transfer` tells."""
    coverage = coverage_of(content)
    if coverage.empty or coverage["signature_id"].isin(content.derived_ids).any():
        return ""
    scored = coverage["status"].isin(SCORED).groupby(coverage["signature_id"], sort=False).sum()
    told = [f"{n} for {pieces(list(names.index))}" for n, names in scored.groupby(scored, sort=False)]
    n_cohorts = coverage["cohort_id"].nunique()
    return f"Cohorts in which a signature can be scored, of {n_cohorts}: {'; '.join(told)}."


def _random(content: ReportContent) -> str:
    if content.associations is None:
        return ""
    rows = random_set_rows(content.associations.frame)
    if rows.empty:
        return ""
    shown = random_set_table(rows).dropna(subset=["empirical p"])
    if shown.empty:
        return ""
    smallest = records(shown.nsmallest(1, "empirical p"))[0]
    beyond = int((shown["empirical p"] < content.threshold).sum())
    return (
        f" Against random matched sets {beyond} of {len(shown)} comparisons have an empirical p below "
        f"{content.threshold:g}, "
        f"not adjusted for their number (smallest: {number(smallest['empirical p'], '.2g')}, {smallest['signature']} "
        f"in {smallest['cohort']})."
    )


def _outcome_rows(content: ReportContent) -> tuple[pd.DataFrame, str]:
    """Effects over all cohorts, or those of the one cohort that there is; and which of the two they are."""
    if content.associations is None:
        return pd.DataFrame(columns=["endpoint"]), ""
    frame = content.associations.frame
    effects = frame["metric"].isin(("log_hazard_ratio", "log_odds_ratio")) & frame["estimate"].notna()
    pooled = effects & frame["cohort_id"].str.startswith(POOLED)
    cohorts = frame["cohort_id"].unique()
    if len(cohorts) == 1 and not pooled.any():
        return frame[effects & frame["ci_low"].notna()], str(cohorts[0])
    return frame[pooled], "pooled"


def _outcome_sentences(content: ReportContent) -> dict[str, str]:
    rows, where = _outcome_rows(content)
    sentences: dict[str, str] = {}
    for endpoint, title in ENDPOINTS.items():
        part = rows[rows["endpoint"] == endpoint]
        if part.empty:
            continue
        clear: list[str] = []
        null: list[str] = []
        for row in records(part):
            shown = f"{row['signature_id']} {ratio_interval(row['estimate'], row['ci_low'], row['ci_high'])}"
            (null if row["ci_low"] <= 0 <= row["ci_high"] else clear).append(shown)
        kind = "Odds" if endpoint == "response" else "Hazard"
        told = [f"intervals that exclude 1 for {pieces(clear)}"] if clear else []
        told += [f"no evidence of association for {pieces(null)}"] if null else []
        place = f"pooled over {_n_cohorts(content, endpoint)} cohorts" if where == "pooled" else f"in {where}"
        sentences[title] = f"{kind} ratio per SD of the score, {place}: {'; '.join(told)}."
    return sentences


def _n_cohorts(content: ReportContent, endpoint: str) -> str:
    """How many cohorts are pooled: one number, or the range over the signatures."""
    if content.associations is None:
        return "0"
    frame = content.associations.frame
    counts = frame[(frame["metric"] == "n_cohorts") & (frame["endpoint"] == endpoint)]["estimate"].dropna()
    if counts.empty:
        return "the"
    low, high = int(counts.min()), int(counts.max())
    return str(low) if low == high else f"{low} to {high}"


def _recovery(content: ReportContent) -> str:
    frame = content.recovery
    if frame is None or not {"truth", "ci_low", "ci_high"} <= set(frame.columns):
        return ""
    rows = frame.dropna(subset=["truth", "ci_low", "ci_high"])
    held = int(np.sum((rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])))
    return f"Of {len(rows)} intervals for planted quantities, {held} hold the truth." if len(rows) else ""
