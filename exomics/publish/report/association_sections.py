"""Sections about outcomes: estimates per cohort and pooled, the place among random sets, truth beside finding."""

from __future__ import annotations

from functools import partial

import pandas as pd

from exomics.plotting import (
    control_null,
    forest,
    named_recovery,
    score_by_response,
    survival_by_tertile,
    truth_versus_found,
)
from exomics.publish.report.blocks import Block, Gallery, Heading, Paragraph, Picture, Section, table
from exomics.publish.report.content import ReportContent
from exomics.publish.report.estimates import (
    EFFECTS,
    ENDPOINTS,
    POOLED,
    estimate_rows,
    estimate_table,
    random_set_rows,
    random_set_table,
)
from exomics.publish.report.figures import inline_svg

_HOW_TO_READ = (
    "Each score enters as a continuous variable, in standard deviations of its cohort. Ratios below 1 for survival "
    "mean longer survival with a higher score. A cohort without an estimate keeps its row and says why. These are "
    "associations among the patients of a cohort, not effects of exercise."
)
_RANDOM_SETS = (
    "Random sets of the same size and with members of similar expression answer: does any set like this one go with "
    "the outcome? The empirical p-value counts how many of them are as far out as the signature; the center of the "
    "sets need not be zero, as broad axes such as purity run through a tumor."
)
_MOST_NAMED = 20
_PLANTED = "The data are simulated and the truth is planted: each finding stands beside the value it should have."
_DIAMOND = " Diamond: random-effects estimate."
_DASHES = " Dashed line: prediction interval for a further cohort."


def association_section(content: ReportContent) -> Section | None:
    """Estimates per cohort and pooled, forest plots, and curves for display."""
    if content.associations is None:
        return None
    frame = content.associations.frame
    blocks: list[Block] = [Paragraph(_HOW_TO_READ)]
    for endpoint, title in ENDPOINTS.items():
        if (frame["endpoint"] == endpoint).any():
            caption = f"Estimates for {title.lower()}, cohort by cohort and pooled."
            blocks += [Heading(title), *_forests(frame, endpoint), table(estimate_table(frame, endpoint), caption)]
    return Section("associations", "Associations with outcome", (*blocks, *_display_blocks(content)))


def _forests(frame: pd.DataFrame, endpoint: str) -> list[Block]:
    metric, title = EFFECTS[endpoint], ENDPOINTS[endpoint].lower()
    rows = frame[(frame["endpoint"] == endpoint) & (frame["metric"] == metric)]
    pictures = []
    for number, signature_id in enumerate(dict.fromkeys(rows[rows["estimate"].notna()]["signature_id"])):
        cohorts = rows[rows["signature_id"] == signature_id]["cohort_id"]
        svg = inline_svg(
            partial(forest, frame, signature_id=signature_id, endpoint=endpoint, metric=metric),
            key=f"f{endpoint}{number}",
            size=(6.1, 1.2 + 0.28 * len(cohorts)),
            description=f"Forest plot of {signature_id} for {title}",
        )
        text = _caption(frame, {"signature_id": signature_id, "endpoint": endpoint})
        pictures.append(Picture(svg, f"{signature_id}, {title}.{text}"))
    return [Gallery(tuple(pictures))] if pictures else []


def _caption(frame: pd.DataFrame, chosen: dict[str, object]) -> str:
    """What diamond and dashed line are, where they are drawn."""
    pooled = estimate_rows(frame[frame["cohort_id"].str.startswith(POOLED)], chosen)
    predicted = pooled[pooled["metric"] == "prediction_interval"]["ci_low"].notna().any()
    return (_DIAMOND if len(pooled) else "") + (_DASHES if predicted else "")


def _display_blocks(content: ReportContent) -> list[Block]:
    """Curves and scores by response, for each signature that is scored where outcomes are known."""
    frame = _scores_with_outcomes(content)
    curves: list[Picture] = []
    responses: list[Picture] = []
    for number, (signature_id, rows) in enumerate(frame.groupby("signature_id", sort=False)):
        curves += _curves(rows, str(signature_id), f"k{number}")
        responses += _responses(rows, str(signature_id), f"r{number}")
    pictures = (*curves, *responses)
    return [Heading("For display"), Gallery(pictures)] if pictures else []


def _curves(rows: pd.DataFrame, signature_id: str, key: str) -> list[Picture]:
    """Survival by thirds in the largest cohort that was followed."""
    followed = rows.dropna(subset=["score", "time_months", "event"])
    if followed.empty:
        return []
    largest = str(followed["cohort_id"].value_counts().index[0])
    svg = inline_svg(
        partial(survival_by_tertile, followed[followed["cohort_id"] == largest], title=f"{signature_id} in {largest}"),
        key=key,
        size=(5.6, 4.5),
        description=f"Kaplan-Meier curves by thirds of {signature_id} in {largest}",
    )
    return [Picture(svg, f"{signature_id} in {largest}, the largest cohort with survival.")]


