"""Two groups of samples of cargo: which samples may be read, what is held beside the group, who gave several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess import check_hemolysis, obs_labels
from exomics.preprocess.hemolysis import can_grade
from exomics.schema import keys
from exomics.schema.hemolysis import DELTA_CQ, GRADE, LOG2_RATIO
from exomics.schema.numbers import numbers_of
from exomics.scoring.sample_rules import cargo_failures

LEAST_PER_GROUP: Final = 3
_ALONE: Final = -1


@dataclass(frozen=True)
class Question:
    """The samples that passed, which of them are not controls, and what else the model holds.

    ``groups`` are the control and the other; ``subjects`` the code of each sample's subject where the difference is
    within subjects, else None.
    """

    samples: AnnData
    is_second: FloatArray
    covariates: FloatArray
    hemolysis: FloatArray | None
    subjects: NDArray[np.int64] | None
    n_failed: int
    column: str
    groups: tuple[str, str]

    @property
    def name(self) -> str:
        """The comparison, as it is told."""
        return f"{self.column}: {self.groups[1]} - {self.groups[0]}"

    def in_groups(self, held: NDArray[np.bool_]) -> tuple[int, int]:
        """How many of some samples are controls, and how many are not."""
        n_second = int(self.is_second[held].sum())
        return int(held.sum()) - n_second, n_second

    def informative(self, held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of some samples those that say something of the difference: within subjects, of subjects with several."""
        if self.subjects is None:
            return held
        counts = pd.Series(self.subjects[held]).value_counts()
        return held & np.isin(self.subjects, counts.index[counts > 1])

    def units(self, held: NDArray[np.bool_]) -> int:
        """How many independent units tell the difference: subjects with both groups, or the smaller group."""
        if self.subjects is None:
            return min(self.in_groups(held))
        both = pd.Series(self.is_second[held]).groupby(self.subjects[held]).nunique() == 2
        return int(both.sum())

    def blocks(self, held: NDArray[np.bool_]) -> FloatArray:
        """One column per subject, (n_held, n_subjects); none where samples are independent."""
        if self.subjects is None:
            return np.empty((int(held.sum()), 0))
        codes = self.subjects[held]
        return np.asarray(codes[:, None] == np.unique(codes)).astype(np.float64)


def question_of(
    adata: AnnData, column: str, control: str, *, covariates: Sequence[str], maximum_log2_ratio: float | None
) -> Question:
    """The samples of two groups that passed quality."""
    graded = _graded(adata, maximum_log2_ratio)
    labels = obs_labels(graded, column)
    groups = sorted(set(labels))
    if len(groups) != 2:
        raise InputError(f"a comparison needs two groups in {column}; got {len(groups)} ({', '.join(groups[:4])}).")
    if control not in groups:
        raise InputError(
            f"the control must be one of the two groups in {column} ({', '.join(groups)}); got {control!r}."
        )
    other = next(group for group in groups if group != control)
    passed = cargo_failures(graded) == ""
    kept = graded[passed].copy()
    second = (labels[passed] == other).astype(np.float64)
    columns = [_covariate(kept, name) for name in covariates]
    measure = next((name for name in (DELTA_CQ, LOG2_RATIO) if name in kept.obs.columns), None)
    return Question(
        samples=kept,
        is_second=second,
        covariates=np.column_stack([*columns, np.empty((kept.n_obs, 0))]),
        hemolysis=None if measure is None else kept.obs[measure].to_numpy(dtype=np.float64),
        subjects=_subjects(kept, second, column),
        n_failed=int((~passed).sum()),
        column=column,
        groups=(control, other),
    )


def _graded(adata: AnnData, cut: float | None) -> AnnData:
    """The samples with their grades of hemolysis, where these can be given and were not."""
    is_done = GRADE in adata.obs.columns and cut is None
    return adata if is_done or not can_grade(adata) else check_hemolysis(adata, maximum_log2_ratio=cut)


def _covariate(adata: AnnData, name: str) -> FloatArray:
    if name not in adata.obs.columns:
        raise InputError(f"there is no column {name!r} in obs to take as a covariate.")
    numbers = numbers_of(adata.obs[name])
    words = adata.obs[name][numbers.isna() & adata.obs[name].notna()]
    if len(words):
        raise InputError(
            f"the covariate {name} holds text such as {words.iloc[0]!r}; give it as numbers, such as 0 and 1."
        )
    return numbers.to_numpy(dtype=np.float64)


def _subjects(adata: AnnData, is_second: FloatArray, column: str) -> NDArray[np.int64] | None:
    """Codes of the subjects, where some have samples of both groups; a sample without a subject is its own."""
    if keys.SUBJECT_ID not in adata.obs.columns:
        return None
    given = adata.obs[keys.SUBJECT_ID]
    codes, names = pd.factorize(given.astype(object).where(given.notna() & (given.astype(str) != "")))
    codes = np.where(codes == _ALONE, len(names) + np.arange(len(codes)), codes)
    if (pd.Series(is_second).groupby(codes).nunique() == 2).any():
        return codes
    counts = pd.Series(codes).value_counts()
    if (counts > 1).any():
        raise InputError(
            f"{names[counts.index[0]]} has {counts.iloc[0]} samples, all in one group of {column}: they would count as "
            "so many subjects. Keep one time point, or compare the time points (column time_point)."
        )
    return None
