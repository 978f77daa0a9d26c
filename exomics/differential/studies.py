"""Studies side by side: one contrast of each, feature by feature, across species where orthologs say which is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.harmonize import OrthologTable
from exomics.harmonize.orthologs import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE
from exomics.results import DifferentialTable
from exomics.schema import keys

RELATIONS = (ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, MANY_TO_MANY)
_NUMBERS = ("log2_fold_change", "standard_error", "p_value", "n_samples")


@dataclass(frozen=True, kw_only=True)
class Study:
    """One contrast of one study, as it enters a combination of studies.

    Parameters
    ----------
    table
        Its differential table.
    contrast
        Name of the contrast.
    orthologs
        Of the species of the study, to carry its gene symbols to human ones; None for a study whose features are
        those of the result.
    relations
        Kinds of ortholog pairs that count: ``1:1``, ``1:n``, ``n:1``, ``n:m``.
    """

    table: DifferentialTable
    contrast: str
    orthologs: OrthologTable | None = None
    relations: tuple[str, ...] = (ONE_TO_ONE,)


@dataclass(frozen=True)
class AlignedStudies:
    """The features of all studies.

    Parameters
    ----------
    studies
        Names, in order.
    features, names
        Ids and names of the rows.
    effects, errors, p_values, sizes
        (n_features, n_studies); NaN where a study has no such feature.
    relation, support
        The least certain kind of ortholog pair of a feature, "" where none was needed, and the fewest databases that
        agree on one, NaN where none was needed.
    notes
        What was left out, in words.
    """

    studies: tuple[str, ...]
    features: pd.Index
    names: np.ndarray
    effects: FloatArray
    errors: FloatArray
    p_values: FloatArray
    sizes: FloatArray
    relation: np.ndarray
    support: FloatArray
    notes: tuple[str, ...]


def align_studies(studies: Mapping[str, Study], by: str = "") -> AlignedStudies:
    """One contrast of each study, feature by feature.

    Parameters
    ----------
    studies
        Name -> study.
    by
        Column by which features are the same: ``feature_id`` or ``feature_name``; "" is the id, or the name (the gene
        symbol) as soon as a study is carried over by orthologs. Of several features of a name the one with the
        highest mean expression counts.

    Returns
    -------
    AlignedStudies
        Every feature of any study, in order of appearance.

    Raises
    ------
    InputError
        If there are fewer than two studies, a contrast is absent, an id occurs twice, or no feature is shared.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> frame = pd.DataFrame({column: [np.nan] * 2 for column in DifferentialTable.columns})
    >>> frame = frame.assign(feature_id=["a", "b"], contrast="training", log2_fold_change=[0.5, 0.1], n_samples=10)
    >>> study = Study(table=DifferentialTable(frame, Provenance(method="fit")), contrast="training")
    >>> align_studies({"x": study, "y": study}).effects.tolist()
    [[0.5, 0.5], [0.1, 0.1]]
    """
    if len(studies) < 2:
        raise InputError(f"studies are combined from two on; got {len(studies)}.")
    mapped = any(study.orthologs is not None for study in studies.values())
    column = by or (keys.FEATURE_NAME if mapped else keys.FEATURE_ID)
    if column not in (keys.FEATURE_ID, keys.FEATURE_NAME) or (mapped and column == keys.FEATURE_ID):
        raise InputError(f"features are matched by feature_id or feature_name, across species by name; got {by!r}.")
    parts = {name: _rows(name, study, column) for name, study in studies.items()}
    features = pd.Index(list(dict.fromkeys(label for part in parts.values() for label in part.index)), dtype=object)
    placed = [part.reindex(features) for part in parts.values()]
    if not (np.column_stack([part["there"].notna() for part in placed]).sum(axis=1) > 1).any():
        raise InputError(f"the studies share no {column}; harmonize their identifiers, or match them by the other one.")
    effects, errors, p_values, sizes = (
        np.column_stack([part[name].to_numpy(dtype=np.float64) for part in placed]) for name in _NUMBERS
    )
    names = pd.concat([part["name"] for part in parts.values()]).groupby(level=0, sort=False).first()
    relation, support = _certainty(placed)
    return AlignedStudies(
        tuple(studies),
        features,
        names.reindex(features).to_numpy(dtype=object),
        effects,
        errors,
        p_values,
        sizes,
        relation,
        support,
        tuple(part.attrs["note"] for part in parts.values() if part.attrs["note"]),
    )


def _rows(name: str, study: Study, column: str) -> pd.DataFrame:
    frame = study.table.frame
    rows = frame[frame["contrast"] == study.contrast]
    if rows.empty:
        known = ", ".join(dict.fromkeys(frame["contrast"]))
        raise InputError(f"the table of {name} has no contrast {study.contrast!r}; it has {known}.")
    repeated = rows.loc[rows["feature_id"].duplicated(), "feature_id"]
    if len(repeated):
        raise InputError(
            f"the table of {name} has {repeated.iloc[0]} twice in {study.contrast!r}; keep one row per feature."
        )
    labelled = rows.assign(label=rows[column], relation="", support=np.nan)
    if study.orthologs is not None:
        labelled = _human(labelled, study.orthologs, study.relations)
    kept = labelled[labelled["label"] != ""].sort_values("mean_expression", ascending=False, kind="stable")
    single = kept.drop_duplicates("label").sort_index(kind="stable")
    found = single.set_index("label")[[*_NUMBERS, "relation", "support"]].assign(there=True)
    shown = single["label"] if column == keys.FEATURE_NAME else single["feature_name"]
    found = found.assign(name=shown.to_numpy())
    lost = len(rows) - single["feature_id"].nunique()
    what = "human ortholog" if study.orthologs is not None else column
    note = f"{name}: {lost} of {len(rows)} features left out, without a {what} of their own"
    found.attrs["note"] = note if lost else ""
    return found


def _human(rows: pd.DataFrame, orthologs: OrthologTable, relations: tuple[str, ...]) -> pd.DataFrame:
    """The rows under their human symbols: a symbol of several human genes gives a row for each."""
    pairs = orthologs.pairs[orthologs.pairs["relation"].isin(relations)]
    renamed = pairs.rename(columns={"other": "label", "relation": "relation_of_pair", "support": "support_of_pair"})
    joined = rows.reset_index(drop=True).merge(renamed, on="label", how="inner", sort=False)
    return joined.assign(
        label=joined["human"], relation=joined["relation_of_pair"], support=joined["support_of_pair"].astype(np.float64)
    )


def _certainty(placed: list[pd.DataFrame]) -> tuple[np.ndarray, FloatArray]:
    order = np.array(["", *RELATIONS], dtype=object)
    ranks = np.column_stack([pd.Index(order).get_indexer(part["relation"].fillna("")) for part in placed])
    supports = np.column_stack([part["support"].to_numpy(dtype=np.float64) for part in placed])
    return order[ranks.max(axis=1)], np.fmin.reduce(supports, axis=1)
