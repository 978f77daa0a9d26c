"""Identifiers and orthologs: the names of one study in the names of another, with a report of what was lost."""

from exomics.harmonize.identifiers import (
    AliasTable,
    approve_symbols,
    load_aliases,
    resolve_symbols,
    strip_versions,
)
from exomics.harmonize.orthologs import OrthologTable, TissueRestrictedWarning, load_orthologs
from exomics.harmonize.report import LossReport
from exomics.harmonize.signatures import map_signature
from exomics.harmonize.to_human import to_human

__all__ = [
    "AliasTable",
    "LossReport",
    "OrthologTable",
    "TissueRestrictedWarning",
    "approve_symbols",
    "load_aliases",
    "load_orthologs",
    "map_signature",
    "resolve_symbols",
    "strip_versions",
    "to_human",
]
