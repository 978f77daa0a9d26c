"""What a harmonization reads from an AnnData: species of the samples, names of the features, columns of text."""

from __future__ import annotations

import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.schema import keys


def species_present(adata: AnnData) -> list[str]:
    """The species of the samples, sorted; none where ``obs`` does not say."""
    return sorted(set(adata.obs[keys.SPECIES].astype(str))) if keys.SPECIES in adata.obs.columns else []


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


def require_species(adata: AnnData, species: str, what: str) -> None:
    """Raise an `InputError` when the samples are said to be of another species than `what` is for."""
    found = species_present(adata)
    if found not in ([], [species]):
        raise InputError(f"{what} is for {species}; the samples are {', '.join(found)}.")


def feature_names(adata: AnnData) -> pd.Series:
    """``feature_name`` as text, "" where a feature has none."""
    if keys.FEATURE_NAME not in adata.var.columns:
        return pd.Series("", index=adata.var_names, dtype=object)
    return as_text(adata.var[keys.FEATURE_NAME])


def text_column(adata: AnnData, name: str) -> pd.Series:
    """A column of ``var`` as text, "" where it is missing; an `InputError` lists the columns there are."""
    if name not in adata.var.columns:
        raise InputError(f"var has no column {name!r}; it has {', '.join(map(str, adata.var.columns[:20]))}.")
    return as_text(adata.var[name])


def as_text(column: pd.Series) -> pd.Series:
    """A column as text, "" where it is missing."""
    held = column.astype(object)
    return held.where(held.notna(), "").astype(str)
