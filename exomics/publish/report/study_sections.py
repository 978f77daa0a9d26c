"""Sections about the exercise study: what changes, the agreement with the published table, the signature."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from exomics.plotting import agreement_histogram, effect_comparison, member_effects, volcano
from exomics.publish.report.blocks import (
    MISSING,
    Block,
    Gallery,
    Heading,
    Paragraph,
    Picture,
    Section,
    Table,
    number,
    records,
    table,
)
from exomics.publish.report.content import ReportContent, Study
from exomics.publish.report.counts import calls_of
from exomics.publish.report.figures import inline_svg
from exomics.registry.signature import Signature
from exomics.scoring.members import members_in_table

_TALLEST = 7.4


def differential_section(content: ReportContent) -> Section | None:
    """Counts, volcano and, for two contrasts, effect against effect; study by study."""
    blocks: list[Block] = []
    for index, study in enumerate(content.studies):
        blocks += [Heading(study.study_id), _counts_table(study, content.threshold)]
        blocks.append(Gallery(tuple(_differential_pictures(study, f"d{index}", content.threshold))))
    return Section("change", "What changes with exercise", tuple(blocks)) if blocks else None


def _counts_table(study: Study, threshold: float) -> Block:
    rows = [
        {
            "contrast": row.contrast,
            "tested": row.tested,
            f"up, q < {threshold:g}": row.up,
            f"down, q < {threshold:g}": row.down,
            "up, rounded q": row.up_rounded,
            "down, rounded q": row.down_rounded,
        }
        for row in calls_of(study, threshold)
    ]
    caption = (
        f"Features called in {study.study_id}. Published tables carry q rounded to two digits, so that 0.0496 counts "
        "as 0.05 and is not called: both counts are given."
    )
    return table(pd.DataFrame(rows), caption)


def _differential_pictures(study: Study, key: str, threshold: float) -> list[Picture]:
    frame = study.differential.frame
    has_effects = frame["log2_fold_change"].notna().any()
    pictures = [
        Picture(
            inline_svg(
                partial(volcano, frame, contrast=contrast, threshold=threshold),
                key=f"{key}v{index}",
                size=(5.4, 4.4),
                description=f"Volcano plot of {study.study_id}, {contrast}",
            ),
            f"{study.study_id}, {contrast}: effect against evidence.",
        )
        for index, contrast in enumerate(study.shown if has_effects else ())
    ]
    if len(study.shown) == 2 and has_effects:
        pair = (study.shown[0], study.shown[1])
        svg = inline_svg(
            partial(effect_comparison, frame, contrasts=pair, threshold=threshold),
            key=f"{key}b",
            size=(5.4, 5.2),
            description=f"Effects of {pair[0]} against those of {pair[1]} in {study.study_id}",
        )
        pictures.append(Picture(svg, f"{study.study_id}: effects of the two contrasts, estimated apart."))
    return pictures


def agreement_section(content: ReportContent) -> Section | None:
    """The comparison with the published tables, where there are any."""
    blocks: list[Block] = []
    for index, study in enumerate(content.studies):
        if study.agreement is not None:
            blocks += [Heading(study.study_id), _agreement_table(study.study_id, study.agreement)]
        if study.z_pairs is not None:
            svg = inline_svg(
                partial(agreement_histogram, study.z_pairs),
                key=f"a{index}",
                size=(5.4, 3.4),
                description=f"Histogram of the differences from published z in {study.study_id}",
            )
            blocks.append(Gallery((Picture(svg, f"{study.study_id}: distance from the published z, row by row."),)))
    return Section("agreement", "Agreement with the published tables", tuple(blocks)) if blocks else None


def _agreement_table(study_id: str, agreement: pd.DataFrame) -> Table:
    """The comparison with one column per published family: shares with two decimals, counts, the largest |Δz|."""
    shown = {"rows": "rows published", "rows_matched": "matched", "rows_only_ours": "only ours"}
    equal = [str(name) for name in agreement if str(name).startswith("equal_")]
    shown |= {name: f"{name.removeprefix('equal_').replace('_', ' ')}: % equal" for name in equal}
    shown |= {"max_abs_dz": "largest |Δz|", "n_published": "called in the published table", "n_ours": "called in ours"}
    shown |= {"n_both": "called in both"}
    names = [name for name in shown if name in agreement]
    forms = {name: ".2f" if name in equal else ".1e" if name == "max_abs_dz" else ",.0f" for name in names}
    columns = {str(row["family"]): [number(row[name], forms[name]) for name in names] for row in records(agreement)}
    caption = f"{study_id}: our numbers after the published rounding, by published family; |Δz| is on unrounded values."
    return table(pd.DataFrame({"quantity": [shown[name] for name in names], **columns}), caption)


def signature_section(content: ReportContent) -> Section | None:
    """Members, what the mapping lost, and the named products whatever their result."""
    blocks: list[Block] = []
    for index, study in enumerate(content.studies):
        if study.signature is not None:
            blocks += [Heading(study.signature.id), *_signature_blocks(study, study.signature, f"s{index}")]
        if not study.losses.empty:
            blocks.append(table(study.losses, f"{study.study_id}: selected features that did not become members."))
    blocks += _named_blocks(content)
    return Section("signature", "The signature", tuple(blocks)) if blocks else None


def _signature_blocks(study: Study, signature: Signature, key: str) -> list[Block]:
    up, down = (len(signature.features(arm)) for arm in ("up", "down"))
    facts = (
        f"{signature.title}. Version {signature.version}; {up} up and {down} down members in {signature.species} "
        f"({signature.feature_namespace}); to be scored on {', '.join(signature.layers)} by {signature.score}; "
        f"evidence of the member list: {signature.evidence}."
    )
    blocks: list[Block] = [Paragraph(facts)]
    measured = set(study.differential.frame["feature_id"])
    features = [
        name for name in (member.mapped_from or member.feature_id for member in signature.members) if name in measured
    ]
    if features:
        shown = min(len(set(features)), 32)
        svg = inline_svg(
            partial(member_effects, study.differential.frame, members=features, contrasts=study.shown),
            key=key,
            size=(6.2, min(_TALLEST, 1.5 + 0.2 * shown)),
            description=f"Effects and intervals of the members of {signature.id}",
        )
        blocks.append(Gallery((Picture(svg, f"{signature.id}: effects of its members in {study.study_id}."),)))
    caption = f"All {len(signature.members)} members of {signature.id}; effects in log2 units."
    return [*blocks, table(_member_table(signature), caption, {"effect": ".3f", "standard error": ".3f", "q": ".2g"})]


def _member_table(signature: Signature) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": [member.feature_id for member in signature.members],
            "arm": [member.arm for member in signature.members],
            "effect": pd.Series([member.effect_size for member in signature.members], dtype=float),
            "standard error": pd.Series([member.effect_se for member in signature.members], dtype=float),
            "q": pd.Series([member.q_value for member in signature.members], dtype=float),
            "mapped from": [member.mapped_from for member in signature.members],
            "mapping": [member.mapping_type for member in signature.members],
            "evidence": [member.evidence for member in signature.members],
        }
    )


def _named_blocks(content: ReportContent) -> list[Block]:
    if not content.asked_studies or not content.named_products:
        return []
    rows = [row for study in content.asked_studies for row in named_rows(study, content)]
    caption = (
        "Products that the field names as carried from muscle, whatever their result. A row without an effect was not "
        "measured, which is not a zero; “no evidence” is a null with its interval, not a proof of no change. Symbols "
        "are matched without regard to case."
    )
    return [Heading("Named products"), table(pd.DataFrame(rows), caption, {"q": ".2g", "log2 fold change": ".2f"})]


def named_rows(study: Study, content: ReportContent) -> list[dict[str, object]]:
    """One row per named product and shown contrast; one row for a product that is not measured."""
    spelled = {str(name).upper(): str(name) for name in study.differential.frame["feature_name"]}
    rows: list[dict[str, object]] = []
    for product in content.named_products:
        found = members_in_table(study.differential, [spelled.get(product, product)], contrasts=study.shown)
        measured = found[found["status"] == "measured"]
        if measured.empty:
            rows.append(_named_row(study, product, {"contrast": MISSING}, "not measured"))
        for row in records(measured):
            called = row["adj_p_value"] < content.threshold
            verdict = ("down" if row["log2_fold_change"] < 0 else "up") if called else "no evidence of change"
            rows.append(_named_row(study, product, row, verdict))
    return rows


def _named_row(study: Study, product: str, row: Mapping[str, Any], verdict: str) -> dict[str, object]:
    low, high = row.get("ci_low"), row.get("ci_high")
    return {
        "product": product,
        "study": study.study_id,
        "contrast": row["contrast"],
        "log2 fold change": row.get("log2_fold_change", float("nan")),
        "95 % interval": MISSING if low is None else f"[{number(low, '.2f')}, {number(high, '.2f')}]",
        "q": row.get("adj_p_value", float("nan")),
        "verdict": verdict,
    }
