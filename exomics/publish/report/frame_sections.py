"""The first and the last sections: question and answer, data and design, methods and how to check."""

from __future__ import annotations

import json

import pandas as pd

from exomics.publish.report.blocks import Block, Code, Heading, Items, Paragraph, Section, table
from exomics.publish.report.content import ReportContent
from exomics.publish.report.findings import NOTHING, Finding, findings

_LIMITS = (
    "What this page does not show: unless the design below says so, no tumor here was exposed to a randomized exercise "
    "intervention, and an association between a score and an outcome is not an effect of exercise."
)


def answer_section(content: ReportContent) -> Section:
    """What was asked, and the answer in a few sentences."""
    told = findings(content) or (Finding("", NOTHING),)
    topics = tuple(finding.topic for finding in told) if told[0].topic else ()
    blocks: list[Block] = [Paragraph(content.question)] if content.question else []
    answer = Items(tuple(finding.text for finding in told), topics)
    return Section("answer", "Question and answer", (*blocks, answer, Paragraph(_LIMITS)))


def data_section(content: ReportContent) -> Section | None:
    """Inputs with their hashes, the design, and the sentences that the sources ask for."""
    blocks: list[Block] = []
    if content.design:
        design = pd.DataFrame({"item": list(content.design), "value": [str(text) for text in content.design.values()]})
        blocks += [Heading("Study design"), table(design, "Design, as declared.")]
    inputs = _inputs(content)
    if not inputs.empty:
        blocks += [Heading("Inputs"), table(inputs, "Files behind the tables, by SHA-256.")]
    if content.every_acknowledgment:
        blocks += [Heading("Acknowledgments"), Items(content.every_acknowledgment)]
    return Section("data", "Data, design and acknowledgments", tuple(blocks)) if blocks else None


def _inputs(content: ReportContent) -> pd.DataFrame:
    rows = {
        (str(entry.get("name", "")), str(entry.get("manifest", "")), str(entry.get("sha256", "")))
        for value in content.tables
        for entry in value.provenance.inputs
    }
    return pd.DataFrame(sorted(rows), columns=["input", "manifest", "sha256"])


def method_section(content: ReportContent) -> Section | None:
    """Methods and parameters of every table, versions, configuration, commands, and how to check."""
    blocks: list[Block] = []
    if content.tables:
        blocks += [Heading("Methods"), table(_methods(content), "Method and parameters behind each table.")]
        versions = pd.DataFrame(sorted(_versions(content).items()), columns=["software", "version"])
        blocks.append(table(versions, "Versions."))
    notes = tuple(dict.fromkeys(note for value in content.tables for note in value.provenance.notes))
    if notes:
        blocks += [Heading("Notes from the tables"), Items(notes)]
    if content.configuration:
        text = json.dumps(content.configuration, indent=2, sort_keys=True, default=str, ensure_ascii=False)
        blocks += [Heading("Configuration"), Code(tuple(text.splitlines()))]
    if content.commands:
        blocks += [Heading("To make it again"), Code(content.commands)]
    if content.verification:
        blocks += [Heading("Verification"), Paragraph(content.verification)]
    return Section("methods", "Methods, versions, and how to check", tuple(blocks)) if blocks else None


def _methods(content: ReportContent) -> pd.DataFrame:
    rows = []
    for value in content.tables:
        parameters = json.dumps(value.provenance.parameters, sort_keys=True, default=str, ensure_ascii=False)
        seed = "" if value.provenance.seed is None else str(value.provenance.seed)
        rows.append(
            {"table": type(value).__name__, "method": value.provenance.method, "parameters": parameters, "seed": seed}
        )
    return pd.DataFrame(rows).drop_duplicates()


def _versions(content: ReportContent) -> dict[str, str]:
    return {name: version for value in content.tables for name, version in value.provenance.versions.items()}
