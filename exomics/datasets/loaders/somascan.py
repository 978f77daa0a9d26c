"""SomaScan ADAT: a text file of four sections, with the aptamers described above and the samples beside the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

TABLE: Final = "^TABLE_BEGIN"
_OPTIONS: Final[Mapping[str, Any]] = {
    "sample_column": "SampleId",
    "controls": "drop",
    "sample_id": None,
    **SAMPLE_OPTIONS,
}


@dataclass(frozen=True)
class Adat:
    """The table: values (n_samples, n_aptamers), what describes samples and aptamers, and the header."""

    values: np.ndarray
    samples: pd.DataFrame
    aptamers: pd.DataFrame
    header: dict[str, str]
    notes: tuple[str, ...]


def load_somascan(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Aptamer measurements of SomaScan.

    Parameters
    ----------
    files
        Role ``adat``: an ``.adat`` file. Optional ``samples``: a sheet.
    manifest
        Options: ``sample_column`` (default ``SampleId``), ``controls`` (``drop``, default, leaves out buffers,
        calibrators and QC pools and reports them; ``keep``), ``sample_id`` (column of the sheet), and the sample
        options.

    Returns
    -------
    AnnData
        Samples x features: aptamers by ``SeqId``, linear relative fluorescence. ``var`` holds the ADAT's own columns,
        ``is_control`` (no human protein: hybridization controls, spuriomers, other organisms) and ``is_flagged``
        (``ColCheck``); ``obs["qc_flag"]`` the samples whose ``RowCheck`` is not PASS. Nothing flagged is dropped.
        ``uns["exomics"]["report"]`` names the sample types left out and the vendor's processing steps.

    Raises
    ------
    InputError
        If the file has no table, a row has another number of fields, a sample or aptamer occurs twice, or a value is no
        number.

    Notes
    -----
    Sections as in "ADAT File Format" of SomaLogic-Data: HEADER, COL_DATA, ROW_DATA and TABLE_BEGIN.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("^HEADER\\n!Version\\t1.2\\n^COL_DATA\\n!Name\\tSeqId\\n^ROW_DATA\\n!Name\\tSampleId\\n"
    ...         "^TABLE_BEGIN\\n\\t\\tSeqId\\t10-28\\n\\t\\tEntrezGeneSymbol\\tIL6\\n"
    ...         "SampleId\\tSampleType\\t\\t\\ns1\\tSample\\t\\t345.5\\nb1\\tBuffer\\t\\t20.1\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "study.adat"
    ...     written = path.write_text(text)
    ...     data = load_files("somascan", {"adat": path})
    >>> data.X.tolist(), list(data.var_names), list(data.obs_names)
    ([[345.5]], ['10-28'], ['s1'])
    """
    path = only_file(files, "adat")
    options = {**_OPTIONS, **manifest.options}
    adat = read_adat(path)
    kept, left_out = _chosen(adat.samples, options["controls"], path)
    column = options["sample_column"]
    if column not in adat.samples:
        raise InputError(f"{path}: no column {column!r} of the samples; there are {', '.join(adat.samples.columns)}.")
    labels = ["" if pd.isna(word) else str(word) for word in adat.samples.loc[kept, column]]
    require_labels(labels, f"samples by {column}", path)
    own = adat.samples[kept].rename(columns={"PlateId": keys.BATCH})
    obs, matched = samples_of(labels, files, options, own=own)
    checks = own["RowCheck"] if "RowCheck" in own else pd.Series("PASS", index=own.index)
    failed = (checks.notna() & (checks != "PASS")).to_numpy()
    obs[keys.QC_FLAG] = np.where(failed, "RowCheck is not PASS", "")
    var = _features(adat.aptamers, path)
    report = {
        "dropped_samples": left_out,
        **matched,
        "n_control_aptamers": int(var["is_control"].sum()),
        "n_flagged_aptamers": int(var["is_flagged"].sum()),
        "n_flagged_samples": int(failed.sum()),
        "processing": adat.header.get("ProcessSteps", ""),
        "notes": list(adat.notes),
    }
    scale = Scale(kind="linear", quantity="intensity")
    expression = Expression(adat.values[kept], obs, var)
    return assemble(expression, assay="protein", scale=scale, manifest=manifest, report=report)


