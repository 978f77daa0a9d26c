"""The section about scores: coverage and status of every signature in every cohort."""

from __future__ import annotations

from functools import partial

import pandas as pd

from exomics.plotting import coverage_bars
from exomics.publish.report.blocks import Block, Box, Gallery, Picture, Section, table
from exomics.publish.report.content import ReportContent
from exomics.publish.report.figures import inline_svg

OVERRIDE = "wrong_layer_override"
SCORED = ("ok", OVERRIDE)


def coverage_of(content: ReportContent) -> pd.DataFrame:
    """One row per cohort and signature: members measured, and the status that most samples have."""
    frames = [cohort.score_frame for cohort in content.cohorts]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if rows.empty:
        return rows
    grouped = rows.groupby(["cohort_id", "signature_id"], sort=False)
    return grouped.agg(
        method=("method", "first"),
        layer=("layer", "first"),
        n_samples=("sample_id", "nunique"),
        n_measured=("n_measured", "max"),
        n_members=("n_members", "max"),
        status=("status", lambda statuses: statuses.mode().iloc[0]),
        note=("note", "first"),
    ).reset_index()


def score_section(content: ReportContent) -> Section | None:
    """Boxes for what must not be overlooked, bars, and the table of every signature in every cohort."""
    coverage = coverage_of(content)
    if coverage.empty:
        return None
    blocks = [*_boxes(coverage, len(content.cohorts))]
    derived = coverage[coverage["signature_id"].isin(content.derived_ids)]
    shown = derived if not derived.empty else coverage
    svg = inline_svg(
        partial(coverage_bars, shown),
        key="cov",
        size=(8.4, 1.1 + 0.26 * len(shown)),
        description="Members measured of members asked for, by cohort and signature",
    )
    caption = "Members measured in each cohort. A hatched bar is below the floor: not scored."
    blocks += [Gallery((Picture(svg, caption),)), table(coverage, "Every signature in every cohort.")]
    return Section("scores", "Scores in the cohorts", tuple(blocks))


def _boxes(coverage: pd.DataFrame, n_cohorts: int) -> list[Block]:
    boxes: list[Block] = []
    override = coverage[coverage["status"] == OVERRIDE]
    if not override.empty:
        boxes.append(_override_box(override))
    below = coverage[coverage["status"] == "below_floor"]
    if not below.empty:
        pairs = below.groupby("signature_id", sort=False)["cohort_id"].nunique()
        listed = "; ".join(f"{name}: {number} of {n_cohorts} cohorts" for name, number in pairs.items())
        text = f"Too little is measured to score, so no number is given ({listed}). Rows and reasons stay in the table."
        boxes.append(Box("note", "Below the floor", text))
    return boxes


def _override_box(override: pd.DataFrame) -> Box:
    names = ", ".join(dict.fromkeys(override["signature_id"]))
    layers = ", ".join(dict.fromkeys(override["layer"]))
    return Box(
        "warning",
        "Exploratory: scored outside its layer",
        f"Derived in another layer and scored in {layers} by explicit override: {names}. Every such row is recorded as "
        f"{OVERRIDE}. Read it beside the random sets matched to it and beside Hallmark oxidative phosphorylation: in a "
        "tumor, a set rich in mitochondrial genes measures the tumor's own respiration, not exercise.",
    )
