"""Identifiers and orthologs: the names of one study in the names of another, with a report of what was lost."""

from exomics.harmonize.identifiers import (
    AliasTable,
    approve_symbols,
    load_aliases,
    resolve_symbols,
    strip_versions,
)
from exomics.harmonize.mirna_names import audit_mirnas, mirna_report, resolve_mirnas
from exomics.harmonize.mirna_table import MirnaTable, load_mirnas
from exomics.harmonize.orthologs import OrthologTable, TissueRestrictedWarning, load_orthologs
from exomics.harmonize.report import LossReport
from exomics.harmonize.signatures import map_signature
from exomics.harmonize.to_human import to_human

__all__ = [
    "AliasTable",
    "LossReport",
    "MirnaTable",
    "OrthologTable",
    "TissueRestrictedWarning",
    "approve_symbols",
    "audit_mirnas",
    "load_aliases",
    "load_mirnas",
    "load_orthologs",
    "mirna_report",
    "map_signature",
    "resolve_mirnas",
    "resolve_symbols",
    "strip_versions",
    "to_human",
]
