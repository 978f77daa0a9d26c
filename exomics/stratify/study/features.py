"""Study: features, labels and groups of the same samples, checked for what would let an outcome leak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import InputError
from exomics.stratify.study.leaks import refuse_copies
from exomics.stratify.study.outcomes import OutcomeKind, outcome_of
from exomics.stratify.study.splits import joined_groups

if TYPE_CHECKING:
    from mudata import MuData

__all__ = ["Block", "Study", "blocks_of", "side_by_side"]

FloatArray = NDArray[np.float64]


class Block(NamedTuple):
    """One kind of measurement: its name, and how many features it has; one of each, no arrays."""

    name: str
    n_features: int


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
        (n_samples, n_features), NaN where not measured; block after block.
    names
        n_features names, ``<block>:<feature>`` if there are several blocks.
    labels
        (n_samples,) 1 for the positive class; of several classes their positions in `classes`; of survival 1 for an
        event.
    groups
        (n_samples,) what must stay together, as from `joined_groups`.
    clinical
        (n_samples, n_clinical) numbers known before the outcome; may have no column.
    clinical_names
        Their names.
    blocks
        Kinds of measurement, in the order of their features; a sample may lack a whole block.
    time
        (n_samples,) of survival; None for classes.
    classes
        Names of the classes.
    positive, endpoint, cohort
        What the positive class is called ("" if none is), of which outcome, in which cohort.
    within
        (n_samples,) number of the block, such as the study, within which shuffles exchange outcomes; None for one.
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
    blocks: tuple[Block, ...] = ()
    time: FloatArray | None = None
    classes: tuple[str, ...] = ("0", "1")
    positive: str = "1"
    endpoint: str = "outcome"
    cohort: str = "study"
    within: NDArray[np.int64] | None = None
    grouped_by: str = "subject_id"
    inputs: tuple[dict[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        features: pd.DataFrame | Mapping[str, pd.DataFrame],
        outcome: pd.Series | pd.DataFrame,
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
            (n, n_features) numbers, one row per sample; or one such frame per block, as from `blocks_of`.
        outcome
            One class per sample, or two columns: time, and 1 for an event or 0 for a censored sample. Samples without
            a value are left out.
        groups
            Grouping columns per sample; the first is the subject.
        positive
            The value of `outcome` that is to be predicted; None for several classes.
        clinical
            Numbers known before the outcome, per sample.
        **told
            ``endpoint``, ``cohort``, ``inputs``.

        Raises
        ------
        InputError
            If indices repeat or share no sample, a block has none, a feature is no number, or a copy of the outcome.
        DesignError
            If the outcome has not two classes, `positive` among them; or several; or an event.
        """
        blocks = features if isinstance(features, Mapping) else {"features": features}
        _require_unique({**blocks, "outcome": outcome, "groups": groups})
        grouping_of_all = joined_groups(groups)
        known = outcome.dropna()
        measured = dict.fromkeys(name for frame in blocks.values() for name in frame.index)
        shared = [name for name in measured if name in known.index and name in groups.index]
        _require_shared(blocks, shared)
        joined = side_by_side(blocks, named=len(blocks) > 1).reindex(shared)
        values, told_clinical = _numbers(joined, "feature"), _clinical(clinical, shared)
        found = outcome_of(known.loc[shared], positive)
        refuse_copies(values, found, list(map(str, joined.columns)))
        refuse_copies(told_clinical, found, list(map(str, _names(clinical))))
        grouping = groups.loc[shared]
        return cls(
            samples=tuple(map(str, shared)),
            subjects=tuple(map(str, grouping.iloc[:, 0])),
            features=values,
            names=tuple(map(str, joined.columns)),
            labels=found.labels,
            groups=grouping_of_all[groups.index.get_indexer(pd.Index(shared))],
            clinical=told_clinical,
            clinical_names=tuple(map(str, _names(clinical))),
            blocks=tuple(Block(name, frame.shape[1]) for name, frame in blocks.items()),
            time=found.time,
            classes=found.classes,
            positive=found.classes[1] if len(found.classes) == 2 and found.time is None else "",
            grouped_by=", ".join(map(str, grouping.columns)),
            **told,
        )

    @property
    def kind(self) -> OutcomeKind:
        """What is to be predicted: binary, classes or survival."""
        if self.time is not None:
            return "survival"
        return "binary" if len(self.classes) == 2 else "classes"

    @property
    def response(self) -> NDArray[Any]:
        """What models are fitted to: labels (n_samples,), or time and event (n_samples, 2)."""
        return self.labels if self.time is None else np.column_stack([self.time, self.labels])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features of each block."""
        return tuple(block.n_features for block in self.blocks) or (self.features.shape[1],)

    def base(self) -> dict[str, Any]:
        """Columns of every row of a performance table; of several classes, the rarest counts as events."""
        n_events = int(np.bincount(self.labels, minlength=len(self.classes)).min())
        if self.kind != "classes":
            n_events = int(self.labels.sum())
        counts = {"n_samples": len(self.samples), "n_events": n_events}
        return {"cohort_id": self.cohort, "endpoint": self.endpoint} | counts


def side_by_side(blocks: Mapping[str, pd.DataFrame], *, named: bool) -> pd.DataFrame:
    """All blocks beside each other; a sample that a block lacks has no value there.

    Parameters
    ----------
    blocks
        (n_samples, n_features) of each, indexed by sample.
    named
        Whether features are called ``<block>:<feature>``, as where there are several blocks.

    Returns
    -------
    DataFrame
        (n_samples, n_features of all), samples in the order in which they come first.

    Examples
    --------
    >>> rna, protein = pd.DataFrame({"x": [1.0, 2.0]}, index=["a", "b"]), pd.DataFrame({"x": [3.0]}, index=["b"])
    >>> side_by_side({"rna": rna, "protein": protein}, named=True).columns.tolist()
    ['rna:x', 'protein:x']
    """
    frames = [frame.add_prefix(f"{block}:", axis=1) if named else frame for block, frame in blocks.items()]
    return frames[0] if len(frames) == 1 else pd.concat(frames, axis=1)


def blocks_of(data: MuData) -> dict[str, pd.DataFrame]:
    """The modalities of a MuData as blocks of features, each (n_samples, n_features) and indexed as the MuData is.

    Parameters
    ----------
    data
        Modalities aligned on the subject, or on the subject and time point.

    Returns
    -------
    dict
        One frame per modality that has samples; those that a modality lacks are not in its frame.

    Examples
    --------
    >>> from anndata import AnnData
    >>> from mudata import MuData, set_options
    >>> rna = AnnData(np.ones((2, 3)), obs=pd.DataFrame(index=["a", "b"]), var=pd.DataFrame(index=list("xyz")))
    >>> with set_options(pull_on_update=False):
    ...     {name: frame.shape for name, frame in blocks_of(MuData({"rna": rna})).items()}
    {'rna': (2, 3)}
    """
    return {name: held.to_df() for name, held in data.mod.items() if held.n_obs}


def _require_unique(tables: Mapping[str, pd.DataFrame | pd.Series]) -> None:
    for what, table in tables.items():
        if not table.index.is_unique:
            raise InputError(f"the {what} have {table.index[table.index.duplicated()][0]!r} twice; one row each.")


def _require_shared(blocks: Mapping[str, pd.DataFrame], shared: Sequence[object]) -> None:
    if not shared:
        raise InputError("no sample has features, outcome and groups; check that all are indexed by sample_id.")
    for name, frame in blocks.items():
        if not frame.index.isin(shared).any():
            own = repr(str(frame.index[0])) if len(frame) else "nothing"
            raise InputError(
                f"block {name!r} has no sample with an outcome: its samples are called like {own}, those of the study "
                f"like {str(shared[0])!r}."
            )


def _names(clinical: pd.DataFrame | None) -> Sequence[object]:
    return [] if clinical is None else list(clinical.columns)


def _clinical(clinical: pd.DataFrame | None, shared: list[object]) -> FloatArray:
    if clinical is None:
        return np.empty((len(shared), 0))
    return _numbers(clinical.reindex(shared), "clinical column")


def _numbers(frame: pd.DataFrame, what: str) -> FloatArray:
    for name, kind in frame.dtypes.items():
        if not pd.api.types.is_numeric_dtype(kind):
            raise InputError(f"{what} {name!r} is no number; encode its levels as numbers, or leave it out.")
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise InputError(f"a {what} has an endless value; write what is not measured as missing.")
    return values
