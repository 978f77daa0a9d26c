"""GEO's series matrix, with the supplementary counts of a sequencing series where its own table is empty."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble, only_file, scale_from_options
from exomics.datasets.loaders._geo import platform_names, sample_frame
from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, contract_samples
from exomics.datasets.loaders._text_file import TextFile
from exomics.datasets.loaders.bioconductor import FEATURE_TYPE_OF
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_BEGIN: Final = b"!series_matrix_table_begin"
_END: Final = b"!series_matrix_table_end"
_OPTIONS: Final[Mapping[str, Any]] = {
    "assay": "rna",
    "scale": None,
    "match": None,
    "feature_name": None,
    **SAMPLE_OPTIONS,
}


@dataclass(frozen=True)
class _Series:
    """What stands above the table: attributes of the series, and of each sample by accession."""

    series: dict[str, list[str]]
    samples: dict[str, dict[str, list[str]]]
    has_table: bool


def load_geo_series_matrix(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A series matrix: its table, or the supplementary counts whose samples it describes.

    Parameters
    ----------
    files
        Role ``series``: ``GSE*_series_matrix.txt``, plain or gzipped. Optional ``counts``: a supplementary matrix of
        the series, features in rows, one column per sample. Optional ``platform``: the platform's SOFT file or
        annotation table, for names of the features.
    manifest
        Options: ``assay`` (default ``rna``); ``scale`` (GEO states it in words only; supplementary counts are
        ``counts:count``); ``match`` (attribute or characteristic whose values are the columns of ``counts``; else
        accession, title or description, whichever names most of them); ``feature_name`` (column of the platform); and
        the sample options.

    Returns
    -------
    AnnData
        Samples x features. ``obs`` has one column per characteristic (``key: value``).
        ``uns["exomics"]["report"]`` names the samples without values and the columns without a sample, all dropped,
        the columns of ``counts`` that describe features, and the attributes left out.

    Raises
    ------
    InputError
        If the file is no series matrix or is cut off, its table is empty and no counts are given, or no column of the
        counts is a sample.

    Notes
    -----
    Format: https://www.ncbi.nlm.nih.gov/geo/info/soft.html.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ('!Series_geo_accession\\t"GSE1"\\n!Sample_geo_accession\\t"GSM1"\\t"GSM2"\\n'
    ...         '!Sample_characteristics_ch1\\t"arm: trained"\\t"arm: control"\\n!series_matrix_table_begin\\n'
    ...         '"ID_REF"\\t"GSM1"\\t"GSM2"\\n"p1"\\t7.5\\t\\n!series_matrix_table_end\\n')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "GSE1_series_matrix.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("geo_series_matrix", {"series": path}, {"scale": "log2:array"})
    >>> data.X.tolist(), data.obs["arm"].tolist()
    ([[7.5], [nan]], ['trained', 'control'])
    """
    path = only_file(files, "series")
    options = {**_OPTIONS, **manifest.options}
    series = _read_series(path)
    frame, report = sample_frame(series.samples)
    frame[keys.STUDY_ID] = series.series.get("geo_accession", [None])[0]
    if "counts" in files:
        held, found = _supplement(files["counts"], frame, options["match"])
    else:
        held, found = _own_table(path, frame, series)
    scale = scale_from_options(options["scale"], scale_from_options("counts:count") if "counts" in files else None)
    if scale is not None and scale.kind == "counts":
        require_counts(held.values, f"{files.get('counts', path)}: the values")
    names, column = list(held.var.index), ""
    if "platform" in files:
        names, column = platform_names(files["platform"], names, options["feature_name"])
    kind = FEATURE_TYPE_OF.get(options["assay"], "gene")
    named = pd.DataFrame({keys.FEATURE_NAME: names, keys.FEATURE_TYPE: kind}, index=held.var.index)
    var = pd.concat([named, held.var], axis=1)
    expression = Expression(held.values, contract_samples(held.obs, options, where=str(path)), var)
    report |= {**found, "feature_name_column": column, "data_processing": _processing(series)}
    return assemble(expression, assay=options["assay"], scale=scale, manifest=manifest, report=report)


