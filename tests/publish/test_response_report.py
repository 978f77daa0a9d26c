"""The page about subjects: nulls with their intervals, every model beside the one without features, both arms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from exomics.errors import InputError
from exomics.plotting import model_performance
from exomics.publish.report import ReportContent, findings
from exomics.publish.report.content import Trial
from exomics.publish.report.page import render
from exomics.publish.report.reading import read_content
from exomics.results import BenefitTable, PerformanceTable, Provenance
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.results.selection import SelectionTable

VERDICT = "no evidence of response heterogeneity: the interval of the response variance includes 0"


def filled(kind: type, rows: list[dict[str, object]]) -> object:
    """A table of `kind`, its other columns missing."""
    blank = {name: "" if what == "text" else None for name, what in kind.columns.items()}
    return kind(frame=pd.DataFrame([blank | row for row in rows]), provenance=Provenance(method="made"))


def trial(*, groups: tuple[str, ...] = ("all",)) -> Trial:
    rows = [{"group": group, "quantity": "verdict", "note": VERDICT} for group in groups]
    rows += [
        {"group": group, "quantity": "response_sd", "estimate": -1.5, "ci_low": -3.0, "ci_high": 1.0}
        for group in groups
    ]
    subject = {"change": 1.0, "change_ci_low": -1.0, "change_ci_high": 3.0, "call": "abstain"}
    subjects = [subject | {"subject_id": f"p{at}", "arm": arm} for at, arm in enumerate(("run", "rest"))]
    return Trial(
        trial_id="vo2", heterogeneity=filled(HeterogeneityTable, rows), subjects=filled(ResponseTable, subjects)
    )


def classifier(low: float) -> PerformanceTable:
    base = {"cohort_id": "mine", "endpoint": "response", "metric": "auc", "role": "resampled"}
    rows = [
        base | {"signature_id": "elastic_net_logistic", "estimate": 0.62, "ci_low": low, "ci_high": 0.75},
        base | {"signature_id": "elastic_net_logistic", "role": "apparent", "estimate": 0.99},
        base | {"signature_id": "elastic_net_logistic", "metric": "permutation_p", "estimate": 0.2},
        base | {"signature_id": "no_features", "estimate": 0.5, "ci_low": 0.5, "ci_high": 0.5},
    ]
    return filled(PerformanceTable, rows)


def benefit(verdict: str) -> BenefitTable:
    row = {"marker": "SLC2A1", "endpoint": "os", "interaction": 0.4, "ci_low": -0.1, "ci_high": 0.9, "p_value": 0.1}
    effects = {f"{arm}{end}": 0.1 for arm in ("in_control", "in_treated") for end in ("", "_ci_low", "_ci_high")}
    row |= {"adj_p_value": 0.1, "family": "1 marker", "verdict": verdict}
    return filled(BenefitTable, [row | effects])


def told(content: ReportContent) -> dict[str, str]:
    return {finding.topic: finding.text for finding in findings(content)}


def test_a_null_is_told_as_a_null_with_its_interval() -> None:
    content = ReportContent(
        title="A trial", trials=(trial(),), classifiers=(classifier(0.49),), benefits=(benefit("no evidence"),)
    )
    said = told(content)
    assert said["Individual response"] == f"vo2: {VERDICT}."
    assert said["Stratification"] == (
        "On subjects never seen: response in mine, no evidence that any model tells subjects apart: "
        "AUC 0.62 [0.49, 0.75] for elastic_net_logistic; P against shuffled labels 0.2."
    )
    assert said["Treatment by marker"] == (
        "No evidence that the effect of the arm depends on 1 marker tested (os); nearest: SLC2A1, interaction "
        "0.40 [−0.10, 0.90] per SD."
    )


def test_a_finding_is_told_as_one() -> None:
    content = ReportContent(title="A trial", classifiers=(classifier(0.51),), benefits=(benefit("predictive"),))
    said = told(content)
    assert "no evidence" not in said["Stratification"]
    assert said["Treatment by marker"].startswith("The effect of the arm depends on 1 of 1 markers; first: SLC2A1")


def test_a_design_that_supports_no_claim_is_told_beside_the_interaction() -> None:
    table = benefit("interaction only")
    noted = BenefitTable(table.frame, Provenance(method="benefit", notes=("the arms were not randomized",)))
    said = told(ReportContent(title="A trial", benefits=(noted,)))["Treatment by marker"]
    assert said.startswith("The effect of the arm depends on 1 of 1 markers")
    assert said.endswith("But the arms were not randomized.")


def test_groups_keep_their_names_and_the_page_its_sections() -> None:
    content = ReportContent(title="A trial", trials=(trial(groups=("female", "male")),), classifiers=(classifier(0.4),))
    page = render(content)
    for text in (f"female: {VERDICT}.", f"male: {VERDICT}.", "Who responds", "Who can be told apart beforehand"):
        assert text in page
    assert "Does the arm help some more than others?" not in page
    assert "−1.5 [−3, 1]" in page


@pytest.mark.parametrize(("level", "said"), [(0.1, "1 of 2 features for response at target 0.2 (up)"), (2.0, "0 of 2")])
def test_selected_features_are_named_and_none_is_told_as_none(level: float, said: str) -> None:
    base = {"endpoint": "response", "selector": "shuffled_labels", "target": 0.2, "target_bounds": "any at all"}
    base |= {"difference": 1.0, "ci_low": 0.5, "ci_high": 1.5, "adj_p_value": 0.03, "n_samples": 40}
    rows = [
        base | {"feature_id": "up", "level": level, "selected": "yes" if level <= 0.2 else "no"},
        base | {"feature_id": "flat", "level": np.inf, "selected": "no"},
    ]
    content = ReportContent(title="A trial", selections=(filled(SelectionTable, rows),))
    assert told(content)["Selection"].startswith(f"shuffled labels selects {said}")
    page = render(content)
    assert "Which features tell classes apart" in page
    assert "1.00 [0.50, 1.50]" in page
    assert "2 of 2; target 0.2: any at all." in page


def test_cohorts_left_out_are_told_by_what_was_pooled() -> None:
    frame = classifier(0.49).frame
    each = frame[frame["metric"] == "auc"].assign(cohort_id="one", role="resampled").drop_duplicates("signature_id")
    pooled = each.assign(metric="pooled_auc", cohort_id="all")
    table = PerformanceTable(
        frame=pd.concat([each, each.assign(cohort_id="two"), pooled]), provenance=Provenance(method="made")
    )
    content = ReportContent(title="A trial", classifiers=(table,))
    assert told(content)["Stratification"] == (
        "On subjects never seen: response in 2 cohorts, each left out in turn, no evidence that any model tells "
        "subjects apart: pooled AUC 0.62 [0.49, 0.75] for elastic_net_logistic."
    )
    assert "pooled AUC of each model" in render(content)


def test_survival_is_told_by_its_concordance() -> None:
    frame = classifier(0.55).frame.replace({"auc": "concordance", "no_features": "no_features_survival"})
    content = ReportContent(
        title="A trial", classifiers=(PerformanceTable(frame=frame, provenance=Provenance(method="made")),)
    )
    assert "concordance 0.62 [0.55, 0.75] for elastic_net_logistic" in told(content)["Stratification"]


@pytest.mark.parametrize(
    ("method", "place"),
    [("cross_validate", "classifiers"), ("leave_one_cohort_out", "classifiers"), ("treatment_scores", "rankings")],
)
def test_performance_of_models_is_no_association(tmp_path: Path, method: str, place: str) -> None:
    table = classifier(0.4)
    step = {"command": ["stratify"], "inputs": [], "outputs": [{"path": "performance.tsv"}]}
    of_classifier = PerformanceTable(frame=table.frame, provenance=Provenance(method=method, step=step))
    path = of_classifier.to_tsv(tmp_path / "performance.tsv")
    content = read_content([path], title="x")
    assert content.associations is None
    assert len(getattr(content, place)) == 1
    assert "Every measure" in render(content)


def test_the_figure_needs_a_resampled_row() -> None:
    axes = Figure().subplots()
    model_performance(classifier(0.4).frame, axes)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["elastic net logistic", "no features"]
    with pytest.raises(InputError, match="no resampled row"):
        model_performance(classifier(0.4).frame, Figure().subplots(), metric="brier")
