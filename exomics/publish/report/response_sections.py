"""Sections about subjects: whether they respond differently, who can be told apart beforehand, whom an arm helps."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from exomics.plotting import model_performance, response_changes, response_spread
from exomics.publish.report.blocks import (
    MISSING,
    Block,
    Gallery,
    Heading,
    Paragraph,
    Picture,
    Section,
    Table,
    interval,
    number,
    records,
    table,
)
from exomics.publish.report.content import ReportContent, Trial
from exomics.publish.report.figures import inline_svg

BASELINES = ("no_features", "no_features_survival")
#: How well classes or times are told apart, the first that a table has; each is one half by chance.
APART = {"pooled_auc": "pooled AUC", "auc": "AUC", "concordance": "concordance"}
_HOW_SUBJECTS_DIFFER = (
    "A change is what training did, what would have happened anyway, and the error of two tests. Subjects differ in "
    "their response only if the trained vary more than the controls; the SD of the response is signed, so that less "
    "variation among the trained shows as a negative one. Where its interval includes 0 nobody is called."
)
_HOW_JUDGED = (
    "Repeated nested cross-validation: every step is fitted on training subjects alone, and each subject is predicted "
    "by models that never saw any of its samples. Beside each model stand one without features and, where there are "
    "clinical columns, one of those alone. The outcome is predicted here, not the effect of a treatment."
)
_HOW_INTERACTIONS = (
    "An interaction is how much the effect of the arm changes per standard deviation of a marker that was measured "
    "before the arms began. A marker that goes with the outcome in both arms alike is prognostic: it says nothing "
    "about whom the arm helps."
)
_HOW_RANKED = (
    "A model predicts for each subject, from subjects it never saw, what the arm would change. AUTOC, the Qini area "
    "and the concordance for benefit ask whether those ranked first gain more: 0, 0 and one half are chance."
)
_QUANTITIES = {
    "typical_error": "typical error of one test",
    "smallest_worthwhile_change": "smallest worthwhile change",
    "net_mean_change": "net mean change, trained minus control",
    "response_sd": "SD of the individual response, signed",
    "adjusted_response_sd": "the same, beside baseline",
    "proportion_responding": "proportion beyond the smallest worthwhile change",
    "auc_ceiling_median_split": "best AUC possible against a median split",
    "auc_ceiling_worthwhile_change": "best AUC possible against a worthwhile change",
    "dropout_difference": "difference in dropout",
}
_EFFECTS = {"cox": "log hazard ratios", "logistic": "log odds ratios", "linear": "differences of the endpoint"}
_COLUMNS = {
    "marker": "marker",
    "endpoint": "endpoint",
    "interaction": "interaction",
    "in_control": "effect in controls",
    "in_treated": "effect in treated",
    "adj_p_value": "adjusted P",
    "verdict": "verdict",
}


def response_section(content: ReportContent) -> Section | None:
    """Verdict, quantities, and the change of every subject, trial by trial."""
    if not content.trials:
        return None
    blocks: list[Block] = [Paragraph(_HOW_SUBJECTS_DIFFER)]
    for index, trial in enumerate(content.trials):
        blocks += [Heading(trial.trial_id), *(Paragraph(text) for text in verdicts(trial).values())]
        blocks += [Gallery(tuple(_pictures(trial, f"w{index}"))), _quantities(trial)]
    return Section("response", "Who responds", tuple(blocks))


def verdicts(trial: Trial) -> dict[str, str]:
    """The verdict of each group of a trial, in its words; "all" is a trial that was not split."""
    rows = trial.heterogeneity.frame
    said = rows[rows["quantity"] == "verdict"].set_index("group")["note"]
    return {str(group): f"{text}." if group == "all" else f"{group}: {text}." for group, text in said.items()}


def _pictures(trial: Trial, key: str) -> list[Picture]:
    rows = trial.heterogeneity.frame
    n_rows = int(rows["quantity"].isin(("response_sd", "adjusted_response_sd")).sum())
    svg = inline_svg(
        partial(response_spread, rows),
        key=f"{key}s",
        size=(5.6, 1.5 + 0.35 * n_rows),
        description=f"Signed SD of the individual response in {trial.trial_id}",
    )
    pictures = [Picture(svg, "Signed SD of the individual response, with its 95 % interval.")]
    if trial.subjects is not None:
        svg = inline_svg(
            partial(response_changes, trial.subjects.frame),
            key=f"{key}c",
            size=(6.4, 3.9),
            description=f"Change of every subject of {trial.trial_id}, arm by arm",
        )
        pictures.append(Picture(svg, "Change of every subject with its 95 % interval, both arms."))
    return pictures


def _quantities(trial: Trial) -> Table:
    shown = [
        {
            "group": row["group"],
            "quantity": _QUANTITIES[row["quantity"]],
            "estimate [95 % interval]": _estimate(row["estimate"], row["ci_low"], row["ci_high"]),
            "remark": row["note"],
        }
        for row in records(trial.heterogeneity.frame)
        if row["quantity"] in _QUANTITIES
    ]
    return table(pd.DataFrame(shown), f"Quantities of {trial.trial_id}, in the unit of the change.")


def _estimate(estimate: float, low: float, high: float) -> str:
    if pd.isna(estimate):
        return MISSING
    return number(estimate) if pd.isna(low) else interval(estimate, low, high, ".3g")


def classifier_section(content: ReportContent) -> Section | None:
    """Each model beside those that need no omics, and what shuffled labels give."""
    if not content.classifiers:
        return None
    blocks: list[Block] = [Paragraph(_HOW_JUDGED)]
    for index, performance in enumerate(content.classifiers):
        frame, metric = performance.frame, told_apart(performance.frame)
        title = where_judged(frame)
        blocks.append(Heading(title))
        if metric:
            svg = inline_svg(
                partial(model_performance, frame, metric=metric),
                key=f"m{index}",
                size=(5.6, 1.4 + 0.4 * frame["signature_id"].nunique()),
                description=f"{APART[metric]} of each model, {title}",
            )
            blocks.append(Gallery((Picture(svg, "Subjects never seen, with the interval; open: on its own samples."),)))
        blocks.append(_models(frame, title))
    return Section("stratification", "Who can be told apart beforehand", tuple(blocks))


def told_apart(frame: pd.DataFrame) -> str:
    """The metric of `APART` that a table of classifiers has; "" for none."""
    held_out = set(frame.loc[(frame["role"] == "resampled") & frame["estimate"].notna(), "metric"])
    return next((metric for metric in APART if metric in held_out), "")


def where_judged(frame: pd.DataFrame) -> str:
    """Endpoint and cohort of a table of classifiers, in words."""
    cohorts = list(dict.fromkeys(frame["cohort_id"]))
    where = cohorts[0] if len(cohorts) == 1 else f"{len(cohorts) - 1} cohorts, each left out in turn"
    return f"{frame['endpoint'].iloc[0]} in {where}"


def _models(frame: pd.DataFrame, title: str) -> Table:
    shown = [
        {
            "model": row["signature_id"],
            "cohort": row["cohort_id"],
            "role": row["role"],
            "measure": row["metric"],
            "estimate [95 % interval]": _estimate(row["estimate"], row["ci_low"], row["ci_high"]),
            "n": row["n_samples"],
            "events": row["n_events"],
            "remark": row["note"] or row["resampling"],
        }
        for row in records(frame)
    ]
    return table(pd.DataFrame(shown).astype({"n": "Int64", "events": "Int64"}), f"Every measure, {title}.")


def benefit_section(content: ReportContent) -> Section | None:
    """Interactions of markers with the arm, the strongest first, and how predicted benefit ranks subjects."""
    if not content.benefits and not content.rankings:
        return None
    blocks: list[Block] = [Paragraph(_HOW_INTERACTIONS)]
    for found in content.benefits:
        frame = found.frame.sort_values("p_value", kind="stable").head(50)
        shown = pd.DataFrame([_marker(row) for row in records(frame)], columns=list(_COLUMNS.values()))
        effect = _EFFECTS.get(str(frame["model"].iloc[0]), "effects")
        caption = (
            f"Markers by P value, {len(frame)} of {len(found.frame)}: {effect} per standard deviation of the marker."
        )
        blocks.append(table(shown, caption, {"adjusted P": ".2g"}))
    for ranking in content.rankings:
        frame = ranking.frame
        title = f"predicted effect of the arm on {frame['endpoint'].iloc[0]} in {frame['cohort_id'].iloc[0]}"
        blocks += [Heading("Predicted effect of the arm"), Paragraph(_HOW_RANKED), _models(frame, title)]
    return Section("benefit", "Does the arm help some more than others?", tuple(blocks))


def _marker(row: dict[str, Any]) -> dict[str, Any]:
    line = {shown: row[name] for name, shown in _COLUMNS.items()}
    for name, prefix in (("interaction", ""), ("in_control", "in_control_"), ("in_treated", "in_treated_")):
        line[_COLUMNS[name]] = _estimate(row[name], row[f"{prefix}ci_low"], row[f"{prefix}ci_high"])
    return line
