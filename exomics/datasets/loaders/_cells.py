"""Cells x genes as 10x Genomics writes them (HDF5 or Matrix Market), or as an ``.h5ad`` holds them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse
from scipy.io import mmread

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._matrix_file import require_labels
from exomics.datasets.loaders._sample_sheet import read_sheet
from exomics.datasets.store import read_data
from exomics.errors import InputError

CELL_OPTIONS: Final[Mapping[str, Any]] = {"genome": None, "feature_type": "Gene Expression", "layer": "X"}
_FEATURE_COLUMNS: Final = ("feature_name", "source_feature_type", "genome")


@dataclass(frozen=True)
class Cells:
    """Counts (cells x genes, sparse), the cells by barcode, the genes by id, and what was left out."""

    counts: sparse.csr_matrix
    cells: pd.DataFrame
    genes: pd.DataFrame
    report: dict[str, Any]


def read_cells(files: Mapping[str, Path], options: Mapping[str, Any]) -> Cells:
    """The cells of one run, with their annotation where a file of role ``cells`` gives one.

    Parameters
    ----------
    files
        One of the roles ``h5`` and ``h5ad``, or the three roles ``matrix``, ``features`` and ``barcodes``; optional
        ``cells``, a sheet of which one column holds the barcodes.
    options
        See `CELL_OPTIONS`.

    Returns
    -------
    Cells
        Features of another type, or of another genome, are left out and counted in ``report``.

    Raises
    ------
    InputError
        If a file is not what it should be, a barcode or a gene occurs twice, several genomes are there and none is
        chosen, or the values are no counts.
    """
    readers = {"h5": _from_h5, "h5ad": _from_h5ad, "matrix": _from_market}
    given = [role for role in readers if role in files]
    if len(given) != 1:
        raise InputError(
            f"expected one of the roles h5, h5ad, or matrix with features and barcodes; got "
            f"{', '.join(files) or 'none'}."
        )
    path = files[given[0]]
    found = _chosen(readers[given[0]](files, options), options, path)
    require_counts(found.counts.data, f"{path}: the values")
    require_labels(list(found.cells.index), "cells", path)
    require_labels(list(found.genes.index), "genes", path)
    return _annotated(found, files["cells"]) if "cells" in files else found


def _from_h5(files: Mapping[str, Path], options: Mapping[str, Any]) -> Cells:
    path = files["h5"]
    try:
        with h5py.File(path) as file:
            group = file["matrix"] if "matrix" in file else _genome_group(file, options["genome"], path)
            columns = _h5_features(group)
            shape = tuple(int(n) for n in group["shape"][:])
            parts = tuple(group[name][:] for name in ("data", "indices", "indptr"))
            barcodes = _words(group["barcodes"])
            held = sparse.csc_matrix(parts, shape=shape)
            held.check_format(full_check=True)
            counts = held.T.tocsr()
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise InputError(
            f"{path} is not a whole 10x HDF5 file ({error}); give filtered_feature_bc_matrix.h5."
        ) from error
    return _cells(counts, barcodes, columns, path)


def _genome_group(file: h5py.File, genome: str | None, path: Path) -> h5py.Group:
    """The group of one genome in a file of version 2."""
    if genome is None and len(file) == 1:
        return next(iter(file.values()))
    if genome is None or genome not in file:
        raise InputError(f"{path} holds the genomes {', '.join(file) or 'none'}; choose one with the option `genome`.")
    return file[genome]


def _h5_features(group: h5py.Group) -> dict[str, list[str]]:
    if "features" not in group:
        return {"id": _words(group["genes"]), "feature_name": _words(group["gene_names"])}
    features = group["features"]
    named = {"id": "id", "feature_name": "name", "source_feature_type": "feature_type", "genome": "genome"}
    return {ours: _words(features[theirs]) for ours, theirs in named.items() if theirs in features}


def _words(values: h5py.Dataset) -> list[str]:
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values[:]]


def _from_market(files: Mapping[str, Path], _: Mapping[str, Any]) -> Cells:
    path = files["matrix"]
    features = _rows(only_file(files, "features"))
    barcodes = [row[0] for row in _rows(only_file(files, "barcodes"))]
    try:
        counts = sparse.csr_matrix(mmread(path).T)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give matrix.mtx or matrix.mtx.gz.") from error
    except (OSError, EOFError, ValueError, OverflowError, TypeError) as error:
        raise InputError(f"{path} is not a whole Matrix Market file ({error}); write it again.") from error
    fields = {len(row) for row in features}
    if len(fields) != 1 or fields & {0, 1}:
        raise InputError(f"{files['features']}: expected an id and a name on every line, separated by tabs.")
    names = ("id", "feature_name", "source_feature_type")
    columns = {name: [row[place] for row in features] for place, name in enumerate(names[: fields.pop()])}
    return _cells(counts, barcodes, columns, path)


def _rows(path: Path) -> list[list[str]]:
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as stream:
            return [row for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE) if row]
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an existing file.") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a whole text file ({error}); write it again.") from error


def _from_h5ad(files: Mapping[str, Path], options: Mapping[str, Any]) -> Cells:
    path = files["h5ad"]
    data = read_data(path)
    if not isinstance(data, AnnData):
        raise InputError(f"{path}: expected one AnnData of cells.")
    layers = ["X", *(["raw"] if data.raw is not None else []), *data.layers]
    layer = options["layer"]
    if layer not in layers:
        raise InputError(f"{path} has no layer {layer!r}; it has {', '.join(layers)}.")
    source = data.raw if layer == "raw" else data
    values = data.layers[layer] if layer not in {"X", "raw"} else source.X
    if values is None:
        raise InputError(f"{path}: X is empty; choose a layer: {', '.join(layers[1:]) or 'none'}.")
    names = {"feature_name": list(source.var_names)} if "feature_name" not in source.var else {}
    cells = data.obs.set_axis(data.obs_names.astype(str), axis=0)
    genes = source.var.assign(**names).set_axis(source.var_names.astype(str), axis=0)
    report = {"layer": layer, "other_layers": [name for name in layers if name != layer]}
    return Cells(sparse.csr_matrix(values), cells, genes, report)


def _cells(counts: sparse.csr_matrix, barcodes: list[str], columns: Mapping[str, list[str]], path: Path) -> Cells:
    """The parts put together; their lengths must agree."""
    if counts.shape != (len(barcodes), len(columns["id"])):
        raise InputError(
            f"{path}: the matrix has {counts.shape[1]} genes and {counts.shape[0]} cells; the lists name "
            f"{len(columns['id'])} and {len(barcodes)}. Give the three files of one run."
        )
    index = pd.Index(columns["id"], dtype=object)
    genes = pd.DataFrame({name: columns[name] for name in _FEATURE_COLUMNS if name in columns}, index=index)
    return Cells(counts, pd.DataFrame(index=pd.Index(barcodes, dtype=object)), genes, {})


def _chosen(found: Cells, options: Mapping[str, Any], path: Path) -> Cells:
    """The genes of the wanted type and genome; the others are counted."""
    genes = found.genes
    keep = np.ones(len(genes), dtype=bool)
    report: dict[str, Any] = dict(found.report)
    if "source_feature_type" in genes:
        keep &= (genes["source_feature_type"] == options["feature_type"]).to_numpy()
        report["dropped_feature_types"] = genes["source_feature_type"][~keep].value_counts().to_dict()
    genomes = sorted(set(genes.loc[keep, "genome"].astype(str))) if "genome" in genes else []
    if options["genome"] is not None and genomes:
        keep &= (genes["genome"] == options["genome"]).to_numpy()
        report["dropped_genomes"] = [name for name in genomes if name != options["genome"]]
    elif len(genomes) > 1:
        raise InputError(f"{path} holds the genomes {', '.join(genomes)}; choose one with the option `genome`.")
    if not keep.any():
        raise InputError(
            f"{path}: no feature is of type {options['feature_type']!r}"
            f"{'' if options['genome'] is None else ' and genome ' + repr(options['genome'])}; "
            f"there are {', '.join(report.get('dropped_feature_types', genomes))}."
        )
    return replace(found, counts=found.counts[:, keep], genes=genes[keep], report=report)


def _annotated(found: Cells, path: Path) -> Cells:
    """The cells with the columns of a sheet; cells that the sheet does not name are left out and counted."""
    sheet = read_sheet(path)
    barcodes = [str(label) for label in found.cells.index]
    _, column = sheet.match({"cells": barcodes}, None, path)
    rows = sheet.by(column)
    named = np.array([label in rows.index for label in barcodes])
    report = {
        **found.report,
        "cells_without_annotation": int((~named).sum()),
        "annotation_without_cell": int((~rows.index.isin(barcodes)).sum()),
    }
    cells = found.cells[named]
    cells = pd.concat([cells.drop(columns=[name for name in cells if name in rows]), rows.loc[cells.index]], axis=1)
    return replace(found, counts=found.counts[named], cells=cells, report=report)
