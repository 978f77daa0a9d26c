"""Bioconductor containers from the parsed tree: ExpressionSet, SummarizedExperiment, MultiAssayExperiment.

A container is recognized by its slots, so that a subclass (MSnSet, RangedSummarizedExperiment, DESeqDataSet,
SingleCellExperiment) is read as what it extends. Captured environments, promises and byte code are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rdata.parser import RObject, RObjectType
from scipy import sparse

from exomics.datasets.loaders import _r_values as r
from exomics.datasets.loaders._r_parse import parse_r_file
from exomics.errors import InputError

SUPPORTED = (
    "ExpressionSet, MSnSet, SummarizedExperiment, RangedSummarizedExperiment, MultiAssayExperiment, "
    "matrix, dgCMatrix, data.frame, DataFrame, tibble, and lists of these"
)


@dataclass(frozen=True)
class Experiment:
    """One assay container, features in rows: named matrices, the features' frame, the samples' frame."""

    assays: Mapping[str, r.LabeledMatrix]
    features: pd.DataFrame
    samples: pd.DataFrame
    class_name: str


@dataclass(frozen=True)
class MultiExperiment:
    """Several assays of the same patients: the patients' frame and which sample of which assay is whose."""

    experiments: Mapping[str, Experiment]
    patients: pd.DataFrame
    sample_map: pd.DataFrame
    class_name: str = field(default="MultiAssayExperiment")


def read_r_objects(path: Path) -> dict[str, RObject]:
    """The objects of an R file by name, not converted; the object of an ``.rds`` is called by the file's stem."""
    tree = parse_r_file(path).object
    if tree.info.type is RObjectType.LIST and tree.info.tag:
        return dict(r.pairs(tree))
    return {path.stem: tree}


def read_r_object(path: Path, name: str | None = None) -> tuple[str, Any]:
    """One object of an R file, converted.

    Parameters
    ----------
    path
        An ``.rda``, ``.RData`` or ``.rds`` file.
    name
        Name of the object; may be left out when the file holds one.

    Returns
    -------
    tuple
        The name, and an `Experiment`, a `MultiExperiment`, a `LabeledMatrix`, a frame, an array, or a dict of these.

    Raises
    ------
    InputError
        If there is no such object, several and none is named, or its class is not supported.
    """
    objects = read_r_objects(path)
    if name is None and len(objects) == 1:
        name = next(iter(objects))
    if name is None or name not in objects:
        wanted = "one object" if name is None else f"an object {name!r}"
        raise InputError(f"{path}: expected {wanted}; the file holds {', '.join(objects)}. Name one with `object`.")
    try:
        return name, convert(objects[name], name)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def convert(value: RObject, name: str = "object") -> Any:
    """`value` as a container, matrix, frame, array or dict; an `InputError` that names the class when it is unknown."""
    value = r.resolve(value)
    if value.info.type is RObjectType.S4:
        return _convert_s4(value, name)
    if r.is_frame(value):
        return r.data_frame(value)
    if value.info.type is RObjectType.VEC and r.classes(value) in {(), ("list",)}:
        return {key: convert(item, f"{name}${key}") for key, item in r.named_list(value).items()}
    if "dim" in r.attributes(value) and r.classes(value) in {(), ("matrix",), ("matrix", "array")}:
        return r.matrix(value)
    if value.info.type in _ATOMIC and set(r.classes(value)) <= _ATOMIC_CLASSES:
        return r.column(value)
    raise _unsupported(value, name)


_ATOMIC = {RObjectType.INT, RObjectType.LGL, RObjectType.REAL, RObjectType.STR}
_ATOMIC_CLASSES = {"factor", "ordered", "Date", "POSIXct", "POSIXt", "integer64"}


def _unsupported(value: RObject, name: str) -> InputError:
    return InputError(
        f"the R object {name!r} is of class {r.describe(value)!r}, which is not supported; "
        f"expected one of: {SUPPORTED}. Save one of these from R."
    )


def _convert_s4(value: RObject, name: str) -> Any:
    slots = r.attributes(value)
    for needed, reader in _READERS:
        if needed <= slots.keys():
            return reader(value, slots)
    raise _unsupported(value, name)


def _expression_set(value: RObject, slots: Mapping[str, RObject]) -> Experiment:
    held = slots["assayData"]
    elements = r.environment(held) if r.resolve(held).info.type is RObjectType.ENV else r.named_list(held)
    assays = {name: _assay(item) for name, item in elements.items() if name != "storageMode" and _is_assay(item)}
    features, samples = (_annotated(slots[name]) for name in ("featureData", "phenoData"))
    return _experiment(value, assays, features=features, samples=samples)


def _annotated(value: RObject) -> pd.DataFrame:
    return r.data_frame(r.attributes(value)["data"])


def _is_assay(value: RObject) -> bool:
    return "dim" in r.attributes(value) or value.info.type is RObjectType.S4 or r.is_frame(value)


def _summarized_experiment(value: RObject, slots: Mapping[str, RObject]) -> Experiment:
    assays = {name: _assay(item) for name, item in _assay_list(slots["assays"]).items()}
    features = _row_data(slots)
    if not r.is_null(slots.get("NAMES")):
        features.index = pd.Index(r.strings(slots["NAMES"], missing=""), dtype=object)
    return _experiment(value, assays, features=features, samples=_data_frame_s4(slots["colData"]))


