"""Anyone's own study: a matrix (tsv, csv, xlsx, parquet, feather, h5ad) and a sample sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from exomics._checks import require_counts
from exomics.datasets.loaders._any_table import read_any_matrix
from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file, scale_from_options
from exomics.datasets.loaders._mangled import mangled_report
from exomics.datasets.loaders._matrix_file import MatrixFile, numbers
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, contract_samples, identifier_columns
from exomics.datasets.loaders._sample_sheet import SampleSheet, read_sheet
from exomics.datasets.loaders.bioconductor import FEATURE_TYPE_OF
from exomics.datasets.store import read_data
from exomics.errors import InputError, ScaleError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

FEATURES_IN_ROWS: Final = "features_in_rows"
SAMPLES_IN_ROWS: Final = "samples_in_rows"
_OPTIONS: Final[Mapping[str, Any]] = {
    "scale": None,
    "assay": "rna",
    "orientation": None,
    "sample_id": None,
    "layer": "X",
    "annotation": [],
    "feature_name": None,
    "all_missing": "refuse",
    **SAMPLE_OPTIONS,
}


@dataclass(frozen=True)
class _Read:
    """Values (samples x features), the two frames, and what was found on the way."""

    values: Any
    samples: pd.DataFrame
    features: pd.DataFrame
    report: dict[str, Any]


def load_expression_table(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A matrix with its sample sheet.

    Parameters
    ----------
    files
        Role ``matrix``: text (``.tsv``, ``.txt``, ``.csv``, ``.gz`` allowed), ``.xlsx`` (first sheet), ``.parquet``,
        ``.feather`` or ``.h5ad``; first column = row labels. Role ``samples``: the sample sheet (one row per sample;
        the same kinds of file), which an ``.h5ad`` may do without.
    manifest
        Options: ``scale`` (must be given: ``counts:count``, ``linear:tpm``, ``log2:cpm:1`` ...); ``assay`` (default
        ``rna``); ``orientation`` (``features_in_rows`` or ``samples_in_rows``; else it follows from where the sheet's
        ids stand); ``sample_id`` (column of the sheet; else the one whose ids are the matrix's); ``layer`` of an
        ``.h5ad`` (``X``, ``raw`` or a layer's name); ``annotation`` (columns of the matrix that describe its rows:
        features, or samples where they are in rows); ``feature_name`` (column); ``all_missing``: ``keep`` features
        without any value, which are refused otherwise, as a slip in making the matrix; and the sample options.

    Returns
    -------
    AnnData
        Samples x features in the order of the matrix. ``uns["exomics"]["report"]`` states the orientation, the id
        column, the sheet's rows without sample, the features without value, which are kept, and ids that look like
        the dates or floats of a spreadsheet (1-Mar); ``matrix_file`` says how the file is written, and
        ``mended`` what was mended.

    Raises
    ------
    InputError
        If ids are missing or repeated, no column of the sheet names the samples, a sample is not in the sheet, or a
        feature has no value.
    ScaleError
        If the scale is not declared, or the values are declared as counts and are not.
    """
    path = only_file(files, "matrix")
    options = {**_OPTIONS, **manifest.options}
    sheet = read_sheet(files["samples"]) if "samples" in files else None
    read = _from_h5ad(path, sheet, options) if path.suffix == ".h5ad" else _from_text(path, sheet, options)
    scale = _declared_scale(read.report.pop("scale", None), options, path)
    if scale.kind == "counts":
        require_counts(read.values.data if sparse.issparse(read.values) else read.values, f"{path}: the values")
    obs = contract_samples(read.samples, options, where=str(files.get("samples", path)))
    var = _features(read.features, options)
    report = {
        **read.report,
        **mangled_report(list(var.index)),
        "features_without_value": _without_value(read.values, var, options, path),
    }
    expression = Expression(read.values, obs, var)
    return assemble(expression, assay=options["assay"], scale=scale, manifest=manifest, report=report)


def _declared_scale(known: Any, options: Mapping[str, Any], path: Path) -> Scale:
    scale = scale_from_options(options["scale"] or known)
    if scale is None:
        raise ScaleError(
            f"{path}: the scale of the values is not declared and is never guessed; give the option `scale` as "
            "kind:quantity[:offset], such as counts:count, linear:tpm or log2:cpm:1."
        )
    return scale


def _features(features: pd.DataFrame, options: Mapping[str, Any]) -> pd.DataFrame:
    column = options["feature_name"] or (keys.FEATURE_NAME if keys.FEATURE_NAME in features else None)
    if column is not None and column not in features:
        raise InputError(f"no feature column is called {column!r}; there are {', '.join(features.columns) or 'none'}.")
    names = names_or_empty(features[column]) if column else list(features.index)
    added = {keys.FEATURE_NAME: names, keys.FEATURE_TYPE: FEATURE_TYPE_OF.get(options["assay"], "gene")}
    kept = features.drop(columns=[name for name in added if name in features])
    return pd.concat([pd.DataFrame(added, index=features.index), kept], axis=1)


