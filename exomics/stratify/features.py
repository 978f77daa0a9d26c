"""Study: features, labels and groups of the same samples, checked for what would let an outcome leak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.stats.discrimination import area_under_curve
from exomics.stratify.splits import joined_groups

__all__ = ["Study"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Study:
    """Samples to learn from.

    Parameters
    ----------
    samples
        n_samples identifiers.
    subjects
        Subject of each sample.
    features
        (n_samples, n_features), NaN where not measured.
    names
        n_features names.
    labels
        (n_samples,) 1 for the positive class.
    groups
        (n_samples,) what must stay together, as from `joined_groups`.
    clinical
        (n_samples, n_clinical) numbers known before the outcome; may have no column.
    clinical_names
        Their names.
    positive, endpoint, cohort
        What the positive class is called, of which outcome, in which cohort.
    grouped_by
        The grouping columns, in words.
    inputs
        Of the provenance.
    """

    samples: tuple[str, ...]
    subjects: tuple[str, ...]
    features: FloatArray
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    clinical: FloatArray
    clinical_names: tuple[str, ...] = ()
    positive: str = "1"
    endpoint: str = "outcome"
    cohort: str = "study"
    grouped_by: str = "subject_id"
    inputs: tuple[dict[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        features: pd.DataFrame,
        outcome: pd.Series,
        groups: pd.DataFrame,
        *,
        positive: object = 1,
        clinical: pd.DataFrame | None = None,
        **told: Any,
    ) -> Self:
        """Put together what belongs to the same samples, and refuse what would leak.

        Parameters
        ----------
        features
            (n, n_features) numbers, one row per sample.
        outcome
            Two classes, one value per sample; samples without a value are left out.
        groups
            Grouping columns per sample; the first is the subject.
        positive
            The value of `outcome` that is to be predicted.
        clinical
            Numbers known before the outcome, per sample.
        **told
            ``endpoint``, ``cohort``, ``inputs``.

        Raises
        ------
        InputError
            If indices repeat or share no sample, a feature is no number, or a feature is a copy of the outcome.
        DesignError
            If the outcome has not two classes, `positive` among them.
        """
        for what, table in (("features", features), ("outcome", outcome), ("groups", groups)):
            if not table.index.is_unique:
                raise InputError(f"the {what} have {table.index[table.index.duplicated()][0]!r} twice; one row each.")
        grouping_of_all = joined_groups(groups)
        known = outcome.dropna()
        shared = [name for name in features.index if name in known.index and name in groups.index]
        if not shared:
            raise InputError("no sample has features, outcome and groups; check that all are indexed by sample_id.")
        values, told_clinical = _numbers(features.loc[shared], "feature"), _clinical(clinical, shared)
        labels = _labels(known.loc[shared], positive)
        for matrix, names in ((values, features.columns), (told_clinical, _names(clinical))):
            _refuse_copies(matrix, labels, list(map(str, names)))
        grouping = groups.loc[shared]
        return cls(
            samples=tuple(map(str, shared)),
            subjects=tuple(map(str, grouping.iloc[:, 0])),
            features=values,
            names=tuple(map(str, features.columns)),
            labels=labels,
            groups=grouping_of_all[groups.index.get_indexer(pd.Index(shared))],
            clinical=told_clinical,
            clinical_names=tuple(map(str, _names(clinical))),
            positive=str(positive),
            grouped_by=", ".join(map(str, grouping.columns)),
            **told,
        )

    def base(self) -> dict[str, Any]:
        """Columns of every row of a performance table."""
        counts = {"n_samples": len(self.samples), "n_events": int(self.labels.sum())}
        return {"cohort_id": self.cohort, "endpoint": self.endpoint} | counts

    def predictions(
        self, positions: NDArray[np.int64], probability: FloatArray, made: tuple[str, int, int]
    ) -> pd.DataFrame:
        """Rows of a prediction table for the samples at `positions`, by (model, repeat, fold) `made`."""
        model, repeat, fold = made
        return pd.DataFrame(
            {
                "sample_id": [self.samples[at] for at in positions],
                "subject_id": [self.subjects[at] for at in positions],
                "model": model,
                "repeat": repeat,
                "fold": fold,
                "probability": probability,
                "outcome": self.labels[positions],
            }
        )


def _names(clinical: pd.DataFrame | None) -> Sequence[object]:
    return [] if clinical is None else list(clinical.columns)


def _clinical(clinical: pd.DataFrame | None, shared: list[object]) -> FloatArray:
    if clinical is None:
        return np.empty((len(shared), 0))
    return _numbers(clinical.reindex(shared), "clinical column")


def _numbers(frame: pd.DataFrame, what: str) -> FloatArray:
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise InputError(f"{what} {name!r} is no number; encode its levels as numbers, or leave it out.")
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise InputError(f"a {what} has an endless value; write what is not measured as missing.")
    return values


def _labels(outcome: pd.Series, positive: object) -> NDArray[np.int64]:
    words = outcome.astype(str)
    classes = sorted(set(words))
    if len(classes) != 2 or str(positive) not in classes:
        raise DesignError(
            f"the outcome must have two classes, {str(positive)!r} among them; it has {', '.join(classes[:6])}."
        )
    return np.asarray(words == str(positive), dtype=np.int64)


def _refuse_copies(values: FloatArray, labels: NDArray[np.int64], names: list[str]) -> None:
    """A feature that tells the classes apart without any error and has two values is the outcome by another name."""
    if not values.shape[1] or len(np.unique(labels)) < 2:
        return
    auc = area_under_curve(values, labels).estimate
    for at in np.flatnonzero((auc == 0.0) | (auc == 1.0)):
        if len(np.unique(values[np.isfinite(values[:, at]), at])) == 2:
            raise InputError(
                f"{names[at]!r} is a copy of the outcome: its two values are the two classes. Leave it out; a feature "
                "must be known before the outcome."
            )
