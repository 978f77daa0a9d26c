"""Metabolomics Workbench studies: mwTab, its JSON, and the JSON of the REST service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, only_file, scale_from
from exomics.datasets.loaders._mwtab import read_workbench
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_REFMET: Final = ("refmet_name", "RefMet", "RefMet_Name", "Refmet", "refmet")
_MISSING: Final = ("ND", "nd", "<LOD", "< LOD", "BLOD", ".")
_OPTIONS: Final[Mapping[str, Any]] = {"scale": None, "sample_id": None, **SAMPLE_OPTIONS}


def load_mwtab(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The metabolites of an analysis with the factors of its samples.

    Parameters
    ----------
    files
        Role ``mwtab``: an mwTab file, the same as JSON (``rest/study/.../mwtab``), or the JSON of
        ``rest/study/study_id/.../data``. Optional ``samples``: a sheet.
    manifest
        Options: ``scale`` (``linear:intensity``, ``log2:intensity``; the repository takes any scale, so without this
        option none is declared and what needs one refuses), ``sample_id`` (column of the sheet), and the sample
        options.

    Returns
    -------
    AnnData
        Samples x features; ``obs`` holds the factors, ``subject_id`` the subject where the file names one. ``var``:
        ``feature_name`` is the RefMet name where there is one, else the submitted name; identifiers of the metabolites
        keep their columns. ``uns["exomics"]["report"]`` gives the units, the study, metabolites without RefMet name,
        and samples with data but without factors, or the other way round.

    Raises
    ------
    InputError
        If the file is damaged or of another kind, a metabolite or sample occurs twice, or a value is no number.

    Notes
    -----
    Format: mwTab specification of the Metabolomics Workbench (doi:10.1093/nar/gkv1042); RefMet:
    doi:10.1038/s41592-020-01009-y.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("#METABOLOMICS WORKBENCH STUDY_ID:ST1\\nSUBJECT_SAMPLE_FACTORS\\tp1\\ts1\\tTime:pre\\n"
    ...         "MS_METABOLITE_DATA:UNITS\\tpeak area\\nMS_METABOLITE_DATA_START\\nSamples\\ts1\\n"
    ...         "Factors\\tTime:pre\\nlactate\\t12.5\\nMS_METABOLITE_DATA_END\\n#END\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "ST1.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("mwtab", {"mwtab": path}, {"scale": "linear:intensity"})
    >>> data.X.tolist(), data.obs["Time"].tolist(), data.obs["subject_id"].tolist()
    ([[12.5]], ['pre'], ['p1'])
    """
    path = only_file(files, "mwtab")
    options = {**_OPTIONS, **manifest.options}
    found = read_workbench(path)
    labels, samples = [str(name) for name in found.fields.index], [str(name) for name in found.fields.columns]
    if not labels or not samples:
        raise InputError(f"{path}: expected metabolites and samples; got {len(labels)} and {len(samples)}.")
    require_labels(labels, "metabolites", path)
    require_labels(samples, "samples", path)
    values, notes = number_columns(found.fields, list(found.fields.columns), path, missing=_MISSING)
    own = found.samples.reindex(samples).rename(columns={"subject": keys.SUBJECT_ID})
    obs, matched = samples_of(samples, files, options, own=own)
    var, refmet = _metabolites(found.metabolites, labels)
    report = {
        "units": found.units,
        "study": found.header.get("STUDY_ID", ""),
        "samples_without_factors": [name for name in samples if name not in found.samples.index],
        "factors_without_sample": [str(name) for name in found.samples.index if name not in set(samples)],
        "metabolites_without_refmet": int((refmet == "").sum()),
        "zeros": int((values == 0).sum()),
        "n_missing": int(np.isnan(values).sum()),
        "notes": [*found.notes, *notes],
        **matched,
    }
    expression = Expression(values.T, obs, var)
    return assemble(expression, assay="metabolite", scale=scale_from(manifest), manifest=manifest, report=report)


def _metabolites(described: pd.DataFrame, labels: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The features' frame, and the RefMet name of each, "" where there is none."""
    rows = described.reindex(labels)
    column = next((name for name in _REFMET if name in rows), None)
    refmet = np.array(["" if column is None or pd.isna(word) else str(word) for word in rows.get(column, labels)])
    names = [name or label.partition("|")[0] for name, label in zip(refmet, labels, strict=True)]
    index = pd.Index(labels, dtype=object)
    added = {keys.FEATURE_NAME: names, keys.FEATURE_TYPE: "metabolite", "refmet_name": list(refmet)}
    rest = rows.drop(columns=[name for name in rows if name in (*added, column)])
    return pd.concat([pd.DataFrame(added, index=index), rest.set_axis(index, axis=0)], axis=1), refmet


MWTAB = MethodSpec(
    name="mwtab",
    kind="loader",
    title="Metabolomics Workbench: mwTab, its JSON, and the REST service's JSON",
    function=load_mwtab,
    reference="10.1093/nar/gkv1042",
    input_scale=("linear", "log2"),
    feature_types=("metabolite",),
    parameters=_OPTIONS,
    evidence="format-only",
)
