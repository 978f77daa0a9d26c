"""A sheet of measurements (physiology, strength, questionnaires) as AnnData: numbers are features, the rest obs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, only_file, scale_from_options, text_ids
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, as_mapping, contract_samples
from exomics.datasets.loaders.tables import read_any_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_OPTIONS: Final[Mapping[str, Any]] = {"object": None, "id": [], "not_measured": [], "scale": None, **SAMPLE_OPTIONS}


def load_measurements(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A table with one row per subject, or per subject and time point.

    Parameters
    ----------
    files
        Role ``data``: a data frame in an R file, or delimited text.
    manifest
        Options: ``object`` (name in an R file); ``id`` (columns that together name a row, joined by ``|``; default
        the first); ``not_measured`` (numeric columns that belong to obs); ``scale`` (default linear values); and the
        sample options ``columns``, ``values``, ``constants``, ``endpoints``, ``study``.

    Returns
    -------
    AnnData
        Rows x numeric columns, missing as NaN; text, logical and date columns in obs. Assay ``phenotype``.

    Raises
    ------
    InputError
        If an id is missing or repeated, or no column holds numbers.
    """
    path = only_file(files, "data")
    options = {**_OPTIONS, **manifest.options}
    return sheet_to_anndata(read_any_table(files, manifest), options, manifest, where=str(path))


def sheet_to_anndata(
    frame: pd.DataFrame,
    options: Mapping[str, Any],
    manifest: Manifest,
    *,
    where: str,
    report: Mapping[str, Any] | None = None,
) -> AnnData:
    """`frame` as AnnData; see `load_measurements` for `options`."""
    id_columns = [options["id"]] if isinstance(options["id"], str) else list(options["id"]) or [str(frame.columns[0])]
    labels = _labels(frame, id_columns, where)
    frame = frame.set_axis(pd.Index(labels), axis=0)
    used = {*id_columns, *options.get("not_measured", []), *map(str, as_mapping(options["columns"]).values())}
    measured = [name for name in frame.columns if name not in used and _is_number(frame[name])]
    if not measured:
        raise InputError(f"{where}: no column holds numbers; expected one row per subject and numeric columns.")
    constants = {keys.SPECIES: manifest.species[0]} if len(manifest.species) == 1 else {}
    declared = {**options, "constants": {keys.SPECIMEN: "whole_body", **constants, **as_mapping(options["constants"])}}
    obs = contract_samples(frame.drop(columns=measured), declared, where=where)
    values = np.column_stack([frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in measured])
    names = [str(name) for name in measured]
    var = pd.DataFrame({keys.FEATURE_NAME: names, keys.FEATURE_TYPE: "measurement"}, index=pd.Index(names))
    scale = scale_from_options(options["scale"], Scale(kind="linear", quantity="value"))
    expression = Expression(values, obs, var)
    return assemble(expression, assay="phenotype", scale=scale, manifest=manifest, report=report)


def _is_number(column: pd.Series) -> bool:
    kind = column.dtype
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _labels(frame: pd.DataFrame, columns: Sequence[str], where: str) -> list[str]:
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise InputError(f"{where}: expected the id columns {', '.join(columns)}; {', '.join(absent)} are missing.")
    parts = [text_ids(frame[name]) for name in columns]
    labels = ["|".join(map(str, row)) for row in zip(*parts, strict=True)]
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated or frame[list(columns)].isna().any(axis=None):
        raise InputError(
            f"{where}: {' and '.join(columns)} must name every row once; {len(repeated)} names occur more than once "
            f"({', '.join(repeated[:3])}). Name further columns with the option `id`."
        )
    return labels


MEASUREMENTS = MethodSpec(
    name="measurements",
    kind="loader",
    title="A sheet of measurements: one row per subject, or per subject and time point",
    function=load_measurements,
    parameters=_OPTIONS,
)