def _without_value(values: Any, var: pd.DataFrame, options: Mapping[str, Any], path: Path) -> list[str]:
    empty = [] if sparse.issparse(values) else [str(label) for label in var.index[np.isnan(values).all(axis=0)]]
    if empty and options["all_missing"] != "keep":
        raise InputError(
            f"{path}: expected a value in at least one sample; {len(empty)} of {len(var)} features have none "
            f"({', '.join(empty[:3])}). Remove them, or give the option all_missing=keep."
        )
    return empty


def _from_text(path: Path, sheet: SampleSheet | None, options: Mapping[str, Any]) -> _Read:
    file = read_any_matrix(path)
    orientation = options["orientation"]
    if sheet is None:
        if orientation not in {FEATURES_IN_ROWS, SAMPLES_IN_ROWS}:
            raise InputError(
                f"{path}: without a sample sheet the orientation must be declared; give the option `orientation`: "
                f"{FEATURES_IN_ROWS} or {SAMPLES_IN_ROWS}."
            )
        return _oriented(file, orientation, None, options=options)
    places = {FEATURES_IN_ROWS: file.columns, SAMPLES_IN_ROWS: file.row_labels}
    if orientation is not None:
        places = {orientation: places[orientation]}
    orientation, column = sheet.match(places, options["sample_id"], path)
    samples = sheet.by(column, identifiers=identifier_columns(options))
    return _oriented(file, orientation, samples, options=options)


def _oriented(file: MatrixFile, orientation: str, samples: pd.DataFrame | None, *, options: Mapping[str, Any]) -> _Read:
    annotation = [options["annotation"]] if isinstance(options["annotation"], str) else list(options["annotation"])
    written = file.format.report()
    report: dict[str, Any] = {"orientation": orientation, "mended": written.pop("notes", []), "matrix_file": written}
    if orientation == SAMPLES_IN_ROWS:
        columns = [name for name in file.columns if name not in annotation]
        rows = _rows_of(samples, file.row_labels, file.path, report=report)
        own = file.described_by([name for name in file.columns if name in annotation and name not in rows])
        obs = pd.concat([rows, own.set_axis(rows.index, axis=0)], axis=1)
        return _Read(numbers(file, columns).T, obs, pd.DataFrame(index=pd.Index(columns)), report)
    described = {*annotation, *file.words.columns}
    listed = set(file.columns) if samples is None else set(samples.index)
    labels = [name for name in file.columns if name not in described or (samples is not None and name in listed)]
    held = set(labels)
    features = file.described_by([name for name in file.columns if name not in held])
    obs = _rows_of(samples, labels, file.path, report=report)
    return _Read(numbers(file, labels), obs, features, report)


def _rows_of(samples: pd.DataFrame | None, labels: list[str], path: Path, *, report: dict[str, Any]) -> pd.DataFrame:
    """The sheet's rows in the order of the matrix; every sample of the matrix must be in the sheet."""
    if samples is None:
        return pd.DataFrame(index=pd.Index(labels))
    absent = [label for label in labels if label not in samples.index]
    if absent:
        raise InputError(
            f"{path}: {len(absent)} of {len(labels)} samples are not in the sample sheet ({', '.join(absent[:3])}). "
            "Add them, or name columns that describe features with the option `annotation`."
        )
    report["sample_id_column"] = str(samples.index.name)
    report["sheet_rows_without_sample"] = [str(label) for label in samples.index if label not in set(labels)]
    return samples.loc[labels]


def _from_h5ad(path: Path, sheet: SampleSheet | None, options: Mapping[str, Any]) -> _Read:
    adata = read_data(path)
    if not isinstance(adata, AnnData):
        raise InputError(f"{path}: expected one AnnData.")
    layer = options["layer"]
    available = ["X", *(["raw"] if adata.raw is not None else []), *adata.layers]
    if layer not in available:
        raise InputError(f"{path} has no layer {layer!r}; it has {', '.join(available)}.")
    source = adata.raw if layer == "raw" else adata
    values = adata.layers[layer] if layer not in {"X", "raw"} else source.X
    if values is None:
        raise InputError(f"{path}: X is empty; choose a layer: {', '.join(available[1:]) or 'none'}.")
    for labels, what in ((adata.obs_names, "sample ids"), (source.var_names, "feature ids")):
        if not labels.is_unique:
            repeated = labels[labels.duplicated()].unique()
            raise InputError(f"{path}: the {what} must be unique; {', '.join(map(str, repeated[:3]))} occur twice.")
    report: dict[str, Any] = {"layer": layer, "other_layers": [name for name in available if name != layer]}
    if layer == "X":
        report["scale"] = adata.uns.get(keys.EXOMICS, {}).get(keys.SCALE)
    samples = adata.obs
    if sheet is not None:
        labels = [str(label) for label in adata.obs_names]
        _, column = sheet.match({SAMPLES_IN_ROWS: labels}, options["sample_id"], path)
        joined = _rows_of(sheet.by(column, identifiers=identifier_columns(options)), labels, path, report=report)
        samples = pd.concat([joined, adata.obs.drop(columns=[c for c in adata.obs if c in joined])], axis=1)
    return _Read(values, samples, source.var, report)


EXPRESSION_TABLE = MethodSpec(
    name="expression_table",
    kind="loader",
    title="Your own matrix (tsv, csv, xlsx, parquet, feather, h5ad) with a sample sheet",
    function=load_expression_table,
    input_scale=("counts", "linear", "log2"),
    parameters=_OPTIONS,
)
