"""Does an AnnData meet the contract? All failures are collected and raised once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.schema import keys
from exomics.schema.vocabulary import ASSAYS, FEATURE_TYPES, SCALE_KINDS, SCALE_QUANTITIES, SEXES, SPECIES, SPECIMENS


def validate(adata: AnnData, *, require_scale: bool = True) -> None:
    """Raise one `InputError` that lists every way in which `adata` breaks the contract.

    Checks the obs and var columns, the vocabulary words, unique text ids, the declared assay and scale,
    and that counts are counts. Missing values stay NaN: they are allowed on every scale but counts.

    Parameters
    ----------
    adata
        Samples x features.
    require_scale
        False lets an object pass whose scale is not declared yet: what needs a scale refuses it later.

    Raises
    ------
    InputError
        With one line that names every failure.

    Examples
    --------
    >>> import numpy as np
    >>> from anndata import AnnData
    >>> validate(AnnData(np.ones((1, 1))))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.InputError: the object breaks the AnnData contract in ...
    """
    failures = [
        *(["X is missing"] if adata.X is None else []),
        *_index_failures(adata.obs_names, keys.SAMPLE_ID),
        *_index_failures(adata.var_names, keys.FEATURE_ID),
        *_column_failures(adata.obs, keys.REQUIRED_OBS, "obs"),
        *_column_failures(adata.var, keys.REQUIRED_VAR, "var"),
        *_word_failures(adata),
        *_scale_failures(adata, required=require_scale),
    ]
    if failures:
        raise InputError(f"the object breaks the AnnData contract in {len(failures)} ways: " + "; ".join(failures))


def _index_failures(index: pd.Index, name: str) -> list[str]:
    repeated = index[index.duplicated()].unique()
    if len(repeated):
        return [f"{name} must be unique, {len(repeated)} occur more than once ({', '.join(map(str, repeated[:3]))})"]
    return []


def _column_failures(frame: pd.DataFrame, required: tuple[str, ...], where: str) -> list[str]:
    missing = [column for column in required if column not in frame.columns]
    return [f"{where} lacks {', '.join(missing)}"] if missing else []


def _word_failures(adata: AnnData) -> list[str]:
    checked = (
        (adata.obs, keys.SPECIES, SPECIES),
        (adata.obs, keys.SEX, SEXES),
        (adata.obs, keys.SPECIMEN, SPECIMENS),
        (adata.var, keys.FEATURE_TYPE, FEATURE_TYPES),
    )
    failures = []
    for frame, column, words in checked:
        if column in frame.columns:
            unknown = sorted(set(frame[column].dropna().astype(str)) - set(words))
            if unknown:
                failures.append(f"{column} has {', '.join(unknown[:3])}, expected {', '.join(words)}")
    return failures


def _scale_failures(adata: AnnData, *, required: bool) -> list[str]:
    declared = adata.uns.get(keys.EXOMICS)
    if declared is None:
        return ["uns['exomics'] is missing"]
    failures = []
    if declared.get(keys.ASSAY) not in ASSAYS:
        failures.append(f"assay is {declared.get(keys.ASSAY)!r}, expected one of {', '.join(ASSAYS)}")
    scale = declared.get(keys.SCALE)
    if not scale:
        return [*failures, "uns['exomics']['scale'] is missing"] if required else failures
    if scale.get("kind") not in SCALE_KINDS or scale.get("quantity") not in SCALE_QUANTITIES:
        failures.append(
            f"scale is {dict(scale)}, expected a kind of {SCALE_KINDS} and a quantity of {SCALE_QUANTITIES}"
        )
    elif scale["kind"] == "counts":
        failures.extend(_count_failures(adata))
    return failures


def _count_failures(adata: AnnData) -> list[str]:
    values = adata.X if isinstance(adata.X, np.ndarray) else np.asarray(adata.X.data)
    if not np.isfinite(values).all():
        return ["counts hold missing or infinite values"]
    if values.size and (values.min() < 0 or (values != np.floor(values)).any()):
        return ["X is declared as counts but holds negative or fractional values"]
    return []
