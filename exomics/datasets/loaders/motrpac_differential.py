"""The consortium's differential tables, rat and human, in the columns of our differential table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import names_or_empty, only_file, text_ids
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._r_containers import read_r_object
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.results import DifferentialTable

_R_SUFFIXES: Final = (".rda", ".rdata", ".rds")
_OPTIONS: Final[Mapping[str, Any]] = {"object": None}
_WEEKS: Final = {"control": "SED", "1w": "1W", "2w": "2W", "4w": "4W", "8w": "8W"}
_SEXES: Final = {"female": "F", "male": "M"}
_NAMES: Final = ("gene_symbol", "metabolite_refmet", "refmet_name", "standardized_name")
_PLATFORMS: Final = ("dataset", "platform", "panel")
_FIRST: Final = ("tscore", "zscore")
_TESTS: Final = {"tscore": "t", "zscore": "wald"}


def load_motrpac_differential(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """A differential table of the consortium under our column names.

    Parameters
    ----------
    files
        Role ``data``: an R file or delimited text of one of three kinds, told by its columns. Timewise
        (``feature_ID, sex, comparison_group, logFC, logFC_se, p_value``; ``*_DA`` of MotrpacRatTraining6moData and
        ``*timewise-dea*``), training (``feature_ID, p_value_male, p_value_female, p_value``; ``*training-dea*``), and
        human pre-suspension (``feature_id, contrast, logFC, t, p_value``; ``*_DA`` of
        MotrpacHumanPreSuspensionAnalysis).
    manifest
        Option ``object``: name in an R file that holds several.

    Returns
    -------
    pandas.DataFrame
        The columns of `DifferentialTable`. A timewise contrast is spelled as our groups are (``F_8W - F_SED``); the
        training effect has the contrasts ``training``, ``training female`` and ``training male``. What a table does not
        publish stays empty. ``family`` names the rows over which the source adjusted; a feature that several
        platforms measured is called ``<feature>|<platform>``.

    Raises
    ------
    InputError
        If the columns are of none of the three kinds, or a sex or week is an unknown word.

    Notes
    -----
    Rat: p of both sexes are combined by Fisher's sum of logs; adjusted p of the data package are over all tissues of an
    ome (doi:10.1038/s41586-023-06877-w). Human: the published ``degrees_of_freedom`` are not those of the p-value, so
    ours stay empty; ``standard_error = logFC / t``.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_table_files
    >>> text = ("feature_ID\\tsex\\tcomparison_group\\tassay\\tlogFC\\tlogFC_se\\ttscore\\tp_value\\tadj_p_value\\n"
    ...         "NP_1\\tfemale\\t8w\\tPROT\\t0.5\\t0.1\\t5\\t0.001\\t0.01\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "timewise-dea.txt"
    ...     written = path.write_text(text)
    ...     table = load_table_files("motrpac_differential", {"data": path})
    >>> table[["contrast", "log2_fold_change", "test", "family"]].values.tolist()
    [['F_8W - F_SED', 0.5, 't', 'PROT timewise']]
    """
    path = only_file(files, "data")
    frame = read_frame(path, manifest.options.get("object"))
    columns = set(frame.columns)
    if {"comparison_group", "sex", "logFC"} <= columns:
        made = _timewise(frame, path)
    elif {"p_value_male", "p_value_female", "p_value"} <= columns:
        made = _training(frame, path)
    elif {"contrast", "logFC", "p_value"} <= columns and {"feature_id", "feature_ID"} & columns:
        made = _human(frame, path)
    else:
        raise InputError(
            f"{path}: expected a timewise table (sex, comparison_group, logFC), a training table (p_value_male, "
            f"p_value_female) or a human one (contrast, logFC); it has {', '.join(map(str, frame.columns[:10]))}."
        )
    empty = {name: np.nan for name, kind in DifferentialTable.columns.items() if kind == "number"}
    whole = made.assign(**{name: value for name, value in empty.items() if name not in made})
    rest: dict[str, Any] = {"n_samples": pd.NA, "status": "ok", **({} if "note" in made else {"note": ""})}
    whole = whole.assign(**rest)
    return whole[list(DifferentialTable.columns)].reset_index(drop=True)


def read_frame(path: Path, name: str | None) -> pd.DataFrame:
    """The one table of an R file or of delimited text.

    Parameters
    ----------
    path
        The file.
    name
        Of the object, in an R file that holds several.

    Returns
    -------
    pandas.DataFrame
        In R's types, or as text.
    """
    if path.suffix.lower() not in _R_SUFFIXES:
        return read_text_table(path, quoted=".csv" in path.suffixes, missing=("NA", "")).frame
    name, found = read_r_object(path, name)
    if not isinstance(found, pd.DataFrame):
        raise InputError(f"{path}: expected {name!r} to be a data frame; got a {type(found).__name__}.")
    return found


def numbers(frame: pd.DataFrame, column: str, path: Path) -> np.ndarray:
    """A column as numbers, whether R or text held it; all missing where there is none."""
    if column not in frame:
        return np.full(len(frame), np.nan)
    if pd.api.types.is_numeric_dtype(frame[column]):
        return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return number_columns(frame, [column], path)[0][:, 0]


def _identified(frame: pd.DataFrame, keys_of_row: Sequence[str], path: Path) -> pd.DataFrame:
    """Feature ids and names; several rows of one id and contrast are told apart by their platform."""
    column = "feature_ID" if "feature_ID" in frame else "feature_id"
    if column not in frame:
        raise InputError(f"{path}: expected a column feature_ID; it has {', '.join(map(str, frame.columns[:10]))}.")
    labels = pd.Series(text_ids(frame[column]), index=frame.index, dtype=object)
    platform = next((name for name in _PLATFORMS if name in frame), None)
    if platform is not None:
        shared = frame.assign(_label=labels).duplicated(["_label", *keys_of_row], keep=False)
        several = labels.isin(set(labels[shared]))
        labels = labels.where(~several, labels + "|" + frame[platform].astype(str))
    if labels.isna().any():
        raise InputError(f"{path}: {int(labels.isna().sum())} rows have no {column}; expected one in every row.")
    named = next((name for name in _NAMES if name in frame), None)
    names = names_or_empty(frame[named]) if named else [""] * len(frame)
    return pd.DataFrame({"feature_id": labels.astype(str), "feature_name": names}, index=frame.index)


def _words(frame: pd.DataFrame, column: str, known: Mapping[str, str], path: Path) -> pd.Series:
    found = frame[column].astype(str).str.lower()
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise InputError(f"{path}: {column} must be one of {', '.join(known)}; got {', '.join(unknown[:3])}.")
    return found.map(known)


def _timewise(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    sex, week = _words(frame, "sex", _SEXES, path), _words(frame, "comparison_group", _WEEKS, path)
    effect, error = numbers(frame, "logFC", path), numbers(frame, "logFC_se", path)
    statistic = next((name for name in _FIRST if name in frame), "")
    return _identified(frame, ["sex", "comparison_group"], path).assign(
        contrast=(sex + "_" + week + " - " + sex + "_SED").to_numpy(),
        log2_fold_change=effect,
        standard_error=error,
        test=_TESTS.get(statistic, "t"),
        statistic=numbers(frame, statistic, path),
        p_value=numbers(frame, "p_value", path),
        adj_p_value=numbers(frame, "adj_p_value", path),
        family=_family(frame, ("assay",), "timewise"),
    )


def _training(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    test = "F" if "fscore_male" in frame else "lrt"
    base = _identified(frame, [], path).assign(test=test, family=_family(frame, ("assay",), "training"))
    combined = base.assign(
        contrast="training",
        p_value=numbers(frame, "p_value", path),
        adj_p_value=numbers(frame, "adj_p_value", path),
        note="p of both sexes combined by the sum of logs",
    )
    parts = [
        base.assign(
            contrast=f"training {sex}",
            statistic=numbers(frame, f"{'fscore' if test == 'F' else 'lrt'}_{sex}", path),
            p_value=numbers(frame, f"p_value_{sex}", path),
            note="",
        )
        for sex in _SEXES
    ]
    return pd.concat([combined, *parts])


def _human(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    effect, statistic = numbers(frame, "logFC", path), numbers(frame, "t", path)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(statistic != 0, effect / statistic, np.nan)
    return _identified(frame, ["contrast"], path).assign(
        contrast=frame["contrast"].astype(str).to_numpy(),
        log2_fold_change=effect,
        standard_error=error,
        ci_low=numbers(frame, "CI.L_calculated", path),
        ci_high=numbers(frame, "CI.R_calculated", path),
        mean_expression=numbers(frame, "AveExpr", path),
        test="t",
        statistic=statistic,
        p_value=numbers(frame, "p_value", path),
        adj_p_value=numbers(frame, "adj_p_value", path),
        family=_family(frame, ("tissue", "assay", "platform", "contrast"), ""),
    )


def _family(frame: pd.DataFrame, columns: Sequence[str], word: str) -> Any:
    there = [frame[name].astype(object).where(frame[name].notna(), "").astype(str) for name in columns if name in frame]
    joined = [" ".join(part for part in (*row, word) if part) for row in zip(*there, strict=True)]
    return joined or [word] * len(frame)


MOTRPAC_DIFFERENTIAL = MethodSpec(
    name="motrpac_differential",
    kind="loader",
    title="MoTrPAC differential tables: timewise, training, human pre-suspension",
    function=load_motrpac_differential,
    reference="10.1038/s41586-023-06877-w",
    species=("rat", "human"),
    parameters=_OPTIONS,
    evidence="format-only",
)
