"""MoTrPAC multiplexed immunoassays: fluorescence of each analyte and vial, one panel or several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, scale_from
from exomics.datasets.loaders._motrpac_codes import specimen_of_file
from exomics.datasets.loaders._native_tables import animals_of
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._text_table import read_text_table, require_labels
from exomics.datasets.loaders.motrpac import sample_table, unknown_samples
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_VIAL: Final = re.compile(r"X?(\d{8,11})")
_CONTROL: Final = re.compile(r"CHEX\d*", re.IGNORECASE)
_DESCRIBED: Final = ("plate", "well", "panel", "panel_name", "sample_type", "bid", "pid", "labelid")
_OPTIONS: Final[Mapping[str, Any]] = {"specimen": None, "scale": None}


def load_motrpac_immunoassay(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Luminex panels of the consortium, joined to their animals.

    Parameters
    ----------
    files
        Role ``mfi``, or ``mfi.<panel>`` for each of several (``mfi.rat-mag27plex``): a delimited table with vials in
        rows and analytes in columns, or the other way round. Optional ``phenotypes`` (``viallabel, pid, sex, group``).
    manifest
        Options: ``specimen`` (else by the tissue number in the file's name), ``scale`` (else linear fluorescence, or
        log2 where the file's name says ``log2``).

    Returns
    -------
    AnnData
        Samples x features: vials x analytes, ``<panel>:<analyte>`` where a panel is named; missing where a panel lacks
        the vial. ``var["is_control"]`` flags the assay's own control beads (CHEX). ``uns["exomics"]["report"]`` states
        the orientation and names rows that are no vial (standards, blanks), which are left out.

    Raises
    ------
    InputError
        If no vial is found, a vial or analyte occurs twice, a value is no number, or a vial has no animal.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pass1b-06_t31-plasma_immunoassay_mfi.txt"
    ...     written = path.write_text("vial_label\\tIL6\\tCHEX1\\n90217013104\\t25\\t900\\nBlank\\t2\\t3\\n")
    ...     data = load_files("motrpac_immunoassay", {"mfi.rat-mag27plex": path})
    >>> data.X.tolist(), list(data.var_names), data.obs["specimen"].tolist()
    ([[25.0, 900.0]], ['rat-mag27plex:IL6', 'rat-mag27plex:CHEX1'], ['plasma'])
    """
    options = {**_OPTIONS, **manifest.options}
    panels = {role.partition(".")[2]: path for role, path in files.items() if role.partition(".")[0] == "mfi"}
    if not panels:
        raise InputError(f"expected the role mfi, or mfi.<panel>; got {', '.join(files) or 'none'}.")
    tables = {panel: _panel(path) for panel, path in panels.items()}
    vials = list(dict.fromkeys(label for table, _ in tables.values() for label in table.index))
    values = np.hstack([table.reindex(vials).to_numpy() for table, _ in tables.values()])
    features = [(panel, analyte) for panel, (table, _) in tables.items() for analyte in table.columns]
    labels = [f"{panel}:{analyte}" if panel else analyte for panel, analyte in features]
    var = pd.DataFrame(
        {
            keys.FEATURE_NAME: [analyte for _, analyte in features],
            keys.FEATURE_TYPE: "protein",
            "panel": [panel for panel, _ in features],
            "is_control": [bool(_CONTROL.fullmatch(analyte)) for _, analyte in features],
        },
        index=pd.Index(labels, dtype=object),
    )
    first = next(iter(panels.values()))
    obs = _obs(files, vials)
    obs[keys.SPECIMEN] = options["specimen"] or specimen_of_file(first.name)
    is_log2 = all("log2" in path.name.lower() for path in panels.values())
    scale = scale_from(manifest, Scale(kind="log2" if is_log2 else "linear", quantity="intensity"))
    report = {"panels": {panel or "-": found for panel, (_, found) in tables.items()}}
    expression = Expression(values, obs, var)
    return assemble(expression, assay="protein", scale=scale, manifest=manifest, report=report)


def _panel(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Vials x analytes, and what was left out."""
    table = read_text_table(path, missing=("", "NA", "NaN"))
    frame = table.frame
    head = [str(name) for name in frame.columns]
    in_columns = [name for name in head[1:] if _VIAL.fullmatch(name)]
    first = frame.iloc[:, 0].astype(str)
    in_rows = first.str.fullmatch(_VIAL.pattern).to_numpy(dtype=bool)
    if in_columns:
        labels, names = list(first), in_columns
        values, notes = number_columns(frame, in_columns, path)
        made = pd.DataFrame(values.T, index=[_vial(name) for name in names], columns=labels)
        left = [name for name in head[1:] if name not in set(in_columns)]
    elif in_rows.any():
        analytes = [name for name in head[1:] if name.lower() not in _DESCRIBED]
        values, notes = number_columns(frame[in_rows], analytes, path)
        made = pd.DataFrame(values, index=[_vial(name) for name in first[in_rows]], columns=analytes)
        left = list(first[~in_rows])
    else:
        raise InputError(f"{path}: expected vial labels (8 to 11 digits) in the first column or row; there are none.")
    require_labels(list(made.index), "vials", path)
    require_labels(list(made.columns), "analytes", path)
    report = {"vials_in": "columns" if in_columns else "rows", "left_out": left}
    return made, {**report, "notes": [*table.format.notes, *notes]}


def _vial(label: str) -> str:
    return label.removeprefix("X")


def _obs(files: Mapping[str, Path], vials: list[str]) -> pd.DataFrame:
    if "phenotypes" in files:
        return sample_table(animals_of(files["phenotypes"], vials).loc[vials], files["phenotypes"])
    return pd.DataFrame(unknown_samples(len(vials)), index=pd.Index(vials, dtype=object))


MOTRPAC_IMMUNOASSAY = MethodSpec(
    name="motrpac_immunoassay",
    kind="loader",
    title="MoTrPAC multiplexed immunoassays, one panel or several",
    function=load_motrpac_immunoassay,
    reference="10.1038/s41586-023-06877-w",
    species=("rat",),
    feature_types=("protein",),
    parameters=_OPTIONS,
    evidence="format-only",
)
