"""GEO's SOFT files: the family of a series, one sample (GSM), or a curated dataset (GDS)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file, scale_from_options
from exomics.datasets.loaders._geo import ORGANISMS, Entity, entities_of, platform_names, sample_frame, table_frame
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, contract_samples
from exomics.datasets.loaders._text_table import require_labels
from exomics.datasets.loaders.bioconductor import FEATURE_TYPE_OF
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_OPTIONS: Final[Mapping[str, Any]] = {
    "value": "VALUE",
    "assay": "rna",
    "scale": None,
    "platform": None,
    "feature_name": None,
    **SAMPLE_OPTIONS,
}


def load_geo_soft(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The samples of a SOFT file side by side, with what GEO says of each.

    Parameters
    ----------
    files
        Role ``data``: ``GSE*_family.soft``, ``GSM*.txt`` or ``GDS*.soft``, plain or gzipped. Optional ``platform``: the
        platform's SOFT file or annotation table, when the family does not bring it.
    manifest
        Options: ``value`` (column of the samples' tables, default ``VALUE``), ``assay`` (default ``rna``), ``scale``
        (GEO states it in words only), ``platform`` (which, when the samples are of several), ``feature_name`` (column
        of the platform with names), and the sample options.

    Returns
    -------
    AnnData
        Samples x features, each value as in the file; a feature without a row in a sample's table is missing there.
        ``obs`` has one column per characteristic (``key: value``), and of a GDS one per kind of subset.
        ``uns["exomics"]["report"]`` names the samples without a table, which are dropped, and the attributes left out.

    Raises
    ------
    InputError
        If the file is no SOFT file or is cut off, no sample has a table, the samples are of several platforms and none
        is chosen, a feature occurs twice in a sample, or a value is no number.

    Notes
    -----
    Format: https://www.ncbi.nlm.nih.gov/geo/info/soft.html. Sequencing series have samples without tables: their
    counts are in supplementary files, which the loader `geo_series_matrix` reads with the role ``counts``.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("^SAMPLE = GSM1\\n!Sample_organism_ch1 = Homo sapiens\\n!Sample_characteristics_ch1 = Time: post\\n"
    ...         "!sample_table_begin\\nID_REF\\tVALUE\\np1\\t7.5\\n!sample_table_end\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "GSM1.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("geo_soft", {"data": path})
    >>> data.X.tolist(), data.obs.loc["GSM1", "time"], data.obs.loc["GSM1", "species"]
    ([[7.5]], 'post', 'human')
    """
    path = only_file(files, "data")
    options = {**_OPTIONS, **manifest.options}
    found = entities_of(path)
    dataset = next((entity for entity in found if entity.kind == "dataset" and entity.table), None)
    if dataset is not None:
        values, samples, names, report = _dataset(dataset, found, path)
    else:
        values, samples, names, report = _family(found, files, options, path=path)
    obs = contract_samples(samples, options, where=str(path))
    kind = FEATURE_TYPE_OF.get(options["assay"], "gene")
    var = pd.DataFrame({keys.FEATURE_NAME: names, keys.FEATURE_TYPE: kind}, index=values.columns)
    expression = Expression(values.to_numpy(dtype=float), obs, var)
    scale = scale_from_options(options["scale"])
    return assemble(expression, assay=options["assay"], scale=scale, manifest=manifest, report=report)


_Found = tuple[pd.DataFrame, pd.DataFrame, list[str], dict[str, Any]]