def _assay_list(value: RObject) -> dict[str, RObject]:
    """The assays by name; a reference class keeps a field with an active binding under ``.->``."""
    value = r.resolve(value)
    slots = r.attributes(value)
    if ".xData" in slots:
        fields = r.environment(slots[".xData"])
        return _assay_list(fields.get(".->data", fields["data"]))
    if "data" in slots:
        return _assay_list(slots["data"])
    return r.named_list(slots["listData"])


def _row_data(slots: Mapping[str, RObject]) -> pd.DataFrame:
    """Feature annotation; the ranges of a RangedSummarizedExperiment become seqnames, start, end, width, strand."""
    if "rowRanges" not in slots:
        return _data_frame_s4(slots["elementMetadata"])
    ranges = r.attributes(slots["rowRanges"])
    annotation = _data_frame_s4(ranges["elementMetadata"])
    if "unlistData" in ranges:
        names = r.attributes(ranges["partitioning"]).get("NAMES")
    else:
        span = r.attributes(ranges["ranges"])
        names = span.get("NAMES")
        start, width = (np.asarray(span[key].value, dtype=np.int64) for key in ("start", "width"))
        annotation = annotation.assign(
            seqnames=r.column(ranges["seqnames"]),
            start=start,
            end=start + width - 1,
            width=width,
            strand=r.column(ranges["strand"]),
        )
    if names is not None and not r.is_null(names):
        annotation.index = pd.Index(r.strings(names, missing=""), dtype=object)
    return annotation


def _data_frame_s4(value: RObject) -> pd.DataFrame:
    value = r.resolve(value)
    if r.is_frame(value):
        return r.data_frame(value)
    slots = r.attributes(value)
    rows = None if r.is_null(slots.get("rownames")) else r.strings(slots["rownames"], missing="")
    frame = r.frame_of(r.named_list(slots["listData"]), rows)
    if rows is None and frame.shape[1] == 0:
        return pd.DataFrame(index=range(int(slots["nrows"].value[0])))
    return frame


def _assay(value: RObject) -> r.LabeledMatrix:
    value = r.resolve(value)
    if r.is_frame(value) or (value.info.type is RObjectType.S4 and "listData" in r.attributes(value)):
        frame = _data_frame_s4(value)
        if frame.attrs.get("skipped") or not all(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes):
            raise InputError("expected numbers in every column of an assay held as a data frame.")
        labels = None if isinstance(frame.index, pd.RangeIndex) else [str(label) for label in frame.index]
        return r.LabeledMatrix(frame.to_numpy(dtype=np.float64), labels, [str(label) for label in frame.columns])
    if "dgCMatrix" in r.classes(value):
        return _sparse(value, r.attributes(value))
    if value.info.type is RObjectType.S4:
        raise _unsupported(value, "assay")
    return r.matrix(value)


def _sparse(_: RObject, slots: Mapping[str, RObject]) -> r.LabeledMatrix:
    shape = tuple(int(size) for size in slots["Dim"].value)
    parts = (slots["x"].value, slots["i"].value, slots["p"].value)
    rows, columns = r.dimension_names(slots.get("Dimnames"))
    return r.LabeledMatrix(sparse.csc_matrix(parts, shape=shape), rows, columns)


def _experiment(
    value: RObject, assays: Mapping[str, r.LabeledMatrix], *, features: pd.DataFrame, samples: pd.DataFrame
) -> Experiment:
    """Take the names from the matrices where a frame has none, and check that sizes agree."""
    if not assays:
        raise InputError(f"the {r.describe(value)} holds no assay.")
    for name, held in assays.items():
        n_features, n_samples = held.values.shape
        if (n_features, n_samples) != (len(features), len(samples)):
            raise InputError(
                f"assay {name!r} is {n_features} x {n_samples}, its annotation {len(features)} features x "
                f"{len(samples)} samples; the object is inconsistent."
            )
    first = next(iter(assays.values()))
    return Experiment(
        assays=assays,
        features=_named(features, first.row_names),
        samples=_named(samples, first.column_names),
        class_name=r.describe(value),
    )


def _named(frame: pd.DataFrame, names: list[str] | None) -> pd.DataFrame:
    if names is not None and isinstance(frame.index, pd.RangeIndex):
        frame = frame.set_axis(pd.Index(names, dtype=object), axis=0)
    return frame


def _multi_assay_experiment(_: RObject, slots: Mapping[str, RObject]) -> MultiExperiment:
    experiments = {
        name: _member(item, name)
        for name, item in r.named_list(r.attributes(slots["ExperimentList"])["listData"]).items()
    }
    return MultiExperiment(experiments, _data_frame_s4(slots["colData"]), _data_frame_s4(slots["sampleMap"]))


def _member(value: RObject, name: str) -> Experiment:
    found = convert(value, name)
    if isinstance(found, Experiment):
        return found
    if isinstance(found, r.LabeledMatrix):
        n_features, n_samples = found.values.shape
        features = _named(pd.DataFrame(index=range(n_features)), found.row_names)
        return Experiment(
            {name: found}, features, _named(pd.DataFrame(index=range(n_samples)), found.column_names), "matrix"
        )
    raise _unsupported(value, name)


_Reader = Callable[[RObject, Mapping[str, RObject]], Any]
_READERS: tuple[tuple[frozenset[str], _Reader], ...] = (
    (frozenset({"ExperimentList", "colData", "sampleMap"}), _multi_assay_experiment),
    (frozenset({"assays", "colData"}), _summarized_experiment),
    (frozenset({"assayData", "phenoData", "featureData"}), _expression_set),
    (frozenset({"i", "p", "x", "Dim"}), _sparse),
    (frozenset({"listData", "nrows"}), lambda value, _: _data_frame_s4(value)),
)
