"""The report: what it says follows from the tables, what it is given never becomes markup, the bytes are the same."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.publish.report import Cohort, ReportContent, Study, build_report, findings, summary_text
from exomics.publish.report.claims import guarded
from exomics.publish.report.counts import calls_of
from exomics.publish.report.findings import facts
from exomics.publish.report.page import render
from exomics.publish.report.study_sections import named_rows
from exomics.registry.signature import Member, Signature
from exomics.results import DifferentialTable, PerformanceTable, Provenance, ScoreTable

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Audit(HTMLParser):
    """Tags, attributes and visible text of a page; fails on tags that do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.stack: list[str] = []
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def differential_table(names: list[str]) -> DifferentialTable:
    """Feature 0 is up and feature 1 is down in both contrasts; feature 2 is up at q 0.0496; the rest are null."""
    frames = []
    for shift, contrast in ((0.0, "F_8W - F_SED"), (0.1, "M_8W - M_SED")):
        effect = np.linspace(-0.2, 0.2, len(names)) + shift
        effect[:3] = [1.0, -1.0, 0.6]
        adjusted = np.full(len(names), 0.8)
        adjusted[:3] = [1e-4, 1e-3, 0.0496]
        blank = pd.DataFrame(dict.fromkeys(DifferentialTable.columns), index=range(len(names)))
        frames.append(
            blank.assign(
                feature_id=[f"id{number}" for number in range(len(names))],
                feature_name=names,
                contrast=contrast,
                log2_fold_change=effect,
                standard_error=0.1,
                ci_low=effect - 0.2,
                ci_high=effect + 0.2,
                p_value=adjusted / 2,
                adj_p_value=adjusted,
                status="ok",
            )
        )
    provenance = Provenance(
        method="recipe",
        parameters={"robust": True},
        inputs=({"name": "counts.rda", "sha256": "ab" * 32, "manifest": "motrpac_gn_rna"},),
        acknowledgments=("Data were obtained from the consortium.",),
    )
    return DifferentialTable(frame=pd.concat(frames), provenance=provenance)


def a_signature(first: str = "CS") -> Signature:
    layer = "muscle_rna"
    return Signature(
        id="trn.example",
        version="1.0.0",
        title="Changed in both sexes",
        signature_class="training",
        type="two_arm",
        score="rank_updown",
        species="human",
        feature_namespace="HGNC",
        layers=(layer,),
        ex_acute={layer: "unknown"},
        ex_trained={layer: "up"},
        benefit={layer: "context"},
        timing_class=">=48 h rest",
        evidence="D",
        sign_evidence="D",
        source={"text": "derived"},
        license="BSD-3-Clause",
        members=(
            Member(
                feature_id=first, effect_size=1.0, effect_se=0.1, q_value=1e-4, mapped_from="id0", mapping_type="1:1"
            ),
            Member(feature_id="MUSTN1", arm="down", effect_size=-1.0, effect_se=0.1, q_value=1e-3, mapped_from="id1"),
        ),
        provenance={"losses": [{"what": "no ortholog", "n": 2, "why": "not in the table", "examples": "Abc1, Def2"}]},
    )


def score_table(n: int, status: str, signature_id: str = "trn.example") -> ScoreTable:
    scored = status in ("ok", "wrong_layer_override")
    frame = pd.DataFrame(dict.fromkeys(ScoreTable.columns), index=range(n)).assign(
        sample_id=[f"s{number}" for number in range(n)],
        signature_id=signature_id,
        arm="total",
        layer="tumor_rna",
        method="rank_updown",
        score=np.random.default_rng(n).normal(size=n) if scored else np.nan,
        n_measured=20 if scored else 3,
        n_members=25,
        status=status,
        note="" if scored else "members measured: up 3 of 25",
    )
    return ScoreTable(frame=frame, provenance=Provenance(method="score"))


