"""What host and tumor model rule out: genes that a strain does not express, immunity that a xenograft lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anndata import AnnData

from exomics.errors import InputError
from exomics.schema import keys
from exomics.schema.study import word_of

XENOGRAFT: Final = "pdx"

NULL_ALLELES: Final[dict[str, dict[str, str]]] = {
    "C57BL/6": {"Cxcl11": "10.1111/imcb.12541"},
}
"""Strain -> gene whose allele is null -> DOI. Congenic lines (``B6.``) count, mixed ones (``B6;129``) and hybrids do
not."""

_BLACK_SIX = re.compile(r"(?i)^(?:C57BL/?-?\s?6|B6(?=[.\sNJ]|$))(?!.*(?:F1\b|\sx\s|;))")


@dataclass(frozen=True)
class Host:
    """Strains and tumor models of the samples.

    Parameters
    ----------
    strains
        As the study or the sample sheet spells them, sorted; empty where none is given.
    models
        Words of ``model.type``, sorted; empty where none is given.
    """

    strains: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def is_xenograft(self) -> bool:
        """Whether a sample is of a patient-derived xenograft, whose host has no adaptive immunity."""
        return XENOGRAFT in self.models

    @property
    def null_genes(self) -> dict[str, str]:
        """Gene whose allele is null in a strain of the samples -> that strain."""
        return {
            gene: strain for strain in self.strains for gene in NULL_ALLELES.get(background_of(strain), ())
        }  # fmt: skip


def background_of(strain: str) -> str:
    """The inbred background of a strain, where it is one of `NULL_ALLELES`; else "".

    Parameters
    ----------
    strain
        As the supplier spells it.

    Returns
    -------
    str
        A key of `NULL_ALLELES`, or "".

    Examples
    --------
    >>> [background_of(name) for name in ("C57BL/6J", "B6.129S2-Cd8a", "B6;129", "B6C3F1", "BALB/c")]
    ['C57BL/6', 'C57BL/6', '', '', '']
    """
    return "C57BL/6" if _BLACK_SIX.match(strain.strip()) else ""


def study_of(adata: AnnData) -> dict[str, dict[str, Any]]:
    """The study that `adata` carries; empty where it carries none.

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    dict
        Group -> field -> value.

    Raises
    ------
    InputError
        If ``uns["exomics"]["study"]`` is not what `exomics.harmonize.describe_study` writes.
    """
    text = adata.uns.get(keys.EXOMICS, {}).get(keys.STUDY, "")
    if not text:
        return {}
    try:
        found = json.loads(str(text))
    except ValueError as error:
        raise InputError(
            "uns['exomics']['study'] is no JSON text; attach the study again with describe_study."
        ) from error
    if not isinstance(found, Mapping):
        raise InputError("uns['exomics']['study'] must hold groups of fields; attach the study again.")
    return {str(group): dict(fields) for group, fields in found.items()}


def host_of(adata: AnnData) -> Host:
    """Strains and tumor models of the samples: the columns ``strain`` and ``model_type``, else the study.

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    Host
        Empty where neither says anything.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> mice = AnnData(np.ones((1, 1)), obs=pd.DataFrame({"strain": ["C57BL/6J"]}, index=["m1"]))
    >>> host_of(mice).null_genes
    {'Cxcl11': 'C57BL/6J'}
    """
    study = study_of(adata)
    return Host(
        strains=_words(adata, keys.STRAIN, word_of(study, "host", "strain")),
        models=_words(adata, keys.MODEL, word_of(study, "model", "type")),
    )


def _words(adata: AnnData, column: str, otherwise: str) -> tuple[str, ...]:
    held = adata.obs[column].dropna().astype(str) if column in adata.obs.columns else ()
    return tuple(sorted({word for word in held if word} or ({otherwise} if otherwise else set())))
