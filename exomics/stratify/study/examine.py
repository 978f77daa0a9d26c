"""examine: does the design of a study let an outcome be known before it is predicted?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from exomics.errors import DesignError, InputError
from exomics.stats.discrimination import area_under_curve
from exomics.stats.prediction_sample_size import expected_shrinkage, prediction_sample_size
from exomics.stratify.study.doubts import copy_doubts, gap_doubts
from exomics.stratify.study.features import Study

__all__ = ["Roles", "examine"]

FloatArray = NDArray[np.float64]

_FEW_FEATURES = 5  # with fewer, two subjects may well have the same values
_CHOSEN = 0.8  # of the features go with the outcome: no accident
_CHANCE = 0.05
_DEVIATE = 1.959963984540054
_ALIKE = 0.01  # p-value below which batch and outcome go together
_WANTED_SHRINKAGE = 0.9


class Roles(NamedTuple):
    """Columns of the samples that play a part; "" for none.

    ``batch`` is what was measured together; ``arm`` the arm of a trial; ``sampled`` and ``known`` are the days on which
    a sample was taken and its outcome was known. One value of each: the name of a column.
    """

    batch: str = ""
    arm: str = ""
    sampled: str = ""
    known: str = ""


def examine(study: Study, samples: pd.DataFrame, roles: Roles | None = None) -> tuple[str, ...]:
    """Refuse a design in which the outcome can be known without any biology, and tell what is doubtful.

    Refused: two subjects with the same values in every feature; a batch that tells the classes apart without exception;
    a subject in two arms; a sample taken on or after the day on which its outcome was known. Told: batch and outcome
    that go together; features that alone tell a class apart, or are missing by class; features of which nearly all go
    with the outcome, as if they had been chosen by it in these samples; too few subjects for the number of features;
    and samples without features or outcome.

    Parameters
    ----------
    study
        As from `Study.of`.
    samples
        Indexed by sample; has the columns of `roles`.
    roles
        What the columns mean; by default no column is looked at.

    Returns
    -------
    tuple of str
        One line per doubt.

    Raises
    ------
    InputError
        If a column is missing, or two subjects are one person.
    DesignError
        If batch and outcome are aliased, a subject is in two arms, or a feature was measured after the outcome.

    Notes
    -----
    Features are taken to be chosen if at least 80 % of five or more differ from an AUC of 0.5 at the 5 % level.
    Sample size: Riley et al. (2020), doi:10.1136/bmj.m441, for a model without a penalty; every pipeline has one.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(40)]
    >>> sheet = pd.DataFrame({"subject_id": names, "plate": ["A", "B"] * 20}, index=names)
    >>> values = pd.DataFrame(generator.normal(size=(40, 3)), index=names, columns=list("abc"))
    >>> study = Study.of(values, pd.Series([0, 0, 1, 1] * 10, index=names), sheet[["subject_id"]])
    >>> examine(study, sheet, Roles(batch="plate"))[0][:38]
    '40 subjects, 20 in the rarer class, fo'
    """
    given = roles or Roles()
    absent = [column for column in given if column and column not in samples.columns]
    if absent:
        raise InputError(f"the samples have no column {absent[0]!r}, which is said to be there.")
    own = samples.loc[[name for name in samples.index if str(name) in set(study.samples)]]
    own = own.set_axis(own.index.astype(str), axis=0).loc[list(study.samples)]
    _refuse_one_person_twice(study)
    if given.arm:
        _refuse_two_arms(study, own[given.arm])
    if given.sampled and given.known:
        _refuse_after(own, given)
    batch = _batch_doubts(study, own[given.batch]) if given.batch else []
    left_out = _left_out_doubts(study, samples)
    return (*batch, *copy_doubts(study), *gap_doubts(study), *_chosen_doubts(study), *_size_doubts(study), *left_out)


def _refuse_one_person_twice(study: Study) -> None:
    values = study.features
    varied = sum(len(np.unique(column[np.isfinite(column)])) > len(values) // 2 for column in values.T[:200])
    if varied < _FEW_FEATURES:
        return
    known = np.where(np.isnan(values), np.inf, values)
    _, first, place = np.unique(known, axis=0, return_index=True, return_inverse=True)
    twin = first[place.ravel()]
    for at in np.flatnonzero((study.groups != study.groups[twin]) & np.isfinite(values).any(axis=1)):
        raise InputError(
            f"{study.samples[twin[at]]!r} and {study.samples[at]!r} are two subjects with the same values in every "
            "feature: one person under two names would be learned from and predicted. Keep one, or give both one "
            "subject."
        )


def _refuse_two_arms(study: Study, arms: pd.Series) -> None:
    sheet = pd.DataFrame({"subject": study.subjects, "arm": arms.to_numpy()}).dropna()
    counts = sheet.groupby("subject")["arm"].nunique()
    if (counts > 1).any():
        raise DesignError(
            f"subject {counts.idxmax()!r} is in {counts.max()} arms; a classifier needs each subject in one arm (a "
            "crossover is for `exomics respond`)."
        )


def _refuse_after(samples: pd.DataFrame, roles: Roles) -> None:
    days = samples[[roles.sampled, roles.known]].apply(pd.to_numeric, errors="coerce")
    late = days.index[days[roles.sampled] >= days[roles.known]]
    if len(late):
        raise DesignError(
            f"{len(late)} samples, such as {late[0]!r}, were taken on or after the day on which the outcome was known "
            f"({roles.sampled!r} against {roles.known!r}); a feature must be measured before the outcome."
        )


def _batch_doubts(study: Study, batch: pd.Series) -> list[str]:
    table = pd.crosstab(batch.to_numpy(), study.labels)
    if min(table.shape) < 2:
        return []
    shared = table[table.sum(axis=1) > 1]
    pure = bool((shared.gt(0).sum(axis=1) == 1).all()) and 2 * shared.to_numpy().sum() >= table.to_numpy().sum()
    if pure and len(shared) > 1:
        raise DesignError(
            f"{batch.name!r} tells the classes apart without exception, so whatever differs between batches predicts "
            "the outcome; only samples of both classes in one batch can be used."
        )
    found = chi2_contingency(table.to_numpy(), correction=False)
    if found.pvalue >= _ALIKE:
        return []
    association = np.sqrt(found.statistic / (table.to_numpy().sum() * (min(table.shape) - 1)))
    return [
        f"{batch.name!r} and the outcome go together (Cramer's V {association:.2f}): a model may predict the batch. "
        f"Group by {batch.name!r} to see what is left in batches never seen."
    ]


def _chosen_doubts(study: Study) -> list[str]:
    if study.kind != "binary" or study.features.shape[1] < _FEW_FEATURES:
        return []
    auc = area_under_curve(study.features, study.labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(auc.estimate - 0.5) > _DEVIATE * auc.standard_error
    share = float(np.mean(apart))
    if share < _CHOSEN:
        return []
    return [
        f"{share:.0%} of the {len(apart)} features go with the outcome, where chance gives {_CHANCE:.0%}: if they were "
        "chosen by it in these samples, no figure is a performance. Give all features, or select within the folds."
    ]


def _size_doubts(study: Study) -> list[str]:
    if study.kind != "binary":
        return []
    n, n_features = len(np.unique(study.groups)), study.features.shape[1]
    positive = len(np.unique(study.groups[study.labels == 1])) / n
    if not 0.0 < positive < 1.0:
        return []
    shrinkage = expected_shrinkage(n, n_features, positive)
    if shrinkage >= _WANTED_SHRINKAGE:
        return []
    needed = prediction_sample_size(n_features, positive).needed
    rarer = round(min(positive, 1.0 - positive) * n)
    return [
        f"{n} subjects, {rarer} in the rarer class, for {n_features} features: without a penalty coefficients would be "
        f"worth {shrinkage:.2f} of their size in new subjects (Riley's criteria ask for {needed:,} subjects). Every "
        "pipeline has a penalty; its probabilities stay uncertain."
    ]


def _left_out_doubts(study: Study, samples: pd.DataFrame) -> list[str]:
    n_out = len(samples) - len(study.samples)
    return [f"{n_out} of {len(samples)} samples have no features, or no outcome, and are left out."] if n_out else []
