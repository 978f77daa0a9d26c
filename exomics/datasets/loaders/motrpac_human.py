"""MoTrPAC human pre-suspension summary statistics: mean and SD of each feature by arm and time point."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._text_table import few
from exomics.datasets.loaders.motrpac_differential import numbers, read_frame
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

_COLUMNS: Final = {"randomGroupCode": "arm", "Timepoint": "time_point", "feature_id": "feature_id"}
_NUMBERS: Final = {"Count": "n", "Mean": "mean", "SD": "sd"}
_DESCRIBED: Final = ("tissue", "assay", "platform")
_OPTIONS: Final[Mapping[str, Any]] = {"object": None}


def load_motrpac_human(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """Summary statistics of the human study: samples x features only as their means per arm and time point.

    Parameters
    ----------
    files
        Role ``data``: a ``*_SUM_STATS`` object of MotrpacHumanPreSuspensionAnalysis, or the same table as delimited
        text: ``randomGroupCode, feature_id, Timepoint, Count, Mean, SD, tissue, assay`` and, for metabolites,
        ``platform``.
    manifest
        Option ``object``: name in an R file that holds several.

    Returns
    -------
    pandas.DataFrame
        ``tissue, assay, platform, feature_id, arm, time_point, n, mean, sd, standard_error``, in the order of the
        source. They describe; they are no test.

    Raises
    ------
    InputError
        If a column is missing, a count is no whole number, a spread is negative, or a row occurs twice.

    Notes
    -----
    ``standard_error = SD / sqrt(Count)``. Values missing in the source are left out of its means.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_table_files
    >>> text = ("tissue,assay,randomGroupCode,Timepoint,feature_id,Count,Mean,SD\\n"
    ...         "muscle,prot-pr,ADUEndur,pre_exercise,P1,16,2.5,0.4\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sum_stats.csv"
    ...     written = path.write_text(text)
    ...     table = load_table_files("motrpac_human", {"data": path})
    >>> table[["arm", "n", "mean", "standard_error"]].values.tolist()
    [['ADUEndur', 16, 2.5, 0.1]]
    """
    path = only_file(files, "data")
    frame = read_frame(path, manifest.options.get("object"))
    absent = [name for name in (*_COLUMNS, *_NUMBERS) if name not in frame]
    if absent:
        raise InputError(f"{path}: expected the columns {', '.join(absent)}; it has {few(frame)}.")
    texts = {name: _text(frame, name) for name in _DESCRIBED}
    texts |= {ours: _text(frame, theirs) for theirs, ours in _COLUMNS.items()}
    held = {ours: numbers(frame, theirs, path) for theirs, ours in _NUMBERS.items()}
    if not ((held["n"] >= 0) & (held["n"] % 1 == 0)).all() or (held["sd"] < 0).any():
        raise InputError(f"{path}: Count must hold whole numbers and SD no negative ones; write the table again.")
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(held["n"] > 0, held["sd"] / np.sqrt(held["n"]), np.nan)
    made = pd.DataFrame({**texts, **held, "standard_error": error}).astype({"n": np.int64})
    repeated = made[made.duplicated(["tissue", "assay", "platform", "feature_id", "arm", "time_point"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(
            f"{path}: expected one row per feature, arm and time point; {len(repeated)} occur twice "
            f"({first['feature_id']}, {first['arm']}, {first['time_point']})."
        )
    return made


def _text(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(word) else str(word) for word in frame[column]]


MOTRPAC_HUMAN = MethodSpec(
    name="motrpac_human",
    kind="loader",
    title="MoTrPAC human pre-suspension summary statistics",
    function=load_motrpac_human,
    species=("human",),
    parameters=_OPTIONS,
    evidence="format-only",
)