def _read_series(path: Path) -> _Series:
    file = TextFile(path)
    head = last = b""
    for block in file.blocks():
        head += b"" if _BEGIN in head else block
        last = (last + block)[-4096:]
    above, marker, table = head.partition(_BEGIN)
    if not marker or not above.lstrip().startswith(b"!Series"):
        raise InputError(f"{path} is no series matrix; expected lines of !Series_ and !Sample_, then the table.")
    if _END not in last:
        raise InputError(f"{path}: the table has no end; the file is cut off, fetch it again.")
    series: dict[str, list[str]] = {}
    columns: dict[str, list[list[str]]] = {}
    for row in csv.reader(file.decoded([above])[0].splitlines(), delimiter="\t"):
        if row and row[0].startswith("!Series_"):
            series.setdefault(row[0].removeprefix("!Series_"), []).extend(row[1:])
        elif row and row[0].startswith("!Sample_"):
            columns.setdefault(row[0].removeprefix("!Sample_"), []).append(row[1:])
    accessions = columns.get("geo_accession", [[]])[0]
    if not accessions or any(len(row) != len(accessions) for rows in columns.values() for row in rows):
        raise InputError(f"{path}: expected !Sample_geo_accession, and as many values in every line of !Sample_.")
    samples = {
        accession: {name: [row[place] for row in rows] for name, rows in columns.items()}
        for place, accession in enumerate(accessions)
    }
    return _Series(series, samples, table.split(_END)[0].strip().count(b"\n") > 0)


def _own_table(path: Path, frame: pd.DataFrame, series: _Series) -> tuple[Expression, dict[str, Any]]:
    if not series.has_table:
        raise InputError(
            f"{path}: the table is empty, as in sequencing series; give the supplementary matrix as the role counts "
            f"({', '.join(series.series.get('supplementary_file', [])) or 'none is listed'})."
        )
    file = read_matrix(path, delimiter="\t", comment="!")
    absent = [name for name in file.columns if name not in frame.index]
    if absent:
        raise InputError(f"{path}: the columns {', '.join(absent[:3])} are no sample of the series.")
    report = {
        **file.format.report(),
        "samples_dropped": [name for name in frame.index if name not in set(file.columns)],
    }
    var = pd.DataFrame(index=pd.Index(file.row_labels, dtype=object))
    return Expression(numbers(file, file.columns), frame.loc[file.columns], var), report


def _supplement(path: Path, frame: pd.DataFrame, match: str | None) -> tuple[Expression, dict[str, Any]]:
    """The columns of a supplementary matrix that one attribute of the samples names."""
    file = read_matrix(path)
    named = {name: frame[name].dropna().astype(str) for name in ([match] if match else _MATCHED) if name in frame}
    named = named if match else {"geo_accession": frame.index.to_series(), **named}
    shared = {name: len(set(file.columns) & set(words)) for name, words in named.items()}
    best = max(shared, key=lambda name: shared[name], default="")
    if not best or not shared[best]:
        raise InputError(
            f"{path}: no column ({', '.join(file.columns[:4])} ...) is an accession, title or description of a sample; "
            f"name the attribute with the option `match`: {', '.join(frame.columns[:12])}."
        )
    sample_of = {word: sample for sample, word in named[best].items()}
    if len(sample_of) < len(named[best]):
        raise InputError(f"{path}: {best} does not tell the samples apart; name another with the option `match`.")
    columns = [name for name in file.columns if name in sample_of]
    others = [name for name in file.columns if name not in sample_of]
    values = numbers(file, columns)
    var = file.described_by(others)
    held = [sample_of[name] for name in columns]
    report = {
        **file.format.report(),
        "matched_by": best,
        "columns_of_features": others,
        "samples_dropped": [sample for sample in frame.index if sample not in set(held)],
    }
    return Expression(np.asarray(values), frame.loc[held], var), report


def _processing(series: _Series) -> list[str]:
    """What the authors say of the values, once each: the scale is read from it by a person, never by this program."""
    said = (text for sample in series.samples.values() for text in sample.get("data_processing", ()))
    return list(dict.fromkeys(filter(None, said)))


_MATCHED: Final = ("title", "description", "source_name_ch1")

GEO_SERIES_MATRIX = MethodSpec(
    name="geo_series_matrix",
    kind="loader",
    title="GEO series matrix, with supplementary counts",
    function=load_geo_series_matrix,
    reference="10.1093/nar/gks1193",
    parameters=_OPTIONS,
    evidence="format-only",
)