def performance_table(cohort: str = "icb_kim") -> PerformanceTable:
    base = dict.fromkeys(PerformanceTable.columns) | {"role": "external", "n_samples": 40, "n_events": 20}
    hazard = base | {"endpoint": "os", "metric": "log_hazard_ratio"}
    rows = [
        hazard | {"signature_id": "imm.cyt", "cohort_id": cohort, "estimate": -0.3, "ci_low": -0.5, "ci_high": -0.1},
        hazard
        | {"signature_id": "imm.cyt", "cohort_id": "pooled_reml", "estimate": -0.3, "ci_low": -0.4, "ci_high": -0.2},
        hazard
        | {"signature_id": "ecm.col1", "cohort_id": "pooled_reml", "estimate": 0.05, "ci_low": -0.1, "ci_high": 0.2},
        hazard | {"signature_id": "trn.example", "cohort_id": cohort, "note": "below_floor in 40 of 40 samples"},
        base
        | {"endpoint": "response", "metric": "log_odds_ratio", "signature_id": "trn.example", "cohort_id": cohort}
        | {"estimate": 0.2, "ci_low": -0.4, "ci_high": 0.8},
        base
        | {"endpoint": "response", "metric": "auc", "signature_id": "trn.example", "cohort_id": cohort}
        | {"estimate": 0.55, "ci_low": 0.4, "ci_high": 0.7},
        base
        | {"endpoint": "response", "metric": "control_percentile", "signature_id": "trn.example", "cohort_id": cohort}
        | {"estimate": 70.0, "note": "AUC among 200 random matched sets"},
        base
        | {"endpoint": "response", "metric": "empirical_p_value", "signature_id": "trn.example", "cohort_id": cohort}
        | {"estimate": 0.6, "note": "AUC among 200 random matched sets"},
    ]
    return PerformanceTable(frame=pd.DataFrame(rows), provenance=Provenance(method="associate", seed=7))


def full_content(name: str = "Cs", cohort: str = "icb_kim") -> ReportContent:
    names = [name, "Mustn1", "Hk2", "Il15", "Fndc5", *(f"Gene{number}" for number in range(5, 40))]
    outcomes = pd.DataFrame(
        {
            "os_time_months": np.linspace(1, 40, 40),
            "os_event": [1.0, 0.0] * 20,
            "response": ["responder", "non_responder"] * 20,
        },
        index=[f"s{number}" for number in range(40)],
    )
    agreement = {"published_file": "motrpac_gn_rna", "family": "trained_vs_SED", "rows": 80, "rows_matched": 80}
    agreement |= {"rows_only_ours": 0, "equal_p_value": 100.0, "max_abs_dz": 3e-11, "n_published": 2}
    study = Study(
        study_id="example_rna",
        differential=differential_table(names),
        agreement=pd.DataFrame([agreement]),
        z_pairs=pd.DataFrame({"z": [1.0, 2.0], "z_published": [1.0, 2.0 + 1e-12]}),
        signature=a_signature(name),
    )
    recovery = {"quantity": name, "unit": "log2", "truth": 1.0, "found": 1.1, "ci_low": 0.9, "ci_high": 1.3, "note": ""}
    controls = {"signature_id": "trn.example", "cohort_id": cohort, "endpoint": "response", "metric": "auc"}
    return ReportContent(
        title="Training in muscle",
        question="What does training change?",
        studies=(study,),
        cohorts=(
            Cohort(cohort_id=cohort, scores=(score_table(40, "wrong_layer_override"),), outcomes=outcomes),
            Cohort(cohort_id="icb_hugo", scores=(score_table(12, "below_floor"),)),
        ),
        associations=performance_table(cohort),
        controls=pd.DataFrame([controls | {"control": n, "estimate": 0.3 + n / 500} for n in range(200)]),
        recovery=pd.DataFrame([recovery]),
        design={"tissue": "gastrocnemius"},
        configuration={"seed": 7, "name": name},
        commands=("exomics verify package",),
        verification="every number is the published one",
    )


@pytest.fixture(scope="module")
def page() -> str:
    return render(full_content())