def _responses(rows: pd.DataFrame, signature_id: str, key: str) -> list[Picture]:
    labeled = rows[rows["score"].notna() & rows["response"].isin(("responder", "non_responder"))]
    if labeled.empty:
        return []
    svg = inline_svg(
        partial(score_by_response, rows, signature_id=signature_id),
        key=key,
        size=(max(4.0, 1.45 * labeled["cohort_id"].nunique()), 3.8),
        description=f"Scores of {signature_id} by the response that each trial recorded",
    )
    return [Picture(svg, f"{signature_id} by the response that each trial recorded.")]


def _scores_with_outcomes(content: ReportContent) -> pd.DataFrame:
    columns = {"os_time_months": "time_months", "os_event": "event", "response": "response"}
    frames = [pd.DataFrame(columns=["signature_id", "cohort_id", "score", *columns.values()])]
    for cohort in content.cohorts:
        if cohort.outcomes is not None:
            outcomes = cohort.outcomes.reindex(columns=list(columns)).rename(columns=columns)
            scores = _one_per_subject(cohort.score_frame)
            frames.append(scores.merge(outcomes, left_on="sample_id", right_index=True, how="left"))
    return pd.concat(frames[1:], ignore_index=True) if len(frames) > 1 else frames[0]


def _one_per_subject(scores: pd.DataFrame) -> pd.DataFrame:
    """The baseline rows, where a subject has several samples: the unit is the subject."""
    named = scores[scores["subject_id"] != ""]
    repeated = named.duplicated(["signature_id", "subject_id"]).any()
    return scores[scores["time_point"] == "baseline"] if repeated else scores


def random_set_section(content: ReportContent) -> Section | None:
    """Where each derived signature stands among random matched sets."""
    if content.associations is None:
        return None
    frame = content.associations.frame
    rows = random_set_rows(frame)
    if rows.empty:
        return None
    caption = "The signature among random matched sets."
    blocks: list[Block] = [
        Paragraph(_RANDOM_SETS),
        table(random_set_table(rows), caption, {"percentile": ".1f", "empirical p": ".2g"}),
    ]
    pictures = [] if content.controls is None else _null_pictures(frame, content.controls)
    if pictures:
        blocks.append(Gallery(tuple(pictures)))
    return Section("random-sets", "Beside random matched sets", tuple(blocks))


def _main_estimates(controls: pd.DataFrame) -> pd.DataFrame:
    """One metric per endpoint: the area for response, the log hazard ratio for survival."""
    return controls[(controls["metric"] == "auc") | (controls["metric"] == "log_hazard_ratio")]


def _null_pictures(frame: pd.DataFrame, controls: pd.DataFrame) -> list[Picture]:
    pictures = []
    keys = ["signature_id", "cohort_id", "endpoint", "metric"]
    for number, (key, part) in enumerate(_main_estimates(controls).groupby(keys, sort=False)):
        signature_id, cohort_id, endpoint, metric = map(str, key)
        observed = estimate_rows(frame, dict(zip(keys, key, strict=True)))["estimate"]
        if observed.empty:
            continue
        label = metric.replace("auc", "area under the ROC curve").replace("_", " ")
        svg = inline_svg(
            partial(control_null, part, observed=float(observed.iloc[0]), x_label=label, title=cohort_id),
            key=f"n{number}",
            size=(4.8, 3.9),
            description=f"{label} of random matched sets in {cohort_id}, with {signature_id} marked",
        )
        pictures.append(Picture(svg, f"{signature_id} in {cohort_id}, {ENDPOINTS.get(endpoint, endpoint).lower()}."))
    return pictures


def recovery_section(content: ReportContent) -> Section | None:
    """Truth beside finding, for a simulated study."""
    frame = content.recovery
    if frame is None or frame.empty:
        return None
    pictures = []
    if {"truth", "found", "ci_low", "ci_high", "unit"} <= set(frame.columns):
        drawn = frame.dropna(subset=["found", "ci_low", "ci_high"])
        for number, (unit, part) in enumerate(drawn.groupby("unit", sort=False)):
            named = len(part) <= _MOST_NAMED
            svg = inline_svg(
                partial(named_recovery if named else truth_versus_found, part, unit=str(unit)),
                key=f"t{number}",
                size=(6.0, 1.2 + 0.4 * len(part)) if named else (4.6, 4.6),
                description=f"Found against planted values in {unit}",
            )
            pictures.append(Picture(svg, f"Quantities in {unit}."))
    gallery = [Gallery(tuple(pictures))] if pictures else []
    return Section("recovery", "Truth beside finding", (Paragraph(_PLANTED), *gallery, table(frame, "Every quantity.")))