def _family(found: list[Entity], files: Mapping[str, Path], options: Mapping[str, Any], *, path: Path) -> _Found:
    samples = [entity for entity in found if entity.kind == "sample"]
    with_table = [entity for entity in samples if len(entity.table) > 1]
    if not with_table:
        raise InputError(
            f"{path}: none of {len(samples)} samples has a table; the values are in the supplementary files. "
            "Load those with geo_series_matrix and the role counts."
            if samples
            else f"{path} describes no sample; fetch the whole family file, GSE..._family.soft.gz."
        )
    with_table = _of_one_platform(with_table, options["platform"], path)
    columns = {entity.name: _column(entity, options["value"], path) for entity in with_table}
    order = list(dict.fromkeys(label for column in columns.values() for label in column.index))
    values = pd.DataFrame({name: column.reindex(order) for name, column in columns.items()}).T
    obs, report = sample_frame({entity.name: entity.attributes for entity in with_table})
    series = next((entity.name for entity in found if entity.kind == "series"), "")
    obs[keys.STUDY_ID] = [entity.first("series_id") or series or None for entity in with_table]
    report |= {
        "value_column": options["value"],
        "samples_dropped": [entity.name for entity in samples if entity not in with_table],
    }
    names, report["feature_name_column"] = _names(found, files, options, path=path, ids=order)
    return values, obs, names, report


def _of_one_platform(samples: list[Entity], wanted: str | None, path: Path) -> list[Entity]:
    platforms = sorted({entity.first("platform_id") for entity in samples})
    if wanted is None and len(platforms) > 1:
        raise InputError(f"{path} has samples of {', '.join(platforms)}; choose one with the option `platform`.")
    kept = [entity for entity in samples if wanted in (None, entity.first("platform_id"))]
    if not kept:
        raise InputError(f"{path} has no sample of {wanted}; it has {', '.join(platforms)}.")
    return kept


def _column(sample: Entity, value: str, path: Path) -> pd.Series:
    frame = table_frame(sample, path)
    if value not in frame or frame.columns[0] == value:
        raise InputError(f"{path}: {sample.name} has no column {value!r}; it has {', '.join(frame.columns)}.")
    labels = ["" if label is None else str(label) for label in frame.iloc[:, 0]]
    require_labels(labels, f"features of {sample.name}", path)
    numbers, _ = number_columns(frame, [value], path)
    return pd.Series(numbers[:, 0], index=pd.Index(labels, dtype=object))


def _names(
    found: list[Entity], files: Mapping[str, Path], options: Mapping[str, Any], *, path: Path, ids: list[str]
) -> tuple[list[str], str]:
    has_platform = any(entity.kind == "platform" and entity.table for entity in found)
    if "platform" not in files and not (has_platform and options["feature_name"]):
        return ids, ""
    return platform_names(files.get("platform", path), ids, options["feature_name"])


def _dataset(dataset: Entity, found: list[Entity], path: Path) -> _Found:
    """The table of a curated dataset, its subsets as columns of the samples."""
    frame = table_frame(dataset, path)
    samples = [name for name in frame.columns if name not in ("ID_REF", "IDENTIFIER")]
    labels = ["" if label is None else str(label) for label in frame["ID_REF"]]
    require_labels(labels, "features", path)
    numbers, notes = number_columns(frame, samples, path)
    about: dict[str, str] = {}
    obs = pd.DataFrame(index=pd.Index(samples, dtype=object))
    for entity in found:
        about |= {name: values[0] for name, values in entity.attributes.items() if entity.kind == "dataset"}
        if entity.kind == "subset":
            column = "_".join(entity.first("type").lower().split())
            members = [name for name in entity.first("sample_id").split(",") if name in obs.index]
            obs.loc[members, column] = entity.first("description")
    obs[keys.STUDY_ID] = dataset.name
    obs[keys.SPECIES] = ORGANISMS.get(about.get("sample_organism", ""))
    named = frame["IDENTIFIER"] if "IDENTIFIER" in frame else pd.Series(labels)
    report = {"value_type": about.get("value_type", ""), "reference_series": about.get("reference_series", "")}
    return pd.DataFrame(np.asarray(numbers).T, obs.index, labels), obs, names_or_empty(named), report | {"notes": notes}


GEO_SOFT = MethodSpec(
    name="geo_soft",
    kind="loader",
    title="GEO SOFT file: series family, one sample, or curated dataset",
    function=load_geo_soft,
    reference="10.1093/nar/gks1193",
    parameters=_OPTIONS,
)
