"""What the tables about subjects say, in sentences: nulls with their intervals, no word beyond the design."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exomics.publish.report.blocks import interval, number, records
from exomics.publish.report.content import ReportContent
from exomics.publish.report.response_sections import APART, BASELINES, told_apart, verdicts, where_judged

_PERMUTED = "permutation_p"
_DEPENDENT = ("predictive", "interaction only")  # the latter where the design supports no claim


def response_sentences(content: ReportContent) -> str:
    """Whether the subjects of each trial differ in their response."""
    told = [f"{trial.trial_id}: {text}" for trial in content.trials for text in verdicts(trial).values()]
    return " ".join(told)


def classifier_sentences(content: ReportContent) -> str:
    """How well each model tells subjects apart that it never saw, beside shuffled labels."""
    told = [_judged(performance.frame) for performance in content.classifiers]
    return f"On subjects never seen: {'; '.join(filter(None, told))}." if any(told) else ""


def _judged(frame: pd.DataFrame) -> str:
    metric = told_apart(frame)
    rows = frame[(frame["metric"] == metric) & (frame["role"] == "resampled") & frame["estimate"].notna()]
    models = rows[~rows["signature_id"].isin(BASELINES)]
    if not metric or models.empty:
        return ""
    clear = bool((models["ci_low"] > 0.5).any())
    verdict = "" if clear else "no evidence that any model tells subjects apart: "
    shown = ", ".join(map(_area, records(models)))
    return f"{where_judged(frame)}, {verdict}{APART[metric]} {shown}{_permuted(frame)}"


def _area(row: dict[str, Any]) -> str:
    return f"{interval(row['estimate'], row['ci_low'], row['ci_high'])} for {row['signature_id']}"


def _permuted(frame: pd.DataFrame) -> str:
    values = frame[frame["metric"] == _PERMUTED]["estimate"].dropna()
    return f"; P against shuffled labels {number(float(values.iloc[0]), '.2g')}" if len(values) else ""


def benefit_sentences(content: ReportContent) -> str:
    """Of how many markers the effect of the arm depends, and the strongest where there is none."""
    told = []
    for found in content.benefits:
        frame = found.frame
        tested = frame[frame["p_value"].notna()]
        if tested.empty:
            continue
        on = f"on {len(tested)} marker{'s' if len(tested) > 1 else ''} tested ({tested['endpoint'].iloc[0]})"
        dependent = tested[tested["verdict"].isin(_DEPENDENT)]
        row = records(tested.sort_values("p_value", kind="stable").head(1))[0]
        limits = interval(row["interaction"], row["ci_low"], row["ci_high"])
        strongest = f"{row['marker']}, interaction {limits} per SD"
        if dependent.empty:
            told.append(f"No evidence that the effect of the arm depends {on}; nearest: {strongest}.")
        else:
            told.append(
                f"The effect of the arm depends on {len(dependent)} of {len(tested)} markers; first: {strongest}."
            )
        told += [f"But {note}." for note in found.provenance.notes]
    return " ".join(told)
