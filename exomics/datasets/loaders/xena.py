"""UCSC Xena: a matrix with its declared transform, phenotype, survival and probe map."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file, scale_from_options
from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from exomics.datasets.loaders._sample_options import MONTHS_PER, SAMPLE_OPTIONS, as_mapping, contract_samples
from exomics.datasets.loaders._text_table import read_text_table
from exomics.datasets.loaders.bioconductor import FEATURE_TYPE_OF
from exomics.datasets.loaders.tables import numbers_where_all
from exomics.errors import InputError, ScaleError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_LOG_COUNTS: Final = re.compile(r"log2\(\s*count\s*\+\s*1\s*\)", re.IGNORECASE)
_NEAREST: Final = 1e-6  # of a count: what the 15 digits of the hub leave of it
_SURVIVAL: Final = {
    "OS": (keys.OVERALL_SURVIVAL_TIME, keys.OVERALL_SURVIVAL_EVENT),
    "PFI": (keys.PROGRESSION_FREE_TIME, keys.PROGRESSION_FREE_EVENT),
}
_OPTIONS: Final[Mapping[str, Any]] = {
    "transform": None,
    "assay": "rna",
    "species": "human",
    "survival_unit": "day",
    "feature_name": "gene",
    **SAMPLE_OPTIONS,
}


def load_xena(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A matrix of a Xena hub.

    Parameters
    ----------
    files
        Role ``matrix``: features in rows, samples in columns, plain or gzipped. Optional ``phenotype`` and ``survival``
        (one row per sample; the first column, or ``sample``, is its id) and ``probemap`` (``id, gene, chrom ...``).
    manifest
        Options: ``transform``, which must be given as the hub's page states it: ``log2(count+1)``, which is inverted
        to the counts, or a scale, ``log2:tpm:0.001`` or ``linear:value``; ``assay`` (default ``rna``), ``species``
        (default human), ``survival_unit`` (default day), ``feature_name`` (column of the probe map), and the sample
        options.

    Returns
    -------
    AnnData
        Samples x features. ``obs``: phenotype; overall survival and progression-free interval in months (``OS``,
        ``OS.time``, ``PFI``, ``PFI.time``); ``subject_id`` from ``_PATIENT``. ``uns["exomics"]["report"]`` names the
        transform, samples without phenotype or survival, rows of either without a sample, and features that the probe
        map lacks.

    Raises
    ------
    ScaleError
        If the transform is not declared, or values declared as ``log2(count+1)`` do not come from whole counts
        (expected counts, or too few digits).
    InputError
        If a file cannot be read, or no sample of the matrix is in the phenotype.

    Notes
    -----
    ``count = 2^x - 1`` is rounded when it is within 1e-6, or 1e-9 of itself, of a whole number: 15 digits of x leave
    an error of ``count ln(2) 1e-14``. Format: https://ucsc-xena.gitbook.io, doi:10.1038/s41587-020-0546-8.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "TCGA-SKCM.star_counts.tsv"
    ...     written = path.write_text("Ensembl_ID\\tTCGA-D3-A1Q1-06A\\nENSG00000000003.15\\t3.0\\n")
    ...     data = load_files("xena", {"matrix": path}, {"transform": "log2(count+1)"})
    >>> data.X.tolist(), data.uns["exomics"]["scale"]["kind"]
    ([[7.0]], 'counts')
    """
    path = only_file(files, "matrix")
    options = {**_OPTIONS, **manifest.options}
    inverted = bool(_LOG_COUNTS.fullmatch(str(options["transform"])))
    scale = Scale(kind="counts", quantity="count") if inverted else scale_from_options(options["transform"])
    if scale is None:
        raise ScaleError(
            f"{path}: the transform is not declared; give the option transform as the hub states it: 'log2(count+1)', "
            "or a scale such as log2:tpm:0.001."
        )
    file = read_matrix(path, delimiter="\t")
    values = numbers(file, file.columns)
    if inverted:
        values = counts_of(values, path)
    ids = pd.Index(file.row_labels, dtype=object)
    source, report = _samples(files, file.columns, str(options["survival_unit"]))
    columns = {**({keys.SUBJECT_ID: "_PATIENT"} if "_PATIENT" in source else {}), **as_mapping(options["columns"])}
    constants = {keys.SPECIES: options["species"], **as_mapping(options["constants"])}
    obs = contract_samples(source, {**options, "columns": columns, "constants": constants}, where=str(path))
    var, unnamed = _features(files, ids, options)
    report |= {**file.format.report(), "transform": str(options["transform"]), "inverted": inverted, **unnamed}
    return assemble(Expression(values, obs, var), assay=options["assay"], scale=scale, manifest=manifest, report=report)