def test_the_page_is_well_formed_accessible_and_self_contained(page: str) -> None:
    audit = Audit(page)
    identifiers = [attributes["id"] for _, attributes in audit.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in audit.tags:
        for name in ("href", "xlink:href"):
            if attributes.get(name, "").startswith("#"):
                assert attributes[name][1:] in identifiers
    addresses = [value for _, attributes in audit.tags for name, value in attributes.items() if name in ("src", "href")]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in audit.of("svg"))
    assert len(audit.of("caption")) == len(audit.of("table")) > 8
    headings = [int(tag[1]) for tag, _ in audit.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(headings, headings[1:], strict=False))
    assert "@import" not in page
    assert "url(http" not in page


def test_every_section_is_there_and_in_order(page: str) -> None:
    sections = [attributes["id"] for attributes in Audit(page).of("section")]
    study = ["answer", "data", "change", "agreement", "signature"]
    assert sections == [*study, "scores", "associations", "random-sets", "recovery", "methods"]


def test_the_policy_allows_the_one_script_and_no_other(page: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = next(tag["content"] for tag in Audit(page).of("meta") if "http-equiv" in tag)
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script> \"><img src=x onerror=alert(1)> </svg><iframe src='https://example.org'></iframe>",
        "{{ 7 * 7 }}{% raw %} --><b>x $\\frac{$ & <!-- </style></title>",
    ],
)
def test_a_value_from_a_data_file_never_becomes_markup(hostile: str, page: str) -> None:
    content = full_content(name=hostile, cohort=hostile)
    attacked = Audit(
        render(replace(content, commands=(hostile,), acknowledgments=(hostile,), design={hostile: hostile}))
    )
    harmless = Audit(page)
    assert {tag for tag, _ in attacked.tags} <= {tag for tag, _ in harmless.tags}
    assert len(attacked.of("script")) == 1
    names = {name for _, attributes in attacked.tags for name in attributes}
    assert not any(name.startswith("on") for name in names)
    assert " ".join(hostile.split()) in attacked.text
    assert " 49 " not in attacked.text


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, page: str) -> None:
    assert build_report(full_content(), tmp_path / "report.html").read_text(encoding="utf-8") == page
    code = (
        "import runpy, sys; page = runpy.run_path(sys.argv[1]); print(page['render'](page['full_content']()), end='')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "17", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", code, __file__]
    again = subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8")
    assert again.stdout == page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]


def test_an_empty_run_has_a_page_that_says_so() -> None:
    audit = Audit(render(ReportContent(title="Nothing yet")))
    assert "No table was given" in audit.text
    assert [section["id"] for section in audit.of("section")] == ["answer"]


def test_both_counts_of_q_are_shown() -> None:
    study = full_content().studies[0]
    both = calls_of(study, 0.05)[-1]
    assert (both.up, both.down, both.opposite) == (2, 1, 0)
    assert (both.up_rounded, both.down_rounded) == (1, 1)


def test_findings_state_nulls_with_their_intervals() -> None:
    told = {finding.topic: finding.text for finding in findings(full_content())}
    assert (
        "2 features rise and 1 fall in both F_8W - F_SED and M_8W - M_SED, of 40 in example_rna" in told["What changes"]
    )
    assert "none is raised; no evidence of change for FNDC5 and IL15" in told["Named products"]
    assert "not measured, which is not a zero" in told["Named products"]
    assert (
        "trn.example can be scored in 1 of 2 cohorts (icb_kim); elsewhere no number is given (below floor)"
        in (told["Carried to tumors"])
    )
    assert "exploration" in told["Carried to tumors"]
    assert "0 of 1 comparisons" in told["Carried to tumors"]
    assert "intervals that exclude 1 for imm.cyt 0.74 [0.67, 0.82]" in told["Overall survival"]
    assert "no evidence of association for ecm.col1 1.05 [0.90, 1.22]" in told["Overall survival"]
    assert told["Planted truth"] == "Of 1 intervals for planted quantities, 1 hold the truth."


