"""The consortium's data frames of samples: features in rows, annotation first, one column per vial or animal."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import text_ids
from exomics.datasets.loaders._native_tables import animals_of, read_animals
from exomics.errors import InputError

_LABEL: Final = re.compile(r"X?(\d{8}|\d{11})")
_IDS: Final = ("feature_ID", "feature_id", "gene_id", "ptm_id", "protein_id")
_PLATFORM: Final = ("dataset", "panel_name", "panel")


@dataclass(frozen=True)
class SampleFrame:
    """Values (features x samples), sample labels, the features' columns by id, and what was left out."""

    values: np.ndarray
    labels: list[str]
    features: pd.DataFrame
    report: dict[str, Any]

    @property
    def by_animal(self) -> bool:
        """Whether the labels are animals (``pid``, eight digits), not vials (eleven)."""
        return all(len(label) == 8 for label in self.labels)


def sample_frame(frame: pd.DataFrame, tissue: str | None, path: Path) -> SampleFrame:
    """A data frame of an R package as a matrix.

    Parameters
    ----------
    frame
        As read; feature ids in a column or as row names.
    tissue
        Rows of this tissue (``SKM-GN``), where the frame holds several.
    path
        The file, for messages.

    Returns
    -------
    SampleFrame
        Columns without any value in the chosen rows are samples of other tissues or platforms; they are left out and
        counted. A feature that several platforms measured is called ``<feature>|<platform>``.

    Raises
    ------
    InputError
        If no column is a vial or animal, the tissue is not told, or an id is missing or repeated.
    """
    rows, dropped = _of_tissue(frame, tissue, path)
    columns = {str(name): found[1] for name in rows.columns if (found := _LABEL.fullmatch(str(name)))}
    if not columns:
        raise InputError(
            f"{path}: expected columns named by vial (11 digits) or animal (8 digits); the table has "
            f"{', '.join(map(str, rows.columns[:6]))}."
        )
    values = rows[list(columns)].to_numpy(dtype=np.float64, na_value=np.nan)
    measured = ~np.isnan(values).all(axis=0)
    features = rows.drop(columns=list(columns))
    identifiers = _identifiers(features, path)
    labels = [label for label, kept in zip(columns.values(), measured, strict=True) if kept]
    report = {**dropped, "samples_without_value": int((~measured).sum())}
    return SampleFrame(values[:, measured], labels, features.set_axis(pd.Index(identifiers), axis=0), report)


def _of_tissue(frame: pd.DataFrame, tissue: str | None, path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    tissues = sorted(set(frame["tissue"].dropna().astype(str))) if "tissue" in frame else []
    if tissue is None and len(tissues) < 2:
        return frame, {}
    if tissue not in tissues:
        raise InputError(
            f"{path}: the table holds the tissues {', '.join(tissues) or 'it does not name'}; choose one with the "
            "option `tissue`."
        )
    kept = (frame["tissue"].astype(str) == tissue).to_numpy()
    return frame[kept], {"tissue": tissue, "rows_of_other_tissues": int((~kept).sum())}


def _identifiers(features: pd.DataFrame, path: Path) -> list[str]:
    column = next((name for name in _IDS if name in features), None)
    named = features[column] if column else pd.Series(features.index, index=features.index)
    platform = next((name for name in _PLATFORM if name in features), None)
    plain = pd.Series(text_ids(named), index=features.index, dtype=object)
    if platform is not None:
        shared = plain.duplicated(keep=False)
        plain = plain.where(~shared, plain + "|" + features[platform].astype(str))
    repeated = plain[plain.duplicated()].unique()
    if plain.isna().any() or len(repeated):
        raise InputError(
            f"{path}: every row needs an id of its own; {int(plain.isna().sum())} are missing and {len(repeated)} "
            f"occur twice ({', '.join(map(str, repeated[:3]))})."
        )
    return [str(label) for label in plain]


def animals_of_samples(path: Path, table: SampleFrame) -> pd.DataFrame:
    """The animals of the samples by label: by vial, or by animal where the table's columns are animals.

    Parameters
    ----------
    path
        A phenotype table with ``viallabel`` and ``pid``.
    table
        The samples.

    Returns
    -------
    pandas.DataFrame
        One row per sample, in their order.

    Raises
    ------
    InputError
        If a sample is not in the table, or an animal has two sexes or groups.
    """
    if not table.by_animal:
        return animals_of(path, table.labels).loc[table.labels]
    animals = read_animals(path)
    kept = [name for name in ("pid", "bid", "sex", "group", "timepoint", "exp_group") if name in animals]
    distinct = animals[kept].drop_duplicates()
    distinct = distinct.set_axis(pd.Index(text_ids(distinct["pid"])), axis=0)
    absent = [label for label in table.labels if label not in distinct.index]
    repeated = distinct.index[distinct.index.duplicated()]
    if absent or len(repeated.intersection(table.labels)):
        raise InputError(
            f"{path}: every animal must be there with one sex and one group; {len(absent)} are missing "
            f"({', '.join(absent[:3])}), {len(repeated)} have several ({', '.join(map(str, repeated[:3]))})."
        )
    return distinct.loc[table.labels]


def whole_counts(values: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Expected counts cut to whole numbers, as the consortium does, and how many were not whole."""
    whole = np.floor(values)
    n = int((whole != values).sum())
    lost = float((values - whole).sum())
    return whole, {"truncated_values": n, "truncated_total": round(lost, 6)} if n else {}


def timepoints(samples: pd.DataFrame, words: Collection[str], path: Path) -> pd.Series:
    """The time points of a sample table: ``timepoint``, else a ``group`` that holds nothing but `words`."""
    if "timepoint" in samples.columns:
        return samples["timepoint"]
    if "group" in samples.columns and set(samples["group"].astype(str).str.upper()) <= set(words):
        return samples["group"]
    raise InputError(f"{path}: expected a column 'timepoint'; the table has {', '.join(map(str, samples.columns))}.")