def read_adat(path: Path) -> Adat:
    """The sections of an ADAT file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Adat
    """
    lines, notes = lines_of(path)
    starts = [number for number, line in enumerate(lines) if line.rstrip("\t ") == TABLE]
    if len(starts) != 1:
        raise InputError(f"{path}: expected one section {TABLE}, as an ADAT has; got {len(starts)}.")
    table = [
        (number, line.split("\t")) for number, line in enumerate(lines, 1) if number > starts[0] + 1 and line.strip()
    ]
    first = next((place for place, (_, row) in enumerate(table) if row[0].strip()), None)
    if not first:
        raise InputError(f"{path}: expected rows that describe the aptamers, then the samples' header; one is missing.")
    described = [row for _, row in table[:first]]
    offset = next((place for place, word in enumerate(described[0]) if word.strip()), 0)
    width = max(len(row) for row in described)
    names = [word.strip() for word in table[first][1][:offset]]
    require_labels(names, "sample columns", path)
    if len(table) == first + 1:
        raise InputError(f"{path}: no sample stands below the samples' header; fetch it again.")
    for number, row in table[first + 1 :]:
        if len(row) != width:
            raise InputError(
                f"{path}: line {number} has {len(row)} fields, the aptamers' rows {width}; fetch it again."
            )
    fields = [row[offset] for row in described]
    require_labels(fields, "rows that describe aptamers", path)
    rows = [row + [""] * (width - len(row)) for row in described]
    aptamers = _frame([row[offset + 1 :] for row in rows], fields).T
    samples = _frame([row[:offset] for _, row in table[first + 1 :]], None, names)
    values, mended = _values([row[offset + 1 :] for _, row in table[first + 1 :]], path)
    return Adat(values, samples, aptamers, _header(lines[: starts[0]]), (*notes, *mended))


def _frame(rows: Sequence[Sequence[str]], index: list[str] | None, columns: list[str] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame([list(row) for row in rows], index=index, columns=columns, dtype=object)
    return frame.where(~frame.isin(["", "NA"]), np.nan)


def _values(rows: list[list[str]], path: Path) -> tuple[np.ndarray, list[str]]:
    frame = pd.DataFrame(rows, dtype=object)
    return number_columns(frame, list(frame.columns), path)


def _header(lines: Sequence[str]) -> dict[str, str]:
    """The fields of the header, without the marks before their names."""
    pairs = [line.lstrip("!").partition("\t") for line in lines if line.startswith("!")]
    return {name: value.strip() for name, _, value in pairs}


def _chosen(samples: pd.DataFrame, controls: str, path: Path) -> tuple[np.ndarray, dict[str, int]]:
    """Which rows are samples, and how many of each other type are left out."""
    if controls not in ("drop", "keep"):
        raise InputError(f"the option `controls` must be drop or keep; got {controls!r}.")
    if "SampleType" not in samples or controls == "keep":
        return np.ones(len(samples), dtype=bool), {}
    kept = (samples["SampleType"] == "Sample").to_numpy()
    if not kept.any():
        raise InputError(f"{path}: no row has the SampleType Sample; give controls=keep to load the others.")
    return kept, {str(word): int(n) for word, n in samples.loc[~kept, "SampleType"].value_counts().items()}


def _features(aptamers: pd.DataFrame, path: Path) -> pd.DataFrame:
    if "SeqId" not in aptamers:
        raise InputError(f"{path}: expected a row SeqId above the samples; there are {', '.join(aptamers.columns)}.")
    labels = names_or_empty(aptamers["SeqId"])
    require_labels(labels, "aptamers", path)
    name = next((column for column in ("EntrezGeneSymbol", "Target") if column in aptamers), None)
    kind = aptamers["Type"] == "Protein" if "Type" in aptamers else pd.Series(True, index=aptamers.index)
    human = aptamers["Organism"].isin(["Human", np.nan]) if "Organism" in aptamers else kind
    check = aptamers["ColCheck"] if "ColCheck" in aptamers else pd.Series(np.nan, index=aptamers.index)
    added = {
        keys.FEATURE_NAME: names_or_empty(aptamers[name]) if name else [""] * len(labels),
        keys.FEATURE_TYPE: "protein",
        "is_control": (~(kind & human)).to_numpy(dtype=bool),
        "is_flagged": (check.notna() & (check != "PASS")).to_numpy(dtype=bool),
    }
    index = pd.Index(labels, dtype=object)
    return pd.concat([pd.DataFrame(added, index=index), aptamers.set_axis(index, axis=0)], axis=1)


SOMASCAN = MethodSpec(
    name="somascan",
    kind="loader",
    title="SomaScan ADAT, with checks of samples and aptamers as flags",
    function=load_somascan,
    reference="10.1371/journal.pone.0015004",
    input_scale=("linear",),
    feature_types=("protein",),
    parameters=_OPTIONS,
    evidence="format-only",
)