def counts_of(values: np.ndarray, path: Path) -> np.ndarray:
    """The whole counts behind ``log2(count + 1)``; a `ScaleError` when they are none.

    Examples
    --------
    >>> counts_of(np.log2([[1.0, 101.0, 1000001.0]]), Path("matrix.tsv")).tolist()
    [[0.0, 100.0, 1000000.0]]
    """
    found = np.exp2(values) - 1.0
    whole = np.round(found)
    odd = ~(np.abs(found - whole) <= np.maximum(_NEAREST, whole * 1e-9)) | (whole < 0)
    if odd.any():
        raise ScaleError(
            f"{path}: {int(odd.sum())} of {odd.size} values are no log2(count+1) of a whole count (such as "
            f"{values[odd][0]!s}). Expected counts, normalized values and values of few digits are no counts: declare "
            "a scale."
        )
    return whole


def _samples(files: Mapping[str, Path], samples: list[str], unit: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    index = pd.Index(samples, dtype=object)
    report: dict[str, Any] = {}
    joined = pd.DataFrame(index=index)
    for role in ("phenotype", "survival"):
        if role not in files:
            continue
        frame = _sheet(files[role])
        if not frame.index.intersection(index).size:
            raise InputError(
                f"{files[role]}: no row is a sample of the matrix ({', '.join(samples[:3])} ...); its first column "
                f"holds {', '.join(map(str, frame.index[:3]))} ..."
            )
        report[f"samples_without_{role}"] = [name for name in samples if name not in frame.index]
        report[f"{role}_rows_without_sample"] = int((~frame.index.isin(index)).sum())
        frame = _endpoints(frame, unit, files[role]) if role == "survival" else frame
        joined = joined.join(frame[[name for name in frame if name not in joined]])
    return joined, report


def _sheet(path: Path) -> pd.DataFrame:
    frame = read_text_table(path, quoted=False, delimiter="\t").frame
    column = "sample" if "sample" in frame else frame.columns[0]
    if frame[column].isna().any() or frame[column].duplicated().any():
        raise InputError(f"{path}: the column {column} must name every row once.")
    frame = frame.set_index(column)
    return frame.apply(lambda values: values if values.name == "_PATIENT" else numbers_where_all(values))


def _endpoints(frame: pd.DataFrame, unit: str, path: Path) -> pd.DataFrame:
    """The endpoints of the vocabulary in months; the hub's own columns of others are kept."""
    if unit not in MONTHS_PER:
        raise InputError(f"the option `survival_unit` must be one of {', '.join(MONTHS_PER)}; got {unit!r}.")
    for name, (time, event) in _SURVIVAL.items():
        if {name, f"{name}.time"} <= set(frame):
            happened = frame.pop(name)
            months = frame.pop(f"{name}.time") * MONTHS_PER[unit]
            if not set(happened.dropna()) <= {0, 1}:
                raise InputError(f"{path}: {name} must be 0 or 1.")
            frame = frame.assign(**{time: months.astype(float), event: happened.astype(float)})
    return frame


def _features(
    files: Mapping[str, Path], ids: pd.Index, options: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    var = pd.DataFrame({keys.FEATURE_NAME: list(ids)}, index=ids)
    var[keys.FEATURE_TYPE] = FEATURE_TYPE_OF.get(options["assay"], "gene")
    if "probemap" not in files:
        return var, {}
    column = options["feature_name"]
    table = read_text_table(files["probemap"], quoted=False, delimiter="\t", needs=("id", column)).frame
    held = table.drop_duplicates("id").set_index("id").reindex(ids)
    var[keys.FEATURE_NAME] = names_or_empty(held[column])
    absent = ids[~ids.isin(table["id"])]
    found = {"features_not_in_probemap": len(absent), "of_them": [str(label) for label in absent[:10]]}
    return var.join(held.drop(columns=[column])), found


XENA = MethodSpec(
    name="xena",
    kind="loader",
    title="UCSC Xena matrix with phenotype, survival and probe map",
    function=load_xena,
    reference="10.1038/s41587-020-0546-8",
    input_scale=("counts", "linear", "log2"),
    parameters=_OPTIONS,
    evidence="format-only",
)
