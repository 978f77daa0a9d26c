"""Harmonization by name: each kind of identifier with its verb and its pinned table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from anndata import AnnData

from exomics.errors import InputError, RegistryError
from exomics.harmonize._read import species_present
from exomics.harmonize.gene_names import name_features
from exomics.harmonize.gene_table import load_genes
from exomics.harmonize.identifiers import approve_symbols, load_aliases
from exomics.harmonize.metabolite_table import load_metabolites
from exomics.harmonize.metabolites import harmonize_metabolites
from exomics.harmonize.mirna_names import audit_mirnas
from exomics.harmonize.mirna_table import load_mirnas
from exomics.harmonize.phenotypes import harmonize_phenotypes
from exomics.harmonize.report import LossReport
from exomics.harmonize.sites import load_sites, map_sites

Verb = Callable[..., tuple[AnnData, LossReport]]


@dataclass(frozen=True)
class Harmonizer:
    """One kind of harmonization.

    Parameters
    ----------
    name
        As called in Python and on the command line.
    title
        One line.
    table
        Dataset whose table is used unless another is named; "" where none is needed.
    run
        The object, the dataset and the options -> the harmonized object and what was lost.
    options
        Names of what it can be told besides.
    """

    name: str
    title: str
    table: str
    run: Verb
    options: tuple[str, ...] = ()


def harmonize(adata: AnnData, kind: str, *, table: str = "", **options: Any) -> tuple[AnnData, LossReport]:
    """Run one harmonization by name.

    Parameters
    ----------
    adata
        Samples x features.
    kind
        One of `HARMONIZERS`.
    table
        Dataset of the table to use; default the one pinned for the kind.
    **options
        Of the kind: ``column`` and ``rename`` of ``genes`` (see `name_features`).

    Returns
    -------
    AnnData
        A new object with the step recorded.
    LossReport
        What was lost or changed, how much, and why.

    Raises
    ------
    RegistryError
        If no harmonization has this name.
    InputError
        If the object is not what the kind needs, the kind uses no table and one is named, or it has no such option.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> data = AnnData(np.ones((1, 1)), obs=pd.DataFrame({"sex": ["F"]}, index=["a"]))
    >>> told, lost = harmonize(data, "phenotypes")
    >>> told.obs["sex"].tolist()
    ['female']
    """
    if kind not in HARMONIZERS:
        raise RegistryError(f"no harmonization is called {kind!r}; known: {', '.join(HARMONIZERS)}.")
    step = HARMONIZERS[kind]
    if table and not step.table:
        raise InputError(f"the harmonization {kind} uses no table; {table!r} cannot be used.")
    unknown = [name for name in options if name not in step.options]
    if unknown:
        known = ", ".join(step.options) or "none"
        raise InputError(f"the harmonization {kind} has no option {', '.join(unknown)}; it has {known}.")
    return step.run(adata, table or step.table, **options)


def species_of_samples(adata: AnnData) -> str:
    """The one species of the samples.

    Parameters
    ----------
    adata
        Samples x features with ``obs["species"]``.

    Returns
    -------
    str
        ``human``, ``rat`` or ``mouse``.

    Raises
    ------
    InputError
        If there are several, or none is given.
    """
    found = species_present(adata)
    if len(found) != 1:
        raise InputError(f"expected samples of one species in obs['species']; got {', '.join(found) or 'none'}.")
    return found[0]


_ALL = (
    Harmonizer(
        "approve",
        "approved symbols for aliases and previous ones",
        "ref_hgnc",
        lambda adata, table: approve_symbols(adata, load_aliases(dataset=table)),
    ),
    Harmonizer(
        "genes",
        "symbols for Ensembl, NCBI, RefSeq and UniProt ids",
        "ref_orthologs_babelgene",
        lambda adata, table, **options: name_features(
            adata, load_genes(species_of_samples(adata), dataset=table), **options
        ),
        options=("column", "rename"),
    ),
    Harmonizer(
        "mirna",
        "current miRBase names, with an audit of arms, versions and accessions",
        "ref_mirbase",
        lambda adata, table: audit_mirnas(adata, load_mirnas(species_of_samples(adata), dataset=table)),
    ),
    Harmonizer(
        "metabolites",
        "RefMet names, held against HMDB and KEGG ids",
        "motrpac_codes",
        lambda adata, table: harmonize_metabolites(adata, load_metabolites(table)),
    ),
    Harmonizer(
        "sites",
        "human sites of rat modification sites",
        "ref_rat_to_human_site",
        lambda adata, table: map_sites(adata, load_sites(table)),
    ),
    Harmonizer(
        "phenotypes",
        "words of the contract for sex, species, specimen, time point, intervention, response, events",
        "",
        lambda adata, _: harmonize_phenotypes(adata),
    ),
)

HARMONIZERS: Final[Mapping[str, Harmonizer]] = {step.name: step for step in _ALL}
"""Name -> harmonization, in the order of the documentation."""
