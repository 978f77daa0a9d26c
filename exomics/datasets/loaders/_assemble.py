"""From matrix, samples and features to an AnnData that meets the contract. Every loader ends here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from exomics._checks import count_no_wholes
from exomics.errors import InputError, ScaleError
from exomics.registry.manifest import Manifest
from exomics.schema import Scale, keys


@dataclass(frozen=True)
class Expression:
    """Samples x features, the two frames indexed by sample and feature id, and further layers of the same shape."""

    values: Any
    obs: pd.DataFrame
    var: pd.DataFrame
    layers: Mapping[str, np.ndarray] = field(default_factory=dict)


def assemble(
    expression: Expression,
    *,
    assay: str,
    scale: Scale | None,
    manifest: Manifest,
    report: Mapping[str, Any] | None = None,
) -> AnnData:
    """An AnnData with the contract's keys.

    Parameters
    ----------
    expression
        Values and their two frames; ids are made text, missing text becomes categorical, dates ISO text.
    assay
        Word of the vocabulary.
    scale
        Scale of the values; None leaves it undeclared, and what needs a scale will refuse.
    manifest
        Where the files come from.
    report
        What the loader dropped, flagged or found missing.

    Returns
    -------
    AnnData
        With ``layers["counts"]`` (integers) when the scale is counts.
    """
    values = expression.values
    if not sparse.issparse(values):
        values = np.ascontiguousarray(values, dtype=np.float64)
    adata = AnnData(
        X=values,
        obs=portable(expression.obs, keys.SAMPLE_ID),
        var=portable(expression.var, keys.FEATURE_ID),
        layers={name: np.ascontiguousarray(layer) for name, layer in expression.layers.items()},
    )
    if scale is not None and scale.kind == "counts" and _are_counts(values):
        adata.layers[keys.COUNTS] = values.astype(np.int64)
    declared = {
        keys.ASSAY: assay,
        **({} if scale is None else {keys.SCALE: dict(sorted(asdict(scale).items()))}),
        keys.MANIFEST: manifest.id,
        keys.MANIFEST_SHA256: manifest.sha256,
        keys.STEPS: np.array([], dtype=object),
        keys.ACKNOWLEDGMENTS: np.array([manifest.acknowledgment] if manifest.acknowledgment else [], dtype=object),
        keys.REPORT: json.dumps(dict(report or {}), sort_keys=True, default=str),
    }
    adata.uns[keys.EXOMICS] = dict(sorted(declared.items()))  # as it comes back from a file: same object, same bytes
    return adata


def _are_counts(values: Any) -> bool:
    return count_no_wholes(values.data if sparse.issparse(values) else values) == (0, 0)


def portable(frame: pd.DataFrame, index_name: str) -> pd.DataFrame:
    """`frame` in types that survive a file: text ids, dates as ISO text, text with gaps as categories."""
    columns = {str(name).replace("/", "_"): _portable_column(frame[name]) for name in frame.columns}
    index = pd.Index([str(label) for label in frame.index], dtype=object, name=index_name)
    columns.pop(index_name, None)
    return pd.DataFrame({name: pd.Series(column.array, index=index) for name, column in columns.items()}, index=index)


def _portable_column(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        text = column.dt.strftime("%Y-%m-%dT%H:%M:%S")
        column = text.where(column.notna(), None).astype(object)
    if column.dtype == object or pd.api.types.is_string_dtype(column.dtype):
        missing = column.isna()
        column = column.astype(object).where(missing, column.astype(str))
        return pd.Series(pd.Categorical(column.where(~missing, None)), index=column.index) if missing.any() else column
    return column


def missing_text(n: int) -> pd.Categorical:
    """A text column of which nothing is known."""
    return pd.Categorical([None] * n)


def text_ids(values: Sequence[Any] | pd.Series) -> list[str | None]:
    """Identifiers as text: a whole number without ``.0``, everything else as it is spelled, a missing one as None.

    Examples
    --------
    >>> text_ids([7.0, "007", float("nan")])
    ['7', '007', None]
    """
    return [_text_id(value) for value in values]


def _text_id(value: Any) -> str | None:
    if pd.isna(value):
        return None
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if is_whole else str(value)


def names_or_empty(column: pd.Series) -> list[str]:
    """Feature names: missing becomes "", never the word NA."""
    return ["" if missing else str(name) for name, missing in zip(column, column.isna(), strict=True)]


def option(manifest: Manifest, defaults: Mapping[str, Any], name: str) -> Any:
    """An option of the manifest, or the loader's default."""
    return manifest.options.get(name, defaults[name])


def number_option(options: Mapping[str, Any], name: str) -> float:
    """A positive number among the options, also from the command line's text; an `InputError` when it is none."""
    try:
        number = float(options[name])
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 < number < float("inf"):
        raise InputError(f"the option `{name}` must be a positive number; got {options[name]!r}.")
    return number


def scale_from(manifest: Manifest, default: Scale | None = None) -> Scale | None:
    """The scale that the manifest's options declare, or `default`."""
    return scale_from_options(manifest.options.get("scale"), default)


def scale_from_options(declared: Any, default: Scale | None = None) -> Scale | None:
    """The declared scale: a mapping, or text ``kind:quantity`` or ``kind:quantity:offset``; else `default`.

    Examples
    --------
    >>> scale_from_options("log2:tpm:0.001").offset
    0.001
    """
    if declared is None:
        return default
    if not isinstance(declared, str):
        return Scale(**declared)
    parts = declared.split(":")
    if len(parts) not in {2, 3}:
        raise ScaleError(f"expected a scale as kind:quantity or kind:quantity:offset (log2:tpm:1); got {declared!r}.")
    try:
        offset = float(parts[2]) if len(parts) == 3 else 0.0
    except ValueError as error:
        raise ScaleError(f"the offset of a scale must be a number; got {parts[2]!r}.") from error
    return Scale(kind=parts[0], quantity=parts[1], offset=offset)


def only_file(files: Mapping[str, Path], role: str) -> Path:
    """The file of `role`; an `InputError` that lists the roles given when it is not among them."""
    if role not in files:
        raise InputError(
            f"this loader needs a file of role {role!r}; got {', '.join(files) or 'none'}. Give {role}=PATH."
        )
    return files[role]
