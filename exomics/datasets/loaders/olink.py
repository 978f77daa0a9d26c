"""Olink NPX, long or wide, in text, workbook or parquet: limits of detection and warnings as layers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._mangled import mangled_report
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._olink_wide import long_of
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import read_text_table
from exomics.datasets.loaders._workbooks import WORKBOOKS, grid_of, read_columns
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_ASSAY: Final = ("UniProt", "Assay", "Panel", "Panel_Version", "Panel_Lot_Nr", "Block", "MissingFreq", "Normalization")
_VALUES: Final = ("NPX", "PCNormalizedNPX", "ExtNPX", "Count", "LOD", "Index", "WellID", "IntraCV", "InterCV")
_WARNINGS: Final = ("QC_Warning", "SampleQC", "AssayQC", "Assay_Warning")
_OPTIONS: Final[Mapping[str, Any]] = {"value": "NPX", "controls": "drop", "sample_id": None, **SAMPLE_OPTIONS}


def load_olink(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Proximity extension assays of Olink.

    Parameters
    ----------
    files
        Role ``npx``: an export, long (``SampleID, OlinkID, UniProt, Assay, Panel, PlateID, QC_Warning, LOD, NPX``;
        text, ``.xlsx`` or ``.parquet``) or wide (text or ``.xlsx``). Optional ``samples``: a sheet.
    manifest
        Options: ``value`` (``NPX``, or another log2 column such as ``PCNormalizedNPX``), ``controls`` (``drop``,
        default, leaves out control samples and reports them; ``keep``), ``sample_id`` (column of the sheet), and the
        sample options.

    Returns
    -------
    AnnData
        Samples x features, log2 NPX; features by OlinkID. A value below the limit of detection stays as measured.
        Layers ``lod`` (the limit, NaN where none is given), ``below_lod`` and ``qc_warning``. ``obs`` keeps the columns
        that do not change within a sample; a plate that differs between panels is ``PlateID <panel>``.
        ``uns["exomics"]["report"]`` counts controls, values below the limit, warnings, and missing combinations.

    Raises
    ------
    InputError
        If a needed column is missing, a sample has two values of an assay, or a value is no number.

    Notes
    -----
    Values below the limit are kept, as Olink advises for NPX; a test may censor them by the layer. Columns as in the
    documentation of OlinkAnalyze (``read_NPX``).

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("SampleID,OlinkID,UniProt,Assay,Panel,PlateID,QC_Warning,LOD,NPX\\n"
    ...         "A1,OID1,P1,IL6,Inflammation,p1,Pass,1.5,3.25\\nA2,OID1,P1,IL6,Inflammation,p1,Warning,1.5,0.5\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "npx.csv"
    ...     written = path.write_text(text)
    ...     data = load_files("olink", {"npx": path})
    >>> data.X.ravel().tolist(), data.layers["below_lod"].ravel().tolist(), data.layers["qc_warning"].ravel().tolist()
    ([3.25, 0.5], [False, True], [False, True])
    """
    path = only_file(files, "npx")
    options = {**_OPTIONS, **manifest.options}
    frame, notes = _read(path)
    absent = [name for name in ("SampleID", "OlinkID", "Assay", options["value"]) if name not in frame]
    if absent:
        raise InputError(f"{path}: expected the columns {', '.join(absent)}; it has {', '.join(frame.columns[:12])}.")
    frame, dropped = _without_controls(frame, options["controls"], path)
    values, made = _pivoted(frame, options["value"], path)
    lod, _ = _pivoted(frame, "LOD", path) if "LOD" in frame else (values * np.nan, [])
    warned = _warnings(frame).reindex(index=values.index, columns=values.columns)
    below = (values < lod).to_numpy()
    layers = {"lod": lod.to_numpy(), "below_lod": below, "qc_warning": warned.to_numpy()}
    obs, matched = samples_of(list(values.index), files, options, own=_samples(frame, list(values.index)))
    report = {
        **dropped,
        **matched,
        "notes": [*notes, *made],
        "n_below_lod": int(below.sum()),
        "n_warnings": int(warned.to_numpy().sum()),
        "n_missing": int(values.isna().to_numpy().sum()),
        "assays_without_lod": int(lod.isna().all().sum()),
        **mangled_report([str(word) for word in frame["Assay"].unique()]),
    }
    expression = Expression(values.to_numpy(), obs, _assays(frame, list(values.columns)), layers)
    scale = Scale(kind="log2", quantity="npx")
    return assemble(expression, assay="protein", scale=scale, manifest=manifest, report=report)


