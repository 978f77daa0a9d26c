"""Arms compared by what changes from before to after, over all subjects or between subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import (
    Visits,
    constant_note,
    labels_of,
    levels_of,
    pairs_of,
    quoted,
    varying_within,
    visits_of,
    with_covariates,
)
from exomics.differential.designs.training import SUBGROUP_NOTE
from exomics.errors import DesignError
from exomics.schema import keys

Adjustment = Literal["auto", "ancova", "longitudinal", "difference"]


def arms(
    obs: pd.DataFrame,
    *,
    arm: str = keys.ARM,
    control: str = "usual_care",
    visits: Visits | None = None,
    randomized: bool = True,
    adjustment: Adjustment = "auto",
    covariates: Sequence[str] = (),
) -> Analysis:
    """What does an arm do beyond the control arm, from before to after?

    Parameters
    ----------
    obs
        Samples of subjects before and after; those without a partner are left out, and noted.
    arm, control
        Column of the arms, and its control level.
    visits
        As of `prepost`.
    randomized
        Whether chance allocated the subjects to the arms.
    adjustment
        ``ancova``: the arms after, every feature adjusted for its own baseline (log2 values, `limma_ancova`).
        ``longitudinal``: the constrained longitudinal model, arms with one mean before and subjects as blocks of
        correlated samples (a method that takes `block`: of the limma family); who has one sample stays in.
        ``difference``: the difference in differences, each subject beside itself (any method). ``auto``: ancova in a
        randomized trial, with the difference as its sensitivity analysis; the difference otherwise.
    covariates
        Further columns of obs; for ancova those of the sample after.

    Returns
    -------
    Analysis
        A contrast ``arm - control`` per arm.

    Raises
    ------
    DesignError
        If a column or level is not there, an arm changes within a subject, or ancova is asked for without
        randomization.

    Examples
    --------
    >>> obs = pd.DataFrame(
    ...     {
    ...         "subject_id": list("aabbccddee"),
    ...         "time_point": ["baseline", "post"] * 5,
    ...         "arm": ["exercise"] * 4 + ["usual_care"] * 6,
    ...     },
    ...     index=[f"s{i}" for i in range(10)],
    ... )
    >>> found = arms(obs)
    >>> found.method, found.contrasts[0].name, found.sensitivity[0].contrasts[0].name
    ('limma_ancova', 'exercise - usual_care', 'exercise - usual_care (difference in differences)')
    >>> arms(obs, randomized=False).notes[0].split(":")[0]
    'difference in differences, the primary analysis because the arms were not randomized'
    """
    visits = visits or Visits()
    chosen = adjustment if adjustment != "auto" else ("ancova" if randomized else "difference")
    _require_sound(chosen, randomized=randomized)
    frame = _trial(obs, arm, control, visits)
    difference = _difference(obs, frame, visits, covariates, randomized=randomized)
    if chosen == "difference":
        return difference
    sensitivity = replace(
        difference,
        contrasts=tuple(replace(one, name=f"{one.name} (difference in differences)") for one in difference.contrasts),
        method="limma_trend" if chosen == "ancova" else "",
        notes=("rows named (difference in differences): sensitivity analysis, changes within subjects compared",),
    )
    if chosen == "longitudinal":
        return _longitudinal(obs, (arm, frame.attrs["levels"]), visits, covariates, sensitivity)
    return _ancova(frame, visits, covariates, sensitivity)


def arms_by_subgroup(
    obs: pd.DataFrame,
    *,
    subgroup: str = keys.SEX,
    arm: str = keys.ARM,
    control: str = "usual_care",
    visits: Visits | None = None,
    covariates: Sequence[str] = (),
) -> Analysis:
    """Does an arm act otherwise in one subgroup than in another, from before to after? The difference is tested.

    Parameters
    ----------
    obs
        Samples of subjects before and after.
    subgroup
        Column known before training and constant in a subject; the first level in order is the reference.
    arm, control, visits, covariates
        As of `arms`.

    Returns
    -------
    Analysis
        Changes within subjects: per arm the effect in each subgroup (family ``within_subgroups``) and its difference
        from the reference subgroup (family ``subgroup_difference``).

    Raises
    ------
    DesignError
        As `arms`, or if there is one subgroup, or a combination has no subject.

    Examples
    --------
    >>> import numpy as np
    >>> obs = pd.DataFrame(
    ...     {
    ...         "subject_id": np.repeat(list("abcdefgh"), 2),
    ...         "time_point": ["baseline", "post"] * 8,
    ...         "arm": ["exercise"] * 8 + ["usual_care"] * 8,
    ...         "sex": ["female", "female", "male", "male"] * 4,
    ...     },
    ...     index=[f"s{i}" for i in range(16)],
    ... )
    >>> arms_by_subgroup(obs).contrasts[-1].name
    '(male: exercise - usual_care) - (female: exercise - usual_care)'
    """
    visits = visits or Visits()
    frame = _trial(obs, arm, control, visits)
    part = _constant_within(obs, subgroup, frame["subject"])
    parts = sorted(set(part))
    if len(parts) < 2:
        raise DesignError(f"{subgroup} has one level ({parts[0]}); a difference needs two.")
    levels: list[str] = frame.attrs["levels"]
    samples = frame[["subject"]].copy()
    for i, name in enumerate(parts):
        samples[f"post_{i}"] = frame["post"] * (part == name)
        for j, level in enumerate(levels[1:]):
            samples[f"arm_{j}_{i}"] = samples[f"post_{i}"] * (frame["arm"] == level)
            if not samples[f"arm_{j}_{i}"].any() or not (samples[f"post_{i}"] - samples[f"arm_{j}_{i}"]).any():
                raise DesignError(f"no {name} subject of both {level} and {control} has both visits.")
    contrasts = []
    for j, level in enumerate(levels[1:]):
        names = [f"{name}: {level} - {control}" for name in parts]
        contrasts += [Contrast(name, f"arm_{j}_{i}", "within_subgroups") for i, name in enumerate(names)]
        contrasts += [
            Contrast(f"({names[i]}) - ({names[0]})", f"arm_{j}_{i} - arm_{j}_0", "subgroup_difference")
            for i in range(1, len(names))
        ]
    within, constant = varying_within(obs, frame["subject"], covariates)
    columns = [name for name in samples.columns if name != "subject"]
    return Analysis(
        design=with_covariates(f"~ {quoted(visits.subject)} + {' + '.join(columns)}", within),
        contrasts=tuple(contrasts),
        samples=samples.rename(columns={"subject": visits.subject}),
        notes=(SUBGROUP_NOTE.format(subgroup=subgroup), *frame.attrs["notes"], *constant_note(constant)),
    )


def _require_sound(chosen: str, *, randomized: bool) -> None:
    if chosen not in ("ancova", "longitudinal", "difference"):
        raise DesignError(f"adjustment must be auto, ancova, longitudinal or difference; got {chosen!r}.")
    if chosen != "difference" and not randomized:
        raise DesignError(
            "adjustment for the baseline compares arms that were alike before; these were not randomized. "
            "Use adjustment=difference."
        )


def _trial(obs: pd.DataFrame, arm: str, control: str, visits: Visits) -> pd.DataFrame:
    """Paired samples with the column ``arm``; the levels, control first, and notes in ``attrs``."""
    pairs = pairs_of(obs, visits)
    frame = pairs.samples.assign(arm=_constant_within(obs, arm, pairs.samples["subject"]))
    frame.attrs = {"levels": levels_of(obs.loc[frame.index], arm, control), "notes": pairs.notes}
    return frame


def _constant_within(obs: pd.DataFrame, name: str, subject: pd.Series) -> pd.Series:
    labels = labels_of(obs.loc[subject.index], name)
    several = labels.groupby(subject).nunique()
    if (several > 1).any():
        raise DesignError(f"{name} changes within {several.idxmax()}; each subject must have one {name}.")
    return labels


def _difference(
    obs: pd.DataFrame, frame: pd.DataFrame, visits: Visits, covariates: Sequence[str], *, randomized: bool
) -> Analysis:
    levels: list[str] = frame.attrs["levels"]
    samples = frame[["subject", "post"]].copy()
    for j, level in enumerate(levels[1:]):
        samples[f"arm_{j}"] = frame["post"] * (frame["arm"] == level)
    within, constant = varying_within(obs, frame["subject"], covariates)
    columns = [f"arm_{j}" for j in range(len(levels) - 1)]
    chosen = "as asked" if randomized else "the primary analysis because the arms were not randomized"
    return Analysis(
        design=with_covariates(f"~ {quoted(visits.subject)} + post + {' + '.join(columns)}", within),
        contrasts=tuple(Contrast(f"{level} - {levels[0]}", f"arm_{j}") for j, level in enumerate(levels[1:])),
        samples=samples.rename(columns={"subject": visits.subject}),
        notes=(
            f"difference in differences, {chosen}: assumes that without training the arms would have changed alike "
            f"from {visits.before} to {visits.after} (parallel trends), which these data cannot show",
            *frame.attrs["notes"],
            *constant_note(constant),
        ),
    )


def _longitudinal(
    obs: pd.DataFrame,
    arm: tuple[str, list[str]],
    visits: Visits,
    covariates: Sequence[str],
    sensitivity: Analysis,
) -> Analysis:
    name, levels = arm
    frame, notes = visits_of(obs, visits)
    labels = _constant_within(obs, name, frame["subject"])
    samples = frame[["subject", "post"]].copy()
    for j, level in enumerate(levels[1:]):
        samples[f"arm_{j}"] = frame["post"] * (labels == level)
    columns = [f"arm_{j}" for j in range(len(levels) - 1)]
    return Analysis(
        design=with_covariates(f"~ post + {' + '.join(columns)}", covariates),
        contrasts=tuple(Contrast(f"{level} - {levels[0]}", f"arm_{j}") for j, level in enumerate(levels[1:])),
        parameters={"block": visits.subject},
        samples=samples.rename(columns={"subject": visits.subject}),
        sensitivity=(sensitivity,),
        notes=(
            f"constrained longitudinal model: the arms share one mean at {visits.before} because chance made them; "
            "samples of a subject are correlated alike for all features; who has one sample stays in, and is taken as "
            "missing the other at random",
            *notes,
        ),
    )


def _ancova(frame: pd.DataFrame, visits: Visits, covariates: Sequence[str], sensitivity: Analysis) -> Analysis:
    levels: list[str] = frame.attrs["levels"]
    samples = frame.loc[frame["post"] == 1, ["arm", "baseline_sample"]].rename(columns={"arm": "trial_arm"})
    contrasts = tuple(
        Contrast(f"{level} - {levels[0]}", f"{quoted(level)} - {quoted(levels[0])}") for level in levels[1:]
    )
    return Analysis(
        design=with_covariates("~ 0 + trial_arm", covariates),
        contrasts=contrasts,
        method="limma_ancova",
        samples=samples,
        baseline="baseline_sample",
        sensitivity=(sensitivity,),
        notes=(
            f"arms compared at {visits.after}, every feature adjusted for its own value at {visits.before} (analysis "
            "of covariance): unbiased because chance made the arms; assumes one slope for all arms, and that who has "
            f"no sample at {visits.after} is missing at random given the baseline; covariates are those of the sample "
            "after",
            *frame.attrs["notes"],
        ),
    )