def test_no_change_is_told_as_no_evidence() -> None:
    content = full_content()
    frame = content.studies[0].differential.frame.assign(adj_p_value=0.9)
    table = DifferentialTable(frame=frame, provenance=Provenance(method="recipe"))
    study = replace(content.studies[0], differential=table)
    text = summary_text(replace(content, studies=(study,)))
    assert "no evidence of change in both F_8W - F_SED and M_8W - M_SED for any of 40 features" in text


def test_generated_words_claim_nothing_beyond_the_design(page: str) -> None:
    visible = Audit(page).text
    assert guarded(visible) == visible


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Baseline omics of responders", "responder"),
        ("miR-29a mediates the effect", "mediation"),
        ("Training drives CD8 infiltration", "causation"),
        ("A score that predicts who has benefit", "benefit"),
        ("Exercise-driven immunity", "causation"),
        ("A causal role of training", "causation"),
        ("A predictor of benefit", "benefit"),
        ("A benefit-predicting score", "benefit"),
    ],
)
def test_a_claim_needs_a_design_that_supports_it(text: str, claim: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"claim of {claim}"):
        build_report(ReportContent(title=text), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())
    allowed = ReportContent(title=text, supported_claims=frozenset({claim}))
    assert build_report(allowed, tmp_path / "report.html").is_file()


def test_an_unknown_claim_is_no_pass() -> None:
    with pytest.raises(InputError, match="must be among"):
        guarded("anything", supported={"everything"})


def test_named_products_are_listed_whatever_their_result() -> None:
    content = full_content()
    rows = pd.DataFrame(named_rows(content.studies[0], replace(content, named_products=("IL15", "MUSTN1", "IL6"))))
    verdicts = rows.groupby("product", sort=False)["verdict"].unique().map(list).to_dict()
    assert verdicts == {"IL15": ["no evidence of change"], "MUSTN1": ["down"], "IL6": ["not measured"]}
    assert rows.loc[rows["product"] == "IL6", "log2 fold change"].isna().all()


def test_what_must_not_be_overlooked_is_boxed_and_kept(page: str) -> None:
    text = Audit(page).text
    assert "Exploratory: scored outside its layer." in text
    assert "Hallmark oxidative phosphorylation" in text
    assert "Too little is measured to score" in text
    assert "below_floor in 40 of 40 samples" in text
    assert "no ortholog" in text
    assert "Data were obtained from the consortium." in text


def test_a_contrast_that_is_not_in_the_table_is_named() -> None:
    study = replace(full_content().studies[0], contrasts=("F_9W - F_SED",))
    with pytest.raises(InputError, match=r"no contrast 'F_9W - F_SED'.*F_8W - F_SED"):
        render(ReportContent(title="Training", studies=(study,)))


def test_a_subject_with_two_samples_is_shown_at_baseline() -> None:
    content = full_content()
    cohort = content.cohorts[0]
    one = cohort.scores[0].frame.assign(subject_id=lambda frame: frame["sample_id"], time_point="baseline")
    two = one.assign(sample_id=one["sample_id"] + "_post", time_point="post")
    table = ScoreTable(frame=pd.concat([one, two]), provenance=Provenance(method="score"))
    outcomes = pd.concat([cohort.outcomes, cohort.outcomes.set_axis(two["sample_id"], axis=0)])
    shown = render(replace(content, cohorts=(replace(cohort, scores=(table,), outcomes=outcomes),)))
    assert re.findall(r">n = (\d+)<", shown) == ["20", "20"]


def published(folder: Path, name: str) -> DifferentialTable:
    raw = pd.read_csv(folder / f"motrpac/published/{name}_DA.trained_vs_SED.tsv.gz", sep="\t", quoting=3)
    blank = pd.DataFrame(dict.fromkeys(DifferentialTable.columns), index=raw.index)
    error = (raw["logFC"] / raw["t"]).abs()
    frame = blank.assign(
        feature_id=raw["featureName"].astype(str),
        feature_name=raw["gene_symbol"].fillna(""),
        contrast=raw["contrast"],
        log2_fold_change=raw["logFC"],
        ci_low=raw["logFC"] - 2 * error,
        ci_high=raw["logFC"] + 2 * error,
        p_value=raw["P.Value"],
        adj_p_value=raw["adj.P.Val"],
        status="ok",
    )
    return DifferentialTable(frame=frame, provenance=Provenance(method="published"))