def _read(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The long export, or a wide one made long."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return read_columns(path), []
    if suffix not in WORKBOOKS:
        lines, _ = lines_of(path)
        if "OlinkID" in lines[0]:
            table = read_text_table(path, missing=("", "NA", "NaN"))
            return table.frame, list(table.format.notes)
    grid = grid_of(path)
    if grid and "OlinkID" in grid[0]:
        frame = pd.DataFrame([row for row in grid[1:] if any(row)], columns=grid[0], dtype=object)
        if not frame.columns.is_unique:
            raise InputError(f"{path}: the names of the columns must be unique; rename those that occur twice.")
        return frame.where(frame != "", np.nan), []
    return long_of(grid, path), ["the wide export was read"]


def _without_controls(frame: pd.DataFrame, controls: str, path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of samples and of assays proper; controls of either kind are counted."""
    if controls not in ("drop", "keep"):
        raise InputError(f"the option `controls` must be drop or keep; got {controls!r}.")
    named = frame["SampleID"].astype(str).str.contains("CONTROL", case=False)
    control = frame["SampleType"].astype(str).str.upper() != "SAMPLE" if "SampleType" in frame else named
    inner = ~frame["AssayType"].astype(str).str.lower().eq("assay") if "AssayType" in frame else named & False
    labels = list(dict.fromkeys(frame.loc[control, "SampleID"].astype(str)))
    report = {"control_samples": labels, "control_assays": int(frame.loc[inner, "OlinkID"].nunique())}
    kept = frame[~inner & ~control] if controls == "drop" else frame[~inner]
    if kept.empty:
        raise InputError(f"{path}: no row is left beside controls; give controls=keep, or a file with samples.")
    return kept, {**report, "controls": controls}


def _pivoted(frame: pd.DataFrame, column: str, path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Samples x assays of one column, both in the order in which they first occur."""
    held = frame[["SampleID", "OlinkID"]]
    if held.isna().any(axis=None):
        raise InputError(
            f"{path}: every row needs SampleID and OlinkID; {int(held.isna().any(axis=1).sum())} lack one."
        )
    twice = held[held.duplicated()]
    if len(twice):
        raise InputError(
            f"{path}: expected one row per sample and assay; {twice['SampleID'].iloc[0]} has {len(twice)} further rows "
            f"such as {twice['OlinkID'].iloc[0]}. Give repeated samples names of their own."
        )
    numbers, notes = number_columns(frame, [column], path)
    samples, assays = (list(dict.fromkeys(held[name])) for name in ("SampleID", "OlinkID"))
    made = held.assign(value=numbers[:, 0]).pivot(index="SampleID", columns="OlinkID", values="value")
    return made.loc[samples, assays], notes


def _warnings(frame: pd.DataFrame) -> pd.DataFrame:
    """Whether a value carries a warning of its sample or of its assay."""
    columns = [name for name in _WARNINGS if name in frame]
    warned = np.zeros(len(frame), dtype=bool)
    for name in columns:
        warned |= ~frame[name].astype(str).str.upper().isin(["PASS", "NA", "NAN", ""]).to_numpy()
    wide = frame[["SampleID", "OlinkID"]].assign(value=warned.astype(np.float64))
    return wide.pivot(index="SampleID", columns="OlinkID", values="value") > 0


def _samples(frame: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """What does not change within a sample; plates by panel where they do."""
    columns = [
        name for name in frame if name not in (*_ASSAY, *_VALUES, *_WARNINGS, "SampleID", "OlinkID", "AssayType")
    ]
    distinct = frame[["SampleID", *columns]].groupby("SampleID").nunique(dropna=False)
    constant = [name for name in columns if (distinct[name] == 1).all()]
    own = frame[["SampleID", *constant]].drop_duplicates("SampleID").set_index("SampleID")
    if "PlateID" in columns and "PlateID" not in constant and "Panel" in frame:
        plates = frame.drop_duplicates(["SampleID", "Panel"]).pivot(index="SampleID", columns="Panel", values="PlateID")
        own = own.join(plates.add_prefix("PlateID "))
    return own.loc[labels].rename(columns={"PlateID": keys.BATCH})


def _assays(frame: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    described = frame.drop_duplicates("OlinkID").set_index("OlinkID").loc[labels]
    added = {keys.FEATURE_NAME: names_or_empty(described["Assay"]), keys.FEATURE_TYPE: "protein"}
    rest = described[[name for name in _ASSAY if name in described]].rename(columns=str.lower)
    return pd.concat([pd.DataFrame(added, index=described.index), rest], axis=1)


OLINK = MethodSpec(
    name="olink",
    kind="loader",
    title="Olink NPX, long or wide (csv, xlsx, parquet), with limits of detection and warnings",
    function=load_olink,
    reference="10.1371/journal.pone.0095192",
    input_scale=("log2",),
    feature_types=("protein",),
    parameters=_OPTIONS,
)
