"""The study that a plan of `exomics stratify` is about, put together from files."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.cli._features import read_blocks, read_outcomes, require_one_time_point
from exomics.errors import InputError
from exomics.registry.stratification import Stratification
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.schema.words import words_of
from exomics.stratify import Study
from exomics.stratify.study.labels import Ceiling, called_response, require_response

_CALL = "call"
RESPONSE_FILES = ("subjects.tsv", "heterogeneity.tsv")


class Planned(NamedTuple):
    """A study, its sheet of samples, the scale of each block in words, and the ceiling of its labels if known."""

    study: Study
    samples: pd.DataFrame
    scales: dict[str, str]
    ceiling: Ceiling | None

    def column(self, name: str) -> NDArray[np.str_]:
        """A column of the sheet as words, (n_samples,) in the order of the study."""
        words = words_of(_present(self.samples[name].set_axis(self.samples.index.astype(str), axis=0)))
        words = words.loc[list(self.study.samples)]
        if words.isna().any():
            raise InputError(f"{int(words.isna().sum())} samples have no {name}, which the plan needs of every one.")
        return words.to_numpy(dtype=str)


def planned_study(arguments: argparse.Namespace, plan: Stratification) -> Planned:
    """Read features, outcome and response, keep the samples of the plan, and refuse labels that mean nothing."""
    samples, ceiling = read_outcomes(arguments.outcome), None
    if arguments.response:
        samples, ceiling = _with_calls(samples, plan, arguments.response)
    samples = _kept(samples, plan, arguments.outcome)
    require_one_time_point(samples, list(plan.keep), "in the plan, such as keep: {time_point: baseline}")
    if plan.change:
        arm = samples[plan.roles["arm"]] if "arm" in plan.roles else None
        require_response(_present(samples[plan.column]), samples[plan.change], arm=arm, control=plan.control)
    blocks, scales = read_blocks(arguments.features)
    known = samples[list(plan.outcome)] if plan.time else _present(samples[plan.column])
    study = Study.of(
        blocks if len(blocks) > 1 else next(iter(blocks.values())),
        known,
        samples[list(plan.group_by)],
        positive=plan.positive,
        clinical=samples[list(plan.clinical)] if plan.clinical else None,
        endpoint=plan.column or plan.time,
        cohort=arguments.cohort,
    )
    planned = Planned(study, samples, scales, ceiling)
    if "study" not in plan.roles:
        return planned
    within = np.unique(planned.column(plan.roles["study"]), return_inverse=True)[1]
    return planned._replace(study=replace(study, within=within))


def _present(column: pd.Series) -> pd.Series:
    return column.replace("", pd.NA)


def _with_calls(samples: pd.DataFrame, plan: Stratification, folder: Path) -> tuple[pd.DataFrame, Ceiling]:
    """The samples with the calls of `exomics respond` in the column of the outcome."""
    subject = plan.group_by[0]
    if subject not in samples.columns:
        raise InputError(f"the samples have no column {subject!r}, by which the calls of {folder} are joined.")
    if plan.column != _CALL:
        raise InputError(
            f"with --response the outcome of the plan must be the column {_CALL!r}; it is {plan.column!r}."
        )
    calls, ceiling = called_response(
        ResponseTable.from_tsv(folder / RESPONSE_FILES[0]), HeterogeneityTable.from_tsv(folder / RESPONSE_FILES[1])
    )
    return samples.assign(**{_CALL: samples[subject].astype(str).map(calls)}), ceiling


def _kept(samples: pd.DataFrame, plan: Stratification, path: Path) -> pd.DataFrame:
    missing = [name for name in plan.columns if name not in samples.columns]
    if missing:
        known = ", ".join(map(str, samples.columns[:15]))
        raise InputError(f"{path} has no column {missing[0]!r}, which the plan needs; it has {known}.")
    for column, value in plan.keep.items():
        kept = samples[words_of(samples[column]) == value]
        if kept.empty:
            raise InputError(f"no sample has {column} {value!r}, which the plan keeps.")
        samples = kept
    return samples