@pytest.mark.real_data
def test_the_published_tables_give_the_known_facts(reference_folder: Path, tmp_path: Path) -> None:
    pair = ("F_8W - F_SED", "M_8W - M_SED")
    studies = tuple(
        Study(study_id=name, differential=published(reference_folder, source), contrasts=pair)
        for name, source in (("rna", "TRNSCRPT_GN"), ("protein", "PROT_GN"))
    )
    rna, protein = (calls_of(study, 0.05)[-1] for study in studies)
    assert (rna.tested, rna.up_rounded, rna.down_rounded, rna.opposite) == (14201, 25, 7, 0)
    assert (protein.up_rounded, protein.down_rounded, protein.opposite) == (143, 38, 0)
    content = ReportContent(title="Training in gastrocnemius", studies=studies)
    told = {finding.topic: finding.text for finding in findings(content)}
    assert told["Named products"] == (
        "Of the products that the field names as carried from muscle, none is raised; no evidence of change for FNDC5, "
        "DCN and IL15; ERFE lowered; IL6, IL10, GDF15 and CXCL11 not measured, which is not a zero."
    )
    page = build_report(content, tmp_path / "report.html")
    assert page.stat().st_size < 5e6


def test_the_first_contrasts_of_a_long_table_make_no_headline() -> None:
    study = Study(study_id="atlas", differential=_table_of(["week 1", "week 2", "week 8"]))
    assert not study.is_asked
    text = summary_text(ReportContent(title="An atlas", studies=(study,)))
    assert "What changes" not in text
    assert "Named products" not in text
    asked = Study(study_id="atlas", differential=study.differential, contrasts=("week 8",))
    assert "What changes" in summary_text(ReportContent(title="An atlas", studies=(asked,)))


def _table_of(contrasts: list[str]) -> DifferentialTable:
    rows = [
        dict.fromkeys(DifferentialTable.columns)
        | {"feature_id": "g1", "feature_name": "CS", "contrast": name, "log2_fold_change": 0.5, "p_value": 0.5}
        | {"adj_p_value": 0.5, "status": "ok"}
        for name in contrasts
    ]
    return DifferentialTable(frame=pd.DataFrame(rows), provenance=Provenance(method="example"))


def test_tables_without_findings_are_something_to_say() -> None:
    text = summary_text(ReportContent(title="Truth alone", recovery=full_content().recovery))
    assert "No table was given" not in text
    assert text.startswith("Truth alone\n===========\n\n")
    assert "\n\nTruth beside finding\n" in text


def test_one_scored_cohort_is_something_to_say() -> None:
    """Without a study nothing is derived, and one cohort is not pooled: the report tells of what there is."""
    scores = score_table(9, "ok", "imm.cyt"), score_table(9, "below_floor", "t.b")
    cohorts = (Cohort(cohort_id="mine", scores=scores),)
    scored = {one.topic: one.text for one in findings(ReportContent(title="Mine", cohorts=cohorts))}
    assert scored == {"Scores": "Cohorts in which a signature can be scored, of 1: 1 for imm.cyt; 0 for t.b."}
    frame = performance_table("mine").frame
    alone = PerformanceTable(frame[frame["cohort_id"] == "mine"], Provenance(method="associate"))
    content = ReportContent(title="Mine", cohorts=cohorts, associations=alone)
    told = {one.topic: one.text for one in findings(content)}
    hazard = "Hazard ratio per SD of the score, in mine: intervals that exclude 1 for imm.cyt 0.74 [0.61, 0.90]."
    assert told["Overall survival"] == hazard
    assert told["Response"].startswith("Odds ratio per SD of the score, in mine: no evidence of association for trn.")
    assert [fact.label for fact in facts(content)] == ["hazard ratio per SD, imm.cyt and overall survival, mine"]
