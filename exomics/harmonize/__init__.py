"""Identifiers, orthologs, phenotypes: the names of one study in those of another, with a report of what was lost."""

from exomics.harmonize._read import species_of_samples
from exomics.harmonize.gene_names import name_features, namespace_of, resolve_genes
from exomics.harmonize.gene_table import GeneTable, load_genes
from exomics.harmonize.identifiers import (
    AliasTable,
    approve_symbols,
    load_aliases,
    resolve_symbols,
    strip_versions,
)
from exomics.harmonize.metabolite_table import Metabolite, MetaboliteTable, hmdb_accession, load_metabolites
from exomics.harmonize.metabolites import harmonize_metabolites, resolve_metabolites
from exomics.harmonize.mirna_names import audit_mirnas, mirna_report, resolve_mirnas
from exomics.harmonize.mirna_table import MirnaTable, load_mirnas
from exomics.harmonize.orthologs import OrthologTable, TissueRestrictedWarning, load_orthologs
from exomics.harmonize.phenotypes import harmonize_phenotypes
from exomics.harmonize.report import LossReport
from exomics.harmonize.signatures import map_signature, unmapped_members
from exomics.harmonize.sites import Site, SiteTable, load_sites, map_sites
from exomics.harmonize.steps import Harmonizers, harmonize
from exomics.harmonize.study import describe_study
from exomics.harmonize.to_human import to_human

__all__ = [
    "AliasTable",
    "GeneTable",
    "Harmonizers",
    "LossReport",
    "Metabolite",
    "MetaboliteTable",
    "MirnaTable",
    "OrthologTable",
    "Site",
    "SiteTable",
    "TissueRestrictedWarning",
    "approve_symbols",
    "audit_mirnas",
    "describe_study",
    "harmonize",
    "harmonize_metabolites",
    "harmonize_phenotypes",
    "hmdb_accession",
    "load_aliases",
    "load_genes",
    "load_metabolites",
    "load_mirnas",
    "load_orthologs",
    "load_sites",
    "map_signature",
    "map_sites",
    "mirna_report",
    "name_features",
    "namespace_of",
    "resolve_genes",
    "resolve_metabolites",
    "resolve_mirnas",
    "resolve_symbols",
    "species_of_samples",
    "strip_versions",
    "to_human",
    "unmapped_members",
]
