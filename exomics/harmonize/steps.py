"""Harmonization by name: each kind of identifier with its verb and its pinned table."""

from __future__ import annotations

from typing import Any, cast

from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize.gene_names import GENES
from exomics.harmonize.identifiers import APPROVE
from exomics.harmonize.metabolites import METABOLITES
from exomics.harmonize.mirna_names import MIRNA
from exomics.harmonize.phenotypes import PHENOTYPES
from exomics.harmonize.report import LossReport
from exomics.harmonize.sites import SITES
from exomics.registry.method import Methods

Harmonizers = Methods("harmonizer", (APPROVE, GENES, MIRNA, METABOLITES, SITES, PHENOTYPES))


def harmonize(adata: AnnData, kind: str, *, table: str = "", **options: Any) -> tuple[AnnData, LossReport]:
    """Run one harmonization by name.

    Parameters
    ----------
    adata
        Samples x features.
    kind
        One of `Harmonizers`.
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
    step = cast(Harmonizer, Harmonizers[kind])
    if table and not step.table:
        raise InputError(f"the harmonization {kind} uses no table; {table!r} cannot be used.")
    unknown = [name for name in options if name not in step.options]
    if unknown:
        known = ", ".join(step.options) or "none"
        raise InputError(f"the harmonization {kind} has no option {', '.join(unknown)}; it has {known}.")
    tables = [step.load(adata, table or step.table)] if step.load else []
    return cast(tuple[AnnData, LossReport], step.function(adata, *tables, **options))
